"""Suspensions: what is stopped, by whom and why; and what must be shown before it goes on.

One member stops; the stop is in force at once and must be ratified by others within the hour. If it
is not, it stays in force: the board is called, nothing is ever lifted by itself. Workers stop too,
by the house's word. Reopening is the board's: planned by one, signed off by as many others as the
group needs, through gates each with its evidence, a canary for each network, and a drain in fair
order. It can be broken off at any step by one; everybody keeps the old place then.

The fold wants no events. It reads the queue from the fold of withdrawals, which asks it for a
verdict on each request and each payment.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, TypeVar

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products import suspension_rules as rules
from fullreserve.exchange.products import suspension_wire as wire
from fullreserve.exchange.products.approval_state import CONSOLE, GetGroup, Group, deciding
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_ledger import is_house
from fullreserve.exchange.products.suspension_evidence import Evidences
from fullreserve.exchange.products.suspension_state import (
    BROKEN_KEPT,
    CLOSED_KEPT,
    HASH_BYTES,
    IN_FORCE,
    KEEPS_BROKEN,
    OPEN_MAX,
    RATIFY_MS,
    REOPENING,
    SPARED,
    Broken,
    Refused,
    Roll,
    Step,
    Suspension,
    SuspensionsState,
    SuspensionState,
    Voice,
    gates_of,
    is_green,
    is_shown,
    newest,
    shown_last,
)
from fullreserve.exchange.products.suspension_wire import Gate, Level, Mode
from fullreserve.exchange.wire.queries import AskFold

MAX_WAIT_MOST = 10_000  # ticks
INTERVAL_MAX_MS = 3_600_000

_State = SuspensionState
_OfQueue = wire.GetSurvey | wire.ListRoll | wire.ListBroken | wire.ListReadings
V = TypeVar("V")
_encode = msgspec.msgpack.Encoder().encode
_group = msgspec.msgpack.Decoder(Group).decode
_replace = msgspec.structs.replace


class Suspensions(Evidences):
    """The table of suspensions; see the module."""

    number = wire.SUSPENSIONS
    name = "suspensions"
    is_late = True
    added = (
        *("edition", "surveys", "rolls", "measured", "kept", "grounds", "stopped", "waits"),
        *("broken", "readings"),
    )

    def __init__(self) -> None:
        self._paged: tuple[Roll, list[int]] | None = None
        super().__init__(SuspensionsState(), wire.decode_said)

    def _obey(self, who: int, said: wire.AnySaid, moment: Moment, view: View) -> Outcome:
        who = chart.HOUSE if is_house(who, view) else who
        if isinstance(said, wire.Trip):
            return self._trip(who, said, moment, view)
        if isinstance(said, wire.Draft | wire.Suspend):
            return self._made(who, said, moment, view)
        if isinstance(said, wire.Adopt):
            return self._adopted(who, said)
        if isinstance(said, wire.Measure):
            return self._measured(who, said, moment, view)
        one = self.state.suspensions.get(said.suspension)
        if one is None:
            return Outcome(code=Refused.UNKNOWN)
        if isinstance(said, wire.Survey):
            return self._surveyed(who, one, said, moment, view)
        if isinstance(said, wire.Advance):
            return self._advanced(who, one, said, moment, view)
        if isinstance(said, wire.Ratify | wire.Discard | wire.Extend | wire.Fall):
            return self._of_console(who, one, said, moment, view)
        return self._of_board(who, one, said, moment, view)

    # Stopping

    def _made(
        self, who: int, said: wire.Draft | wire.Suspend, moment: Moment, view: View
    ) -> Outcome:
        console = _members(CONSOLE, view)
        is_draft = isinstance(said, wire.Draft)
        if not console.counts(who) and (is_draft or who != chart.HOUSE):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if is_draft and not console.is_set_up:
            return Outcome(code=Refused.SET_UP)
        if not rules.is_sound(said.terms):
            return REFUSED
        insiders = tuple(dict.fromkeys((*console.members, *self._board(view).members)))
        return self._entered(said.terms, who, moment, insiders=insiders if is_draft else ())

    def _trip(self, who: int, said: wire.Trip, moment: Moment, view: View) -> Outcome:
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        found = rules.TRIPPED.get(said.trigger)
        if found is None or len(said.digest) not in (0, HASH_BYTES):
            return REFUSED
        for one in self.state.suspensions.values():
            same = (one.trigger, one.terms.scope) == (said.trigger, said.scope)
            if same and one.is_in_force:
                if one.state in REOPENING:
                    # It was seen again while a reopening is under way.
                    return self._fallen(one, who, moment, view)
                return Outcome()
        terms = wire.Terms(found[0], said.scope, Mode.QUEUE, found[1])
        if not rules.is_sound(terms):
            return REFUSED
        return self._entered(terms, who, moment, trigger=said.trigger, seen=said.digest)

    def _entered(self, terms: wire.Terms, who: int, moment: Moment, **more: Any) -> Outcome:
        if sum(one.state <= _State.DRAINING for one in self.state.suspensions.values()) >= OPEN_MAX:
            return Outcome(code=Refused.TOO_MANY)
        is_draft = bool(more.get("insiders"))
        state = _State.DRAFT if is_draft else _State.ACTIVE
        one = Suspension(
            number=moment.sequence,
            terms=terms,
            state=state,
            creator=who,
            created_ms=moment.time_ms,
            changed_ms=moment.time_ms,
            version=moment.sequence,
            ratify_by_ms=0 if is_draft else moment.time_ms + RATIFY_MS,
            history=(Step(state, who, moment.time_ms, moment.sequence),),
            **more,
        )
        self._set(self.state.suspensions, one.number, one)
        if is_draft:
            return Outcome()
        return Outcome(commands=rules.core_command(one.number, terms))

    # What one member does, or the console together

    def _of_console(
        self,
        who: int,
        one: Suspension,
        said: wire.Ratify | wire.Discard | wire.Extend | wire.Fall,
        moment: Moment,
        view: View,
    ) -> Outcome:
        console = _members(CONSOLE, view)
        by_house = isinstance(said, wire.Fall) and who == chart.HOUSE
        if not (by_house or console.counts(who) or self._board(view).counts(who)):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if isinstance(said, wire.Ratify):
            return self._ratified(who, one, moment, console)
        if isinstance(said, wire.Fall):
            if one.state not in REOPENING:
                return Outcome(code=Refused.WRONG_STATE)
            return self._fallen(one, who, moment, view)
        if isinstance(said, wire.Discard):
            if one.state != _State.DRAFT:
                return Outcome(code=Refused.WRONG_STATE)
            self._moved(one, _State.DISCARDED, who, moment)
            return Outcome()
        if not one.is_in_force or said.est_open_ms < 0:
            return Outcome(code=Refused.WRONG_STATE)
        self._keep(_replace(one, terms=_replace(one.terms, est_open_ms=said.est_open_ms)), moment)
        return Outcome()

    def _ratified(self, who: int, one: Suspension, moment: Moment, console: Group) -> Outcome:
        if one.is_ratified or not (one.state == _State.DRAFT or one.is_in_force):
            return Outcome(code=Refused.WRONG_STATE)
        if not console.is_set_up:
            return Outcome(code=Refused.SET_UP)
        code = _why_not(who, one.creator, one.approvals)
        if code:
            return Outcome(code=code)
        approvals = (*one.approvals, Voice(who, moment.time_ms))
        one = _replace(one, approvals=approvals)
        if sum(console.counts(voice.who) for voice in approvals) < console.threshold:
            self._keep(one, moment)
            return Outcome()
        one = _replace(one, is_ratified=True)
        if one.state != _State.DRAFT:
            self._keep(one, moment)
            return Outcome()
        self._moved(one, _State.ACTIVE, who, moment)
        return Outcome(commands=rules.core_command(one.number, one.terms))

    def _fallen(self, one: Suspension, who: int, moment: Moment, view: View) -> Outcome:
        self._keep_broken(one, moment, view)
        broken = _replace(
            one, sign_offs=(), planner=0, planned_ms=0, canaries={}, seed=b"", queue=()
        )
        self._moved(broken, _State.ACTIVE, who, moment)
        self._let_go(self.state.surveys, one.number)
        self._let_go(self.state.grounds, one.number)
        self._let_go(self.state.stopped, one.number)
        self._let_go(self.state.rolls, one.number)
        self._let_go(self.state.readings, one.number)
        return Outcome()

    def _keep_broken(self, one: Suspension, moment: Moment, view: View) -> None:
        """What its drain was committed to, for those who noted it; where one is under way."""
        roll = self.state.rolls.get(one.number)
        if self.state.edition < KEEPS_BROKEN or not one.drain_began or roll is None:
            return
        times = one.history[-1].time_ms, moment.time_ms
        lines = tuple(gates.drained(one.number, view))
        fresh = Broken(one.drain_began, *times, one.seed, one.queue_digest, lines, roll)
        before = self.state.broken.get(one.number, ())
        self._set(self.state.broken, one.number, (*before, fresh)[-BROKEN_KEPT:])

    # The way back

    def _board(self, view: View) -> Group:
        """Who reopens: the board, or the console's group while there is none.

        From edition 7 on also while the board hangs on each member; nobody where both always did.
        """
        board, console = _members(wire.BOARD, view), _members(CONSOLE, view)
        if self.state.edition >= SPARED:
            return deciding(board, console)
        return board if board.is_set_up else console

    def _of_board(
        self, who: int, one: Suspension, said: Any, moment: Moment, view: View
    ) -> Outcome:
        board = self._board(view)
        if self.state.edition >= SPARED and not board.members:
            return Outcome(code=Refused.SET_UP)
        if not board.counts(who) and not (isinstance(said, wire.Show) and who == chart.HOUSE):
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not board.is_set_up:
            return Outcome(code=Refused.SET_UP)
        if isinstance(said, wire.Plan):
            return self._planned(who, one, said, moment, view)
        if isinstance(said, wire.Check):
            return self._step(one, _State.REOPEN_PLANNED, _State.GATE_CHECK, who, moment)
        if isinstance(said, wire.Show):
            return self._shown(who, one, said, moment, view)
        if isinstance(said, wire.SignOff):
            return self._signed_off(who, one, said, moment)
        if isinstance(said, wire.Canary):
            return self._canary(who, one, said, moment, view)
        if isinstance(said, wire.OpenDrain):
            return self._open_drain(who, one, said, moment, view)
        if isinstance(said, wire.Lift):
            return self._lift(who, one, moment, view)
        if one.state != _State.LIFTED or len(said.digest) != HASH_BYTES:
            return Outcome(code=Refused.WRONG_STATE)
        self._moved(_replace(one, report=said.digest), _State.REPORTED, who, moment)
        return Outcome()

    def _planned(
        self, who: int, one: Suspension, said: wire.Plan, moment: Moment, view: View
    ) -> Outcome:
        sound = all(
            len(line.amount) == 16 and line.amount > bytes(16) and line.slots >= 1
            for line in said.budgets
        )
        sound = sound and 0 <= said.max_wait <= MAX_WAIT_MOST
        if not sound or said.est_open_ms < 0 or not 0 < said.interval_ms <= INTERVAL_MAX_MS:
            return REFUSED
        if one.state not in (_State.ACTIVE, _State.REOPEN_PLANNED, _State.GATE_CHECK):
            return Outcome(code=Refused.WRONG_STATE)
        if self._is_of_waiting and one.stops_leaving:
            budgeted = dict.fromkeys((line.network, line.asset) for line in said.budgets)
            if any(line not in budgeted for line in gates.lines(one.terms.scope, view)):
                return Outcome(code=Refused.BUDGETS)
        bounds = gates.bounds(one.number, view) if self._each_lets_go else []
        if bounds and said.max_wait not in bounds:
            return Outcome(code=Refused.WAITS)
        fresh = _replace(
            one,
            terms=_replace(one.terms, est_open_ms=said.est_open_ms),
            planner=who,
            planned_ms=moment.time_ms,
            sign_offs=(),
            budgets=said.budgets,
            interval_ms=said.interval_ms,
        )
        self._let_go(self.state.waits, one.number)
        if said.max_wait:
            self._set(self.state.waits, one.number, said.max_wait)
        self._moved(fresh, _State.REOPEN_PLANNED, who, moment)
        return Outcome()

    def _signed_off(self, who: int, one: Suspension, said: wire.SignOff, moment: Moment) -> Outcome:
        # Evidence that is shown beside canaries is signed off anew.
        late = (_State.CANARY,) if self._signs_last else ()
        if one.state not in (_State.REOPEN_PLANNED, _State.GATE_CHECK, *late):
            return Outcome(code=Refused.WRONG_STATE)
        if said.planned_ms not in (0, one.planned_ms):
            return Outcome(code=Refused.WRONG_STATE)  # what was agreed to is planned no more
        code = _why_not(who, one.planner, one.sign_offs) or self._unseen(one, said, moment)
        if code:
            return Outcome(code=code)
        voices = (*one.sign_offs, Voice(who, moment.time_ms))
        self._keep(_replace(one, sign_offs=voices), moment)
        return Outcome()

    def _unseen(self, one: Suspension, said: wire.SignOff, moment: Moment) -> int:
        """0 where everything is shown, and who signs off has looked at it."""
        if not self._signs_last:
            return 0
        gates_shown = (gate for gate in gates_of(one) if gate is not Gate.CANARY)
        if not all(is_shown(one, gate, moment.time_ms) for gate in gates_shown):
            return Refused.GATES
        return 0 if said.shown == shown_last(one) else Refused.UNSEEN

    def _may_go_on(self, one: Suspension, moment: Moment, view: View) -> int:
        """0 when enough others signed off and every gate but the canaries' is green."""
        board = self._board(view)
        voices = [voice.who for voice in one.sign_offs if board.counts(voice.who)]
        others = [who for who in (one.planner, *voices) if who != one.creator]
        if len(voices) < max(1, board.threshold) or not others:
            return Refused.GATES
        for gate in gates_of(one):
            if gate is not Gate.CANARY and not is_green(one, gate, moment.time_ms):
                shown = newest(one, gate)
                is_short = gate is Gate.COVERAGE and shown is not None and not shown.passed
                return Refused.RESERVE_SHORTFALL if is_short else Refused.GATES
        # Holders who answered the gate's round may be gone since.
        is_black = self._is_evidenced and not gates.can_sign(moment.time_ms, view)
        return Refused.GATES if is_black and Gate.SIGNABILITY in gates_of(one) else 0

    def _canary(
        self, who: int, one: Suspension, said: wire.Canary, moment: Moment, view: View
    ) -> Outcome:
        if one.state not in (_State.GATE_CHECK, _State.CANARY) or not one.stops_leaving:
            return Outcome(code=Refused.WRONG_STATE)
        code = self._may_go_on(one, moment, view)
        if code:
            return Outcome(code=code)
        found = gates.waiting(said.withdrawal, one.terms.scope, view)
        if found is None:
            return Outcome(code=Refused.QUEUE)
        fresh = _replace(one, canaries={**one.canaries, found.network: found.number})
        self._moved_or_kept(fresh, who, moment)
        return Outcome()

    def _open_drain(
        self, who: int, one: Suspension, said: wire.OpenDrain, moment: Moment, view: View
    ) -> Outcome:
        has_canaries = Gate.CANARY in gates_of(one)
        wanted = [_State.CANARY] if has_canaries else [_State.GATE_CHECK]
        if self._is_of_nothing:
            wanted.append(_State.GATE_CHECK)
        if one.state not in wanted or not one.stops_leaving or len(said.seed) != HASH_BYTES:
            return Outcome(code=Refused.WRONG_STATE)
        code, survey = self._may_go_on(one, moment, view), self._listed(one, moment)
        nobody_s = self._nobody_s(one, survey, view) if has_canaries else ()
        missing = gates.canaries_missing(one, view) if has_canaries else []
        if code or any(network not in nobody_s for network in missing):
            # Of a segment only a reading tells whether anybody waits.
            is_unread = survey is None and one.state == _State.GATE_CHECK
            return Outcome(code=code or (Refused.SURVEY if is_unread else Refused.GATES))
        if self._is_surveyed and survey is None:
            return Outcome(code=Refused.SURVEY)
        fresh = _replace(one, seed=said.seed)
        if has_canaries:
            fresh = self._with_canaries(who, fresh, nobody_s, moment, view)
        if survey is not None:
            self._let_go(self.state.surveys, one.number)
            self._let_go(self.state.grounds, one.number)
            self._let_go(self.state.stopped, one.number)
            self._let_go(self.state.readings, one.number)
            self._set(self.state.rolls, one.number, survey.roll)
            digest = gates.roll_digest(said.seed, survey.digest)
            fresh = _replace(fresh, queue_digest=digest)
        else:
            waiting = list(gates.queue(one.terms.scope, view))
            queue = tuple((queued.number, queued.amount, queued.usd) for queued in waiting)
            digest = gates.queue_digest(said.seed, waiting)
            fresh = _replace(fresh, queue=queue, queue_digest=digest)
        self._moved(fresh, _State.DRAINING, who, moment)
        return Outcome()

    def _advanced(
        self, who: int, one: Suspension, said: wire.Advance, moment: Moment, view: View
    ) -> Outcome:
        """What is due of a restart that enough of the board have signed off."""
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not one.stops_leaving or moment.time_ms < one.terms.est_open_ms:
            return Outcome(code=Refused.WRONG_STATE)
        if one.state == _State.DRAINING:
            return self._lift(who, one, moment, view)
        has_canaries = Gate.CANARY in gates_of(one)
        if has_canaries and one.state in (_State.GATE_CHECK, _State.CANARY):
            if self._lost_canaries(one, moment, view):
                return Outcome(code=Refused.SURVEY)
            chosen = gates.canaries_chosen(one, self._survey_of(one, moment), view, self._lost)
            is_opened = one.state == _State.CANARY or not self._is_of_waiting
            if chosen != one.canaries or not is_opened:
                return self._canaries(who, one, chosen, moment, view)
        opening = wire.OpenDrain(one.number, said.seed)
        return self._open_drain(who, one, opening, moment, view)

    def _canaries(
        self, who: int, one: Suspension, chosen: dict[int, int], moment: Moment, view: View
    ) -> Outcome:
        code = self._may_go_on(one, moment, view)
        if code:
            return Outcome(code=code)
        self._moved_or_kept(_replace(one, canaries=chosen), who, moment)
        return Outcome()

    def _moved_or_kept(self, fresh: Suspension, who: int, moment: Moment) -> None:
        if fresh.state == _State.GATE_CHECK:
            self._moved(fresh, _State.CANARY, who, moment)
        else:
            self._keep(fresh, moment)

    def _lift(self, who: int, one: Suspension, moment: Moment, view: View) -> Outcome:
        wanted = _State.DRAINING if one.stops_leaving else _State.GATE_CHECK
        if one.state != wanted:
            return Outcome(code=Refused.WRONG_STATE)
        code = self._may_go_on(one, moment, view) if not one.stops_leaving else 0
        if code:
            return Outcome(code=code)
        code = self._why_waiting(one, moment, view) if one.stops_leaving else 0
        if code:
            return Outcome(code=code)
        self._moved(one, _State.LIFTED, who, moment)
        self._let_go(self.state.surveys, one.number)
        self._let_go(self.state.grounds, one.number)
        self._let_go(self.state.stopped, one.number)
        self._let_go(self.state.readings, one.number)
        return Outcome(commands=rules.core_command(one.number, one.terms, lifted=True))

    # Keeping

    def _step(
        self, one: Suspension, before: _State, after: _State, who: int, moment: Moment
    ) -> Outcome:
        if one.state != before:
            return Outcome(code=Refused.WRONG_STATE)
        self._moved(one, after, who, moment)
        return Outcome()

    def _moved(self, one: Suspension, state: _State, who: int, moment: Moment) -> None:
        step = Step(state, who, moment.time_ms, moment.sequence)
        self._keep(_replace(one, state=state, history=(*one.history, step)), moment)
        if state not in IN_FORCE:
            self._forget_old()

    def _forget_old(self) -> None:
        """Lets the oldest that are over go; the log has them all."""
        table = self.state.suspensions
        over = [number for number, one in table.items() if one.state > _State.DRAINING]
        for number in over[: max(0, len(over) - CLOSED_KEPT)]:
            self._remove(table, number)
            self._let_go(self.state.rolls, number)
            self._let_go(self.state.kept, number)
            self._let_go(self.state.waits, number)
            self._let_go(self.state.broken, number)

    # Questions

    def answer(self, question: bytes) -> bytes:
        asked = wire.decode_asked(question)
        table = self.state.suspensions
        if isinstance(asked, wire.ListAll):
            return _encode([_replace(table[number], queue=()) for number in sorted(table)])
        if isinstance(asked, wire.GetOne):
            return _encode(table.get(asked.suspension))
        if isinstance(asked, wire.ListReopening):
            under_way = (one for one in table.values() if one.state in REOPENING)
            return _encode([_replace(one, queue=(), history=one.history[-4:]) for one in under_way])
        if isinstance(asked, wire.GetEdition):
            return _encode(self.state.edition)
        if isinstance(asked, wire.DrainOf):
            return _encode(self._drain_of(asked))
        if isinstance(asked, wire.ListStops):
            stops = (one for one in table.values() if rules.may_stop(one, asked))
            return _encode([_short(one) for one in stops])
        if isinstance(asked, wire.ListInForce):
            return _encode([_short(one) for one in table.values() if one.is_in_force])
        if isinstance(asked, wire.GetKept | wire.GetMaxWait):
            of, number = self.state, asked.suspension
            is_kept = isinstance(asked, wire.GetKept)
            return _encode(of.kept.get(number, {}) if is_kept else of.waits.get(number, 0))
        if isinstance(asked, wire.GetMeasured):
            return _encode(self.state.measured.get(asked.network))
        if isinstance(asked, _OfQueue):
            return _encode(self._told(asked))
        if isinstance(asked, wire.IsCanary):
            named = (one.canaries.values() for one in table.values() if one.is_in_force)
            is_one = any(asked.withdrawal in numbers for numbers in named)
            return _encode(self._holds_still and is_one)
        return _encode(rules.verdict(table.values(), asked))

    def _numbers(self, roll: Roll) -> list[int]:
        """A roll's numbers in order: kept for the pages that follow, as it never changes."""
        if self._paged is None or self._paged[0] is not roll:
            self._paged = (roll, sorted(roll))
        return self._paged[1]

    def _told(self, asked: _OfQueue) -> object:
        broken = self.state.broken.get(asked.suspension, ())
        if isinstance(asked, wire.ListReadings):
            return self.state.readings.get(asked.suspension, ())
        if isinstance(asked, wire.ListBroken):
            return [_replace(one, roll={}) for one in broken]
        if isinstance(asked, wire.ListRoll):
            known = {one.began: one.roll for one in broken}
            last = self.state.rolls.get(asked.suspension)
            roll = known.get(asked.began) if asked.began else last
            if roll is None:
                return None
            numbers = self._numbers(roll)
            first = bisect_right(numbers, asked.after)
            return [(number, *roll[number]) for number in numbers[first : first + asked.limit]]
        found = self.state.surveys.get(asked.suspension)
        return None if found is None else _replace(found, roll={})

    def _drain_of(self, asked: wire.DrainOf) -> int:
        """The first that drains there; of one user's none before edition 1, and last after."""
        last = 0
        for one in self.state.suspensions.values():
            scope = one.terms.scope
            here = scope.network in (0, asked.network) and scope.asset in (0, asked.asset)
            is_named = asked.suspension in (0, one.number)
            if one.state != _State.DRAINING or not here or not is_named:
                continue
            if scope.level != Level.USER:
                return one.number
            last = last or one.number
        return last if self._is_surveyed else 0


def _short(one: Suspension) -> Suspension:
    """What a verdict needs of it, since when it has been in force, and its last step."""
    history = (*one.history[:2], *one.history[2:][-1:])
    return _replace(one, queue=(), history=history, evidence=())


def _members(number: int, view: View) -> Group:
    answer = view.query(AskFold(Approvals.number, _encode(GetGroup(number))))
    return Group() if answer is None else _group(answer)


def _why_not(who: int, first: int, voices: tuple[Voice, ...]) -> int:
    """Why somebody's word does not count: it is the first one's own, or was given."""
    if who == first:
        return Refused.OWN
    return Refused.TWICE if any(voice.who == who for voice in voices) else 0

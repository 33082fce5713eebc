"""Surveys: what a restart has to know of a whole queue, read a few requests a word.

From edition 1 of the rules on nothing that is said of a suspension walks its queue. The house says
`Survey` as often as it takes; what was found is gone by for ten minutes. It is how many wait, whose
owners are stopped, sums and the smallest for who is not of everybody, the list that the drain
commits to, and, at its end, whether anybody still waits for this suspension alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import suspension_gates as gates
from fullreserve.exchange.products import suspension_rules as rules
from fullreserve.exchange.products import suspension_wire as wire
from fullreserve.exchange.products.suspension_elsewhere import Elsewhere
from fullreserve.exchange.products.suspension_state import (
    EACH_LETS_GO,
    EDITION,
    FRESH_MS,
    HELD_STILL,
    LIFTED_PAST,
    OF_NOTHING,
    OF_WAITING,
    READ_ANEW,
    READINGS_KEPT,
    REFUSED_GO,
    SILENT_GO,
    STOPPED_KEPT,
    STOPPED_KEPT_MS,
    SURVEY_KEPT_MS,
    SURVEYED,
    Reading,
    Refused,
    Surveyed,
    Suspension,
    SuspensionsState,
    SuspensionState,
)
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

V = TypeVar("V")
_replace = msgspec.structs.replace


class Surveys(UndoingFold[SuspensionsState, wire.AnySaid]):
    """What is found of queues, and what is gone by."""

    @property
    def _is_surveyed(self) -> bool:
        """Whether the log has said that queues are read a few at a time."""
        return self.state.edition >= SURVEYED

    @property
    def _holds_still(self) -> bool:
        """Whether the log has said that a restart hangs on nobody, and nothing slips past it."""
        return self.state.edition >= HELD_STILL

    @property
    def _is_of_waiting(self) -> bool:
        """Whether the log has said that who waits nowhere is no canary."""
        return self.state.edition >= OF_WAITING

    @property
    def _each_lets_go(self) -> bool:
        """Whether the log has said that no drain lets go for another."""
        return self.state.edition >= EACH_LETS_GO

    @property
    def _reads_anew(self) -> bool:
        """Whether the log has said that a queue is read as it is asked of, and readings named."""
        return self.state.edition >= READ_ANEW

    @property
    def _is_of_nothing(self) -> bool:
        """Whether the log has said that what has nobody to pay needs no canary and no budget."""
        return self.state.edition >= OF_NOTHING

    @property
    def _lost(self) -> tuple[WithdrawalState, ...]:
        """States in which a canary will not arrive by itself."""
        over = (WithdrawalState.CANCELED, WithdrawalState.FAILED)
        risen = (WithdrawalState.FEE_ROSE,) if self._holds_still else ()
        held = (WithdrawalState.COOLING,) if self.state.edition >= SILENT_GO else ()
        return (*over, *risen, *held)

    def _adopted(self, who: int, said: wire.Adopt) -> Outcome:
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not 0 <= said.edition <= EDITION:
            return REFUSED
        self.state.edition = max(said.edition, self.state.edition)
        return Outcome()

    def _surveyed(
        self, who: int, one: Suspension, said: wire.Survey, moment: Moment, view: View
    ) -> Outcome:
        """The next few are looked at; nothing, where the end was reached."""
        if who != chart.HOUSE:
            return Outcome(code=Refused.NOT_A_MEMBER)
        if not self._is_surveyed or not one.is_in_force:
            return Outcome(code=Refused.WRONG_STATE)
        before = self.state.surveys.get(one.number)
        elsewhere = self._elsewhere(view)
        if before is None or said.is_new:
            before = Surveyed(moment.sequence)
            self._let_go(self.state.stopped, one.number)
            if elsewhere is not None:
                self._set(self.state.grounds, one.number, elsewhere.digest)
        elif before.ended_ms:
            return Outcome()
        waiting, last = gates.next_few(one.terms.scope, before.cursor, before.began, view)
        is_draining = one.state == SuspensionState.DRAINING
        alone = self._first_alone(one, waiting, elsewhere) if is_draining else 0
        if is_draining and self._holds_still:
            self._note_stopped(one, waiting, elsewhere)
        after = _replace(
            _counted(before, waiting),
            alone=alone,
            cursor=last or before.cursor,
            ended_ms=moment.time_ms if alone or not last else 0,
        )
        if not is_draining:
            after = self._rolled(after, waiting)
            self._note_reading(one, after)
        self._set(self.state.surveys, one.number, after)
        return Outcome()

    def _rolled(self, survey: Surveyed, waiting: Iterable[gates.Waiting]) -> Surveyed:
        digest = survey.digest
        for each, _ in waiting:
            self._set(survey.roll, each.number, (each.amount, each.usd))
            digest = gates.chained(digest, each)
        return _replace(survey, digest=digest)

    def _note_reading(self, one: Suspension, survey: Surveyed) -> None:
        """What it found, once it has reached the end."""
        if self._reads_anew and survey.ended_ms:
            fresh = Reading(survey.began, survey.ended_ms, survey.waiting, survey.unfit)
            before = self.state.readings.get(one.number, ())
            self._set(self.state.readings, one.number, (*before, fresh)[-READINGS_KEPT:])

    def _first_alone(
        self, one: Suspension, waiting: Iterable[gates.Waiting], elsewhere: Elsewhere | None
    ) -> int:
        others = _Others(self._others(one), by_each=self._each_lets_go)
        by_kind = self._is_of_waiting
        found = (
            each.queued.number
            for each in waiting
            if not (elsewhere is not None and elsewhere.holds_one(each))
            and _is_alone(one, each, others, by_kind=by_kind)
        )
        return next(found, 0)

    def _stopping(self, one: Suspension) -> int:
        """The actions of which another has to stop one, to stop everybody who waits for this."""
        if not self._is_of_waiting:
            return one.terms.actions & wire.LEAVING
        return leaving(by_api=not one.terms.actions & wire.Action.WITHDRAW)

    def _elsewhere(self, view: View) -> Elsewhere | None:
        """What else holds requests back; None before edition 3, when that was not asked."""
        return Elsewhere.of(view) if self.state.edition >= LIFTED_PAST else None

    def _note_stopped(
        self, one: Suspension, waiting: Iterable[gates.Waiting], elsewhere: Elsewhere | None
    ) -> None:
        """A request of each owner who is stopped himself, to be looked at again at the end."""
        found = dict(self.state.stopped.get(one.number, {}))
        for each in waiting:
            if len(found) < STOPPED_KEPT and _is_his_own(each, elsewhere):
                found.setdefault(each.queued.owner, each.queued.number)
        if found:
            self._set(self.state.stopped, one.number, found)

    def _let_go(self, table: dict[int, V], number: int) -> None:
        if number in table:
            self._remove(table, number)

    # Reading

    def _survey_of(self, one: Suspension, moment: Moment) -> Surveyed | None:
        """What was found of its queue a short while ago."""
        found = self.state.surveys.get(one.number)
        if found is None or not found.ended_ms:
            return None
        return found if moment.time_ms - found.ended_ms <= SURVEY_KEPT_MS else None

    def _fresh_survey(self, one: Suspension, moment: Moment) -> Surveyed | None:
        """What was found of its queue as it is now; before edition 12 a short while ago."""
        found = self._survey_of(one, moment)
        if found is None or not self._reads_anew:
            return found
        return found if moment.time_ms - found.ended_ms <= FRESH_MS else None

    def _listed(self, one: Suspension, moment: Moment) -> Surveyed | None:
        """The list of a drain that opens now; canaries are on none, as they were paid before."""
        found = self._fresh_survey(one, moment)
        if found is None or not self._reads_anew:
            return found
        return None if any(each in found.roll for each in one.canaries.values()) else found

    def _reading(self, one: Suspension, began: int, moment: Moment) -> Reading | None:
        """What the survey found that began at a sequence, as long as that is gone by."""
        known = self.state.readings.get(one.number, ())
        found = next((each for each in known if each.began == began), None)
        is_old = found is not None and moment.time_ms - found.ended_ms > SURVEY_KEPT_MS
        return None if is_old else found

    def _lacks_survey(self, one: Suspension, said: wire.Show, moment: Moment) -> bool:
        """Whether what is shown for a gate has to be held against a queue that nobody surveyed."""
        is_screened = said.gate == wire.Gate.QUEUE_HYGIENE
        if is_screened and self._reads_anew:
            return said.passed and self._reading(one, said.up_to, moment) is None
        if not self._is_surveyed or self._fresh_survey(one, moment) is not None:
            return False
        by_owner = said.gate == wire.Gate.LIQUIDITY and gates.is_of_some(one.terms.scope)
        return by_owner or is_screened

    def _why_waiting(self, one: Suspension, moment: Moment, view: View) -> int:
        """0 when nobody waits for this suspension alone; QUEUE, or SURVEY while that is unknown."""
        if not self._is_surveyed:
            return Refused.QUEUE if self._still_waiting(one, view) else 0
        others, action = self._others(one), self._stopping(one)
        elsewhere = self._elsewhere(view)
        here = [
            (line.network, line.asset)
            for line in gates.sums(one.terms.scope, view)
            if not rules.stops_all(others, action, line.network, line.asset)
            and not (elsewhere is not None and elsewhere.holds_all(line.network, line.asset))
        ]
        if not here:
            return 0
        if any(place in here for place in gates.draining(one.number, view)):
            return Refused.QUEUE
        found = self._survey_of(one, moment)
        if found is None or self._changed_last(one) > found.began:
            return Refused.SURVEY
        if elsewhere is not None and self.state.grounds.get(one.number) != elsewhere.digest:
            return Refused.SURVEY
        if not found.alone:
            return self._why_slipped(one, found, elsewhere, moment, view)
        still = gates.waiting(found.alone, one.terms.scope, view)
        owned = gates.owned([still] if still is not None else [], view)
        is_alone = self._first_alone(one, owned, elsewhere) > 0
        return Refused.QUEUE if is_alone else Refused.SURVEY

    def _why_slipped(
        self,
        one: Suspension,
        survey: Surveyed,
        elsewhere: Elsewhere | None,
        moment: Moment,
        view: View,
    ) -> int:
        """SURVEY where somebody who was stopped himself may not be any more; 0 for nobody."""
        stopped = self.state.stopped.get(one.number, {})
        if len(stopped) >= STOPPED_KEPT and moment.time_ms - survey.ended_ms > STOPPED_KEPT_MS:
            return Refused.SURVEY
        for number in stopped.values():
            queued = gates.waiting(number, one.terms.scope, view)
            owned = gates.owned([queued] if queued is not None else [], view)
            if not any(_is_his_own(each, elsewhere) for each in owned):
                return Refused.SURVEY
        return 0

    def _lost_canaries(self, one: Suspension, moment: Moment, view: View) -> bool:
        """Whether a canary of somebody's has to be looked for in a queue that nobody surveyed."""
        if not self._is_surveyed or not gates.is_of_some(one.terms.scope):
            return False
        wanted, found = gates.canaries_wanted(one, view, self._lost), self._survey_of(one, moment)
        if not wanted or found is None:
            return bool(wanted)
        chosen = (found.smallest[network][1] for network in wanted if network in found.smallest)
        return any(gates.waiting(number, one.terms.scope, view) is None for number in chosen)

    def _nobody_s(self, one: Suspension, survey: Surveyed | None, view: View) -> tuple[int, ...]:
        """Networks without a canary, where nobody waits who could be one.

        What the chain failed stays, and what is on its way.
        """
        if not self._is_of_waiting:
            return ()
        return tuple(
            network
            for network in gates.canaries_wanted(one, view, self._lost)
            if not self._is_failed(one.canaries.get(network, 0), view)
            and not gates.waits_somebody(network, one.terms.scope, survey, view)
        )

    def _is_failed(self, canary: int, view: View) -> bool:
        """Whether the chain failed a canary; before edition 10 also whether anybody refused it."""
        found = gates.canary(canary, view) if canary else None
        if found is None or found.state != WithdrawalState.FAILED:
            return False
        return found.is_failed_by_chain or self.state.edition < REFUSED_GO

    def _still_waiting(self, one: Suspension, view: View) -> bool:
        """Whether a request waits for this suspension alone: before edition 1, by one walk."""
        others, action = self._others(one), one.terms.actions & wire.LEAVING
        for line in gates.sums(one.terms.scope, view):
            place = (line.network, line.asset)
            # Where all wait for another too, nobody has to be asked.
            if rules.stops_all(others, action, *place):
                continue
            waiting = gates.queue(one.terms.scope, view, *place)
            known = _Others(others)
            if any(_is_alone(one, each, known) for each in gates.owned(waiting, view)):
                return True
        return False

    def _others(self, one: Suspension) -> list[Suspension]:
        """For which a request may wait that one has let go, or need not.

        From edition 9 on not those that drain too: one lets go all that nothing else holds.
        """
        return [
            other
            for other in self.state.suspensions.values()
            if other.number != one.number
            and other.is_in_force
            and not (self._each_lets_go and other.drain_began)
        ]

    def _changed_last(self, one: Suspension) -> int:
        """The last change of any other suspension; a sequence."""
        table = self.state.suspensions
        return max((other.version for other in table.values() if other is not one), default=0)


class _Others:
    """Suspensions that may stop requests beside one's own: each is asked of once for who is alike.

    Those of users by whose they are, the others by place and segment; a canary is like no other.
    """

    def __init__(self, others: Sequence[Suspension], *, by_each: bool = False) -> None:
        self.by_each = by_each  # none of them drains: what drains have let go is told apart
        self._of_users: dict[int, list[Suspension]] = {}
        self._of_many: list[Suspension] = []
        for one in others:
            is_user_s = one.terms.scope.level == wire.Level.USER
            mine = self._of_users.setdefault(one.terms.scope.key, []) if is_user_s else None
            (self._of_many if mine is None else mine).append(one)
        self._canaries = {number: None for one in others for number in one.canaries.values()}
        self._known: dict[tuple[int, ...], bool] = {}

    def stop(self, asked: wire.Ruling) -> bool:
        """Whether any of them stops a request."""
        number = asked.withdrawal if asked.withdrawal in self._canaries else 0
        place = (asked.network, asked.asset, number)
        users = dict.fromkeys((asked.owner, asked.master))
        of_users = [each for user in users for each in self._of_users.get(user, ())]
        return self._any((asked.segment, *place), self._of_many, asked) or (
            bool(of_users) and self._any((asked.owner, asked.master, *place), of_users, asked)
        )

    def _any(self, key: tuple[int, ...], found: Sequence[Suspension], asked: wire.Ruling) -> bool:
        if key not in self._known:
            self._known[key] = bool(rules.verdict(found, asked).mode)
        return self._known[key]


def _is_his_own(each: gates.Waiting, elsewhere: Elsewhere | None) -> bool:
    """Whether a request is held for whose it is, and its place is not held for everybody."""
    return (
        elsewhere is not None
        and elsewhere.holds_one(each)
        and not elsewhere.holds_all(each.queued.network, each.queued.asset)
    )


def _is_alone(
    one: Suspension, each: gates.Waiting, others: _Others, *, by_kind: bool = False
) -> bool:
    """Whether a request waits for this suspension and for no other; `by_kind`: from edition 8."""
    if each.owner is None:
        return False
    by_scope = int(one.terms.actions & wire.LEAVING)
    action = leaving(by_api=each.queued.by_api) if by_kind else by_scope
    released = each.queued.released if others.by_each else ()
    asked = gates.ruling_of(each.queued, action, each.owner, released)
    return bool(rules.verdict([one], asked).mode) and not others.stop(asked)


def _counted(survey: Surveyed, waiting: Iterable[gates.Waiting]) -> Surveyed:
    sums = {network: dict(by_asset) for network, by_asset in survey.sums.items()}
    smallest, unfit, count = dict(survey.smallest), survey.unfit, survey.waiting
    for each in waiting:
        one, count, unfit = each.queued, count + 1, unfit + gates.is_stopped(each.owner)
        by_asset = sums.setdefault(one.network, {})
        before = amount_int(by_asset.get(one.asset, amount_bytes(0)))
        by_asset[one.asset] = amount_bytes(before + amount_int(one.amount))
        here = (one.usd, one.number)
        smallest[one.network] = min(here, smallest.get(one.network, here))
    return _replace(survey, sums=sums, smallest=smallest, unfit=unfit, waiting=count)

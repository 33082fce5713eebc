"""Changes of the policy: proposed, agreed to, in force, replayed, closed by others."""

from __future__ import annotations

from hashlib import sha256
from itertools import islice, takewhile

import msgspec

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.approval_state import Group
from fullreserve.exchange.products.policy_groups import hangs
from fullreserve.exchange.products.policy_replay import replayed, scored_again
from fullreserve.exchange.products.policy_rules import DecisionState, Rule, is_sound, lets_leave
from fullreserve.exchange.products.policy_table import PolicyTable
from fullreserve.exchange.products.policy_tightening import tightens_by
from fullreserve.exchange.products.policy_wire import (
    APPROVE_MS,
    CHANGES_KEPT,
    LOCK_MS,
    REFUSED_REPLAYED,
    REPLAY_MS,
    REPLAYED_MAX,
    RETURN_MS,
    RETURNS,
    REVIEWED,
    SEEN_MS,
    TABLE_AGREED,
    WRITERS,
    Agree,
    Alone,
    Change,
    Propose,
    ProposeRisk,
    Refused,
    Replay,
)
from fullreserve.exchange.products.risk_rules import is_sound_table, tightens_table

_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class Changes(PolicyTable):
    """By administrators, of the rules or of the table of risks; and by time."""

    def _propose(
        self, who: int, word: Propose | ProposeRisk, moment: Moment, view: View
    ) -> Outcome:
        code = self._why_not(word, view)
        if code:
            return Outcome(code=code)
        rules: tuple[Rule, ...] = ()
        if isinstance(word, Propose):
            rules = word.rules
            is_tightening = tightens_by(self.state.edition, self.state.rules, rules)
        else:
            assert self.state.risk is not None
            is_tightening = tightens_table(self.state.risk, word.table)
            self._set(self.state.tables, moment.sequence, word.table)
        change = Change(
            *(moment.sequence, rules, who, moment.time_ms, word.note, is_tightening),
            holds_ms=moment.time_ms if is_tightening and not self._alone(who).overruled_ms else 0,
        )
        self._set(self.state.changes, change.number, change)
        self._advance(moment)
        over = [number for number, one in self.state.changes.items() if one.is_over]
        for number in over[: max(0, len(over) - CHANGES_KEPT)]:
            self._remove(self.state.changes, number)
            if number in self.state.superseded:
                self._remove(self.state.superseded, number)
            if number in self.state.tables:
                self._remove(self.state.tables, number)
        return Outcome()

    def _why_not(self, word: Propose | ProposeRisk, view: View) -> int:
        """Why something is not proposed; 0 for nothing."""
        if isinstance(word, Propose):
            return self._why_not_rules(word.rules, view)
        if self.state.edition < TABLE_AGREED or not is_sound_table(word.table):
            return REFUSED.code
        if self.state.risk is None:
            return Refused.UNKNOWN
        return Refused.NO_CHANGE if self._is_spared and word.table == self.state.risk else 0

    def _why_not_rules(self, rules: tuple[Rule, ...], view: View) -> int:
        held, base = self.state.rules, self.state.base
        if not is_sound(rules, WRITERS):
            return REFUSED.code
        if self.state.edition >= RETURNS and not lets_leave(rules):
            return Refused.NOTHING_LEAVES
        if not self._is_spared:
            return 0
        if rules == held:
            return Refused.NO_CHANGE
        if base is not None and rules == base.rules:
            return 0  # what several agreed on can be returned to, whoever is gone
        is_looked_at = self.state.edition >= REVIEWED
        is_hanging = any(
            hangs(rule, view, is_looked_at=is_looked_at) for rule in rules if rule not in held
        )
        return Refused.HANGS if is_hanging else 0

    def _drop(self, who: int, change: Change, moment: Moment) -> int:
        if self._is_spared and who != change.proposer:
            known = self._alone(who)
            if known.has_spoken(moment.time_ms):
                return Refused.SPOKEN
            self._set(self.state.alone, who, _replace(known, dropped_ms=moment.time_ms))
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        return 0

    def _alone(self, who: int) -> Alone:
        return self.state.alone.get(who) or Alone()

    def _agree(self, who: int, change: Change, word: Agree, writers: Group, moment: Moment) -> int:
        if not writers.is_set_up or (self._is_spared and not writers.is_founded):
            return Refused.SET_UP
        if change.holds_ms:
            return Refused.CLOSED
        if who == change.proposer:
            return Refused.OWN
        if who in change.agreed:
            return Refused.TWICE
        if not self._has_seen(change, word, moment):
            return Refused.STALE_REPLAY
        agreed = (*change.agreed, who)
        change = _replace(change, agreed=agreed)
        if sum(writers.counts(each) for each in agreed) >= writers.threshold:
            is_quick = self._returns(change, moment.time_ms) or self._tightens_now(change)
            change = _replace(change, holds_ms=moment.time_ms + (0 if is_quick else LOCK_MS))
        self._set(self.state.changes, change.number, change)
        self._advance(moment)
        return 0

    def _tightens_now(self, change: Change) -> bool:
        """Whether what several agree on tightens what holds by now, from edition 7 on."""
        table = self.state.tables.get(change.number)
        if not self._is_spared:
            return False
        if table is None:
            return tightens_by(self.state.edition, self.state.rules, change.rules)
        return self.state.risk is not None and tightens_table(self.state.risk, table)

    def _returns(self, change: Change, now_ms: int) -> bool:
        """Whether a change takes back, in time, what one alone tightened."""
        since_ms = self._left_ms(change)
        return since_ms > 0 and now_ms - since_ms <= RETURN_MS

    def _left_ms(self, change: Change) -> int:
        """Of a return, since when one alone has left what it goes back to; 0: it is none."""
        base, table = self.state.base, self.state.tables.get(change.number)
        if base is None:
            return 0
        if table is None:
            return base.rules_ms if change.rules == base.rules else 0
        return base.risk_ms if table == base.risk else 0

    def _has_seen(self, change: Change, word: Agree, moment: Moment) -> bool:
        """Whether a replay was looked at: of today, with all that was decided before it."""
        if not self.state.edition:
            return word.replay == self._first_replay(change, moment.time_ms).digest
        is_fresh = moment.time_ms - SEEN_MS < word.at_ms <= moment.time_ms
        later = takewhile(
            lambda one: one.number > word.until, reversed(self.state.decisions.values())
        )
        return (
            is_fresh
            and all(one.time_ms >= word.at_ms for one in later)
            and word.replay == self._replay(change, word.at_ms, word.until).digest
        )

    def _advance(self, moment: Moment) -> None:
        """What time alone does: changes that are due hold, old approvals expire."""
        due = [one for one in self.state.changes.values() if one.is_due(moment.time_ms)]
        if self.state.edition:
            due.sort(key=lambda one: (one.holds_ms, one.number))
        for change in due:
            if not self.state.changes[change.number].is_over:
                self._hold(change)
        for request in list(self._known.waiting):
            one = self.state.decisions[request]
            if one.time_ms + APPROVE_MS > moment.time_ms:
                break  # they stand in the order of their decisions
            self._end(one, DecisionState.EXPIRED, moment)
        for request in list(self._known.confirming):
            one = self.state.decisions[request]
            if self._standing(one, moment.time_ms) != DecisionState.EXPIRED:
                break  # of another table it may have longer: the next word ends it
            self._end(one, DecisionState.EXPIRED, moment)

    def _hold(self, change: Change) -> None:
        """A change comes into force; what was proposed beside it was meant for other rules."""
        table = self.state.tables.get(change.number)
        if table is None:
            self.state.rules = change.rules
        else:
            self.state.risk = table
        self.state.version = change.number
        closes = self.state.edition > 0 and not self._has_spoken(change)
        if self._is_spared:
            self._note(change)
        self._leave_base(change)
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        if closes:
            for other in list(self.state.changes.values()):
                if not other.is_over:
                    self._supersede(other)

    def _has_spoken(self, change: Change) -> bool:
        """Whether one alone brings it in who did so, or dropped another's, within the week."""
        is_alone = self._is_spared and not change.agreed
        return is_alone and self._alone(change.proposer).has_spoken(change.holds_ms)

    def _note(self, change: Change) -> None:
        """Who tightens alone; or whom several overrule by going back, and whom they follow."""
        who, known = change.proposer, self._alone(change.proposer)
        now_ms, is_table = change.holds_ms, change.number in self.state.tables
        if not change.agreed:
            when = {"risk_ms" if is_table else "rules_ms": now_ms}
            self._set(self.state.alone, who, _replace(known, **when))
            return
        since_ms = self._left_ms(change)
        for other, one in list(self.state.alone.items()):
            last_ms = one.risk_ms if is_table else one.rules_ms
            if other == who:
                self._set(self.state.alone, other, _replace(one, overruled_ms=0))
            elif 0 < since_ms <= last_ms:
                self._set(self.state.alone, other, _replace(one, overruled_ms=now_ms))

    def _leave_base(self, change: Change) -> None:
        """What several agreed on is what the next return goes to; one alone leaves that."""
        base, table = self.state.base, self.state.tables.get(change.number)
        if base is None:
            return
        if table is None:
            is_there = self._is_spared and change.rules == base.rules
            left_ms = 0 if is_there else base.rules_ms or change.holds_ms
            agreed = _replace(base, rules=change.rules, rules_ms=0)
            alone = _replace(base, rules_ms=left_ms)
        else:
            is_there = self._is_spared and table == base.risk
            left_ms = 0 if is_there else base.risk_ms or change.holds_ms
            agreed = _replace(base, risk=table, risk_ms=0)
            alone = _replace(base, risk_ms=left_ms)
        self.state.base = agreed if change.agreed else alone

    def _supersede(self, change: Change) -> None:
        self._set(self.state.changes, change.number, _replace(change, is_over=True))
        self._set(self.state.superseded, change.number, self.state.version)

    def _replay(self, change: Change, at_ms: int, until: int) -> Replay:
        """What the change would have made of the 30 days' requests before a time, the newest first.

        The same whenever it is asked for within a day: what comes later has no part in it, and what
        is forgotten meanwhile, neither.
        """
        table, ended, since_ms = self.state.decisions, self.state.ended, at_ms - REPLAY_MS
        refused = [
            request
            for request in self._known.refused
            if ended.get(request, table[request].number) <= until
        ]
        left_out = dict.fromkeys(refused[: max(0, len(refused) - REFUSED_REPLAYED)])
        newest = takewhile(lambda one: one.time_ms > since_ms, reversed(table.values()))
        # Orders wait while it is worked out, so that it is of a bounded number.
        seen = list(
            islice(
                (
                    one
                    for one in newest
                    if one.number <= until and one.facts.request not in left_out
                ),
                REPLAYED_MAX,
            )
        )[::-1]
        assessed, risk = self.state.assessed, self.state.tables.get(change.number)
        if risk is None:
            again = replayed(change.rules, seen, ended, assessed, since_ms, by_group=True)
        else:
            again = scored_again(risk, seen, assessed, self.state.risk_facts)
        looked_at, differs = again
        # From edition 7 on a change may outlive another that comes into force: what it would have
        # made of requests is as it was.
        version = 0 if self._is_spared else self.state.version
        content = _encode((change.number, version, at_ms, until, differs))
        return Replay(looked_at, differs, sha256(content).digest(), at_ms, until)

    def _first_replay(self, change: Change, now_ms: int) -> Replay:
        """Before edition 1: a replay that every further decision makes another."""
        seen, since_ms = list(self.state.decisions.values()), now_ms - REPLAY_MS
        looked_at, differs = replayed(change.rules, seen, {}, {}, since_ms, by_group=False)
        content = _encode((change.number, self.state.head, differs))
        return Replay(looked_at, differs, sha256(content).digest())

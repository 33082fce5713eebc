"""The table of the policy: rules, changes and decisions, and how what waits for people ends."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import Moment, State
from fullreserve.exchange.products.policy_chain import Link
from fullreserve.exchange.products.policy_index import Index
from fullreserve.exchange.products.policy_rules import DecisionState, Rule
from fullreserve.exchange.products.policy_wire import (
    POLICY,
    SPARED,
    Alone,
    AnyWord,
    Base,
    Change,
    Decision,
    Review,
    decode_word,
)
from fullreserve.exchange.products.risk_rules import Assessment, RiskFacts, RiskTable
from fullreserve.exchange.products.risk_rules import Outcome as Risk
from fullreserve.exchange.products.undoing import UndoingFold

_replace = msgspec.structs.replace


class PolicyState(State):
    rules: tuple[Rule, ...] = ()
    version: int = 0  # the change that made it
    changes: dict[int, Change] = msgspec.field(default_factory=dict)
    decisions: dict[int, Decision] = msgspec.field(default_factory=dict)  # by request
    head: bytes = bytes(32)
    edition: int = 0
    # From edition 1 on: the sequence at which a request that had waited was refused; and changes
    # that were closed because another came into force, which.
    ended: dict[int, int] = msgspec.field(default_factory=dict)
    superseded: dict[int, int] = msgspec.field(default_factory=dict)
    # From edition 2 on: the sequence at which people let a request through that had waited.
    passed: dict[int, int] = msgspec.field(default_factory=dict)
    concerns: dict[int, int] = msgspec.field(default_factory=dict)  # of requests, where any
    risk: RiskTable | None = None
    assessed: dict[int, Assessment] = msgspec.field(default_factory=dict)  # by request
    # From edition 5 on: what was looked at for a request's score; and tables that are proposed.
    risk_facts: dict[int, RiskFacts] = msgspec.field(default_factory=dict)
    tables: dict[int, RiskTable] = msgspec.field(default_factory=dict)  # by change
    base: Base | None = None  # from edition 6 on
    alone: dict[int, Alone] = msgspec.field(default_factory=dict)  # from edition 7 on
    # From edition 9 on: by request, where the reviewers are not the group of its rule.
    reviews: dict[int, Review] = msgspec.field(default_factory=dict)


class PolicyTable(UndoingFold[PolicyState, AnyWord]):
    """What all that is said to the policy reads and writes."""

    number = POLICY
    name = "policy"
    is_late = True
    added = (
        *("edition", "ended", "superseded", "passed", "concerns", "risk", "assessed"),
        *("risk_facts", "tables", "base", "alone", "reviews"),
    )

    def __init__(self) -> None:
        super().__init__(PolicyState(), decode_word)
        # No part of the state: what was decided since whoever keeps records took it last, as the
        # state forgets what is judged once more or refused long ago. None: nobody takes it.
        self.links: list[Link] | None = None

    def _index(self) -> None:
        state = self.state
        self._known = Index(state.decisions.values(), state.ended, state.assessed)

    @property
    def _is_spared(self) -> bool:
        return self.state.edition >= SPARED

    def _standing(self, one: Decision, now_ms: int) -> int:
        """What has become of a decision by a time; 0: it is to be judged once more."""
        if self._met(one, now_ms):
            return 0
        found = self.state.assessed.get(one.facts.request)
        is_late = found is not None and found.until_ms <= now_ms
        if one.state == DecisionState.CONFIRMING and is_late:
            return DecisionState.EXPIRED
        return one.standing(now_ms)

    def _met(self, known: Decision | None, now_ms: int) -> int:
        """What a score asked for that has been done since; 0 where nothing was, or it is not."""
        if known is None:
            return 0
        if known.state == DecisionState.CONFIRMED:
            return Risk.STEP_UP
        found = self.state.assessed.get(known.facts.request)
        is_over = found is not None and found.until_ms <= now_ms
        return Risk.DELAY if known.state == DecisionState.DELAYED and is_over else 0

    def _end(self, one: Decision, state: DecisionState, moment: Moment) -> None:
        """What waited, or was held, is refused."""
        request = one.facts.request
        self._set(self.state.decisions, request, _replace(one, state=state))
        if self.state.edition:
            self._set(self.state.ended, request, moment.sequence)
        self._known.end(one)
        self._undo.append(lambda: self._known.wait_again(one))

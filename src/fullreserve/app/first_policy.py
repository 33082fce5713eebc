"""The policy that an exchange begins with: small amounts go, large ones are approved by people.

And the newest edition of the rules of each fold that guards what leaves.

And the first table of risks. Operators change rules and table by the API: what tightens holds at
once, what loosens after 48 hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Fold
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AdoptDeposits,
    RequirePolicy,
)
from fullreserve.exchange.products.deposit_state import EDITION as DEPOSITS_EDITION
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.policy_rules import Category, Rule, Verb
from fullreserve.exchange.products.policy_table import PolicyState
from fullreserve.exchange.products.policy_wire import EDITION as POLICY_EDITION
from fullreserve.exchange.products.policy_wire import POLICY, Adopt, Found, SetRisk
from fullreserve.exchange.products.risk_rules import RiskTable
from fullreserve.exchange.products.suspension_state import EDITION as SUSPENSIONS_EDITION
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS
from fullreserve.exchange.products.suspension_wire import Adopt as AdoptSurveys
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import EDITION
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import AnyCommand, Product

USD = 10**8
DAY_MS = 86_400_000
BOOK = (Category.BOOK,)
RULES = (
    Rule(1, Verb.BLOCK, categories=(Category.SANCTIONED,)),
    Rule(2, Verb.ALLOW, categories=BOOK, velocity_usd=50_000 * USD, window_ms=DAY_MS),
    Rule(3, Verb.APPROVE, CONSOLE, 1, categories=BOOK, most_usd=250_000 * USD),
    Rule(4, Verb.APPROVE, CONSOLE, 2, categories=BOOK),
)

_encode = msgspec.msgpack.Encoder().encode


def commands(folds: Sequence[Fold[Any]], risk: RiskTable | None) -> list[AnyCommand]:
    """What tells the log that withdrawals go by the policy, in the newest edition of its rules.

    And by which table their risk is scored: the file's, or the default one. Nothing where it
    knows; rules and tables that stand in the log stay.
    """
    return [
        *_of_policy(folds, risk),
        *_of_deposits(folds),
        *_of_withdrawals(folds),
        *of_suspensions(folds),
    ]


def table_of(folds: Sequence[Fold[Any]]) -> RiskTable | None:
    """The table of risks that the log has; None without one."""
    policy = _policy(folds)
    return None if policy is None else policy.risk


def _policy(folds: Sequence[Fold[Any]]) -> PolicyState | None:
    return next((one.state for one in folds if isinstance(one, Policy)), None)


def _of_policy(folds: Sequence[Fold[Any]], risk: RiskTable | None) -> list[AnyCommand]:
    policy = _policy(folds)
    if policy is None:
        return []
    words: list[Found | Adopt | SetRisk] = [] if policy.version else [Found(RULES)]
    if policy.edition < POLICY_EDITION:
        words.append(Adopt(POLICY_EDITION))
    if policy.risk is None:
        words.append(SetRisk(risk or RiskTable()))
    return [Product(0, 0, POLICY, chart.HOUSE, _encode(word)) for word in words]


def _of_deposits(folds: Sequence[Fold[Any]]) -> list[AnyCommand]:
    state = next((one.state for one in folds if isinstance(one, Deposits)), None)
    if state is None or state.edition >= DEPOSITS_EDITION:
        return []
    return [Product(0, 0, DEPOSITS, chart.HOUSE, _encode(AdoptDeposits(DEPOSITS_EDITION)))]


def _of_withdrawals(folds: Sequence[Fold[Any]]) -> list[AnyCommand]:
    state = next((one.state for one in folds if isinstance(one, Withdrawals)), None)
    if state is None or (state.asks_policy and state.edition >= EDITION):
        return []
    return [Product(0, 0, WITHDRAWALS, chart.HOUSE, _encode(RequirePolicy(EDITION)))]


def of_suspensions(folds: Sequence[Fold[Any]]) -> list[AnyCommand]:
    """What tells the log of the newest edition of suspensions, which stop more than what leaves."""
    state = next((one.state for one in folds if isinstance(one, Suspensions)), None)
    if state is None or state.edition >= SUSPENSIONS_EDITION:
        return []
    word = AdoptSurveys(SUSPENSIONS_EDITION)
    return [Product(0, 0, SUSPENSIONS, chart.HOUSE, _encode(word))]

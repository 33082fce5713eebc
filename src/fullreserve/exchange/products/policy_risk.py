"""What the fold of the policy finds for the risk score of a withdrawal: facts from log and worker.

Values are at the prices of the moment of judging, as the rules' are.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment, View
from fullreserve.exchange.products.custody_ledger import Balances, Prices
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.policy_index import Index
from fullreserve.exchange.products.policy_rules import NUMBER_MAX, Concern
from fullreserve.exchange.products.policy_wire import LEFT_COUNTS, REPLAY_MS, Judge
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    Assessment,
    Mark,
    Outcome,
    RiskFacts,
    RiskTable,
    Whence,
    outcome_of,
    score,
)
from fullreserve.exchange.products.risk_tracing import TRANSFERS_MAX, PassedList, trace
from fullreserve.exchange.products.withdrawal_state import (
    Asker,
    GetAsker,
    GetHistory,
    History,
    ListPassed,
    Withdrawal,
)
from fullreserve.exchange.wire.queries import AskFold

# Kinds of accounts that an owner's holdings are in, as far as a share is looked at.
HOLDINGS = (chart.FUND, chart.TRADE)
IS_DOWN = Concern.SANCTIONS_DOWN | Concern.RISK_DOWN | Concern.TRAVEL_RULE_DOWN

_asker = msgspec.msgpack.Decoder(Asker | None).decode
_history = msgspec.msgpack.Decoder(History).decode
_passed = msgspec.msgpack.Decoder(PassedList).decode
_encode = msgspec.msgpack.Encoder().encode


class Assessed(NamedTuple):
    """The risk of a request, and what was looked at for it."""

    found: Assessment
    facts: RiskFacts


def assess(
    table: RiskTable,
    word: Judge,
    one: Withdrawal,
    usd: int,
    known: Index,
    history: History,
    met: int,
    moment: Moment,
    view: View,
) -> Assessed:
    """The risk of a request of so many USD; `met` is the outcome that was done with before.

    `history`: see `history_of`.
    """
    since_ms = moment.time_ms - table.bounds.window_hours * HOUR_MS

    def read(owner: int, is_sent: bool) -> PassedList:
        question = ListPassed(owner, since_ms, TRANSFERS_MAX, is_sent)
        answer = view.query(AskFold(WITHDRAWALS, _encode(question)))
        return PassedList(()) if answer is None else _passed(answer)

    traced = trace(one.owner, usd, lambda owner: known.velocity.since(owner, since_ms), read)
    others_usd = known.beside(one.owner, word.place, since_ms)
    own_usd = known.velocity.since(one.owner, since_ms)
    beside_usd = _kept(max(traced.beside_usd, others_usd))
    asker = _asker_of(word.withdrawal, view)
    facts = RiskFacts(
        usd,
        by_api=one.by_api,
        address_ms=word.age_ms,
        whence=asker.whence,
        calm_ms=max(0, moment.time_ms - asker.stopped_until_ms) if asker.stopped_until_ms else -1,
        history_usd=_kept(history.usd),
        history=history.count,
        holds_usd=_kept(_holdings(one.owner, view)),
        spent_usd=_kept(own_usd + beside_usd),
        passed_usd=_kept(traced.received_usd),
        receiver_usd=_kept(others_usd),
        is_look_alike=bool(word.marks & Mark.LOOK_ALIKE),
        is_risky=bool(word.concerns & Concern.RISK),
        is_unvetted=bool(word.concerns & IS_DOWN),
        is_untraced=traced.is_cut,
    )
    total, reasons = score(table, facts)
    outcome = outcome_of(table, total)
    limits = table.thresholds
    hours = {Outcome.STEP_UP: limits.confirm_hours, Outcome.DELAY: limits.delay_hours}
    lasts_ms = hours.get(outcome, 0) * HOUR_MS
    until_ms = moment.time_ms + lasts_ms if lasts_ms and outcome > met else 0
    found = Assessment(total, reasons, outcome, met, until_ms, beside_usd, word.place)
    return Assessed(found, facts)


def history_of(owner: int, known: Index, edition: int, moment: Moment, view: View) -> History:
    """What an amount is held against: an owner's withdrawals of 30 days that left.

    Before edition 11 those that were asked for and not refused, whether they left or not.
    """
    month_ms = moment.time_ms - REPLAY_MS
    if edition < LEFT_COUNTS:
        asked = known.velocity
        return History(asked.count_since(owner, month_ms), asked.since(owner, month_ms))
    answer = view.query(AskFold(WITHDRAWALS, _encode(GetHistory(owner, month_ms))))
    return History() if answer is None else _history(answer)


def _kept(usd: int) -> int:
    """A sum as the log can hold it: beyond that it is over any bound all the same."""
    return min(usd, NUMBER_MAX)


def _asker_of(number: int, view: View) -> Asker:
    answer = view.query(AskFold(WITHDRAWALS, _encode(GetAsker(number))))
    found = None if answer is None else _asker(answer)
    return found or Asker(Whence(), 0)


def _holdings(owner: int, view: View) -> int:
    """USD of what an owner has and has not asked to withdraw; what has no price counts nothing."""
    balances, prices = Balances(owner, view), Prices(view)
    sums: dict[int, int] = {}
    for kind in HOLDINGS:
        for asset, balance in balances.items(kind):
            sums[asset] = sums.get(asset, 0) + max(0, balance)
    return sum(prices.value(asset, amount) or 0 for asset, amount in sorted(sums.items()))

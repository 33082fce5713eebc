"""Questions to the fold of withdrawals, answered from its state and what that implies."""

from __future__ import annotations

from itertools import islice

import msgspec

from fullreserve.exchange.products.changes import newest, newest_of
from fullreserve.exchange.products.custody_wire import Pay
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.drain_log import Queued
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.withdrawal_index import Index
from fullreserve.exchange.products.withdrawal_state import (
    DAY_MS,
    EVERY_NETWORK,
    FINAL_KEPT,
    QUOTA_USD,
    REVIEWS,
    FindWithdrawal,
    GetDrains,
    GetPlace,
    GetQuota,
    GetWithdrawal,
    ListOpen,
    ListPay,
    ListQueue,
    ListShort,
    ListUndecided,
    ListWithdrawals,
    Place,
    Quota,
    Undecided,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
    decode_question,
)
from fullreserve.exchange.wire.commands import amount_bytes

# Those that wait, by which others may stand before.
WAITING = (WithdrawalState.QUEUED, WithdrawalState.SHORT, WithdrawalState.WAITING)
# Those that the payer is to take, once it can.
PAYABLE = (WithdrawalState.SHORT, WithdrawalState.WAITING)

_encode = msgspec.msgpack.Encoder().encode


def answered(question: bytes, state: WithdrawalsState, known: Index) -> bytes:
    """The encoded answer; its type stands with the question. msgspec.DecodeError."""
    asked = decode_question(question)
    if isinstance(asked, ListNetworks):
        return _encode([_network(number, state) for number in sorted(state.networks)])
    if isinstance(asked, GetWithdrawal):
        return _encode(state.withdrawals.get(asked.number))
    if isinstance(asked, FindWithdrawal):
        number = known.clients.get((asked.owner, asked.client), 0)
        return _encode(state.withdrawals.get(number))
    if isinstance(asked, ListPay):
        return _encode(_due(asked, state, known))
    if isinstance(asked, ListShort):
        return _encode(_short(asked, state, known))
    if isinstance(asked, ListUndecided):
        return _encode(_undecided(asked, state, known))
    if isinstance(asked, GetQuota):
        return _encode(quota_of(asked.owner, asked.now_ms, state, known))
    if isinstance(asked, GetPlace):
        return _encode(_place(asked.number, state, known))
    if isinstance(asked, ListQueue):
        return _encode(_queue(state, known))
    if isinstance(asked, ListOpen):
        return _encode(_open(asked, state, known))
    if isinstance(asked, GetDrains):
        return _encode(state.drains.get(asked.suspension, {}))
    forgets = known.finals >= FINAL_KEPT
    return _encode(_listed(asked, state, known) if isinstance(asked, ListWithdrawals) else forgets)


def quota_of(owner: int, now_ms: int, state: WithdrawalsState, known: Index) -> Quota:
    """What an owner may withdraw in 24 hours, and has."""
    limit = state.quotas.get(owner, state.quotas.get(0, QUOTA_USD))
    used = 0
    for number in reversed(known.of_owner.get(owner, {})):
        one = state.withdrawals[number]
        if one.requested_ms <= now_ms - DAY_MS:
            break
        if one.state not in (WithdrawalState.CANCELED, WithdrawalState.FAILED):
            used += one.usd
    until = state.stops.get(owner, 0)
    return Quota(limit, used, until if until > now_ms else 0)


def taken_in_a_day(asset: int, network: int, now_ms: int, state: WithdrawalsState) -> int:
    """What was asked for of an asset on a network in 24 hours and not given back."""
    return sum(
        one.value
        for one in state.withdrawals.values()
        if (one.asset, one.network) == (asset, network)
        and one.requested_ms > now_ms - DAY_MS
        and one.state not in (WithdrawalState.CANCELED, WithdrawalState.FAILED)
    )


def queued(one: Withdrawal) -> Queued:
    """A request, as queues are told of it."""
    return Queued(*(one.number, one.owner, one.network, one.asset, one.amount, one.usd, one.by_api))


def _queue(state: WithdrawalsState, known: Index) -> list[Queued]:
    """Who waits for withdrawals to go on, in order."""
    return [
        queued(one)
        for number in known.open
        if (one := state.withdrawals[number]).state == WithdrawalState.QUEUED and one.is_approved
    ]


def _network(number: int, state: WithdrawalsState) -> NetworkState:
    every = state.holds.get(EVERY_NETWORK, {})
    holds = (*every.values(), *state.holds.get(number, {}).values())
    return NetworkState(state.networks[number], holds, None)


def _due(asked: ListPay, state: WithdrawalsState, known: Index) -> list[Pay]:
    found: list[Pay] = []
    for number in known.open:
        one = state.withdrawals[number]
        waits = one.state == WithdrawalState.WAITING and is_let_through(number, state)
        due = bool(one.binding) or waits
        if one.network != asked.network or number <= asked.after or not due:
            continue
        if len(found) >= asked.limit:
            break
        found.append(_pay(one))
    return found


def is_let_through(number: int, state: WithdrawalsState) -> bool:
    """Whether the policy, where it is asked, has nothing against a payment."""
    return not state.asks_policy or state.judged.get(number) == DecisionState.ALLOWED


def _undecided(asked: ListUndecided, state: WithdrawalsState, known: Index) -> list[Undecided]:
    fresh: list[Undecided] = []
    left: list[Undecided] = []  # to people, or decided by them since
    for number in known.open if state.asks_policy else ():
        one = state.withdrawals[number]
        is_due = one.state in REVIEWS or one.state == WithdrawalState.WAITING
        if one.binding or not is_due or is_let_through(number, state):
            continue
        is_asked = number in state.judged
        found = left if is_asked else fresh
        if len(found) < asked.limit and not (is_asked and number <= asked.after):
            place = (number, one.owner, one.network, one.destination)
            found.append(Undecided(*place, is_asked=is_asked))
    return [*fresh, *left]


def _open(asked: ListOpen, state: WithdrawalsState, known: Index) -> list[Withdrawal]:
    newer = (number for number in known.open if number > asked.after)
    return [state.withdrawals[number] for number in islice(newer, asked.limit)]


def _short(asked: ListShort, state: WithdrawalsState, known: Index) -> list[Pay]:
    first: dict[int, Withdrawal] = {}
    for number in known.open:
        one = state.withdrawals[number]
        if (one.network, one.state) == (asked.network, WithdrawalState.SHORT):
            first.setdefault(one.asset, one)
    return [_pay(one) for one in first.values()]


def _pay(one: Withdrawal) -> Pay:
    return Pay(
        *(one.number, one.network, one.asset, one.amount, one.destination),
        *(one.binding, one.transfer, one.owner),
    )


def _place(number: int, state: WithdrawalsState, known: Index) -> Place | None:
    mine = state.withdrawals.get(number)
    if mine is None or mine.state not in WAITING:
        return None
    before = [
        one
        for other in known.open
        if other < number
        and (one := state.withdrawals[other]).state == mine.state
        and (one.network, one.asset) == (mine.network, mine.asset)
    ]
    return Place(len(before) + 1, amount_bytes(sum(one.value for one in before)))


def _listed(asked: ListWithdrawals, state: WithdrawalsState, known: Index) -> list[Withdrawal]:
    table = state.withdrawals
    if asked.owner:
        mine = (table[number] for number in known.of_owner.get(asked.owner, ()))
        return newest_of(mine, asked.changed_after, asked.limit)
    return newest(table, asked.changed_after, asked.limit)

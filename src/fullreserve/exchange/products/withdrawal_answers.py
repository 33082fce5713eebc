"""Questions to the fold of withdrawals, answered from its state and what that implies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from msgspec.structs import replace

from fullreserve.exchange.products.custody_wire import Destination, Pay
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.drain_log import NO_SPLITS, Queued
from fullreserve.exchange.products.policy_rules import NUMBER_MAX
from fullreserve.exchange.products.risk_rules import Whence
from fullreserve.exchange.products.risk_tracing import Passed, PassedList
from fullreserve.exchange.products.withdrawal_costs import costs, unsettled
from fullreserve.exchange.products.withdrawal_index import GIVEN_BACK, Index, Row
from fullreserve.exchange.products.withdrawal_state import (
    DAY_MS,
    EVERY_NETWORK,
    FINAL_KEPT,
    OF_ONE_REQUEST,
    QUOTA_USD,
    REVIEWS,
    AnyQuestion,
    Asker,
    Binding,
    Demand,
    Fee,
    FindWithdrawal,
    GetAsker,
    GetDemand,
    GetDrains,
    GetHistory,
    GetOwnSettings,
    GetPlace,
    GetQuota,
    GetRequest,
    GetSmallest,
    GetSplits,
    GetWithdrawal,
    History,
    ListBehind,
    ListBindings,
    ListFees,
    ListOpen,
    ListParts,
    ListPassed,
    ListPay,
    ListQueue,
    ListReceived,
    ListShort,
    ListSums,
    ListUndecided,
    ListWithdrawals,
    NextSettled,
    OwnSettings,
    Parts,
    Place,
    Quota,
    Sum,
    SumDrains,
    Undecided,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
    decode_question,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

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
    if isinstance(asked, GetOwnSettings):
        return _encode(state.own.get(asked.owner, OwnSettings()))
    if isinstance(asked, ListFees):
        return _encode(_fees(asked.now_ms, state))
    if isinstance(asked, FindWithdrawal):
        number = known.clients.get((asked.owner, asked.client), 0)
        return _encode(state.withdrawals.get(number))
    if isinstance(asked, ListBindings):
        return _encode([_binding(number, state) for number in asked.numbers])
    if isinstance(asked, GetAsker | GetHistory | ListPassed):
        return _encode(_of_risk(asked, state, known))
    if isinstance(asked, GetRequest | ListParts | GetSplits):
        return _encode(_of_tranches(asked, state, known))
    return _encode(_about_many(asked, state, known))


def _binding(number: int, state: WithdrawalsState) -> Binding:
    one = state.withdrawals.get(number)
    if one is None:
        return Binding()
    return Binding(one.binding, number in state.may_unbind, state.unbound.get(number, ()))


def _of_tranches(
    asked: GetRequest | ListParts | GetSplits, state: WithdrawalsState, known: Index
) -> object:
    if isinstance(asked, GetSplits):
        return state.split_logs.get(asked.suspension, NO_SPLITS)
    if isinstance(asked, ListParts):
        return [_parts(number, asked.now_ms, state, known) for number in asked.numbers]
    one = state.withdrawals.get(asked.number)
    if one is None or state.split_of(one) is None:
        return one
    number = state.request_of(one.number)
    request = state.withdrawals.get(number, one)
    return replace(one, number=number, amount=state.splits[number].amount, usd=request.usd)


def _parts(number: int, now_ms: int, state: WithdrawalsState, known: Index) -> Parts:
    request, split = state.parts.get(number, 0), state.splits.get(number)
    fees = _asked_fee(number, now_ms, state, known)
    if split is None:
        whole = state.splits.get(request)
        return Parts(request, whole.amount if whole is not None else b"", (), bytes(16), *fees)
    numbers = tuple(known.parts_of.get(number, ()))
    found = [state.withdrawals[each] for each in (*numbers, number) if each in state.withdrawals]
    going = [one for one in found if one.state not in GIVEN_BACK]
    paid, left = (
        amount_bytes(sum(one.value for one in going if bool(one.binding) is is_sent))
        for is_sent in (True, False)
    )
    return Parts(0, split.amount, numbers, paid, *fees, left)


def _asked_fee(
    number: int, now_ms: int, state: WithdrawalsState, known: Index
) -> tuple[bytes, bytes]:
    """The fee that an owner is to agree to for it, and what is held for that."""
    one = state.withdrawals.get(number)
    if one is None or not now_ms:
        return b"", b""
    asking = [one] if one.state == WithdrawalState.FEE_ROSE else []
    if state.request_of(number) in state.split_fees:
        asking = unsettled(one, state, known)
    if one not in asking:
        return b"", b""
    fee = sum(costs(each, now_ms, state, known) for each in asking)
    return amount_bytes(fee), amount_bytes(sum(amount_int(each.fee) for each in asking))


def _fees(now_ms: int, state: WithdrawalsState) -> list[Fee]:
    return [
        Fee(network, asset, quote)
        for network, quotes in sorted(state.fees.items())
        for asset, quote in sorted(quotes.items())
        if now_ms < quote.until_ms
    ]


def _about_many(asked: AnyQuestion, state: WithdrawalsState, known: Index) -> object:
    """The answer to a question about several withdrawals, or about what is before one."""
    if isinstance(asked, ListPay):
        return _due(asked, state, known)
    if isinstance(asked, ListShort | ListBehind):
        return _starved(asked, state, known)
    if isinstance(asked, ListUndecided):
        return _undecided(asked, state, known)
    if isinstance(asked, GetQuota):
        return quota_of(asked.owner, asked.now_ms, state, known)
    if isinstance(asked, GetPlace):
        return _place(asked.number, state, known)
    if isinstance(asked, GetSmallest):
        one = known.smallest(asked.network, asked.asset)
        return None if one is None else queued(one, state)
    if isinstance(asked, ListQueue):
        return _queue(asked, state, known)
    if isinstance(asked, ListSums | GetDemand | GetDrains | SumDrains):
        return _summed(asked, state, known)
    if isinstance(asked, NextSettled):
        found = known.settled(asked.after, asked.most)
        return found[-1] if found else 0
    if isinstance(asked, ListOpen):
        return _open(asked, state, known)
    if isinstance(asked, ListWithdrawals | ListReceived):
        return _listed(asked, state, known)
    return len(known.finals) >= FINAL_KEPT


def _of_risk(
    asked: GetAsker | GetHistory | ListPassed, state: WithdrawalsState, known: Index
) -> Asker | History | PassedList | None:
    """What the score of a request wants to know of who asked, and of the coins."""
    if isinstance(asked, ListPassed):
        return _passed(asked, state, known)
    if isinstance(asked, GetHistory):
        key = (asked.owner, asked.since_ms)
        return History(known.left.count_since(*key), min(known.left.since(*key), NUMBER_MAX))
    if asked.number not in known.open:
        return None
    owner = state.withdrawals[asked.number].owner
    return Asker(state.whence.get(asked.number, Whence()), state.stops.get(owner, 0))


def _passed(asked: ListPassed, state: WithdrawalsState, known: Index) -> PassedList:
    table = known.of_owner if asked.is_sent else known.of_receiver
    sums: dict[int, int] = {}
    newest: Iterator[int] = reversed(table.get(asked.owner, {}))
    if state.edition >= OF_ONE_REQUEST:
        newest = (number for number in newest if number not in state.parts)
    for place, number in enumerate(newest):
        one = state.withdrawals[number]
        if number in state.parts:
            continue  # as old as its request
        if one.requested_ms <= asked.since_ms:
            break
        if place == asked.limit:
            return PassedList(_in_order(sums), is_cut=True)
        if one.kind == Destination.OWNER:
            other = one.destination if asked.is_sent else one.owner
            sums[other] = sums.get(other, 0) + one.usd
    return PassedList(_in_order(sums))


def _in_order(sums: dict[int, int]) -> tuple[Passed, ...]:
    return tuple(Passed(other, usd) for other, usd in sorted(sums.items()))


def _summed(
    asked: ListSums | GetDemand | GetDrains | SumDrains, state: WithdrawalsState, known: Index
) -> object:
    """The answer to a question about queues, and what was paid of them."""
    if isinstance(asked, ListSums):
        return _sums(known, bound=asked.bound)
    if isinstance(asked, GetDemand):
        return _demand(asked, known)
    if isinstance(asked, GetDrains):
        return state.drains.get(asked.suspension, {})
    return list(known.drained.get(asked.suspension, {}).values())


def quota_of(owner: int, now_ms: int, state: WithdrawalsState, known: Index) -> Quota:
    """What an owner may withdraw in 24 hours, and has."""
    limit = state.quotas.get(owner, state.quotas.get(0, QUOTA_USD))
    own = state.own.get(owner)
    if own is not None and own.usd:
        limit = min(limit, own.usd)
    used = 0
    for number in reversed(known.of_owner.get(owner, {})):
        one = state.withdrawals[number]
        is_old = one.requested_ms <= now_ms - DAY_MS
        if number in state.parts:
            # As old as its request, which counts whole unless the rest of it was given back.
            request = state.withdrawals.get(state.parts[number])
            if not is_old and (request is None or request.state in GIVEN_BACK):
                used += one.usd if one.state not in GIVEN_BACK else 0
            continue
        if is_old:
            break
        if one.state not in GIVEN_BACK:
            used += one.usd
    until = state.stops.get(owner, 0)
    return Quota(limit, used, until if until > now_ms else 0)


def queued(one: Withdrawal, state: WithdrawalsState) -> Queued:
    """A request, as queues are told of it."""
    return Queued(
        *(one.number, one.owner, one.network, one.asset, one.amount, one.usd, one.by_api),
        state.released.get(one.number, ()),
    )


def is_queued(row: Row) -> bool:
    """Whether those of a row wait for withdrawals to go on."""
    return row.state == WithdrawalState.QUEUED


def _queue(asked: ListQueue, state: WithdrawalsState, known: Index) -> list[Queued]:
    """Who waits for withdrawals to go on, in order."""

    def is_wanted(row: Row) -> bool:
        return (
            is_queued(row) and asked.network in (0, row.network) and asked.asset in (0, row.asset)
        )

    limit = asked.limit or len(known.open)
    found = known.after(asked.after, limit, is_wanted)
    return [queued(state.withdrawals[one], state) for one in found]


def _sums(known: Index, *, bound: bool) -> list[Sum]:
    found: dict[tuple[int, int], Sum] = {}
    wanted = known.matching((lambda row: row.is_bound) if bound else is_queued)
    for row, ranked in wanted.items():
        key = (row.network, row.asset)
        one = found.get(key, Sum(*key, 0, amount_bytes(0), 0))
        first = next(ranked.after(0))
        found[key] = Sum(
            *(*key, one.count + len(ranked)),
            amount_bytes(amount_int(one.amount) + ranked.total),
            min(one.oldest or first, first),
        )
    return sorted(found.values(), key=lambda one: one.oldest)


def _demand(asked: GetDemand, known: Index) -> Demand:
    line = (asked.network, asked.asset)

    def total(is_wanted: Callable[[Row], bool]) -> bytes:
        rows = known.matching(lambda row: (row.network, row.asset) == line and is_wanted(row))
        return amount_bytes(sum(ranked.total for ranked in rows.values()))

    short, waiting = WithdrawalState.SHORT, WithdrawalState.WAITING
    return Demand(
        total(lambda row: row.is_bound),
        total(lambda row: row.state == short and not row.is_bound),
        total(lambda row: row.state == waiting and not row.is_bound),
        amount_bytes(known.still_taken(*line, asked.since_ms)),
    )


def _network(number: int, state: WithdrawalsState) -> NetworkState:
    every = state.holds.get(EVERY_NETWORK, {})
    holds = (*every.values(), *state.holds.get(number, {}).values())
    return NetworkState(state.networks[number], holds, None)


def _due(asked: ListPay, state: WithdrawalsState, known: Index) -> list[Pay]:
    def is_due(row: Row) -> bool:
        waits = row.state == WithdrawalState.WAITING and row.is_let_through
        return (
            row.network == asked.network
            and (row.is_bound or waits)
            and asked.bound in (None, row.is_bound)
        )

    return [_pay(state.withdrawals[one]) for one in known.after(asked.after, asked.limit, is_due)]


def _is_undecided(row: Row, *, is_asked: bool) -> bool:
    """Whether those of a row are due and not let through: what waits in a queue is not due.

    What is short of coins is: a large one that people have to look at leaves the others' line.
    """
    is_due = row.state in (*REVIEWS, *PAYABLE, WithdrawalState.COOLING)
    is_open = not row.is_bound and not row.is_let_through
    return is_due and is_open and row.is_asked == is_asked


def _undecided(asked: ListUndecided, state: WithdrawalsState, known: Index) -> list[Undecided]:
    found: list[Undecided] = []
    # Then those left to people, or decided by them since.
    for is_asked, after in ((False, 0), (True, asked.after)):
        for number in known.after(after, asked.limit, partial(_is_undecided, is_asked=is_asked)):
            one = state.withdrawals[number]
            place = (number, one.owner, one.network, one.destination)
            judged, request = state.judged.get(number, 0), state.request_of(number)
            found.append(Undecided(*place, is_asked, judged, request, one.state))
    return found


def _open(asked: ListOpen, state: WithdrawalsState, known: Index) -> list[Withdrawal]:
    found = known.after(asked.after, asked.limit, lambda _: True)
    return [state.withdrawals[number] for number in found]


def _starved(asked: ListShort | ListBehind, state: WithdrawalsState, known: Index) -> list[Pay]:
    if isinstance(asked, ListBehind):
        line = (asked.network, asked.asset, WithdrawalState.SHORT, False, True)
        found = known.after(asked.after, asked.limit, lambda row: row[:-1] == line)
        return [_pay(state.withdrawals[number]) for number in found]
    key = (asked.network, WithdrawalState.SHORT)
    first: dict[int, int] = {}
    for row, ranked in known.matching(lambda row: (row.network, row.state) == key).items():
        number = next(ranked.after(0))
        first[row.asset] = min(first.get(row.asset, number), number)
    return [_pay(state.withdrawals[number]) for number in sorted(first.values())]


def _pay(one: Withdrawal) -> Pay:
    return Pay(
        *(one.number, one.network, one.asset, one.amount, one.destination),
        *(one.binding, one.transfer, one.owner),
    )


def _place(number: int, state: WithdrawalsState, known: Index) -> Place | None:
    mine = state.withdrawals.get(number)
    if mine is None or mine.state not in WAITING:
        return None
    before = known.before(mine)
    queue = (mine.network, mine.asset, mine.state)
    others = (state.withdrawals[other] for other in known.open_of.get(mine.owner, ()))
    usd = sum(one.usd for one in others if (one.network, one.asset, one.state) == queue)
    return Place(before.places + 1, amount_bytes(before.total), usd)


def _listed(
    asked: ListWithdrawals | ListReceived, state: WithdrawalsState, known: Index
) -> list[Withdrawal]:
    table = state.withdrawals
    if isinstance(asked, ListReceived):
        return _received(asked, table, known)
    index = known.changes if asked.owner else known.all_changes
    place = (asked.owner, asked.changed_after, asked.changed_before, asked.limit)
    return [table[number] for number in index.page(*place)]


def _received(asked: ListReceived, table: dict[int, Withdrawal], known: Index) -> list[Withdrawal]:
    """From the newest back, no further than what is asked for: senders decide how many there are.

    A payment by id is over when it is made: its number is its last change's.
    """
    before = asked.changed_before
    found: list[Withdrawal] = []
    for number in reversed(known.of_receiver.get(asked.receiver, {})):
        if number <= asked.changed_after or len(found) >= asked.limit:
            break
        if not before or number < before:
            found.append(table[number])
    return found

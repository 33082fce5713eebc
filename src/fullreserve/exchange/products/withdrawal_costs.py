"""What a withdrawal costs now, and what each tranche of a request has of that.

A request in tranches has one fee. What it moved by since that was agreed to is shared among its
tranches by their amounts, rounded down, and what is left of the request has the rest of it: so all
together come to the fee as quoted, whichever of them are made, or go back into their request.

One that was let go before an agreement lacks its share of what that rose by: it costs as if it held
that too, and never more than it does hold without its owner's word, also once it has gone back.
"""

from __future__ import annotations

from collections.abc import Iterator

from fullreserve.exchange.products.withdrawal_index import Index
from fullreserve.exchange.products.withdrawal_state import (
    FINAL,
    SplitFee,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int

# Whose fee is not settled: it is quoted when they leave their queue.
_UNSETTLED = (WithdrawalState.QUEUED, WithdrawalState.FEE_ROSE)


def fee_now(one: Withdrawal, now_ms: int, state: WithdrawalsState) -> int | None:
    """Of its asset, for a whole request: as quoted, else of its terms; None: nothing ever was."""
    quote = state.fees.get(one.network, {}).get(one.asset)
    if quote is None:
        return None
    if now_ms < quote.until_ms:
        return amount_int(quote.fee)
    terms = state.networks[one.network].assets
    return next((amount_int(each.fee) for each in terms if each.asset == one.asset), None)


def costs(one: Withdrawal, now_ms: int, state: WithdrawalsState, known: Index) -> int:
    """What it costs now, of a request in tranches its share; what it holds, if nothing was quoted.

    Of requests from before edition 16 each share is rounded down, also the last one.
    """
    fee, held = fee_now(one, now_ms, state), amount_int(one.fee)
    if fee is None:
        return held
    shared = state.split_fees.get(state.request_of(one.number))
    if shared is None:
        split = state.split_of(one)
        return fee if split is None else fee * one.value // amount_int(split.amount)
    moved = fee - amount_int(shared.fee)
    share = _share(abs(moved), one, shared, state, known)
    agreed = held + state.lack_of(one.number)
    return agreed + share if moved > 0 else max(0, agreed - share)


def whole_held(one: Withdrawal, state: WithdrawalsState) -> int | None:
    """The fee of the whole request of which it holds its share; None: such are not shared."""
    request = state.request_of(one.number)
    shared = state.split_fees.get(request)
    if shared is None:
        return None
    lacks = state.lack_of(one.number) * amount_int(state.splits[request].amount) // one.value
    return amount_int(shared.fee) - lacks


def agreed_shares(
    request: int, fee: int, state: WithdrawalsState, known: Index
) -> Iterator[tuple[int, int]]:
    """What is open of a request, each with its share of the fee that is agreed to now.

    Of the one that was agreed to last, where that is more.
    """
    shared = state.split_fees[request]
    rise = max(0, fee - amount_int(shared.fee))
    for number in (request, *known.parts_of.get(request, ())):
        one = state.withdrawals.get(number)
        if one is not None and one.state not in FINAL:
            agreed = amount_int(one.fee) + state.lack_of(number)
            yield number, agreed + _share(rise, one, shared, state, known)


def _share(
    moved: int, one: Withdrawal, shared: SplitFee, state: WithdrawalsState, known: Index
) -> int:
    request = state.request_of(one.number)
    asked = amount_int(state.splits[request].amount)
    if one.number != request:
        return moved * one.value // asked
    out = (each for each in known.parts_of.get(request, ()) if each not in shared.back)
    amounts = [state.withdrawals[each].value for each in out]
    forgotten = asked - one.value - sum(amounts)
    return moved - sum(moved * amount // asked for amount in (*amounts, forgotten))


def unsettled(one: Withdrawal, state: WithdrawalsState, known: Index) -> list[Withdrawal]:
    """What of a request its owner's one word on the fee is for; nothing where nobody is asked."""
    request = state.request_of(one.number)
    numbers = (request, *known.parts_of.get(request, ()))
    found = [state.withdrawals[each] for each in numbers if each in state.withdrawals]
    waiting = [each for each in found if each.state in _UNSETTLED and not each.binding]
    is_asked = any(each.state == WithdrawalState.FEE_ROSE for each in waiting)
    return waiting if is_asked else []

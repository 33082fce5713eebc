"""`x/operator/deposits/unclaimed`: what arrived and is nobody's, until a claim is approved."""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Deposit, FindTransfer, ListUnclaimed
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines, names_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator

UNCLAIMED_MAX = 10_000


class UnclaimedParams(Params):
    """How many."""

    limit: Hundred = 100


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""

    async def unclaimed(_who: Operator, params: UnclaimedParams) -> bytes:
        """Deposits without a memo, or with one that is nobody's."""
        found = await waiting(context, params.limit)
        names = await names_of(context, (one.transfer for one in found))
        known = {(one.network.network, one.asset.id): one.chain for one in await lines(context)}
        written = await context.readers.ask(
            lambda: {one.transfer: context.memos(one.transfer) for one in found}
        )
        rows = [
            _row(context, one, known, names) | {"written": written[one.transfer]} for one in found
        ]
        return wire.envelope(rows)

    return dict((guard.reads("deposits/unclaimed", UnclaimedParams, unclaimed),))


async def waiting(context: Context, limit: int = UNCLAIMED_MAX) -> list[Deposit]:
    """Deposits that are nobody's."""
    found: list[Deposit] = await ask(context, DEPOSITS, ListUnclaimed(limit))
    return found


async def unclaimed_of(context: Context, text: str) -> Deposit:
    """A deposit that is nobody's, by its id; Problem 91023."""
    number = ids.number(text)
    for one in await waiting(context):
        if one.number == number:
            return one
    raise Problem(91023, name=f"deposit that nobody has: {text}")


async def deposit_terms(context: Context, transfer: bytes) -> dict[str, str]:
    """What a deposit is, for those who decide whose it is; nothing of one that is forgotten."""
    one: Deposit | None = await ask(context, DEPOSITS, FindTransfer(transfer))
    if one is None:
        return {}
    known = {(each.network.network, each.asset.id): each.chain for each in await lines(context)}
    names = await names_of(context, (transfer,))
    row = _row(context, one, known, names)
    written = await context.readers.ask(lambda: context.memos(transfer))
    memo = written or row["memo"]
    return {
        "ccy": row["ccy"],
        "chain": row["chain"],
        "amt": row["amt"],
        "transaction": row["txId"],
        **({"memo": memo} if memo else {}),
    }


def _row(
    context: Context, one: Deposit, chains: dict[tuple[int, int], str], names: dict[bytes, str]
) -> dict[str, Any]:
    return {
        "depId": ids.text(one.number),
        "ccy": symbol_of(context.catalog, one.asset),
        "chain": chains.get((one.network, one.asset), ""),
        "amt": amount_text(context.catalog, one.asset, one.value),
        "memo": _memo(context, one),
        "txId": names.get(one.transfer, ""),
        "seenTs": str(one.seen_ms),
        "confirmations": str(one.confirmations),
    }


def _memo(context: Context, one: Deposit) -> str:
    """As it was written, with its check digit; the bare number where no address is known."""
    known = context.addresses.get(one.network)
    if not one.memo_number or known is None:
        return str(one.memo_number or "")
    return known.address(one.memo_number).partition(":")[2]

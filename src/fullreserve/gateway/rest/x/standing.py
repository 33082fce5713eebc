"""`x/standing`: whether one's account is frozen, and what it owes."""

from __future__ import annotations

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Debt, ListDebts
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.rest.x.sub_accounts import BY

DEBTS_MAX = 100


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def standing(request: Request, _params: Params) -> bytes:
        """Whether the account is frozen, by whom, and what it owes for deposits."""
        known: OwnerChanged | None = await context.door.query(GetOwner(request.owner))
        flags = known.flags if known is not None else 0
        question = ListDebts(DEBTS_MAX, request.owner)
        found: list[Debt] = await ask(context, DEPOSITS, question)
        debts = [debt_row(context, one) for one in found]
        by = [word for word, flag in BY.items() if flags & flag]
        return wire.envelope([{"frozenBy": by, "debts": debts}])

    return {("GET", "x/standing"): reading(Taking(Params, standing), 6, 1000)}


def debt_row(context: Context, one: Debt) -> dict[str, str]:
    """What is owed for a deposit that its chain took back once it was spent."""
    asset = context.catalog.assets[one.deposit.asset]
    return {
        "ccy": asset.symbol,
        "owed": asset.text(amount_int(one.deposit.lost)),
        "depId": ids.text(one.deposit.number),
        "owedTs": str(one.since_ms),
    }

"""What an account may still do: its order rate, and a look ahead at an order."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.fill_ratio import EFFECTIVE_MS
from fullreserve.gateway.levels import VIP5_TIER
from fullreserve.gateway.rest.account.owner import owner_of
from fullreserve.gateway.rest.params import InstId, Params
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, trading
from fullreserve.gateway.rest.trade.rating import bring_up_to_date


class PrecheckParams(Params):
    """An order."""

    inst_id: InstId
    td_mode: Annotated[str, Meta(description="Trade mode")]
    side: str
    ord_type: str
    sz: str
    px: str = ""


class CloseParams(Params):
    """A position."""

    inst_id: InstId
    mgn_mode: Annotated[str, Meta(description="Margin mode")]
    pos_side: str = ""
    ccy: str = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def rate(request: Request, _params: Params) -> bytes:
        """How many orders the account may enter and amend in 2 s, and by which fill ratio.

        Below VIP 5 the ratio does not count and is empty.
        """
        try:
            await bring_up_to_date(context)
        except Problem:
            if (await owner_of(context, request)).tier >= VIP5_TIER:
                raise
        return wire.envelope([_rate_row(context, request.owner)])

    async def precheck(_request: Request, params: PrecheckParams) -> bytes:
        """An order's effect on margin: for accounts with margin alone (51010)."""
        spot(context.catalog, params.inst_id)
        raise Problem(51010, name="Precheck")

    async def close(_request: Request, params: CloseParams) -> bytes:
        """Close a position at the market: spot mode has none (51023)."""
        spot(context.catalog, params.inst_id)
        raise Problem(51023)

    return {
        ("GET", "trade/account-rate-limit"): reading(Taking(Params, rate), 1, 1000),
        ("POST", "trade/order-precheck"): trading(Taking(PrecheckParams, precheck), 5),
        ("POST", "trade/close-position"): trading(Taking(CloseParams, close), 20, by="instId"),
    }


def _rate_row(context: Context, owner: int) -> dict[str, str]:
    rates = context.rates
    rating = rates.rating(owner)
    row = {
        "accRateLimit": str(rates.limit(owner)),
        "fillRatio": "",
        "mainFillRatio": "",
        "nextAccRateLimit": str(rating.next_limit) if rating else "",
        "ts": str(context.clock.exchange_ms()),
    }
    if rating is not None and rating.standing is not None:
        row["fillRatio"] = rating.standing.own.text
        row["mainFillRatio"] = rating.standing.family.text
        row["ts"] = str(rates.midnight_ms + EFFECTIVE_MS)
    return row

"""What an account may still do: its order rate, and a look ahead at an order."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import ACCOUNT
from fullreserve.gateway.rest.params import InstId, Params
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, trading


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

    async def rate(_request: Request, _params: Params) -> bytes:
        """How many orders the account may enter and amend in 2 s.

        The fill ratio is measured from VIP 5 on; levels here are below it.
        """
        row = {
            "accRateLimit": str(ACCOUNT),
            "fillRatio": "",
            "mainFillRatio": "",
            "nextAccRateLimit": "",
            "ts": str(context.clock.exchange_ms()),
        }
        return wire.envelope([row])

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

"""Fee rates, in OKX's sign: negative is paid, positive is a rebate."""

from __future__ import annotations

from fullreserve.exchange import decimals
from fullreserve.exchange.wire.events import FeeTierSet
from fullreserve.exchange.wire.queries import ListFeeTiers
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.levels import level
from fullreserve.gateway.rest.account.owner import owner_of
from fullreserve.gateway.rest.params import InstFamily, InstId, OfProduct
from fullreserve.gateway.rest.public.instruments import spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading

RATE_SCALE = 8


class TradeFeeParams(OfProduct):
    """Rates of a product, or of one instrument."""

    inst_id: InstId = ""
    inst_family: InstFamily = ""
    uly: InstFamily = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def trade_fee(request: Request, params: TradeFeeParams) -> bytes:
        """The account's fee rates: negative is paid, positive is a rebate."""
        if params.inst_id:
            spot(context.catalog, params.inst_id)
        owner = await owner_of(context, request)
        tiers: list[FeeTierSet] = await context.door.query(ListFeeTiers())
        tier = next((tier for tier in tiers if tier.tier == owner.tier), None)
        maker, taker = (tier.maker, tier.taker) if tier else (0, 0)
        maker_text, taker_text = (decimals.text(-rate, RATE_SCALE) for rate in (maker, taker))
        spot_fees = {"maker": maker_text, "taker": taker_text}
        row = {
            **spot_fees,
            "makerU": "",
            "takerU": "",
            "makerUSDC": maker_text,
            "takerUSDC": taker_text,
            "category": "1",
            "delivery": "",
            "exercise": "",
            "feeGroup": [{"groupId": "1", **spot_fees}],
            "fiat": [],
            "instType": params.inst_type,
            "level": level(owner.tier),
            "ruleType": "normal",
            "ts": str(context.clock.wall_ms()),
        }
        return wire.envelope([row])

    return {("GET", "account/trade-fee"): reading(Taking(TradeFeeParams, trade_fee), 5)}

"""How much the balance is enough for."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.balances import trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import parse_price
from fullreserve.gateway.rest.params import Ccy, OfCurrencies, Params
from fullreserve.gateway.rest.public.instruments import currency, spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading

FIVE = Annotated[
    tuple[str, ...],
    Meta(description="Instruments, separated by commas, at most 5", extra={"most": 5}),
]
TradeMode = Annotated[
    Literal["cash", "cross", "isolated", "spot_isolated"], Meta(description="Here: cash")
]


class MaxSizeParams(Params):
    """Instruments, and the price of the order; without one it is the best ask."""

    inst_id: FIVE
    td_mode: TradeMode
    ccy: Ccy = ""
    px: Annotated[str, Meta(description="Price of the order")] = ""
    trade_quote_ccy: Ccy = ""


class MaxAvailParams(Params):
    """Instruments."""

    inst_id: FIVE
    td_mode: TradeMode
    ccy: Ccy = ""
    reduce_only: bool = False
    px: str = ""
    trade_quote_ccy: Ccy = ""


class MaxLoanParams(Params):
    """Instruments, or a currency."""

    mgn_mode: Annotated[Literal["isolated", "cross"], Meta(description="Margin mode")]
    inst_id: FIVE = ()
    ccy: Ccy = ""
    mgn_ccy: Ccy = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    sizes = _Sizes(context)
    return {
        ("GET", "account/max-size"): reading(Taking(MaxSizeParams, sizes.largest), 20),
        ("GET", "account/max-avail-size"): reading(Taking(MaxAvailParams, sizes.available), 20),
        ("GET", "account/max-loan"): reading(Taking(MaxLoanParams, sizes.loan), 20),
        ("GET", "account/max-withdrawal"): reading(Taking(OfCurrencies, sizes.withdrawal), 20),
    }


class _Sizes:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._catalog = context.catalog
        self._market = context.market

    async def _states(self, request: Request) -> list[AccountState]:
        states: list[AccountState] = await self._door.query(ListBalances(request.owner))
        return trading(states)

    async def largest(self, request: Request, params: MaxSizeParams) -> bytes:
        """What all of the balance buys at a price, or sells."""
        _only_cash(params.td_mode)
        rows = []
        free = {state.asset: _free(state) for state in await self._states(request)}
        for name in params.inst_id:
            instrument = spot(self._catalog, name)
            price = self._ask(instrument.id)
            if params.px:
                price = parse_price(instrument, "px", params.px)
            row = {
                "ccy": "",
                "instId": name,
                "maxBuy": _bought(instrument, price, free.get(instrument.quote.id, 0)),
                "maxSell": instrument.base.text(free.get(instrument.base.id, 0)),
            }
            rows.append(row)
        return wire.envelope(rows)

    def _ask(self, instrument: int) -> int:
        best = self._market.of(instrument).book.asks.best
        return best.price if best else 0

    async def available(self, request: Request, params: MaxAvailParams) -> bytes:
        """The balance that orders can use: quote for buys, base for sells."""
        _only_cash(params.td_mode)
        free = {state.asset: _free(state) for state in await self._states(request)}
        rows = []
        for name in params.inst_id:
            instrument = spot(self._catalog, name)
            buy, sell = (
                asset.text(free.get(asset.id, 0)) for asset in (instrument.quote, instrument.base)
            )
            rows.append({"instId": name, "availBuy": buy, "availSell": sell})
        return wire.envelope(rows)

    async def loan(self, _request: Request, params: MaxLoanParams) -> bytes:
        """How much can be borrowed: nothing."""
        if not params.inst_id and not params.ccy:
            raise Problem(50015, name="instId or ccy")
        rows = []
        mode = {"mgnMode": params.mgn_mode, "mgnCcy": params.mgn_ccy, "maxLoan": "0"}
        for name in params.inst_id:
            instrument = spot(self._catalog, name)
            for side, asset in (("sell", instrument.base), ("buy", instrument.quote)):
                rows.append({**mode, "instId": name, "ccy": asset.symbol, "side": side})
        if params.ccy and not params.inst_id:
            symbol = currency(self._catalog, params.ccy).symbol
            rows.append({**mode, "instId": "", "ccy": symbol, "side": ""})
        return wire.envelope(rows)

    async def withdrawal(self, request: Request, params: OfCurrencies) -> bytes:
        """What can be moved out of the trading account."""
        rows = []
        for state in await self._states(request):
            asset = self._catalog.assets[state.asset]
            if not params.ccy or asset.symbol in params.ccy:
                free = asset.text(_free(state))
                row = {"ccy": asset.symbol, "maxWd": free, "maxWdEx": free}
                rows.append({**row, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": ""})
        return wire.envelope(rows)


def _only_cash(mode: str) -> None:
    if mode != "cash":
        raise Problem(51010, name=mode)


def _bought(instrument: Instrument, price: int, quote: int) -> str:
    if not price:
        return "0"
    up = 10 ** (instrument.price_scale + instrument.size_scale)
    size = quote * up // (price * 10**instrument.quote.scale)
    lot = instrument.spec.lot
    return instrument.size_text(size // lot * lot)


def _free(state: AccountState) -> int:
    return amount_int(state.balance) - amount_int(state.hold)

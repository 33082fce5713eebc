"""Order parameters as clients send them -> commands; replies -> acknowledgement rows.

REST and WebSocket share this, so that the same order meets the same words on both.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire.commands import (
    AmendFlag,
    AmendOrder,
    CancelOrder,
    OrderFlag,
    OrderType,
    PlaceOrder,
    SelfTrade,
    Side,
    SizeUnit,
)
from fullreserve.gateway import ids
from fullreserve.gateway.errors import Problem

BATCH_MAX = 20
TOO_MANY, TOO_MANY_AMENDS = 51111, 51501  # codes of a batch with more
CLIENT_ID_MAX = 32
TAG_MAX = 16
UINT64_MAX = 2**64 - 1
TIME_DIGITS_MAX = 15
# Of an instrument's number, which has 32 bits.
CODE_DIGITS_MAX = 10

# Plain integers: the enumerations' own operators cost more than the rest of an order's reading.
BUY = int(Side.BUY)
MARKET = int(OrderType.MARKET)
FOK = int(OrderType.FOK)
BASE = int(SizeUnit.BASE)
QUOTE = int(SizeUnit.QUOTE)
CANCEL_BOTH = int(SelfTrade.CANCEL_BOTH)

SIDES = {"buy": BUY, "sell": int(Side.SELL)}
TYPES = {
    "limit": int(OrderType.LIMIT),
    "market": MARKET,
    "post_only": int(OrderType.POST_ONLY),
    "ioc": int(OrderType.IOC),
    "fok": FOK,
    "optimal_limit_ioc": int(OrderType.OPTIMAL_LIMIT_IOC),
}
UNPRICED = (MARKET, int(OrderType.OPTIMAL_LIMIT_IOC))
SELF_TRADES = {
    "": int(SelfTrade.CANCEL_MAKER),
    "cancel_maker": int(SelfTrade.CANCEL_MAKER),
    "cancel_taker": int(SelfTrade.CANCEL_TAKER),
    "cancel_both": CANCEL_BOTH,
}
UNITS = {"base_ccy": BASE, "quote_ccy": QUOTE}
NONE_ATTACHED = ("", "[]", "{}")
BOOLEANS = {"": False, "false": False, "true": True}


class PlaceParams(msgspec.Struct, rename="camel"):
    """Of an order. `instIdCode` is how WebSocket clients name the instrument."""

    inst_id: str = ""
    td_mode: str = ""
    side: str = ""
    ord_type: str = ""
    sz: str = ""
    px: str = ""
    cl_ord_id: str = ""
    tag: str = ""
    tgt_ccy: str = ""
    inst_id_code: int | str = ""
    pos_side: str = ""
    reduce_only: str = ""
    ban_amend: str = ""
    px_amend_type: str = ""
    stp_mode: str = ""
    trade_quote_ccy: str = ""
    slippage_pct: str = ""
    attach_algo_ords: str = ""
    tp_trigger_px: str = ""
    sl_trigger_px: str = ""


class CancelParams(msgspec.Struct, rename="camel"):
    """Of a cancellation."""

    inst_id: str = ""
    ord_id: str = ""
    cl_ord_id: str = ""
    inst_id_code: int | str = ""


class AmendParams(msgspec.Struct, rename="camel"):
    """Of an amendment; `newSz` is the total size, filled part included."""

    inst_id: str = ""
    ord_id: str = ""
    cl_ord_id: str = ""
    new_sz: str = ""
    new_px: str = ""
    cxl_on_fail: str = ""
    req_id: str = ""
    px_amend_type: str = ""
    inst_id_code: int | str = ""
    attach_algo_ords: str = ""


class OrderEntry:
    """Reads parameters against the instruments of the moment; `gateway` is the door's id.

    Where both `instId` and `instIdCode` are sent, the one counts on REST and the other on WebSocket
    (`by_code`).
    """

    def __init__(self, catalog: Catalog, gateway: int, *, by_code: bool = False) -> None:
        self._by_code = by_code
        self._named = catalog.instrument_named
        self.instruments = catalog.instruments
        self._gateway = gateway

    def instrument(self, name: str, code: int | str) -> Instrument:
        """Problem 50014, 51000, 51001."""
        if code != "" and (self._by_code or not name):
            found = self.instruments.get(_number(code))
            if found is None:
                raise Problem(51001, name=f"with instIdCode {str(code)[:40]}")
            return found
        found = self._named.get(name)
        if found is not None:
            return found
        if not name:
            raise Problem(50014, name="instIdCode" if self._by_code else "instId")
        raise Problem(51001, name=name[:40])

    def numbered(self, params: PlaceParams | CancelParams | AmendParams) -> int:
        """The number of the instrument that parameters name; 0 where there is none."""
        try:
            return self.instrument(params.inst_id, params.inst_id_code).id
        except Problem:
            return 0

    def place(
        self, params: PlaceParams, owner: int, number: int, expires_ms: int = 0
    ) -> tuple[Instrument, PlaceOrder]:
        """The command of an order; Problem with the code and what is allowed."""
        instrument = self.instrument(params.inst_id, params.inst_id_code)
        side = SIDES.get(params.side)
        kind = TYPES.get(params.ord_type)
        if side is None or kind is None or params.td_mode != "cash":
            raise _wrong_choice(params)
        if kind in UNPRICED:
            price = 0
        elif params.px:
            price = parse_price(instrument, "px", params.px)
        else:
            raise Problem(51204)
        unit = BASE
        if kind == MARKET:
            unit = _market_unit(params, side)
        size = parse_size(instrument, "sz", params.sz, unit, kind)
        check_client_id(params.cl_ord_id)
        if params.tag:
            check_tag(params.tag)
        stp = SELF_TRADES.get(params.stp_mode)
        if stp is None:
            raise Problem(51000, "stpMode", "cancel_maker, cancel_taker, cancel_both")
        if stp == CANCEL_BOTH and kind == FOK:
            raise Problem(54036)
        command = PlaceOrder(
            self._gateway,
            number,
            owner,
            instrument.id,
            side,
            kind,
            price,
            size,
            unit,
            stp,
            _place_flags(params, instrument),
            params.cl_ord_id,
            params.tag,
            expires_ms,
        )
        return instrument, command

    def cancel(
        self, params: CancelParams, owner: int, number: int
    ) -> tuple[Instrument, CancelOrder]:
        """The command of a cancellation."""
        instrument = self.instrument(params.inst_id, params.inst_id_code)
        order = order_number(params.ord_id, params.cl_ord_id, 51400)
        client_id = "" if order else params.cl_ord_id
        return instrument, CancelOrder(
            self._gateway, number, owner, instrument.id, order, client_id
        )

    def amend(
        self, params: AmendParams, owner: int, number: int, expires_ms: int = 0
    ) -> tuple[Instrument, AmendOrder]:
        """The command of an amendment."""
        instrument = self.instrument(params.inst_id, params.inst_id_code)
        order = order_number(params.ord_id, params.cl_ord_id, 51503)
        if params.attach_algo_ords not in NONE_ATTACHED:
            raise Problem(51000, "attachAlgoOrds", "none: attached orders are not offered")
        if not params.new_sz and not params.new_px:
            raise Problem(51500)
        size = price = 0
        if params.new_sz:
            size = parse_size(instrument, "newSz", params.new_sz, BASE, TYPES["limit"])
        if params.new_px:
            price = parse_price(instrument, "newPx", params.new_px)
        if (params.new_sz and not size) or (params.new_px and not price):
            raise Problem(51000, "newSz" if price or not params.new_px else "newPx", "more than 0")
        if len(params.req_id) > CLIENT_ID_MAX or (params.req_id and not _plain(params.req_id)):
            raise Problem(51000, "reqId", "1 to 32 letters and digits")
        flags = 0
        if boolean("cxlOnFail", params.cxl_on_fail):
            flags |= int(AmendFlag.CANCEL_ON_FAIL)
        if _clamps(params.px_amend_type):
            flags |= int(AmendFlag.CLAMP_PRICE)
        return instrument, AmendOrder(
            self._gateway,
            number,
            owner,
            instrument.id,
            order,
            "" if order else params.cl_ord_id,
            size,
            price,
            flags,
            params.req_id,
            expires_ms,
        )


def _number(code: int | str) -> int:
    """An instrument's number; -1, which none has, for more digits. Problem 51000 for no number."""
    if isinstance(code, int):
        return code
    if not (code.isascii() and code.isdecimal()):
        raise Problem(51000, "instIdCode", "an integer of public/instruments")
    return int(code) if len(code) <= CODE_DIGITS_MAX else -1


def _wrong_choice(params: PlaceParams) -> Problem:
    required = (("tdMode", params.td_mode), ("side", params.side), ("ordType", params.ord_type))
    for name, value in required:
        if not value:
            return Problem(50014, name=name)
    if params.side not in SIDES:
        return Problem(51000, "side", "buy, sell")
    if params.ord_type not in TYPES:
        return Problem(51000, "ordType", ", ".join(TYPES))
    if params.td_mode in ("cross", "isolated", "spot_isolated"):
        return Problem(51010, name=params.td_mode)
    return Problem(51000, "tdMode", "cash")


def _market_unit(params: PlaceParams, side: int) -> int:
    if not params.tgt_ccy:
        return QUOTE if side == BUY else BASE
    unit = UNITS.get(params.tgt_ccy)
    if unit is None:
        raise Problem(51000, "tgtCcy", "base_ccy, quote_ccy")
    return unit


def _place_flags(params: PlaceParams, instrument: Instrument) -> int:
    if params.trade_quote_ccy and params.trade_quote_ccy != instrument.quote.symbol:
        raise Problem(51000, "tradeQuoteCcy", instrument.quote.symbol)
    if params.pos_side not in ("", "net"):
        raise Problem(51000, "posSide", "net")
    if params.reduce_only and boolean("reduceOnly", params.reduce_only):
        raise Problem(51205)
    if params.attach_algo_ords not in NONE_ATTACHED:
        raise Problem(51000, "attachAlgoOrds", "none: attached orders are not offered")
    if params.tp_trigger_px or params.sl_trigger_px:
        raise Problem(54070)
    if params.slippage_pct:
        raise Problem(54085, allowed="none; give a limit order's price instead")
    flags = 0
    if params.ban_amend and boolean("banAmend", params.ban_amend):
        flags = int(OrderFlag.BAN_AMEND)
    if params.px_amend_type and _clamps(params.px_amend_type):
        flags |= int(OrderFlag.CLAMP_PRICE)
    return flags


def boolean(name: str, text: str) -> bool:
    """Read true or false, sent as boolean or as string; "" is false; Problem 51000."""
    value = BOOLEANS.get(text)
    if value is None:
        raise Problem(51000, name, "true, false")
    return value


def _clamps(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise Problem(51000, "pxAmendType", "0, 1")
    return text == "1"


def parse_price(instrument: Instrument, name: str, text: str) -> int:
    """A price in units of the price scale; Problem 51000, 51116."""
    try:
        price = decimals.parse(text, instrument.price_scale)
    except decimals.TooPrecise:
        raise Problem(51000, name, f"a multiple of {tick_text(instrument)}") from None
    except decimals.NotANumber:
        raise Problem(51000, name, "a plain decimal number more than 0, as a string") from None
    if price > UINT64_MAX:
        raise Problem(51116, name, instrument.price_text(instrument.spec.max_price))
    return price


def parse_size(instrument: Instrument, name: str, text: str, unit: int, kind: int) -> int:
    """A size in its unit; Problem 50014, 51000, 51005, 51121, 51201, 51202."""
    if not text:
        raise Problem(50014, name=name)
    scale = instrument.size_scale if unit == BASE else instrument.quote.scale
    try:
        size = decimals.parse(text, scale)
    except decimals.TooPrecise:
        if unit == BASE:
            raise Problem(51121, name, instrument.size_text(instrument.spec.lot)) from None
        raise Problem(51000, name, f"at most {scale} digits after the point") from None
    except decimals.NotANumber:
        raise Problem(51000, name, "a plain decimal number more than 0, as a string") from None
    if size > UINT64_MAX:
        spec = instrument.spec
        if unit == QUOTE:
            raise Problem(51202, name, instrument.quote.text(spec.max_market_amount))
        if kind == MARKET:
            raise Problem(51201, name, instrument.size_text(spec.max_market_size))
        raise Problem(51005, name, instrument.size_text(spec.max_limit_size))
    return size


def tick_text(instrument: Instrument, price: int = 0) -> str:
    """The tick size at a price."""
    band = instrument.ticks[0]
    for higher in instrument.ticks:
        if higher.from_price <= price:
            band = higher
    return instrument.price_text(band.tick)


def _plain(text: str) -> bool:
    return text.isascii() and text.isalnum()


def check_client_id(text: str) -> None:
    """Problem 51000 naming clOrdId."""
    if text and (len(text) > CLIENT_ID_MAX or not _plain(text)):
        raise Problem(51000, "clOrdId", "1 to 32 letters and digits")


def check_tag(text: str) -> None:
    """Problem 51000 naming tag."""
    if len(text) > TAG_MAX or not _plain(text):
        raise Problem(51000, "tag", "1 to 16 letters and digits")


def expiry(text: str, now_ms: int) -> int:
    """`expTime` in ms; Problem 51000, or 50036 when it is past."""
    if not (text.isascii() and text.isdigit()) or len(text) > TIME_DIGITS_MAX:
        raise Problem(51000, "expTime", "a time in ms since the epoch")
    if int(text) <= now_ms:
        raise Problem(50036, allowed=str(now_ms))
    return int(text)


def order_number(order_id: str, client_id: str, unknown: int) -> int:
    """The core's number of `ordId`, 0 to go by `clOrdId`; Problem 51000, 51407, `unknown`."""
    if order_id:
        if not (order_id.isascii() and order_id.isdecimal()):
            raise Problem(51000, "ordId", "an order id that the exchange gave out")
        number = ids.number(order_id)
        if not number:
            raise Problem(unknown)
        return number
    if not client_id:
        raise Problem(51407)
    check_client_id(client_id)
    return 0

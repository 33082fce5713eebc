"""Orders and fills as OKX rows: what REST answers and what the private channels push.

`order_row` is the REST row. `order_push` is the row of the WebSocket channel `orders`, where
`fillPx`, `fillSz` and `tradeId` speak of this update alone; in REST they speak of the last fill.
"""

from __future__ import annotations

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Asset, Catalog, Instrument
from fullreserve.exchange.wire.commands import OrderType, SelfTrade, Side, SizeUnit, amount_int
from fullreserve.exchange.wire.events import Liquidity, Order, OrderCause, OrderState
from fullreserve.gateway import ids
from fullreserve.gateway.errors import sentence
from fullreserve.gateway.valuation import Valuation, usd_text
from fullreserve.marketdata import trade_ids
from fullreserve.records.record import Fill

ZERO_AMOUNT = bytes(16)

# By plain integers: making an enumeration of each costs more than the looking up.
SIDES: dict[int, str] = {Side.BUY: "buy", Side.SELL: "sell"}
TYPES: dict[int, str] = {
    OrderType.LIMIT: "limit",
    OrderType.MARKET: "market",
    OrderType.POST_ONLY: "post_only",
    OrderType.IOC: "ioc",
    OrderType.FOK: "fok",
    OrderType.OPTIMAL_LIMIT_IOC: "optimal_limit_ioc",
}
UNITS: dict[int, str] = {SizeUnit.BASE: "base_ccy", SizeUnit.QUOTE: "quote_ccy"}
SELF_TRADES: dict[int, str] = {
    SelfTrade.CANCEL_MAKER: "cancel_maker",
    SelfTrade.CANCEL_TAKER: "cancel_taker",
    SelfTrade.CANCEL_BOTH: "cancel_both",
}
STATES: dict[int, str] = {
    OrderState.LIVE: "live",
    OrderState.PARTIALLY_FILLED: "partially_filled",
    OrderState.FILLED: "filled",
    OrderState.CANCELED: "canceled",
}
EXECUTIONS: dict[int, str] = {Liquidity.NONE: "", Liquidity.MAKER: "M", Liquidity.TAKER: "T"}
CANCEL_REASONS = {
    0: "The exchange canceled the order.",
    1: "You canceled the order.",
    13: "The fill-or-kill order could not be filled completely.",
    14: "The rest of the immediate-or-cancel order was canceled.",
    15: "The rest was beyond the price limit.",
    20: "The cancel-all-after timer ran out.",
    31: "The post-only order would have taken liquidity.",
    32: "Self-trade prevention.",
    33: "The taker would have matched more than 1,000 makers.",
}
# Digits of an average price beyond the price scale.
AVERAGE_DIGITS = 8

# What spot orders do not have.
_SPOT_BLANKS: dict[str, object] = {
    "algoClOrdId": "",
    "algoId": "",
    "attachAlgoClOrdId": "",
    "attachAlgoOrds": [],
    "category": "normal",
    "ccy": "",
    "instType": "SPOT",
    "isTpLimit": "false",
    "lever": "",
    "linkedAlgoOrd": {"algoId": ""},
    "pnl": "0",
    "posSide": "net",
    "pxType": "",
    "pxUsd": "",
    "pxVol": "",
    "quickMgnType": "",
    "rebate": "0",
    "reduceOnly": "false",
    "slOrdPx": "",
    "slTriggerPx": "",
    "slTriggerPxType": "",
    "source": "",
    "stpId": "",
    "tdMode": "cash",
    "tpOrdPx": "",
    "tpTriggerPx": "",
    "tpTriggerPxType": "",
}
_PUSH_BLANKS: dict[str, object] = {
    "amendSource": "",
    "fillFwdPx": "",
    "fillIdxPx": "",
    "fillMarkPx": "",
    "fillMarkVol": "",
    "fillPnl": "0",
    "fillPxUsd": "",
    "fillPxVol": "",
}


def fee_text(asset: Asset, paid: int) -> str:
    """A fee in OKX's sign: negative is paid, positive is a rebate."""
    return asset.text(-paid) if paid else "0"


def fee_asset(instrument: Instrument, side: int) -> Asset:
    """Fees are taken from what is received."""
    return instrument.base if side == Side.BUY else instrument.quote


def size_text(instrument: Instrument, order: Order) -> str:
    """The order's size in its own unit."""
    if order.unit == SizeUnit.QUOTE:
        return instrument.quote.text(order.size)
    return instrument.size_text(order.size)


def average_price(instrument: Instrument, order: Order) -> str:
    """Filled quote over filled base, rounded down; "" before the first fill."""
    if not order.filled:
        return ""
    scale = instrument.price_scale + AVERAGE_DIGITS
    up = 10 ** (scale + instrument.size_scale)
    down = order.filled * 10**instrument.quote.scale
    return decimals.text(amount_int(order.filled_quote) * up // down, scale)


def _common(order: Order, instrument: Instrument) -> dict[str, object]:
    asset = fee_asset(instrument, order.side)
    canceled = order.state == OrderState.CANCELED
    priced = order.type not in (OrderType.MARKET, OrderType.OPTIMAL_LIMIT_IOC)
    row = _SPOT_BLANKS.copy()
    row["accFillSz"] = instrument.size_text(order.filled)
    row["avgPx"] = average_price(instrument, order)
    row["cTime"] = str(order.created_ms)
    row["cancelSource"] = str(order.cancel_source) if canceled else ""
    row["cancelSourceReason"] = CANCEL_REASONS.get(order.cancel_source, "") if canceled else ""
    row["clOrdId"] = order.client_order_id
    row["fee"] = "0" if order.fee == ZERO_AMOUNT else fee_text(asset, amount_int(order.fee))
    row["feeCcy"] = asset.symbol
    row["rebateCcy"] = asset.symbol
    row["instId"] = instrument.symbol
    row["ordId"] = ids.text(order.order)
    row["ordType"] = TYPES[order.type]
    row["px"] = instrument.price_text(order.price) if priced else ""
    row["side"] = SIDES[order.side]
    row["state"] = STATES[order.state]
    row["stpMode"] = SELF_TRADES[order.self_trade]
    row["sz"] = size_text(instrument, order)
    row["tag"] = order.tag
    row["tgtCcy"] = UNITS[order.unit] if order.type == OrderType.MARKET else ""
    row["tradeQuoteCcy"] = instrument.quote.symbol
    row["uTime"] = str(order.time_ms)
    return row


def order_row(catalog: Catalog, order: Order, fill_ms: int = 0) -> dict[str, object]:
    """REST row of an order whose `fill_*` fields are those of its last fill, at `fill_ms`."""
    instrument = catalog.instruments[order.instrument]
    row = _common(order, instrument)
    filled = order.fill_size > 0
    row["fillPx"] = instrument.price_text(order.fill_price) if filled else ""
    row["fillSz"] = instrument.size_text(order.fill_size)
    row["fillTime"] = str(fill_ms or order.time_ms) if filled else ""
    row["tradeId"] = trade_ids.text(order.trade) if filled else ""
    return row


def order_push(
    catalog: Catalog, order: Order, last_price: int, valuation: Valuation
) -> dict[str, object]:
    """A row of the channel `orders`; `last_price` is the last traded one, 0 for none."""
    instrument = catalog.instruments[order.instrument]
    row = _common(order, instrument)
    row.update(_PUSH_BLANKS)
    filled = order.fill_size > 0
    asset = fee_asset(instrument, order.side)
    row["avgPx"] = row["avgPx"] or "0"
    row["fillPx"] = instrument.price_text(order.fill_price) if filled else ""
    row["fillSz"] = instrument.size_text(order.fill_size)
    row["fillTime"] = str(order.time_ms) if filled else ""
    row["tradeId"] = trade_ids.text(order.trade) if filled else ""
    row["fillFee"] = fee_text(asset, amount_int(order.fill_fee)) if filled else "0"
    row["fillFeeCcy"] = asset.symbol if filled else ""
    paid = quote_amount(instrument, order.fill_price, order.fill_size)
    row["fillNotionalUsd"] = _dollars(instrument, paid, valuation)
    row["execType"] = EXECUTIONS[order.liquidity]
    row["lastPx"] = instrument.price_text(last_price) if last_price else ""
    worth = order.size
    if order.unit == SizeUnit.BASE:
        worth = quote_amount(instrument, order.price or last_price, order.size)
    row["notionalUsd"] = _dollars(instrument, worth, valuation)
    row["reqId"] = order.request_id
    row["amendResult"] = _amend_result(order)
    row["code"] = str(order.amend_code)
    row["msg"] = sentence(order.amend_code) if order.amend_code else ""
    return row


def _amend_result(order: Order) -> str:
    if order.cause == OrderCause.AMENDED:
        return "0"
    if order.cause == OrderCause.AMEND_FAILED:
        return "-1"
    return "1" if order.amend_code else ""


def quote_amount(instrument: Instrument, price: int, size: int) -> int:
    """Price x size in ledger units of the quote asset, rounded down."""
    digits = instrument.price_scale + instrument.size_scale
    amount: int = price * size * 10**instrument.quote.scale // 10**digits
    return amount


def _dollars(instrument: Instrument, amount: int, valuation: Valuation) -> str:
    """An amount of the quote asset in USD; "" for nothing and without a price."""
    value = valuation.usd(instrument.quote, amount)
    return usd_text(value) if value else ""


def fill_row(catalog: Catalog, fill: Fill) -> dict[str, object]:
    """REST row of a fill."""
    instrument = catalog.instruments[fill.instrument]
    asset = fee_asset(instrument, fill.side)
    return {
        "billId": str(fill.bill_id) if fill.bill_id else "",
        "clOrdId": fill.client_order_id,
        "execType": EXECUTIONS[fill.liquidity],
        "fee": fee_text(asset, fill.fee),
        "feeCcy": asset.symbol,
        "feeRate": fee_rate(instrument, fill),
        "fillFwdPx": "",
        "fillIdxPx": "",
        "fillMarkPx": "",
        "fillMarkVol": "",
        "fillPnl": "0",
        "fillPx": instrument.price_text(fill.price),
        "fillPxUsd": "",
        "fillPxVol": "",
        "fillSz": instrument.size_text(fill.size),
        "fillTime": str(fill.time_ms),
        "instId": instrument.symbol,
        "instType": "SPOT",
        "ordId": ids.text(fill.order),
        "posSide": "net",
        "side": SIDES[fill.side],
        "subType": "1" if fill.side == Side.BUY else "2",
        "tag": fill.tag,
        "tradeId": trade_ids.text(fill.trade),
        "tradeQuoteCcy": instrument.quote.symbol,
        "ts": str(fill.time_ms),
    }


def fee_rate(instrument: Instrument, fill: Fill) -> str:
    """The rate that was charged, from the fee itself, to 6 digits; in OKX's sign."""
    paid = fill.fee
    scale_up = 10**instrument.size_scale
    if fill.side == Side.BUY:
        received = fill.size * 10**instrument.base.scale // scale_up
    else:
        product = fill.price * fill.size * 10**instrument.quote.scale
        received = product // (scale_up * 10**instrument.price_scale)
    if not received:
        return "0"
    millionths = (abs(paid) * 1_000_000 * 2 + received) // (received * 2)
    return decimals.text(-millionths if paid > 0 else millionths, 6)

"""Events as the core says them, with fields that do not matter left out."""

from __future__ import annotations

from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import (
    AccountKey,
    InstrumentState,
    Leg,
    Side,
    TickBand,
    amount_bytes,
)
from fullreserve.exchange.wire.events import (
    AssetDefined,
    Balance,
    InstrumentChanged,
    Liquidity,
    Order,
    OrderCause,
    OrderState,
    Posted,
    Reply,
    Trade,
)

START_MS = 1_700_000_000_000 - 1_700_000_000_000 % 86_400_000
ANN, BOB = 10_000_001, 10_000_002
BTC, USDT = 1, 2
PAIR = 1

ASSETS = [
    AssetDefined(BTC, "BTC", 8, amount_bytes(21 * 10**14)),
    AssetDefined(USDT, "USDT", 8, amount_bytes(10**20)),
]
# One unit of price x size is 10^-9 USDT, finer than the ledger.
LISTED = InstrumentChanged(
    PAIR,
    "BTC-USDT",
    BTC,
    USDT,
    1,
    8,
    (TickBand(0, 1),),
    1,
    1,
    10**15,
    10**15,
    10**17,
    10**9,
    0,
    InstrumentState.LIVE,
    START_MS,
)


def catalog() -> Catalog:
    known = Catalog()
    known.apply([*ASSETS, LISTED])
    return known


def order(number: int, **fields: Any) -> Order:
    """An order event of Ann's at its placement, but for `fields`."""
    plain: dict[str, Any] = {
        "sequence": 1,
        "time_ms": START_MS,
        "cause": OrderCause.PLACED,
        "owner": ANN,
        "instrument": PAIR,
        "order": number,
        "client_order_id": "",
        "tag": "",
        "side": Side.BUY,
        "type": 0,
        "unit": 0,
        "self_trade": 0,
        "price": 600_000,
        "size": 1_000,
        "filled": 0,
        "filled_quote": amount_bytes(0),
        "fee": amount_bytes(0),
        "state": OrderState.LIVE,
        "cancel_source": 0,
        "created_ms": START_MS,
        "fill_price": 0,
        "fill_size": 0,
        "trade": 0,
        "fill_fee": amount_bytes(0),
        "liquidity": Liquidity.NONE,
        "request_id": "",
        "amend_code": 0,
    }
    return Order(**{**plain, **fields})


def filled(number: int, trade_id: int, **fields: Any) -> Order:
    """An order event of a complete fill at 60,000.0 of 0.00001000."""
    plain: dict[str, Any] = {
        "cause": OrderCause.FILLED,
        "state": OrderState.FILLED,
        "filled": 1_000,
        "fill_price": 600_000,
        "fill_size": 1_000,
        "trade": trade_id,
        "liquidity": Liquidity.TAKER,
    }
    return order(number, **{**plain, **fields})


def canceled(number: int, **fields: Any) -> Order:
    return order(number, **{"cause": OrderCause.CANCELED, "state": OrderState.CANCELED, **fields})


def trade(number: int, time_ms: int, price: int = 600_000, size: int = 1_000) -> Trade:
    return Trade(1, time_ms, PAIR, number, price, size, Side.BUY)


def balance(owner: int, asset: int, amount: int, kind: int = chart.TRADE) -> Balance:
    return Balance(owner, kind, 0, asset, amount_bytes(amount), amount_bytes(0))


def leg(owner: int, kind: int, asset: int, change: int) -> Leg:
    return Leg(AccountKey(owner, kind, 0), asset, amount_bytes(change))


def posted(sequence: int, reason: int, *legs: Leg, time_ms: int = START_MS) -> Posted:
    return Posted(sequence, time_ms, reason, legs, b"")


def reply(sequence: int) -> Reply:
    return Reply(sequence, 1, sequence, 0, 0, 0)

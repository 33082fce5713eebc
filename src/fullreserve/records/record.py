"""What the records hold, one record each; numeric, as in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fullreserve.exchange.wire.events import Order


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: ids older than `after` and newer than `before`, both exclusive.

    0 is no bound. With `before` alone it is the newest page, as on OKX.
    """

    after: int = 0
    before: int = 0
    begin_ms: int = 0
    end_ms: int = 0
    limit: int = 100


class OrderRecord(NamedTuple):
    """An order; `fill_*`, `trade` and `liquidity` of it are those of its last fill at `fill_ms`."""

    order: Order
    fill_ms: int  # 0: never filled


class Fill(NamedTuple):
    """One side of a match. Fee in the asset received, positive when the user paid."""

    owner: int
    instrument: int
    bill_id: int
    sequence: int
    time_ms: int
    order: int
    trade: int
    client_order_id: str
    tag: str
    side: int
    type: int
    price: int
    size: int
    liquidity: int
    fee: int


class Bill(NamedTuple):
    """One change of an account's balance; amounts in the asset's ledger units."""

    owner: int
    kind: int
    bill_id: int
    sequence: int
    time_ms: int
    instance: int
    asset: int
    type: int
    sub_type: int
    change: int
    balance: int  # after it
    fee: int  # part of `change`; positive when the user paid
    instrument: int
    order: int
    trade: int
    price: int
    size: int
    liquidity: int
    client_order_id: str
    tag: str
    other_owner: int  # the other side of a transfer, 0 where there is none
    other_kind: int


class TradeRecord(NamedTuple):
    """One public match."""

    instrument: int
    trade: int
    sequence: int
    time_ms: int
    price: int
    size: int
    side: int  # the taker's


class TransferRecord(NamedTuple):
    """A movement of one asset between two accounts; `sequence` is the transfer's id."""

    bill_id: int
    sequence: int
    time_ms: int
    reason: int
    asset: int
    amount: int
    source_owner: int
    source_kind: int
    source_instance: int
    target_owner: int
    target_kind: int
    target_instance: int


class Span(NamedTuple):
    """A page by time: older than `after_ms` and newer than `before_ms`, both exclusive; 0 is none.

    With `before_ms` alone it is the newest page, as on OKX.
    """

    after_ms: int = 0
    before_ms: int = 0
    limit: int = 100


class Filters(NamedTuple):
    """Of deposits and withdrawals; None, 0 and empty ones leave open.

    `kinds` and `client` are of withdrawals alone.
    """

    number: int = 0
    asset: int = 0
    state: int | None = None
    kinds: tuple[int, ...] = ()
    client: bytes = b""


NO_FILTERS = Filters()

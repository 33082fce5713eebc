"""The fold of the records: from the core's events to rows of the tables.

What a batch of events writes depends on the log alone: not on how the follower batches, not on
when it restarts. Rows of an order are whole, so applying a batch again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Protocol

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import (
    AnyEvent,
    AssetDefined,
    Balance,
    Event,
    InstrumentChanged,
    Order,
    OrderCause,
    OwnerChanged,
    Posted,
    Reply,
    Trade,
)
from fullreserve.marketdata.bars import DAY
from fullreserve.records.activity import Days, StoredActivity
from fullreserve.records.amount import ZERO, wire_text
from fullreserve.records.bills import Bills, Numbering, transfer
from fullreserve.records.candles import Candle, Candles
from fullreserve.records.firsts import Firsts, What

Row = tuple[Any, ...]

_FILLED = OrderCause.FILLED
_PLACED = OrderCause.PLACED
_AMENDED = OrderCause.AMENDED
# Columns between which others stand, in the order of `schema`.
_ORDER_HEAD = attrgetter(
    "owner",
    "instrument",
    "order",
    "sequence",
    "time_ms",
    "client_order_id",
    "tag",
    "side",
    "type",
    "unit",
    "self_trade",
    "price",
    "size",
    "filled",
)
_ORDER_TAIL = attrgetter("state", "cancel_source", "created_ms")
_FILL_TAIL = attrgetter(
    "sequence",
    "time_ms",
    "order",
    "trade",
    "client_order_id",
    "tag",
    "side",
    "type",
    "fill_price",
    "fill_size",
    "liquidity",
)
_TRADE = attrgetter("instrument", "trade", "sequence", "time_ms", "price", "size", "side")
_NO_FILL: Row = (0, 0, 0, ZERO, 0, 0)


class Stored(StoredActivity, Protocol):
    """Who knows what was written before a start."""

    def stored_candle(self, instrument: int, width_ms: int, open_ms: int) -> Candle | None:
        """A bar as the database has it."""


class Rows:
    """What one batch writes, table by table, in the columns' order of `schema`."""

    __slots__ = (
        "activity",
        "assets",
        "bills",
        "candles",
        "changed_orders",
        "decisions",
        "deposits",
        "fills",
        "firsts",
        "instruments",
        "new_orders",
        "owners",
        "trades",
        "transfers",
        "withdrawals",
    )

    def __init__(self) -> None:
        self.new_orders: list[Row] = []
        self.changed_orders: list[Row] = []
        self.fills: list[Row] = []
        self.bills: list[Row] = []
        self.transfers: list[Row] = []
        self.trades: list[Row] = []
        self.candles: list[Row] = []
        self.assets: list[Row] = []
        self.instruments: list[Row] = []
        self.firsts: list[Row] = []
        self.activity: list[Row] = []
        self.owners: list[Row] = []
        # From the folds of custody and of the policy, by whoever has them.
        self.decisions: list[Row] = []
        self.deposits: list[Row] = []
        self.withdrawals: list[Row] = []

    def count(self) -> int:
        return sum(len(getattr(self, name)) for name in self.__slots__)


class Projection:
    """Folds events into rows; `take` hands over what has gathered."""

    def __init__(self, catalog: Catalog, stored: Stored) -> None:
        self._catalog = catalog
        self._firsts = Firsts()
        self._candles = Candles(stored.stored_candle)
        self._days = Days(stored)
        self._day_ms = 0  # of the row that is applied
        self._bills = Bills()
        self._numbering = Numbering()
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            Order: self._order,
            Balance: self._bills.balance,
            Reply: self._reply,
            Trade: self._trade,
            Posted: self._posted,
            InstrumentChanged: self._listed,
            AssetDefined: self._listed,
            OwnerChanged: self._owner,
        }
        self._begin_batch()

    def _begin_batch(self) -> None:
        self._rows = Rows()
        # The newest event of each order, and the last fill of those that had one, in this batch.
        self._orders: dict[int, Order] = {}
        self._last_fills: dict[int, Row] = {}
        self._placed: set[int] = set()
        self._assets: dict[int, Row] = {}
        self._instruments: dict[int, Row] = {}
        self._owners: dict[tuple[int, int], Row] = {}
        self.order_events = 0

    @property
    def gathered(self) -> int:
        """Rows that wait to be taken, about."""
        rows = self._rows
        return len(self._orders) + 3 * len(rows.fills) + len(rows.trades) + len(rows.transfers)

    def apply(self, sequence: int, events: Iterable[AnyEvent], time_ms: int = 0) -> None:
        """Takes the events of one row of the log whose first command is `sequence`.

        `time_ms` is the row's; 0 for what was there before the records begin.
        """
        self._numbering.begin(sequence)
        self._day_ms = time_ms - time_ms % DAY
        handlers = self._handlers
        for event in events:
            handle = handlers.get(type(event))
            if handle is not None:
                handle(event)

    def take(self) -> Rows:
        """The rows of everything applied since the last time, whole.

        When the database does not answer nothing is lost, and it can be called again.
        """
        self._days.look_up()
        rows = self._rows
        for order_id in sorted(self._orders):
            event = self._orders[order_id]
            last_fill = self._last_fills.get(order_id, _NO_FILL)
            target = rows.new_orders if order_id in self._placed else rows.changed_orders
            target.append(_order_row(event, last_fill))
        rows.new_orders.sort()
        rows.changed_orders.sort()
        rows.fills.sort()
        rows.bills = self._bills.take()
        rows.candles = self._candles.take()
        rows.assets = list(self._assets.values())
        rows.instruments = list(self._instruments.values())
        rows.firsts = self._firsts.take()
        rows.activity = self._days.take()
        rows.owners = list(self._owners.values())
        self._begin_batch()
        return rows

    def _reply(self, event: Reply) -> None:
        self._numbering.begin(event.sequence + 1)

    def _order(self, event: Order) -> None:
        self.order_events += 1
        order_id = event.order
        self._orders[order_id] = event
        if event.cause == _PLACED:
            self._placed.add(order_id)
            self._days.request(event)
            self._firsts.note(What.ORDER, event.time_ms, order_id)
        elif event.cause == _FILLED:
            self._fill(event)
        elif event.cause == _AMENDED:
            self._days.request(event)

    def _fill(self, event: Order) -> None:
        self._days.fill(event)
        bill_id = self._numbering.take(2)
        self._firsts.note(What.BILL, event.time_ms, bill_id)
        fee = wire_text(event.fill_fee)
        self._bills.fill(
            event,
            self._catalog.instruments[event.instrument],
            bill_id,
            amount_int(event.fill_fee),
            fee,
        )
        self._last_fills[event.order] = (
            event.fill_price,
            event.fill_size,
            event.trade,
            fee,
            event.liquidity,
            event.time_ms,
        )
        self._rows.fills.append((event.owner, event.instrument, bill_id, *_FILL_TAIL(event), fee))

    def _trade(self, event: Trade) -> None:
        self._rows.trades.append(_TRADE(event))
        self._candles.add(event)

    def _posted(self, event: Posted) -> None:
        bill_id = self._numbering.take(len(event.legs))
        self._firsts.note(What.BILL, event.time_ms, bill_id)
        self._bills.posted(event, bill_id)
        moved = transfer(event, bill_id)
        if moved is not None:
            self._rows.transfers.append(moved)

    def _owner(self, event: OwnerChanged) -> None:
        day = (event.owner, self._day_ms)
        self._owners[day] = (*day, event.master, event.tier)

    def _listed(self, event: InstrumentChanged | AssetDefined) -> None:
        self._catalog.apply((event,))
        if isinstance(event, AssetDefined):
            self._assets[event.asset] = asset_row(event)
        else:
            self._instruments[event.instrument] = instrument_row(event)


def _order_row(event: Order, last_fill: Row) -> Row:
    amounts = (wire_text(event.filled_quote), wire_text(event.fee))
    return (*_ORDER_HEAD(event), *amounts, *_ORDER_TAIL(event), *last_fill)


def asset_row(event: AssetDefined) -> Row:
    """The row of the table `assets`."""
    return (event.asset, event.symbol, event.scale)


def instrument_row(event: InstrumentChanged) -> Row:
    """The row of the table `instruments`."""
    return (
        event.instrument,
        event.symbol,
        event.base,
        event.quote,
        event.price_scale,
        event.size_scale,
        event.state,
        event.listed_ms,
    )

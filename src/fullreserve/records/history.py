"""Reading the records: orders, fills, bills, trades, transfers; newest first, page by page.

Everything here is numeric, as in the log: names and decimal strings are the gateway's. A page is
bounded by ids, exclusively, and by times, inclusively. What is newer than the records' own
sequence is the core's to say: `overlay` puts the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, select

from fullreserve.exchange.products.deposit_state import Deposit
from fullreserve.exchange.products.policy_chain import Link
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.events import Order, OrderCause, OrderState
from fullreserve.records import schema
from fullreserve.records.activity_history import Week, read_week
from fullreserve.records.bills import TRADE, TRANSFER, TRANSFER_IN, TRANSFER_OUT
from fullreserve.records.candle_history import CandleRecord, read_candles
from fullreserve.records.custody_history import (
    read_deposits,
    read_received,
    read_withdrawals,
)
from fullreserve.records.database import Progress, progress
from fullreserve.records.decisions import read_chain, read_decisions
from fullreserve.records.firsts import What
from fullreserve.records.record import (
    NO_FILTERS,
    Bill,
    Fill,
    Filters,
    OrderRecord,
    Page,
    Span,
    TradeRecord,
    TransferRecord,
)
from fullreserve.records.spans import bounds

T = TypeVar("T")


class History:
    """The questions that the records answer. Safe for several threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        self._engine.dispose()

    def progress(self) -> Progress:
        """How far the records have come."""
        with self._engine.connect() as connection:
            return progress(connection)

    def orders(
        self,
        owner: int,
        page: Page,
        *,
        instrument: int = 0,
        types: Sequence[int] = (),
        state: OrderState | None = None,
        unfilled_since_ms: int = 0,
    ) -> list[OrderRecord]:
        """Finished orders of an owner, by id; `begin_ms` and `end_ms` bound their creation.

        Without those that ended unfilled before `unfilled_since_ms`.
        """
        table = schema.orders
        query = select(table).where(table.c.owner == owner)
        if instrument:
            query = query.where(table.c.instrument == instrument)
        if types:
            query = query.where(table.c.type.in_(types))
        if state is not None:
            query = query.where(table.c.state == state, schema.finished)
        else:
            # The sum keeps indexes by state out of it: their pages would have to be sorted.
            query = query.where(table.c.state + 0 >= OrderState.FILLED)
        if unfilled_since_ms:
            query = query.where(~schema.unfilled | (table.c.time_ms >= unfilled_since_ms))
        rows = self._page(query, page, What.ORDER, table.c.order_id, table.c.created_ms)
        return [_order(row) for row in rows]

    def order(self, owner: int, order_id: int, instrument: int = 0) -> OrderRecord | None:
        """An order of an owner, in any state."""
        table = schema.orders
        query = select(table).where(table.c.order_id == order_id, table.c.owner == owner)
        return self._order(query, instrument)

    def order_named(self, owner: int, name: str, instrument: int = 0) -> OrderRecord | None:
        """The newest order of an owner with a client order id, in any state."""
        table = schema.orders
        query = select(table).where(
            table.c.owner == owner, table.c.client_order_id == name, schema.named
        )
        return self._order(query.order_by(table.c.order_id.desc()).limit(1), instrument)

    def fills(
        self,
        owner: int,
        page: Page,
        *,
        instrument: int = 0,
        order: int = 0,
        side: int | None = None,
    ) -> list[Fill]:
        """Fills of an owner, by bill id."""
        table = schema.fills
        query = select(table).where(table.c.owner == owner)
        if instrument:
            query = query.where(table.c.instrument == instrument)
        if order:
            query = query.where(table.c.order_id == order)
        if side is not None:
            query = query.where(table.c.side == side)
        rows = self._page(query, page, What.BILL, table.c.bill_id, table.c.time_ms)
        return [Fill(*row) for row in rows]

    def bills(
        self,
        owner: int,
        kind: int,
        page: Page,
        *,
        asset: int = 0,
        instrument: int = 0,
        types: Sequence[int] = (),
        sub_type: int = 0,
    ) -> list[Bill]:
        """Bills of an owner's accounts of one kind, by id."""
        table = schema.bills
        query = select(table).where(table.c.owner == owner, table.c.kind == kind)
        for column, value in (
            (table.c.asset, asset),
            (table.c.instrument, instrument),
            (table.c.sub_type, sub_type),
        ):
            if value:
                query = query.where(column == value)
        if types:
            query = query.where(table.c.type.in_(types))
            if TRADE not in types:
                query = query.where(schema.moved)
        rows = self._page(query, page, What.BILL, table.c.bill_id, table.c.time_ms)
        return [Bill(*row) for row in rows]

    def fills_of_trade(self, instrument: int, trade: int) -> list[Fill]:
        """Both sides of a match; slow, as no index serves it."""
        table = schema.fills
        query = select(table).where(table.c.instrument == instrument, table.c.trade == trade)
        return self._read(Fill, query.order_by(table.c.bill_id))

    def bills_from(self, owner: int, kind: int, bill_id: int, count: int) -> list[Bill]:
        """Bills of an owner's accounts of one kind with `count` ids from `bill_id` on."""
        table = schema.bills
        query = select(table).where(
            table.c.owner == owner,
            table.c.kind == kind,
            table.c.bill_id >= bill_id,
            table.c.bill_id < bill_id + count,
        )
        return self._read(Bill, query.order_by(table.c.bill_id))

    def family_bills(
        self,
        owner: int,
        others: Sequence[int],
        *,
        asset: int = 0,
        leaving: bool | None = None,
        after_ms: int = 0,
        before_ms: int = 0,
        limit: int = 100,
    ) -> list[Bill]:
        """Bills of an owner's transfers with some others, older and newer than two times."""
        table = schema.bills
        query = select(table).where(
            table.c.owner == owner,
            schema.moved,
            table.c.type == TRANSFER,
            table.c.other_owner.in_(others),
        )
        if asset:
            query = query.where(table.c.asset == asset)
        if leaving is not None:
            query = query.where(table.c.sub_type == (TRANSFER_OUT if leaving else TRANSFER_IN))
        query = _between(query, table.c.time_ms, after_ms, before_ms)
        return self._read(Bill, query.order_by(table.c.bill_id.desc()).limit(limit))

    def transfer(self, sequence: int) -> TransferRecord | None:
        """A transfer by its id."""
        table = schema.transfers
        query = select(table).where(table.c.sequence == sequence).limit(1)
        found = self._read(TransferRecord, query.order_by(table.c.bill_id))
        return found[0] if found else None

    def trades(self, instrument: int, page: Page) -> list[TradeRecord]:
        """Public trades by trade id."""
        table = schema.trades
        query = select(table).where(table.c.instrument == instrument)
        query = _between(query, table.c.trade, page.after, page.before)
        return self._read(TradeRecord, query.order_by(table.c.trade.desc()).limit(page.limit))

    def trades_by_time(
        self, instrument: int, after_ms: int, before_ms: int, limit: int
    ) -> list[TradeRecord]:
        """Public trades older than `after_ms` and newer than `before_ms`; 0 is no bound."""
        table = schema.trades
        query = select(table).where(table.c.instrument == instrument)
        query = _between(query, table.c.time_ms, after_ms, before_ms)
        newest_first = (table.c.time_ms.desc(), table.c.trade.desc())
        return self._read(TradeRecord, query.order_by(*newest_first).limit(limit))

    def candles(
        self,
        instrument: int,
        bar: str,
        *,
        after_ms: int = 0,
        before_ms: int = 0,
        limit: int = 100,
        as_of_ms: int = 0,
    ) -> list[CandleRecord]:
        """Candles; see `candle_history.read_candles`."""
        with self._engine.connect() as connection:
            return read_candles(
                connection,
                instrument,
                bar,
                after_ms=after_ms,
                before_ms=before_ms,
                limit=limit,
                as_of_ms=as_of_ms,
            )

    def deposits(self, owner: int, span: Span, filters: Filters = NO_FILTERS) -> list[Deposit]:
        """Deposits; see `custody_history.read_deposits`."""
        with self._engine.connect() as connection:
            return read_deposits(connection, owner, span, filters)

    def withdrawals(
        self, owner: int, span: Span, filters: Filters = NO_FILTERS
    ) -> list[Withdrawal]:
        """Withdrawals; see `custody_history.read_withdrawals`."""
        with self._engine.connect() as connection:
            return read_withdrawals(connection, owner, span, filters)

    def received(
        self, receiver: int, span: Span, filters: Filters = NO_FILTERS
    ) -> list[Withdrawal]:
        """What others sent to an owner; see `custody_history.read_received`."""
        with self._engine.connect() as connection:
            return read_received(connection, receiver, span, filters)

    def chain(self, behind: int, limit: int) -> list[Link]:
        """The policy's decisions; see `decisions.read_chain`."""
        with self._engine.connect() as connection:
            return read_chain(connection, behind, limit)

    def decisions(self, owner: int, request: int) -> list[Link]:
        """Those of one request; see `decisions.read_decisions`."""
        with self._engine.connect() as connection:
            return read_decisions(connection, owner, request)

    def week(self, midnight_ms: int, least_tier: int) -> Week:
        """What families of accounts did; see `activity_history.read_week`."""
        with self._engine.connect() as connection:
            return read_week(connection, midnight_ms, least_tier)

    def _order(self, query: Select[Any], instrument: int) -> OrderRecord | None:
        if instrument:
            query = query.where(schema.orders.c.instrument == instrument)
        rows = self._rows(query)
        return _order(rows[0]) if rows else None

    def _page(
        self,
        query: Select[Any],
        page: Page,
        what: What,
        number: ColumnElement[Any],
        time: ColumnElement[Any],
    ) -> Sequence[Any]:
        if page.begin_ms:
            query = query.where(time >= page.begin_ms)
        if page.end_ms:
            query = query.where(time <= page.end_ms)
        with self._engine.connect() as connection:
            query = _between(query, number, *bounds(connection, what, page))
            return connection.execute(query.order_by(number.desc()).limit(page.limit)).all()

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()

    def _read(self, record: type[T], query: Select[Any]) -> list[T]:
        return [record(*row) for row in self._rows(query)]


def _between(
    query: Select[Any], column: ColumnElement[Any], after: int, before: int
) -> Select[Any]:
    if after:
        query = query.where(column < after)
    if before:
        query = query.where(column > before)
    return query


_STATES = tuple(OrderState)
_CAUSES = {OrderState.LIVE: OrderCause.PLACED, OrderState.CANCELED: OrderCause.CANCELED}


def _order(row: Any) -> OrderRecord:
    # By place, as names are looked up one by one; the columns' order is the schema's.
    (owner, instrument, order_id, sequence, time_ms, client_order_id, tag, side, kind, *more) = row
    (unit, self_trade, price, size, filled, filled_quote, fee, code, cancel_source, *last) = more
    (created_ms, fill_price, fill_size, trade, fill_fee, liquidity, fill_ms) = last
    state = _STATES[code]
    order = Order(
        sequence=sequence,
        time_ms=time_ms,
        cause=_CAUSES.get(state, OrderCause.FILLED),
        owner=owner,
        instrument=instrument,
        order=order_id,
        client_order_id=client_order_id,
        tag=tag,
        side=side,
        type=kind,
        unit=unit,
        self_trade=self_trade,
        price=price,
        size=size,
        filled=filled,
        filled_quote=amount_bytes(filled_quote),
        fee=amount_bytes(fee),
        state=state,
        cancel_source=cancel_source,
        created_ms=created_ms,
        fill_price=fill_price,
        fill_size=fill_size,
        trade=trade,
        fill_fee=amount_bytes(fill_fee),
        liquidity=liquidity,
        request_id="",
        amend_code=0,
    )
    return OrderRecord(order, fill_ms)


def rows_of(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """All rows of a table in the order of its key: what a rebuilt database must equal."""
    return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]

"""Writing the projection's rows: one transaction with the sequence that they reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, select, update

from fullreserve.marketdata.bars import SECOND
from fullreserve.records import retention, schema
from fullreserve.records.activity import Activity
from fullreserve.records.alone import NotAlone
from fullreserve.records.amount import amount_value
from fullreserve.records.candles import Candle
from fullreserve.records.database import Progress, progress
from fullreserve.records.projection import Row, Rows

_OVERWRITTEN = (
    schema.candles,
    schema.assets,
    schema.instruments,
    schema.activity,
    schema.owners,
    schema.deposits,
    schema.withdrawals,
)
_LAST_FILL = ("fill_price", "fill_size", "trade", "fill_fee", "liquidity", "fill_ms")


class Writer:
    """Writes batches. Statements are text over the driver's bulk path, made from the schema."""

    def __init__(self, engine: Engine, reached: Progress) -> None:
        self._engine = engine
        self.progress = reached
        mark = "?" if engine.dialect.paramstyle == "qmark" else "%s"
        self._insert = {table.name: _insert(table, mark) for table in schema.metadata.sorted_tables}
        self._put = {
            table.name: self._insert[table.name] + _overwrite(table) for table in _OVERWRITTEN
        }
        known = self._insert["firsts"] + " ON CONFLICT DO NOTHING"
        self._put["firsts"] = known
        self._change_order = self._insert["orders"] + _change_order()

    def write(self, rows: Rows, reached: Progress) -> None:
        """Commits a batch and the sequence that it reaches; NotAlone if another writer did.

        A batch may be written again when it is not known whether it was committed.
        """
        with self._engine.begin() as connection:
            if self._is_done(connection, reached):
                self.progress = reached
                return
            self._many(connection, self._insert["orders"], rows.new_orders)
            self._many(connection, self._change_order, rows.changed_orders)
            for table in ("fills", "bills", "transfers", "trades", "decisions"):
                self._many(connection, self._insert[table], getattr(rows, table))
            for table in self._put:
                self._many(connection, self._put[table], getattr(rows, table))
            self._forget(connection, reached.time_ms)
        self.progress = reached

    def stored_candle(self, instrument: int, width_ms: int, open_ms: int) -> Candle | None:
        """A bar as the database has it."""
        with self._engine.connect() as connection:
            return stored_candle(connection, instrument, width_ms, open_ms)

    def stored_activity(self, owner: int, instrument: int, day_ms: int) -> Activity | None:
        """What an owner did on a day, as the database has it."""
        table = schema.activity
        key = (
            (table.c.owner == owner)
            & (table.c.instrument == instrument)
            & (table.c.day_ms == day_ms)
        )
        query = select(table.c.requests, table.c.turnover).where(key)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Activity(*row)

    def _is_done(self, connection: Connection, reached: Progress) -> bool:
        """Moves the progress on; True when the batch was committed before."""
        table = schema.progress
        ours = table.c.sequence == self.progress.sequence
        moved = connection.execute(update(table).where(ours).values(reached._asdict()))
        if moved.rowcount == 1:
            return False
        if progress(connection) == reached:
            return True
        raise NotAlone(f"the records are no longer at sequence {self.progress.sequence}")

    @staticmethod
    def _many(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
        if rows:
            connection.exec_driver_sql(statement, rows)

    def _forget(self, connection: Connection, time_ms: int) -> None:
        unfilled = retention.unfilled_before(time_ms)
        if unfilled == retention.unfilled_before(self.progress.time_ms):
            return
        orders, candles, activity = schema.orders, schema.candles, schema.activity
        connection.execute(delete(orders).where(schema.unfilled, orders.c.time_ms < unfilled))
        old = candles.c.open_ms < retention.second_bars_before(time_ms)
        for instrument in connection.scalars(select(schema.instruments.c.instrument)).all():
            ours = candles.c.instrument == instrument
            connection.execute(delete(candles).where(ours, candles.c.width_ms == SECOND, old))
        days = retention.activity_before(time_ms)
        if days != retention.activity_before(self.progress.time_ms):
            connection.execute(delete(activity).where(activity.c.day_ms < days))


def stored_candle(
    connection: Connection, instrument: int, width_ms: int, open_ms: int
) -> Candle | None:
    """A bar as the database has it."""
    table = schema.candles
    key = (
        (table.c.instrument == instrument)
        & (table.c.width_ms == width_ms)
        & (table.c.open_ms == open_ms)
    )
    row = connection.execute(select(table).where(key)).one_or_none()
    return None if row is None else candle_of(row)


def candle_of(row: Any) -> Candle:
    """A row of the table `candles`, its amounts as numbers or as text, as a bar."""
    volume, turnover = row.volume, row.turnover
    if isinstance(volume, str):
        volume, turnover = amount_value(volume), amount_value(turnover)
    prices = (row.open, row.high, row.low, row.close)
    return Candle(row.open_ms, prices, volume, turnover, row.trades, imported=bool(row.imported))


def _insert(table: Table, mark: str) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join([mark] * len(table.columns))
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - our own names


def _conflict(table: Table) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    return f" ON CONFLICT ({keys}) DO UPDATE SET "


def _overwrite(table: Table) -> str:
    names = [column.name for column in table.columns if not column.primary_key]
    return _conflict(table) + ", ".join(f'"{name}" = excluded."{name}"' for name in names)


def _change_order() -> str:
    """The new state of an order; its last fill stays unless this batch brought a later one."""
    table = schema.orders
    changes = []
    for column in table.columns:
        name = column.name
        if column.primary_key:
            continue
        new = f'excluded."{name}"'
        if name in _LAST_FILL:
            new = f'CASE WHEN excluded."trade" > 0 THEN {new} ELSE "orders"."{name}" END'
        changes.append(f'"{name}" = {new}')
    return _conflict(table) + ", ".join(changes)

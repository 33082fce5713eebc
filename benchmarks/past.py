"""Ten million orders and fills in the records' own tables, made by the database itself.

A heavy account has a fifth of them, 20,000 others share the rest evenly. There is an order each
600 ms, filled at once; every tenth is canceled after a part. At the end stand 200,000 orders that
the heavy account canceled unfilled in the last hours, as makers do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from fullreserve.marketdata.bars import HOUR, MINUTE
from fullreserve.records import schema, statistics
from fullreserve.records.bills import FIRST_ID, IDS_PER_COMMAND
from fullreserve.records.firsts import What

ORDERS = 10_000_000
HEAVY_EVERY = 5
OTHERS = 20_000
STEP_MS = 600
PER_MINUTE = MINUTE // STEP_MS
UNFILLED = 200_000
UNFILLED_STEP_MS = 30
FIRST_OTHER = 50_000_001


class Past(NamedTuple):
    """Who has the rows and when they begin; `named` are the first of the others."""

    heavy: int
    named: tuple[int, int]
    start_ms: int


def start_ms(now_ms: int) -> int:
    """When the first order is made for the last one to be of now."""
    span = ORDERS * STEP_MS + 2 * HOUR
    return (now_ms - span) // MINUTE * MINUTE


def bill_id(order: int) -> int:
    """The bill id of an order's fill."""
    return FIRST_ID + (ORDERS + order) * IDS_PER_COMMAND


def fill(engine: Engine, past: Past) -> None:
    """Puts the rows in, and builds the indexes behind them."""
    backend = engine.dialect.name
    indexes = [index for table in (schema.orders, schema.fills) for index in table.indexes]
    with engine.connect() as connection:
        for setting in _HASTY[backend]:
            connection.execute(text(setting))
        connection.commit()
        for index in indexes:
            index.drop(connection)
        for statement in _statements(past, backend):
            connection.execute(text(statement))
        for index in indexes:
            index.create(connection)
        if backend == "postgresql":
            connection.execute(text("ANALYZE"))
        else:
            statistics.tell(connection)  # they went with the indexes
        connection.commit()
        connection.invalidate()


# Nobody needs these rows after a crash.
_HASTY = {
    "sqlite": ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "PRAGMA cache_size=-1000000"),
    "postgresql": (
        "SET maintenance_work_mem = '1GB'",
        "ALTER TABLE orders SET UNLOGGED",
        "ALTER TABLE fills SET UNLOGGED",
    ),
}


def _statements(past: Past, backend: str) -> Iterator[str]:
    one, other = past.named
    heavy = f"SELECT i, {past.heavy} AS owner, {HEAVY_EVERY} * (i + 1) AS id FROM n"
    share = (ORDERS - ORDERS // HEAVY_EVERY) // OTHERS
    # The others' ids are what the multiples leave; rows come owner by owner, as they are stored.
    place = f"(i / {share} + {OTHERS} * (i % {share}))"
    owner = f"CASE i / {share} WHEN 0 THEN {one} WHEN 1 THEN {other} "
    owner += f"ELSE {FIRST_OTHER} + i / {share} END"
    others = f"SELECT i, {owner} AS owner, {place} + {place} / {HEAVY_EVERY - 1} + 1 AS id FROM n"
    counts = ((heavy, ORDERS // HEAVY_EVERY), (others, share * OTHERS))
    for source, count in counts:
        yield _insert(schema.orders.name, count, source, _order(past, backend), backend)
    for source, count in counts:
        yield _insert(schema.fills.name, count, source, _fill(past, backend), backend)
    unfilled = f"SELECT i, {past.heavy} AS owner, {ORDERS} + i + 1 AS id FROM n"
    yield _insert(schema.orders.name, UNFILLED, unfilled, _unfilled(past, backend), backend)
    end_ms = past.start_ms + ORDERS * STEP_MS
    minutes = f"SELECT i, i * {PER_MINUTE} AS id, {past.start_ms} + i * {MINUTE} AS owner FROM n"
    # Behind them come the unfilled ones, more to a minute.
    late = MINUTE // UNFILLED_STEP_MS
    later = f"SELECT i, {ORDERS} + 1 + i * {late} AS id, {end_ms} + i * {MINUTE} AS owner FROM n"
    row = (str(int(What.ORDER)), "owner", "id")
    yield _insert(schema.firsts.name, ORDERS // PER_MINUTE, minutes, row, backend)
    yield _insert(schema.firsts.name, UNFILLED // late, later, row, backend)
    bill = f"{bill_id(0)} + id * {IDS_PER_COMMAND}"
    row = (str(int(What.BILL)), "owner", bill)
    yield _insert(schema.firsts.name, ORDERS // PER_MINUTE, minutes, row, backend)


def _insert(table: str, count: int, source: str, columns: tuple[str, ...], backend: str) -> str:
    if backend == "sqlite":
        numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
        numbers += f"WHERE i < {count - 1})"
    else:
        numbers = f"WITH n(i) AS (SELECT generate_series(0::bigint, {count - 1}))"
    values = ", ".join(columns)
    return f"INSERT INTO {table} {numbers} SELECT {values} FROM ({source}) AS made"


def _amount(value: str, backend: str) -> str:
    if backend == "sqlite":
        return f"printf('1%039d', {value})"
    return f"'1' || lpad(({value})::text, 39, '0')"


_INSTRUMENT = "CASE WHEN i % 10 < 6 THEN 1 WHEN i % 10 < 9 THEN 2 ELSE 3 END"
_NAME = "CASE WHEN id % 2 = 0 THEN 'c' || id ELSE '' END"
_TYPE = "CASE WHEN id % 20 = 7 THEN 1 ELSE 0 END"


def _time(past: Past) -> str:
    return f"{past.start_ms} + id * {STEP_MS}"


def _order(past: Past, backend: str) -> tuple[str, ...]:
    quote, fee, time = _amount("id * 7", backend), _amount("id % 1000", backend), _time(past)
    part = "CASE WHEN id % 10 = 3 OR id % 50 = 10 THEN 400 ELSE 1000 END"
    state = "CASE WHEN id % 10 = 3 OR id % 50 = 10 THEN 3 ELSE 2 END"
    return (
        *("owner", _INSTRUMENT, "id", f"{ORDERS} + id", time, _NAME, "''", "id % 2", _TYPE),
        *("0", "0", "600000 + id % 5000", "1000", part, quote, fee, state, "0", time),
        *("600000 + id % 5000", part, "id", fee, "1", time),
    )


def _unfilled(past: Past, backend: str) -> tuple[str, ...]:
    none = _amount("0", backend)
    time = f"{past.start_ms + ORDERS * STEP_MS} + i * {UNFILLED_STEP_MS}"
    return (
        *("owner", _INSTRUMENT, "id", f"{ORDERS} + id", time, "''", "''", "id % 2", "0"),
        *("0", "0", "600000 + id % 5000", "1000", "0", none, none, "3", "1", time),
        *("0", "0", "0", none, "0", "0"),
    )


def _fill(past: Past, backend: str) -> tuple[str, ...]:
    bill = f"{bill_id(0)} + id * {IDS_PER_COMMAND}"
    return (
        *("owner", _INSTRUMENT, bill, f"{ORDERS} + id", _time(past), "id", "id", _NAME, "''"),
        *("id % 2", _TYPE, "600000 + id % 5000", "1000", "1", _amount("id % 1000", backend)),
    )


def counts(engine: Engine) -> dict[str, Any]:
    """Rows of the two tables."""
    with engine.connect() as connection:
        return {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in (schema.orders.name, schema.fills.name)
        }

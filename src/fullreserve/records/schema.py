"""The tables of the records database, on SQLite and PostgreSQL alike.

Ids, prices and sizes are integers at the scales of the log; amounts are `AmountText`; times are ms
since the epoch. Columns stand in the order in which the projection builds its rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    literal_column,
)
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from fullreserve.records.amount_column import AmountText

# A database of another version is dropped and rebuilt from the log.
VERSION = 7

metadata = MetaData()


def _column(name: str, kind: TypeEngine[Any], *, key: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=key, autoincrement=False, nullable=False)


def _number(name: str, *, key: bool = False) -> SchemaItem:
    return _column(name, BigInteger(), key=key)


def _code(name: str, *, key: bool = False) -> SchemaItem:
    return _column(name, SmallInteger(), key=key)


def _amount(name: str) -> SchemaItem:
    return _column(name, AmountText())


def _text(name: str, *, key: bool = False) -> SchemaItem:
    return _column(name, String(), key=key)


progress = Table(
    "progress",
    metadata,
    _text("projection", key=True),
    _number("version"),
    _number("sequence"),  # the last command whose rows are here
    _number("time_ms"),  # exchange time of that command
    _text("hash"),  # of its row, in hex: the log that these records are of
    _number("finished_total"),  # orders that had ever finished there
)

# The latest state of every order. `fill_*`, `trade` and `liquidity` are those of its last fill.
orders = Table(
    "orders",
    metadata,
    _number("owner", key=True),
    _number("instrument", key=True),
    _number("order_id", key=True),
    _number("sequence"),
    _number("time_ms"),
    _text("client_order_id"),
    _text("tag"),
    _code("side"),
    _code("type"),
    _code("unit"),
    _code("self_trade"),
    _number("price"),
    _number("size"),
    _number("filled"),
    _amount("filled_quote"),
    _amount("fee"),
    _code("state"),
    _code("cancel_source"),
    _number("created_ms"),
    _number("fill_price"),
    _number("fill_size"),
    _number("trade"),
    _amount("fill_fee"),
    _code("liquidity"),
    _number("fill_ms"),
    sqlite_with_rowid=False,
)

# Queries use the same expressions, with the same literals: only then SQLite takes the index.
unfilled = (orders.c.state == literal_column("3")) & (orders.c.filled == literal_column("0"))
named = orders.c.client_order_id != literal_column("''")
finished = orders.c.state >= literal_column("2")

Index("orders_of_owner", orders.c.owner, orders.c.order_id, unique=True)
# A page of one end of orders does not walk those of the other: a maker cancels far more than fill.
_BY_STATE = (orders.c.owner, orders.c.state, orders.c.order_id)
_BY_INSTRUMENT_STATE = (orders.c.owner, orders.c.instrument, orders.c.state, orders.c.order_id)
_PARTIAL = [
    (Index("orders_by_state", *_BY_STATE), finished),
    (Index("orders_by_instrument_state", *_BY_INSTRUMENT_STATE), finished),
    (
        Index(
            "orders_by_client_order_id",
            orders.c.owner,
            orders.c.client_order_id,
            orders.c.order_id,
        ),
        named,
    ),
    (Index("orders_to_forget", orders.c.time_ms), unfilled),
]


def leave_out_for(backend: str) -> None:
    """Makes partial indexes partial on a backend; naming a backend loads all of its dialect."""
    for index, where in _PARTIAL:
        index.dialect_kwargs[f"{backend}_where"] = where


# One row for each side of a match; `bill_id` is that of its first bill.
fills = Table(
    "fills",
    metadata,
    _number("owner", key=True),
    _number("instrument", key=True),
    _number("bill_id", key=True),
    _number("sequence"),
    _number("time_ms"),
    _number("order_id"),
    _number("trade"),
    _text("client_order_id"),
    _text("tag"),
    _code("side"),
    _code("type"),
    _number("price"),
    _number("size"),
    _code("liquidity"),
    _amount("fee"),
    sqlite_with_rowid=False,
)
Index("fills_of_owner", fills.c.owner, fills.c.bill_id, unique=True)
Index("fills_of_order", fills.c.owner, fills.c.order_id, fills.c.bill_id)

# Every change of an account's balance, in the exact order in which they were made.
bills = Table(
    "bills",
    metadata,
    _number("owner", key=True),
    _number("kind", key=True),
    _number("bill_id", key=True),
    _number("sequence"),
    _number("time_ms"),
    _number("instance"),
    _number("asset"),
    _number("type"),
    _number("sub_type"),
    _amount("change"),
    _amount("balance"),
    _amount("fee"),
    _number("instrument"),
    _number("order_id"),
    _number("trade"),
    _number("price"),
    _number("size"),
    _code("liquidity"),
    _text("client_order_id"),
    _text("tag"),
    _number("other_owner"),  # the other side of a transfer
    _number("other_kind"),
    sqlite_with_rowid=False,
)
# Movements are few between the bills of trades.
moved = bills.c.type != literal_column("2")
_PARTIAL.append((Index("bills_of_movements", bills.c.owner, bills.c.kind, bills.c.bill_id), moved))

transfers = Table(
    "transfers",
    metadata,
    _number("bill_id", key=True),
    _number("sequence"),  # the transfer's id
    _number("time_ms"),
    _number("reason"),
    _number("asset"),
    _amount("amount"),
    _number("source_owner"),
    _number("source_kind"),
    _number("source_instance"),
    _number("target_owner"),
    _number("target_kind"),
    _number("target_instance"),
)
Index("transfers_by_sequence", transfers.c.sequence, transfers.c.bill_id)

trades = Table(
    "trades",
    metadata,
    _number("instrument", key=True),
    _number("trade", key=True),
    _number("sequence"),
    _number("time_ms"),
    _number("price"),
    _number("size"),
    _code("side"),
    sqlite_with_rowid=False,
)
Index("trades_by_time", trades.c.instrument, trades.c.time_ms, trades.c.trade)

# Bars of three widths, from which all others are put together.
candles = Table(
    "candles",
    metadata,
    _number("instrument", key=True),
    _number("width_ms", key=True),
    _number("open_ms", key=True),
    _number("open"),
    _number("high"),
    _number("low"),
    _number("close"),
    _amount("volume"),  # base, size scale
    _amount("turnover"),  # quote: sum of price x size at price scale + size scale
    _number("trades"),
    _column("imported", Boolean()),
    sqlite_with_rowid=False,
)

# Of each UTC day: orders entered and amended, and what was traded, for fill ratios.
activity = Table(
    "activity",
    metadata,
    _number("owner", key=True),
    _number("instrument", key=True),
    _number("day_ms", key=True),
    _number("requests"),
    _amount("turnover"),  # quote: sum of price x size at price scale + size scale
    sqlite_with_rowid=False,
)

# Whose sub-account each owner is, and of which fee tier, at the end of each day that changed it.
owners = Table(
    "owners",
    metadata,
    _number("owner", key=True),
    _number("day_ms", key=True),
    _number("master"),
    _number("tier"),
    sqlite_with_rowid=False,
)
Index("owners_by_tier", owners.c.tier, owners.c.owner)
Index("owners_of_master", owners.c.master, owners.c.owner)

# Deposits and withdrawals in their newest state; `content` is the whole of it, as its fold has it.
deposits = Table(
    "deposits",
    metadata,
    _number("number", key=True),
    _number("owner"),
    _number("asset"),
    _code("state"),
    _number("seen_ms"),
    _column("content", LargeBinary()),
)
Index("deposits_of_owner", deposits.c.owner, deposits.c.seen_ms, deposits.c.number)

withdrawals = Table(
    "withdrawals",
    metadata,
    _number("number", key=True),
    _number("owner"),
    _number("asset"),
    _code("state"),
    _code("kind"),
    _number("requested_ms"),
    _text("client"),
    _number("receiver"),  # of one within the exchange; 0: it leaves it
    _column("content", LargeBinary()),
)
Index(
    "withdrawals_of_owner",
    withdrawals.c.owner,
    withdrawals.c.requested_ms,
    withdrawals.c.number,
)
received = withdrawals.c.receiver > literal_column("0")
_PARTIAL.append(
    (
        Index(
            "withdrawals_of_receiver",
            withdrawals.c.receiver,
            withdrawals.c.requested_ms,
            withdrawals.c.number,
        ),
        received,
    )
)

# Each decision of the policy as it was made, also of what was judged once more later; `content` is
# its link of the chain.
decisions = Table(
    "decisions",
    metadata,
    _number("number", key=True),
    _number("owner"),
    _number("request"),
    _column("content", LargeBinary()),
)
Index("decisions_of_request", decisions.c.request, decisions.c.number)

# The first id of each minute in which one was given: ids ascend in time, so a span of time is one
# of ids, and a page in it does not walk what is older or newer.
firsts = Table(
    "firsts",
    metadata,
    _code("what", key=True),
    _number("minute_ms", key=True),
    _number("id"),
    sqlite_with_rowid=False,
)

assets = Table("assets", metadata, _number("asset", key=True), _text("symbol"), _number("scale"))

instruments = Table(
    "instruments",
    metadata,
    _number("instrument", key=True),
    _text("symbol"),
    _number("base"),
    _number("quote"),
    _number("price_scale"),
    _number("size_scale"),
    _code("state"),
    _number("listed_ms"),
)

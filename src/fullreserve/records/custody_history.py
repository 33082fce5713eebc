"""Reading deposits and withdrawals: newest first, page by page in time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Select, select

from fullreserve.exchange.products.deposit_state import Deposit
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.records import custody, schema
from fullreserve.records.record import Filters, Span


def read_deposits(
    connection: Connection, owner: int, span: Span, filters: Filters
) -> list[Deposit]:
    """An owner's deposits, with those that their chain took back."""
    table = schema.deposits
    query = _filtered(select(table.c.content).where(table.c.owner == owner), table.c, filters)
    query = _spanned(query, table.c.seen_ms, table.c.number, span)
    return [custody.deposit(content) for content in connection.scalars(query)]


def read_withdrawals(
    connection: Connection, owner: int, span: Span, filters: Filters
) -> list[Withdrawal]:
    """An owner's withdrawals."""
    table = schema.withdrawals
    query = _filtered(select(table.c.content).where(table.c.owner == owner), table.c, filters)
    if filters.kinds:
        query = query.where(table.c.kind.in_(filters.kinds))
    if filters.client:
        query = query.where(table.c.client == filters.client.hex())
    query = _spanned(query, table.c.requested_ms, table.c.number, span)
    return [custody.withdrawal(content) for content in connection.scalars(query)]


def read_received(
    connection: Connection, receiver: int, span: Span, filters: Filters
) -> list[Withdrawal]:
    """What others sent to an owner within the exchange."""
    table = schema.withdrawals
    query = select(table.c.content).where(table.c.receiver == receiver, schema.received)
    query = _filtered(query, table.c, filters)
    query = _spanned(query, table.c.requested_ms, table.c.number, span)
    return [custody.withdrawal(content) for content in connection.scalars(query)]


def _filtered(query: Select[Any], columns: Any, filters: Filters) -> Select[Any]:
    if filters.number:
        query = query.where(columns.number == filters.number)
    if filters.asset:
        query = query.where(columns.asset == filters.asset)
    if filters.state is not None:
        query = query.where(columns.state == filters.state)
    return query


def _spanned(query: Select[Any], time: Column[Any], number: Column[Any], span: Span) -> Select[Any]:
    if span.after_ms:
        query = query.where(time < span.after_ms)
    if span.before_ms:
        query = query.where(time > span.before_ms)
    return query.order_by(time.desc(), number.desc()).limit(span.limit)

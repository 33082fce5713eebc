"""Spans of time as spans of ids, for queries; see `firsts`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select

from fullreserve.records import schema
from fullreserve.records.firsts import What
from fullreserve.records.record import Page


def bounds(connection: Connection, what: What, page: Page) -> tuple[int, int]:
    """Ids that a page lies between, both exclusive; 0 is no bound.

    One bound on each side: of two, a database may walk to the farther one.
    """
    older_than, newer_than = page.after, page.before
    table = schema.firsts
    if page.begin_ms:
        before = _of(what).where(table.c.minute_ms <= page.begin_ms)
        first = connection.scalar(before.order_by(table.c.minute_ms.desc()).limit(1)) or 0
        newer_than = max(newer_than, first - 1)
    if page.end_ms:
        behind = _of(what).where(table.c.minute_ms > page.end_ms)
        first = connection.scalar(behind.order_by(table.c.minute_ms).limit(1)) or 0
        older_than = min(older_than or first, first or older_than)
    return older_than, newer_than


def _of(what: What) -> Select[Any]:
    return select(schema.firsts.c.id).where(schema.firsts.c.what == int(what))

"""The column type of amounts, apart from their text: who only writes the text needs no database."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from fullreserve.records.amount import WIDTH, amount_text, amount_value


class AmountText(TypeDecorator[int]):
    """The column type of amounts: integers in Python, sortable text in SQL."""

    impl = String(WIDTH)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else amount_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else amount_value(value)

"""One measured figure: its value, what stands beside it, and what it is to reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec


class Figure(NamedTuple):
    """`beside` is the value that was measured in the same run for comparison, `ratio` of the two.

    `reach` and `aim` are in words, as the target may bind the value or the ratio.
    """

    name: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None
    reach: str = ""
    aim: str = ""
    note: str = ""


Measure = Callable[[], Iterable[Figure]]


def number(value: float) -> str:
    """Three significant digits with a thousands separator, no exponent."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.3f}"


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = ["| figure | value | beside | ratio | reach | aim |", "|---|---|---|---|---|---|"]
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        value = f"{number(figure.value)} {figure.unit}"
        note = f" ({figure.note})" if figure.note else ""
        rows.append(
            f"| {figure.name}{note} | {value} | {figure.beside} | {ratio} "
            f"| {figure.reach} | {figure.aim} |"
        )
    return "\n".join(rows)


def encode(figures: Iterable[Figure]) -> bytes:
    """The figures as JSON for later comparison."""
    rows: list[dict[str, Any]] = [figure._asdict() for figure in figures]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"


def decode(content: bytes) -> list[Figure]:
    """The figures of such a file."""
    return [Figure(**row) for row in msgspec.json.decode(content)]

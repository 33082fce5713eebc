"""Plots over time as SVG, drawn in the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 240, 64, 16, 20, 24
# Told apart also by who sees few colours: https://jfly.uni-koeln.de/color/
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")


class Event(NamedTuple):
    """What happened, `at_ms` after the beginning."""

    at_ms: int
    text: str


class Line(NamedTuple):
    """Values over time, in milliseconds; `name` is shown when there are several."""

    name: str
    points: Sequence[tuple[int, int]]


class Plot(NamedTuple):
    """Lines over time; `marks` are moments to be shown, `shaded` is a time that stands out."""

    title: str
    unit: str
    lines: Sequence[Line]
    marks: Sequence[Event] = ()
    shaded: tuple[int, int] | None = None
    about: str = ""


def svg(plot: Plot) -> str:
    """A plot as SVG with axes; marks tell what happened under the pointer."""
    points = [point for line in plot.lines for point in line.points]
    if not points:
        return "<p>Nothing was measured.</p>"
    frame = _Frame(max(at for at, _ in points) or 1, max(value for _, value in points) or 1)
    drawn = "".join(
        _line(line, frame, COLOURS[number % len(COLOURS)]) for number, line in enumerate(plot.lines)
    )
    label = f"{plot.title}: up to {frame.most:,} {plot.unit} in {frame.last / 1000:.0f} s"
    shaded = ""
    if plot.shaded is not None:
        begin, end = (frame.x(min(at, frame.last)) for at in plot.shaded)
        shaded = (
            f'<rect x="{begin:.1f}" y="{TOP}" width="{end - begin:.1f}" '
            f'height="{HEIGHT - BOTTOM - TOP}" fill="#b7791f" opacity=".12"/>'
        )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{shaded}{frame.axes(plot.unit)}{_marks(plot.marks, frame)}{drawn}</svg>"
        f"{_legend(plot)}</figure>"
    )


class _Frame:
    """Where a time and a value are in a plot."""

    def __init__(self, last: int, most: int) -> None:
        self.last = last
        self.most = most

    def x(self, at: int) -> float:
        return LEFT + at * (WIDTH - LEFT - RIGHT) / self.last

    def y(self, value: int) -> float:
        return TOP + (self.most - value) * (HEIGHT - BOTTOM - TOP) / self.most

    def axes(self, unit: str) -> str:
        """Grid lines at round numbers."""
        parts = []
        for value in _round_steps(self.most):
            y = self.y(value)
            parts.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>'
            )
        for second in _round_steps(self.last // 1000):
            x = self.x(second * 1000)
            parts.append(
                f'<text x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{second} s</text>'
            )
        return f'<text x="4" y="12">{escape(unit)}</text>{"".join(parts)}'


def _round_steps(most: int) -> range:
    """About five round numbers from 0 up to the largest."""
    size = 1
    while most // size > 5:
        size = size * 2 if str(size)[0] != "2" else size // 2 * 5
    return range(0, most + 1, size)


def _line(line: Line, frame: _Frame, colour: str) -> str:
    text = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in line.points)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _marks(marks: Sequence[Event], frame: _Frame) -> str:
    return "".join(
        f'<g><line x1="{frame.x(mark.at_ms):.1f}" x2="{frame.x(mark.at_ms):.1f}" y1="{TOP}" '
        f'y2="{HEIGHT - BOTTOM}" stroke="#b7791f" stroke-dasharray="3 3"/>'
        f"<title>{escape(mark.text)}</title></g>"
        for mark in marks
        if mark.at_ms <= frame.last
    )


def _legend(plot: Plot) -> str:
    names = "".join(
        f'<span><i style="background:{COLOURS[number % len(COLOURS)]}"></i>{escape(line.name)}'
        "</span>"
        for number, line in enumerate(plot.lines)
        if line.name
    )
    return f"<figcaption>{names}{escape(plot.about)}</figcaption>"

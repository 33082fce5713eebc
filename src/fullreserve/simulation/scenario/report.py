"""The report of a scenario: one HTML file with its plots drawn in it, for people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, BOTTOM = 900, 220, 60, 24

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b2430;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d5dbe3;padding:.3rem .5rem;
text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;border:1px solid #d5dbe3}.good{color:#0a6b3d}.bad{color:#a3161a}
@media(prefers-color-scheme:dark){body{color:#e4e8ee;background:#12161c}
td,th,svg{border-color:#39424e}.good{color:#5ed39b}.bad{color:#ff8d8d}}
"""


class Event(NamedTuple):
    """What happened, `at_ms` after the beginning."""

    at_ms: int
    text: str


class Check(NamedTuple):
    """What had to be, and whether it was."""

    text: str
    holds: bool


class Plot(NamedTuple):
    """A line over time; `marks` are moments to be shown."""

    title: str
    unit: str
    points: Sequence[tuple[int, int]]
    marks: Sequence[Event] = ()


def html(
    title: str, about: str, events: Sequence[Event], checks: Sequence[Check], plots: Sequence[Plot]
) -> str:
    """The whole page; it loads nothing."""
    rows = "".join(
        f'<tr><td class="n">{event.at_ms / 1000:.1f} s</td><td>{escape(event.text)}</td></tr>'
        for event in events
    )
    proofs = "".join(
        f'<tr><td class="{"good" if one.holds else "bad"}">{"yes" if one.holds else "NO"}</td>'
        f"<td>{escape(one.text)}</td></tr>"
        for one in checks
    )
    drawn = "".join(f"<h2>{escape(plot.title)}</h2>{svg(plot)}" for plot in plots)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<h1>{escape(title)}</h1><p>{escape(about)}</p>"
        f"<h2>What had to be</h2><table>{proofs}</table>"
        f"{drawn}<h2>What happened</h2><table>{rows}</table></body></html>\n"
    )


def svg(plot: Plot) -> str:
    """A plot as SVG; times in seconds below, the largest value at the left."""
    if not plot.points:
        return "<p>Nothing was measured.</p>"
    last = max(at for at, _ in plot.points) or 1
    most = max(value for _, value in plot.points) or 1

    def x(at: int) -> float:
        return LEFT + at * (WIDTH - LEFT - 10) / last

    def y(value: int) -> float:
        return 10 + (most - value) * (HEIGHT - BOTTOM - 10) / most

    line = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in plot.points)
    marks = "".join(
        f'<g><line x1="{x(mark.at_ms):.1f}" x2="{x(mark.at_ms):.1f}" y1="10" '
        f'y2="{HEIGHT - BOTTOM}" stroke="#b7791f" stroke-dasharray="3 3"/>'
        f"<title>{escape(mark.text)}</title></g>"
        for mark in plot.marks
        if mark.at_ms <= last
    )
    label = f"{plot.title}: up to {most} {plot.unit} in {last / 1000:.0f} s"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<text x="4" y="20" font-size="12" fill="currentColor">{most} {escape(plot.unit)}</text>'
        f'<text x="{WIDTH - 60}" y="{HEIGHT - 6}" font-size="12" fill="currentColor">'
        f"{last / 1000:.0f} s</text>{marks}"
        f'<polyline points="{line}" fill="none" stroke="#2563eb" stroke-width="1.5"/></svg>'
    )

"""The report of a scenario: one HTML file with its plots drawn in it, for people."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from fullreserve.simulation.scenario.plots import Event, Plot, svg

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1b2430;background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d5dbe3;padding:.3rem .5rem;
text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;border:1px solid #d5dbe3}svg text{font-size:11px;fill:currentColor}
svg .g{stroke:currentColor;opacity:.15}figure{margin:0}figcaption{font-size:.85rem}
figcaption span{margin-right:1rem}figcaption i{display:inline-block;width:1rem;height:.25rem;
margin-right:.35rem;vertical-align:middle}.good{color:#0a6b3d}.bad{color:#a3161a}
@media(prefers-color-scheme:dark){body{color:#e4e8ee;background:#12161c}
td,th,svg{border-color:#39424e}.good{color:#5ed39b}.bad{color:#ff8d8d}}
"""


class Check(NamedTuple):
    """What had to be, and whether it was."""

    text: str
    holds: bool


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

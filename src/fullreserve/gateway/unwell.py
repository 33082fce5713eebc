"""Spells in which a network's nodes were not believed, as the watcher writes them for gateways.

And the same in words for everybody. While one lasts, deposits on the network are seen and wait, and
so do withdrawals; everything else goes on.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import UNWELL, Spell
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line
from fullreserve.gateway.rest.x.suspension_words import POINTS

_decode = msgspec.json.Decoder(list[Spell]).decode

# By state of `custody.chains.health`, in each language.
WHY: dict[str, tuple[str, str, str]] = {
    "down": ("our node does not answer", "наш узел не отвечает", "我们的节点没有响应"),
    "garbage": (
        "our node gives wrong answers", "наш узел отвечает неверно", "我们的节点返回错误数据"),
    "behind": ("our node lags behind", "наш узел отстал от сети", "我们的节点落后"),
    "split": ("our nodes do not agree", "наши узлы расходятся", "我们的节点互不一致"),
}  # fmt: skip
_ELSE = ("our node cannot be believed", "нашему узлу нельзя верить", "我们的节点不可信")
WAIT = (
    "deposits and withdrawals wait",
    "пополнение и вывод ждут",
    "充币和提币等待中",
)


def read(folder: Path | None) -> list[Spell]:
    """The oldest first; none where nobody has written any."""
    found: list[Spell] = []
    for place in folder.glob(f"{UNWELL}*.json") if folder is not None else ():
        try:
            found += _decode(place.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: (one.since_ms, one.network))


async def spells(context: Context, lines: list[Line]) -> list[Spell]:
    """Those that are told, the oldest first.

    What lasts is told as the log has it: of a network that is unwell and has no spell, as where the
    watcher's disk is full, since when is not known.
    """
    unwell = dict.fromkeys(one.network.network for one in lines if not one.is_well)
    written = await asyncio.to_thread(read, context.folder)
    found = [one for one in written if one.until_ms or one.network in unwell]
    known = [one.network for one in found if not one.until_ms]
    return [*found, *(Spell(network, "", 0) for network in unwell if network not in known)]


def titles(one: Spell, code: str) -> dict[str, str]:
    """One sentence in each language: which network waits, and why."""
    why = WHY.get(one.state, _ELSE)
    return {
        language: f"{code}{POINTS[at][1]}{WAIT[at]} – {why[at]}"
        for at, language in enumerate(("en", "ru", "zh"))
    }

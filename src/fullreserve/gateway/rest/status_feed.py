"""The status of the exchange as feeds: JSON Feed 1.1, RSS 2.0 and Atom (RFC 4287).

Their links begin with the origin that the request came to: readers keep items without their feed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape

import msgspec

from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    ListPlans,
    NetworkWindow,
    Plans,
    Stage,
)
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.worker_files import Spell
from fullreserve.gateway import unwell
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines
from fullreserve.gateway.rest.x.suspension_rows import Places
from fullreserve.gateway.rest.x.suspensions import shown

# Makes content type and content, of links below an origin.
Feed = Callable[[Context, str], Awaitable[tuple[bytes, bytes]]]

TITLE = "Exchange status"
HISTORY_MS = 90 * 86_400_000
# Words of incident pages for a suspension's states.
PHASES = {
    SuspensionState.ACTIVE: "investigating",
    SuspensionState.REOPEN_PLANNED: "identified",
    SuspensionState.GATE_CHECK: "identified",
    SuspensionState.CANARY: "monitoring",
    SuspensionState.DRAINING: "monitoring",
    SuspensionState.LIFTED: "resolved",
    SuspensionState.REPORTED: "resolved",
}


class Item(msgspec.Struct):
    """One change of state of a suspension, a network's nodes or its maintenance."""

    id: str
    title: str
    text: str
    link: str
    time_ms: int


async def items(context: Context) -> list[Item]:
    """The changes of 90 days, newest first."""
    here = await lines(context)
    names, now_ms = Places(context.catalog, here), context.clock.exchange_ms()
    plans: Plans = await ask(context, CALENDAR, ListPlans())
    found = [item for one in await shown(context) for item in _items_of(one, names)]
    for spell in await unwell.spells(context, here):
        found += _items_of_spell(spell, names)
    for window in plans.networks:
        found += _items_of_window(window, names)
    told = [item for item in found if now_ms - HISTORY_MS <= item.time_ms <= now_ms]
    return sorted(told, key=lambda item: -item.time_ms)


def _items_of(one: Suspension, names: Places) -> list[Item]:
    said = names.titles(one)
    return [
        Item(
            id=f"urn:fullreserve:suspension:{one.number}:{step.sequence}",
            title=f"{PHASES[SuspensionState(step.state)]}: {said['en']}",
            text="\n".join(said.values()),
            link=f"/status#{one.number}",
            time_ms=step.time_ms,
        )
        for step in one.history
        if step.state in PHASES
    ]


def _items_of_spell(one: Spell, names: Places) -> list[Item]:
    """A network whose nodes are not believed, and believed again."""
    said = unwell.titles(one, names.network(one.network))
    times = (("investigating", one.since_ms), ("resolved", one.until_ms))
    return [
        Item(
            id=f"urn:fullreserve:unwell:{one.network}:{one.since_ms}:{phase}",
            title=f"{phase}: {said['en']}",
            text="\n".join(said.values()),
            link=f"/status?unwell={one.network}-{one.since_ms}",
            time_ms=time_ms,
        )
        for phase, time_ms in times
        if time_ms
    ]


def _items_of_window(one: NetworkWindow, names: Places) -> list[Item]:
    """Maintenance of a network, as far as it has come."""
    terms, code = one.terms, names.network(one.terms.network)
    times = {
        "maintenance": (one.stage in (Stage.CLOSED, Stage.PREOPEN, Stage.OVER), terms.begin_ms),
        "resolved": (one.stage == Stage.OVER, terms.end_ms),
    }
    return [
        Item(
            id=f"urn:fullreserve:network:{one.number}:{phase}",
            title=f"{phase}: Maintenance of {code}: {unwell.WAIT[0]}",
            text="\n".join(f"{code}: {words}" for words in unwell.WAIT),
            link=f"/status?network={one.number}",
            time_ms=time_ms,
        )
        for phase, (is_reached, time_ms) in times.items()
        if is_reached
    ]


async def json_feed(context: Context, origin: str) -> tuple[bytes, bytes]:
    """Content type and content."""
    rows = [
        {
            "id": item.id,
            "title": item.title,
            "url": origin + item.link,
            "content_text": item.text,
            "date_published": _iso(item.time_ms),
        }
        for item in await items(context)
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": TITLE, "items": rows}
    return b"application/feed+json", msgspec.json.encode(feed)


async def rss(context: Context, origin: str) -> tuple[bytes, bytes]:
    """Content type and content."""
    parts = [
        "<item>"
        f'<guid isPermaLink="false">{item.id}</guid>'
        f"<title>{escape(item.title)}</title>"
        f"<link>{escape(origin + item.link)}</link>"
        f"<description>{escape(item.text)}</description>"
        f"<pubDate>{formatdate(item.time_ms // 1000, usegmt=True)}</pubDate>"
        "</item>"
        for item in await items(context)
    ]
    head = f"<title>{TITLE}</title><link>{origin}/status</link><description>{TITLE}</description>"
    text = f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}'
    return b"application/rss+xml; charset=utf-8", f"{text}{''.join(parts)}</channel></rss>".encode()


async def atom(context: Context, origin: str) -> tuple[bytes, bytes]:
    """Content type and content."""
    found = await items(context)
    newest = found[0].time_ms if found else context.clock.exchange_ms()
    parts = [
        "<entry>"
        f"<id>{item.id}</id>"
        f"<title>{escape(item.title)}</title>"
        f'<link href="{escape(origin + item.link)}"/>'
        f"<content>{escape(item.text)}</content>"
        f"<updated>{_iso(item.time_ms)}</updated>"
        "</entry>"
        for item in found
    ]
    head = (
        f"<id>urn:fullreserve:status</id><title>{TITLE}</title>"
        f"<updated>{_iso(newest)}</updated><author><name>Fullreserve</name></author>"
    )
    text = f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}'
    return b"application/atom+xml; charset=utf-8", f"{text}{''.join(parts)}</feed>".encode()


def _iso(time_ms: int) -> str:
    """RFC 3339, in UTC."""
    at = datetime.fromtimestamp(time_ms // 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

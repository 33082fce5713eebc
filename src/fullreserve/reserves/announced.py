"""Addresses are published before they count, so that nobody else's can be shown for a day.

The list stands in a file that each statement names by its hash: what it says of an address was said
when it was first published. A wallet's address counts once it was there for a time; whatever was
there in the first day of the statements counts at once. A deposit address comes when a user asks
for one, and its coins are owed as soon as they are there: it counts at once too, and the statement
says how much stands at such addresses that are younger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import structlog

from fullreserve.reserves.archive import HASHES, LEAF_BYTES
from fullreserve.reserves.keys import FOLDER
from fullreserve.reserves.places import Place
from fullreserve.reserves.statement import Document

PUBLIC = "public"
HOUR_MS = 3_600_000
WAIT_MS = 72 * HOUR_MS
FOUNDING_MS = 24 * HOUR_MS
DEPOSIT = "deposit"

log = structlog.get_logger(__name__)

_Name = tuple[int, str]


class Age(NamedTuple):
    """Since when an address is published, and whether that is long enough."""

    since_ms: int
    counts: bool
    is_young: bool


class Announced:
    """Of one exchange. `now_ms` of all methods is wall time."""

    def __init__(self, data: Path, exchange: str, wait_ms: int = WAIT_MS) -> None:
        self._exchange = exchange
        self.wait_ms = wait_ms
        self._public = data / FOLDER / PUBLIC
        self._since: dict[_Name, int] = {}
        self.founded_ms = 0
        self._recall()

    def see(self, places: Iterable[Place], now_ms: int) -> None:
        """Takes in what is not known yet: wallets by name, others with their first coins."""
        self.founded_ms = self.founded_ms or now_ms
        for one in places:
            self._since.setdefault((one.network, one.address), now_ms)

    def age(self, place: Place, now_ms: int) -> Age:
        """Of an address that was seen."""
        since_ms = self._since[place.network, place.address]
        is_old = since_ms <= max(now_ms - self.wait_ms, self.founded_ms + FOUNDING_MS)
        return Age(since_ms, is_old or place.tier == DEPOSIT, not is_old)

    def document(self) -> Document:
        """The list as it is published."""
        rows = [
            {"network": network, "address": address, "since": since}
            for (network, address), since in sorted(self._since.items())
        ]
        return {
            "v": 1,
            "exchange": self._exchange,
            "founded": self.founded_ms,
            "wait": self.wait_ms,
            "addresses": rows,
        }

    def _recall(self) -> None:
        """What the newest statement tells that names a list; before there were lists, evidence."""
        first = self._read("epochs/1.json")
        if first is None:
            return
        self.founded_ms = first["statement"]["ts"]
        is_newest = True
        for epoch in range(self._newest(), 0, -1):
            row = self._read(f"epochs/{epoch}.json")
            if row is None:
                continue
            statement = row["statement"]
            if "addresses" in statement and is_newest:
                self.founded_ms, is_newest = statement["addresses"]["founded"], False
            if self._recall_from(statement):
                return

    def _newest(self) -> int:
        """The newest epoch of the log."""
        try:
            return (self._public / HASHES).stat().st_size // LEAF_BYTES
        except OSError:
            return 0

    def _recall_from(self, statement: Document) -> bool:
        """Whether it told anything: one that was made while nothing could be read does not."""
        if "addresses" in statement:
            name = f"addresses/{statement['addresses']['list']}.json"
            known = self._read(name)
            if known is None:
                log.warning("list of addresses is missing, an older one counts", file=name)
                return False
            rows = known["addresses"]
            self._since = {(one["network"], one["address"]): one["since"] for one in rows}
            return True
        evidence = self._read(f"evidence/{statement['reserves']['evidence']}.json")
        for chain in evidence["chains"] if evidence else ():
            for one in chain["places"]:
                self._since[chain["network"], one["address"]] = self.founded_ms
        return evidence is not None

    def _read(self, name: str) -> Document | None:
        try:
            document: Document = json.loads((self._public / name).read_bytes())
        except (OSError, ValueError):
            return None
        return document

"""What is owed, from the core's one answer to `ListClaims`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import ClaimClass
from fullreserve.exchange.wire.queries import AnyQuery, Claims, ListClaims

# What the house has is owed to nobody else and still counted: its leaf is published.
EQUITY: tuple[int, ...] = tuple(
    kind.number
    for kind in chart.CHART
    if kind.claim == ClaimClass.NOT_A_CLAIM and kind.code.startswith(("E.", "I.", "T."))
)

PAGE = 100_000

_HEAD = struct.Struct(">QBH")
_AMOUNT = struct.Struct(">I16s")


class Asks(Protocol):
    """Whoever answers the core's queries: a machine, or a library's exchange."""

    def query(self, query: AnyQuery) -> Claims:
        """The decoded answer."""


class Owed(NamedTuple):
    """What one owner is owed, in ledger units by asset."""

    owner: int
    is_house: bool
    amounts: dict[int, int]


def pages(exchange: Asks, changed_since_ms: int = 0, page: int = PAGE) -> Iterator[Claims]:
    """The owners whose accounts changed at that exchange time or later, page by page.

    The state must not change in between: all pages are of one sequence.
    """
    after = 0
    while True:
        found = exchange.query(ListClaims(changed_since_ms, after, page, EQUITY))
        yield found
        if not found.next_owner:
            return
        after = found.next_owner


def unpacked(packed: bytes) -> Iterator[Owed]:
    """Reads `Claims.owners`; struct.error on bytes that are none."""
    at = 0
    while at < len(packed):
        owner, is_house, count = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
        amounts = {}
        for _ in range(count):
            asset, amount = _AMOUNT.unpack_from(packed, at)
            amounts[asset] = int.from_bytes(amount, "big")
            at += _AMOUNT.size
        yield Owed(owner, bool(is_house), amounts)

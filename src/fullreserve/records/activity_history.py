"""What families of accounts did in the seven days before a midnight, in dollars.

A family is a master account with its sub-accounts. What was traded against another asset than a
dollar coin counts at that asset's last price before the midnight; so the same question has the same
answer for ever, also from rebuilt records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from fullreserve.marketdata.bars import DAY, HOUR
from fullreserve.records import schema

WINDOW_MS = 7 * DAY
DOLLARS = ("USDT", "USDC", "USD")
DOLLAR_SCALE = 8
# Databases bound how many values a statement takes.
TOGETHER = 500


class Member(NamedTuple):
    """An owner as it was at a midnight."""

    owner: int
    master: int
    tier: int


class Traded(NamedTuple):
    """On one instrument in a window; `dollars` in units of 10^-8, rounded down."""

    owner: int
    instrument: str
    requests: int
    dollars: int


class Week(NamedTuple):
    """Families in which somebody is of a fee tier, and what each of their members did."""

    members: list[Member]
    traded: list[Traded]


def read_week(connection: Connection, midnight_ms: int, least_tier: int) -> Week:
    """The families with a member of at least a tier, as they were at a midnight."""
    members = list(_families(connection, midnight_ms, least_tier))
    owners = [member.owner for member in members]
    return Week(members, list(_traded(connection, owners, midnight_ms)))


def _families(connection: Connection, midnight_ms: int, least_tier: int) -> Iterator[Member]:
    table = schema.owners
    reached = select(table.c.owner).where(table.c.tier >= least_tier).distinct()
    standing = _standing(connection, connection.scalars(reached).all(), midnight_ms)
    masters = {member.master for member in standing if member.tier >= least_tier}
    families: set[int] = set()
    for some in _parts(sorted(masters)):
        ours = select(table.c.owner).where(table.c.master.in_(some)).distinct()
        families.update(connection.scalars(ours))
    for member in _standing(connection, sorted(families), midnight_ms):
        if member.master in masters:
            yield member


def _standing(connection: Connection, owners: Sequence[int], midnight_ms: int) -> list[Member]:
    """The owners that were there by a midnight, as they were."""
    table = schema.owners
    found = {}
    for some in _parts(owners):
        query = select(table.c.owner, table.c.master, table.c.tier).where(
            table.c.owner.in_(some), table.c.day_ms < midnight_ms
        )
        for row in connection.execute(query.order_by(table.c.owner, table.c.day_ms)):
            found[row.owner] = Member(*row)
    return list(found.values())


def _traded(connection: Connection, owners: Sequence[int], midnight_ms: int) -> Iterator[Traded]:
    sums: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for some in _parts(owners):
        for row in connection.execute(_days(some, midnight_ms)):
            summed = sums[row.owner, row.instrument]
            summed[0] += row.requests
            summed[1] += row.turnover
    prices = _Prices(connection, midnight_ms)
    for (owner, instrument), (requests, turnover) in sorted(sums.items()):
        symbol, dollars = prices.value(instrument, turnover)
        yield Traded(owner, symbol, requests, dollars)


def _days(owners: Sequence[int], midnight_ms: int) -> Select[Any]:
    table = schema.activity
    return select(table).where(
        table.c.owner.in_(owners),
        table.c.day_ms >= midnight_ms - WINDOW_MS,
        table.c.day_ms < midnight_ms,
    )


class _Prices:
    """What turnovers are worth at a moment."""

    def __init__(self, connection: Connection, at_ms: int) -> None:
        self._connection = connection
        self._at_ms = at_ms
        self._pairs = {
            row.instrument: row for row in connection.execute(select(schema.instruments))
        }
        assets = connection.execute(select(schema.assets))
        self._symbols = {row.asset: row.symbol for row in assets}
        # Of each asset: its price in units of 10^-scale dollars, and the scale.
        self._known: dict[int, tuple[int, int]] = {}

    def value(self, instrument: int, turnover: int) -> tuple[str, int]:
        """The instrument's name, and what a turnover on it is worth."""
        pair = self._pairs[instrument]
        price, scale = self._price(pair.quote)
        scale += pair.price_scale + pair.size_scale
        return pair.symbol, turnover * price * 10**DOLLAR_SCALE // 10**scale

    def _price(self, asset: int) -> tuple[int, int]:
        if self._symbols[asset] in DOLLARS:
            return 1, 0
        known = self._known.get(asset)
        if known is None:
            known = self._known[asset] = self._last(asset)
        return known

    def _last(self, asset: int) -> tuple[int, int]:
        """By the first pair with a dollar coin that traded; nothing where none did."""
        for dollar in DOLLARS:
            for pair in self._pairs.values():
                if pair.base == asset and self._symbols[pair.quote] == dollar:
                    close = self._close(pair.instrument)
                    if close is not None:
                        return close, pair.price_scale
        return 0, 0

    def _close(self, instrument: int) -> int | None:
        table = schema.candles
        ours = (table.c.instrument == instrument) & (table.c.width_ms == HOUR)
        newest = select(func.max(table.c.open_ms)).where(ours, table.c.open_ms < self._at_ms)
        close: int | None = self._connection.scalar(
            select(table.c.close).where(ours, table.c.open_ms == newest.scalar_subquery())
        )
        return close


def _parts(owners: Iterable[int]) -> Iterator[list[int]]:
    every = list(owners)
    for start in range(0, len(every), TOGETHER):
        yield every[start : start + TOGETHER]

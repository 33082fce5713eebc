"""The people of a scenario: on which chain each withdraws, what each holds, where it goes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fullreserve.exchange.catalog import Asset


class Route(NamedTuple):
    """A currency on a network, and what people hold of it in whole units."""

    symbol: str
    code: str  # OKX's name of the network
    least: int
    most: int
    large: int  # of the few who hold much


ROUTES = (
    Route("ETH", "ERC20", 1, 3, 20),
    Route("BTC", "Bitcoin", 1, 2, 12),
    Route("LTC", "Litecoin", 1, 3, 30),
    Route("USDT", "ERC20", 2_000, 9_000, 60_000),
    Route("XRP", "Memo", 1_000, 4_000, 90_000),
)
LARGE = 0.03  # how many of them hold much
DIGITS = 4  # of what people hold, after the point


class Place(NamedTuple):
    """A route in the running exchange."""

    route: Route
    network: int
    asset: Asset


class Person(NamedTuple):
    """A user: what they hold and where they withdraw it to."""

    uid: int
    number: int  # among the people of the scenario, from 0
    place: Place
    entry: int  # of the address book

    @property
    def asset(self) -> Asset:
        return self.place.asset

    @property
    def network(self) -> int:
        return self.place.network

    def part(self, share: int) -> int:
        """A part of what they hold at least, in ledger units."""
        return int(self.place.route.least * 10**self.asset.scale // share)


def places(codes: Mapping[str, int], assets: Mapping[str, Asset]) -> list[Place]:
    """The routes whose networks run; `codes` are their numbers by name."""
    return [
        Place(route, codes[route.code], assets[route.symbol])
        for route in ROUTES
        if route.code in codes
    ]


def holding(place: Place, draws: random.Random) -> int:
    """What somebody holds, in ledger units."""
    route = place.route
    units = route.large if draws.random() < LARGE else draws.randint(route.least, route.most)
    parts = units * 10**DIGITS + draws.randrange(10**DIGITS)
    return int(parts * 10 ** (place.asset.scale - DIGITS))


def first_of_each(people: Sequence[Person], each: int = 1) -> list[Person]:
    """The first few people of every place."""
    taken: dict[Place, list[Person]] = {}
    for one in people:
        taken.setdefault(one.place, []).append(one)
    return [one for found in taken.values() for one in found[:each]]

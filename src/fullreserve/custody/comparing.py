"""Ledger against chain, as numbers: which differences are explained, and what is left of them.

What strangers gave shifts a line, what is on its way makes it an interval. A move by hand that
operators have announced does not: either none of it is on the chain or all of it, at both its
tiers, so that each set of those that may have been carried out is tried, and anything between stays
a difference. Of a token whose contract takes a part all of it is what the chain shows to have come.
What a job that the record of ceremonies has finished cost shifts its line by just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.worker_files import Line, tolerance

Key = tuple[int, int]  # tier, asset


class OnTheWay(NamedTuple):
    """What is not final, by tier and asset."""

    less: dict[Key, int]
    more: dict[Key, int]


class Sides(NamedTuple):
    """Of a network at a block, at the ledger's scale; `coin` is what fees are paid in."""

    coin: int
    ledger: Mapping[Key, int]
    chain: Mapping[Key, int]
    way: OnTheWay
    given: Mapping[Key, int] = {}  # what came from outside, and the ledger has not
    # Of announced moves, by number, what came of them; of one that is not here all of it.
    came: Mapping[int, int] = {}
    paid: Mapping[Key, int] = {}  # for finished jobs, and the ledger has not


class Compared(NamedTuple):
    """Lines, and the announced moves of which the chain shows that they were carried out."""

    lines: list[Line]
    seen: tuple[Announced, ...]


def compared(keys: Sequence[Key], sides: Sides, announced: Iterable[Announced]) -> Compared:
    """The explanation that leaves the fewest differences, by the fewest moves.

    A move of which one tier is not among the keys explains nothing: half of it would be believed.
    """
    known = dict.fromkeys(keys)
    usable = [
        one
        for one in announced
        if (one.source, one.asset) in known
        and (one.target, one.asset) in known
        and (one.source, sides.coin) in known
    ]
    return min(
        (Compared(_lines(keys, sides, seen), seen) for seen in _sets(usable)),
        key=lambda one: sum(1 for line in one.lines if line.difference),
    )


def _sets(usable: Sequence[Announced]) -> Iterator[tuple[Announced, ...]]:
    for count in range(len(usable) + 1):
        yield from combinations(usable, count)


def _lines(keys: Sequence[Key], sides: Sides, seen: Sequence[Announced]) -> list[Line]:
    low, high = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    for one in seen:
        amount, gas = amount_int(one.amount), (one.source, sides.coin)
        for bound in (low, high):
            bound[one.source, one.asset] -= amount
            bound[one.target, one.asset] += sides.came.get(one.number, amount)
        low[gas] -= amount_int(one.fee_most)
        high[gas] -= amount_int(one.fee_least)
    return [_line(key, sides, low[key], high[key]) for key in keys]


def _line(key: Key, sides: Sides, low: int, high: int) -> Line:
    has = sides.ledger.get(key, 0)
    given = sides.given.get(key, 0) - sides.paid.get(key, 0)
    spare = tolerance(key[1], sides.coin)
    low += has + given - sides.way.less.get(key, 0) - spare
    high += has + given + sides.way.more.get(key, 0) + spare
    return Line(*key, has, low, high, sides.chain.get(key, 0))


def explains(sides: Sides, found: Compared, one: Announced) -> bool:
    """Whether a move that counts as carried out is on the chain.

    With it the lines of its places agree, and without it those of its amount do not, at either
    tier: where what is on its way may be the reason as well, it is not seen until that is over.
    """
    if one not in found.seen:
        return False
    ends = {(one.source, one.asset), (one.target, one.asset)}
    others = [other for other in found.seen if other != one]
    without = _lines([(line.tier, line.asset) for line in found.lines], sides, others)
    return not _differ(found.lines) & (ends | {(one.source, sides.coin)}) and ends <= _differ(
        without
    )


def _differ(lines: Iterable[Line]) -> set[Key]:
    return {(line.tier, line.asset) for line in lines if line.difference}

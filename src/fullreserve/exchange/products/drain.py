"""Who is paid first when withdrawals open again: two lanes, one share for each owner.

Lane S holds owners whose whole queue is small: first in, first out, with at least half of the
transactions. Lane L is max-min fair by owner (progressive filling): nobody gets more than an equal
share while somebody who wants more has less. A request that its owner's share does not cover yet
keeps the share as credit until it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


def max_min(budget: int, demands: Mapping[int, int]) -> dict[int, int]:
    """Shares of a budget by owner, none above its demand; the rest in order, a unit each."""
    shares = dict.fromkeys(demands, 0)
    left = max(0, budget)
    wanting = [owner for owner, demand in demands.items() if demand > 0]
    while wanting and left:
        each = left // len(wanting)
        if not each:
            for owner in wanting[:left]:
                shares[owner] += 1
            return shares
        filled = [owner for owner in wanting if demands[owner] - shares[owner] <= each]
        for owner in filled or wanting:
            part = min(each, demands[owner] - shares[owner])
            shares[owner] += part
            left -= part
        wanting = [owner for owner in wanting if shares[owner] < demands[owner]]
    return shares


class Waiting(NamedTuple):
    """A request in the queue; the queue is in the order of numbers."""

    number: int
    owner: int
    amount: int
    is_small: bool  # its owner's whole queue is


class Drained(NamedTuple):
    numbers: tuple[int, ...]  # to be paid now, in order
    credits: dict[int, int]  # of owners whose request does not fit yet


def tick(queue: Sequence[Waiting], budget: int, slots: int, carried: Mapping[int, int]) -> Drained:
    """One step: what a budget and a number of transactions pay."""
    large = [one for one in queue if not one.is_small]
    small = [one for one in queue if one.is_small]
    for_small = slots if not large else max((slots + 1) // 2, slots - len(large))
    paid: list[int] = []
    for one in small[:for_small]:
        if one.amount > budget:
            break
        budget -= one.amount
        paid.append(one.number)
    demands: dict[int, int] = {}
    for one in large:
        demands[one.owner] = demands.get(one.owner, 0) + one.amount
    had = {owner: carried.get(owner, 0) for owner in demands}
    shares = max_min(budget, {owner: demands[owner] - had[owner] for owner in demands})
    have = {owner: had[owner] + shares[owner] for owner in demands}
    for one in large:
        if len(paid) < slots and one.amount <= have[one.owner]:
            have[one.owner] -= one.amount
            demands[one.owner] -= one.amount
            paid.append(one.number)
    return Drained(
        tuple(sorted(paid)),
        {owner: min(have[owner], demands[owner]) for owner in demands if have[owner] > 0},
    )

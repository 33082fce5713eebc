"""Who is paid first when withdrawals open again: two lanes, one share for each owner.

Lane S holds owners whose whole queue is small: first in, first out, with at least half of the
transactions. Lane L is max-min fair by owner (progressive filling): nobody gets more than an equal
share while somebody who wants more has less. A request that its owner's share does not cover yet
keeps the share as credit until it does.

So does lane S where the drain carries a credit of its own (`LANE_S`): when its first request does
not fit, all that the tick has left is kept for it, and lane L has nothing of that tick. With
positive budgets each tick then pays, or comes nearer to it: a queue that nobody joins is drained.
While small requests go on coming, lane L has what they leave, which may be nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

LANE_S = 0  # its credit among those of owners, of whom none has this number


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
    credits: dict[int, int]  # of owners whose request does not fit yet; and lane S's own


def tick(queue: Sequence[Waiting], budget: int, slots: int, carried: Mapping[int, int]) -> Drained:
    """One step: what a budget and a number of transactions pay.

    `carried`: credits by owner. Lane S keeps one where LANE_S is among them, if only at 0.
    """
    large = [one for one in queue if not one.is_small]
    small = [one for one in queue if one.is_small]
    for_small = slots if not large else max((slots + 1) // 2, slots - len(large))
    paid: list[int] = []
    saved = dict.fromkeys([LANE_S] if LANE_S in carried else [], 0)
    budget += carried.get(LANE_S, 0)
    for one in small[:for_small]:
        if one.amount > budget:
            if saved:
                saved[LANE_S], budget = budget, 0
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
        saved | {owner: min(have[owner], demands[owner]) for owner in demands if have[owner] > 0},
    )

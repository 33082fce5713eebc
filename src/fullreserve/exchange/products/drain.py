"""Who is paid first when withdrawals open again: two lanes, one share for each owner.

Lane S holds owners whose whole queue is small: first in, first out, with at least half of the
transactions. Lane L is max-min fair by owner (progressive filling): nobody gets more than an equal
share while somebody who wants more has less. A request that its owner's share does not cover yet
keeps the share as credit until it does.

So does lane S where the drain carries a credit of its own (`LANE_S`): when its first request does
not fit, all that the tick has left is kept for it, and lane L has nothing of that tick. With
positive budgets each tick then pays, or comes nearer to it: a queue that nobody joins is drained.
While small requests go on coming, lane L has what they leave, which may be nothing.

So a drain may have a third credit (`OVERDUE`): who has waited for a set number of ticks comes
before both lanes, whatever the size, first in, first out. While there is one, half of each tick's
budget is kept for the first of them, beside what its owner has saved, and they leave lane S its
half of the transactions where there are two or more. Then every request is paid after finitely many
ticks, whoever joins behind it: when it has waited so long, only those before it hold it up. What an
owner has saved stays for those of his that are overdue, where the drain says so (`FOR_OVERDUE`);
before, who had another request in lane L kept no more there than that one wants.

Who is overdue stays in his lane too, where the drain says so (`IN_LANES`): what half of the budget
has not paid in order is in lane S at its place, or has its owner's share of lane L, which goes to
it before his other requests. Before, who came last had that to himself.

A request of lane L whose owner has agreed to it (`least`) is paid in tranches. Where a transaction
is left when all that fits is paid, what an owner has saved is paid of the oldest of his requests
that are in turn: in whole steps, no less than its least, and so that no less is left. A tick pays
one tranche, to whom most is due, the oldest among equals: what the others have saved is theirs in
the next. It is out of the owner's own share, so that nobody else has less. Who has a request that
is overdue saves for that one; with `IN_LANES` it is paid in tranches too, and for the first of
those that are overdue what is kept for it is due beside what its owner has saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Their credits among those of owners, of whom none has these numbers.
LANE_S, OVERDUE = 0, -1
FOR_OVERDUE = -2  # always 0
IN_LANES = -3  # always 0


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
    is_overdue: bool = False  # it has waited as long as any may
    least: int = 0  # of a tranche, and of what one leaves; 0: it is paid whole
    step: int = 1  # of which a tranche is a multiple


class Drained(NamedTuple):
    numbers: tuple[int, ...]  # to be paid now, in order
    credits: dict[int, int]  # of owners whose request does not fit yet; lane S's own; the overdue's


class Part(NamedTuple):
    """A tranche of a request."""

    number: int
    amount: int
    kept: int = 0  # so much of it is out of what is kept for those that are overdue


def tranche(queue: Sequence[Waiting], slots: int, done: Drained) -> Part | None:
    """What a tick pays of a request besides, of the credits that it leaves; None for nothing."""
    if len(done.numbers) >= slots:
        return None
    paid = dict.fromkeys(done.numbers)
    left = [one for one in queue if one.number not in paid]
    late = [one for one in left if one.is_overdue] if IN_LANES in done.credits else []
    out = {} if IN_LANES in done.credits else {one.owner: one for one in queue if one.is_overdue}
    first = dict[int, Waiting]()
    for one in (*late, *left):
        if not one.is_small and one.owner not in out:
            first.setdefault(one.owner, one)
    kept = {one.number: done.credits[OVERDUE] for one in late[:1]}
    found = None
    for one in sorted(first.values()):
        own = done.credits.get(one.owner, 0)
        has = own + kept.get(one.number, 0)
        amount = _in_steps(has, one) if one.least else 0
        if amount and (found is None or has > found[0]):
            found = has, Part(one.number, amount, max(0, amount - own))
    return None if found is None else found[1]


def _in_steps(has: int, one: Waiting) -> int:
    """What a credit pays of a request; 0: nothing yet."""
    amount = min(has, one.amount - one.least) // one.step * one.step
    return amount if amount >= one.least else 0


def tick(queue: Sequence[Waiting], budget: int, slots: int, carried: Mapping[int, int]) -> Drained:
    """One step: what a budget and a number of transactions pay.

    `carried`: credits by owner. Lane S keeps one where LANE_S is among them, if only at 0; so do
    those that are overdue, with OVERDUE, and each owner for his own of them, with FOR_OVERDUE; or
    they stay in their lanes, with IN_LANES.
    """
    newer = sum(one.is_small and not one.is_overdue for one in queue)
    overdue = [one for one in queue if one.is_overdue]
    for_overdue = max(1, slots - min(newer, (slots + 1) // 2))
    first = _pay_overdue(overdue[:for_overdue], budget, carried)
    ahead = dict.fromkeys(first.numbers if IN_LANES in carried else [one[0] for one in overdue])
    in_lanes = [one for one in queue if one.number not in ahead]
    small = [one for one in in_lanes if one.is_small]
    large = [one for one in in_lanes if not one.is_small]
    paid, saved = list(first.numbers), first.credits
    budget, left = first.left, slots - len(paid)
    for_small = left if not large else max(min(left, (slots + 1) // 2), left - len(large))
    if left:
        budget += saved.pop(LANE_S, 0)
    kept = {LANE_S: saved.pop(LANE_S, 0)} if LANE_S in carried else {}
    kept |= {one: saved.pop(one) for one in (OVERDUE, FOR_OVERDUE, IN_LANES) if one in saved}
    for one in small[:for_small]:
        if one.amount > budget:
            if LANE_S in kept:
                kept[LANE_S], budget = budget, 0
            break
        budget -= one.amount
        paid.append(one.number)
    apart = _for_overdue(overdue, first) if FOR_OVERDUE in carried else {}
    demands, have = _shared(large, budget, saved, apart)
    paid += _pay_large(large, slots - len(paid), demands, have)
    others = {one.owner: saved.get(one.owner, 0) for one in overdue if one.owner not in demands}
    kept |= {owner: credit for owner, credit in others.items() if credit > 0}
    ends = {owner: apart.get(owner, 0) + min(have[owner], demands[owner]) for owner in demands}
    kept |= {owner: ends[owner] for owner in demands if apart.get(owner) or have[owner] > 0}
    return Drained(tuple(sorted(paid)), kept)


def _shared(
    large: Sequence[Waiting], budget: int, saved: Mapping[int, int], apart: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """What each owner in lane L wants, and has with his share of a budget."""
    demands: dict[int, int] = {}
    for one in large:
        demands[one.owner] = demands.get(one.owner, 0) + one.amount
    had = {owner: saved.get(owner, 0) - apart.get(owner, 0) for owner in demands}
    shares = max_min(budget, {owner: demands[owner] - had[owner] for owner in demands})
    return demands, {owner: had[owner] + shares[owner] for owner in demands}


def _pay_large(
    large: Sequence[Waiting], slots: int, demands: dict[int, int], have: dict[int, int]
) -> list[int]:
    """What owners have pays their requests, those that are overdue first; of both so much less."""
    paid = list[int]()
    late: dict[int, int] = {}
    for one in large:
        late[one.owner] = late.get(one.owner, 0) + one.amount * one.is_overdue
    for one in large:
        kept = 0 if one.is_overdue else late[one.owner]
        if len(paid) < slots and one.amount <= have[one.owner] - kept:
            have[one.owner] -= one.amount
            demands[one.owner] -= one.amount
            late[one.owner] -= one.amount * one.is_overdue
            paid.append(one.number)
    return paid


class _First(NamedTuple):
    """What those that are overdue were paid; `left` of the budget is for the lanes."""

    numbers: list[int]
    credits: dict[int, int]
    left: int


def _for_overdue(overdue: Sequence[Waiting], first: _First) -> dict[int, int]:
    """What owners have saved for those of theirs that are overdue and were not paid."""
    paid, wanted = dict.fromkeys(first.numbers), dict[int, int]()
    for one in overdue:
        if one.number not in paid:
            wanted[one.owner] = wanted.get(one.owner, 0) + one.amount
    return {owner: min(first.credits.get(owner, 0), most) for owner, most in wanted.items()}


def _pay_overdue(overdue: Sequence[Waiting], budget: int, carried: Mapping[int, int]) -> _First:
    """In order, up to the first that half of the budget and what is saved do not cover."""
    has, paid = dict(carried), list[int]()
    if OVERDUE not in has:
        return _First(paid, has, budget)
    if not overdue:
        left = budget + has[OVERDUE]
        return _First(paid, has | {OVERDUE: 0}, left)
    kept = has[OVERDUE] + budget - budget // 2
    for one in overdue:
        own = min(has.get(one.owner, 0), one.amount)
        if one.amount - own > kept:
            break
        kept -= one.amount - own
        has[one.owner] = has.get(one.owner, 0) - own
        paid.append(one.number)
    return _First(paid, has | {OVERDUE: kept}, budget // 2)

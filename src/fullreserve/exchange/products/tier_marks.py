"""How much is to move between hot and warm, by an asset's marks and what there is.

Every figure is at the ledger's scale. Hot is never filled above its cap, whatever waits: a
withdrawal that is larger than the cap is paid by people.
"""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange.products.tier_moves_wire import Marks, Refused, Why
from fullreserve.exchange.wire.commands import amount_int


class Standing(NamedTuple):
    """What an asset's tiers on a network have, and what is asked of them."""

    hot: int
    bound: int  # of hot, for withdrawals that are on their way
    short: int  # of withdrawals that wait for coins
    warm: int
    refilled: int  # in 24 hours
    waiting: int = 0  # of withdrawals that are to be paid, and are not bound yet

    @property
    def free(self) -> int:
        return self.hot - self.bound


class Due(NamedTuple):
    """An amount and what for; a `code` says why there is none."""

    amount: int = 0
    why: int = 0
    code: int = 0


def is_sound(marks: Marks) -> bool:
    """Whether marks mean something."""
    amounts = (marks.low, marks.target, marks.cap, marks.least, marks.most, marks.day_most)
    if any(len(one) != 16 for one in amounts):
        return False
    low, target, cap, least, most, day_most = map(amount_int, amounts)
    return 0 <= low <= target <= cap and 0 < least <= most <= day_most and target > 0


def refill(marks: Marks, has: Standing, *, is_red: bool) -> Due:
    """What warm owes hot; while a quorum could lose nobody more, up to the cap."""
    if has.free >= amount_int(marks.low) and not has.short:
        return Due(code=Refused.NOT_DUE)
    goal, cap = amount_int(marks.cap if is_red else marks.target), amount_int(marks.cap)
    # Where hot is several accounts there may be enough in all and too little in each.
    wanted = max(goal + has.short - has.free, has.short)
    day_left = amount_int(marks.day_most) - has.refilled
    amount = min(wanted, cap - has.hot, amount_int(marks.most), day_left, has.warm)
    return Due(amount, Why.WAITING if has.short else Why.LOW)


def sweep(marks: Marks, has: Standing) -> Due:
    """What hot has too much: above the cap, down to the target; nothing that is to be paid."""
    left = has.free - has.waiting
    if has.short or left <= amount_int(marks.cap):
        return Due(code=Refused.NOT_DUE)
    amount = min(left - amount_int(marks.target), amount_int(marks.most))
    return Due(amount, Why.OVER)


def cut(due: Due, marks: Marks, room: int | None, unit: int) -> Due:
    """What is left of it within a place's room, in whole units of the chain."""
    if due.code:
        return due
    amount = due.amount if room is None else min(due.amount, room)
    amount -= amount % unit
    if amount < amount_int(marks.least):
        return Due(code=Refused.CAPPED)
    return due._replace(amount=amount)

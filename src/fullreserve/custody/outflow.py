"""Suspends an asset of which too much leaves in an hour, whatever each withdrawal was allowed by.

The share is of the coins that the house had: those of all tiers now, and what has left them. What
a drain released, which the board has signed off, does not count, nor what left before the newest
suspension by this trigger changed: once lifted, the hour begins anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fullreserve.clock import Clock
from fullreserve.custody.house import House
from fullreserve.custody.tripping import trip
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Level,
    ListAll,
    Scope,
    Trigger,
)
from fullreserve.exchange.products.withdrawal_state import (
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int

HOUR_MS = 3_600_000
PERCENT = 100
PAGE = 500


class Left(NamedTuple):
    """A withdrawal that was bound to a transaction, so that its coins may have left."""

    time_ms: int
    asset: int
    amount: int
    is_posted: bool  # it is final, and the ledger has it


class Outflow:
    """Of all assets. `share`: percent of an asset's coins that may leave in an hour; 0: any."""

    def __init__(self, house: House, clock: Clock, share: int) -> None:
        self._house = house
        self._clock = clock
        self._share = share
        self._version = 0
        self._left: dict[int, Left] = {}  # by withdrawal
        self._was_refused = False

    async def round(self) -> None:
        """Looks at what has left since the last round; Unavailable."""
        if not self._share:
            return
        since_ms = await self._house.now_ms(self._clock.wall_ms()) - HOUR_MS
        is_new = await self._learn(since_ms)
        # One that is not final is known beyond the hour, as it did not leave when it ends.
        self._left = {
            key: one
            for key, one in self._left.items()
            if one.time_ms > since_ms or not one.is_posted
        }
        lately = [one for one in self._left.values() if one.time_ms > since_ms]
        if lately and (is_new or self._was_refused):
            self._was_refused = not await self._judge(lately, since_ms)

    async def _learn(self, since_ms: int) -> bool:
        """Whether anything has changed; a page at a time, from the newest back."""
        before, newest = 0, self._version
        while True:
            rows: list[Withdrawal] = await self._house.ask(
                wire.WITHDRAWALS, ListWithdrawals(0, self._version, PAGE, before)
            )
            for one in rows:
                self._note(one)
            newest = max([newest, *(one.version for one in rows)])
            if len(rows) < PAGE or rows[-1].changed_ms <= since_ms:
                break
            before = rows[-1].version
        is_new, self._version = newest != self._version, newest
        return is_new

    def _note(self, one: Withdrawal) -> None:
        has_ended = one.state in (WithdrawalState.FAILED, WithdrawalState.CANCELED)
        if not one.network or not one.binding or one.is_released or has_ended:
            self._left.pop(one.number, None)
        else:
            known = self._left.get(one.number)
            left_ms = known.time_ms if known is not None else one.changed_ms
            is_posted = one.state == WithdrawalState.SUCCESS
            self._left[one.number] = Left(left_ms, one.asset, one.value, is_posted)

    async def _judge(self, left: Sequence[Left], since_ms: int) -> bool:
        """Whether all is suspended that is to be."""
        held, is_done = await self._held(), True
        for one in left:
            if one.is_posted:
                held[one.asset] += one.amount
        known: list[Suspension] = await self._house.ask(SUSPENSIONS, ListAll())
        for asset, amount in sorted(counted(left, known).items()):
            had = held[asset]
            if amount * PERCENT > had * self._share:
                evidence = {"left": amount, "had": had, "sinceMs": since_ms, "percent": self._share}
                place = Scope(Level.ASSET, asset=asset)
                is_done &= await trip(self._house, Trigger.VELOCITY, place, evidence)
        return is_done

    async def _held(self) -> Counter[int]:
        """Coins of all tiers by the ledger, which posts a withdrawal once it is final."""
        held = Counter[int]()
        for one in await self._house.ledger():
            if one.kind in TIERS.values():
                held[one.asset] -= amount_int(one.balance)
        return held


def counted(left: Iterable[Left], known: Iterable[Suspension]) -> Counter[int]:
    """What left by asset since the newest suspension of it; of one that is in force nothing."""
    newest = {one.terms.scope.asset: one for one in known if one.trigger == Trigger.VELOCITY}
    found = Counter[int]()
    for one in left:
        stop = newest.get(one.asset)
        if stop is None or (not stop.is_in_force and one.time_ms > stop.changed_ms):
            found[one.asset] += one.amount
    return found

"""Whose coins leave: what others' withdrawals add to an account's velocity.

Coins that one account sends to another within the exchange and that leave from there count for who
sent them, up to what was sent. An account's flow is what it withdrew itself and, of each account
that it sent coins to, that account's flow up to what was sent. A request is held against the
greatest flow among its owner and those that the owner's coins came by.

Bounded: so many transfers in a row, so many lists of the newest transfers, so many steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

DEPTH = 3  # transfers in a row that are followed
READS_MAX = 32  # lists of transfers sent, and as many of those had, that one request reads
STEPS_MAX = 2_000  # accounts that are added up, one as often as it is come by
TRANSFERS_MAX = 50  # newest ones in a list


class Passed(msgspec.Struct, array_like=True, frozen=True):
    """What an account sent to, or had of, another one within a time; USD at 10^-8."""

    other: int
    usd: int


class PassedList(msgspec.Struct, array_like=True, frozen=True):
    """Transfers by account, in the order of accounts; `is_cut`: there were more."""

    transfers: tuple[Passed, ...]
    is_cut: bool = False


class Traced(NamedTuple):
    """`beside_usd`: what to add to the owner's own velocity; `received_usd`: had of others."""

    beside_usd: int
    received_usd: int
    is_cut: bool


# USD that an account withdrew by itself; transfers that it sent (True) or had (False).
Own = Callable[[int], int]
Read = Callable[[int, bool], PassedList]


def trace(owner: int, usd: int, own: Own, read: Read) -> Traced:
    """What stands behind an owner's request for so many USD."""
    return _Trace(owner, usd, own, read).found()


class _Trace:
    def __init__(self, owner: int, usd: int, own: Own, read: Read) -> None:
        self._owner, self._usd, self._own, self._read = owner, usd, own, read
        self._known: dict[bool, dict[int, tuple[Passed, ...]]] = {True: {}, False: {}}
        self._steps = 0
        self._is_cut = False

    def found(self) -> Traced:
        received = sum(one.usd for one in self._transfers(self._owner, is_sent=False))
        mine = self._own(self._owner) + self._usd
        most = max((self._flow(one, DEPTH, ()) for one in self._sources()), default=0)
        return Traced(max(0, most - mine), received, self._is_cut)

    def _sources(self) -> list[int]:
        """Those that the owner's coins came by, the owner included, nearest first."""
        found = {self._owner: None}
        last = [self._owner]
        for _ in range(DEPTH):
            last = [
                each.other
                for one in last
                for each in self._transfers(one, is_sent=False)
                if each.other not in found
            ]
            found.update(dict.fromkeys(last))
        return list(found)

    def _flow(self, owner: int, depth: int, path: tuple[int, ...]) -> int:
        total = self._own(owner) + (self._usd if owner == self._owner else 0)
        self._steps += 1
        if self._steps > STEPS_MAX:
            self._is_cut = True
            return total
        if not depth:
            return total
        here = (*path, owner)
        for one in self._transfers(owner, is_sent=True):
            if one.other not in here:
                total += min(one.usd, self._flow(one.other, depth - 1, here))
        return total

    def _transfers(self, owner: int, *, is_sent: bool) -> tuple[Passed, ...]:
        known = self._known[is_sent]
        if owner in known:
            return known[owner]
        if len(known) >= READS_MAX:
            self._is_cut = True
            return ()
        answer = self._read(owner, is_sent)
        self._is_cut = self._is_cut or answer.is_cut
        known[owner] = answer.transfers
        return answer.transfers

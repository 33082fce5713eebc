"""The queue of a drain of one asset on one network, as its log has it: walked a few at a time.

A word looks at a bounded number of requests, behind the last one that was looked at. Whoever came
enters, whoever is gone leaves; when the end is reached, a tick pays. It regards the first owners of
lane L only, and the oldest requests of each: so many are in turn, whatever waits behind them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice

from fullreserve.exchange.products.drain import Waiting
from fullreserve.exchange.products.drain_log import Entry
from fullreserve.exchange.products.ranked import Ranked
from fullreserve.exchange.products.withdrawal_state import SMALL_USD
from fullreserve.exchange.wire.commands import amount_int

LOOKED_AT = 100  # requests by a word
PAID_AT_ONCE = 100
OWNERS_IN_TURN = 100  # of lane L, by their first requests: no fewer than can be paid
EACH_IN_TURN = 4  # oldest requests of each of these


class Line:
    """Who is in a pass's queue, by lane; worked out from the queue alone."""

    def __init__(self, queue: dict[int, Entry]) -> None:
        self._queue: dict[int, Entry] = {}
        self._numbers: dict[int, list[int]] = {}  # by share, ascending
        self._usd: dict[int, int] = {}  # by share
        self._all = Ranked()
        self._small = Ranked()  # requests
        self._large = Ranked()  # shares
        for entry in queue.values():
            self.enter(entry)

    def enter(self, entry: Entry) -> None:
        """Puts in a request that is not there."""
        mine = self._numbers.setdefault(entry.share, [])
        usd = self._usd.get(entry.share, 0)
        self._usd[entry.share] = usd + entry.usd
        if usd + entry.usd <= SMALL_USD:
            self._small.add(entry.number, 0)
        elif usd <= SMALL_USD:
            for number in mine:
                self._small.remove(number)
            self._large.add(entry.share, 0)
        insort(mine, entry.number)
        self._queue[entry.number] = entry
        self._all.add(entry.number, 0)

    def leave(self, number: int) -> None:
        """Takes a request out; KeyError when it is not there."""
        entry = self._queue.pop(number)
        self._all.remove(number)
        mine = self._numbers[entry.share]
        del mine[bisect_left(mine, number)]
        usd = self._usd[entry.share]
        self._usd[entry.share] = usd - entry.usd
        if usd <= SMALL_USD:
            self._small.remove(number)
        elif usd - entry.usd <= SMALL_USD:
            self._large.remove(entry.share)
            for other in mine:
                self._small.add(other, 0)
        if not mine:
            del self._numbers[entry.share], self._usd[entry.share]

    def after(self, number: int, limit: int) -> list[int]:
        """Those behind a number, in order."""
        return list(islice(self._all.after(number), limit))

    def in_turn(self, slots: int) -> list[Waiting]:
        """Whom a tick of so many transactions regards, in order; owners by their shares."""
        small = islice(self._small.after(0), slots)
        found = [self._waiting(number, is_small=True) for number in small]
        found += (self._waiting(number, is_small=False) for number in self._large_in_turn())
        return sorted(found)

    def _large_in_turn(self) -> Iterator[int]:
        for share in islice(self._large.after(0), OWNERS_IN_TURN):
            yield from self._numbers[share][:EACH_IN_TURN]

    def _waiting(self, number: int, *, is_small: bool) -> Waiting:
        entry = self._queue[number]
        return Waiting(number, entry.share, amount_int(entry.amount), is_small)

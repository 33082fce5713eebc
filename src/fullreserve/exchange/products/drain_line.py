"""The queue of a drain of one asset on one network, as its log has it: walked a few at a time.

A word looks at a bounded number of requests, behind the last one that was looked at. Whoever came
enters, whoever is gone leaves; when the end is reached, a tick pays. It regards the first owners of
lane L only, and the oldest requests of each: so many are in turn, whatever waits behind them. Of
the first in the queue it regards those that have waited as long as any may, of either lane.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import islice

from fullreserve.exchange.products.drain import IN_LANES, Waiting
from fullreserve.exchange.products.drain_log import DrainLog, DrainTick, Entry
from fullreserve.exchange.products.ranked import Ranked
from fullreserve.exchange.products.withdrawal_state import SMALL_USD
from fullreserve.exchange.wire.commands import amount_int

LOOKED_AT = 100  # requests by a word
PAID_AT_ONCE = 100
OWNERS_IN_TURN = 100  # of lane L, by their first requests: no fewer than can be paid
EACH_IN_TURN = 4  # oldest requests of each of these
FIRST_IN_TURN = 100  # of the queue, who come before both lanes when they are overdue


class Line:
    """Who is in a pass's queue, by lane; worked out from the queue and the log's ticks alone.

    `max_wait`: ticks after which a request is overdue; 0: none ever is. `is_from_first`: who leaves
    and comes in again, as a request does of which a tranche came back, has waited since the first
    time.
    """

    def __init__(
        self,
        queue: dict[int, Entry],
        ticks: Sequence[DrainTick] = (),
        max_wait: int = 0,
        *,
        is_from_first: bool = False,
    ) -> None:
        self._max_wait = max_wait
        self._is_from_first = is_from_first
        self._ticks = 0  # that paid, or might have
        self._since: dict[int, int] = {}  # by request: ticks before it came
        self._queue: dict[int, Entry] = {}
        self._numbers: dict[int, list[int]] = {}  # by share, ascending
        self._usd: dict[int, int] = {}  # by share
        self._all = Ranked()
        self._small = Ranked()  # requests
        self._large = Ranked()  # shares
        for entry in queue.values():
            self.enter(entry)
        if max_wait and ticks:
            self._since = self._waited(queue, ticks)

    def _waited(self, queue: dict[int, Entry], ticks: Sequence[DrainTick]) -> dict[int, int]:
        since: dict[int, int] = {}
        for tick in ticks:
            for entry in tick.entered:
                if not (self._is_from_first and entry.number in since):
                    since[entry.number] = self._ticks
            self._ticks += tick.slots > 0
        return since if self._is_from_first else {one: since[one] for one in queue}

    def ticked(self) -> None:
        """All who are there have waited for one more tick."""
        self._ticks += 1

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
        self._since.setdefault(entry.number, self._ticks)
        self._all.add(entry.number, 0)

    def lower(self, entry: Entry) -> None:
        """Less of a request that is there waits, in its place; its USD are those of the whole."""
        self._queue[entry.number] = entry

    def leave(self, number: int) -> None:
        """Takes a request out; KeyError when it is not there."""
        entry = self._queue.pop(number)
        self._all.remove(number)
        if not self._is_from_first:
            del self._since[number]
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
        overdue = self._overdue(slots)
        # As many beside those, of whom some may be in either lane.
        small = islice(self._small.after(0), slots + len(overdue))
        mine = [number for number in small if number not in overdue][:slots]
        found = [self._waiting(number, is_small=True) for number in mine]
        large = (number for number in self._large_in_turn() if number not in overdue)
        found += (self._waiting(number, is_small=False) for number in large)
        found += (
            self._waiting(number, is_small=number in self._small, is_overdue=True)
            for number in overdue
        )
        return sorted(found)

    def _overdue(self, slots: int) -> dict[int, None]:
        if not self._max_wait:
            return {}
        first = islice(self._all.after(0), FIRST_IN_TURN)
        late = (one for one in first if self._ticks - self._since[one] >= self._max_wait)
        return dict.fromkeys(islice(late, slots))

    def _large_in_turn(self) -> Iterator[int]:
        for share in islice(self._large.after(0), OWNERS_IN_TURN):
            yield from self._numbers[share][:EACH_IN_TURN]

    def _waiting(self, number: int, *, is_small: bool, is_overdue: bool = False) -> Waiting:
        entry = self._queue[number]
        return Waiting(number, entry.share, amount_int(entry.amount), is_small, is_overdue)


def line_of(log: DrainLog, queue: dict[int, Entry], max_wait: int) -> Line:
    """A line as its log has it."""
    return Line(queue, log.ticks, max_wait, is_from_first=IN_LANES in log.opening)

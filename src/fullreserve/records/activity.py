"""What each owner did on each instrument on each UTC day: orders entered and amended, and traded.

It is what fill ratios are computed from: orders themselves are forgotten too early for that.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from fullreserve.exchange.wire.events import Order
from fullreserve.marketdata.bars import DAY
from fullreserve.records.amount import amount_text


class Activity(NamedTuple):
    """A day so far; `turnover` is the sum of price x size, at price scale + size scale."""

    requests: int
    turnover: int


class StoredActivity(Protocol):
    """Who knows what was written before."""

    def stored_activity(self, owner: int, instrument: int, day_ms: int) -> Activity | None:
        """A day as the database has it."""


NOTHING = Activity(0, 0)

# Owner, instrument, and the day by its number since the epoch.
Key = tuple[int, int, int]


class Days:
    """The days that orders have changed since the last `take`."""

    def __init__(self, stored: StoredActivity) -> None:
        self._stored = stored
        # What was added since the last `take`: requests, turnover.
        self._added: dict[Key, list[int]] = {}
        # The whole of today, as far as it was touched since the start.
        self._known: dict[Key, Activity] = {}
        self._today = 0
        # The day of the start: what was done on it before may have been written.
        self._first_day = 0

    def request(self, event: Order) -> None:
        """An order was entered or amended."""
        self._of(event)[0] += 1

    def fill(self, event: Order) -> None:
        """An order was filled."""
        self._of(event)[1] += event.fill_price * event.fill_size

    def _of(self, event: Order) -> list[int]:
        key = (event.owner, event.instrument, event.time_ms // DAY)
        added = self._added.get(key)
        if added is None:
            added = self._added[key] = [0, 0]
            self._first_day = self._first_day or key[2]
        return added

    def look_up(self) -> None:
        """Asks for what was written before of the days that changed; changes nothing else.

        Raises what the database does; it can be called again.
        """
        for owner, instrument, day in self._added:
            if day <= self._first_day and (owner, instrument, day) not in self._known:
                found = self._stored.stored_activity(owner, instrument, day * DAY)
                self._known[owner, instrument, day] = found or NOTHING

    def take(self) -> list[tuple[Any, ...]]:
        """The rows of all days that changed, whole, and forgets that they did."""
        self.look_up()
        rows = []
        for key, (requests, turnover) in self._added.items():
            before = self._known.get(key, NOTHING)
            whole = Activity(before.requests + requests, before.turnover + turnover)
            self._known[key] = whole
            owner, instrument, day = key
            rows.append((owner, instrument, day * DAY, whole.requests, amount_text(whole.turnover)))
        self._forget(max((day for _, _, day in self._added), default=self._today))
        self._added.clear()
        return sorted(rows)

    def _forget(self, today: int) -> None:
        """Days that are over do not change any more."""
        if today != self._today:
            self._today = today
            self._known = {key: whole for key, whole in self._known.items() if key[2] == today}

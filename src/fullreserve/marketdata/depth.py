"""What a depth channel has published of a book, and the next difference."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from fullreserve.marketdata.books import Book, BookSide
from fullreserve.marketdata.checksum import LEVELS, checksum


class Push(NamedTuple):
    """One message's content; `asks` and `bids` are JSON arrays of rows, best first."""

    asks: str
    bids: str
    time_ms: int
    checksum: int
    sequence: int
    previous: int  # -1: a snapshot

    def json(self) -> str:
        """The element of `data`."""
        return (
            f'{{"asks":{self.asks},"bids":{self.bids},"ts":"{self.time_ms}",'
            f'"checksum":{self.checksum},"seqId":{self.sequence},"prevSeqId":{self.previous}}}'
        )


class _SideView:
    """The rows of one side that subscribers hold, by key."""

    __slots__ = ("changed", "cut", "depth", "sent", "side")

    def __init__(self, side: BookSide, depth: int) -> None:
        self.side = side
        self.depth = depth
        self.changed: set[int] = set()
        self.sent: dict[int, str] = {}
        self.cut: int | None = None  # the worst key inside a full window
        side.watchers.append(self.changed)
        self.changed.update(side.keys[-depth:])

    def close(self) -> None:
        # By identity: two views' sets of changed keys may well be equal.
        self.side.watchers = [x for x in self.side.watchers if x is not self.changed]

    def difference(self) -> str:
        """The rows that changed since the last call, as a JSON array."""
        window = self.side.keys[-self.depth :]
        cut = window[0] if len(window) == self.depth else None
        rows: list[tuple[int, str]] = []
        for key in self._candidates(window, cut):
            row = self._state(key, cut)
            if row != self.sent.get(key, ""):
                rows.append((key, row or self._gone(key)))
                if row:
                    self.sent[key] = row
                else:
                    del self.sent[key]
        self.cut = cut
        self.changed.clear()
        rows.sort(reverse=True)
        return f"[{','.join([row for _, row in rows])}]"

    def _candidates(self, window: list[int], cut: int | None) -> set[int]:
        """Keys that changed, or that the window's worse end passed over."""
        keys = self.changed
        if cut == self.cut:
            return keys
        if cut is not None and (self.cut is None or cut > self.cut):
            return keys | {key for key in self.sent if key < cut}
        assert self.cut is not None
        return keys | set(window[: bisect_left(window, self.cut)])

    def _state(self, key: int, cut: int | None) -> str:
        if cut is not None and key < cut:
            return ""
        level = self.side.levels.get(key)
        return "" if level is None else level.row

    def _gone(self, key: int) -> str:
        price = self.side.instrument.price_text(key * self.side.sign)
        return f'["{price}","0","0","0"]'

    def rows(self) -> str:
        """All rows that subscribers hold, best first."""
        return f"[{','.join([self.sent[key] for key in sorted(self.sent, reverse=True)])}]"


class DepthView:
    """The best `depth` levels as published in steps.

    A snapshot shows what was published last, so that the next difference continues it. `close`
    when nobody listens any more.
    """

    def __init__(self, book: Book, depth: int) -> None:
        self._book = book
        self._summed = min(depth, LEVELS)
        self._bids = _SideView(book.bids, depth)
        self._asks = _SideView(book.asks, depth)
        self._last: Push | None = None
        self._full = ""
        self.difference(book.time_ms)

    def close(self) -> None:
        self._bids.close()
        self._asks.close()

    def difference(self, time_ms: int) -> Push | None:
        """What changed since the last call; None when nothing did."""
        last = self._last
        if not (self._bids.changed or self._asks.changed) and last is not None:
            return None
        asks, bids = self._asks.difference(), self._bids.difference()
        if last is not None and asks == bids == "[]":
            return None
        book = self._book
        code = checksum(
            [level.pair for level in book.bids.top(self._summed)],
            [level.pair for level in book.asks.top(self._summed)],
        )
        previous = -1 if last is None else last.sequence
        self._last = Push(asks, bids, time_ms, code, book.sequence, previous)
        self._full = ""
        return self._last

    def heartbeat(self, time_ms: int) -> Push:
        """An empty update, which tells that nothing changed."""
        last = self._published()
        return Push("[]", "[]", time_ms, last.checksum, last.sequence, last.sequence)

    def snapshot(self) -> Push:
        """All that was published."""
        last = self._published()
        return last._replace(asks=self._asks.rows(), bids=self._bids.rows(), previous=-1)

    def _published(self) -> Push:
        assert self._last is not None
        return self._last

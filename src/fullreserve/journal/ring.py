"""The recent rows with their events, bounded in rows and bytes."""

from __future__ import annotations

from bisect import bisect_right

from fullreserve.door.protocol import Row

ROWS_MAX = 8192
BYTES_MAX = 64 << 20

# Decoded events are an order of magnitude larger than their bytes: only the newest keep them.
DECODED_ROWS = 16


class Ring:
    """Rows by sequence, oldest first."""

    def __init__(self, rows_max: int = ROWS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._rows_max = rows_max
        self._bytes_max = bytes_max
        self._rows: list[Row] = []
        self._sequences: list[int] = []
        self._start = 0  # rows before it are gone; the lists are shortened now and then
        self._bytes = 0

    def add(self, row: Row) -> None:
        """Adds the next row, lets the oldest go that exceed the bounds."""
        self._rows.append(row)
        self._sequences.append(row.sequence)
        self._bytes += _size(row)
        newest = len(self._rows) - 1
        if newest - DECODED_ROWS >= self._start:
            self._rows[newest - DECODED_ROWS].forget_decoded()
        while self._start < newest and (
            newest - self._start >= self._rows_max or self._bytes > self._bytes_max
        ):
            self._bytes -= _size(self._rows[self._start])
            self._rows[self._start] = row  # lets the old one go at once
            self._start += 1
        if self._start > self._rows_max:
            del self._rows[: self._start]
            del self._sequences[: self._start]
            self._start = 0

    @property
    def oldest(self) -> int:
        """Sequence of the oldest row that is kept, 0 when there is none."""
        return self._sequences[self._start] if self._start < len(self._rows) else 0

    @property
    def last(self) -> int:
        """Sequence of the last command that is kept, 0 when there is none."""
        return self._rows[-1].last if self._rows else 0

    def holding(self, sequence: int) -> Row | None:
        """The row that holds a command, None when it is older, or not here yet."""
        if self._rows and (newest := self._rows[-1]).sequence <= sequence:
            return newest if sequence <= newest.last else None
        at = bisect_right(self._sequences, sequence, lo=self._start) - 1
        if at < self._start or self._rows[at].last < sequence:
            return None
        return self._rows[at]

    def __len__(self) -> int:
        return len(self._rows) - self._start


def _size(row: Row) -> int:
    return len(row.commands) + len(row.events or b"")

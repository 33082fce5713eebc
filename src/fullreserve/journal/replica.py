"""A copy of the exchange that is fed by rows: the whole fold at one place in the log."""

from __future__ import annotations

from fullreserve.door.protocol import Row
from fullreserve.exchange.machine import Differs, Machine
from fullreserve.exchange.wire.commands import WIRE_VERSION
from fullreserve.journal.entry import EMPTY, Entry, Head, hash_after
from fullreserve.journal.errors import Corrupt, Diverged, TooNew


class Replica:
    """Machine and head of the log, moved together. One thread at a time.

    >>> replica = Replica(Machine())
    >>> replica.head.sequence
    0
    """

    def __init__(self, machine: Machine, head: Head = EMPTY) -> None:
        self.machine = machine
        self.head = head

    def apply(self, row: Row | Entry, *, events: bool = False, checked: bool = False) -> bytes:
        """Applies the next row; its events as one MessagePack array, empty without `events`.

        `checked` says that the row's hash and place were checked on the way. Raises Corrupt,
        TooNew, Diverged (a fold came to other bytes), exchange.machine.Halted.
        """
        if not checked:
            self._check(row)
        try:
            data = self.machine.replay(row.sequence, row.time_ms, row.commands, events=events)
        except Differs as problem:
            raise Diverged(problem.sequence, str(problem)) from problem
        except ValueError as problem:
            raise Corrupt(row.sequence, f"the core refuses the row: {problem}") from problem
        self.head = Head(row.last, row.time_ms, row.hash)
        return data

    def _check(self, row: Row | Entry) -> None:
        if row.sequence != self.head.sequence + 1:
            raise Corrupt(
                self.head.sequence + 1, f"rows are missing, the next begins at {row.sequence}"
            )
        if row.wire_version > WIRE_VERSION:
            raise TooNew(
                f"The row at sequence {row.sequence} has wire version {row.wire_version}; "
                f"this program knows up to {WIRE_VERSION}. Start a newer one."
            )
        if hash_after(self.head, row) != row.hash:
            raise Corrupt(row.sequence, "it is not chained to the row before it")

    @property
    def sequence(self) -> int:
        """Sequence of the last command applied."""
        return self.head.sequence

    @property
    def finished_total(self) -> int:
        """Finished orders since genesis, for `Door.report`."""
        return self.machine.core.finished_total

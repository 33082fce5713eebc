"""What the sequencer needs of a journal; SQLite is one implementation."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from fullreserve.journal.entry import Entry, Head


class ReadableLog(Protocol):
    """What a replay needs of a log; from any thread."""

    @property
    def head(self) -> Head:
        """Where the durable log ends."""

    def read(
        self, from_sequence: int = 1, head: Head | None = None
    ) -> Generator[Entry, None, None]:
        """Durable rows from the one that holds `from_sequence`, each checked against its chain.

        `head` is what the first is chained to, where the caller knows it. Raises Corrupt,
        PrunedAway.
        """

    def quarantined(self) -> list[int]:
        """Sequences that every replay skips."""


class Journal(ReadableLog, Protocol):
    """The log as its one leader holds it. `commit` is called by one writer thread."""

    @property
    def epoch(self) -> int:
        """The leader's epoch: each opening takes the next."""

    def commit(self, entries: Sequence[Entry]) -> None:
        """Returns when the entries are durable, all of them.

        Raises Unwritable when the medium did not take them: call again with the same entries;
        what was written already is passed over. Raises Fenced when another leader took over,
        JournalError when the medium itself is damaged; neither heals by trying again.
        """

    def close(self) -> None:
        """Lets go of the log; another leader may open it."""

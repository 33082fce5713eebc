"""Lists of addresses, as of those that nothing is paid to: a line each, read again as they change.

A vendor's list comes in by the same file: whoever fetches it writes it there in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

FILE = "custody-sanctioned.txt"
NAMED = 10  # lines that one warning names

Readers = Callable[[], Iterable[Callable[[str], object]]]

log = structlog.get_logger(__name__)


def no_readers() -> Iterable[Callable[[str], object]]:
    """Of an exchange without networks."""
    return ()


class Screen:
    """One list; where there never was such a file it is empty.

    `readers` are what reads addresses of each network, by ValueError where it is none: a line that
    none of them reads is said, since it stops nobody.
    """

    def __init__(self, path: Path, readers: Readers = no_readers) -> None:
        self.path = path
        self._readers = readers
        self._read_as: tuple[int, int] | None = None
        self._listed: frozenset[str] = frozenset()

    def holds(self, address: str) -> bool:
        """Whether it has an address, in whatever case that is written; OSError, ValueError."""
        self._refresh()
        return address.casefold() in self._listed

    def look(self) -> None:
        """Reads it at a start; what cannot be read is said when an address is asked for."""
        with suppress(OSError, ValueError):
            self._refresh()

    def _refresh(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self._read_as is not None:
                raise  # who wants an empty list leaves an empty file
            return
        if self._read_as == (found.st_mtime_ns, found.st_size):
            return
        lines = self.path.read_text(encoding="utf-8").splitlines()
        words = [line.partition("#")[0].strip().casefold() for line in lines]
        self._listed = frozenset(word for word in words if word)
        self._read_as = (found.st_mtime_ns, found.st_size)
        self._tell_strange(words)

    def _tell_strange(self, words: Sequence[str]) -> None:
        readers = list(self._readers())
        strange = [
            number
            for number, word in enumerate(words, 1)
            if word and readers and not any(_reads(one, word) for one in readers)
        ]
        if strange:
            log.warning(
                "lines of a list are no address of a network here: they stop nobody",
                file=self.path.name,
                count=len(strange),
                lines=strange[:NAMED],
            )


def _reads(reader: Callable[[str], object], word: str) -> bool:
    try:
        reader(word)
    except ValueError:
        return False
    return True

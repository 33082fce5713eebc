"""Lists of addresses, as of those that nothing is paid to: a line each, read again as they change.

A vendor's list comes in by the same file: whoever fetches it writes it there in one step.
"""

from __future__ import annotations

from pathlib import Path

FILE = "custody-sanctioned.txt"


class Screen:
    """One list; where there never was such a file it is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_as: tuple[int, int] | None = None
        self._listed: frozenset[str] = frozenset()

    def holds(self, address: str) -> bool:
        """Whether it has an address, in whatever case that is written; OSError, ValueError."""
        self._refresh()
        return address.casefold() in self._listed

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
        words = (line.partition("#")[0].strip().casefold() for line in lines)
        self._listed = frozenset(word for word in words if word)
        self._read_as = (found.st_mtime_ns, found.st_size)

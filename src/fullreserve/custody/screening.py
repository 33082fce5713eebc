"""Addresses that nothing is paid to: the operator's list, a line each, read again as it changes.

A vendor's list comes in by the same file: whoever fetches it writes it there in one step.
"""

from __future__ import annotations

from pathlib import Path

FILE = "custody-sanctioned.txt"


class Screen:
    """The list of a data folder; a folder without the file has none."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._read_as: tuple[int, int] | None = None
        self._listed: frozenset[str] = frozenset()

    def holds(self, address: str) -> bool:
        """Whether an address is on the list, in whatever case it is written."""
        self._refresh()
        return address.casefold() in self._listed

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._read_as, self._listed = None, frozenset()
            return
        if self._read_as == (found.st_mtime_ns, found.st_size):
            return
        lines = self._path.read_text(encoding="utf-8").splitlines()
        words = (line.partition("#")[0].strip().casefold() for line in lines)
        self._listed = frozenset(word for word in words if word)
        self._read_as = (found.st_mtime_ns, found.st_size)

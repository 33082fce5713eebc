"""Signatures over addresses, kept over restarts: holders need not sign at each statement."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.journal.durable_file import replace_file
from fullreserve.reserves.keys import FOLDER
from fullreserve.reserves.places import Ownership, Place, read_message

FILE = "ownership.json"


class Owned:
    """The newest of each place. One account may be a place of several networks."""

    def __init__(self, data: Path, exchange: str) -> None:
        self._file = data / FOLDER / FILE
        self._of = self._kept(exchange)

    def of(self, place: Place) -> Ownership | None:
        """What was signed for exactly this place, however old."""
        return self._of.get(_name(place.network, place.address))

    def take(self, place: Place, proof: Ownership) -> None:
        """Instead of an older one."""
        self._of[_name(place.network, place.address)] = proof

    def forget(self, place: Place) -> None:
        """What showed nothing."""
        self._of.pop(_name(place.network, place.address), None)

    def keep(self) -> None:
        """Makes it durable; OSError."""
        content = msgspec.json.encode(self._of)
        if not self._file.exists() or self._file.read_bytes() != content:
            replace_file(self._file, content)

    def _kept(self, exchange: str) -> dict[str, Ownership]:
        """By what the messages themselves name: files once had the address alone."""
        try:
            content = self._file.read_bytes()
            owned = list(msgspec.json.decode(content, type=dict[str, Ownership]).values())
            said = [read_message(one.message) for one in owned]
        except (OSError, msgspec.DecodeError, ValueError):
            return {}
        return {
            _name(what.network, what.address): one
            for what, one in zip(said, owned, strict=True)
            if what.exchange == exchange
        }


def _name(network: int, address: str) -> str:
    return f"{network} {address}"

"""When a network's nodes were not believed: kept in a file, for everybody to be told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import Spell, unwell_name

KEPT = 100  # spells; those of 90 days are told

_decode = msgspec.json.Decoder(list[Spell]).decode
log = structlog.get_logger(__name__)


class UnwellSpells:
    """Of one network; goes on with what an earlier run wrote."""

    def __init__(self, data: Path, network: int) -> None:
        self._place = data / unwell_name(network)
        self._network = network
        try:
            self._spells = _decode(self._place.read_bytes())
        except (OSError, msgspec.DecodeError):
            self._spells = []

    @property
    def is_open(self) -> bool:
        return bool(self._spells) and not self._spells[-1].until_ms

    def begins(self, state: str, now_ms: int) -> None:
        """Nodes are not believed from now on, by a state of `health`; again: nothing."""
        if not self.is_open:
            fresh = Spell(self._network, state, now_ms)
            self._write([*self._spells[-KEPT + 1 :], fresh])

    def ends(self, now_ms: int) -> None:
        """They are believed again; again: nothing."""
        if self.is_open:
            last = msgspec.structs.replace(self._spells[-1], until_ms=now_ms)
            self._write([*self._spells[:-1], last])

    def _write(self, spells: list[Spell]) -> None:
        """A full disk stops no watcher."""
        self._spells = spells
        leave(self._place, spells, "nobody is told of an unwell network")

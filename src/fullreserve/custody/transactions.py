"""The chains' own names of transactions, which the journal knows by keyed hashes alone.

Watcher and payer keep them; this reads their stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fullreserve.custody.networks import Network
from fullreserve.custody.paying import STORE as PAYER_STORE
from fullreserve.custody.store import Name, read_memo, read_name
from fullreserve.custody.watcher import STORE as WATCHER_STORE

KEPT = 10_000


class Transactions:
    """Of one data folder; use it from any thread."""

    def __init__(self, data: Path, served: Sequence[Network]) -> None:
        self._paths = (data / WATCHER_STORE, data / PAYER_STORE)
        self._prefixes = {one.network: one.family.id_prefix for one in served}
        self._known: dict[bytes, str] = {}

    def text(self, transfer: bytes) -> str:
        """A transaction as its chain's explorers write it; "" where it is not known (yet)."""
        if not transfer:
            return ""
        if transfer not in self._known:
            found = self._find(transfer)
            if found is None:
                return ""
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[transfer] = self._prefixes.get(found.network, "") + found.txid.hex()
        return self._known[transfer]

    def memo(self, transfer: bytes) -> str:
        """What the sender of a deposit that is nobody's wrote where a memo belongs."""
        return read_memo(self._paths[0], transfer)

    def _find(self, transfer: bytes) -> Name | None:
        for path in self._paths:
            if (found := read_name(path, transfer)) is not None:
                return found
        return None

"""What holds a move between tiers up, as its worker sees it: a file for whoever shows it.

One file for each worker and network in the data folder, replaced as something changes. It is only
shown: nothing is decided by it, a worker that starts begins with none, and a full disk holds no
move up.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec
import structlog

from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import Held, Stage, Why, held_name

log = structlog.get_logger(__name__)


class HeldMoves:
    """Of one worker and network."""

    def __init__(self, data: Path, worker: str, network: int) -> None:
        self._place = data / held_name(worker, network)
        self._moves: dict[str, Held] = {}
        self._place.unlink(missing_ok=True)

    def say(self, move: int, **what: Stage | Why | str) -> None:
        """What changed of a move; the rest stays."""
        before = self._moves.get(str(move), Held())
        after = msgspec.structs.replace(before, **what)
        if after != before or str(move) not in self._moves:
            self._write(self._moves | {str(move): after})

    def keep(self, open_now: Collection[int]) -> None:
        """Forgets every move that is not open any more."""
        left = {key: one for key, one in self._moves.items() if int(key) in open_now}
        if left != self._moves:
            self._write(left)

    def _write(self, moves: dict[str, Held]) -> None:
        self._moves = moves
        # Written whole with the next change; no move waits for it.
        leave(self._place, moves, "operators are not told what holds moves")

"""What holds a move between tiers up, as its worker sees it: a file for whoever shows it.

One file for each worker and network in the data folder, replaced as something changes. It is only
shown: nothing is decided by it, and a worker that starts begins with none.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import msgspec


class Stage(StrEnum):
    """How far a move is, beyond what the log says of it."""

    WAITING = "waiting"  # nothing was given to a node
    SENT = "sent"  # a node has it
    INCLUDED = "included"  # it is in a block, and not deep enough yet


class Why(StrEnum):
    """What it waits for."""

    NOTHING = ""
    UNPLANNED = "unplanned"  # no transaction can carry it out now
    NONCE = "nonce"  # another move has its nonce or inputs
    REFUSED = "refused"  # the log: withdrawals are stopped, or it was decided otherwise
    UNKNOWN = "unknown"  # bound, and not known to the worker
    UNSIGNED = "unsigned"  # too few holders have signed
    HANGS = "hangs"  # sent, and it cannot be raised now
    TAKEN = "taken"  # another transaction has its nonce or inputs
    DIFFER = "differ"  # nodes do
    NODE = "node"  # a node, a file or a device is at fault


class Held(msgspec.Struct, frozen=True):
    """Of one move; `detail` is the worker's own sentence."""

    stage: Stage = Stage.WAITING
    why: Why = Why.NOTHING
    detail: str = ""


class HeldMoves:
    """Of one worker and network."""

    def __init__(self, data: Path, worker: str, network: int) -> None:
        self._place = data / f"custody-held-{worker}-{network}.json"
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
        fresh = self._place.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(moves))
        fresh.replace(self._place)

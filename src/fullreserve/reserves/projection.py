"""The projection behind statements: a replica of the fold, and the tree over what it owes.

Nothing of it is kept on disk. It begins with the newest snapshot, follows the log, and is made anew
from it whenever it is lost; statements that were made stay in the archive.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from fullreserve._core import ClaimsTree
from fullreserve.door.protocol import Door
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import Claims, ListAssets
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import FOLDER_NAME, readable
from fullreserve.reserves import claims
from fullreserve.reserves.statement import Claimed

HOT_MS = 7 * 24 * 3600 * 1000
DAY_MS = 24 * 3600 * 1000


class Projection:
    """Follows the log; `claimed` says what is owed where it stands."""

    def __init__(self, data: Path, door: Door, salt: bytes) -> None:
        self._data = data
        self._door = door
        self._salt = salt
        self.replica = Replica(Machine(folds=products()))
        self._tree: ClaimsTree | None = None
        self._assets: Sequence[AssetDefined] = ()
        self._reached_ms = 0  # exchange time up to which the tree has all changes
        self._drawn_day = 0
        self._moved = asyncio.Event()
        # Held while the tree grows in a thread of its own: nothing can be asked of it then.
        self.turn = asyncio.Lock()

    async def follow(self) -> None:
        """Follows until it is cancelled; Gone, Unavailable, and what `Replica.apply` raises."""
        skip = await self._door.skips()
        oldest = next(readable(self._data / FOLDER_NAME, products, skip), None)
        self.replica = oldest or Replica(Machine(folds=products(), skip=skip))
        async for row in self._door.stream(self.replica.sequence + 1, events=False):
            self.replica.apply(row)
            self._moved.set()

    async def caught_up(self, sequence: int) -> None:
        """Returns once everything up to `sequence` is applied."""
        while self.replica.sequence < sequence:
            self._moved.clear()
            await self._moved.wait()

    async def claimed(self, epoch: int) -> Claimed:
        """The claims where the log stands, in the tree of this epoch."""
        # All that reads the replica comes before the first wait: it is of one place in the log.
        replica = self.replica
        head, machine = replica.head, replica.machine
        assets: list[AssetDefined] = sorted(machine.query(ListAssets()), key=lambda one: one.asset)
        day = head.time_ms // DAY_MS
        if self._tree is None or assets != self._assets or day != self._drawn_day:
            self._tree = ClaimsTree(self._salt, [one.asset for one in assets])
            self._assets, self._drawn_day = assets, day
            found, hot = self._all(machine, head.time_ms)
        else:
            found, hot = list(claims.pages(machine, self._reached_ms)), 0
        self._reached_ms = head.time_ms
        async with self.turn:
            await asyncio.to_thread(_grow, self._tree, found, hot, epoch)
        root, totals = self._tree.root()
        return Claimed(
            sequence=head.sequence,
            time_ms=head.time_ms,
            journal=head.hash.hex(),
            assets=assets,
            root=root.hex(),
            leaves=self._tree.leaves,
            totals=totals,
            house=self._house(epoch),
            shortfalls={one.asset: amount_int(one.amount) for one in found[-1].shortfalls},
        )

    @staticmethod
    def _all(machine: Machine, now_ms: int) -> tuple[list[Claims], int]:
        """Everybody's claims, those who were active lately first; how many pages these are.

        Active accounts stand together, so that the changes of later epochs do.
        """
        hot = list(claims.pages(machine, max(1, now_ms - HOT_MS)))
        return hot + list(claims.pages(machine)), len(hot)

    def _house(self, epoch: int) -> Sequence[int]:
        proof = self.house_proof(epoch)
        if proof is None:
            return [0] * len(self._assets)
        return [int(one) for one in json.loads(proof)["claims"]]

    def house_proof(self, epoch: int) -> str | None:
        """The leaf of the exchange's own accounts, which everybody may see."""
        if self._tree is None or self._tree.house is None:
            return None
        return self._tree.proof(self._tree.house, epoch)

    def proof(self, account: int, epoch: int) -> str | None:
        """An account's; None where the account or the epoch is not there any more."""
        if self._tree is None or account == self._tree.house:
            return None
        return self._tree.proof(account, epoch)

    @property
    def first_epoch(self) -> int:
        """The first epoch of which proofs can be had."""
        return self._tree.first_epoch if self._tree is not None else 0


def _grow(tree: ClaimsTree, found: list[Claims], hot: int, epoch: int) -> None:
    for number, page in enumerate(found, 1):
        tree.stage(page.owners)
        if number == hot:
            tree.place(epoch)
    tree.commit(epoch)

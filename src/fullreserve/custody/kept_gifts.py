"""Coins that nobody asked for, as the watcher keeps them until the ledger has them.

Sums are kept beside the rows: what a comparison asks for does not grow with how many there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fullreserve.custody.chains.adapter import Block

SCHEMA = """
CREATE TABLE IF NOT EXISTS gifts (
    name BLOB PRIMARY KEY, network INTEGER NOT NULL, height INTEGER NOT NULL, txid BLOB NOT NULL,
    tier INTEGER NOT NULL, asset INTEGER NOT NULL, amount TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gifts_by_height ON gifts (network, height);
CREATE INDEX IF NOT EXISTS gifts_by_amount ON gifts (network, tier, asset, length(amount), amount);
CREATE TABLE IF NOT EXISTS gift_sums (
    network INTEGER NOT NULL, tier INTEGER NOT NULL, asset INTEGER NOT NULL,
    number INTEGER NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (network, tier, asset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gift_blocks (
    network INTEGER NOT NULL, height INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
    PRIMARY KEY (network, height)
) WITHOUT ROWID;
"""


class Gift(NamedTuple):
    """Coins from outside that came to a tier, and that the ledger has not; in the chain's units."""

    name: bytes  # the journal's
    height: int
    txid: bytes
    tier: int
    asset: int
    amount: int


class GiftSum(NamedTuple):
    """Of one tier and asset, in the chain's units."""

    tier: int
    asset: int
    number: int
    amount: int


class KeptGifts:
    """In the watcher's store. Who changes several at once stands within `Store.together`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        asked = "SELECT (SELECT count(*) FROM gifts) = (SELECT total(number) FROM gift_sums)"
        (is_whole,) = db.execute(asked).fetchone()
        if not is_whole:
            self._sum_up()

    def _sum_up(self) -> None:
        """Of a watcher that kept no sums, or was killed while it made them."""
        with self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM gift_sums")
            for row in db.execute("SELECT * FROM gifts").fetchall():
                self._add(row[1], gift_of(row), 1)

    def keep(self, network: int, gift: Gift) -> bool:
        """Whether it is new."""
        row = (gift.name, network, *gift[1:-1], str(gift.amount))
        asked = "INSERT OR IGNORE INTO gifts VALUES (?, ?, ?, ?, ?, ?, ?)"
        is_new = self._db.execute(asked, row).rowcount > 0
        if is_new:
            self._add(network, gift, 1)
        return is_new

    def lose(self, names: Iterable[bytes]) -> list[Gift]:
        """Those of them that were kept."""
        lost = "DELETE FROM gifts WHERE name = ? RETURNING *"
        return [gift for name in names for gift in self._lose(lost, name)]

    def lose_since(self, network: int, height: int) -> None:
        """Those of blocks from a height on, which gave way, and whatever was not read of them."""
        lost = "DELETE FROM gifts WHERE network = ? AND height >= ? RETURNING *"
        self._lose(lost, network, height)
        where = "DELETE FROM gift_blocks WHERE network = ? AND height >= ?"
        self._db.execute(where, (network, height))

    def sums(self, network: int) -> list[GiftSum]:
        """By tier and asset."""
        asked = (
            "SELECT tier, asset, number, amount FROM gift_sums WHERE network = ? AND number > 0 "
            "ORDER BY tier, asset"
        )
        rows = self._db.execute(asked, (network,))
        return [GiftSum(tier, asset, number, int(amount)) for tier, asset, number, amount in rows]

    def largest(self, network: int, one: GiftSum, limit: int) -> list[Gift]:
        """So many of a sum's, the largest first."""
        asked = (
            "SELECT * FROM gifts WHERE network = ? AND tier = ? AND asset = ? "
            "ORDER BY length(amount) DESC, amount DESC LIMIT ?"
        )
        rows = self._db.execute(asked, (network, one.tier, one.asset, limit))
        return [gift_of(row) for row in rows]

    def all(self, network: int) -> list[Gift]:
        """The oldest first."""
        asked = "SELECT * FROM gifts WHERE network = ? ORDER BY height, name"
        return [gift_of(row) for row in self._db.execute(asked, (network,))]

    # Blocks of which it is not known yet

    def wait_for(self, network: int, block: Block) -> None:
        """A block that the chain was followed to."""
        row = (network, *block)
        self._db.execute("INSERT OR REPLACE INTO gift_blocks VALUES (?, ?, ?, ?)", row)

    def waiting(self, network: int, limit: int) -> list[Block]:
        """The lowest first."""
        asked = (
            "SELECT height, hash, parent FROM gift_blocks WHERE network = ? ORDER BY height LIMIT ?"
        )
        rows = self._db.execute(asked, (network, limit))
        return [Block(height, bytes(hash_), bytes(parent)) for height, hash_, parent in rows]

    def has_read(self, network: int, block: Block) -> bool:
        """Whether it was still waited for: else the chain has left it meanwhile."""
        where = "DELETE FROM gift_blocks WHERE network = ? AND height = ? AND hash = ?"
        return self._db.execute(where, (network, block.height, block.hash)).rowcount > 0

    def _lose(self, lost: str, *values: object) -> list[Gift]:
        rows = self._db.execute(lost, values).fetchall()
        for row in rows:
            self._add(row[1], gift_of(row), -1)
        return [gift_of(row) for row in rows]

    def _add(self, network: int, gift: Gift, sign: int) -> None:
        key = (network, gift.tier, gift.asset)
        asked = "SELECT number, amount FROM gift_sums WHERE (network, tier, asset) = (?, ?, ?)"
        number, amount = self._db.execute(asked, key).fetchone() or (0, "0")
        row = (*key, number + sign, str(int(amount) + sign * gift.amount))
        self._db.execute("INSERT OR REPLACE INTO gift_sums VALUES (?, ?, ?, ?, ?)", row)


def gift_of(row: Sequence[Any]) -> Gift:
    """A row of the table's."""
    name, _, height, txid, tier, asset, amount = row
    return Gift(bytes(name), height, bytes(txid), tier, asset, int(amount))


def wanted(network: int, tier: int, asset: int) -> tuple[str, tuple[int, ...]]:
    """What to ask another process's store for: those of a tier and asset, by block."""
    asked = "SELECT * FROM gifts WHERE network = ? AND tier = ? AND asset = ? ORDER BY height, name"
    return asked, (network, tier, asset)

"""Blocks of which it is not known yet what their contracts sent, as the watcher keeps them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Block

SCHEMA = """
CREATE TABLE IF NOT EXISTS call_blocks (
    network INTEGER NOT NULL, height INTEGER NOT NULL, hash BLOB NOT NULL, parent BLOB NOT NULL,
    brings_gifts INTEGER NOT NULL, is_lost INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (network, height)
) WITHOUT ROWID;
"""

# What `is_lost` of a block says.
WAITS, LOST, LATE = range(3)


class CallBlock(NamedTuple):
    """`brings_gifts`: what came to tiers in it is asked for too."""

    block: Block
    brings_gifts: bool


class CallBlocks(NamedTuple):
    """How many wait, and how many a node has lost the state of, or told of too late.

    Of these: from which height to which.
    """

    waiting: int
    lost: int
    lowest: int
    highest: int


class KeptCalls:
    """In the watcher's store. Who changes several at once stands within `Store.together`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def wait_for(self, network: int, one: CallBlock) -> None:
        """A block that ran code, and that the chain was followed to."""
        row = (network, *one.block, one.brings_gifts, WAITS)
        self._db.execute("INSERT OR REPLACE INTO call_blocks VALUES (?, ?, ?, ?, ?, ?)", row)

    def lose_since(self, network: int, height: int) -> None:
        """Blocks from a height on gave way."""
        where = "DELETE FROM call_blocks WHERE network = ? AND height >= ?"
        self._db.execute(where, (network, height))

    def waiting(self, network: int, limit: int) -> list[CallBlock]:
        """The lowest first; none whose state is lost."""
        return self._blocks(network, WAITS, -1, limit)

    def lost(self, network: int, above: int, limit: int) -> list[CallBlock]:
        """Those whose state is lost, from beyond a height on."""
        return self._blocks(network, LOST, above, limit)

    def _blocks(self, network: int, is_lost: int, above: int, limit: int) -> list[CallBlock]:
        asked = (
            "SELECT height, hash, parent, brings_gifts FROM call_blocks "
            "WHERE network = ? AND is_lost = ? AND height > ? ORDER BY height LIMIT ?"
        )
        rows = self._db.execute(asked, (network, is_lost, above, limit))
        return [
            CallBlock(Block(height, bytes(hash_), bytes(parent)), bool(gifts))
            for height, hash_, parent, gifts in rows
        ]

    def count(self, network: int) -> CallBlocks:
        """For operators, and for who compares."""
        asked = (
            "SELECT count(*) FILTER (WHERE NOT is_lost), count(*) FILTER (WHERE is_lost), "
            "ifnull(min(height) FILTER (WHERE is_lost), 0), "
            "ifnull(max(height) FILTER (WHERE is_lost), 0) FROM call_blocks WHERE network = ?"
        )
        row = self._db.execute(asked, (network,)).fetchone()
        return CallBlocks(*map(int, row))

    def is_kept(self, network: int, block: Block) -> bool:
        """Whether it is still asked for: else the chain has left it meanwhile."""
        asked = "SELECT 1 FROM call_blocks WHERE network = ? AND height = ? AND hash = ?"
        key = (network, block.height, block.hash)
        return self._db.execute(asked, key).fetchone() is not None

    def has_read(self, network: int, block: Block) -> None:
        """It is asked for no more."""
        where = "DELETE FROM call_blocks WHERE network = ? AND height = ? AND hash = ?"
        self._db.execute(where, (network, block.height, block.hash))

    def is_too_late(self, network: int, block: Block) -> None:
        """It is asked for no more, and is counted with those that are lost."""
        where = "UPDATE call_blocks SET is_lost = ? WHERE network = ? AND height = ? AND hash = ?"
        self._db.execute(where, (LATE, network, block.height, block.hash))

    def has_lost(self, network: int, block: Block) -> bool:
        """Whether it is new that a node has lost its state: it is asked for seldom from now on."""
        changed = (
            "UPDATE call_blocks SET is_lost = ? "
            "WHERE network = ? AND height = ? AND hash = ? AND NOT is_lost"
        )
        key = (LOST, network, block.height, block.hash)
        return self._db.execute(changed, key).rowcount > 0

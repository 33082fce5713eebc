"""What a worker must not forget: cursors, coins, and what each withdrawal is bound to.

Every change is on disk before the method returns. A plan is kept before it is reported, a signed
transaction before it is given to a node.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fullreserve.custody import kept_calls, kept_gifts
from fullreserve.custody.chains.adapter import Attempt, Block, Departed, Plan
from fullreserve.custody.kept_calls import KeptCalls
from fullreserve.custody.kept_file import Together, open_kept
from fullreserve.custody.kept_gifts import Gift, KeptGifts

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cursors (network INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS coins (
    network INTEGER NOT NULL, outpoint BLOB NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (network, outpoint)
);
CREATE TABLE IF NOT EXISTS plans (
    id INTEGER PRIMARY KEY, network INTEGER NOT NULL, data BLOB NOT NULL,
    is_done INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS open_plans ON plans (network) WHERE NOT is_done;
CREATE TABLE IF NOT EXISTS bound (
    withdrawal INTEGER PRIMARY KEY, plan INTEGER NOT NULL REFERENCES plans (id)
);
CREATE TABLE IF NOT EXISTS attempts (
    plan INTEGER NOT NULL REFERENCES plans (id), number INTEGER NOT NULL,
    txid BLOB NOT NULL, raw BLOB NOT NULL, told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (plan, number)
);
CREATE TABLE IF NOT EXISTS names (
    transfer BLOB PRIMARY KEY, network INTEGER NOT NULL, txid BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS restored (
    network INTEGER PRIMARY KEY, restored_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS left_since (
    network INTEGER NOT NULL, restored_ms INTEGER NOT NULL, height INTEGER NOT NULL,
    hash BLOB NOT NULL, departed BLOB NOT NULL, PRIMARY KEY (network, height)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS adopted (
    network INTEGER PRIMARY KEY, restored_ms INTEGER NOT NULL, others BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS ends (
    plan INTEGER PRIMARY KEY REFERENCES plans (id), network INTEGER NOT NULL,
    height INTEGER NOT NULL, hash BLOB NOT NULL, refunded INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS newest_ends ON ends (network, height);
CREATE TABLE IF NOT EXISTS memos (transfer BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""

WATCHER_STORE = "custody-watcher.sqlite"


class Kept(msgspec.Struct, array_like=True):
    """A plan and how far it has come."""

    id: int
    plan: Plan
    is_accepted: bool = False  # the exchange has bound its withdrawals to it
    since: int = 0  # height at which it was made, or the newest attempt was given to a node
    height: int = 0  # of the block that was reported last
    is_done: bool = False
    is_again: bool = False  # it had ended, and the exchange knows how


_departed = msgspec.json.Decoder(list[Departed])


class End(NamedTuple):
    """The block that a plan ended with, and whether something of it was refunded then."""

    height: int
    hash: bytes
    is_refunded: bool = False


class Store:
    """One file, one worker."""

    def __init__(self, path: Path) -> None:
        self._db = open_kept(path, _SCHEMA + kept_gifts.SCHEMA + kept_calls.SCHEMA)
        self.gifts = KeptGifts(self._db)
        self.calls = KeptCalls(self._db)

    def close(self) -> None:
        self._db.close()

    def together(self) -> Together:
        """Makes what is changed within durable as one, or not at all; nothing awaits within."""
        return Together(self._db)

    # Watching

    def cursor(self, network: int) -> bytes | None:
        row = self._db.execute("SELECT data FROM cursors WHERE network = ?", (network,)).fetchone()
        return bytes(row[0]) if row else None

    def keep_cursor(self, network: int, data: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (network, data))

    def keep_coin(self, network: int, outpoint: bytes, data: bytes) -> None:
        self._db.execute("INSERT OR IGNORE INTO coins VALUES (?, ?, ?)", (network, outpoint, data))

    def lose_coin(self, network: int, outpoint: bytes) -> None:
        where = "DELETE FROM coins WHERE network = ? AND outpoint = ?"
        self._db.execute(where, (network, outpoint))

    def name(self, transfer: bytes, network: int, txid: bytes) -> None:
        """What the journal's name of a transaction stands for."""
        row = (transfer, network, txid)
        self._db.execute("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", row)

    def keep_memo(self, transfer: bytes, text: str) -> None:
        """What a sender wrote where a memo belongs, of a deposit that is nobody's."""
        self._db.execute("INSERT OR IGNORE INTO memos VALUES (?, ?)", (transfer, text))

    def coins(self, network: int) -> Iterator[bytes]:
        for (data,) in self._db.execute("SELECT data FROM coins WHERE network = ?", (network,)):
            yield bytes(data)

    # After a backup was put back

    def is_compared_since(self, network: int, restored_ms: int) -> bool:
        """Whether what left the hot wallet since that backup was looked at."""
        asked = "SELECT 1 FROM restored WHERE network = ? AND restored_ms = ?"
        return self._db.execute(asked, (network, restored_ms)).fetchone() is not None

    def compared_since(self, network: int, restored_ms: int) -> None:
        """All is bound and stopped that was found; nothing of it is asked for any more."""
        row = (network, restored_ms)
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO restored VALUES (?, ?)", row)
            self._db.execute("DELETE FROM adopted WHERE network = ?", (network,))

    def newest_read(self, network: int, restored_ms: int) -> tuple[int, bytes] | None:
        """Height and hash of the newest block that was read since that backup was put back."""
        asked = (
            "SELECT height, hash FROM left_since WHERE network = ? AND restored_ms = ? "
            "ORDER BY height DESC LIMIT 1"
        )
        row = self._db.execute(asked, (network, restored_ms)).fetchone()
        return (row[0], bytes(row[1])) if row else None

    def keep_read(
        self, restored_ms: int, network: int, block: Block, departed: list[Departed]
    ) -> None:
        """A block, and what left the hot wallet in it; in place of what an earlier restore read."""
        row = (network, restored_ms, block.height, block.hash, msgspec.json.encode(departed))
        with self.together():
            where = "DELETE FROM left_since WHERE network = ? AND restored_ms != ?"
            self._db.execute(where, (network, restored_ms))
            self._db.execute("INSERT INTO left_since VALUES (?, ?, ?, ?, ?)", row)

    def lose_read(self, network: int, height: int) -> None:
        """A block gave way."""
        where = "DELETE FROM left_since WHERE network = ? AND height = ?"
        self._db.execute(where, (network, height))

    def departed(self, network: int, restored_ms: int) -> list[Departed]:
        """What left the hot wallet in the blocks that were read, the oldest first."""
        asked = (
            "SELECT departed FROM left_since WHERE network = ? AND restored_ms = ? ORDER BY height"
        )
        rows = self._db.execute(asked, (network, restored_ms))
        return [one for (data,) in rows for one in _departed.decode(data)]

    def keep_adopted(self, network: int, restored_ms: int, others: list[Departed]) -> None:
        """What left hot was taken for payments; `others` pay none, and are to stop their line.

        What an earlier restore has not stopped yet stays among them.
        """
        rest = [one for one in self._others(network) if one not in others]
        row = (network, restored_ms, msgspec.json.encode([*rest, *others]))
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO adopted VALUES (?, ?, ?)", row)
            self._db.execute("DELETE FROM left_since WHERE network = ?", (network,))

    def adopted(self, network: int, restored_ms: int) -> list[Departed] | None:
        """What is to stop its line since that restore; None before anything was taken."""
        asked = "SELECT 1 FROM adopted WHERE network = ? AND restored_ms = ?"
        known = self._db.execute(asked, (network, restored_ms)).fetchone()
        return self._others(network) if known else None

    def _others(self, network: int) -> list[Departed]:
        asked = "SELECT others FROM adopted WHERE network = ?"
        row = self._db.execute(asked, (network,)).fetchone()
        return _departed.decode(row[0]) if row else []

    # Paying

    def keep_plan(self, plan: Plan, height: int = 0) -> Kept:
        """A new plan, made at a height; sqlite3.IntegrityError for a withdrawal that has one."""
        with self.together():
            kept = Kept(0, plan, since=height)
            added = self._db.execute(
                "INSERT INTO plans (network, data) VALUES (?, ?)",
                (plan.network, msgspec.json.encode(kept)),
            )
            kept.id = added.lastrowid or 0
            for withdrawal in plan.withdrawals:
                self._db.execute("INSERT INTO bound VALUES (?, ?)", (withdrawal, kept.id))
            self._write(kept)
        return kept

    def change(self, kept: Kept, attempt: Attempt | None = None) -> None:
        """How far it has come, and what was signed for it if anything was."""
        with self.together():
            self._write(kept)
            if attempt is not None:
                self._db.execute(
                    "INSERT INTO attempts (plan, number, txid, raw) VALUES (?, (SELECT count(*) "
                    "FROM attempts WHERE plan = ?), ?, ?)",
                    (kept.id, kept.id, attempt.txid, attempt.raw),
                )

    def narrow(self, kept: Kept, withdrawal: int) -> None:
        """A withdrawal leaves a plan of which nothing was signed; an empty plan goes with it."""
        assert not self.attempts(kept)
        with self.together():
            self._db.execute("DELETE FROM bound WHERE withdrawal = ?", (withdrawal,))
            if withdrawal in kept.plan.withdrawals:
                self._db.execute("DELETE FROM plans WHERE id = ?", (kept.id,))
            else:
                self._write(kept)

    def drop(self, kept: Kept) -> None:
        """A plan of which nothing was signed is none any more: others take its nonce or coins."""
        assert not self.attempts(kept)
        with self.together():
            self._db.execute("DELETE FROM bound WHERE plan = ?", (kept.id,))
            self._db.execute("DELETE FROM plans WHERE id = ?", (kept.id,))

    def told(self, kept: Kept, txid: bytes) -> None:
        """The exchange knows of this attempt."""
        told = "UPDATE attempts SET told = 1 WHERE plan = ? AND txid = ?"
        self._db.execute(told, (kept.id, txid))

    def attempts(self, kept: Kept) -> list[tuple[Attempt, bool]]:
        """In the order in which they were signed, and whether the exchange knows of them."""
        asked = "SELECT txid, raw, told FROM attempts WHERE plan = ? ORDER BY number"
        rows = self._db.execute(asked, (kept.id,))
        return [(Attempt(bytes(txid), bytes(raw)), bool(told)) for txid, raw, told in rows]

    def begin_again(self, withdrawal: int, *, is_bound: bool) -> bool:
        """Whether its plan was further than the exchange now says; it is to be bound again then."""
        asked = "SELECT data FROM plans JOIN bound ON plan = id WHERE withdrawal = ?"
        (data,) = self._db.execute(asked, (withdrawal,)).fetchone()
        kept = msgspec.json.decode(data, type=Kept)
        if not kept.is_done and (is_bound or not kept.is_accepted):
            return False
        kept.is_done = kept.is_accepted = kept.is_again = False
        kept.height = 0
        self.change(kept)
        self.forget_end(kept)
        return True

    def is_bound(self, withdrawal: int) -> bool:
        asked = "SELECT 1 FROM bound WHERE withdrawal = ?"
        return self._db.execute(asked, (withdrawal,)).fetchone() is not None

    def keep_end(self, kept: Kept, end: End) -> None:
        """With what a plan ended, for the day on which the chain leaves that block."""
        row = (kept.id, kept.plan.network, end.height, end.hash, end.is_refunded)
        self._db.execute("INSERT OR REPLACE INTO ends VALUES (?, ?, ?, ?, ?)", row)

    def forget_end(self, kept: Kept) -> None:
        self._db.execute("DELETE FROM ends WHERE plan = ?", (kept.id,))

    def ended_below(self, network: int, height: int) -> list[tuple[Kept, End]]:
        """The plans that ended with the newest block below a height with which any did."""
        asked = (
            "SELECT data, height, hash, refunded FROM plans JOIN ends ON plan = id "
            "WHERE ends.network = ?1 AND height = (SELECT max(height) FROM ends "
            "WHERE network = ?1 AND height < ?2) ORDER BY id"
        )
        rows = self._db.execute(asked, (network, height)).fetchall()
        return [
            (msgspec.json.decode(data, type=Kept), End(at, bytes(hash_), bool(refunded)))
            for data, at, hash_, refunded in rows
        ]

    def open_plans(self, network: int) -> list[Kept]:
        """All that may still change, oldest first."""
        asked = "SELECT data FROM plans WHERE network = ? AND NOT is_done ORDER BY id"
        rows = self._db.execute(asked, (network,)).fetchall()
        return [msgspec.json.decode(data, type=Kept) for (data,) in rows]

    def unsigned_plans(self, network: int) -> list[Kept]:
        """Those of which nothing was signed, oldest first."""
        asked = (
            "SELECT data FROM plans WHERE network = ? AND NOT is_done AND NOT EXISTS "
            "(SELECT 1 FROM attempts WHERE plan = plans.id) ORDER BY id"
        )
        rows = self._db.execute(asked, (network,)).fetchall()
        return [msgspec.json.decode(data, type=Kept) for (data,) in rows]

    def _write(self, kept: Kept) -> None:
        data = msgspec.json.encode(kept)
        changed = "UPDATE plans SET data = ?, is_done = ? WHERE id = ?"
        self._db.execute(changed, (data, kept.is_done, kept.id))


def read_coins(path: Path, network: int) -> list[bytes]:
    """The coins of another process's store; none without one."""
    return [
        bytes(row[0]) for row in _read(path, "SELECT data FROM coins WHERE network = ?", network)
    ]


def read_cursor(path: Path, network: int) -> bytes | None:
    """How far another process has followed a chain, as it keeps it; None where it has not."""
    rows = _read(path, "SELECT data FROM cursors WHERE network = ?", network)
    return bytes(rows[0][0]) if rows else None


def read_cursors(path: Path) -> list[tuple[int, bytes]]:
    """The networks that another process has followed, and how far, as it keeps it."""
    rows = _read(path, "SELECT network, data FROM cursors")
    return [(int(network), bytes(data)) for network, data in rows]


def read_open(path: Path, network: int) -> list[Plan]:
    """The plans of another process's store that are not final."""
    asked = "SELECT data FROM plans WHERE network = ? AND NOT is_done"
    return [msgspec.json.decode(data, type=Kept).plan for (data,) in _read(path, asked, network)]


def read_signed(path: Path, network: int) -> list[Plan]:
    """Those of them of which something was signed."""
    asked = (
        "SELECT data FROM plans WHERE network = ? AND NOT is_done AND EXISTS "
        "(SELECT 1 FROM attempts WHERE plan = plans.id)"
    )
    return [msgspec.json.decode(data, type=Kept).plan for (data,) in _read(path, asked, network)]


def read_compared(path: Path) -> dict[int, int]:
    """The newest restore, by network, since which another process has compared all of it."""
    return {int(one): int(ms) for one, ms in _read(path, "SELECT * FROM restored")}


class Made(NamedTuple):
    """A plan, and the ids of all that was signed for it."""

    kept: Kept
    txids: frozenset[bytes]


def read_made(path: Path, network: int, *, is_open: bool = False) -> list[Made]:
    """All plans of another process's store, final ones too; `is_open`: those that are not.

    None that ended without anything signed for it: its nonce or coins went to others.
    """
    asked = (
        "SELECT id, data, txid FROM plans LEFT JOIN attempts ON plan = id WHERE network = ? "
        "AND (NOT is_done OR (? AND txid IS NOT NULL)) ORDER BY id"
    )
    found: dict[int, Made] = {}
    for number, data, txid in _read(path, asked, network, not is_open):
        made = found.get(number) or Made(msgspec.json.decode(data, type=Kept), frozenset())
        found[number] = made if txid is None else made._replace(txids=made.txids | {bytes(txid)})
    return list(found.values())


def read_plans(path: Path, network: int) -> list[Plan]:
    """The plans of `read_made`."""
    return [made.kept.plan for made in read_made(path, network)]


def read_gifts(path: Path, network: int, tier: int, asset: int) -> list[Gift]:
    """What strangers sent to a tier, of another process's store, the oldest first."""
    asked, values = kept_gifts.wanted(network, tier, asset)
    return [kept_gifts.gift_of(row) for row in _read(path, asked, *values)]


class Sent(NamedTuple):
    """A plan that is not final, and what was signed for it, in order."""

    plan: Plan
    txids: tuple[bytes, ...]


def read_sent(path: Path, network: int) -> list[Sent]:
    """The open plans of another process's store of which something was signed."""
    asked = (
        "SELECT id, data, txid FROM plans JOIN attempts ON plan = id "
        "WHERE network = ? AND NOT is_done ORDER BY id, number"
    )
    found: dict[int, Sent] = {}
    for number, data, txid in _read(path, asked, network):
        kept = found.get(number) or Sent(msgspec.json.decode(data, type=Kept).plan, ())
        found[number] = kept._replace(txids=(*kept.txids, bytes(txid)))
    return list(found.values())


def read_plan(path: Path, network: int, key: str) -> Sent | None:
    """The open plan of another process's store that moves what a key names; None without one."""
    asked = (
        "SELECT data, txid FROM plans LEFT JOIN attempts ON plan = id "
        "WHERE network = ? AND NOT is_done ORDER BY id, number"
    )
    found: Sent | None = None
    for data, txid in _read(path, asked, network):
        plan = msgspec.json.decode(data, type=Kept).plan
        if plan.move is not None and plan.move.key == key:
            known = found.txids if found is not None else ()
            found = Sent(plan, (*known, bytes(txid)) if txid is not None else known)
    return found


class Name(NamedTuple):
    network: int
    txid: bytes


def read_name(path: Path, transfer: bytes) -> Name | None:
    """The transaction that a name of the journal stands for, by another process's store."""
    rows = _read(path, "SELECT network, txid FROM names WHERE transfer = ?", transfer)
    return Name(rows[0][0], bytes(rows[0][1])) if rows else None


def read_memo(path: Path, transfer: bytes) -> str:
    """What was kept as a deposit's memo, by another process's store; "" for nothing."""
    rows = _read(path, "SELECT text FROM memos WHERE transfer = ?", transfer)
    return str(rows[0][0]) if rows else ""


def _read(path: Path, asked: str, *values: object) -> list[Any]:
    if not path.exists():
        return []
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return db.execute(asked, values).fetchall()
    except sqlite3.OperationalError:  # a store of an older worker, or one that is being made
        return []
    finally:
        db.close()

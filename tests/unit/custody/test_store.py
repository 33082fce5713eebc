"""What becomes of a transaction of the payer's store that the disk does not take."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.kept_file import Together
from fullreserve.custody.store import Store


def test_a_transaction_that_finds_the_disk_full_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    """Criterion: LOG-13.12"""
    db = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE kept (data BLOB)")
    db.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError, match="full"), Together(db):
        db.executemany("INSERT INTO kept VALUES (zeroblob(?))", [(1,), (400_000,)])
    with Together(db):
        db.execute("INSERT INTO kept VALUES (x'02')")
    assert db.execute("SELECT data FROM kept").fetchall() == [(b"\x02",)]
    db.close()


def test_plans_without_a_signature_are_told_apart(tmp_path: Path) -> None:
    """Open ones of their network, oldest first. Criterion: CUST-UNBIND-4."""
    store = Store(tmp_path / "store")
    kept = [store.keep_plan(Plan(network, (n,), bytes(32), b"", 1))
            for n, network in enumerate((1, 1, 2, 1, 1))]  # fmt: skip
    store.change(kept[1], Attempt(b"t" * 32, b"signed"))
    kept[3].is_done = True
    store.change(kept[3])
    assert store.unsigned_plans(1) == [kept[0], kept[4]]
    store.close()

"""What a gateway keeps of keys, and when it forgets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.clock import ManualClock
from fullreserve.identity import store
from fullreserve.identity.api_key import Permission
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.vault import NewKey, Vault
from tests.broken_disk import files_grow_to
from tests.cheap_hashes import CHEAP


class Pair:
    """Somebody who writes, and a gateway."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.writer = Vault(folder, self.clock.wall_ms, CHEAP)
        self.gateway = Vault(folder, self.clock.wall_ms, CHEAP)

    def key(self, expires_ms: int = 0) -> NewKey:
        uid = self.writer.create_user().uid
        return self.writer.create_key(uid, "Phrase 1", Permission.TRADE, expires_ms=expires_ms)

    def found(self, made: NewKey) -> object:
        return self.gateway.api_key(made.key.encode())


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = Pair(tmp_path)
    yield opened
    opened.gateway.close()
    opened.writer.close()


def test_a_change_of_one_user_is_forgotten_of_that_user_alone(pair: Pair) -> None:
    """Criterion: ID-SES-7, ID-8"""
    mine, other = pair.key(), pair.key()
    kept = pair.found(mine)
    assert pair.found(other) is not None
    pair.writer.revoke_key(other.key)
    assert pair.found(other) is None
    assert pair.found(mine) is kept


def test_who_missed_changes_that_are_no_longer_listed_forgets_everything(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ID-8"""
    monkeypatch.setattr(store, "CHANGES_KEPT", 2)
    keys = [pair.key() for _ in range(5)]
    kept = [pair.found(made) for made in keys]
    for made in keys[:4]:
        pair.writer.revoke_key(made.key)
    pair.writer.store.prune_changes()
    listed = pair.writer.store.db.execute("SELECT count(*) FROM changes").fetchone()[0]
    assert listed == 2
    assert [pair.found(made) for made in keys[:4]] == [None] * 4
    last = pair.found(keys[4])
    assert last is not None
    assert last is not kept[4]


def test_a_change_that_is_taken_back_outdates_nothing(pair: Pair) -> None:
    """Criterion: ID-8"""
    made = pair.key()
    kept = pair.found(made)

    def fails() -> None:
        with pair.writer.store.change():
            pair.writer.revoke_key(made.key)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert pair.found(made) is kept
    pair.writer.create_user()
    assert pair.writer.store.last_change() == 0


def test_the_switch_of_a_master_reaches_the_sub_accounts(pair: Pair) -> None:
    """Criterion: ID-API-7"""
    main = pair.key()
    sub = pair.writer.create_user(main_uid=main.uid)
    made = pair.writer.create_key(sub.uid, "Phrase 1", Permission.TRADE)
    held = pair.gateway.api_key(made.key.encode())
    assert held is not None
    assert pair.gateway.is_current(held)
    pair.writer.switch_keys(main.uid, off=True)
    assert not pair.gateway.is_current(held)
    pair.writer.switch_keys(main.uid, off=False)
    assert pair.gateway.is_current(held)


def test_a_key_whose_time_is_over_is_no_longer_current(pair: Pair) -> None:
    """Criterion: ID-API-5. A WebSocket keeps the caller that it logged in with."""
    made = pair.key(expires_ms=pair.clock.wall_ms() + 1000)
    held = pair.gateway.api_key(made.key.encode())
    assert held is not None
    pair.clock.advance(999)
    assert pair.gateway.is_current(held)
    pair.clock.advance(1)
    assert not pair.gateway.is_current(held)


def test_a_change_on_a_full_disk_says_that_it_is_full(pair: Pair) -> None:
    """Criterion: LOG-13.12. SQLite has rolled back by itself then."""
    db = pair.writer.store.db
    db.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError, match="full"), pair.writer.store.change():
        db.execute("INSERT INTO personal VALUES (1, zeroblob(1000000))")
    db.execute("PRAGMA max_page_count = 1000000")
    assert pair.found(pair.key()) is not None


def test_a_store_that_the_disk_refuses_is_not_said_to_be_lost(tmp_path: Path) -> None:
    """Criterion: LOG-13.11"""
    Vault(tmp_path, ManualClock().wall_ms, CHEAP).close()
    with files_grow_to(0), pytest.raises(KeyringError, match="whether the disk is full") as caught:
        Vault(tmp_path, ManualClock().wall_ms, CHEAP)
    assert "backup" not in str(caught.value)


def test_a_full_disk_does_not_keep_a_gateway_from_closing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.12"""
    pair = Pair(tmp_path)
    key = pair.gateway.api_key(pair.key().key.encode())
    assert key is not None
    key.used_ms = 1
    with files_grow_to(0):
        pair.gateway.close()
    assert "last use of keys not stored" in capsys.readouterr().out
    pair.writer.close()

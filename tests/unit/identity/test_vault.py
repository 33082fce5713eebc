"""The identity vault: what it keeps, what it hides, and how fast it forgets."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.identity import demo, keyring, schema
from fullreserve.identity.api_key import Permission, networks
from fullreserve.identity.vault import FIRST_UID, Personal, UnknownUser, Vault

TRADE = Permission.READ_ONLY | Permission.TRADE
NOW_MS = 1_700_000_000_000


def now() -> int:
    return NOW_MS


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault(tmp_path, now)
    yield opened
    opened.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_store_and_master_key_are_private(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-1"""
    vault.create_user()
    assert mode(tmp_path / "identity.db") == 0o600
    assert mode(tmp_path / "identity.key") == 0o600
    assert mode(tmp_path / "identity.generation") == 0o600


def test_users_count_up_and_know_their_master(vault: Vault) -> None:
    """Criterion: ID-2"""
    main = vault.create_user(personal=Personal(name="Ada"))
    sub = vault.create_user(main_uid=main.uid)
    assert (main.uid, main.main_uid) == (FIRST_UID, FIRST_UID)
    assert (sub.uid, sub.main_uid) == (FIRST_UID + 1, FIRST_UID)
    assert vault.sub_accounts(main.uid) == [sub]
    with pytest.raises(UnknownUser):
        vault.create_user(main_uid=99)


def test_nothing_readable_stands_in_the_files(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-3"""
    user = vault.create_user(personal=Personal(name="Grace Hopper", email="grace@navy.example"))
    vault.set_password(user.uid, "correct horse")
    key = vault.create_key(user.uid, "Pass-phrase-1", TRADE, "my label", ["10.1.0.0/16"])
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in ("Grace", "navy", "correct horse", "Pass-phrase-1", "my label", key.secret):
        assert secret.encode() not in content
    assert vault.personal(user.uid).name == "Grace Hopper"
    assert vault.password_matches(user.uid, "correct horse")
    assert not vault.password_matches(user.uid, "wrong horse")


def test_erasing_a_user_deletes_the_data_key_and_revokes(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-4"""
    user = vault.create_user(personal=Personal(name="Gone"))
    key = vault.create_key(user.uid, "p", TRADE)
    with contextlib.closing(sqlite3.connect(tmp_path / "identity.db")) as reader:
        wrapped = reader.execute("SELECT wrapped FROM data_keys").fetchone()[0]
    vault.erase_user(user.uid)
    assert vault.api_key(key.key.encode()) is None
    with pytest.raises(UnknownUser):
        vault.personal(user.uid)
    assert wrapped not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_sealed_row_cannot_be_moved_to_another_user(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-3"""
    first = vault.create_user(personal=Personal(name="First"))
    second = vault.create_user(personal=Personal(name="Second"))
    with contextlib.closing(sqlite3.connect(tmp_path / "identity.db")) as writer, writer:
        writer.execute(
            "UPDATE personal SET sealed = (SELECT sealed FROM personal WHERE uid = ?) "
            "WHERE uid = ?",
            (first.uid, second.uid),
        )
    with pytest.raises(keyring.KeyringError, match="personal"):
        vault.personal(second.uid)


def test_a_sealed_row_that_is_cut_short_says_so(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-3"""
    user = vault.create_user(personal=Personal(name="First"))
    for cut in ("", "00", "00" * 12, "00" * 20):
        with contextlib.closing(sqlite3.connect(tmp_path / "identity.db")) as writer, writer:
            writer.execute(f"UPDATE personal SET sealed = x'{cut}'")
        with pytest.raises(keyring.KeyringError, match="personal"):
            vault.personal(user.uid)


def test_key_signs_and_matches_its_passphrase(vault: Vault) -> None:
    """Criterion: ID-5"""
    user = vault.create_user()
    made = vault.create_key(user.uid, "secret words", TRADE)
    key = vault.api_key(made.key.encode())
    assert key is not None
    assert key.permissions == TRADE
    assert not key.knows_passphrase()
    assert not key.passphrase_matches(b"other words")
    assert key.passphrase_matches(b"secret words")
    assert key.knows_passphrase()
    assert key.passphrase_matches(b"secret words")
    assert not key.passphrase_matches(b"other words")
    assert vault.api_key(made.key.encode()) is key


def test_secrets_stay_out_of_representations(vault: Vault) -> None:
    """Criterion: ID-6"""
    user = vault.create_user(personal=Personal(name="Shy"))
    made = vault.create_key(user.uid, "words", TRADE)
    key = vault.api_key(made.key.encode())
    shown = f"{made!r} {key!r} {vault!r} {vault.personal(user.uid)!r}"
    for secret in (made.secret, "words", "Shy", made.key):
        assert secret not in shown


@pytest.mark.parametrize(
    ("allowed", "caller", "expected"),
    [
        ([], "203.0.113.9", True),
        (["203.0.113.9"], "203.0.113.9", True),
        (["203.0.113.9"], "203.0.113.10", False),
        (["10.0.0.0/8"], "10.200.3.4", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),
        (["2001:db8::/32"], "2001:db8::5", True),
        (["10.0.0.0/8"], "nonsense", False),
    ],
)
def test_ip_list(vault: Vault, allowed: list[str], caller: str, expected: bool) -> None:
    """Criterion: ID-7"""
    user = vault.create_user()
    made = vault.create_key(user.uid, "p", TRADE, addresses=allowed)
    key = vault.api_key(made.key.encode())
    assert key is not None
    assert key.allows_address(caller) is expected


def test_ip_list_is_bounded_and_checked() -> None:
    """Criterion: ID-7"""
    with pytest.raises(ValueError, match="at most 20"):
        networks([f"10.0.0.{n}" for n in range(21)])
    with pytest.raises(ValueError, match="not appear"):
        networks(["10.0.0.0/40"])


def test_a_missing_master_key_is_named(tmp_path: Path) -> None:
    """Criterion: ID-1"""
    vault = Vault(tmp_path, now)
    vault.create_user()
    vault.close()
    (tmp_path / "identity.key").unlink()
    with pytest.raises(keyring.KeyringError, match=r"identity\.key is missing"):
        Vault(tmp_path, now)


def test_a_key_of_another_store_is_named_as_such_at_the_start(tmp_path: Path) -> None:
    """Criterion: ID-12. It is no damaged row; with the right one all is there again."""
    vault = Vault(tmp_path, now)
    users = [vault.create_user(personal=Personal(name="Somebody")) for _ in range(2)]
    vault.close()
    place = tmp_path / "identity.key"
    right = place.read_bytes()
    place.write_text("ab" * 32)
    with pytest.raises(keyring.WrongKey, match=r"identity\.key is not the key of .*identity\.db"):
        Vault(tmp_path, now)
    place.write_bytes(right)
    vault = Vault(tmp_path, now)
    assert [vault.personal(one.uid).name for one in users] == ["Somebody"] * 2
    vault.close()


@pytest.mark.parametrize("table", ["personal", "data_keys"])
def test_a_damaged_row_is_named_as_such(vault: Vault, tmp_path: Path, table: str) -> None:
    """Criterion: ID-12. The key is right, and the others can be read; nor does it stop a start."""
    bad, good = (vault.create_user(personal=Personal(name="Somebody")) for _ in range(2))
    column = "sealed" if table == "personal" else "wrapped"
    with contextlib.closing(sqlite3.connect(tmp_path / "identity.db")) as writer, writer:
        writer.execute(f"UPDATE {table} SET {column} = x'00' WHERE uid = ?", (bad.uid,))
    with pytest.raises(keyring.DamagedRow, match=f"{bad.uid} cannot be opened, and others can"):
        vault.personal(bad.uid)
    assert vault.personal(good.uid).name == "Somebody"
    again = Vault(tmp_path, now)
    assert again.personal(good.uid).name == "Somebody"
    again.close()


def test_one_row_alone_does_not_tell(tmp_path: Path) -> None:
    """Criterion: ID-12. Then the sentence says both."""
    vault = Vault(tmp_path, now)
    user = vault.create_user(personal=Personal(name="Somebody"))
    vault.close()
    (tmp_path / "identity.key").write_text("ab" * 32)
    vault = Vault(tmp_path, now)
    with pytest.raises(keyring.KeyringError, match=r"was altered, or identity\.key is another"):
        vault.personal(user.uid)
    vault.close()


def test_a_missing_store_is_not_replaced_beside_its_key(tmp_path: Path) -> None:
    """Criterion: ID-11"""
    Vault(tmp_path, now).close()
    store = tmp_path / "identity.db"
    store.unlink()
    with pytest.raises(keyring.KeyringError, match=r"identity\.db is missing"):
        Vault(tmp_path, now)
    assert not store.exists()
    store.touch()  # what a first start leaves that was cut off; also the way to begin anew
    Vault(tmp_path, now).close()


def test_keys_of_a_user_show_everything_but_the_secret(vault: Vault) -> None:
    """Criterion: ID-5"""
    user = vault.create_user()
    made = vault.create_key(user.uid, "p", TRADE, "bot", ["10.0.0.1"], expires_ms=NOW_MS + 1)
    key = vault.api_key(made.key.encode())
    assert key is not None
    key.used_ms = NOW_MS + 7
    (row,) = vault.keys_of(user.uid)
    assert (row.key, row.label, row.networks) == (made.key, "bot", ("10.0.0.1/32",))
    assert (row.expires_ms, row.used_ms) == (NOW_MS + 1, NOW_MS + 7)
    assert vault.revoke_key(made.key)
    assert not vault.revoke_key(made.key)
    assert vault.keys_of(user.uid) == []


OTHER_PROCESS = """
import sys
from collections.abc import Iterator
from pathlib import Path
from fullreserve.identity.vault import Vault
vault = Vault(Path(sys.argv[1]), lambda: 0)
print("ready", flush=True)
for line in sys.stdin:
    found = vault.api_key(line.strip().encode())
    print("known" if found else "unknown", flush=True)
"""


def test_revocation_is_in_force_in_another_process_when_acknowledged(
    vault: Vault, tmp_path: Path
) -> None:
    """Criterion: ID-8

    The other process holds the key in its cache, and is asked right after `revoke_key` returned.
    """
    user = vault.create_user()
    made = [vault.create_key(user.uid, "p", TRADE).key for _ in range(5)]
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as other:
        assert other.stdin
        assert other.stdout

        def ask(key: str) -> str:
            assert other.stdin
            assert other.stdout
            other.stdin.write(key + "\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert other.stdout.readline().strip() == "ready"
        for key in made:
            assert ask(key) == "known"
            assert ask(key) == "known"
            vault.revoke_key(key)
            assert ask(key) == "unknown"
        other.stdin.close()


def test_revocation_is_on_disk_when_acknowledged(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-8"""
    user = vault.create_user()
    key = vault.create_key(user.uid, "p", TRADE).key
    vault.revoke_key(key)
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tmp_path.glob("identity.*"):
        (copy / path.name).write_bytes(path.read_bytes())
    reopened = Vault(copy, now)
    assert reopened.api_key(key.encode()) is None
    reopened.close()


def test_demo_keys_file(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-9"""
    accounts = demo.open_accounts(vault, tmp_path, ["trader", "maker-1"])
    path = tmp_path / "demo-keys.json"
    assert mode(path) == 0o600
    rows = json.loads(path.read_text())
    assert [row["name"] for row in rows] == ["trader", "maker-1"]
    assert set(rows[0]) == {"name", "uid", "apiKey", "secret", "passphrase"}
    key = vault.api_key(rows[0]["apiKey"].encode())
    assert key is not None
    assert str(key.uid) == rows[0]["uid"]
    assert key.passphrase_matches(rows[0]["passphrase"].encode())
    again = demo.open_accounts(vault, tmp_path, ["trader", "maker-1", "maker-2"])
    assert again[:2] == accounts
    assert accounts[0].secret not in repr(accounts)


def test_demo_keys_outlast_a_demo_that_stands_still(vault: Vault, tmp_path: Path) -> None:
    """Criterion: ID-9. Also those of a data folder from before keys could end by disuse."""
    demo.open_accounts(vault, tmp_path, ["trader"])
    user = vault.create_user()
    old = vault.create_key(user.uid, "Phrase 1", TRADE)
    rows = json.loads((tmp_path / "demo-keys.json").read_text())
    rows.append(rows[0] | {"name": "old", "uid": str(user.uid), "apiKey": old.key})
    (tmp_path / "demo-keys.json").write_text(json.dumps(rows))
    years = NOW_MS + 10 * 365 * 86_400_000
    for account in demo.open_accounts(vault, tmp_path, ["trader", "old"]):
        key = vault.api_key(account.api_key.encode())
        assert key is not None
        assert not vault.is_expired(key, years)
        assert key.allows_address("203.0.113.9")
        assert key.allows_address("2001:db8::1")


def test_demo_keys_are_the_same_everywhere_only_when_asked(tmp_path: Path) -> None:
    """Criterion: ID-9"""
    found = []
    for name, seed in (("a", 7), ("b", 7), ("c", None)):
        folder = tmp_path / name
        vault = Vault(folder, now)
        found.append(demo.open_accounts(vault, folder, ["trader"], seed)[0])
        vault.close()
    assert found[0] == found[1]
    assert found[0].secret != found[2].secret


def test_a_store_of_the_first_version_is_brought_to_this_one(tmp_path: Path) -> None:
    """Criterion: ID-10"""
    path = tmp_path / "identity.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript(schema._FIRST)
        old.execute("INSERT INTO users VALUES (10000001, 10000001, 7, 0)")
        old.execute("PRAGMA user_version=1")
        old.commit()
    (tmp_path / "identity.key").write_text("00" * 32)
    for _ in range(2):
        with contextlib.closing(Vault(tmp_path, now)) as vault:
            assert vault.user(10_000_001) == (10_000_001, 10_000_001, 7, 0, 0)
            assert vault.create_user().uid > 10_000_001
    with contextlib.closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version=99")
    with pytest.raises(RuntimeError, match="has version 99"):
        Vault(tmp_path, now)

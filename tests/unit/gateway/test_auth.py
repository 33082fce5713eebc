"""Signatures: what is signed, when, by whom and from where."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fullreserve.gateway.auth import Authenticator, require
from fullreserve.gateway.errors import Problem
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey, Vault
from tests.cheap_hashes import CHEAP

NOW = 1_700_000_000_123
TRADE = Permission.READ_ONLY | Permission.TRADE
PATH = b"/api/v5/trade/order"


def stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault(tmp_path, lambda: NOW, CHEAP)
    yield opened
    opened.close()


@pytest.fixture
def made(vault: Vault) -> NewKey:
    return vault.create_key(vault.create_user().uid, "Phrase 1", TRADE)


@pytest.fixture
def auth(vault: Vault) -> Authenticator:
    return Authenticator(vault, lambda: NOW)


def headers(
    made: NewKey, message: bytes, timestamp: str = "", **changes: str
) -> dict[bytes, bytes]:
    timestamp = timestamp or stamp(NOW)
    mac = hmac.digest(made.secret.encode(), timestamp.encode() + message, hashlib.sha256)
    found = {
        "ok-access-key": made.key,
        "ok-access-sign": base64.b64encode(mac).decode(),
        "ok-access-timestamp": timestamp,
        "ok-access-passphrase": made.passphrase,
    }
    found |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name.encode(): value.encode() for name, value in found.items() if value}


def check(auth: Authenticator, sent: dict[bytes, bytes], query: bytes = b"") -> str:
    return auth.request(sent, b"GET", PATH, query, b"", "127.0.0.1", NOW).name


def test_a_signed_request_is_its_keys(auth: Authenticator, made: NewKey) -> None:
    """Criterion: REST-AUTH-1"""
    assert check(auth, headers(made, b"GET" + PATH)) == made.key
    body = b'{"a": 1}'
    sent = headers(made, b"POST" + PATH + body)
    key = auth.request(sent, b"POST", PATH, b"", body, "127.0.0.1", NOW)
    assert key.name == made.key
    assert key.used_ms == NOW


@pytest.mark.parametrize(
    ("signed", "arrived"),
    [
        (b"ccy=BTC", b"ccy=BTC"),
        (b"ccy=BTC%2CETH", b"ccy=BTC%2CETH"),
        (b"ccy=BTC,ETH", b"ccy=BTC%2CETH"),
        (b"a=x y", b"a=x%20y"),
        (b"", b""),
    ],
)
def test_the_query_counts_as_sent_or_as_written(
    auth: Authenticator, made: NewKey, signed: bytes, arrived: bytes
) -> None:
    """Criterion: REST-AUTH-1"""
    assert check(auth, headers(made, b"GET" + PATH + b"?" + signed), arrived) == made.key


@pytest.mark.parametrize(
    ("message", "query"),
    [
        (b"GET" + PATH, b"ccy=BTC"),
        (b"GET" + PATH + b"?ccy=BTC", b"ccy=ETH"),
        (b"POST" + PATH, b""),
        (b"get" + PATH, b""),
        (b"GET" + PATH + b"x", b""),
    ],
)
def test_anything_else_signed_is_50113(
    auth: Authenticator, made: NewKey, message: bytes, query: bytes
) -> None:
    """Criterion: REST-AUTH-1, REST-AUTH-2"""
    with pytest.raises(Problem) as caught:
        check(auth, headers(made, message), query)
    assert (caught.value.code, caught.value.http) == (50113, 401)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ok_access_key": ""}, 50103),
        ({"ok_access_sign": ""}, 50106),
        ({"ok_access_timestamp": ""}, 50107),
        ({"ok_access_passphrase": ""}, 50104),
        ({"ok_access_key": "unknown"}, 50111),
        ({"ok_access_sign": "AAAA"}, 50113),
        ({"ok_access_timestamp": "1700000000"}, 50112),
        ({"ok_access_timestamp": "2023-11-14T22:13:20.123"}, 50112),
        ({"ok_access_timestamp": "2023-99-14T22:13:20.123Z"}, 50112),
        ({"ok_access_timestamp": "2023-11-14T22:13:20.123+00:00Z"}, 50112),
        ({"ok_access_timestamp": "yesterday"}, 50112),
        ({"ok_access_timestamp": "2020-12-08T09:08:57.715Z"}, 50102),
    ],
)
def test_each_missing_or_wrong_part_has_its_code(
    auth: Authenticator, made: NewKey, changes: dict[str, str], code: int
) -> None:
    """Criterion: REST-AUTH-2"""
    with pytest.raises(Problem) as caught:
        check(auth, headers(made, b"GET" + PATH, **changes))
    assert caught.value.code == code
    assert made.secret not in caught.value.message


@pytest.mark.parametrize(
    ("offset", "expected"), [(-30_000, 0), (30_000, 0), (-30_001, 50102), (30_001, 50102)]
)
def test_the_window_is_thirty_seconds_either_side(
    auth: Authenticator, made: NewKey, offset: int, expected: int
) -> None:
    """Criterion: REST-AUTH-2"""
    sent = headers(made, b"GET" + PATH, stamp(NOW + offset))
    if not expected:
        assert check(auth, sent) == made.key
        return
    with pytest.raises(Problem) as caught:
        check(auth, sent)
    assert caught.value.code == expected


def test_a_wrong_passphrase_is_refused_once_the_right_one_is_known(
    auth: Authenticator, made: NewKey, vault: Vault
) -> None:
    """Criterion: REST-AUTH-2"""
    key = vault.api_key(made.key.encode())
    assert key is not None
    assert key.passphrase_matches(made.passphrase.encode())
    with pytest.raises(Problem) as caught:
        check(auth, headers(made, b"GET" + PATH, ok_access_passphrase="other"))
    assert caught.value.code == 50105


def test_expired_revoked_and_foreign_addresses(auth: Authenticator, vault: Vault) -> None:
    """Criterion: REST-AUTH-3, REST-AUTH-5"""
    uid = vault.create_user().uid
    expired = vault.create_key(uid, "p", TRADE, expires_ms=NOW)
    elsewhere = vault.create_key(uid, "p", TRADE, addresses=["10.0.0.0/8"])
    revoked = vault.create_key(uid, "p", TRADE)
    assert check(auth, headers(revoked, b"GET" + PATH)) == revoked.key
    vault.revoke_key(revoked.key)
    for key, code in ((expired, 50111), (elsewhere, 50110), (revoked, 50111)):
        with pytest.raises(Problem) as caught:
            check(auth, headers(key, b"GET" + PATH))
        assert caught.value.code == code


def test_permissions(vault: Vault) -> None:
    """Criterion: REST-AUTH-3"""
    uid = vault.create_user().uid
    reader = vault.api_key(vault.create_key(uid, "p", Permission.READ_ONLY).key.encode())
    assert reader is not None
    require(reader, Permission.READ_ONLY)
    with pytest.raises(Problem, match="trade") as caught:
        require(reader, Permission.TRADE)
    assert caught.value.code == 50120


def login(auth: Authenticator, made: NewKey, timestamp: str, **changes: str) -> str:
    message = f"{timestamp}GET/users/self/verify".encode()
    mac = hmac.digest(made.secret.encode(), message, hashlib.sha256)
    sent = {
        "name": made.key,
        "passphrase": made.passphrase,
        "sign": base64.b64encode(mac).decode(),
        **changes,
    }
    return auth.login(sent["name"], sent["passphrase"], timestamp, sent["sign"], "127.0.0.1").key


@pytest.mark.parametrize("timestamp", [str(NOW // 1000), f"{NOW / 1000:.3f}"])
def test_a_login_signs_the_timestamps_own_text(
    auth: Authenticator, made: NewKey, timestamp: str
) -> None:
    """Criterion: REST-AUTH-1"""
    assert login(auth, made, timestamp) == made.key


@pytest.mark.parametrize(
    ("timestamp", "changes", "code"),
    [
        ("soon", {}, 60004),
        ("nan", {}, 60004),
        ("-1", {}, 60004),
        ("1600000000", {}, 60006),
        (str(NOW), {}, 60004),
        (str(NOW // 1000), {"name": "nobody"}, 60005),
        (str(NOW // 1000), {"sign": "AAAA"}, 60007),
        (str(NOW // 1000), {"passphrase": "other"}, 60024),
    ],
)
def test_login_refusals(
    auth: Authenticator, made: NewKey, timestamp: str, changes: dict[str, str], code: int
) -> None:
    """Criterion: REST-AUTH-2"""
    with pytest.raises(Problem) as caught:
        login(auth, made, timestamp, **changes)
    assert caught.value.code == code

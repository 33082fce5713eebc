"""Signatures that compiled code takes, against the full check: it takes no others."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullreserve._core import SignedRequests, whole_request
from fullreserve.gateway.auth import WINDOW_MS, Authenticator
from fullreserve.gateway.errors import Problem
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey, Vault
from tests.cheap_hashes import CHEAP

NOW_MS = 1_700_000_000_000
PASSPHRASE = "Right-Phrase-1"


class Both:
    """A key, the full check, and the short one that was told of the key."""

    def __init__(self, folder: Path) -> None:
        self.vault = Vault(folder, lambda: NOW_MS, CHEAP)
        uid = self.vault.create_user().uid
        self.key: NewKey = self.vault.create_key(uid, PASSPHRASE, Permission.TRADE)
        self.full = Authenticator(self.vault, lambda: NOW_MS)
        known = self.vault.api_key(self.key.key.encode())
        assert known is not None
        assert known.credentials() is None
        assert known.passphrase_matches(PASSPHRASE.encode())
        credentials = known.credentials()
        assert credentials is not None
        self.short = SignedRequests(0)
        self.short.learn(self.key.key.encode(), *credentials, uid, known)

    def request(self, target: str, stamp: str) -> bytes:
        mac = hmac.digest(self.key.secret.encode(), f"{stamp}GET{target}".encode(), hashlib.sha256)
        lines = (
            f"GET {target} HTTP/1.1", "Host: localhost", f"OK-ACCESS-KEY: {self.key.key}",
            f"OK-ACCESS-SIGN: {base64.b64encode(mac).decode()}", f"OK-ACCESS-TIMESTAMP: {stamp}",
            f"OK-ACCESS-PASSPHRASE: {PASSPHRASE}",
        )  # fmt: skip
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def is_taken_fully(self, data: bytes) -> bool:
        read = whole_request(data)
        if read is None:
            return False
        _, path, query, headers, body = read
        try:
            self.full.request(headers, b"GET", path, query, body, "127.0.0.1", NOW_MS)
        except Problem:
            return False
        return True


def stamp(ms: int) -> str:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("vault"))


def test_the_window_is_that_of_the_full_check(both: Both) -> None:
    """Criterion: REST-AUTH-6"""
    for off in (0, 1, -1, WINDOW_MS, -WINDOW_MS, WINDOW_MS + 1, -WINDOW_MS - 1):
        data = both.request("/api/v5/account/balance?ccy=BTC", stamp(NOW_MS + off))
        short = both.short.read(data, NOW_MS)
        assert (short is not None) == (abs(off) <= WINDOW_MS) == both.is_taken_fully(data)
    assert short is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(["/a", "/a?", "/a?b=%43", "/a?b=c,d"]),
    noise=st.binary(max_size=6),
    at=st.integers(0, 400),
    ms=st.integers(0, 253_402_300_799_999),
    is_near=st.booleans(),
)
def test_nothing_is_taken_that_the_full_check_refuses(
    both: Both, target: str, noise: bytes, at: int, ms: int, is_near: bool
) -> None:
    """Criterion: REST-AUTH-6"""
    signed_ms = NOW_MS + ms % 60_000 - 30_000 if is_near else ms
    data = both.request(target, stamp(signed_ms))
    altered = data[:at] + noise + data[at + len(noise) :]
    for sent in (data, altered):
        read = both.short.read(sent, NOW_MS)
        if read is not None:
            assert both.is_taken_fully(sent)
            assert read[2:] == (b"/a", target.encode().partition(b"?")[2])


def test_what_is_forgotten_is_not_taken(tmp_path: Path) -> None:
    """Criterion: REST-AUTH-5, REST-AUTH-6"""
    both = Both(tmp_path)
    data = both.request("/api/v5/account/balance", stamp(NOW_MS))
    assert both.short.read(data, NOW_MS) is not None
    assert both.short.read(data.replace(b"GET", b"PUT", 1), NOW_MS) is None
    both.short.forget()
    assert both.short.read(data, NOW_MS) is None

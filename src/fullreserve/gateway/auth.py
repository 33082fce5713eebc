"""Who asks: signatures over the bytes that were sent, for REST requests and WebSocket logins.

A REST signature is Base64(HMAC-SHA256(secret, timestamp + METHOD + request target + body)) over the
raw request target. Some clients sign the query as they wrote it and let their HTTP library encode
it afterwards, so a signature over the percent-decoded query is taken too.

A signed request may be repeated within its 30 seconds, as on OKX, where that doubles nothing:
see `rest.once`.

A browser's session cookie is taken wherever a signature is. What changes something also carries the
session's CSRF token in a header, which no foreign page can read or send.
"""

from __future__ import annotations

import hmac
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import unquote_to_bytes

from fullreserve.gateway.errors import Problem
from fullreserve.identity.api_key import ApiKey, Permission, permission_text
from fullreserve.identity.caller import Caller
from fullreserve.identity.session import Session
from fullreserve.identity.vault import Vault

WINDOW_MS = 30_000
TIMESTAMP_EXAMPLE = "2020-12-08T09:08:57.715Z"
WS_PREHASH = b"GET/users/self/verify"
CSRF_HEADER = b"x-csrf-token"
SAFE_METHODS = (b"GET", b"HEAD")


class Authenticator:
    """Checks requests against the vault; `wall_ms` and `now` are of the wall clock."""

    def __init__(self, vault: Vault, wall_ms: Callable[[], int]) -> None:
        self._vault = vault
        self._wall_ms = wall_ms
        self._cookie = vault.rules.session_cookie
        # The second that was read last: many requests come in one, and most of them know the time.
        self._second = b""
        self._second_ms = 0

    def request(
        self,
        headers: Mapping[bytes, bytes],
        method: bytes,
        path: bytes,
        query: bytes,
        body: bytes,
        address: str,
        now: int,
    ) -> Caller:
        """The key that signed a REST request, or the session that sent it; Problem 501xx, 9000x.

        While `knows_passphrase()` of it is false the passphrase has still to be checked: that
        takes argon2's time, which the event loop should not spend.
        """
        name = headers.get(b"ok-access-key")
        if not name and (token := cookie(headers, self._cookie)):
            return self.session(token, headers, method, now)
        sign = headers.get(b"ok-access-sign")
        timestamp = headers.get(b"ok-access-timestamp")
        passphrase = headers.get(b"ok-access-passphrase")
        if not (name and sign and timestamp and passphrase):
            raise Problem(_missing(name, sign, timestamp))
        if abs(now - self._timestamp_ms(timestamp)) > WINDOW_MS:
            raise Problem(50102, allowed=_iso(now))
        key = self._vault.api_key(name)
        if key is None or self._vault.is_expired(key, now):
            raise Problem(50111)
        target = path + b"?" + query if query else path
        if not _signed(key, sign, timestamp + method + target + body):
            # Also for a `?` with nothing behind it, which is lost on the way here.
            decoded = path + b"?" + unquote_to_bytes(query)
            if not _signed(key, sign, timestamp + method + decoded + body):
                raise Problem(50113)
        self._admit(key, address, now)
        if key.knows_passphrase() and not key.passphrase_matches(passphrase):
            raise Problem(50105)
        return key

    def session(
        self, token: bytes, headers: Mapping[bytes, bytes], method: bytes, now: int
    ) -> Session:
        """The session of a cookie; Problem 90002 when it has ended, 90003 without CSRF token."""
        session = self._vault.session(token)
        if session is None:
            raise Problem(90002)
        if method not in SAFE_METHODS and not session.csrf_matches(headers.get(CSRF_HEADER, b"")):
            raise Problem(90003)
        session.admit(now)
        return session

    def _timestamp_ms(self, text: bytes) -> int:
        fraction = text[20:23]
        if text[:20] == self._second and len(text) == 24 and fraction.isdigit() and text[23] == 90:
            return self._second_ms + int(fraction)
        read = timestamp_ms(text)
        if len(text) == 24:
            self._second, self._second_ms = text[:20], read - read % 1000
        return read

    def login(self, name: str, passphrase: str, timestamp: str, sign: str, address: str) -> ApiKey:
        """The key that signed a WebSocket login, `timestamp` as it was sent; Problem 600xx.

        Slow (argon2) the first time that this process meets the key.
        """
        try:
            seconds = float(timestamp)
        except ValueError:
            seconds = float("nan")
        if not 0 < seconds < 1e12:  # also false for NaN
            raise Problem(60004)
        now = self._wall_ms()
        if abs(now - seconds * 1000) > WINDOW_MS:
            raise Problem(60006)
        key = self._vault.api_key(name.encode())
        if key is None or key.is_frozen or self._vault.is_expired(key, now):
            raise Problem(60005)
        if not _signed(key, sign.encode(), timestamp.encode() + WS_PREHASH):
            raise Problem(60007)
        if not key.passphrase_matches(passphrase.encode()):
            raise Problem(60024)
        self._admit(key, address, now)
        return key

    @staticmethod
    def _admit(key: ApiKey, address: str, now: int) -> None:
        if not key.allows_address(address):
            raise Problem(50110, name=address)
        if key.is_frozen:
            raise Problem(50100)
        key.used_ms = now


def cookie(headers: Mapping[bytes, bytes], name: bytes) -> bytes:
    """A cookie's value; empty where there is none."""
    for part in headers.get(b"cookie", b"").split(b";"):
        found, _, value = part.strip().partition(b"=")
        if found == name:
            return value
    return b""


def require(key: Caller, permission: Permission) -> None:
    """Problem 50120 for a key without a permission; every key may read."""
    if permission is not Permission.READ_ONLY and not key.permissions & permission:
        raise Problem(50120, name=permission_text(permission))


def _missing(name: bytes | None, sign: bytes | None, timestamp: bytes | None) -> int:
    if not name:
        return 50103
    if not sign:
        return 50106
    return 50104 if timestamp else 50107


def timestamp_ms(text: bytes) -> int:
    """ISO 8601 in UTC with `Z`, usually with milliseconds; Problem 50112 otherwise."""
    if text[10:11] == b"T" and text[-1:] == b"Z":
        try:
            return int(datetime.fromisoformat(text.decode("ascii")).timestamp() * 1000)
        except (ValueError, OverflowError):
            pass
    raise Problem(50112, allowed=TIMESTAMP_EXAMPLE)


def _iso(ms: int) -> str:
    moment = datetime.fromtimestamp(ms // 1000, tz=_UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


_UTC = datetime.fromisoformat("2000-01-01T00:00:00Z").tzinfo


def _signed(key: ApiKey, sign: bytes, message: bytes) -> bool:
    return hmac.compare_digest(b2a_base64(key.sign(message), newline=False), sign)

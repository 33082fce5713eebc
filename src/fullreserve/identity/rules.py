"""What the identity room goes by: times, counts, the cost of hashes. Defaults for production."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Hashing:
    """Cost of argon2id; the default is OWASP's smallest: 19 MiB, two passes, one lane."""

    passes: int = 2
    memory_kib: int = 19 * 1024
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """Handed in by whoever starts the exchange; tests hand in cheaper hashes and shorter times.

    `origin` is where browsers reach the web app: passkeys are bound to it, links in messages begin
    with it, and cookies are `Secure` when it is https.
    """

    origin: str = "http://localhost:8080"
    hashing: Hashing = field(default_factory=Hashing)
    hashes_at_once: int = 2
    # Longer than what people invent is not more secure, and hashing has its price.
    password_min: int = 10
    password_max: int = 128
    session_idle_ms: int = 12 * HOUR_MS
    session_ends_ms: int = 7 * DAY_MS
    sessions_max: int = 50
    step_up_ms: int = 10 * MINUTE_MS
    ticket_ms: int = 15 * MINUTE_MS
    ticket_failures_max: int = 5
    messages_an_hour: int = 5
    failures_max: int = 10
    failures_of_address_max: int = 30
    failures_window_ms: int = 15 * MINUTE_MS
    device_ms: int = 180 * DAY_MS
    # How long an operator's new passkey counts for nothing, and nothing is approved after a loss.
    approval_wait_ms: int = DAY_MS
    ws_token_ms: int = 30 * SECOND_MS
    key_idle_ms: int = 14 * DAY_MS
    keys_max: int = 50
    sub_accounts_max: int = 30
    # The level of identity of an account that opens: above 0 it may be paid by other users.
    opening_kyc: int = 0
    # How long a change waits for another process's before the vault counts as locked.
    busy_ms: int = SECOND_MS

    @property
    def host(self) -> str:
        """The name that passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self.origin.startswith("https://")

    @property
    def session_cookie(self) -> bytes:
        """The cookie's name; over TLS browsers then take it from this very host alone."""
        return b"__Host-fullreserve-session" if self.is_secure else b"fullreserve-session"

    @property
    def device_cookie(self) -> bytes:
        """The name of the cookie that marks a device that signed in before."""
        return b"__Host-fullreserve-device" if self.is_secure else b"fullreserve-device"


PRODUCTION = Rules()

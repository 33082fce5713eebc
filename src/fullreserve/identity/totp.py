"""Time-based one-time passwords as in RFC 6238: SHA-1, six digits, steps of 30 seconds."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from urllib.parse import quote

STEP_MS = 30_000
DIGITS = 6
SECRET_BYTES = 20  # the length of SHA-1, as RFC 4226 recommends
DRIFT_STEPS = 1  # either side, for a phone's clock


def new_secret() -> bytes:
    """A fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def code(secret: bytes, step: int) -> str:
    """The code of a step: dynamic truncation of RFC 4226, section 5.3."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: bytes, given: str, now_ms: int, after: int = -1) -> int | None:
    """The step that a code belongs to, near now and later than `after`; None for a wrong one.

    Looks at all steps whichever fits, so that the time taken tells nothing.
    """
    now = now_ms // STEP_MS
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if hmac.compare_digest(code(secret, step).encode(), given.encode()) and step > after:
            found = step
    return found


def text(secret: bytes) -> str:
    """A secret as people type it into an authenticator."""
    return b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, account: str, issuer: str) -> str:
    """What the QR code of an authenticator's set-up holds."""
    label = f"{quote(issuer)}:{quote(account)}"
    return (
        f"otpauth://totp/{label}?secret={text(secret)}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_MS // 1000}"
    )

"""Hashes of what people choose themselves: passwords and passphrases (argon2id)."""

from __future__ import annotations

from base64 import b64encode
from secrets import token_bytes
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fullreserve.identity.rules import PRODUCTION, Hashing

SALT_BYTES = 16
DIGEST_BYTES = 32

# A hash carries its own parameters, so checking needs none.
_checker = PasswordHasher()


def hashed(password: str, cost: Hashing = PRODUCTION.hashing) -> str:
    """The salted hash in PHC format; takes tens of milliseconds on purpose."""
    return _hasher(cost).hash(_composed(password))


def is_outdated(phc: str, cost: Hashing) -> bool:
    """Whether a hash was made at another cost than this, and should be made again."""
    return _hasher(cost).check_needs_rehash(phc)


def _hasher(cost: Hashing) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )


def nobodys(cost: Hashing = PRODUCTION.hashing) -> str:
    """A hash of this cost that no password gives: comparing with it takes as long as with any."""
    salt, digest = (
        b64encode(token_bytes(size)).decode().rstrip("=") for size in (SALT_BYTES, DIGEST_BYTES)
    )
    parameters = f"m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"


def matches(phc: str, password: str) -> bool:
    """Whether a password gives this hash."""
    try:
        return _checker.verify(phc, _composed(password))
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    """The same password however a keyboard composes its characters (NFKC, as NIST advises)."""
    return normalize("NFKC", password)

"""Hashes of what people choose themselves: passwords and passphrases (argon2id)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's smallest recommended argon2id setting: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """The salted hash in PHC format; takes tens of milliseconds on purpose."""
    return _hasher.hash(password)


def matches(phc: str, password: str) -> bool:
    """Whether a password gives this hash."""
    try:
        return _hasher.verify(phc, password)
    except (VerificationError, InvalidHashError):
        return False

"""Hashes of what people choose themselves: passwords and passphrases (argon2id)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fullreserve.identity.rules import PRODUCTION, Hashing

# A hash carries its own parameters, so checking needs none.
_checker = PasswordHasher()


def hashed(password: str, cost: Hashing = PRODUCTION.hashing) -> str:
    """The salted hash in PHC format; takes tens of milliseconds on purpose."""
    hasher = PasswordHasher(
        time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
    )
    return hasher.hash(password)


def matches(phc: str, password: str) -> bool:
    """Whether a password gives this hash."""
    try:
        return _checker.verify(phc, password)
    except (VerificationError, InvalidHashError):
        return False

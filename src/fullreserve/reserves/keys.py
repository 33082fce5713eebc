"""The room's two secrets, made at the first start, readable by their owner alone.

Whoever has the signing key can make statements in this exchange's name; whoever has the salt can
tell which leaf is whose. Neither is ever logged, journaled or published.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER = "reserves"
SIGNING, SALT = "signing.key", "salt.key"
SECRET_BYTES = 32


class BadKey(ValueError):
    """A key file cannot be used; the message names it and nothing of what is in it."""


class Signer:
    """Signs statements and checkpoints (Ed25519, RFC 8032)."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def signer(data: Path) -> Signer:
    """This exchange's; BadKey."""
    return Signer(_secret(data / FOLDER / SIGNING))


def salt(data: Path) -> bytes:
    """What leaves are salted from; BadKey."""
    return _secret(data / FOLDER / SALT)


def _secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
    try:
        if path.stat().st_mode & 0o077:
            raise BadKey(f"{path} can be read by others; `chmod 600` it")
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as problem:
        if isinstance(problem, BadKey):
            raise
        raise BadKey(f"{path} is no key of 32 bytes in hexadecimal digits") from None
    if len(secret) != SECRET_BYTES:
        raise BadKey(f"{path} is no key of 32 bytes in hexadecimal digits")
    return secret

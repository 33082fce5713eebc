"""A file of secrets, encrypted under a passphrase: scrypt, then AES-256-GCM."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"fullreserve keys 1\n"
_SALT, _NONCE = 16, 12
# About a tenth of a second and 64 MB: RFC 7914, section 2.
_N, _R, _P = 2**16, 8, 1


class KeyFileError(ValueError):
    """The file cannot be opened; the message holds nothing of it."""


def seal(path: Path, secrets: dict[str, bytes], passphrase: bytes) -> None:
    """Writes a new file, readable by its owner alone; FileExistsError."""
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    content = msgspec.msgpack.encode(secrets)
    body = AESGCM(_key(passphrase, salt)).encrypt(nonce, content, MAGIC)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC + salt + nonce + body)
        file.flush()
        os.fsync(file.fileno())


def unseal(path: Path, passphrase: bytes) -> dict[str, bytes]:
    """The secrets by name; KeyFileError for a wrong passphrase or a changed file."""
    data = path.read_bytes()
    if not data.startswith(MAGIC):
        raise KeyFileError(f"{path} is no file of keys")
    salt, rest = data[len(MAGIC) :][:_SALT], data[len(MAGIC) + _SALT :]
    try:
        content = AESGCM(_key(passphrase, salt)).decrypt(rest[:_NONCE], rest[_NONCE:], MAGIC)
    except (InvalidTag, ValueError):
        raise KeyFileError(f"{path}: the passphrase is wrong, or the file was changed") from None
    return msgspec.msgpack.decode(content, type=dict[str, bytes])


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)

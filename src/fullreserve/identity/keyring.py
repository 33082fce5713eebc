"""The master key and the data keys it wraps: erasing a user's data key erases the user's data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyringError(Exception):
    """The master key is missing, malformed or not the one the data was sealed with."""


class WrongKey(KeyringError):
    """The master key is another store's: nothing can be opened with it."""


class DamagedRow(KeyringError):
    """One sealed row was altered or cut short; the key is right, and opens the others.

    `kind` is what the row holds, and names nobody.
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def load_or_make(path: Path, *, may_make: bool) -> bytes:
    """The master key of a file; made with mode 0600 when there is none and `may_make`."""
    try:
        text = path.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        if not may_make:
            raise KeyringError(
                f"{path} is missing, and without it the identity store cannot be read; "
                "put it back from your backup"
            ) from None
        return _make(path)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{path} does not hold a master key of {KEY_BYTES} bytes in hexadecimal")
    return key


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, key.hex().encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)
    return key


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def new_key() -> bytes:
    """A fresh data key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """AES-256-GCM under a random nonce; `place` is authenticated, so a blob cannot be moved."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """The plain bytes that `seal` took; KeyringError if key, place or bytes are others."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):  # the latter for what is cut short
        raise KeyringError(
            f"{place} cannot be opened: it was altered, or sealed with another key"
        ) from None

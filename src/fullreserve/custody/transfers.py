"""How a transaction is named in the journal: by a keyed hash, which nobody can look up outside."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

FILE = "custody-salt"
SALT = 32


def salt_of(data: Path) -> bytes:
    """The data folder's salt, made at first use; ValueError when the file is damaged."""
    path = data / FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(SALT))
            file.flush()
            os.fsync(file.fileno())
    salt = path.read_bytes()
    if len(salt) != SALT:
        raise ValueError(f"{path} is damaged: put it back from your backup")
    return salt


def transfer(salt: bytes, network: int, txid: bytes, output: int = 0) -> bytes:
    """32 bytes; `output` may be -1, the transaction's own value."""
    place = network.to_bytes(4, "big") + txid + output.to_bytes(4, "big", signed=True)
    return hashlib.blake2b(place, digest_size=32, key=salt).digest()

"""Rules of production but for hashes, which cost next to nothing where they are not the matter."""

from __future__ import annotations

from typing import Any

import pytest
from argon2 import low_level

from fullreserve.custody import keyfile
from fullreserve.custody.keys import key_file
from fullreserve.identity.rules import Hashing, Rules

CHEAP = Rules(hashing=Hashing(passes=1, memory_kib=8, lanes=1))


def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What encrypts files of keys, in this process alone: others, as signers, cannot open them."""
    of_argon = low_level.hash_secret_raw

    def cheap(secret: bytes, salt: bytes, *hard: Any) -> bytes:
        *_, length, kind = hard
        return of_argon(secret, salt, 1, 8, 1, length, kind)

    monkeypatch.setattr(keyfile, "_N", 2)
    monkeypatch.setattr(key_file, "hash_secret_raw", cheap)

"""Rules of production but for hashes, which cost next to nothing where they are not the matter."""

from __future__ import annotations

from fullreserve.identity.rules import Hashing, Rules

CHEAP = Rules(hashing=Hashing(passes=1, memory_kib=8, lanes=1))

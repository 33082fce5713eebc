"""One form of JSON for what is hashed and signed: sorted keys, no spaces, ASCII, no floats.

Integers stay below 2^53, so that every language reads them alike; amounts are decimal strings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

INTEGER_MAX = 2**53 - 1


def canonical(value: Mapping[str, object]) -> bytes:
    """The bytes of a statement; TypeError and ValueError for what has no such form."""
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def digest(value: Mapping[str, object]) -> str:
    """SHA-256 of the canonical form, in hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _check(value: object) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key is a string, not {key!r}")
            _check(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _check(one)
    elif isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"{type(value).__name__} has no canonical form")
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        raise ValueError(f"{value} is too large; amounts are strings")

"""Arguments of contract calls: https://docs.soliditylang.org/en/latest/abi-spec.html."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from fullreserve.custody.keccak import keccak256

WORD = 32
ACCOUNT = 20


class Dynamic(bytes):
    """Bytes of any length; bare bytes are an account or a word."""


Argument: TypeAlias = int | bytes | Dynamic | Sequence[int | bytes]


def call(signature: str, *arguments: Argument) -> bytes:
    """`name(types)` and its arguments."""
    return keccak256(signature.encode())[:4] + encoded(*arguments)


def encoded(*arguments: Argument) -> bytes:
    """Heads, then the tails of what has no fixed size."""
    head, tail = b"", b""
    for one in arguments:
        if isinstance(one, int) or (isinstance(one, bytes) and not isinstance(one, Dynamic)):
            head += word(one)
        else:
            head += word(len(arguments) * WORD + len(tail))
            tail += _tail(one)
    return head + tail


def word(value: int | bytes) -> bytes:
    """32 bytes, numbers and accounts to the right."""
    if isinstance(value, int):
        return value.to_bytes(WORD, "big")
    if len(value) not in (ACCOUNT, WORD):
        raise ValueError("an account has 20 bytes, a word 32")
    return value.rjust(WORD, b"\0")


def _tail(value: Dynamic | Sequence[int | bytes]) -> bytes:
    if isinstance(value, Dynamic):
        return word(len(value)) + value + b"\0" * (-len(value) % WORD)
    return word(len(value)) + b"".join(word(one) for one in value)

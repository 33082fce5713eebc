"""Recursive Length Prefix, the encoding of Ethereum.

https://ethereum.org/developers/docs/data-structures-and-encoding/rlp/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | int | Sequence[Item]"

_SHORT = 55
_STRING, _LIST = 0x80, 0xC0


def encode(item: Item) -> bytes:
    """Integers are big-endian without leading zeros; OverflowError for negative ones."""
    if isinstance(item, int):
        return encode(item.to_bytes((item.bit_length() + 7) // 8, "big"))
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(_STRING, len(item)) + item
    body = b"".join(map(encode, item))
    return _head(_LIST, len(body)) + body


def decode_list(data: bytes) -> list[bytes]:
    """The items of an encoded list that is all of `data`; ValueError.

    A list in it is told as it is encoded, as short nodes of a trie stand in others.
    """
    start, end = _span(data, 0)
    if not data or data[0] < _LIST or end != len(data):
        raise ValueError("no list, or more than one")
    found = []
    while start < end:
        inner, after = _span(data, start)
        is_list = data[start] >= _LIST
        found.append(data[start:after] if is_list else data[inner:after])
        start = after
    return found


def _span(data: bytes, at: int) -> tuple[int, int]:
    """Where the item that stands at a place has its content, and ends; ValueError."""
    if at >= len(data):
        raise ValueError("an item ends too soon")
    first = data[at]
    if first < _STRING:
        return at, at + 1
    size = first - (_LIST if first >= _LIST else _STRING)
    start = at + 1
    if size > _SHORT:
        start += size - _SHORT
        size = int.from_bytes(data[at + 1 : start], "big")
    if start + size > len(data):
        raise ValueError("an item ends too soon")
    return start, start + size


def _head(offset: int, length: int) -> bytes:
    if length <= _SHORT:
        return bytes((offset + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + _SHORT + len(size),)) + size

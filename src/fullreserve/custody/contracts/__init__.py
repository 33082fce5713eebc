"""Bytecode of the demo's tokens, compiled from `nodes/contracts` by `npm run compile` there."""

from __future__ import annotations

import json
from pathlib import Path

_WORD = 32


def creation(name: str, *arguments: str | int) -> bytes:
    """The data of the transaction that creates a contract: its code, then its arguments."""
    kept = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return bytes.fromhex(kept["bytecode"]) + _encoded(arguments)


def call(selector: str, *arguments: bytes | int) -> bytes:
    """The data of a call: `transfer(address,uint256)` and its words."""
    from fullreserve.custody.keccak import keccak256

    words = [one if isinstance(one, bytes) else _number(one) for one in arguments]
    return keccak256(selector.encode())[:4] + b"".join(one.rjust(_WORD, b"\0") for one in words)


def _encoded(arguments: tuple[str | int, ...]) -> bytes:
    head, tail = b"", b""
    for one in arguments:
        if isinstance(one, int):
            head += _number(one)
        else:
            head += _number(len(arguments) * _WORD + len(tail))
            text = one.encode()
            tail += _number(len(text)) + text.ljust(-(-len(text) // _WORD) * _WORD, b"\0")
    return head + tail


def _number(value: int) -> bytes:
    return value.to_bytes(_WORD, "big")

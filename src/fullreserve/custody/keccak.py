"""Keccak-256 as Ethereum uses it (the padding from before the SHA-3 standard)."""

from __future__ import annotations

from Crypto.Hash import keccak as _keccak


def keccak256(data: bytes) -> bytes:
    """32 bytes."""
    return _keccak.new(digest_bits=256, data=data).digest()

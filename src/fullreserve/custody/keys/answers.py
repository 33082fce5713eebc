"""Proof that a holder is there: his device signs the newest challenge of his quorum.

A challenge is 32 random bytes with a quorum's number; what is signed begins with words that no
transaction begins with. What the answers come to is the fold of liveness.
"""

from __future__ import annotations

import hashlib

import msgspec

from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.device import Device
from fullreserve.custody.keys.signature import recovered
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange import chart
from fullreserve.exchange.products.liveness import LIVENESS, Answered, AnyWord, Challenge
from fullreserve.exchange.wire.commands import Product

SIZE = 32
_MAGIC = b"Fullreserve liveness\n"
_encode = msgspec.msgpack.Encoder().encode


class NotTaken(RuntimeError):
    """The exchange did not take it, or the answer is not the holder's; the message says why."""


def signed_digest(quorum: int, challenge: bytes) -> bytes:
    """What a holder signs."""
    return hashlib.sha256(_MAGIC + quorum.to_bytes(8, "big") + challenge).digest()


def answer(device: Device, holder: str, quorum: int, challenge: bytes) -> bytes:
    """A holder's answer, 65 bytes; keys.device.DeviceProblem, NotTaken."""
    if len(challenge) != SIZE:
        raise NotTaken(f"a challenge has {SIZE} bytes")
    return device.sign(holder, signed_digest(quorum, challenge))


def is_answered(card: Card, quorum: int, challenge: bytes, signature: bytes) -> bool:
    """Whether the card's key signed it."""
    return recovered(signature, signed_digest(quorum, challenge)) == bytes.fromhex(card.key)


async def challenge(door: Door, quorum: int, digest: bytes) -> None:
    """Puts a challenge to a quorum; NotTaken."""
    await _say(door, Challenge(quorum, digest))


async def report(
    door: Door, card: Card, person: int, quorum: int, digest: bytes, signature: bytes
) -> None:
    """Reports an answer that was checked; NotTaken."""
    if not is_answered(card, quorum, digest, signature):
        raise NotTaken(f"the answer is not {card.holder}'s to this challenge")
    await _say(door, Answered(quorum, person, digest))


async def _say(door: Door, word: AnyWord) -> None:
    command = Product(door.gateway, door.numbers(1), LIVENESS, chart.HOUSE, _encode(word))
    result = await outcome(door, command)
    if isinstance(result, Refused):
        raise NotTaken(result.message)
    if result.code:
        raise NotTaken(f"the exchange refuses it with code {result.code}")

"""Where the coins are, as the room of reserves needs to know: addresses, proof of control."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec


class Place(NamedTuple):
    """An address of the exchange."""

    network: int
    tier: str  # hot, warm, cold, deposit, declared
    address: str
    account: bytes  # as the chain itself has it
    coins: tuple[str, ...] = ()  # outpoints that were declared with it


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """A message and the signatures of the address's keys over it, in hexadecimal digits.

    `form` says how they were made where it is not as our own signers do: `bip137`, `bip322` (whose
    signatures are text), `eip712`, `eip1271`.
    """

    message: str
    signatures: tuple[str, ...]
    script: str = ""
    form: str = ""


class NotProven(Exception):
    """Nobody signs now; the message says why."""


class Control(Protocol):
    """Whoever knows the addresses of a network and has them signed for."""

    async def places(self, network: int) -> Sequence[Place]:
        """All that may hold coins; Unavailable."""

    async def prove(self, place: Place, message: str) -> Ownership:
        """Proof that its keys are ours; NotProven."""


class Said(NamedTuple):
    """What a message of ownership says."""

    exchange: str
    address: str
    network: int
    height: int
    block: str
    at_ms: int


# One address, one exchange and one block: it cannot be used for another, nor made beforehand.
_FORM = "Fullreserve reserves/1 exchange={} address={} network={} height={} block={} at={}"
_READ = re.compile(
    r"Fullreserve reserves/1 exchange=([0-9a-f]{64}) address=([!-~]{1,128}) "
    r"network=([0-9]{1,20}) height=([0-9]{1,20}) block=([0-9a-f]{64}) at=([0-9]{1,20})"
)


def message_of(said: Said) -> str:
    """The text that keys sign."""
    return _FORM.format(*said)


def read_message(text: str) -> Said:
    """What a text says; ValueError for another text."""
    found = _READ.fullmatch(text)
    if found is None:
        raise ValueError("not a message of ownership")
    exchange, address, network, height, block, at_ms = found.groups()
    return Said(exchange, address, int(network), int(height), block, int(at_ms))

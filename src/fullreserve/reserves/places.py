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
    # When it runs out; 0 in messages of before they said it, which ran out after a day.
    until_ms: int = 0

    @property
    def ends_ms(self) -> int:
        """Nobody believes it later than this."""
        return self.until_ms or self.at_ms + DAY_MS


DAY_MS = 24 * 3600 * 1000
# Nobody believes a message that is made for longer.
LASTS_MAX_MS = 30 * DAY_MS
# One address, one exchange and one block: it cannot be used for another, nor made beforehand.
_FORM = "Fullreserve reserves/{} exchange={} address={} network={} height={} block={} at={}"
_READ = re.compile(
    r"Fullreserve reserves/([12]) exchange=([0-9a-f]{64}) address=([!-~]{1,128}) "
    r"network=([0-9]{1,20}) height=([0-9]{1,20}) block=([0-9a-f]{64}) at=([0-9]{1,20})"
    r"(?: until=([1-9][0-9]{0,19}))?"
)


def message_of(said: Said) -> str:
    """The text that keys sign."""
    if not said.until_ms:
        return _FORM.format(1, *said[:6])
    return f"{_FORM.format(2, *said[:6])} until={said.until_ms}"


def read_message(text: str) -> Said:
    """What a text says; ValueError for another text."""
    found = _READ.fullmatch(text)
    if found is None or (found[1] == "2") != (found[8] is not None):
        raise ValueError("not a message of ownership")
    _, exchange, address, network, height, block, at_ms, until_ms = found.groups()
    times = int(at_ms), int(until_ms or 0)
    return Said(exchange, address, int(network), int(height), block, *times)

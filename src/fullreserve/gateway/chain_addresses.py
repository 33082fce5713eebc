"""What a gateway has to know of a chain: how its addresses are written and read."""

from __future__ import annotations

from typing import Protocol

from fullreserve.gateway.told_secrets import secret_in


class ChainAddresses(Protocol):
    """Addresses of one network; pure, and without keys."""

    def address(self, index: int) -> str:
        """The text of an owner's address index, `address:memo` where the chain has memos."""

    def read(self, text: str) -> bytes:
        """The place that a text names; ValueError, which says what is wrong with it."""

    def text(self, place: bytes) -> str:
        """How people write a place; one place has one such text."""


def written(addresses: ChainAddresses, text: str) -> str:
    """An address, with its memo where it has one, as it is always written; ValueError."""
    text = text.strip()
    _, colon, memo = text.partition(":")
    try:
        return addresses.text(addresses.read(text)) + colon + memo
    except ValueError:
        if kind := secret_in(text):
            # Who pastes one has mistaken it for an address, and should not do so elsewhere.
            raise ValueError(f"this is {kind}: show it to nobody, here or elsewhere") from None
        raise

"""What a signer learns from the exchange: which withdrawals are to be paid, where, and which moves.

The same on the exchange's machine, by its door and vault, and elsewhere over TLS
(`keys.remote_view`). A signer judges what it is told, and rebuilds what it signs from it.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.house import House, Rate
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, GetMove, Move
from fullreserve.exchange.products.withdrawal_state import (
    FINAL,
    REVIEWS,
    GetWithdrawal,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import Amount, amount_int

# An order to pay that is not in one of these was not approved, or is over.
_NOT_PAYABLE = frozenset((*FINAL, *REVIEWS, WithdrawalState.QUEUED, WithdrawalState.SHORT))


class Due(msgspec.Struct, array_like=True, frozen=True):
    """What a signer compares of a withdrawal, and no more of its owner than where it goes.

    Amounts are at the asset's ledger scale, 16 bytes. `address` and `memo` are as they stand in the
    address book; both are empty where there is no such entry, or nothing is to be paid.
    """

    number: int
    network: int
    asset: int
    amount: Amount
    fee: Amount
    state: int
    is_approved: bool
    binding: bytes
    address: str = ""
    memo: str = ""

    @property
    def is_payable(self) -> bool:
        """Whether it was approved, and is not over."""
        return self.is_approved and self.state not in _NOT_PAYABLE

    @property
    def value(self) -> int:
        return amount_int(self.amount)


class ExchangeView(Protocol):
    """Read-only. Raises door.protocol.Unavailable where nobody says."""

    async def withdrawals(self, numbers: Sequence[int]) -> list[Due | None]:
        """In the order of their numbers; None for one that the log does not know."""

    async def move(self, number: int) -> Move | None:
        """A move between tiers, None for one that the log does not know."""

    async def rates(self, assets: Sequence[int]) -> Mapping[int, Rate]:
        """What assets are worth at their last prices; without those that have none."""


class LocalView:
    """By the door and the vault of this data folder; without `destinations` no address is told."""

    def __init__(self, house: House, destinations: Destinations | None = None) -> None:
        self._house = house
        self._destinations = destinations

    async def withdrawals(self, numbers: Sequence[int]) -> list[Due | None]:
        return await gather(*(self._withdrawal(one) for one in numbers))

    async def _withdrawal(self, number: int) -> Due | None:
        found: Withdrawal | None = await self._house.ask(wire.WITHDRAWALS, GetWithdrawal(number))
        if found is None:
            return None
        due = Due(
            *(found.number, found.network, found.asset, found.amount, found.fee),
            *(found.state, found.is_approved, found.binding),
        )
        if self._destinations is None or not (due.is_payable and due.binding):
            return due
        try:
            text, memo = self._destinations.of(found.owner, found.network, found.destination)
        except (BadAddress, KeyError, ValueError):
            return due
        return msgspec.structs.replace(due, address=text, memo=memo)

    async def move(self, number: int) -> Move | None:
        found: Move | None = await self._house.ask(TIER_MOVES, GetMove(number))
        return found

    async def rates(self, assets: Sequence[int]) -> Mapping[int, Rate]:
        return await self._house.usd_rates(assets)

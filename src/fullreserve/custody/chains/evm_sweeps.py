"""Which of users' accounts are to be swept, of what, and in which order: the most worth first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fullreserve.custody.chains.evm_transaction import GAS_BARE, GAS_TOKEN
from fullreserve.custody.chains.worth import Worth

LEDGER = 8  # digits after the point


class Swept(NamedTuple):
    """`value` in the chain's coin, 0 where it has no price; `has_gas`: it can pay its way."""

    value: int
    place: bytes
    asset: int
    amount: int
    has_gas: bool


class Holding(NamedTuple):
    """What accounts hold, by account and asset, and what a unit of gas is bid, in wei."""

    held: Mapping[tuple[bytes, int], int]
    coin: int
    tokens: Sequence[int]
    digits: Mapping[int, int]
    fee: int
    worth: Worth

    def due(self, places: Sequence[bytes]) -> list[Swept]:
        """Those that are worth their fee, one asset of each, the most worth first."""
        found = [one for place in places if (one := self._of(place)) is not None]
        # Of those worth as much, the one comes first that was named first.
        return sorted(found, key=lambda one: -one.value)

    def _of(self, place: bytes) -> Swept | None:
        # The coin goes last: it pays the way of what else is there.
        return max(self._tokens(place), default=None) or self._own(place)

    def _tokens(self, place: bytes) -> Iterator[Swept]:
        has_gas = self.held[place, self.coin] >= GAS_TOKEN * self.fee
        gas = GAS_TOKEN if has_gas else GAS_TOKEN + GAS_BARE
        for asset in self.tokens:
            amount = whole(self.held[place, asset], self.digits.get(asset, LEDGER))
            value = self.worth.of(asset, amount)
            if amount and self.worth.pays(value, gas * self.fee):
                yield Swept(value or 0, place, asset, amount, has_gas)

    def _own(self, place: bytes) -> Swept | None:
        coin, fee = self.held[place, self.coin], GAS_BARE * self.fee
        amount = whole(coin - fee, self.digits.get(self.coin, LEDGER))
        if amount <= 0 or not self.worth.pays(coin, fee):
            return None
        return Swept(coin, place, self.coin, amount, has_gas=True)


def whole(amount: int, digits: int) -> int:
    """What of an amount the ledger can express."""
    return int(amount - amount % 10 ** max(0, digits - LEDGER))

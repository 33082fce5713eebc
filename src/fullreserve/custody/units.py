"""Amounts between a chain's units and the ledger's."""

from __future__ import annotations

from typing import NamedTuple


class Scale(NamedTuple):
    """`decimals` of the chain's own unit, `ledger` digits of the exchange's."""

    decimals: int
    ledger: int = 8

    def to_ledger(self, amount: int) -> tuple[int, int]:
        """Whole ledger units, and what lies below in the chain's units."""
        if self.decimals <= self.ledger:
            return int(amount * 10 ** (self.ledger - self.decimals)), 0
        whole, rest = divmod(amount, 10 ** (self.decimals - self.ledger))
        return int(whole), int(rest)

    def to_chain(self, amount: int) -> int:
        """Units of the chain; ValueError for what it cannot express."""
        if self.decimals >= self.ledger:
            return int(amount * 10 ** (self.decimals - self.ledger))
        whole, rest = divmod(amount, 10 ** (self.ledger - self.decimals))
        if rest:
            raise ValueError(f"{amount} is finer than {self.decimals} decimals")
        return int(whole)

    def cost(self, amount: int) -> int:
        """A fee in ledger units, rounded up."""
        whole, rest = self.to_ledger(amount)
        return whole + (rest > 0)

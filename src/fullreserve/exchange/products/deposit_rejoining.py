"""What a reorganisation took after it had arrived, and comes again, beside sweeps of it.

A sweep that was posted is not posted anew when its chain has it again, and one that was on its way
may be final before its deposit is credited again. Either leaves a break: coins have left the tier
of deposits that it did not have: what was swept and, from edition 10 of the rules on, the gas of a
token's sweep. As those that were taken back come again they take that break back first, so that
books and chain end as they were, in whatever order all of it is seen.
"""

from __future__ import annotations

from fullreserve.exchange.products.deposit_state import REJOINS, Deposit
from fullreserve.exchange.products.deposit_table import DepositTable


class Rejoining(DepositTable):
    """By network and asset: what may come again, and how much of the break is of it."""

    def _undone(self, one: Deposit) -> None:
        """It had arrived, and its chain has it no more."""
        if self.state.edition >= REJOINS:
            self._set(self.state.undone, one.transfer, one.value)
            self._known.enter(one)

    def _broke(self, network: int, asset: int, amount: int) -> None:
        """So much has left the tier of deposits that it did not have."""
        if amount > 0 and self.state.undone:
            self._keep_broken(network, asset, self._broken(network, asset) + amount)

    def _may_rejoin(self, one: Deposit) -> bool:
        return one.transfer in self.state.undone

    def _rejoined(self, one: Deposit) -> int:
        """It arrives again, and takes so much of the break back; 0 for any other."""
        if not self._may_rejoin(one):
            return 0
        taken = min(one.value, self._broken(one.network, one.asset))
        self._comes_no_more(one, taken)
        return taken

    def _never_rejoins(self, one: Deposit) -> None:
        if self._may_rejoin(one):
            self._comes_no_more(one, 0)

    def _still_coming(self, network: int) -> dict[int, int]:
        """Of what is in blocks and has not arrived, by asset, what the tier will have more."""
        return {
            asset: value - min(self._known.again(network, asset), self._broken(network, asset))
            for asset, value in self._known.coming(network).items()
        }

    def _comes_no_more(self, one: Deposit, taken: int) -> None:
        self._remove(self.state.undone, one.transfer)
        self._known.enter(one)
        self._keep_broken(one.network, one.asset, self._broken(one.network, one.asset) - taken)

    def _broken(self, network: int, asset: int) -> int:
        return self.state.broken.get(network, {}).get(asset, 0)

    def _keep_broken(self, network: int, asset: int, amount: int) -> None:
        """No more than may come again."""
        amount = min(amount, self._known.undone(network, asset))
        if amount != self._broken(network, asset):
            kept = self.state.broken.setdefault(network, {})
            if amount:
                self._set(kept, asset, amount)
            else:
                self._remove(kept, asset)

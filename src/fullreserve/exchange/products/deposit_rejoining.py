"""What of deposits arrives, or comes again, after a sweep has taken its coins.

A sweep takes all that its address holds, also what has not arrived yet: what is under the least
one, waits to be screened, or came while deposits are stopped. One that was posted is not posted
anew when its chain has it again, and one that was on its way may be final before its deposit is
credited again. Each leaves a break: coins have left the tier of deposits that it did not have, and
from edition 10 of the rules on a token's gas is of them. What comes takes that break back first, so
that books and chain end as they were, in whatever order all of it is seen.
"""

from __future__ import annotations

from fullreserve.exchange.products.deposit_state import EARLY, REJOINS, Deposit
from fullreserve.exchange.products.deposit_table import DepositTable


class Rejoining(DepositTable):
    """By network and asset: what may come, and how much of the break is of it.

    The break is first of what comes again, then, from edition 10 on, of what has not arrived yet.
    """

    def _undone(self, one: Deposit) -> None:
        """It had arrived, and its chain has it no more."""
        if self.state.edition >= REJOINS:
            self._set(self.state.undone, one.transfer, one.value)
            self._known.enter(one)

    def _undone_early(self, one: Deposit) -> None:
        """The same of one that had not arrived: what of the break is of no other is of it."""
        at = (one.network, one.asset)
        short = self._excess(*at) - self._known.others_coming(*at)
        if short > 0:
            early = self.state.early
            self._set(early, one.transfer, early.get(one.transfer, 0) + short)
            self._known.enter(one)

    def _broke(self, network: int, asset: int, amount: int) -> None:
        """So much has left the tier of deposits that it did not have."""
        if amount > 0 and (self.state.undone or self.state.edition >= EARLY):
            self._keep_broken(network, asset, self._broken(network, asset) + amount)

    def _had_arrived(self, one: Deposit) -> bool:
        return one.transfer in self.state.undone

    def _rejoined(self, one: Deposit) -> int:
        """It arrives, again or at first, and takes so much of the break back."""
        if self._comes_again(one):
            taken = min(one.value, self._broken(one.network, one.asset))
            self._comes_no_more(one, taken)
            return taken
        taken = min(one.value, self._excess(one.network, one.asset))
        if taken:
            broken = self._broken(one.network, one.asset)
            self._keep_broken(one.network, one.asset, broken - taken)
        return taken

    def _never_rejoins(self, one: Deposit) -> None:
        if self._comes_again(one):
            self._comes_no_more(one, 0)

    def _still_coming(self, network: int) -> dict[int, int]:
        """Of what is in blocks and has not arrived, by asset, what the tier will have more."""
        found: dict[int, int] = {}
        for asset, value in self._known.coming(network).items():
            again = min(self._known.again(network, asset), self._broken(network, asset))
            early = min(self._known.others_coming(network, asset), self._excess(network, asset))
            found[asset] = value - again - early
        return found

    def _comes_again(self, one: Deposit) -> bool:
        return one.transfer in self.state.undone or one.transfer in self.state.early

    def _comes_no_more(self, one: Deposit, taken: int) -> None:
        for table in (self.state.undone, self.state.early):
            if one.transfer in table:
                self._remove(table, one.transfer)
        self._known.enter(one)
        self._keep_broken(one.network, one.asset, self._broken(one.network, one.asset) - taken)

    def _excess(self, network: int, asset: int) -> int:
        """What of the break is not of what comes again; before edition 10 all is."""
        if self.state.edition < EARLY:
            return 0
        return max(0, self._broken(network, asset) - self._known.undone(network, asset))

    def _broken(self, network: int, asset: int) -> int:
        return self.state.broken.get(network, {}).get(asset, 0)

    def _keep_broken(self, network: int, asset: int, amount: int) -> None:
        """No more than may come."""
        most = self._known.undone(network, asset)
        if self.state.edition >= EARLY:
            most += self._known.others_coming(network, asset)
        amount = min(amount, most)
        if amount != self._broken(network, asset):
            kept = self.state.broken.setdefault(network, {})
            if amount:
                self._set(kept, asset, amount)
            else:
                self._remove(kept, asset)

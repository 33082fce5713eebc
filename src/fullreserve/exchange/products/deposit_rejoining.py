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

    From edition 10 on what comes again has its own part of the break, which the tier lacked as it
    went; the rest is of what comes first. Before, all of the break was of what comes again.
    """

    def _undone(self, one: Deposit, lacking: int) -> None:
        """It had arrived, and its chain has it no more; the tier had so much less by then."""
        if self.state.edition >= REJOINS:
            self._set(self.state.undone, one.transfer, one.value)
        if self.state.edition >= EARLY and lacking:
            self._set(self.state.lacked, one.transfer, lacking)
        self._known.enter(one)
        self._broke(one.network, one.asset, lacking)

    def _broke(self, network: int, asset: int, amount: int) -> None:
        """So much has left the tier of deposits that it did not have."""
        if amount > 0 and (self.state.undone or self.state.edition >= EARLY):
            self._keep_broken(network, asset, self._broken(network, asset) + amount)

    def _had_arrived(self, one: Deposit) -> bool:
        return one.transfer in self.state.undone

    def _rejoined(self, one: Deposit) -> int:
        """It arrives, again or at first, and takes so much of the break back."""
        if self._had_arrived(one):
            taken = min(one.value, self._broken(one.network, one.asset))
            self._comes_no_more(one, taken)
            return taken
        if self.state.edition < EARLY:
            return 0
        broken = self._broken(one.network, one.asset)
        own = self._known.lacked(one.network, one.asset)
        taken = min(one.value, max(0, broken - own))
        self._keep_broken(one.network, one.asset, broken - taken)
        return taken

    def _never_rejoins(self, one: Deposit) -> None:
        """What the tier lacked of it stays a break in the books, which nothing takes back."""
        if self._had_arrived(one):
            lacked = self.state.lacked.get(one.transfer, 0)
            self._comes_no_more(one, min(lacked, self._broken(one.network, one.asset)))

    def _still_coming(self, network: int) -> dict[int, int]:
        """Of what is in blocks and has not arrived, by asset, what the tier will have more."""
        known = self._known
        found: dict[int, int] = {}
        for asset, value in known.coming(network).items():
            broken, most = self._broken(network, asset), known.again(network, asset)
            if self.state.edition >= EARLY:
                broken, most = max(0, broken - known.lacked_away(network, asset)), value
            found[asset] = value - min(most, broken)
        return found

    def _comes_no_more(self, one: Deposit, taken: int) -> None:
        for table in (self.state.undone, self.state.lacked):
            if one.transfer in table:
                self._remove(table, one.transfer)
        self._known.enter(one)
        self._keep_broken(one.network, one.asset, self._broken(one.network, one.asset) - taken)

    def _broken(self, network: int, asset: int) -> int:
        return self.state.broken.get(network, {}).get(asset, 0)

    def _keep_broken(self, network: int, asset: int, amount: int) -> None:
        """Before edition 10 no more than may come again."""
        if self.state.edition < EARLY:
            amount = min(amount, self._known.undone(network, asset))
        if amount != self._broken(network, asset):
            kept = self.state.broken.setdefault(network, {})
            if amount:
                self._set(kept, asset, amount)
            else:
                self._remove(kept, asset)

"""Which spends from places of ours nobody here has planned.

A nonce that an account or a Safe has used, or a coin that was spent, is in one of the payer's plans
or is bound to a move between tiers in the log; else somebody else has its key. What was spent when
ledger and chain agreed last is explained, however it came about: by hand, as a move that operators
had announced, or by a payer whose store was lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.chains import evm_transaction
from fullreserve.custody.chains.adapter import Block, Chain
from fullreserve.custody.holdings import COLD_INDEX, Place
from fullreserve.custody.store import read_plans
from fullreserve.custody.tier_places import SpentCoin
from fullreserve.exchange.products.custody_wire import Tier


class Spend(NamedTuple):
    """A nonce that was used, and the account that used it; or a coin, and who spent it."""

    place: bytes  # account; of coins nothing
    nonce: int
    by_safe: bool = False
    coin: bytes = b""
    tier: int = 0  # of coins


class Planned(NamedTuple):
    """What the log and the wallets of warm and cold say of moves between tiers."""

    bindings: Collection[bytes] = ()
    spent: Sequence[SpentCoin] = ()


NOTHING = Planned()


class Spends:
    """One network's. `payer` is the payer's store."""

    def __init__(self, chain: Chain, payer: Path) -> None:
        self._chain = chain
        self._payer = payer
        self._explained: frozenset[Spend] | None = None

    def explain(self, places: Sequence[Place], block: Block, moves: Planned = NOTHING) -> None:
        """Ledger and chain agree after a block; NodeProblem."""
        self._explained = self._unplanned(places, block, moves)

    def unknown(
        self, places: Sequence[Place], block: Block, moves: Planned = NOTHING, tier: int = 0
    ) -> list[Spend]:
        """Used since they agreed, by a transaction that nobody here planned; NodeProblem.

        Nothing where they never did: what happened before cannot be told. Of coins those of `tier`.
        """
        if self._explained is None:
            return []
        found = self._unplanned(places, block, moves) - self._explained
        return sorted(one for one in found if not one.coin or one.tier == tier)

    def _unplanned(self, places: Sequence[Place], block: Block, moves: Planned) -> frozenset[Spend]:
        if self._chain.is_script:
            return frozenset(self._coins(moves))
        return frozenset(self._nonces(places, block, moves))

    def _nonces(self, places: Sequence[Place], block: Block, moves: Planned) -> Iterator[Spend]:
        chain, accounts = self._chain, [one.place for one in places]
        used = chain.used(accounts, block)
        safes = chain.used_by_safes([one.place for one in places if not one.key], block)
        # Read after the chain: whoever sends keeps his plan before.
        plans = read_plans(self._payer, chain.network)
        planned = {Spend(*taken) for plan in plans if (taken := chain.nonce_of(plan))}
        for place, count in used.items():
            yield from {Spend(place, nonce) for nonce in range(count)} - planned
        for place, count in safes.items():
            for nonce in range(count):
                if evm_transaction.binding(place, nonce) not in moves.bindings:
                    yield Spend(place, nonce, by_safe=True)

    def _coins(self, moves: Planned) -> Iterator[Spend]:
        # Read where it is needed alone: chains of accounts do without.
        from fullreserve.custody.chains import utxo_transaction as tx
        from fullreserve.custody.chains.utxo import UtxoChain

        assert isinstance(self._chain, UtxoChain)
        plans = read_plans(self._payer, self._chain.network)
        planned = {one.outpoint() for plan in plans for one in tx.read_body(plan.body).coins}
        left = [one for one in self._chain.coins.values() if one.outpoint() not in planned]
        for coin in self._chain.spent(left):
            yield Spend(b"", 0, coin=coin.outpoint(), tier=self._tier_of(coin.index))
        for one in moves.spent:
            if one.binding not in moves.bindings:
                yield Spend(b"", 0, coin=one.outpoint, tier=one.tier)

    def _tier_of(self, index: int) -> int:
        if index in self._chain.addresses.own:
            return Tier.HOT
        return Tier.COLD if index == COLD_INDEX else Tier.DEPOSIT

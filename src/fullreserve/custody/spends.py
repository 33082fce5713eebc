"""Which spends from places of ours the payer knows nothing of, on chains of accounts.

A nonce that an account has used is in one of the payer's plans, or somebody else has its key. What
was used when ledger and chain agreed last is explained, however it came about: by hand, as a move
that operators had announced, or by a payer whose store was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Block, Chain
from fullreserve.custody.chains.evm import EvmChain
from fullreserve.custody.chains.evm_transaction import read_body
from fullreserve.custody.holdings import Place
from fullreserve.custody.store import read_plans


class Spend(NamedTuple):
    """A nonce that was used, and the account that used it."""

    place: bytes
    nonce: int


class Spends:
    """One network's. `payer` is the payer's store."""

    def __init__(self, chain: Chain, payer: Path) -> None:
        self._chain = chain
        self._payer = payer
        self._explained: frozenset[Spend] | None = None

    def explain(self, places: Sequence[Place], block: Block) -> None:
        """Ledger and chain agree after a block; NodeProblem."""
        self._explained = self._unplanned(places, block)

    def unknown(self, places: Sequence[Place], block: Block) -> list[Spend]:
        """Used since they agreed, by a transaction that the payer did not plan; NodeProblem.

        Nothing where they never did: what happened before cannot be told.
        """
        if self._explained is None:
            return []
        return sorted(self._unplanned(places, block) - self._explained)

    def _unplanned(self, places: Sequence[Place], block: Block) -> frozenset[Spend]:
        if not isinstance(self._chain, EvmChain):
            return frozenset()
        accounts = [one.place for one in places]
        used = self._chain.used(accounts, block)
        # Read after the chain: whoever sends keeps his plan before.
        bodies = (read_body(plan.body) for plan in read_plans(self._payer, self._chain.network))
        planned = {Spend(body.lane, body.nonce) for body in bodies}
        found = {Spend(one, nonce) for one, count in used.items() for nonce in range(count)}
        return frozenset(found - planned)

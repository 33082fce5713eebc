"""The outputs that are ours on a chain of Bitcoin's family, found by following it.

Whoever pays keeps them in his own store; what is spent is told apart by asking the node when coins
are chosen.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from fullreserve.custody.chains import following
from fullreserve.custody.chains.utxo import UtxoChain
from fullreserve.custody.chains.utxo_transaction import Coin
from fullreserve.custody.store import Store, read_coins

_decode = msgspec.msgpack.Decoder(Coin).decode


class Coins:
    """Keeps a chain's coins as its newest block has them."""

    def __init__(self, chain: UtxoChain, store: Store, terms: following.Terms) -> None:
        self._chain = chain
        self._store = store
        self._terms = terms
        for data in store.coins(chain.network):
            coin = _decode(data)
            chain.coins[coin.outpoint()] = coin

    async def follow(self, first: int = 0) -> None:
        """Reads on to the newest block, at the first time from block `first`; NodeProblem."""
        while await self._step(first):
            pass

    async def _step(self, first: int) -> bool:
        number = self._chain.network
        kept = self._store.cursor(number)
        cursor = following.restore(kept) if kept else await self._begin(first)
        before = cursor.blocks[-1] if cursor.blocks else None

        def advance() -> list[following.Report]:
            return list(following.advance(self._chain, cursor, self._terms))

        reports = await asyncio.to_thread(advance)
        for one in reports:
            if isinstance(one, following.Seen):
                coin = self._chain.take_coin(one.deposit)
                self._store.keep_coin(number, coin.outpoint(), msgspec.msgpack.encode(coin))
            elif isinstance(one, following.Orphaned):
                lost = Coin(one.deposit.txid, one.deposit.output, one.deposit.amount)
                self._chain.coins.pop(lost.outpoint(), None)
                self._store.lose_coin(number, lost.outpoint())
        self._store.keep_cursor(number, following.store(cursor))
        return bool(reports) and cursor.blocks[-1] != before

    async def _begin(self, first: int) -> following.Cursor:
        block = await asyncio.to_thread(self._chain.block, first)
        return following.Cursor([(block.height, block.hash)] if block is not None else [])


def know_coins(chain: UtxoChain, path: Path) -> None:
    """Teaches a chain the coins of a payer's store, for who only reads."""
    for data in read_coins(path, chain.network):
        coin = _decode(data)
        chain.coins[coin.outpoint()] = coin

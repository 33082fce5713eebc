"""Which users' addresses have coins to bring to the hot wallet, and what a chain's coins are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.holdings import COLD_INDEX
from fullreserve.custody.house import AHEAD, House
from fullreserve.custody.networks import Network
from fullreserve.custody.signing import BRANCH
from fullreserve.custody.store import Store
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import (
    Deposit,
    ListDeposits,
    ListNetworks,
    NetworkState,
    Phase,
)

AT_ONCE = 500  # deposits in an answer, newest change first
# Rounds between two looks at every address that ever had a deposit: what a sweep left, or what
# came without being a deposit.
LOOK_AGAIN = 120


class Sweeping:
    """Of one network. An address is looked at when a deposit to it can change no more."""

    def __init__(self, network: Network, chain: Chain, store: Store, house: House) -> None:
        self._network = network
        self._house = house
        self._seen = 0
        self._known: dict[int, None] = {}
        self._due: dict[int, None] = {}
        self._rounds = 0
        self._coins = None
        self._hots: dict[int, None] = {}  # of older generations
        if network.is_script:
            from fullreserve.custody.chains.utxo import UtxoChain
            from fullreserve.custody.coins import Coins

            assert isinstance(chain, UtxoChain)
            # What lies cold is counted, and not spent from here.
            chain.know_also(COLD_INDEX)
            self._coins = Coins(chain, store, network.terms)
            # What older generations' hot wallets hold goes to the newest.
            self._hots = dict.fromkeys(chain.addresses.own[1:])
            self._known = dict(self._hots)
            self._due = dict(self._known)
        self._chain = chain

    async def due(self) -> list[int]:
        """Indexes of addresses that may hold coins to be swept; NodeProblem, Unavailable."""
        if self._coins is not None:
            await self.follow()
        await self._learn()
        self._rounds += 1
        if self.looks_again:
            self._due |= self._known
        waits = bool(self._due) and await self._is_unwatched()
        # What is hot already is no deposit.
        due = [one for one in self._due if not waits or one in self._hots]
        self._due = {one: None for one in self._due if waits and one not in self._hots}
        return due

    async def _is_unwatched(self) -> bool:
        """Whether the log lacks blocks: coins would be moved of which it has not heard.

        NodeProblem, Unavailable.
        """
        states: list[NetworkState] = await self._house.ask(wire.DEPOSITS, ListNetworks())
        here = self._network.network
        seen = next((one.tip.height for one in states if one.terms.network == here and one.tip), 0)
        newest = (await asyncio.to_thread(self._chain.tip)).height if seen else 0
        return newest - seen > self._network.credit_after

    async def follow(self) -> None:
        """Teaches the chain all addresses that were given out, and its coins as far as it goes.

        NodeProblem, Unavailable.
        """
        newest = await self._house.newest_index(self._network.network)
        # A coin that comes while the blocks are read, to an address given out since, is in one that
        # counts as read: nothing would look for it there again.
        ahead = AHEAD if self._coins is not None else 0
        await asyncio.to_thread(self._chain.know, newest + 1 + ahead)
        if self._coins is not None:
            await self._coins.follow()

    async def worth(self) -> Worth:
        """What makes a sweep worth its fee, at the last prices; Unavailable."""
        of, tokens = self._network, self._network.tokens
        rates = await self._house.usd_rates([of.coin, *tokens]) if tokens else {}
        coin = rates.get(of.coin)
        in_coin: dict[int, tuple[int, int]] = {}
        for asset in tokens if coin is not None else ():
            if (token := rates.get(asset)) is not None and coin is not None:
                made = token.usd * coin.units * 10 ** of.decimals[of.coin]
                in_coin[asset] = (made, token.units * coin.usd * 10 ** of.decimals[asset])
        return Worth(of.sweep_worth, in_coin)

    @property
    def looks_again(self) -> bool:
        """Whether this round looks at all that it knows."""
        return self._rounds % LOOK_AGAIN == 0

    def again(self, keys: Sequence[str]) -> None:
        """Addresses to look at once more: what was sent there was gas for the next step."""
        for key in keys:
            if key.startswith(BRANCH):
                self._due[int(key.removeprefix(BRANCH))] = None

    async def _learn(self) -> None:
        """What has changed since the last look, by the page, the newest change first."""
        seen, before, found = self._seen, 0, list[Deposit]()
        while not before or len(found) >= AT_ONCE:
            asked = ListDeposits(0, self._seen, AT_ONCE, before)
            found = await self._house.ask(wire.DEPOSITS, asked)
            for one in found:
                if one.network == self._network.network and one.phase == Phase.UNLOCKED:
                    self._known[one.index] = None
                    self._due[one.index] = None
            if not found:
                break
            seen, before = max(seen, found[0].version), found[-1].version
        self._seen = seen

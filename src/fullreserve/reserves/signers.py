"""The exchange's own addresses, and who signs for them, as the room of custody has them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fullreserve.custody import holdings, networks
from fullreserve.custody.holdings import Place as Held
from fullreserve.custody.house import House, Unknown
from fullreserve.custody.networks import Network
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.tiers import proving
from fullreserve.door.protocol import Door
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.reserves import people
from fullreserve.reserves.places import NotProven, Ownership, Place

_TIERS = {Tier.HOT: "hot", Tier.WARM: "warm", Tier.COLD: "cold", Tier.DEPOSIT: "deposit"}


class Signers:
    """Asks custody where the coins are and has its signers sign."""

    def __init__(self, data: Path, door: Door) -> None:
        self._data = data
        self._house = House(door)
        self._held: dict[str, tuple[Network, Held]] = {}
        self._people: dict[tuple[int, str], tuple[Network, proving.Held]] = {}

    async def places(self, network: int) -> Sequence[Place]:
        """Wallets, people's too, and every address that was given to a user.

        None of an unknown network.
        """
        known = [one for one in networks.load(self._data) if one.network == network]
        if not known:
            return ()
        try:
            newest = await self._house.newest_index(network)
        except Unknown:
            newest = 0
        wallets = await asyncio.to_thread(people.wallets_of, self._data, known[0])
        self._people |= {(network, one.address): (known[0], one) for one in wallets}
        found = [Place(network, one.tier.tier, one.address, one.place) for one in wallets]
        accounts = {one.place for one in wallets}
        for held in holdings.places(known[0], newest):
            if held.place in accounts:
                continue
            self._held[held.address] = (known[0], held)
            tier = _TIERS[held.tier]
            found.append(Place(network, tier, held.address, held.place))
        return found

    async def prove(self, place: Place, message: str) -> Ownership:
        """The signers' own signatures, or those of holders who answer by machine; NotProven."""
        found = self._people.get((place.network, place.address))
        if found is not None:
            return await asyncio.to_thread(self._by_people, *found, message)
        return await self.signed(place.address, message)

    def _by_people(self, network: Network, held: proving.Held, message: str) -> Ownership:
        return people.prove(self._data, people.by_its_chain(network, held, message), message)

    async def signed(self, address: str, message: str, *, hashed: bool = False) -> Ownership:
        """The same of an address that `places` named; `hashed` for OKX's validators."""
        if address not in self._held:
            raise NotProven(f"{address} is no address of ours")
        network, held = self._held[address]
        proving = partial(holdings.prove, hashed=hashed)
        try:
            made = await asyncio.to_thread(proving, self._data, network, held, message)
        except (holdings.NotProven, BadMessage) as problem:
            raise NotProven(str(problem)) from None
        return Ownership(message=message, signatures=made.signatures, script=made.script)

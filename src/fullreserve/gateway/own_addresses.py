"""Which addresses are the exchange's own, and whose: what goes there needs no chain."""

from __future__ import annotations

from functools import partial

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import FindOwner, ListAddresses
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.errors import Problem

AT_ONCE = 5_000


class OwnAddresses:
    """Learns what was given out since it was asked last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[int, dict[str, int]] = {}
        self._newest: dict[int, int] = {}

    async def owner(self, network: int, text: str) -> int:
        """The user that an address was given to, 0 for a stranger's; TooSlow, Unavailable."""
        known = self._known.setdefault(network, {})
        while fresh := await self._fresh(network):
            known |= await self._context.readers.ask(partial(self._texts, network, fresh))
            self._newest[network] = fresh[-1]
        index = known.get(text, 0)
        if not index:
            return 0
        owner: int = await ask(self._context, DEPOSITS, FindOwner(network, index))
        return owner

    async def require_not_house(self, network: int, text: str) -> int:
        """The user that an address was given to, 0 for a stranger's; Problem for a wallet of ours.

        TooSlow, Unavailable.
        """
        owner = await self.owner(network, text)
        is_house = self._context.is_house
        if not owner and await self._context.readers.ask(partial(is_house, network, text)):
            raise Problem(58224, allowed="a user's id, with dest 3")
        return owner

    async def _fresh(self, network: int) -> list[int]:
        question = ListAddresses(network, self._newest.get(network, 0), AT_ONCE)
        found: list[int] = await ask(self._context, DEPOSITS, question)
        return found

    def _texts(self, network: int, indexes: list[int]) -> dict[str, int]:
        addresses = self._context.addresses[network]
        return {addresses.address(index): index for index in indexes}

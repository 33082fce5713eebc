"""Closing an account: refused while anything is in it, then the person is forgotten.

The owner stays in the core under its number, frozen, because the log names it; the vault keeps the
number alone.
"""

from __future__ import annotations

from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange.wire.commands import OwnerFlag, amount_int
from fullreserve.exchange.wire.queries import ListBalances, ListOpenOrders
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.desk import Desk, Rooms
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.owner_flags import change_flags
from fullreserve.identity.store import NOBODY


class Closure:
    """Closes accounts; `door` leads to the core."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk = desk
        self._door = door

    async def close(self, uid: int) -> None:
        """Close a user's account with all sub-accounts; Denied NOT_NOW.

        It is frozen first and looked at again, so that nothing can come in between; a close that a
        crash cut short is asked for again.
        """
        desk = self._desk
        family = await desk.act(_family, desk.rooms, uid)
        await self._check_empty(family)
        frozen = [one for one in family if await self._freeze(one)]
        try:
            await self._check_empty(family)
            await desk.act(_erase, desk.rooms, family)
        except Denied as denied:
            # After any other refusal the vault may have forgotten them.
            if denied.reason is Reason.NOT_NOW:
                for one in frozen:
                    await self._change(one, add=0, drop=OwnerFlag.FROZEN)
            raise

    async def _check_empty(self, family: list[int]) -> None:
        for uid in family:
            if await self._door.query(ListOpenOrders(uid, limit=1)):
                raise Denied(Reason.NOT_NOW, f"account {uid} has open orders; cancel them first")
            for state in await self._door.query(ListBalances(uid)):
                if amount_int(state.balance):
                    raise Denied(Reason.NOT_NOW, f"account {uid} has balances; move them out first")

    async def _freeze(self, uid: int) -> bool:
        """Whether there was something to freeze."""
        return await self._change(uid, add=OwnerFlag.FROZEN, drop=0)

    async def _change(self, uid: int, add: int, drop: int) -> bool:
        """Whether flags changed; Denied NOT_NOW."""
        result = (await change_flags(self._desk, self._door, uid, add, drop)).result
        if isinstance(result, Refused) or (result and result.code):
            raise Denied(Reason.NOT_NOW, "the exchange takes no changes; try again later")
        return result is not None


def _family(rooms: Rooms, uid: int) -> list[int]:
    """Sub-accounts before their master."""
    if rooms.roles.of(uid):
        raise Denied(Reason.NOT_NOW, "an operator's account has to give up its roles first")
    return [*(sub.uid for sub in rooms.subs.of(uid)), uid]


def _erase(rooms: Rooms, family: list[int]) -> None:
    main = family[-1]
    with rooms.store.change():
        user = rooms.vault.user(main)
        if user is None or user.erased_ms:
            return
        if _family(rooms, main) != family:
            raise Denied(Reason.NOT_NOW, "its sub-accounts changed meanwhile; try again")
        email = rooms.vault.personal(main).email
        for uid in family:
            rooms.vault.forget(uid)
        if email:
            rooms.outbox.put(NOBODY, Message(Kind.ACCOUNT_CLOSED, email))
    rooms.vault.wipe()

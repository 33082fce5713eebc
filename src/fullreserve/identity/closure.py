"""Closing an account: refused while anything is in it, then the person is forgotten.

The owner stays in the core under its number, frozen, because the log names it; the vault keeps the
number alone.
"""

from __future__ import annotations

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_int
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner, ListBalances, ListOpenOrders
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.desk import Desk, Rooms
from fullreserve.identity.outbox import Kind, Message
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
        frozen = [owner for one in family if (owner := await self._freeze(one))]
        try:
            await self._check_empty(family)
            await desk.act(_erase, desk.rooms, family)
        except Denied as denied:
            # After any other refusal the vault may have forgotten them.
            if denied.reason is Reason.NOT_NOW:
                for owner in frozen:
                    await self._set_flags(owner, owner.flags)
            raise

    async def _check_empty(self, family: list[int]) -> None:
        for uid in family:
            if await self._door.query(ListOpenOrders(uid, limit=1)):
                raise Denied(Reason.NOT_NOW, f"account {uid} has open orders; cancel them first")
            for state in await self._door.query(ListBalances(uid)):
                if amount_int(state.balance):
                    raise Denied(Reason.NOT_NOW, f"account {uid} has balances; move them out first")

    async def _freeze(self, uid: int) -> OwnerChanged | None:
        """The owner as it was; None where there is nothing to freeze."""
        owner: OwnerChanged | None = await self._door.query(GetOwner(uid))
        if owner is None or owner.flags & OwnerFlag.FROZEN:
            return None
        await self._set_flags(owner, owner.flags | OwnerFlag.FROZEN)
        return owner

    async def _set_flags(self, owner: OwnerChanged, flags: int) -> None:
        number = self._door.numbers(1)
        command = SetOwner(
            self._door.gateway, number, owner.owner, owner.segment, owner.tier, flags, owner.kyc
        )
        result = await outcome(self._door, command)
        if isinstance(result, Refused) or result.code:
            raise Denied(Reason.NOT_NOW, "the exchange takes no changes; try again later")


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

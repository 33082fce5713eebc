"""Changing some of an owner's flags in the core, whose command sets all of them at once."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange.wire.commands import SetOwner
from fullreserve.exchange.wire.events import OwnerChanged, Reply
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.identity.desk import Desk


class FlagsChange(NamedTuple):
    """The owner as it was, None for one that is not open; `result` is None where nothing changed.

    A result that is `Refused`, or a reply with a code, means that the flags are as before.
    """

    before: OwnerChanged | None
    result: Reply | Refused | None


async def change_flags(desk: Desk, door: Door, uid: int, add: int, drop: int = 0) -> FlagsChange:
    """Sets the flags `add`, clears `drop`, and leaves the others as they are."""
    # Between the reading and the writing nobody else may write.
    async with desk.flags_turn:
        owner: OwnerChanged | None = await door.query(GetOwner(uid))
        if owner is None:
            return FlagsChange(None, None)
        flags = owner.flags & ~drop | add
        if flags == owner.flags:
            return FlagsChange(owner, None)
        number = door.numbers(1)
        command = SetOwner(door.gateway, number, uid, owner.segment, owner.tier, flags, owner.kyc)
        return FlagsChange(owner, await outcome(door, command))

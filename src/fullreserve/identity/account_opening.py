"""A user's account in the core: opened by command, and found again after a crash in between."""

from __future__ import annotations

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange.wire.commands import OpenOwner
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner, ListFeeTiers

CUSTOMER_TIER = 1  # tier 0 is the house's own
SEGMENT = 0


class NotOpened(Exception):
    """The exchange took no command; the account is opened at the user's next sign-in."""


async def ensure_open(door: Door, uid: int, main_uid: int, kyc: int = 0) -> None:
    """Open a user's account unless it is open. NotOpened.

    A new master's level of identity is `kyc`; a sub-account has its master's, as segment and tier.
    """
    if await door.query(GetOwner(uid)) is not None:
        return
    segment, tier = SEGMENT, CUSTOMER_TIER
    if main_uid != uid:
        await ensure_open(door, main_uid, main_uid, kyc)
        master: OwnerChanged = await door.query(GetOwner(main_uid))
        segment, tier, kyc = master.segment, master.tier, master.kyc
    elif all(known.tier != CUSTOMER_TIER for known in await door.query(ListFeeTiers())):
        tier = 0
    number = door.numbers(1)
    command = OpenOwner(door.gateway, number, uid, main_uid, segment, tier, kyc=kyc)
    result = await outcome(door, command)
    if isinstance(result, Refused):
        raise NotOpened(result.message)
    # Two sign-ins at once both ask; the second is refused because the first has opened it.
    if result.code and await door.query(GetOwner(uid)) is None:
        raise NotOpened(f"the command was refused with code {result.code}")

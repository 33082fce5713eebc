"""What an approved proposal does outside of the fold that approved it."""

from __future__ import annotations

from fullreserve.exchange.products.approval_acts import AnyAct, ClaimDeposit, Grant
from fullreserve.exchange.products.custody_wire import DEPOSITS, Claim
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.x.operator.claims import waiting
from fullreserve.identity.desk import Rooms
from fullreserve.identity.enrolment import enrol_missing
from fullreserve.identity.roles import Role

# What the log has of a role; never reused.
ROLES = {1: Role.ADMIN, 2: Role.TRADING, 3: Role.SUPPORT, 4: Role.AUDITOR}
NUMBERS = {role: number for number, role in ROLES.items()}

NOTHING_CHANGES = 91_012


async def check(context: Context, act: AnyAct) -> None:
    """Problem 91012 when an act would do nothing by now."""
    if isinstance(act, ClaimDeposit):
        known = [one.transfer for one in await waiting(context)]
        if act.transfer not in known:
            raise Problem(NOTHING_CHANGES)
    if isinstance(act, Grant):
        desk = context.desk
        if ROLES[act.role] in await desk.act(desk.rooms.roles.of, act.owner):
            raise Problem(NOTHING_CHANGES)


async def carry_out(context: Context, act: AnyAct) -> None:
    """Does what was approved; of acts that the fold itself carries out nothing is left."""
    if isinstance(act, ClaimDeposit):
        # Again it changes nothing.
        await say(context, DEPOSITS, Claim(act.network, act.transfer, act.owner))
    elif isinstance(act, Grant):
        role, desk = ROLES[act.role], context.desk
        await desk.act(_grant, desk.rooms, act.owner, role)
        if role is not Role.AUDITOR:
            # Who was dismissed before counts again when others admit them.
            await enrol_missing(context.door, [act.owner])


def _grant(rooms: Rooms, uid: int, role: Role) -> None:
    rooms.roles.grant(uid, role)

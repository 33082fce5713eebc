"""What an approved proposal does outside of the fold that approved it.

The fold has such a proposal as being carried out until it is told what came of it, so that neither
a refusal nor a crash in between leaves one that is done and is not.
"""

from __future__ import annotations

import msgspec
import structlog

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    AllotCoins,
    AnnounceMove,
    AnyAct,
    BookLoss,
    ClaimDeposit,
    Close,
    CloseNetwork,
    EndMove,
    FreeDeposit,
    Grant,
    Report,
    Retire,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_state import Proposal, ProposalState
from fullreserve.exchange.products.calendar_wire import (
    CALENDAR,
    Delist,
    Delisting,
    ListPlans,
    Maintain,
    MaintainNetwork,
    NetworkWindow,
    Plans,
    Window,
)
from fullreserve.exchange.products.custody_wire import DEPOSITS, Announce, Claim, Stop
from fullreserve.exchange.products.deposit_state import DepositState
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    GetMove,
    GiveUp,
    Move,
    MoveState,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.x.operator import allotting, announcing, fold, losing, unbinding
from fullreserve.gateway.rest.x.operator.claims import waiting
from fullreserve.gateway.rest.x.operator.kept_deposits import is_kept, kept
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.enrolment import NotEnrolled, enrol_missing
from fullreserve.identity.roles import Role

# What the log has of a role; never reused.
ROLES = {1: Role.ADMIN, 2: Role.TRADING, 3: Role.SUPPORT, 4: Role.AUDITOR}
NUMBERS = {role: number for number, role in ROLES.items()}

TOO_MANY = 91_009
NOTHING_CHANGES = 91_012
IMPOSSIBLE = 91_013
UNAVAILABLE = 50_001

LOOK_MS = 1_000

log = structlog.get_logger(__name__)


async def check(context: Context, act: AnyAct) -> None:
    """Problem 91012 when an act would do nothing by now, 51000 when it could not be done."""
    if isinstance(act, AnnounceMove):
        await announcing.require_held(context, act)
    if isinstance(act, BookLoss):
        await losing.require_missing(context, act)
    if isinstance(act, AllotCoins):
        await allotting.require_left(context, act)
    if isinstance(act, UnbindPayments):
        await unbinding.require_bound(context, act)
    if isinstance(act, ClaimDeposit):
        known = [one.transfer for one in await waiting(context)]
        if act.transfer not in known:
            raise Problem(NOTHING_CHANGES)
    if isinstance(act, FreeDeposit):
        known = [one.transfer for one in await kept(context) if is_kept(one)]
        if act.transfer not in known:
            raise Problem(NOTHING_CHANGES)
    if isinstance(act, Grant):
        desk = context.desk
        if ROLES[act.role] in await desk.act(desk.rooms.roles.of, act.owner):
            raise Problem(NOTHING_CHANGES)


async def carry_out(context: Context, one: Proposal) -> None:
    """Does what was approved and says so to the fold; again it changes nothing.

    What cannot be done is the proposal's failure. Problem, and Denied, while it cannot be said.
    """
    act = one.act
    if isinstance(act, ClaimDeposit):
        code = await _said(context, DEPOSITS, Claim(act.network, act.transfer, act.owner))
    elif isinstance(act, FreeDeposit):
        free = Stop(act.network, act.transfer, DepositState.CREDITED)
        code = await _said(context, DEPOSITS, free)
    elif isinstance(act, BookLoss):
        code = await _said(context, DEPOSITS, losing.word_of(act, one))
    elif isinstance(act, AllotCoins):
        code = await _said(context, DEPOSITS, allotting.word_of(act, one))
    elif isinstance(act, Close):
        window = Maintain(act.begin_ms, act.preopen_ms, act.end_ms, act.instruments)
        code = await _planned(context, one, window)
    elif isinstance(act, CloseNetwork):
        closing = MaintainNetwork(act.network, act.begin_ms, act.preopen_ms, act.end_ms)
        code = await _planned(context, one, closing)
    elif isinstance(act, Retire):
        going = Delist(act.asset, act.deposits_ms, act.trading_ms, act.withdrawals_ms)
        code = await _planned(context, one, going)
    elif isinstance(act, UnbindPayments):
        code = 0 if await unbinding.carried_out(context, one, act) else IMPOSSIBLE
    elif isinstance(act, EndMove):
        code = await _given_up(context, act.move)
    elif isinstance(act, AnnounceMove):
        said = msgspec.structs.astuple(act)
        code = await _said(context, DEPOSITS, Announce(said[0], one.number, *said[1:]))
    else:
        assert isinstance(act, Grant)
        code = await _give(context, act)
    await fold.ask(context, chart.HOUSE, Report(one.number, code))


async def resume(context: Context) -> None:
    """Carries out what a process before this one had no time for, until nothing of it waits."""
    while True:
        try:
            if not await _resumed(context):
                return
        except Unavailable as problem:
            log.warning("approved proposals wait", problem=str(problem))
        await context.clock.wait_ms(LOOK_MS)


async def _resumed(context: Context) -> int:
    """Tries each that is being carried out; how many wait still. Unavailable."""
    waiting = 0
    for one in (await fold.approvals(context)).proposals.values():
        if one.state is ProposalState.CARRYING:
            try:
                await carry_out(context, one)
            except (Problem, Denied) as problem:
                waiting += 1
                log.warning("an approved proposal waits", proposal=one.number, problem=str(problem))
    return waiting


async def _said(context: Context, fold_number: int, payload: msgspec.Struct) -> int:
    """What a fold is told; the code when it does not take it any more."""
    reply = await say(context, fold_number, payload)
    return IMPOSSIBLE if reply.code else 0


async def _planned(
    context: Context, one: Proposal, terms: Maintain | MaintainNetwork | Delist
) -> int:
    """The code when a plan can be no more; one that was entered since the approval is this one's.

    A process that told the fold may have ended before it said what came of the proposal. By now the
    plan may be over, or called off: entered again it would be refused, or begin anew.
    """
    plans: Plans = await ask(context, CALENDAR, ListPlans())
    known: list[Window | NetworkWindow | Delisting] = [
        *plans.windows,
        *plans.networks,
        *plans.delistings,
    ]
    if any(each.number > one.carried_out and each.terms == terms for each in known):
        return 0
    return await _said(context, CALENDAR, terms)


async def _given_up(context: Context, number: int) -> int:
    """The code when a move cannot be given up any more; one that nothing was bound to has ended."""
    code = await _said(context, TIER_MOVES, GiveUp(number))
    if not code:
        return 0
    found: Move | None = await ask(context, TIER_MOVES, GetMove(number))
    # A process that told the fold may have ended before it said what came of the proposal.
    is_over = found is not None and found.state == MoveState.LAPSED and not found.binding
    return 0 if is_over else code


async def _give(context: Context, act: Grant) -> int:
    """Gives a role, and a voice with it; the code when its holder cannot have one any more.

    Problem while the exchange takes nothing.
    """
    role, desk = ROLES[act.role], context.desk
    if not await desk.act(may_operate, desk.rooms, act.owner):
        return IMPOSSIBLE
    if role is not Role.AUDITOR:
        # Who was dismissed before counts again when others admit them.
        try:
            await enrol_missing(context.door, [act.owner])
        except NotEnrolled as problem:
            if not problem.code:
                raise Problem(UNAVAILABLE, allowed=str(problem)) from None
            return TOO_MANY
    await desk.act(_grant, desk.rooms, act.owner, role)
    return 0


def may_operate(rooms: Rooms, uid: int) -> bool:
    """Whether somebody may have a role: no sub-account, and an account that is open."""
    user = rooms.vault.user(uid)
    return user is not None and user.main_uid == uid and not user.erased_ms


def _grant(rooms: Rooms, uid: int, role: Role) -> None:
    rooms.roles.grant(uid, role)

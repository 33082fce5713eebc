"""`x/operator/propose/…`: one endpoint for each kind of proposal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    Admit,
    AllotCoins,
    AnnounceMove,
    AnyAct,
    AssignIdentity,
    AssignTeam,
    AssignTier,
    BookLoss,
    ClaimDeposit,
    Close,
    CloseNetwork,
    Correct,
    Define,
    EndMove,
    FreeDeposit,
    Grant,
    Propose,
    Release,
    Retire,
    SetThreshold,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_state import CONSOLE, THRESHOLD_MAX, Refused
from fullreserve.exchange.products.calendar_wire import DAY_MS, NOTICES
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, GetMove
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Parameter,
    SetFeeTier,
    SetInstrumentState,
    SetParameter,
    SetSuspension,
    Suspended,
    SuspensionLevel,
    amount_bytes,
)
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, networks_named
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Ccy, InstId, InstIds
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import (
    allotting,
    announcing,
    carrying,
    fold,
    losing,
    sparing,
    unbinding,
)
from fullreserve.gateway.rest.x.operator.accounts_json import HOUSES, WORDS
from fullreserve.gateway.rest.x.operator.busting import bust_of
from fullreserve.gateway.rest.x.operator.claims import unclaimed_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Named, Operator
from fullreserve.gateway.rest.x.operator.kept_deposits import kept_of
from fullreserve.gateway.rest.x.operator.numbers import amount_of, instrument_of, signed_rate
from fullreserve.gateway.rest.x.operator.parameters import (
    STATES,
    Flags,
    ProposalParams,
    StateWord,
    Uid,
)
from fullreserve.gateway.rest.x.operator.proposals import Proposals, roles_for
from fullreserve.gateway.rest.x.operator.terms_json import REASONS, TEAMS
from fullreserve.gateway.rest.x.operator.terms_reading import (
    InstrumentParams,
    ListingParams,
    edit_of,
    listing_of,
)
from fullreserve.identity import directory
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role

P = TypeVar("P", bound=ProposalParams)
Making = Callable[[P], Awaitable[AnyAct]]

DEPOSITS_BEFORE_MS = 7 * DAY_MS
WITHDRAWALS_AFTER_MS = 90 * DAY_MS
NOTICE_MS = NOTICES[0] * DAY_MS
TIME_MAX_MS = 4_102_444_800_000  # 2100-01-01: dates have to be written of a plan's times

PARAMETERS = {one.name.lower(): one for one in Parameter}
ACTIONS = {one.name.lower(): one for one in Suspended if one.name}
LEVELS = {one.name.lower(): one for one in SuspensionLevel}

Number = Annotated[int, Meta(ge=0)]
Tier = Annotated[int, Meta(ge=0, le=65_535, description="A fee tier")]
Rate = Annotated[str, Meta(description="A fraction, for example 0.001")]


class CorrectionParams(ProposalParams):
    """A balance to put right."""

    uid: Uid
    account: Annotated[Literal["trading", "funding"], Meta(description="The user's account")]
    ccy: Ccy
    amount: Annotated[str, Meta(description="Signed; negative takes from the user")]
    house: Annotated[
        Literal["treasury", "fees", "rounding", "insurance"], Meta(description="The other side")
    ]
    reason: Annotated[
        Literal["deposit", "fee", "settlement", "compensation", "error", "other"],
        Meta(description="What it is about"),
    ]


class BustParams(ProposalParams):
    """A trade to take back."""

    inst_id: InstId
    trade_id: Annotated[int, Meta(ge=1, description="The trade's id on its instrument")]


class StateParams(ProposalParams):
    """A state to come."""

    inst_id: InstId
    state: StateWord


class FeeTierParams(ProposalParams):
    """A tier and its rates."""

    tier: Tier
    maker: Rate
    taker: Rate


class UserTierParams(ProposalParams):
    """A user's tier to be."""

    uid: Uid
    tier: Tier


class IdentityParams(ProposalParams):
    """A user's level of identity to be."""

    uid: Uid
    kyc: Annotated[int, Meta(ge=0, le=255, description="The level that was shown; 0: none")]


class ParameterParams(ProposalParams):
    """A parameter of the core."""

    parameter: Annotated[str, Meta(description="One of x/operator/parameters")]
    value: Number


class SuspensionParams(ProposalParams):
    """A suspension to set, change or lift."""

    suspension: Annotated[int, Meta(ge=1, description="Its number")]
    actions: Annotated[str, Meta(description="By comma; none lifts it")]
    level: Annotated[
        Literal["global", "asset", "instrument", "segment", "owner"], Meta(description="Where")
    ]
    key: Number = 0


class ReleaseParams(ProposalParams):
    """Flags to take from a user."""

    uid: Uid
    flags: Flags = 1


class MemberParams(ProposalParams):
    """An operator to count."""

    uid: Uid


class TeamParams(ProposalParams):
    """An operator's team to be."""

    uid: Uid
    team: Annotated[
        Literal["none", "treasury", "risk", "support", "markets", "compliance", "engineering"],
        Meta(description="none takes the operator out of every team"),
    ]


class MaintenanceParams(ProposalParams):
    """When instruments close, pre-open and open again, in exchange time."""

    begin_ts: Annotated[
        int, Meta(ge=1, le=TIME_MAX_MS, description="In ms, after now: no orders, no cancels")
    ]
    end_ts: Annotated[int, Meta(ge=1, le=TIME_MAX_MS, description="In ms: as before")]
    preopen_ts: Annotated[
        int,
        Meta(ge=0, le=TIME_MAX_MS, description="In ms: post-only orders and cancels; 0: none"),
    ] = 0
    inst_ids: Annotated[InstIds, Meta(description="By comma; all without")] = ()


class NetworkParams(ProposalParams):
    """When deposits and withdrawals on a network wait, in exchange time."""

    chain: Annotated[str, Meta(description="The network, for example Bitcoin")]
    begin_ts: Annotated[int, Meta(ge=1, le=TIME_MAX_MS, description="In ms, after now")]
    end_ts: Annotated[int, Meta(ge=1, le=TIME_MAX_MS, description="In ms: withdrawals go on")]
    preopen_ts: Annotated[
        int,
        Meta(ge=0, le=TIME_MAX_MS, description="In ms: deposits are credited; 0: at the end"),
    ] = 0


class DelistingParams(ProposalParams):
    """When an asset goes, in exchange time."""

    ccy: Ccy
    trading_ts: Annotated[
        int, Meta(ge=1, le=TIME_MAX_MS, description="In ms, after now: its pairs end")
    ]
    deposits_ts: Annotated[
        int,
        Meta(ge=0, le=TIME_MAX_MS, description="In ms: deposits end; 0: a week before the pairs"),
    ] = 0
    withdrawals_ts: Annotated[
        int,
        Meta(
            ge=0, le=TIME_MAX_MS, description="In ms: withdrawals end; 0: 90 days after the pairs"
        ),
    ] = 0


class GrantParams(ProposalParams):
    """A role to give."""

    uid: Uid
    role: Annotated[
        Literal["admin", "trading", "support", "auditor"], Meta(description="What they may do")
    ]


class ClaimParams(ProposalParams):
    """Whose a deposit is."""

    uid: Uid
    dep_id: Annotated[str, Meta(description="One of x/operator/deposits/unclaimed")]


class FreeParams(ProposalParams):
    """A deposit to free."""

    dep_id: Annotated[str, Meta(description="One of x/operator/deposits/kept: 11, 13 or 14")]


class EndMoveParams(ProposalParams):
    """A move between tiers that hangs."""

    move: Annotated[int, Meta(ge=1, description="One of x/operator/tiers that is open")]


class ThresholdParams(ProposalParams):
    """Approvals to be needed."""

    threshold: Annotated[int, Meta(ge=1, le=THRESHOLD_MAX)]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    making = _Making(context)

    def endpoint(name: str, shape: type[P], make: Making[P], *roles: Role) -> Named:
        async def propose(who: Operator, params: P) -> bytes:
            return await making.propose(who, await make(params), params)

        propose.__doc__ = make.__doc__
        path = f"propose/{name}"
        return guard.acts(path, shape, propose, *(roles or (Role.ADMIN,)), wants_proof=True)

    trading, support = Role.TRADING, Role.SUPPORT
    return dict(
        (
            endpoint("correction", CorrectionParams, making.correction, support),
            endpoint("bust", BustParams, making.bust, trading),
            endpoint("instrument", InstrumentParams, making.instrument, trading),
            endpoint("listing", ListingParams, making.listing, trading),
            endpoint("state", StateParams, making.state, trading),
            endpoint("fee-tier", FeeTierParams, making.fee_tier, trading),
            endpoint("user-tier", UserTierParams, making.user_tier, trading),
            endpoint("identity", IdentityParams, making.identity, support),
            endpoint("parameter", ParameterParams, making.parameter),
            endpoint("suspension", SuspensionParams, making.suspension),
            endpoint("release", ReleaseParams, making.release, support),
            endpoint("member", MemberParams, making.member),
            endpoint("threshold", ThresholdParams, making.threshold),
            endpoint("grant", GrantParams, making.grant),
            endpoint("team", TeamParams, making.team),
            endpoint("maintenance", MaintenanceParams, making.maintenance, trading),
            endpoint("network-maintenance", NetworkParams, making.network_maintenance, trading),
            endpoint("delisting", DelistingParams, making.delisting, trading),
            endpoint("claim", ClaimParams, making.claim, support),
            endpoint("free-deposit", FreeParams, making.free_deposit, support),
            endpoint("end-move", EndMoveParams, making.end_move, trading),
            endpoint("announce-move", announcing.AnnounceParams, making.announce_move, trading),
            endpoint("loss", losing.LossParams, making.loss, trading),
            endpoint("allot", allotting.AllotParams, making.allot, support),
            endpoint("unbind", unbinding.UnbindParams, making.unbind, trading),
        )
    )


class _Making:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._proposals = Proposals(context)

    async def propose(self, who: Operator, act: AnyAct, params: ProposalParams) -> bytes:
        who.require(*roles_for(act))
        (await sparing.voices(self._context)).require_approvers(roles_for(act))
        asked = Propose(act, params.lasts_ms, who.entry, by_teams=True, spares=True)
        reply = await fold.ask(self._context, who.uid, asked)
        if reply.code:
            raise await fold.problem_of(self._context, reply.code, act)
        state = await fold.approvals(self._context)
        made = state.proposals[reply.sequence]
        return wire.envelope([await self._proposals.row(state, made)])

    async def _known(self, uid: int) -> int:
        if await self._context.door.query(GetOwner(uid)) is None:
            raise Problem(91023, name=f"user: {uid}")
        return uid

    async def correction(self, params: CorrectionParams) -> Correct:
        """Move money between a user's account and one of the house."""
        asset, amount = amount_of(self._catalog, params.ccy, params.amount)
        return Correct(
            AccountKey(await self._known(params.uid), WORDS[params.account], 0),
            AccountKey(chart.HOUSE, HOUSES[params.house], 0),
            asset,
            amount_bytes(amount),
            REASONS[params.reason],
        )

    async def bust(self, params: BustParams) -> AnyAct:
        """Take a trade back."""
        instrument = instrument_of(self._catalog, params.inst_id)
        return await bust_of(self._context, instrument, params.trade_id)

    async def instrument(self, params: InstrumentParams) -> Define:
        """Change an instrument's terms; resting orders keep their price."""
        return Define(edit_of(self._catalog, params))

    async def listing(self, params: ListingParams) -> Define:
        """List an instrument of assets that exist."""
        return Define(listing_of(self._catalog, params))

    async def state(self, params: StateParams) -> Define:
        """Set an instrument's state, also a looser one."""
        instrument = instrument_of(self._catalog, params.inst_id)
        return Define(SetInstrumentState(0, 0, instrument.id, STATES[params.state]))

    async def fee_tier(self, params: FeeTierParams) -> Define:
        """Set the rates of a tier."""
        maker = signed_rate("maker", params.maker)
        return Define(SetFeeTier(0, 0, params.tier, maker, signed_rate("taker", params.taker)))

    async def user_tier(self, params: UserTierParams) -> AssignTier:
        """Put a user into a tier."""
        return AssignTier(await self._known(params.uid), params.tier)

    async def identity(self, params: IdentityParams) -> AssignIdentity:
        """Say who a user has shown to be: the level of the account and of its sub-accounts."""
        rooms = self._context.desk.rooms
        found = await self._context.desk.act(directory.known, rooms, params.uid)
        if found is None:
            raise Problem(91023, name=f"user: {params.uid}")
        if found.listed.user.main_uid != params.uid:
            raise Problem(51000, "uid", "a main account: its sub-accounts have its level")
        subs = tuple(one.user.uid for one in found.subs)
        return AssignIdentity(await self._known(params.uid), params.kyc, subs)

    async def parameter(self, params: ParameterParams) -> Define:
        """Set a parameter of the core."""
        if params.parameter not in PARAMETERS:
            raise Problem(51000, "parameter", ", ".join(PARAMETERS))
        return Define(SetParameter(0, 0, PARAMETERS[params.parameter], params.value))

    async def suspension(self, params: SuspensionParams) -> Define:
        """Set or lift a suspension."""
        actions = 0
        for word in params.actions.split(","):
            if word.strip() not in ACTIONS and word.strip() != "none":
                raise Problem(51000, "actions", ", ".join((*ACTIONS, "none")))
            actions |= ACTIONS.get(word.strip(), 0)
        return Define(
            SetSuspension(0, 0, params.suspension, actions, LEVELS[params.level], params.key)
        )

    async def release(self, params: ReleaseParams) -> Release:
        """Take flags of a user away."""
        return Release(await self._known(params.uid), params.flags)

    async def member(self, params: MemberParams) -> Admit:
        """Let an operator's word count."""
        desk = self._context.desk
        if not await desk.act(_is_operator, desk.rooms, params.uid):
            raise Problem(91023, name=f"operator: {params.uid}")
        return Admit(CONSOLE, params.uid)

    async def team(self, params: TeamParams) -> AssignTeam:
        """Put an operator into a team; two teams agree on what users have."""
        state = await fold.approvals(self._context)
        if params.uid not in fold.console(state).members:
            raise Problem(91023, name=f"operator: {params.uid}")
        return AssignTeam(CONSOLE, params.uid, TEAMS[params.team])

    async def threshold(self, params: ThresholdParams) -> SetThreshold:
        """Set how many approvals are needed; one member, and one admin, has to be to spare."""
        known = await sparing.voices(self._context)
        counting = known.count()
        if params.threshold >= known.group.threshold and counting < params.threshold + 2:
            raise Problem(
                Refused.HANGS, allowed=f"{params.threshold + 2} admins have to count, {counting} do"
            )
        return SetThreshold(CONSOLE, params.threshold)

    async def grant(self, params: GrantParams) -> Grant:
        """Give a user a role; it is theirs when another has approved it."""
        desk = self._context.desk
        if not await desk.act(carrying.may_operate, desk.rooms, params.uid):
            raise Problem(91023, name=f"user who may have a role: {params.uid}")
        act = Grant(params.uid, carrying.NUMBERS[Role(params.role)])
        await carrying.check(self._context, act)
        return act

    async def maintenance(self, params: MaintenanceParams) -> Close:
        """Close instruments for a while, pre-open them, and open them again."""
        preopen_ms = self._preopen_ms(params)
        names = params.inst_ids or tuple(self._catalog.instrument_named)
        chosen = tuple(instrument_of(self._catalog, name).id for name in names)
        return Close(params.begin_ts, preopen_ms, params.end_ts, tuple(sorted(set(chosen))))

    async def network_maintenance(self, params: NetworkParams) -> CloseNetwork:
        """Let deposits and withdrawals on a network wait for a while, all currencies of it."""
        known = {code: number for number, code in (await networks_named(self._context)).items()}
        if params.chain not in known:
            raise Problem(51000, "chain", ", ".join(known) or "there is none")
        preopen_ms = self._preopen_ms(params)
        return CloseNetwork(known[params.chain], params.begin_ts, preopen_ms, params.end_ts)

    def _preopen_ms(self, params: MaintenanceParams | NetworkParams) -> int:
        preopen_ms = params.preopen_ts or params.end_ts
        now = self._context.clock.exchange_ms()
        if not now < params.begin_ts < preopen_ms <= params.end_ts:
            raise Problem(51000, "beginTs", "times after now, each after the one before")
        return preopen_ms

    async def delisting(self, params: DelistingParams) -> Retire:
        """Delist an asset: deposits end, then its pairs, then withdrawals."""
        asset = self._catalog.asset_named.get(params.ccy)
        if asset is None:
            raise Problem(51012, name=params.ccy)
        now, at = self._context.clock.exchange_ms(), params.trading_ts
        deposits_ms = params.deposits_ts or at - DEPOSITS_BEFORE_MS
        withdrawals_ms = params.withdrawals_ts or at + WITHDRAWALS_AFTER_MS
        if not (now < at and deposits_ms <= at and now <= withdrawals_ms - NOTICE_MS):
            allowed = f"a time after now, with {NOTICES[0]} days from now to withdrawalsTs"
            raise Problem(51000, "tradingTs", allowed)
        return Retire(asset.id, deposits_ms, at, withdrawals_ms)

    async def claim(self, params: ClaimParams) -> ClaimDeposit:
        """Say whose a deposit is that came without a memo."""
        found = await unclaimed_of(self._context, params.dep_id)
        return ClaimDeposit(await self._known(params.uid), found.network, found.transfer)

    async def free_deposit(self, params: FreeParams) -> FreeDeposit:
        """Give a deposit that is kept for itself to its owner."""
        found = await kept_of(self._context, params.dep_id)
        return FreeDeposit(found.owner, found.network, found.transfer)

    async def end_move(self, params: EndMoveParams) -> EndMove:
        """End a move between tiers, once it is proven that it cannot be paid any more."""
        found = await ask(self._context, TIER_MOVES, GetMove(params.move))
        if found is None or not found.is_open:
            raise Problem(91023, name=f"open move: {params.move}")
        return EndMove(params.move)

    async def announce_move(self, params: announcing.AnnounceParams) -> AnnounceMove:
        """Announce a move between tiers by hand, before anything of it is signed."""
        act = await announcing.act_of(self._context, params)
        await carrying.check(self._context, act)
        return act

    async def loss(self, params: losing.LossParams) -> BookLoss:
        """Book coins of a tier that are gone for good; no more than the chain lacks."""
        act = await losing.act_of(self._context, params)
        await carrying.check(self._context, act)
        return act

    async def allot(self, params: allotting.AllotParams) -> AllotCoins:
        """Say whose coins are that strangers sent to a tier."""
        act = await allotting.act_of(self._context, params)
        await carrying.check(self._context, act)
        return act

    async def unbind(self, params: unbinding.UnbindParams) -> UnbindPayments:
        """Let payments that nobody can sign go of the lane that was to pay them."""
        return await unbinding.act_of(self._context, params)


def _is_operator(rooms: Rooms, uid: int) -> Any:
    return rooms.roles.of(uid) - {Role.AUDITOR}

"""`x/operator/proposals`, `approve`, `reject`: what operators decide together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.approval_acts import (
    AllotCoins,
    AnnounceMove,
    AnyAct,
    Approve,
    AssignIdentity,
    AssignTier,
    BookLoss,
    Bust,
    ClaimDeposit,
    Close,
    CloseNetwork,
    Correct,
    Define,
    EndMove,
    FreeDeposit,
    Reject,
    Release,
    Retire,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_effects import posting
from fullreserve.exchange.products.approval_state import (
    ApprovalsState,
    Group,
    Proposal,
    ProposalState,
)
from fullreserve.exchange.products.approvals import OPEN
from fullreserve.exchange.wire.commands import SetParameter, SetSuspension, amount_int
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import networks_named
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import (
    allotting,
    announcing,
    carrying,
    fold,
    losing,
    unbinding,
)
from fullreserve.gateway.rest.x.operator.accounts_json import (
    account_word,
    amount_text,
    leg_row,
    symbol_of,
)
from fullreserve.gateway.rest.x.operator.claims import deposit_terms
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import Note, ProposalId
from fullreserve.gateway.rest.x.operator.terms_json import kind_of, terms_of
from fullreserve.gateway.rest.x.operator.tiers import move_terms
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role

NO_ROLE = 91020


class ListParams(Params):
    """Which proposals."""

    state: Annotated[Literal["open", "closed", "all"], Meta(description="all is both")] = "all"
    after: Annotated[int, Meta(ge=0, description="Only what is older than this proposal")] = 0
    limit: Hundred = 100


class ProposalParams(Params):
    """One proposal."""

    proposal: ProposalId


class RejectParams(ProposalParams):
    """One proposal, and why not."""

    note: Note


OF_SUPPORT = (Correct, Release, ClaimDeposit, FreeDeposit, AllotCoins, AssignIdentity)
OF_TRADING = (
    Bust,
    Define,
    AssignTier,
    Close,
    CloseNetwork,
    Retire,
    EndMove,
    AnnounceMove,
    BookLoss,
    UnbindPayments,
)


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    proposals = Proposals(context)
    return dict(
        (
            guard.reads("proposals", ListParams, proposals.listed),
            guard.reads("proposal", ProposalParams, proposals.detail),
            guard.acts(
                "approve", ProposalParams, proposals.approve, wants_proof=True, wants_consent=True
            ),
            guard.acts("reject", RejectParams, proposals.reject, wants_proof=True),
        )
    )


def roles_for(act: AnyAct) -> tuple[Role, ...]:
    """Who, beside admins, may propose and approve an act."""
    if isinstance(act, OF_SUPPORT):
        return (Role.SUPPORT,)
    if isinstance(act, Define) and isinstance(act.command, SetParameter | SetSuspension):
        return ()
    return (Role.TRADING,) if isinstance(act, OF_TRADING) else ()


class Proposals:
    """Reads and decides; `proposing` makes them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk

    async def listed(self, _who: Operator, params: ListParams) -> bytes:
        """Proposals, newest first."""
        state = await fold.approvals(self._context)
        found = [
            one
            for number, one in sorted(state.proposals.items(), reverse=True)
            if (not params.after or number < params.after)
            and params.state in ("all", "open" if one.state in OPEN else "closed")
        ]
        return wire.envelope([await self.row(state, one) for one in found[: params.limit]])

    async def detail(self, who: Operator, params: ProposalParams) -> bytes:
        """One proposal, with its reasons and what it would post."""
        state = await fold.approvals(self._context)
        return wire.envelope([await self._whole(who, state, _named(state, params.proposal))])

    async def approve(self, who: Operator, params: ProposalParams) -> bytes:
        """Approve a proposal; the last approval carries it out."""
        return await self._decide(who, params.proposal, Approve(params.proposal, reports=True))

    async def reject(self, who: Operator, params: RejectParams) -> bytes:
        """Reject a proposal; one's own is withdrawn."""
        return await self._decide(who, params.proposal, Reject(params.proposal, who.entry))

    async def _decide(self, who: Operator, number: int, asked: Approve | Reject) -> bytes:
        one = _named(await fold.approvals(self._context), number)
        who.require(*roles_for(one.act))
        if isinstance(asked, Approve) and one.state is ProposalState.OPEN:
            await carrying.check(self._context, one.act)
        reply = await fold.ask(self._context, who.uid, asked)
        state = await fold.approvals(self._context)
        now = state.proposals.get(number)
        code = reply.code
        if isinstance(asked, Approve) and now is not None and now.state is ProposalState.CARRYING:
            await carrying.carry_out(self._context, now)
            state = await fold.approvals(self._context)
            now = _named(state, number)
            code = now.code
        if code:
            failed = now is not None and now.state is ProposalState.FAILED
            if now is not None and failed and now.shortages:
                raise Problem(code, allowed=self._short(now))
            raise await fold.problem_of(self._context, code, one.act)
        return wire.envelope([await self._whole(who, state, _named(state, number))])

    def _short(self, one: Proposal) -> str:
        return "; ".join(fold.short_words(self._context.catalog, lack) for lack in one.shortages)

    async def _whole(self, who: Operator, state: ApprovalsState, one: Proposal) -> dict[str, Any]:
        note, closing = await self._desk.act(self._notes, one)
        codes = await self._codes(who, state, one)
        legs = posting(one.act).legs if isinstance(one.act, Correct | Bust) else ()
        return await self.row(state, one) | {
            "note": note,
            "closingNote": closing,
            "mayApprove": _code_text(codes[who.uid]),
            "voices": [
                {"uid": str(uid), "mayApprove": _code_text(codes[uid])}
                for uid in sorted(_voices(state, one))
                if one.state in OPEN
            ],
            "postings": [leg_row(self._context.catalog, leg) for leg in legs],
        }

    async def _codes(self, who: Operator, state: ApprovalsState, one: Proposal) -> dict[int, int]:
        """What approvals by the caller, and by each who counts, would be refused with; 0: none."""
        asked = (who.uid, *_voices(state, one))
        codes = await fold.refusals_of_approval(self._context, state, one, asked)
        held = await self._desk.act(_held, self._desk.rooms, tuple(codes))
        allowed = {*roles_for(one.act), Role.ADMIN}
        return {
            uid: code if code or not allowed.isdisjoint(held[uid]) else NO_ROLE
            for uid, code in codes.items()
        }

    def _notes(self, one: Proposal) -> tuple[str, str]:
        note = self._desk.rooms.audit.note
        return note(one.note), note(one.closing_note)

    async def row(self, state: ApprovalsState, one: Proposal) -> dict[str, Any]:
        """A proposal as lists show it."""
        row = self._row(state, one)
        if isinstance(one.act, EndMove):
            row["terms"] |= await move_terms(self._context, one.act.move)
        if isinstance(one.act, AnnounceMove):
            row["terms"] |= await announcing.terms_of(self._context, one.act)
        if isinstance(one.act, BookLoss):
            row["terms"] |= await losing.terms_of(self._context, one.act, one.note)
        if isinstance(one.act, AllotCoins):
            row["terms"] |= await allotting.terms_of(self._context, one.number, one.act)
        if isinstance(one.act, UnbindPayments):
            row["terms"] |= await unbinding.terms_of(self._context, one.act)
        if isinstance(one.act, ClaimDeposit | FreeDeposit):
            row["terms"] |= await deposit_terms(self._context, one.act.transfer)
        if isinstance(one.act, CloseNetwork):
            names = await networks_named(self._context)
            row["terms"]["chain"] = names.get(one.act.network, str(one.act.network))
        return row

    def _row(self, state: ApprovalsState, one: Proposal) -> dict[str, Any]:
        catalog = self._context.catalog
        group = state.groups.get(one.group) or Group()
        return {
            "proposal": str(one.number),
            "kind": kind_of(one.act),
            "state": one.state.name.lower(),
            "terms": terms_of(one.act, catalog),
            "proposer": str(one.proposer),
            "createdTs": str(one.created_ms),
            "expiresTs": str(one.expires_ms),
            "beneficiaries": [str(owner) for owner in one.beneficiaries],
            "approvals": [{"uid": str(a.member), "ts": str(a.time_ms)} for a in one.approvals],
            "needed": str(group.threshold),
            "code": str(one.code),
            "message": fold.words_of(one.code, self._short(one)),
            "shortages": [
                {
                    "uid": str(lack.owner),
                    "account": account_word(lack.kind),
                    "ccy": symbol_of(catalog, lack.asset),
                    "missing": amount_text(catalog, lack.asset, amount_int(lack.missing)),
                }
                for lack in one.shortages
            ],
            "closedTs": str(one.closed_ms) if one.closed_ms else "",
            "closedBy": str(one.closed_by) if one.closed_by else "",
            "carriedOut": str(one.carried_out) if one.carried_out else "",
        }


def _named(state: ApprovalsState, number: int) -> Proposal:
    found = state.proposals.get(number)
    if found is None:
        raise Problem(91003)
    return found


def _voices(state: ApprovalsState, one: Proposal) -> list[int]:
    group = state.groups.get(one.group) or Group()
    return [uid for uid in group.members if group.counts(uid)]


def _held(rooms: Rooms, uids: tuple[int, ...]) -> dict[int, frozenset[Role]]:
    return {uid: rooms.roles.of(uid) for uid in uids}


def _code_text(code: int) -> str:
    return str(code) if code else ""

"""`x/operator/deposits/claims`: what users miss, and what operators answer.

A claim is settled by a proposal that gave its user the money, so that nobody alone says of a claim
that it was paid.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.approval_acts import AllotCoins, ClaimDeposit, Correct
from fullreserve.exchange.products.approval_state import Proposal, ProposalState
from fullreserve.exchange.products.deposit_state import Deposit, Unallotted
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import names_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Number, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.credited import Credited
from fullreserve.gateway.rest.x.deposit_claims import claim_row
from fullreserve.gateway.rest.x.operator import allotting, fold
from fullreserve.gateway.rest.x.operator.claims import waiting
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import Note, NotedParams
from fullreserve.identity.deposit_claims import Claim, State, plain_name
from fullreserve.identity.roles import Role

FAVOURED = 91007
DECIDED = 95003

Candidates = dict[str, list[Deposit | Unallotted]]


class ClaimsParams(Params):
    """Which claims."""

    state: Annotated[
        Literal["open", "settled", "declined", "withdrawn", "all"], Meta(description="all is any")
    ] = "open"
    after: Annotated[int, Meta(ge=0, description="Only those filed after this claim")] = 0
    limit: Hundred = 100


class DecideParams(NotedParams):
    """What becomes of a claim."""

    claim: Annotated[int, Meta(ge=1, description="A claim's id")]
    verdict: Annotated[
        Literal["settle", "decline"], Meta(description="settle: by a proposal that is done")
    ]
    answer: Note
    proposal: Number = 0


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    claims = _Claims(context)
    path = "deposits/claims"
    return dict(
        (
            guard.reads(path, ClaimsParams, claims.listed, is_noted=True),
            guard.acts(f"{path}/decide", DecideParams, claims.decide, Role.SUPPORT),
        )
    )


class _Claims:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk
        self._credited = Credited(context)
        self._names: dict[bytes, str] = {}

    async def listed(self, _who: Operator, params: ClaimsParams) -> bytes:
        """Users' claims, oldest first, with the deposits that may be meant."""
        state = None if params.state == "all" else State(params.state)
        rooms = self._desk.rooms
        found = await self._desk.act(rooms.claims.listed, state, params.after, params.limit)
        return wire.envelope(await self._rows(found))

    async def decide(self, who: Operator, params: DecideParams) -> bytes:
        """Answer a claim, and close it."""
        rooms = self._desk.rooms
        one = await self._desk.act(rooms.claims.find, params.claim)
        if one is None:
            raise Problem(91023, name=f"claim: {params.claim}")
        masters = await fold.masters(self._context, (who.uid, one.uid))
        if masters[who.uid] == masters[one.uid]:
            raise Problem(FAVOURED)
        settles = params.verdict == "settle"
        if settles:
            await self._check_paid(one, params.proposal)
        state = State.SETTLED if settles else State.DECLINED
        proposal = params.proposal if settles else 0
        decide = rooms.claims.decide
        if not await self._desk.act(decide, one.number, state, params.answer, proposal):
            raise Problem(DECIDED)
        now = await self._desk.act(rooms.claims.find, one.number)
        assert now is not None
        return wire.envelope(await self._rows([now]))

    async def _check_paid(self, one: Claim, number: int) -> None:
        """Problem unless a proposal is done that gave the claim's user what the claim is about."""
        found = (await fold.approvals(self._context)).proposals.get(number)
        if (
            found is None
            or found.state is not ProposalState.DONE
            or not await self._gave(one, found)
        ):
            allowed = (
                f"a claim of this deposit that is done, or a correction or an allotment that was "
                f"proposed since this was claimed, is done and gave user {one.uid} something"
            )
            raise Problem(51000, "proposal", allowed)

    async def _gave(self, one: Claim, found: Proposal) -> bool:
        """Whether a proposal may be the answer to a claim."""
        act = found.act
        if isinstance(act, ClaimDeposit):
            names = await names_of(self._context, (act.transfer,))
            name = plain_name(names.get(act.transfer, ""))
            return act.owner == one.uid and name == plain_name(one.said.transaction)
        if isinstance(act, Correct):
            gained = amount_int(act.amount) if act.account.owner == one.uid else 0
        else:
            gained = int(isinstance(act, AllotCoins) and act.owner == one.uid)
        # Claims and the audit log go by one clock; the fold that made the proposal has another.
        proposed_ms = await self._desk.act(self._desk.rooms.audit.at_ms, found.note)
        return gained > 0 and proposed_ms >= one.filed_ms

    async def _rows(self, claims: list[Claim]) -> list[dict[str, Any]]:
        credited = await self._credited.by(claims)
        is_any_open = any(one.state is State.OPEN for one in claims)
        meant = await self._candidates() if is_any_open else {}
        return [self._row(one, credited, meant) for one in claims]

    async def _candidates(self) -> Candidates:
        """Deposits and strangers' coins that are nobody's, by their transactions."""
        unclaimed: list[Deposit | Unallotted] = [
            *await waiting(self._context),
            *await allotting.waiting(self._context),
        ]
        transfers = [one.transfer for one in unclaimed]
        asked = [one for one in transfers if one not in self._names]
        names = self._names | await names_of(self._context, asked)
        # A chain's name of a transaction stays, once there is one.
        self._names = {one: names[one] for one in transfers if names[one]}
        found: Candidates = {}
        for one in unclaimed:
            found.setdefault(plain_name(names[one.transfer]), []).append(one)
        return found

    def _row(self, one: Claim, credited: dict[int, Deposit], meant: Candidates) -> dict[str, Any]:
        name = plain_name(one.said.transaction)
        candidates = meant.get(name, []) if one.state is State.OPEN else []
        return claim_row(one, credited) | {
            "uid": str(one.uid),
            "proposal": str(one.proposal) if one.proposal else "",
            "deposits": [ids.text(each.number) for each in candidates if isinstance(each, Deposit)],
            "coins": [str(each.number) for each in candidates if isinstance(each, Unallotted)],
        }

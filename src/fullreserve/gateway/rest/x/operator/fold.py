"""The approvals fold, as the gateway reads it and speaks to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.approval_acts import AnyAsk, Bust, Correct, SetThreshold
from fullreserve.exchange.products.approval_effects import is_of_two_teams, posting, shortages
from fullreserve.exchange.products.approval_state import (
    CONSOLE,
    ApprovalsState,
    Group,
    Proposal,
    ProposalState,
    Refused,
    Shortage,
)
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import Product, amount_int
from fullreserve.exchange.wire.events import OwnerChanged, Reply
from fullreserve.exchange.wire.queries import (
    AnyQuestion,
    GetFold,
    GetOwner,
    ListBalances,
    ListKinds,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import TABLE, Problem, sentence
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.operator.accounts_json import account_word

_state = msgspec.msgpack.Decoder(ApprovalsState)
_encode = msgspec.msgpack.Encoder().encode

# What the core says of terms without naming a parameter of ours.
IMPOSSIBLE = 51000
IMPOSSIBLE_WORDS = "The exchange's core does not take these terms"


async def approvals(context: Context) -> ApprovalsState:
    """Groups and proposals as the durable log has them; expired ones are marked so."""
    content: bytes = await context.door.query(GetFold(Approvals.number))
    state = _state.decode(content)
    now = (await context.door.health()).time_ms
    for proposal in state.proposals.values():
        if proposal.state is ProposalState.OPEN and proposal.expires_ms <= now:
            proposal.state = ProposalState.EXPIRED
            proposal.closed_ms = proposal.expires_ms
    return state


def console(state: ApprovalsState) -> Group:
    """The group of those who run the exchange."""
    return state.groups.get(CONSOLE) or Group()


async def ask(context: Context, uid: int, asked: AnyAsk) -> Reply:
    """What the fold says to an operator; its refusal, or the core's, is in the reply's code."""
    door = context.door
    command = Product(door.gateway, door.numbers(1), Approvals.number, uid, _encode(asked))
    return await submitted(context, command)


async def problem_of(context: Context, code: int, act: object = None) -> Problem:
    """A refusal of the fold's, with what would help."""
    allowed = ""
    if code == Refused.SET_UP:
        group = console(await approvals(context))
        allowed = f"{group.threshold + 1} have to count, {group.enabled} do"
    elif code == Refused.HANGS and isinstance(act, SetThreshold):
        group = console(await approvals(context))
        allowed = f"{act.threshold + 2} have to count, {group.enabled} do"
    elif code == Refused.SHORT and isinstance(act, Correct | Bust):
        short = await shortages_of(context, act)
        allowed = "; ".join(short_words(context.catalog, one) for one in short)
    elif code == IMPOSSIBLE:
        allowed = IMPOSSIBLE_WORDS
    problem = Problem(code, allowed=allowed, http=409 if code < 91_000 else 0)
    problem.message = words_of(code, allowed)
    return problem


def words_of(code: int, allowed: str = "") -> str:
    """A refusal's sentence where it is not about a parameter of this request."""
    if not code:
        return ""
    if code == IMPOSSIBLE or code not in TABLE:
        return IMPOSSIBLE_WORDS
    return sentence(code, allowed=allowed).replace("Parameter  error", IMPOSSIBLE_WORDS)


def short_words(catalog: Catalog, one: Shortage) -> str:
    """A shortage in words."""
    asset = catalog.assets[one.asset]
    missing = asset.text(amount_int(one.missing))
    who = "the house" if one.owner == 1 else f"user {one.owner}"
    return f"{who} is {missing} {asset.symbol} short on {account_word(one.kind)}"


class Seen:
    """Answers of the door that were asked for before, for what decides without waiting."""

    def __init__(self, answers: dict[AnyQuestion, Any]) -> None:
        self._answers = answers

    @classmethod
    async def of(cls, context: Context, queries: Iterable[AnyQuestion]) -> Seen:
        unique = dict.fromkeys(queries)
        return cls({one: await context.door.query(one) for one in unique})

    def query(self, query: AnyQuestion) -> Any:
        return self._answers[query]


async def shortages_of(context: Context, act: Correct | Bust) -> tuple[Shortage, ...]:
    """Whose free balance an act needs more of now."""
    one = posting(act)
    owners = [ListBalances(leg.account.owner) for leg in one.legs]
    return shortages(one, await Seen.of(context, [ListKinds(), *owners]))


async def masters(context: Context, owners: Iterable[int]) -> dict[int, int]:
    """Each owner's master; an owner that is not open is its own."""
    found = {}
    for owner in dict.fromkeys(owners):
        known: OwnerChanged | None = await context.door.query(GetOwner(owner))
        found[owner] = owner if known is None else known.master
    return found


async def refusals_of_approval(
    context: Context, state: ApprovalsState, one: Proposal, uids: Iterable[int]
) -> dict[int, int]:
    """The code that an approval by each of these would be refused with now; 0 for none."""
    asked = tuple(dict.fromkeys(uids))
    known = await masters(context, (*asked, *one.beneficiaries))
    return {uid: int(_refusal(state, one, uid, known)) for uid in asked}


def _refusal(state: ApprovalsState, one: Proposal, uid: int, master: Mapping[int, int]) -> int:
    group = state.groups.get(one.group) or Group()
    if one.state is ProposalState.CARRYING and group.counts(uid):
        return 0  # which has it carried out again
    if one.state is not ProposalState.OPEN:
        expired = one.state is ProposalState.EXPIRED
        return Refused.EXPIRED if expired else Refused.NOT_OPEN
    if not group.counts(uid):
        return Refused.NOT_A_MEMBER
    if not group.is_set_up:
        return Refused.SET_UP
    if uid == one.proposer:
        return Refused.OWN_PROPOSAL
    if any(owner == uid or master[owner] == master[uid] for owner in one.beneficiaries):
        return Refused.BENEFICIARY
    is_of_two = is_of_two_teams(one, state)
    if is_of_two and state.are_of_one_team(one.group, one.proposer, uid):
        return Refused.SAME_TEAM
    if any(given.member == uid for given in one.approvals):
        return Refused.APPROVED_ALREADY
    return 0

"""`x/operator/custody/unallotted`: coins that strangers sent to a tier, and whose they became.

The ledger owes them to nobody known, from the command `fund-tier --unasked` on. Two teams agree
that they are a user's, who has shown that he sent them, or the exchange's own.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import AllotCoins
from fullreserve.exchange.products.approval_state import Proposal
from fullreserve.exchange.products.custody_wire import DEPOSITS, Allotted, CameUnasked, Tier
from fullreserve.exchange.products.deposit_state import (
    Allotment,
    FindAllotment,
    FindUnallotted,
    ListAllotments,
    ListUnallotted,
    Unallotted,
)
from fullreserve.exchange.products.unasked_coins import FROZEN
from fullreserve.exchange.wire.commands import Amount, OwnerFlag, amount_bytes, amount_int
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines, names_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.numbers import amount_of
from fullreserve.gateway.rest.x.operator.parameters import ProposalParams

MEANT = 100  # of each currency on a chain, among which what a user misses is looked for
NOTHING_CHANGES = 91_012


class AllotParams(ProposalParams):
    """Whose coins are that strangers sent."""

    coins: Annotated[int, Meta(ge=1, description="One of x/operator/custody/unallotted")]
    uid: Annotated[int, Meta(ge=0, description="Who sent them; 0: they are the exchange's own")]
    amount: Annotated[str, Meta(description="Of what is left of them; all of it where empty")] = ""


class UnallottedParams(Params):
    """How many of each currency on a chain."""

    limit: Hundred = 20


class AllottedParams(Params):
    """How many."""

    limit: Hundred = 100


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Unallotted(context)
    return dict(
        (
            guard.reads("custody/unallotted", UnallottedParams, desk.left),
            guard.reads("custody/allotted", AllottedParams, desk.made),
        )
    )


async def act_of(context: Context, params: AllotParams) -> AllotCoins:
    """What is proposed; Problem."""
    found = await _found(context, params.coins)
    if found is None:
        raise Problem(91023, name=f"coins that are nobody's: {params.coins}")
    amount = amount_int(found.left)
    if params.amount:
        symbol = symbol_of(context.catalog, found.terms.asset)
        _, amount = amount_of(context.catalog, symbol, params.amount)
    if amount <= 0:
        raise Problem(51000, "amount", "an amount above 0")
    owner = params.uid or chart.HOUSE
    terms = found.terms
    return AllotCoins(owner, terms.network, terms.transfer, amount_bytes(amount))


async def waiting(context: Context) -> list[Unallotted]:
    """The largest coins of strangers that nobody has."""
    found: list[Unallotted] = await ask(context, DEPOSITS, ListUnallotted(MEANT))
    return found


async def _found(context: Context, number: int, transfer: bytes = b"") -> Unallotted | None:
    found: Unallotted | None = await ask(context, DEPOSITS, FindUnallotted(number, transfer))
    return found


async def require_left(context: Context, act: AllotCoins) -> None:
    """Problem 91012 for what is allotted already, 51000 for more than is left, or a wrong owner."""
    found = await _found(context, 0, act.transfer)
    if found is None:
        raise Problem(NOTHING_CHANGES)
    left = amount_int(found.left)
    if amount_int(act.amount) > left:
        asset = context.catalog.assets[found.terms.asset]
        raise Problem(
            51000, "amount", f"at most {asset.text(left)} {asset.symbol}: no more is left"
        )
    if act.owner == chart.HOUSE:
        return
    owner: OwnerChanged | None = await context.door.query(GetOwner(act.owner))
    if owner is None:
        raise Problem(91023, name=f"user: {act.owner}")
    if owner.flags & (FROZEN | OwnerFlag.HOUSE):
        raise Problem(51000, "uid", "a user who is not frozen; 0: the exchange's own")


def word_of(act: AllotCoins, one: Proposal) -> Allotted:
    """What the fold of deposits is told of an approved one."""
    voices = (one.proposer, *(given.member for given in one.approvals))
    return Allotted(act.network, one.number, act.transfer, act.owner, act.amount, voices)


async def terms_of(context: Context, number: int, act: AllotCoins) -> dict[str, str]:
    """What is proposed, for those who decide about it; nothing of what it is not known by."""
    came = await _came(context, number, act)
    whose = {"account": "treasury"} if act.owner == chart.HOUSE else {"uid": str(act.owner)}
    if came is None:
        return whose
    (row,) = await _rows(context, [(came, act.amount)])
    return {name: row[name] for name in ("chain", "ccy", "tier")} | {
        "amount": row["amt"],
        "transaction": row["txId"],
        **whose,
    }


async def _came(context: Context, number: int, act: AllotCoins) -> CameUnasked | None:
    left = await _found(context, 0, act.transfer)
    if left is not None:
        return left.terms
    made: Allotment | None = await ask(context, DEPOSITS, FindAllotment(number))
    return None if made is None else made.came


class _Unallotted:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def left(self, _who: Operator, params: UnallottedParams) -> bytes:
        """Coins that strangers sent and nobody has, the largest of each currency on a chain."""
        found: list[Unallotted] = await ask(self._context, DEPOSITS, ListUnallotted(params.limit))
        rows = await _rows(self._context, [(one.terms, one.left) for one in found])
        return wire.envelope(
            [
                {"coins": str(one.number), "bookedTs": str(one.time_ms)}
                | row
                | {"came": amount_text(self._context.catalog, one.terms.asset, _of(one.terms))}
                for one, row in zip(found, rows, strict=True)
            ]
        )

    async def made(self, _who: Operator, params: AllottedParams) -> bytes:
        """Whose such coins became, newest first, and who agreed."""
        found: list[Allotment] = await ask(self._context, DEPOSITS, ListAllotments(params.limit))
        rows = await _rows(self._context, [(one.came, one.terms.amount) for one in found])
        return wire.envelope(
            [
                row
                | {
                    "proposal": str(one.terms.number),
                    "uid": "" if one.terms.owner == chart.HOUSE else str(one.terms.owner),
                    "ts": str(one.time_ms),
                    "proposer": "".join(str(uid) for uid in one.terms.voices[:1]),
                    "approvals": [{"uid": str(uid)} for uid in one.terms.voices[1:]],
                }
                for one, row in zip(found, rows, strict=True)
            ]
        )


def _of(one: CameUnasked) -> int:
    return amount_int(one.amount)


async def _rows(context: Context, found: list[tuple[CameUnasked, Amount]]) -> list[dict[str, Any]]:
    """Of coins, and how much of them."""
    names = await names_of(context, (one.transfer for one, _ in found))
    chains = {(one.network.network, one.asset.id): one.chain for one in await lines(context)}
    return [
        {
            "chain": chains.get((one.network, one.asset), ""),
            "ccy": symbol_of(context.catalog, one.asset),
            "tier": Tier(one.tier).name.lower(),
            "amt": amount_text(context.catalog, one.asset, amount_int(amount)),
            "txId": names.get(one.transfer, ""),
        }
        for one, amount in found
    ]

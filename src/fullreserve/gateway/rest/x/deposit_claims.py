"""`x/deposit-claims`: deposits that a user misses, and what became of the claim."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits, Phase
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, names_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params, whole
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, signed_in
from fullreserve.identity.deposit_claims import Claim, Kind, Said, State, plain_name

NAME_MAX, NOTE_MAX, LISTED_MAX = 64, 500, 10_000
AMOUNT = re.compile(r"\d{1,20}(\.\d{1,18})?")
TRANSACTION = re.compile(r"[0-9A-Za-z]{1,128}")

# What a claim shows once the deposit that it names is its user's.
CREDITED = "credited"


def _name(name: str, text: str) -> str:
    plain = text.strip()
    if not 1 <= len(plain) <= NAME_MAX or not plain.isprintable():
        raise Problem(51000, name, f"1 to {NAME_MAX} printable characters")
    return plain


def _note(name: str, text: str) -> str:
    plain = text.strip()
    if len(plain) > NOTE_MAX or not plain.replace("\n", "").isprintable():
        raise Problem(51000, name, f"at most {NOTE_MAX} printable characters")
    return plain


def _amount(name: str, text: str) -> str:
    if not AMOUNT.fullmatch(text):
        raise Problem(51000, name, "an amount, for example 1.5")
    return text


def _transaction(name: str, text: str) -> str:
    if not TRANSACTION.fullmatch(text.strip()):
        raise Problem(51000, name, "the transaction's hash: 1 to 128 letters and digits")
    return text.strip()


KindWord = Annotated[
    Literal["memo", "chain", "token", "missing"],
    Meta(
        description="memo: none or a wrong one; chain: sent on another chain; "
        "token: not listed there; missing: as it should be, and not shown"
    ),
]


class FiledParams(Params):
    """A deposit that is missed."""

    kind: KindWord
    ccy: Annotated[str, Meta(description="What was sent", extra={"read": _name})]
    chain: Annotated[str, Meta(description="The chain it was sent on", extra={"read": _name})]
    tx_id: Annotated[str, Meta(description="Its hash there", extra={"read": _transaction})]
    amt: Annotated[str, Meta(description="How much", extra={"read": _amount})] = ""
    memo: Annotated[str, Meta(description="The memo that was sent", extra={"read": _name})] = ""
    note: Annotated[str, Meta(description="Anything else to know", extra={"read": _note})] = ""


class ClaimParams(Params):
    """One claim."""

    claim_id: Annotated[str, Meta(description="The claim's id")]


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    claims = _Claims(context)
    return {
        ("GET", "x/deposit-claims"): in_session(Params, claims.listed),
        ("POST", "x/deposit-claims/file"): in_session(FiledParams, claims.file, 2),
        ("POST", "x/deposit-claims/withdraw"): in_session(ClaimParams, claims.withdraw),
    }


class _Claims:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk

    async def listed(self, request: Request, _params: Params) -> bytes:
        """The user's claims, newest first."""
        uid = signed_in(request).uid
        claims = await self._desk.act(self._desk.rooms.claims.of, uid)
        return await self._shown(claims)

    async def file(self, request: Request, params: FiledParams) -> bytes:
        """Claim a deposit; the same transaction again is the same claim."""
        said = Said(
            *(Kind(params.kind), params.ccy, params.chain, params.tx_id),
            *(params.amt, params.memo, params.note),
        )
        uid = signed_in(request).uid
        claim = await self._desk.act(self._desk.rooms.claims.file, uid, said)
        return await self._shown([claim])

    async def withdraw(self, request: Request, params: ClaimParams) -> bytes:
        """Take an open claim back."""
        uid = signed_in(request).uid
        number = whole("claimId", params.claim_id, 1, 2**62)
        await self._desk.act(self._desk.rooms.claims.withdraw, uid, number)
        return wire.envelope([])

    async def _shown(self, claims: list[Claim]) -> bytes:
        credited = await credited_by(self._context, claims)
        return wire.envelope([claim_row(one, credited) for one in claims])


async def credited_by(context: Context, claims: Iterable[Claim]) -> dict[int, Deposit]:
    """The deposits that open claims name and their users have by now, by the claim's number."""
    waiting = [one for one in claims if one.state is State.OPEN]
    found: dict[int, Deposit] = {}
    for uid in dict.fromkeys(one.uid for one in waiting):
        deposits: list[Deposit] = await ask(context, DEPOSITS, ListDeposits(uid, 0, LISTED_MAX))
        credited = [one for one in deposits if one.phase >= Phase.CREDITED]
        names = await names_of(context, (one.transfer for one in credited))
        named = {plain_name(names[one.transfer]): one for one in credited}
        for claim in waiting:
            deposit = named.get(plain_name(claim.said.transaction))
            if claim.uid == uid and deposit is not None:
                found[claim.number] = deposit
    return found


def claim_row(one: Claim, credited: dict[int, Deposit]) -> dict[str, Any]:
    """A claim as its user sees it."""
    deposit = credited.get(one.number)
    return {
        "claimId": str(one.number),
        "kind": str(one.said.kind),
        "ccy": one.said.ccy,
        "chain": one.said.chain,
        "txId": one.said.transaction,
        "amt": one.said.amount,
        "memo": one.said.memo,
        "note": one.said.note,
        "state": CREDITED if deposit is not None else str(one.state),
        "answer": one.answer,
        "depId": ids.text(deposit.number) if deposit is not None else "",
        "filedTs": str(one.filed_ms),
        "changedTs": str(one.changed_ms),
    }

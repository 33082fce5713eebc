"""`x/deposit-claims`: deposits that a user misses, and what became of the claim."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.deposit_state import Deposit
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params, whole
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, signed_in
from fullreserve.gateway.rest.x.credited import Credited
from fullreserve.identity.deposit_claims import Claim, Kind, Said

NAME_MAX, NOTE_MAX = 64, 500
AMOUNT = re.compile(r"[0-9]{1,20}(\.[0-9]{1,18})?")
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
        self._desk = context.desk
        self._credited = Credited(context)

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
        credited = await self._credited.by(claims)
        return wire.envelope([claim_row(one, credited) for one in claims])


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

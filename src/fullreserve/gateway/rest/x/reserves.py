"""`x/reserves`: statements of what is owed and what is there, and a user's own proof.

A statement by its epoch, `x/reserves/{epoch}`, is a file: see `gateway.published`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway import proof_desk, published
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.proof_desk import NoProof
from fullreserve.gateway.rest.params import Params, whole
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public, reading

EPOCH_MAX = 10**15


class ProofParams(Params):
    """The epoch of a proof."""

    epoch: Annotated[str, Meta(description="Number of the statement; the newest if left out")] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    files = published.Published(context.folder)

    async def latest(_request: Request, _params: Params) -> bytes:
        """The newest statement, signed, with its place in the log of statements."""
        content = files.file(published.LATEST)
        if content is None:
            raise Problem(50046, name="The statement of reserves", allowed="none was made yet")
        return published.row(content)

    async def proof(request: Request, params: ProofParams) -> bytes:
        """Your own proof in a statement: save it, and check it with verify.py or verify.html."""
        epoch = whole("epoch", params.epoch, 1, EPOCH_MAX) if params.epoch else 0
        try:
            content = await proof_desk.bundle(context.folder, request.owner, epoch)
        except NoProof as problem:
            raise Problem(50046, name="The proof", allowed=str(problem)) from None
        return published.row(content)

    async def receipt(request: Request, _params: Params) -> bytes:
        """Your balances now, signed: with a proof that says otherwise it shows a lie to anybody."""
        try:
            content = await proof_desk.receipt(context.folder, request.owner)
        except NoProof as problem:
            raise Problem(50046, name="The receipt", allowed=str(problem)) from None
        return published.row(content)

    return {
        ("GET", "x/reserves/latest"): public(Taking(Params, latest), 20),
        ("GET", "x/reserves/proof"): reading(Taking(ProofParams, proof), 5),
        ("GET", "x/reserves/receipt"): reading(Taking(Params, receipt), 20),
    }

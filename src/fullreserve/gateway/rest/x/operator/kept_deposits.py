"""`x/operator/deposits`: what is under way or kept from its owner, and what owners owe.

One operator stops a deposit, as one freezes a user: it is credited within minutes, and then it is
too late. It is freed by a proposal that two agree on.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange.products.custody_wire import DEPOSITS, Stop
from fullreserve.exchange.products.deposit_state import (
    STOPS,
    Debt,
    Deposit,
    DepositState,
    FindDeposit,
    ListDebts,
    ListKept,
    ListUncredited,
    Phase,
    stricter,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.worker_files import SENDERS, Sent, senders_shown
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines, names_of, say
from fullreserve.gateway.deposit_waits import NOT_SMALL, small_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.identity.roles import Role

KEPT_MAX = 10_000
NOBODY = Sent((), is_whole=False)
REASONS = {
    "blacklisted": DepositState.BLACKLISTED,
    "intercepted": DepositState.INTERCEPTED,
    "kyc": DepositState.KYC,
}


class KeptParams(Params):
    """How many."""

    limit: Hundred = 100


class StopParams(NotedParams):
    """A deposit to keep."""

    dep_id: Annotated[str, Meta(description="A deposit that is not credited yet")]
    reason: Annotated[
        Literal["blacklisted", "intercepted", "kyc"],
        Meta(description="State 11, 13 or 14, which its owner sees"),
    ]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Kept(context)
    return dict(
        (
            guard.reads("deposits/under-way", KeptParams, desk.under_way),
            guard.reads("deposits/kept", KeptParams, desk.listed),
            guard.reads("deposits/owed", KeptParams, desk.owed),
            guard.acts("deposits/stop", StopParams, desk.stop, Role.SUPPORT),
        )
    )


async def kept(context: Context) -> list[Deposit]:
    """Deposits that are kept from their owners, the oldest first."""
    found: list[Deposit] = await ask(context, DEPOSITS, ListKept(KEPT_MAX))
    return sorted(found, key=lambda one: one.number)


async def kept_of(context: Context, text: str) -> Deposit:
    """A deposit that is kept for itself, by its id; Problem 91023."""
    found: Deposit | None = await ask(context, DEPOSITS, FindDeposit(ids.number(text)))
    if found is None or not is_kept(found):
        raise Problem(91023, name=f"deposit that is kept for itself: {text}")
    return found


def is_kept(one: Deposit) -> bool:
    """Whether people free it; one that came to a frozen owner is freed with him."""
    return one.stop in STOPS


def _may_stop(one: Deposit, state: DepositState) -> None:
    """Problem 51000 where it is too late, or where the deposit is kept more strictly."""
    if one.phase >= Phase.CREDITED:
        raise Problem(51000, "depId", "a deposit that is not credited yet; else users/freeze")
    if stricter(one.stop, state) != state:
        names = [name for name, at in REASONS.items() if at in STOPS[: STOPS.index(one.stop) + 1]]
        raise Problem(
            51000,
            "reason",
            f"{' or '.join(names)}, as the deposit is kept with state {one.stop}; "
            "two teams free it: propose/free-deposit",
        )


class _Kept:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def under_way(self, _who: Operator, params: KeptParams) -> bytes:
        """Users' deposits that are not credited yet and not kept, the newest change first."""
        found: list[Deposit] = await ask(self._context, DEPOSITS, ListUncredited(params.limit))
        known = {(one.network.network, one.asset.id): one for one in await lines(self._context)}
        found = [one for one in found if (one.network, one.asset) in known]
        small = await small_of(self._context, known, found)
        rows = await self._rows(found)
        for row, one in zip(rows, found, strict=True):
            line = known[one.network, one.asset]
            row["missing"] = small.get(one.number, NOT_SMALL)["xMissing"]
            row["confirmations"] = str(line.confirmations(one.height))
            row["creditAfter"] = str(line.network.credit_after)
            row["screening"] = one.awaits_screening
            del row["credited"], row["state"]
        return wire.envelope(rows)

    async def listed(self, _who: Operator, params: KeptParams) -> bytes:
        """Deposits that are kept from their owners, the oldest first."""
        found = await kept(self._context)
        return wire.envelope(await self._rows(found[: params.limit]))

    async def owed(self, _who: Operator, params: KeptParams) -> bytes:
        """Deposits that a chain took back and whose owners had spent them, the oldest first."""
        found: list[Debt] = await ask(self._context, DEPOSITS, ListDebts(params.limit))
        rows = await self._rows([one.deposit for one in found])
        for row, one in zip(rows, found, strict=True):
            of, lost = one.deposit, amount_int(one.deposit.lost)
            row["owed"] = amount_text(self._context.catalog, of.asset, lost)
            row["owedTs"] = str(one.since_ms)
            del row["credited"], row["state"]
        return wire.envelope(rows)

    async def stop(self, _who: Operator, params: StopParams) -> bytes:
        """Keep a deposit that is not credited yet from its owner."""
        number, state = ids.number(params.dep_id), REASONS[params.reason]
        found: Deposit | None = await ask(self._context, DEPOSITS, FindDeposit(number))
        if found is None or not found.owner:
            raise Problem(91023, name=f"deposit of a user: {params.dep_id}")
        _may_stop(found, state)
        reply = await say(self._context, DEPOSITS, Stop(found.network, found.transfer, state))
        now: Deposit | None = await ask(self._context, DEPOSITS, FindDeposit(number))
        if reply.code or now is None:  # a watcher, a vendor or another operator was quicker
            _may_stop(now or found, state)
            raise Problem(51000, "depId", "a deposit that can be kept; look at it again")
        return wire.envelope(await self._rows([now]))

    async def _rows(self, found: list[Deposit]) -> list[dict[str, Any]]:
        context = self._context
        names = await names_of(context, (one.transfer for one in found))
        known = {(one.network.network, one.asset.id): one.chain for one in await lines(context)}
        sent = await self._senders()
        return [
            {
                "depId": ids.text(one.number),
                "uid": str(one.owner),
                "ccy": symbol_of(context.catalog, one.asset),
                "chain": known.get((one.network, one.asset), ""),
                "amt": amount_text(context.catalog, one.asset, one.value),
                "txId": names.get(one.transfer, ""),
                "senders": list(sent.get(one.transfer.hex(), NOBODY).addresses),
                "state": str(int(one.stop)),
                "credited": one.phase >= Phase.CREDITED,
                "seenTs": str(one.seen_ms),
            }
            for one in found
        ]

    async def _senders(self) -> dict[str, Sent]:
        """Who paid what was screened; nobody is known where deposits are not."""
        folder = self._context.folder
        return await asyncio.to_thread(senders_shown, folder / SENDERS) if folder else {}

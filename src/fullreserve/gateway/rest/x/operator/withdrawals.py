"""`x/operator/withdrawals`: what waits, by what it waits for, and what a person decides of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Decide, Destination
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_wire import POLICY, Decision, GetDecision
from fullreserve.exchange.products.withdrawal_state import (
    REVIEWS,
    GetWithdrawal,
    ListOpen,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines, names_of, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.withdrawals import WdId
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import fold
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.gateway.risk_desk import assessments, risk_row
from fullreserve.gateway.tranches import parts_of, request_of, tranche_row
from fullreserve.identity.roles import Role

OPEN_MAX = 20_000
PAGE = 250
USD = 10**8
# What a withdrawal waits for, by its state.
QUEUES: dict[str, tuple[int, ...]] = {
    "review": REVIEWS,
    "held": (WithdrawalState.COOLING, WithdrawalState.FEE_ROSE),
    "queued": (WithdrawalState.QUEUED,),
    "short": (WithdrawalState.SHORT,),
    "ready": (WithdrawalState.APPROVED, WithdrawalState.WAITING),
    "sent": (WithdrawalState.BROADCASTING, WithdrawalState.PENDING),
}
_QUEUE_OF = {state: name for name, states in QUEUES.items() for state in states}


class ListParams(Params):
    """Which withdrawals."""

    queue: Annotated[
        Literal["review", "held", "queued", "short", "ready", "sent", ""],
        Meta(description="All without"),
    ] = ""
    after: Annotated[str, Meta(description="Only those asked for after this withdrawal")] = ""
    limit: Hundred = 100


class OneParams(Params):
    """One withdrawal."""

    wd_id: WdId


class DecideParams(NotedParams):
    """What a reviewer says of a withdrawal."""

    wd_id: WdId
    verdict: Annotated[Literal["approve", "refuse"], Meta(description="refuse gives it back")]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Withdrawals(context)
    return dict(
        (
            guard.reads("withdrawals", ListParams, desk.listed),
            guard.reads("withdrawals/queues", Params, desk.queues),
            guard.reads("withdrawal", OneParams, desk.detail, is_noted=True),
            guard.acts(
                "withdrawals/decide",
                DecideParams,
                desk.decide,
                Role.SUPPORT,
                wants_proof=True,
                wants_consent=True,
            ),
        )
    )


class _Withdrawals:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._desk = context.desk

    async def listed(self, _who: Operator, params: ListParams) -> bytes:
        """Withdrawals that are not over, the oldest first."""
        wanted: list[Withdrawal] = []
        async for one in self._open(ids.number(params.after) if params.after else 0):
            if params.queue in ("", _QUEUE_OF.get(one.state)):
                wanted.append(one)
            if len(wanted) == params.limit:
                break
        known = await self._lines()
        return wire.envelope([await self._row(one, known) for one in wanted])

    async def _open(self, after: int) -> AsyncIterator[Withdrawal]:
        """Those behind a number that are not over, up to a bound; orders go in between."""
        for _ in range(OPEN_MAX // PAGE):
            page: list[Withdrawal] = await ask(self._context, WITHDRAWALS, ListOpen(after, PAGE))
            for one in page:
                yield one
            if len(page) < PAGE:
                return
            after = page[-1].number

    async def queues(self, _who: Operator, _params: Params) -> bytes:
        """How many withdrawals wait for what, for how much, and since when."""
        found = [one async for one in self._open(0)]
        rows = []
        for name, states in QUEUES.items():
            here = [one for one in found if one.state in states]
            rows.append(
                {
                    "queue": name,
                    "count": str(len(here)),
                    "usd": _usd(sum(one.usd for one in here)),
                    "oldestTs": str(here[0].requested_ms) if here else "",
                }
            )
        return wire.envelope(rows)

    async def detail(self, _who: Operator, params: OneParams) -> bytes:
        """One withdrawal, with where it goes."""
        return wire.envelope([await self._whole(await self._named(params.wd_id))])

    async def decide(self, who: Operator, params: DecideParams) -> bytes:
        """Let a withdrawal that is under review go on, or give it back."""
        one = await self._named(params.wd_id)
        known = await fold.masters(self._context, (who.uid, one.owner))
        if known[who.uid] == known[one.owner]:
            raise Problem(91007)
        if one.state not in REVIEWS:
            raise Problem(95003)
        is_approved = params.verdict == "approve"
        decision = await self._decision(await request_of(self._context, one.number))
        if is_approved and decision and decision.state == DecisionState.WAITING:
            raise Problem(95001)  # the rule names who approves it, by policy/approve
        # It may have been paid since the backup: who refuses it then gives it twice.
        if not (is_approved or await asyncio.to_thread(self._context.is_compared, one.network)):
            raise Problem(50001, allowed="a backup was put back, and the chain is still read")
        state = WithdrawalState.APPROVED if is_approved else WithdrawalState.FAILED
        reply = await say(self._context, WITHDRAWALS, Decide(one.number, state))
        if reply.code:
            raise Problem(95003)
        return wire.envelope([await self._whole(await self._named(params.wd_id))])

    async def _named(self, text: str) -> Withdrawal:
        number = ids.number(text)
        found: Withdrawal | None = await ask(self._context, WITHDRAWALS, GetWithdrawal(number))
        if found is None:
            raise Problem(95002)
        return found

    async def _lines(self) -> dict[tuple[int, int], Line]:
        found = await lines(self._context)
        return {(one.network.network, one.asset.id): one for one in found}

    async def _row(self, one: Withdrawal, known: dict[tuple[int, int], Line]) -> dict[str, Any]:
        line = known.get((one.network, one.asset))
        parts = (await parts_of(self._context, [one]))[one.number]
        asked = parts.request or one.number
        decision = await self._decision(asked)
        tranches = tranche_row(self._catalog.assets[one.asset], parts)
        return {
            "wdId": ids.text(one.number),
            "uid": str(one.owner),
            "ccy": symbol_of(self._catalog, one.asset),
            "chain": line.chain if line is not None else "",
            "amt": amount_text(self._catalog, one.asset, one.value),
            "fee": amount_text(self._catalog, one.asset, amount_int(one.fee)),
            "usd": _usd(one.usd),
            "queue": _QUEUE_OF.get(one.state, ""),
            "state": str(WithdrawalState(one.state).shown),
            "byApi": one.by_api,
            "requestedTs": str(one.requested_ms),
            "changedTs": str(one.changed_ms),
            "policy": DecisionState(decision.state).name.lower() if decision else "",
            "risk": risk_row((await assessments(self._context, (asked,)))[0]),
            "allowSplit": tranches["xAllowSplit"],
            "askedAmt": tranches["xAskedAmt"],
            "paidAmt": tranches["xPaidAmt"],
            "parentWdId": tranches["xParentWdId"],
            "tranches": tranches["xTranches"],
        }

    async def _whole(self, one: Withdrawal) -> dict[str, Any]:
        to, since = str(one.destination), 0
        if one.kind == Destination.ADDRESS_BOOK:
            entries = self._desk.rooms.addresses
            entry = await self._desk.act(entries.entry, one.owner, one.destination)
            to, since = (entry.text, entry.added_ms) if entry is not None else ("", 0)
        names = await names_of(self._context, (one.transfer,))
        row = await self._row(one, await self._lines())
        return row | {
            "to": to,
            "toSinceTs": str(since) if since else "",
            "txId": names.get(one.transfer, ""),
        }

    async def _decision(self, number: int) -> Decision | None:
        question = msgspec.msgpack.encode(GetDecision(number))
        answer: bytes | None = await self._context.door.query(AskFold(POLICY, question))
        if answer is None:
            return None
        return msgspec.msgpack.decode(answer, type=Decision | None)


def _usd(value: int) -> str:
    return f"{value // USD}.{value % USD * 100 // USD:02d}"

"""`x/operator/suspending/…`: stopping narrowly, by one; and the way back, by many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from fullreserve.exchange.products import suspension_wire as said
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Drain
from fullreserve.exchange.products.suspension_state import (
    HASH_BYTES,
    Refused,
    Suspension,
    SuspensionState,
    gates_of,
    shown_last,
)
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Budget,
    Figure,
    Gate,
    Level,
    Mode,
    Reason,
    Scope,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import REVIEWS, GetWithdrawal, Withdrawal
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import ids, suspension_desk, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x import suspension_rows as rows
from fullreserve.gateway.rest.x.flows import flow_rows
from fullreserve.gateway.rest.x.operator import not_now, screening
from fullreserve.gateway.rest.x.operator.budgets import drained_lines
from fullreserve.gateway.rest.x.operator.budgets import read as read_budgets
from fullreserve.gateway.rest.x.operator.guard import Guard, Named, Operator
from fullreserve.gateway.rest.x.operator.lacking import (
    gates_lacking,
    lacking,
    operators_lacking,
    sign_offs,
)
from fullreserve.gateway.rest.x.operator.numbers import decimal
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.gateway.rest.x.suspensions import UNKNOWN, places
from fullreserve.gateway.told_secrets import secret_in

P = TypeVar("P", bound=NotedParams)
Made = Callable[[P], Awaitable[said.Said]]

ACTIONS = {str(one.name).lower(): one for one in Action}
REASONS = {one.name: one for one in Reason}
LINES_MAX = 100
AMOUNT_MAX = 10**30


def _actions(name: str, text: str) -> int:
    actions = 0
    for word in text.split(","):
        if word.strip() not in ACTIONS:
            raise Problem(51000, name, ", ".join(ACTIONS))
        actions |= ACTIONS[word.strip()]
    return actions


def _hash(name: str, text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != HASH_BYTES:
        raise Problem(51000, name, "a SHA-256 in 64 hexadecimal digits")
    return digest


def _digest(name: str, text: str) -> str:
    return _hash(name, text).hex()


def _document(name: str, text: str) -> str:
    size = len(text.encode())
    if size > said.DOCUMENT_MAX:
        raise Problem(51000, name, f"at most {said.DOCUMENT_MAX} bytes of text, not {size}")
    secret = secret_in(text)
    if secret:
        raise Problem(51000, name, f"a text without secrets: it has {secret} in it")
    return text


SuspensionId = Annotated[int, Meta(ge=1, description="A suspension's number")]
Digest = Annotated[str, Meta(description="SHA-256 of a document", extra={"read": _digest})]


class TermsParams(NotedParams):
    """What is stopped, where and why."""

    actions: Annotated[
        int, Meta(description="By comma: " + ", ".join(ACTIONS), extra={"read": _actions})
    ]
    level: Annotated[
        Literal["global", "chain", "ccy", "ccy_chain", "segment", "user"], Meta(description="Where")
    ]
    reason: Annotated[str, Meta(description="One of the public reasons")]
    chain: Annotated[str, Meta(description="For chain: Bitcoin; for ccy_chain: BTC-Bitcoin")] = ""
    ccy: Annotated[str, Meta(description="For ccy")] = ""
    key: Annotated[int, Meta(ge=0, description="A segment or a user")] = 0
    mode: Annotated[
        Literal["queue", "reject", "review", "cap"], Meta(description="For withdrawals")
    ] = "queue"
    est_open_ts: Annotated[int, Meta(ge=0, description="When it will end, in ms")] = 0
    cap_usd: Annotated[int, Meta(ge=0, description="For cap: USD of a user in 24 hours")] = 0
    cap_amt: Annotated[str, Meta(description="For cap: of the currency in 24 hours")] = ""
    incident: Annotated[int, Meta(ge=0, description="Ties suspensions together")] = 0


class OneParams(NotedParams):
    """One suspension."""

    suspension: SuspensionId


class ExtendParams(OneParams):
    """Another estimate."""

    est_open_ts: Annotated[int, Meta(ge=0, description="In ms; 0: not known")] = 0


MAX_WAIT_TICKS = 60


class PlanParams(ExtendParams):
    """When and how fast it opens."""

    budgets: Annotated[
        str,
        Meta(
            description="By comma chain:amount:slots, for example BTC-Bitcoin:100:50; other lines "
            "of the scope have a tenth of hot and ten slots"
        ),
    ] = ""
    interval_ms: Annotated[int, Meta(ge=1, le=3_600_000, description="Between two ticks")] = 60_000
    max_wait_ticks: Annotated[
        int,
        Meta(ge=1, le=10_000, description="After so many ticks a request comes before both lanes"),
    ] = MAX_WAIT_TICKS


class SignOffParams(OneParams):
    """The plan that is agreed to, and the evidence that was looked at."""

    planned_ts: Annotated[int, Meta(ge=1, description="The row's `plannedTs`")]
    shown: Annotated[int, Meta(ge=0, description="The row's `shown`, the newest evidence")]


class ShowParams(OneParams):
    """Evidence for a gate."""

    gate: Annotated[Literal["1", "2", "3", "5", "6", "7", "8"], Meta(description="G1 to G8")]
    document: Annotated[
        str,
        Meta(
            description="What was looked at, in words; gates 6 to 8 need it. No secrets",
            extra={"read": _document},
        ),
    ] = ""
    public: Annotated[bool, Meta(description="Whether everybody may read the document")] = False
    passed: bool = True
    figures: Annotated[
        str,
        Meta(description="By comma: BTC:amount beside what is measured, or BTC-Bitcoin:amount"),
    ] = ""
    count: Annotated[int, Meta(ge=0, description="What was screened")] = 0
    up_to: Annotated[
        int,
        Meta(
            ge=0,
            description="For gate 5: `upTo` of `screening`, the reading of the queue that `count` "
            "is of; without it the queue is read as this is said",
        ),
    ] = 0


class CanaryParams(OneParams):
    """A queued withdrawal that is paid first."""

    wd_id: Annotated[str, Meta(description="Its id")]


class ReportParams(OneParams):
    """The published report."""

    digest: Digest


class DetailParams(Params):
    """One suspension."""

    suspension: SuspensionId


MODES = {"queue": Mode.QUEUE, "reject": Mode.REJECT, "review": Mode.REVIEW, "cap": Mode.CAP}


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path; whoever is a member stops, proofs are for the way back."""
    desk = _Suspending(context)

    def endpoint(
        name: str,
        shape: type[P],
        make: Made[P],
        *,
        wants_proof: bool = True,
        wants_consent: bool = False,
    ) -> Named:
        async def act(who: Operator, params: P) -> bytes:
            return await desk.tell(who, await make(params))

        act.__doc__ = make.__doc__
        path = f"suspending/{name}"
        return guard.acts(path, shape, act, wants_proof=wants_proof, wants_consent=wants_consent)

    return dict(
        (
            guard.reads("suspending", Params, desk.listed),
            guard.reads("suspending/detail", DetailParams, desk.detail),
            guard.acts("suspending/suspend", TermsParams, desk.suspend),
            guard.acts("suspending/draft", TermsParams, desk.draft),
            guard.reads("suspending/survey", DetailParams, desk.survey, is_post=True),
            guard.acts("suspending/tick", OneParams, desk.tick, wants_proof=True),
            endpoint("ratify", OneParams, desk.ratify, wants_consent=True),
            endpoint("discard", OneParams, desk.discard, wants_proof=False),
            endpoint("extend", ExtendParams, desk.extend, wants_proof=False),
            endpoint("fall", OneParams, desk.fall, wants_proof=False),
            endpoint("plan", PlanParams, desk.plan),
            endpoint("check", OneParams, desk.check),
            endpoint("show", ShowParams, desk.show),
            endpoint("sign-off", SignOffParams, desk.sign_off, wants_consent=True),
            endpoint("canary", CanaryParams, desk.canary),
            endpoint("open-drain", OneParams, desk.open_drain),
            endpoint("lift", OneParams, desk.lift),
            endpoint("report", ReportParams, desk.report),
        )
    )


class _Suspending:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog

    # Reading

    async def listed(self, _who: Operator, _params: Params) -> bytes:
        """All suspensions, those of single users and drafts too, newest first."""
        found = await suspension_desk.suspensions(self._context)
        names, now = await places(self._context), self._context.clock.exchange_ms()
        return wire.envelope([_row(one, names, now) for one in reversed(found)])

    async def detail(self, _who: Operator, params: DetailParams) -> bytes:
        """One suspension with all evidence, who gave it and when."""
        return wire.envelope([await self._whole(await self._named(params.suspension))])

    async def _whole(self, one: Suspension) -> rows.Row:
        names, now = await places(self._context), self._context.clock.exchange_ms()
        drained = await suspension_desk.drained(self._context, one.number)
        here = await suspension_desk.own_queues(self._context, one.terms.scope)
        broken = await suspension_desk.broken(self._context, one.number)
        found = _row(one, names, now) | rows.detail(one, names, now, here, drained, broken)
        lifted = [step.time_ms for step in one.history if step.state == SuspensionState.LIFTED]
        found["flows"] = await flow_rows(self._context, names, (lifted or [one.created_ms])[-1])
        kept = await suspension_desk.kept(self._context, one.number)
        found["kept"] = rows.kept_rows(kept, is_public=False)
        reading = await suspension_desk.reading(self._context, one.number)
        found["screening"] = [] if reading is None else [screening.row(reading)]
        found["evidence"] = [rows.evidence_row(shown, names) for shown in one.evidence]
        found["canaries"] = [
            await self._canary(network, number, names) for network, number in one.canaries.items()
        ]
        found["budgets"] = [
            {
                "chain": f"{names.asset(each.asset)}-{names.network(each.network)}",
                "amt": names.text(each.asset, each.amount),
                "transactions": str(each.slots),
            }
            for each in one.budgets
        ]
        found["lines"] = (
            await drained_lines(self._context, one.terms.scope, here, one.budgets)
            if one.stops_leaving
            else []
        )
        most = await suspension_desk.max_wait(self._context, one.number)
        found["maxWaitTicks"] = str(most) if most else ""
        found["signOffsNeeded"] = str((await sign_offs(self._context, one))[1])
        audit = self._context.desk.rooms.audit
        found["note"] = await self._context.desk.act(audit.note, one.terms.note)
        return found

    async def _canary(self, network: int, number: int, names: rows.Places) -> rows.Row:
        paid: Withdrawal | None = await ask(self._context, WITHDRAWALS, GetWithdrawal(number))
        return {
            "network": names.network(network),
            "wdId": ids.text(number),
            "state": str(paid.state) if paid is not None else "",
            "waitsForPeople": paid is not None and paid.state in REVIEWS,
        }

    async def _named(self, number: int) -> Suspension:
        for one in await suspension_desk.suspensions(self._context):
            if one.number == number:
                return one
        raise Problem(UNKNOWN)

    # Saying

    async def tell(self, who: Operator, word: said.Said) -> bytes:
        """Says a word on one suspension; the row as it is then."""
        if isinstance(word, said.Show):
            word = await screening.named(self._context, word)
        reply = await suspension_desk.tell(self._context, who.uid, word)
        number = getattr(word, "suspension", reply.sequence)
        if screening.is_refused(word, reply.code):
            raise Problem(Refused.SCREENED, allowed=await screening.found(self._context, number))
        if reply.code == Refused.GATES:
            one, names = await self._named(number), await places(self._context)
            if isinstance(word, said.SignOff):
                lacks = gates_lacking(self._context, one, names, waits=False)
            else:
                opens = isinstance(word, said.OpenDrain)
                lacks = await lacking(self._context, one, names, opens=opens)
            raise Problem(reply.code, allowed="; ".join(lacks))
        if reply.code == Refused.SET_UP:
            raise Problem(reply.code, allowed=await operators_lacking(self._context, word))
        if reply.code == Refused.WRONG_STATE:
            raise Problem(reply.code, allowed=not_now.state_now(await self._named(number)))
        if reply.code == Refused.MEASURE:
            where = await not_now.unmeasured(self._context, await self._named(number))
            raise Problem(reply.code, allowed=where)
        if reply.code == Refused.WAITS:
            drained = await suspension_desk.drained(self._context, number)
            bounds = sorted({each.max_wait for each in drained if each.max_wait})
            raise Problem(reply.code, allowed=", ".join(map(str, bounds)))
        if reply.code:
            raise Problem(reply.code, "suspension", "one of those that x/operator/suspending lists")
        return wire.envelope([await self._whole(await self._named(number))])

    async def suspend(self, who: Operator, params: TermsParams) -> bytes:
        """Stop at once, alone; others ratify it within the hour."""
        return await self._made(who, said.Suspend(await self._terms(who, params)))

    async def draft(self, who: Operator, params: TermsParams) -> bytes:
        """Prepare a stop that others approve."""
        return await self._made(who, said.Draft(await self._terms(who, params)))

    async def _made(self, who: Operator, word: said.Suspend | said.Draft) -> bytes:
        reply = await suspension_desk.tell(self._context, who.uid, word)
        if reply.code == 51_000:
            raise Problem(51_000, "actions", "withdrawals and deposits alone by chain")
        if reply.code == Refused.SET_UP:
            raise Problem(reply.code, allowed=await operators_lacking(self._context, word))
        if reply.code:
            raise Problem(reply.code)
        return wire.envelope([await self._whole(await self._named(reply.sequence))])

    async def _terms(self, who: Operator, params: TermsParams) -> Terms:
        if params.reason not in REASONS:
            raise Problem(51000, "reason", ", ".join(REASONS))
        scope = await self._scope(params)
        cap = b""
        if params.cap_amt:
            known = self._catalog.assets.get(scope.asset)
            if known is None:
                raise Problem(51000, "capAmt", "with a currency alone")
            cap = amount_bytes(decimal("capAmt", params.cap_amt, known.scale, AMOUNT_MAX))
        now = self._context.clock.exchange_ms()
        if params.est_open_ts and params.est_open_ts <= now:
            raise Problem(51000, "estOpenTs", f"a time after now ({now}), in ms, or 0")
        if params.mode == "cap" and not (params.cap_usd or cap):
            raise Problem(50015, name="capUsd or capAmt")
        return Terms(
            *(params.actions, scope, MODES[params.mode], REASONS[params.reason]),
            *(params.est_open_ts, params.cap_usd * rows.USD, cap),
            *(params.incident, who.entry),
        )

    async def _scope(self, params: TermsParams) -> Scope:
        level = rows.LEVELS[params.level]
        if level is Level.CHAIN:
            known = {one.network.code: one.network.network for one in await lines(self._context)}
            if params.chain not in known:
                raise Problem(51000, "chain", ", ".join(known))
            return Scope(level, known[params.chain])
        if level is Level.ASSET_CHAIN:
            line = await self._line("chain", params.chain)
            return Scope(level, line.network.network, line.asset.id)
        if level is Level.ASSET:
            asset = self._catalog.asset_named.get(params.ccy)
            if asset is None:
                raise Problem(51012, name=params.ccy)
            return Scope(level, asset=asset.id)
        if level is Level.USER:
            await self._want_user(params.key)
        return Scope(level, key=params.key if level in (Level.SEGMENT, Level.USER) else 0)

    async def _want_user(self, uid: int) -> None:
        if not uid:
            raise Problem(50014, name="key")
        if await self._context.door.query(GetOwner(uid)) is None:
            raise Problem(91023, name=f"user: {uid}")

    async def _line(self, name: str, chain: str) -> Line:
        known = {one.chain: one for one in await lines(self._context)}
        if chain not in known:
            raise Problem(51000, name, ", ".join(known))
        return known[chain]

    async def ratify(self, params: OneParams) -> said.Said:
        """Approve a draft or a stop by one operator, who is another."""
        return said.Ratify(params.suspension)

    async def discard(self, params: OneParams) -> said.Said:
        """Drop a draft."""
        return said.Discard(params.suspension)

    async def extend(self, params: ExtendParams) -> said.Said:
        """Change the estimate of when it ends."""
        return said.Extend(params.suspension, params.est_open_ts)

    async def fall(self, params: OneParams) -> said.Said:
        """Break a reopening off; everybody keeps the old place."""
        return said.Fall(params.suspension)

    async def plan(self, params: PlanParams) -> said.Said:
        """Plan the reopening: when, and how fast the queue is paid."""
        found = await suspension_desk.suspensions(self._context)
        one = next((each for each in found if each.number == params.suspension), None)
        scope = one.terms.scope if one is not None and one.stops_leaving else None
        budgets = await read_budgets(self._context, _listed("budgets", params.budgets), scope)
        when = (params.suspension, params.est_open_ts)
        return said.Plan(*when, budgets, params.interval_ms, params.max_wait_ticks)

    async def check(self, params: OneParams) -> said.Said:
        """Begin to look at the gates."""
        return said.Check(params.suspension)

    async def show(self, params: ShowParams) -> said.Said:
        """Give evidence for a gate."""
        figures = [await self._figure(text) for text in _listed("figures", params.figures)]
        document = params.document.encode()
        return said.Show(
            *(params.suspension, Gate(int(params.gate))),
            sha256(document).digest() if document else b"",
            passed=params.passed,
            figures=tuple(figures),
            count=params.count,
            document=document,
            is_public=params.public,
            up_to=params.up_to,
        )

    async def _figure(self, text: str) -> Figure:
        chain, _, amount = text.partition(":")
        if "-" in chain:
            line = await self._line("figures", chain)
            network, asset = line.network.network, line.asset
        else:
            known = self._catalog.asset_named.get(chain)
            if known is None:
                raise Problem(51012, name=chain)
            network, asset = 0, known
        value = decimal("figures", amount, asset.scale, AMOUNT_MAX)
        return Figure(network, asset.id, amount_bytes(value))

    async def sign_off(self, params: SignOffParams) -> said.Said:
        """Agree to the restart that another has planned, and to what was shown for it."""
        return said.SignOff(params.suspension, params.planned_ts, params.shown)

    async def canary(self, params: CanaryParams) -> said.Said:
        """Pay one queued withdrawal first, as a test of its network."""
        return said.Canary(params.suspension, ids.number(params.wd_id))

    async def open_drain(self, params: OneParams) -> said.Said:
        """Begin to pay the queue out."""
        one = await self._named(params.suspension)
        about = f"{one.number} {one.planned_ms}"
        seed = self._context.vault.store.keyed("drain seed", about)[:HASH_BYTES]
        return said.OpenDrain(one.number, seed)

    async def lift(self, params: OneParams) -> said.Said:
        """End it; of withdrawals when nobody waits any more."""
        return said.Lift(params.suspension)

    async def report(self, params: ReportParams) -> said.Said:
        """Note the published report."""
        return said.Report(params.suspension, _hash("digest", params.digest))

    async def survey(self, _who: Operator, params: DetailParams) -> bytes:
        """Have the queue read: how many wait by now, of whom gate 5 may be shown."""
        one = await self._named(params.suspension)
        if one.state not in screening.SCREENED_IN or Gate.QUEUE_HYGIENE not in gates_of(one):
            raise Problem(Refused.WRONG_STATE, allowed=not_now.state_now(one))
        if await suspension_desk.survey(self._context, one.number):
            raise Problem(Refused.SURVEY)
        return wire.envelope([await self._whole(one)])

    async def _tick(self, suspension: int, line: Budget) -> None:
        """A payment from a line: of a long queue it takes several words."""
        most = await suspension_desk.max_wait(self._context, suspension)
        word = Drain(line.network, line.asset, line.amount, line.slots, suspension, most)
        is_under_way = True
        while is_under_way:
            reply = await say(self._context, WITHDRAWALS, word)
            if reply.code:
                raise Problem(reply.code)
            found = await suspension_desk.drained(self._context, suspension)
            here = (line.network, line.asset)
            is_under_way = any(each.cursor for each in found if (each.network, each.asset) == here)

    async def tick(self, _who: Operator, params: OneParams) -> bytes:
        """One tick of the drain on each of its lines."""
        one = await self._named(params.suspension)
        if one.state != SuspensionState.DRAINING:
            raise Problem(93_004, allowed=not_now.state_now(one))
        drained = await suspension_desk.drained(self._context, one.number)
        next_ms = {
            (each.network, each.asset): 0 if each.cursor else each.time_ms + one.interval_ms
            for each in drained
        }
        now_ms = self._context.clock.exchange_ms()
        waits_ms = [next_ms.get((line.network, line.asset), 0) - now_ms for line in one.budgets]
        if waits_ms and min(waits_ms) > 0:
            raise Problem(Refused.TOO_SOON, allowed=f"in {-(-min(waits_ms) // 1000)} s")
        for line, wait_ms in zip(one.budgets, waits_ms, strict=True):
            if wait_ms <= 0:
                await self._tick(one.number, line)
        return wire.envelope([await self._whole(one)])


def _row(one: Suspension, names: rows.Places, now_ms: int) -> dict[str, Any]:
    return rows.row(one, names, now_ms) | {
        "estOpenTs": str(one.terms.est_open_ms) if one.terms.est_open_ms else "",
        "key": str(one.terms.scope.key),
        "uid": str(one.creator),
        "approvals": [{"uid": str(v.who), "ts": str(v.time_ms)} for v in one.approvals],
        "planner": str(one.planner) if one.planner else "",
        "plannedTs": str(one.planned_ms) if one.planned_ms else "",
        "shown": str(shown_last(one)) if one.planned_ms else "",
        "signOffUids": [{"uid": str(v.who), "ts": str(v.time_ms)} for v in one.sign_offs],
    }


def _listed(name: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > LINES_MAX:
        raise Problem(50025, name, str(LINES_MAX))
    return parts

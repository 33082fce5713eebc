"""`x/operator/policy/…`: the rules of what leaves, their changes with replay, and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fullreserve.exchange.products import policy_wire as fold
from fullreserve.exchange.products.policy_rules import (
    UNPRICED_USD,
    Category,
    Concern,
    DecisionState,
    Rule,
    Verb,
    Webhook,
)
from fullreserve.exchange.products.policy_wire import (
    POLICY,
    Change,
    Decision,
    PolicyView,
    Replay,
    Word,
)
from fullreserve.exchange.products.risk_rules import (
    ALLOWED,
    Outcome,
    RiskTable,
    is_sound_table,
)
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.policy_chain import link_row
from fullreserve.gateway.rest.params import FiveHundred, Hundred, Params
from fullreserve.gateway.rest.past import ledger_caught_up, recorded
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.operator import fold as approvals
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.lacking import operators_needed
from fullreserve.gateway.rest.x.operator.parameters import NotedParams
from fullreserve.gateway.rest.x.operator.wanted import wanted
from fullreserve.gateway.risk_desk import assessments, risk_row
from fullreserve.gateway.tranches import request_of

USD = 10**8
VERBS = {verb.name.lower(): verb for verb in Verb}
CATEGORIES = {one.name.lower(): one for one in Category}
WEBHOOKS = {one.name.lower(): one for one in Webhook}
_WORDS: dict[int, str] = {int(number): word for word, number in CATEGORIES.items()}

# A replay's name: its digest, the time and the newest decision then.
_DIGEST, _AT, _UNTIL = 32, 40, 48

_encode = msgspec.msgpack.Encoder().encode


# What the log's words have room for; whether a rule makes sense is judged there.
Small = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Large = Annotated[int, Meta(ge=0, le=2**53)]
Usd = Annotated[int, Meta(ge=0, le=(2**63 - 1) // USD)]


class RuleText(msgspec.Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A rule as operators write it; USD in whole ones."""

    number: Small
    verb: str
    group: Small = 0
    needed: Small = 0
    initiators: tuple[Large, ...] = ()
    sources: tuple[Small, ...] = ()
    networks: tuple[Small, ...] = ()
    assets: tuple[Small, ...] = ()
    categories: tuple[str, ...] = ()
    least_age_ms: Large = 0
    most_usd: Usd = 0
    velocity_usd: Usd = 0
    window_ms: Large = 0
    most_share: Annotated[int, Meta(ge=0, le=10_000)] = 0  # of a wallet, in parts of 10,000
    webhook: str = ""


ChangeId = Annotated[int, Meta(ge=1, description="A change's number")]
RequestId = Annotated[str, Meta(description="A withdrawal's id")]


class ProposeParams(NotedParams):
    """Other rules."""

    rules: Annotated[str, Meta(description="A JSON list of rules, in their order")]


class RiskParams(NotedParams):
    """Another table of risks."""

    table: Annotated[
        str, Meta(description="JSON as policy's risk is; what is left out is the default")
    ]


class ChangeParams(NotedParams):
    """One change."""

    change: ChangeId


class AgreeParams(ChangeParams):
    """One change, and what was seen of it."""

    replay: Annotated[str, Meta(description="What policy/replay names its replay by")]


class ReplayParams(Params):
    """One change."""

    change: ChangeId


class DecisionParams(Params):
    """One request."""

    wd_id: RequestId


class DecisionsParams(Params):
    """Which decisions."""

    state: Annotated[
        Literal[
            "allowed",
            "waiting",
            "blocked",
            "rejected",
            "expired",
            "confirming",
            "delayed",
            "confirmed",
            "canceled",
            "",
        ],
        Meta(description="All without"),
    ] = ""
    limit: Hundred = 100


class ChainParams(Params):
    """A page of the chain."""

    behind: Annotated[
        int, Meta(ge=0, le=2**53, description="A decision's number; 0: from the first")
    ] = 0
    limit: FiveHundred = 100


class ApproveParams(NotedParams):
    """One request."""

    wd_id: RequestId


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Policy(context)
    return dict(
        (
            guard.reads("policy", Params, desk.shown),
            guard.reads("policy/replay", ReplayParams, desk.replay),
            guard.reads("policy/decision", DecisionParams, desk.decision),
            guard.reads("policy/decisions", DecisionsParams, desk.decisions),
            guard.reads("policy/chain", ChainParams, desk.chain, is_noted=True),
            guard.acts("policy/propose", ProposeParams, desk.propose, wants_proof=True),
            guard.acts("policy/propose-risk", RiskParams, desk.propose_risk, wants_proof=True),
            guard.acts(
                "policy/agree", AgreeParams, desk.agree, wants_proof=True, wants_consent=True
            ),
            guard.acts("policy/withdraw", ChangeParams, desk.withdraw),
            guard.acts(
                "policy/approve", ApproveParams, desk.approve, wants_proof=True, wants_consent=True
            ),
            guard.acts("policy/reject", ApproveParams, desk.reject),
        )
    )


class _Policy:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def shown(self, _who: Operator, _params: Params) -> bytes:
        """The rules in force, changes with when they hold, and the table of risk scores."""
        view = await self._view()
        row = {
            "version": str(view.version),
            "rules": [_rule_row(rule) for rule in view.rules],
            "changes": [_change_row(one, view) for one in reversed(view.changes)],
            "head": view.head.hex(),
            "risk": msgspec.to_builtins(view.risk) if view.risk is not None else {},
        }
        return wire.envelope([row])

    async def _view(self) -> PolicyView:
        """As of now, also where nothing was said since a change came to hold."""
        now_ms = self._context.clock.exchange_ms()
        view: PolicyView = await self._ask(fold.GetPolicy(now_ms), PolicyView)
        return view

    async def replay(self, _who: Operator, params: ReplayParams) -> bytes:
        """What a change would have made of the requests of the last 30 days."""
        now = (await self._context.door.health()).time_ms
        found: Replay | None = await self._ask(fold.GetReplay(params.change, now), Replay | None)
        if found is None:
            raise Problem(fold.Refused.UNKNOWN)
        view = await self._view()
        table = view.tables.get(params.change)
        names: type[Verb | Outcome] = Verb if table is None else Outcome
        differs = [
            {
                "wdId": ids.text(one.request),
                "before": names(one.before).name.lower(),
                "after": names(one.after).name.lower(),
                "rule": str(one.rule) if one.rule else "",
            }
            for one in found.differs
        ]
        row = {
            "lookedAt": str(found.looked_at),
            "differs": differs,
            "replay": _named(found),
            "isWindowOther": _is_window_other(table, view.risk),
        }
        return wire.envelope([row])

    async def decision(self, _who: Operator, params: DecisionParams) -> bytes:
        """What was decided of a request, and why, rule by rule."""
        return wire.envelope([await self._decided(ids.number(params.wd_id))])

    async def decisions(self, _who: Operator, params: DecisionsParams) -> bytes:
        """Decisions, newest first."""
        state = DecisionState[params.state.upper()] if params.state else 0
        question = fold.ListDecisions(state, params.limit)
        found: list[Decision] = await self._ask(question, list[Decision])
        return wire.envelope(await self._rows(found))

    async def chain(self, _who: Operator, params: ChainParams) -> bytes:
        """Decisions behind a number, oldest first, with all that is hashed of each."""
        await ledger_caught_up(self._context)
        found = await recorded(
            self._context, lambda history: history.chain(params.behind, params.limit)
        )
        return wire.envelope([link_row(link) for link in found])

    async def _rows(self, found: Sequence[Decision]) -> list[dict[str, Any]]:
        """Decisions, with what vendors had to say of each, and its risk."""
        asked = fold.ListConcerns(tuple(one.facts.request for one in found))
        concerns: list[int] = await self._ask(asked, list[int])
        risks = await assessments(self._context, [one.facts.request for one in found])
        wants = await wanted(self._context, found)
        return [
            _decision_row(one)
            | {"wants": rows, "concerns": _named_concerns(flags), "risk": risk_row(risk)}
            for one, rows, flags, risk in zip(found, wants, concerns, risks, strict=True)
        ]

    async def _decided(self, request: int) -> dict[str, Any]:
        found: Decision | None = await self._ask(
            fold.GetDecision(await request_of(self._context, request)), Decision | None
        )
        if found is None:
            raise Problem(fold.Refused.UNKNOWN)
        return (await self._rows([found]))[0]

    async def propose(self, who: Operator, params: ProposeParams) -> bytes:
        """Propose other rules; those that only tighten hold at once."""
        try:
            texts = msgspec.json.decode(params.rules, type=list[RuleText])
            rules = tuple(_rule(text) for text in texts)
        except (msgspec.DecodeError, KeyError, OverflowError) as bad:
            raise Problem(51000, "rules", f"a JSON list of rules: {bad}") from None
        await self._say(who, fold.Propose(rules, who.entry), "rules")
        return await self.shown(who, params)

    async def propose_risk(self, who: Operator, params: RiskParams) -> bytes:
        """Propose another table of risk scores; one that only tightens holds at once."""
        try:
            table = msgspec.json.decode(params.table, type=RiskTable)
        except msgspec.DecodeError as bad:
            raise Problem(51000, "table", f"points, bounds and thresholds: {bad}") from None
        if not is_sound_table(table):
            raise Problem(51000, "table", ALLOWED)
        await self._say(who, fold.ProposeRisk(table, who.entry), "table")
        return await self.shown(who, params)

    async def agree(self, who: Operator, params: AgreeParams) -> bytes:
        """Agree to a change whose replay was seen; it holds 48 hours after the last."""
        try:
            seen = bytes.fromhex(params.replay)
        except ValueError:
            raise Problem(51000, "replay", "what policy/replay says") from None
        digest, at_ms, until = seen[:_DIGEST], seen[_DIGEST:_AT], seen[_AT:_UNTIL]
        moment = (int.from_bytes(at_ms), int.from_bytes(until))
        await self._say(who, fold.Agree(params.change, digest, *moment))
        return await self.shown(who, params)

    async def withdraw(self, who: Operator, params: ChangeParams) -> bytes:
        """Drop a change."""
        await self._say(who, fold.Withdraw(params.change))
        return await self.shown(who, params)

    async def approve(self, who: Operator, params: ApproveParams) -> bytes:
        """Approve a request that its rule, or a review, wants approved."""
        request = ids.number(params.wd_id)
        await self._say(who, fold.Approve(request))
        return wire.envelope([await self._decided(request)])

    async def reject(self, who: Operator, params: ApproveParams) -> bytes:
        """Refuse a request that waits for approvals."""
        request = ids.number(params.wd_id)
        await self._say(who, fold.Reject(request))
        return wire.envelope([await self._decided(request)])

    async def _say(self, who: Operator, word: Word, name: str = "") -> None:
        door = self._context.door
        command = Product(door.gateway, door.numbers(1), POLICY, who.uid, _encode(word))
        reply = await submitted(self._context, command)
        if reply.code in (fold.Refused.SET_UP, fold.Refused.HANGS):
            raise Problem(reply.code, allowed=await self._lacking(reply.code))
        if reply.code:
            raise Problem(reply.code, name, "rules that mean something, each with its own number")

    async def _lacking(self, code: int) -> str:
        """How many have to count, and how many do."""
        state = await approvals.approvals(self._context)
        if code == fold.Refused.HANGS:
            counts = (f"{one.enabled} of group {at}" for at, one in sorted(state.groups.items()))
            return (
                "one more has to count than `needed`, and two of the reviewers, group 1, beside "
                "another group, of whom nobody stands for both; there are " + ", ".join(counts)
            )
        return operators_needed(approvals.console(state))

    async def _ask(self, question: msgspec.Struct, shape: Any) -> Any:
        answer: bytes | None = await self._context.door.query(AskFold(POLICY, _encode(question)))
        assert answer is not None
        return msgspec.msgpack.decode(answer, type=shape)


def _rule(text: RuleText) -> Rule:
    plain: dict[str, Any] = msgspec.structs.asdict(text) | {
        "verb": VERBS[text.verb],
        "categories": tuple(CATEGORIES[word] for word in text.categories),
        "webhook": WEBHOOKS[text.webhook] if text.webhook else 0,
        "most_usd": text.most_usd * USD,
        "velocity_usd": text.velocity_usd * USD,
    }
    return Rule(**plain)


def _rule_row(rule: Rule) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(rule) | {
        "verb": Verb(rule.verb).name.lower(),
        "categories": tuple(_WORDS.get(one, str(one)) for one in rule.categories),
        "webhook": Webhook(rule.webhook).name.lower() if rule.webhook else "",
        "most_usd": rule.most_usd // USD,
        "velocity_usd": rule.velocity_usd // USD,
    }
    row: dict[str, Any] = msgspec.to_builtins(RuleText(**plain))
    return row


def _is_window_other(table: RiskTable | None, held: RiskTable | None) -> bool:
    """Whether a table has another window: replayed are the sums over the one of then."""
    if table is None or held is None:
        return False
    return table.bounds.window_hours != held.bounds.window_hours


def _named(replay: Replay) -> str:
    return (replay.digest + replay.at_ms.to_bytes(8) + replay.until.to_bytes(8)).hex()


def _change_row(one: Change, view: PolicyView) -> dict[str, Any]:
    superseded_by, table = view.superseded.get(one.number), view.tables.get(one.number)
    return {
        "change": str(one.number),
        "rules": [_rule_row(rule) for rule in one.rules],
        "risk": msgspec.to_builtins(table) if table is not None else {},
        "proposer": str(one.proposer),
        "ts": str(one.time_ms),
        "tightens": one.is_tightening,
        "contested": one.is_tightening and not one.is_over and not one.holds_ms,
        "agreed": [str(uid) for uid in one.agreed],
        "returns": _returns(one, view),
        "holdsTs": str(one.holds_ms) if one.holds_ms else "",
        "over": one.is_over,
        "supersededBy": str(superseded_by) if superseded_by is not None else "",
    }


def _returns(one: Change, view: PolicyView) -> bool:
    """Whether it takes back what one alone tightened, so that it waits for no time."""
    base, table = view.base, view.tables.get(one.number)
    if base is None:
        return False
    if table is None:
        return base.rules_ms > 0 and one.rules == base.rules
    return base.risk_ms > 0 and table == base.risk


def _named_concerns(flags: int) -> list[str]:
    return [one.name.lower() for one in Concern if flags & one and one.name]


def _decision_row(one: Decision) -> dict[str, Any]:
    return {
        "wdId": ids.text(one.facts.request),
        "uid": str(one.facts.owner),
        "usd": "" if one.facts.usd >= UNPRICED_USD else str(one.facts.usd // USD),
        "state": DecisionState(one.state).name.lower(),
        "verb": Verb(one.explained.verb).name.lower(),
        "rule": str(one.explained.rule),
        "needed": str(one.explained.needed),
        "approvals": [str(uid) for uid in one.approvals],
        "trace": [{"rule": str(step.rule), "failed": step.failed} for step in one.explained.trace],
        "version": str(one.version),
        "ts": str(one.time_ms),
        "digest": one.digest.hex(),
    }

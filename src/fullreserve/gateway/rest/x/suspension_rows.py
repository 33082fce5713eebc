"""Suspensions as everybody sees them; nothing of single users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.calendar_wire import NetworkWindow, Stage
from fullreserve.exchange.products.drain_line import EACH_IN_TURN, FIRST_IN_TURN, OWNERS_IN_TURN
from fullreserve.exchange.products.drain_log import (
    NO_SPLITS,
    DrainLog,
    DrainSum,
    DrainTick,
    SplitLog,
    columns,
)
from fullreserve.exchange.products.suspension_state import (
    NOTICE_MS,
    Broken,
    Evidence,
    Kept,
    Suspension,
    SuspensionState,
    gates_of,
    is_green,
    newest,
)
from fullreserve.exchange.products.suspension_wire import (
    Action,
    Figure,
    Gate,
    Level,
    Mode,
    Reason,
    Trigger,
)
from fullreserve.exchange.products.withdrawal_state import SMALL_USD, Sum
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import Line
from fullreserve.gateway.rest.x.suspension_words import STATES, Caps, actions_of, titles

Row = dict[str, Any]
Logs = dict[int, dict[int, DrainLog]]
Rolled = tuple[int, Amount, int]  # number, amount, USD

# The second: by a few; the third: with the queue committed to request by request. The fourth: some
# line has requests that come first when they have waited for long. The fifth:
# what owners save stays for those. The sixth: some request may be paid in tranches. The seventh:
# those that have waited for long stay in their lanes. The eighth: with drains that were broken off.
FORMATS = tuple(f"fullreserve-drain/{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8))
ORDERING = "request number, ascending; lane L: max-min fair by owner"
USD = 10**8
# How wide a suspension is, by what operators call it, in and out.
LEVELS = {
    "global": Level.GLOBAL,
    "chain": Level.CHAIN,
    "ccy": Level.ASSET,
    "ccy_chain": Level.ASSET_CHAIN,
    "segment": Level.SEGMENT,
    "user": Level.USER,
}
_LEVEL_WORDS: dict[int, str] = {int(level): word for word, level in LEVELS.items()}
LATE = "Later than expected"
STATUS_STATES = {
    SuspensionState.ACTIVE: "ongoing",
    SuspensionState.REOPEN_PLANNED: "ongoing",
    SuspensionState.GATE_CHECK: "ongoing",
    SuspensionState.CANARY: "pre_open",
    SuspensionState.DRAINING: "pre_open",
    SuspensionState.LIFTED: "completed",
    SuspensionState.REPORTED: "completed",
}
_TRADING, _BOTS, _OTHER = "5", "7", "99"
_PLANNED = (Reason.WALLET_MAINT, Reason.TOKEN_CONTRACT_UPGRADE)


class Places:
    """Names of networks and assets."""

    def __init__(self, catalog: Catalog, lines: Iterable[Line]) -> None:
        self._catalog = catalog
        self._codes = {one.network.network: one.network.code for one in lines}

    def asset(self, number: int) -> str:
        known = self._catalog.assets.get(number)
        return known.symbol if known is not None else str(number)

    def network(self, number: int) -> str:
        return self._codes.get(number, str(number))

    def text(self, asset: int, amount: bytes) -> str:
        known = self._catalog.assets.get(asset)
        value = amount_int(amount) if amount else 0
        return known.text(value) if known is not None else str(value)

    def caps(self, one: Suspension) -> Caps:
        """What a cap leaves of 24 hours: USD to each, of the scope's asset to all."""
        terms = one.terms
        usd, asset = terms.per_user_usd // USD, terms.scope.asset
        amount = self.text(asset, terms.per_asset) if terms.per_asset else ""
        return Caps(f"{usd} USD" if usd else "", f"{amount} {self.asset(asset)}" if amount else "")

    def titles(self, one: Suspension) -> dict[str, str]:
        """One sentence in each language."""
        return titles(one, self.where(one), self.caps(one))

    def where(self, one: Suspension) -> str:
        """`BTC-Bitcoin`, `Bitcoin`, `BTC`, a segment, or nothing for everywhere."""
        scope = one.terms.scope
        if scope.level == Level.SEGMENT:
            return f"segment {scope.key}"
        named = [self.asset(scope.asset)] if scope.asset else []
        return "-".join((*named, self.network(scope.network)) if scope.network else named)


def expected(time_ms: int, now_ms: int) -> str:
    """A time at which something is expected; "" for none, and for one that has passed."""
    return str(time_ms) if time_ms > now_ms else ""


def is_public(one: Suspension) -> bool:
    """Whether everybody is told: not of a draft, nor of a single user."""
    return (
        one.terms.scope.level != Level.USER
        and one.state != SuspensionState.DRAFT
        and one.state != SuspensionState.DISCARDED
    )


def row(one: Suspension, places: Places, now_ms: int) -> Row:
    """A suspension in lists."""
    terms = one.terms
    return {
        "suspension": str(one.number),
        "state": STATES[SuspensionState(one.state)],
        "title": places.titles(one),
        "reason": Reason(terms.reason).name,
        "actions": [str(action.name).lower() for action in actions_of(one)],
        "level": _LEVEL_WORDS[terms.scope.level],
        "chain": places.network(terms.scope.network) if terms.scope.network else "",
        "ccy": places.asset(terms.scope.asset) if terms.scope.asset else "",
        "mode": Mode(terms.mode).name.lower(),
        "capUsd": str(terms.per_user_usd // USD) if terms.per_user_usd else "",
        "capAmt": places.text(terms.scope.asset, terms.per_asset) if terms.per_asset else "",
        "estOpenTs": expected(terms.est_open_ms, now_ms),
        "isLate": one.is_in_force and 0 < terms.est_open_ms <= now_ms,
        "beginTs": str(one.created_ms),
        "endTs": str(one.changed_ms) if one.state >= SuspensionState.LIFTED else "",
        "trigger": Trigger(one.trigger).name if one.trigger else "",
        "incident": str(terms.incident) if terms.incident else "",
        "ratified": one.is_ratified,
        "ratifyByTs": str(one.ratify_by_ms) if one.ratify_by_ms else "",
        "isOverdue": not one.is_ratified and 0 < one.ratify_by_ms <= now_ms and one.is_in_force,
    }


def detail(
    one: Suspension,
    places: Places,
    now_ms: int,
    waiting: Sequence[Sum],
    drained: Iterable[DrainSum],
    broken: Sequence[Broken] = (),
) -> Row:
    """A suspension with its history, its gates and its drain."""
    found = row(one, places, now_ms)
    found["history"] = [
        {"state": STATES[SuspensionState(step.state)], "ts": str(step.time_ms)}
        for step in one.history
    ]
    found["gates"] = [gate_row(one, gate, places, now_ms) for gate in gates_of(one)]
    found["signOffs"] = str(len(one.sign_offs))
    found["queue"] = queue_rows(waiting, places) if one.stops_leaving else []
    found["drain"] = drain_row(one, places, drained, broken)
    found["reportDigest"] = one.report.hex()
    return found


def gate_row(one: Suspension, gate: Gate, places: Places, now_ms: int) -> Row:
    """A gate with the newest evidence for it; `passesTs`: until when it waits, in ms."""
    shown = newest(one, gate) if one.planned_ms else None
    state = "missing" if shown is None else "passed" if shown.passed else "failed"
    if state == "passed" and not is_green(one, gate, now_ms):
        state = "waiting" if gate is Gate.COMMUNICATION else "expired"
    return {
        "gate": f"G{int(gate)}",
        "name": gate.name.lower(),
        "state": state,
        "digest": shown.digest.hex() if shown is not None else "",
        "ts": str(shown.time_ms) if shown is not None else "",
        "passesTs": str(shown.time_ms + NOTICE_MS) if shown and state == "waiting" else "",
        "figures": [figure_row(figure, places) for figure in shown.figures] if shown else [],
    }


def evidence_row(shown: Evidence, places: Places) -> Row:
    """All of a piece of evidence, for operators."""
    return {
        "gate": f"G{shown.gate}",
        "digest": shown.digest.hex(),
        "uid": str(shown.who),
        "ts": str(shown.time_ms),
        "sequence": str(shown.sequence),
        "passed": shown.passed,
        "count": str(shown.count),
        "figures": [figure_row(figure, places) for figure in shown.figures],
    }


def kept_rows(kept: Mapping[int, Kept], *, is_public: bool) -> list[Row]:
    """The newest evidence itself, by gate: records, and documents as far as they may be read.

    A record is JSON in a string: the SHA-256 of that is the evidence's digest.
    """
    return [
        {
            "gate": f"G{gate}",
            "record": one.record.decode(),
            "document": one.document.decode() if one.is_public or not is_public else "",
            "public": one.is_public,
        }
        for gate, one in sorted(kept.items())
    ]


def figure_row(one: Figure, places: Places) -> Row:
    """What there is, what it must come to, and the ratio at four digits, down."""
    have, need = amount_int(one.have), amount_int(one.need) if one.need else 0
    parts = have * 10_000 // need if need > 0 else 0
    return {
        "chain": places.network(one.network) if one.network else "",
        "ccy": places.asset(one.asset),
        "have": places.text(one.asset, one.have),
        "need": places.text(one.asset, one.need),
        "ratio": f"{parts // 10_000}.{parts % 10_000:04d}" if need > 0 else "",
    }


def maintenance_row(one: NetworkWindow, places: Places) -> Row:
    """A window in which deposits and withdrawals on a network wait."""
    terms = one.terms
    return {
        "plan": str(one.number),
        "chain": places.network(terms.network),
        "state": Stage(one.stage).name.lower(),
        "beginTs": str(terms.begin_ms),
        "preopenTs": str(terms.preopen_ms),
        "endTs": str(terms.end_ms),
    }


def queue_rows(waiting: Sequence[Sum], places: Places) -> list[Row]:
    """How many wait and for how much, by asset and network; the oldest is the first."""
    return [
        {
            "chain": places.network(one.network),
            "ccy": places.asset(one.asset),
            "count": str(one.count),
            "amt": places.text(one.asset, one.amount),
            "oldest": ids.text(one.oldest),
        }
        for one in waiting
    ]


def drain_row(
    one: Suspension, places: Places, drained: Iterable[DrainSum], broken: Sequence[Broken] = ()
) -> Row:
    """How far a drain is; seeds once it is over, of those that were broken off too."""
    is_over = one.state >= SuspensionState.LIFTED
    found: Row = {
        "commitment": sha256(one.seed).hexdigest() if one.seed else "",
        "queueDigest": one.queue_digest.hex(),
        "seed": one.seed.hex() if is_over else "",
        "intervalMs": str(one.interval_ms),
        "smallUsd": str(SMALL_USD // USD),
        "lines": [],
        "broken": broken_rows(broken, places, is_over=is_over),
    }
    for each in drained:
        found["lines"].append(
            {
                "chain": places.network(each.network),
                "ccy": places.asset(each.asset),
                "ticks": str(each.ticks),
                "paid": str(each.paid),
                "paidAmt": places.text(each.asset, each.amount),
                "waiting": str(each.waiting),
                "maxWaitTicks": str(each.max_wait) if each.max_wait else "",
                "digest": each.digest.hex(),
            }
        )
    return found


def broken_rows(broken: Sequence[Broken], places: Places, *, is_over: bool) -> list[Row]:
    """Drains that were broken off: what each was committed to, and what it paid."""
    return [
        {
            **_committed(each),
            "seed": each.seed.hex() if is_over else "",
            "beginTs": str(each.began_ms),
            "endTs": str(each.ended_ms),
            "lines": [
                _broken_line(line, places) | {"paidAmt": places.text(line.asset, line.amount)}
                for line in parts.values()
            ],
        }
        for each, parts in zip(broken, _of_each(broken), strict=True)
    ]


def _committed(one: Suspension | Broken) -> Row:
    return {
        "seed": one.seed.hex(),
        "commitment": sha256(one.seed).hexdigest(),
        "queueDigest": one.queue_digest.hex(),
    }


def _of_each(broken: Sequence[Broken]) -> list[dict[tuple[int, int], DrainSum]]:
    """What each paid, by line, without what those before it did."""
    found, before = [], dict[tuple[int, int], DrainSum]()
    for each in broken:
        lines = {(line.network, line.asset): line for line in each.lines}
        found.append({place: _less(line, before.get(place)) for place, line in lines.items()})
        before |= lines
    return found


def _less(line: DrainSum, before: DrainSum | None) -> DrainSum:
    if before is None:
        return line
    amount = amount_bytes(amount_int(line.amount) - amount_int(before.amount))
    ticks, paid = line.ticks - before.ticks, line.paid - before.paid
    return replace(line, ticks=ticks, paid=paid, amount=amount)


def _broken_line(line: DrainSum, places: Places) -> Row:
    return {
        "chain": places.network(line.network),
        "ccy": places.asset(line.asset),
        "ticks": str(line.ticks),
        "paid": str(line.paid),
        "digest": line.digest.hex(),
    }


def artefact(
    one: Suspension,
    places: Places,
    logs: Logs,
    drained: Iterable[DrainSum],
    roll: Sequence[tuple[int, bytes, int]] | None = None,
    kept: Mapping[int, Kept] | None = None,
    splits: SplitLog = NO_SPLITS,
    broken: Sequence[tuple[Broken, Sequence[Rolled]]] = (),
) -> Row:
    """A finished drain, whole: what its order can be worked out from again.

    `broken`: drains before it that were broken off, and the queues that they began with. Requests
    are known by their ids, owners by the id of their first request. Amounts are in the ledger's
    smallest unit, USD at 10^-8.
    """
    by_a_few = {(each.network, each.asset): each for each in drained if each.is_by_a_few}
    lines = [
        {
            "chain": places.network(network),
            "ccy": places.asset(asset),
            **_bounds(by_a_few.get((network, asset))),
            "opening": {str(share): str(amount_int(has)) for share, has in log.opening.items()},
            "ticks": [_tick(tick, splits) for tick in log.ticks],
        }
        for network, by_asset in sorted(logs.items())
        for asset, log in sorted(by_asset.items())
    ]
    of = [(network, asset) for network in sorted(logs) for asset in sorted(logs[network])]
    has_waits = any("maxWaitTicks" in line for line in lines)
    return {
        "format": FORMATS[
            7 if broken else _format(lines, has_roll=roll is not None, is_split=bool(splits.cuts))
        ],
        "suspension": str(one.number),
        "orderingKey": ("overdue first; " if has_waits else "") + ORDERING,
        "idBase": str(ids.BASE),
        "smallUsd": str(SMALL_USD),
        **_committed(one),
        "queue": _queue(one.queue if roll is None else roll),
        **({"broken": _broken_parts(broken, of, places)} if broken else {}),
        "lines": lines,
        "evidence": _with_digests(one, kept or {}),
    }


def _queue(rolled: Iterable[Rolled]) -> list[list[str]]:
    return [[str(number), str(amount_int(amount)), str(usd)] for number, amount, usd in rolled]


def _broken_parts(
    broken: Sequence[tuple[Broken, Sequence[Rolled]]],
    of: Sequence[tuple[int, int]],
    places: Places,
) -> list[Row]:
    """By drain, each with all lines of the artefact; of those it had not come to nothing."""
    parts = _of_each([each for each, _ in broken])
    none = {place: DrainSum(*place, 0, 0, bytes(16), 0, b"", 0) for place in of}
    return [
        {
            **_committed(each),
            "queue": _queue(roll),
            "lines": [_broken_line(lines.get(place, none[place]), places) for place in of],
        }
        for (each, roll), lines in zip(broken, parts, strict=True)
    ]


def _bounds(drained: DrainSum | None) -> Row:
    """What a line regards of its queue at a time, where that is not the whole."""
    if drained is None:
        return {}
    found: Row = {"owners": str(OWNERS_IN_TURN), "each": str(EACH_IN_TURN)}
    if drained.max_wait:
        found |= {"maxWaitTicks": str(drained.max_wait), "first": str(FIRST_IN_TURN)}
    return found


def _format(lines: Sequence[Row], *, has_roll: bool, is_split: bool) -> int:
    if has_roll and any("-3" in line["opening"] for line in lines):
        return 6
    if is_split:
        return 5
    if has_roll:
        if any("-2" in line["opening"] for line in lines):
            return 4
        return 3 if any("maxWaitTicks" in line for line in lines) else 2
    return int(any("owners" in line for line in lines))


def _with_digests(one: Suspension, kept: Mapping[int, Kept]) -> list[Row]:
    digests = {f"G{shown.gate}": shown.digest.hex() for shown in one.evidence}
    return [
        found | {"digest": digests.get(found["gate"], "")}
        for found in kept_rows(kept, is_public=True)
    ]


def _tick(tick: DrainTick, splits: SplitLog) -> Row:
    part = splits.tranches.get(tick.sequence)
    tranche = {"tranche": [str(part.request), str(amount_int(part.amount))]} if part else {}
    return {
        "sequence": str(tick.sequence),
        "ts": str(tick.time_ms),
        "budget": str(amount_int(tick.budget)),
        "slots": str(tick.slots),
        "entered": [columns(entry, splits) for entry in tick.entered],
        "left": [str(number) for number in tick.left],
        "paid": [str(number) for number in tick.paid],
        **tranche,
        "digest": tick.digest.hex(),
    }


def status_row(one: Suspension, places: Places, now_ms: int, *, demo: bool) -> Row:
    """A suspension as OKX's `system/status` has maintenance."""
    reason = Reason(one.terms.reason)
    planned = reason in _PLANNED
    service = _OTHER
    if one.terms.actions & (Action.TRADE_OPEN | Action.TRADE_ALL):
        service = _TRADING
    elif one.terms.actions & Action.BOT:
        service = _BOTS
    is_over = one.state >= SuspensionState.LIFTED
    end = str(one.changed_ms) if is_over else expected(one.terms.est_open_ms, now_ms)
    is_late = not is_over and bool(one.terms.est_open_ms) and not end
    opening = [step.time_ms for step in one.history if step.state == SuspensionState.CANARY]
    return {
        "title": places.titles(one)["en"],
        "state": STATUS_STATES[SuspensionState(one.state)],
        "begin": str(one.created_ms),
        "end": end,
        "preOpenBegin": str(opening[-1]) if opening else "",
        "href": f"/status#{one.number}",
        "serviceType": service,
        "system": "unified",
        "scheDesc": LATE if is_late else "",
        "maintType": "1" if planned else "3" if one.trigger else "2",
        "env": "2" if demo else "1",
    }

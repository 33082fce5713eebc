"""Why a suspension does not take a word now, in words: the state it is in, and what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.custody_wire import DEPOSITS, Tier
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.suspension_state import (
    MEASURED_MS,
    REOPENING,
    Measured,
    Suspension,
    gates_of,
)
from fullreserve.exchange.products.suspension_state import SuspensionState as _State
from fullreserve.exchange.products.suspension_wire import Gate
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.exchange.worker_files import Reconciled, tolerance
from fullreserve.gateway import reconciled, suspension_desk
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines
from fullreserve.gateway.rest.x.operator.custody import standing
from fullreserve.gateway.rest.x.suspension_words import STATES

OWNERS_AT_ONCE = 1_000


def state_now(one: Suspension) -> str:
    """The state it is in, and the words that it takes there."""
    may = ", ".join(_may(one)) or "nothing"
    return f"it is {STATES[_State(one.state)]}; allowed in it: {may}"


def _may(one: Suspension) -> Iterator[str]:
    if not one.is_ratified and (one.state == _State.DRAFT or one.is_in_force):
        yield "ratify"
    sign_off = f"sign-off (plannedTs {one.planned_ms})"
    is_checked = one.state == _State.GATE_CHECK
    yield from {
        _State.DRAFT: ("discard",),
        _State.ACTIVE: ("plan",),
        _State.REOPEN_PLANNED: ("plan", "check", "show", sign_off),
        _State.GATE_CHECK: ("plan", "show", sign_off),
        _State.CANARY: ("show", sign_off, "canary", "open-drain"),
        _State.DRAINING: ("show (but gate 5)", "tick", "lift"),
        _State.LIFTED: ("report",),
    }.get(_State(one.state), ())
    if is_checked and one.stops_leaving:
        has_canaries = Gate.CANARY in gates_of(one)
        yield from (
            ("canary", "open-drain (where nobody waits)") if has_canaries else ("open-drain",)
        )
    if is_checked and not one.stops_leaving:
        yield "lift"
    if one.state in REOPENING:
        yield "fall"
    if one.is_in_force:
        yield "extend"


async def unmeasured(context: Context, one: Suspension) -> str:
    """Which currency on which chain coverage is not measured of: it differs, or nobody looked."""
    known, scope = await lines(context), one.terms.scope
    wanted = {
        line.asset.id
        for line in known
        if scope.network in (0, line.network.network) and scope.asset in (0, line.asset.id)
    }
    house: list[AccountState] = await context.door.query(ListBalances(chart.HOUSE))
    kinds = tuple(TIERS.values())
    held = {
        (each.instance, each.asset)
        for each in house
        if each.kind in kinds and amount_int(each.balance)
    }
    networks: list[NetworkState] = await ask(context, DEPOSITS, ListNetworks())
    tips = {each.terms.network: each.tip for each in networks}
    said = []
    for line in known:
        number = line.network.network
        if line.asset.id not in wanted or (number, line.asset.id) not in held:
            continue
        told = await suspension_desk.measured(context, number)
        if not _counts(told, line, one, context.clock.exchange_ms()):
            found = await asyncio.to_thread(reconciled.newest, context.folder, number)
            state = standing(found, tips.get(number))
            said.append(f"{line.chain} {_why(line, found, state['state'])}")
    return "; ".join(said)


def _counts(told: Measured | None, line: Line, one: Suspension, now_ms: int) -> bool:
    return (
        told is not None
        and told.time_ms >= one.planned_ms
        and now_ms - told.time_ms <= MEASURED_MS
        and any(each.asset == line.asset.id for each in told.coins)
    )


def _why(line: Line, found: Reconciled, state: str) -> str:
    allowed = tolerance(line.asset.id, line.network.gas_asset)
    apart = [each for each in found.lines if each.asset == line.asset.id and each.difference]
    if state != "compared" or not apart:
        minutes = MEASURED_MS // 60_000
        return f"was not measured since the restart was planned and {minutes} minutes ago"
    tiers = (f"{Tier(each.tier).name.lower()} by {line.asset.text(each.whole(allowed))}"
             for each in apart)  # fmt: skip
    return f"differs from the ledger: {', '.join(tiers)}"

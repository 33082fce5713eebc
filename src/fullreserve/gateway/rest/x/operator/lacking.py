"""What a restart lacks for its next step, for who was refused it."""

from __future__ import annotations

from datetime import UTC, datetime

from fullreserve.exchange.products.approval_state import Group, deciding
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.drain_log import Queued
from fullreserve.exchange.products.suspension_state import (
    SPARED,
    Suspension,
    SuspensionState,
    gates_of,
)
from fullreserve.exchange.products.suspension_wire import (
    BOARD,
    Draft,
    Gate,
    Level,
    Ratify,
    Said,
)
from fullreserve.exchange.products.withdrawal_state import (
    REVIEWS,
    GetSmallest,
    GetWithdrawal,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.gateway import suspension_desk
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines
from fullreserve.gateway.rest.x import suspension_rows as rows
from fullreserve.gateway.rest.x.operator import fold

_GATE_WORDS = {"missing": "is missing", "failed": "has not passed", "expired": "has expired"}


async def sign_offs(context: Context, one: Suspension) -> tuple[int, int]:
    """How many have signed off whose word counts, and how many it takes."""
    board = await _board(context)
    given = sum(board.counts(voice.who) for voice in one.sign_offs)
    return given, max(1, board.threshold)


async def _board(context: Context) -> Group:
    """Who reopens, as the fold has it; nobody where no group was founded with one to spare."""
    state = await fold.approvals(context)
    board, console = state.groups.get(BOARD) or Group(), fold.console(state)
    if await suspension_desk.edition(context) >= SPARED:
        return deciding(board, console)
    return board if board.is_set_up else console


async def operators_lacking(context: Context, word: Said) -> str:
    """How many operators have to count before a word is taken, and how many do."""
    group = fold.console(await fold.approvals(context))
    return operators_needed(group, 1 if isinstance(word, Draft | Ratify) else 2)


def operators_needed(group: Group, beside: int = 2) -> str:
    """How many have to count beside the approvals: a proposer, and one to spare."""
    needed = group.threshold + beside
    return (
        f"{needed} have to count, {group.enabled} do; fullreserve user create-operator makes more"
    )


def gates_lacking(
    context: Context, one: Suspension, names: rows.Places, *, waits: bool = True
) -> list[str]:
    """Each gate that is not passed and why; `waits`: those too that time alone will pass."""
    now_ms, found = context.clock.exchange_ms(), []
    for gate in gates_of(one):
        shown = rows.gate_row(one, gate, names, now_ms)
        is_waiting = shown["state"] == "waiting"
        if gate is Gate.CANARY or shown["state"] == "passed" or (is_waiting and not waits):
            continue
        said = _GATE_WORDS.get(shown["state"]) or f"passes at {_moment(int(shown['passesTs']))}"
        found.append(f"{shown['gate']} {said}")
    return found


async def lacking(
    context: Context, one: Suspension, names: rows.Places, *, opens: bool = False
) -> list[str]:
    """Each gate that is not passed and why, sign-offs, and canaries once they are under way.

    `opens`: those too that its drain wants before it opens.
    """
    found = gates_lacking(context, one, names)
    given, needed = await sign_offs(context, one)
    if given < needed:
        found.append(f"{given} of {needed} have signed off")
    elif {one.planner, *(voice.who for voice in one.sign_offs)} == {one.creator}:
        found.append("one who did not begin the stop has to sign off")
    if one.state == SuspensionState.CANARY or opens:
        found += await _canaries(context, one)
    if not found and Gate.SIGNABILITY in gates_of(one):
        found.append("G1 is passed, but a tier that signs has too few live holders now")
    return found


async def _canaries(context: Context, one: Suspension) -> list[str]:
    """On which networks none has arrived; and where it waits for people, by the policy."""
    scope, missing = one.terms.scope, {}
    for line in await lines(context):
        network = line.network.network
        if scope.network not in (0, network) or scope.asset not in (0, line.asset.id):
            continue
        number = one.canaries.get(network, 0)
        if not number and not await _waits_somebody(context, network, one):
            continue
        paid: Withdrawal | None = await ask(context, WITHDRAWALS, GetWithdrawal(number))
        if paid is None or paid.state != WithdrawalState.SUCCESS:
            is_people_s = paid is not None and paid.state in REVIEWS
            why = ": it waits for people" if is_people_s else ""
            missing[network] = f"no canary has arrived on {line.network.code}{why}"
    return list(missing.values())


async def _waits_somebody(context: Context, network: int, one: Suspension) -> bool:
    scope = one.terms.scope
    if scope.level in (Level.SEGMENT, Level.USER):
        return True
    found: Queued | None = await ask(context, WITHDRAWALS, GetSmallest(network, scope.asset))
    return found is not None


def _moment(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"

"""Budgets of a drain: what a plan says of each line, and what it is where it says nothing.

Who asks after the plan, on a line where nobody waited, has to be paid too before a stop can end, so
that every line of its scope has one: else a tenth of what hot holds, and ten payments, each tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.products.suspension_wire import Budget, Scope
from fullreserve.exchange.products.withdrawal_state import Sum
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.x.operator.numbers import decimal
from fullreserve.gateway.valuation import Valuation, usd_text

PART, SLOTS = 10, 10
AMOUNT_MAX = 10**30


async def read(context: Context, texts: Sequence[str], scope: Scope | None) -> tuple[Budget, ...]:
    """Those of a plan, and one for each line of its scope that it does not name; Problem 51000."""
    known = {
        one.chain: one
        for one in await lines(context)
        if scope is None or _is_in(_place(one), scope)
    }
    found = [_read(text, known) for text in texts]
    if scope is None:
        return tuple(found)
    named = [(one.network, one.asset) for one in found]
    hot = await _hot(context)
    for line in known.values():
        place = _place(line)
        if place not in named:
            amount = _usual(line, hot.get(place, 0))
            found.append(Budget(*place, amount_bytes(amount), SLOTS))
    return tuple(found)


async def drained_lines(
    context: Context, scope: Scope, waiting: Sequence[Sum], planned: Sequence[Budget]
) -> list[dict[str, Any]]:
    """Each line of a scope, those with a queue first: what waits, what hot holds, its budget.

    The budget is the plan's; before there is one it is proposed: the whole queue in one tick, as
    far as hot holds it, and where nobody waits what a plan gives a line that it does not name.
    """
    hot, values = await _hot(context), Valuation(context.catalog, context.market)
    queues = {(one.network, one.asset): one for one in waiting}
    budgets = {(one.network, one.asset): one for one in planned}
    rows = []
    for line in await lines(context):
        place = _place(line)
        if not _is_in(place, scope):
            continue
        queue, held = queues.get(place), hot.get(place, 0)
        amount = amount_int(queue.amount) if queue is not None else 0
        budget = budgets.get(place) or _proposed(line, queue, held)
        rows.append(
            {
                "chain": line.chain,
                "ccy": line.asset.symbol,
                "decimals": str(line.asset.scale),
                "count": str(queue.count if queue is not None else 0),
                "amt": line.asset.text(amount),
                "usd": usd_text(values.usd(line.asset, amount)),
                "hot": line.asset.text(held),
                "budget": line.asset.text(amount_int(budget.amount)),
                "transactions": str(budget.slots),
            }
        )
    return sorted(rows, key=lambda row: row["count"] == "0")


def _proposed(line: Line, queue: Sum | None, hot: int) -> Budget:
    usual = _usual(line, hot)
    if queue is None:
        return Budget(*_place(line), amount_bytes(usual), SLOTS)
    amount = amount_int(queue.amount)
    return Budget(*_place(line), amount_bytes(min(amount, hot) or usual), queue.count)


def _usual(line: Line, hot: int) -> int:
    """A line's budget where nobody says another: never below what one may withdraw."""
    return max(hot // PART, amount_int(line.terms.minimum), 1)


async def _hot(context: Context) -> dict[tuple[int, int], int]:
    """What the hot wallets hold by the ledger, by network and asset."""
    states: list[AccountState] = await context.door.query(ListBalances(chart.HOUSE))
    return {
        (one.instance, one.asset): -amount_int(one.balance)
        for one in states
        if one.kind == chart.CHAIN_HOT
    }


def _place(line: Line) -> tuple[int, int]:
    return line.network.network, line.asset.id


def _is_in(place: tuple[int, int], scope: Scope) -> bool:
    return scope.network in (0, place[0]) and scope.asset in (0, place[1])


def _read(text: str, known: dict[str, Line]) -> Budget:
    parts = text.split(":")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit()):
        raise Problem(51000, "budgets", "chain:amount:slots")
    line = known.get(parts[0])
    if line is None:
        raise Problem(51000, "budgets", ", ".join(known))
    amount = decimal("budgets", parts[1], line.asset.scale, AMOUNT_MAX)
    slots = int(parts[2][:9])
    if amount <= 0 or not slots:
        raise Problem(51000, "budgets", "chain:amount:slots, amount and slots above 0")
    return Budget(*_place(line), amount_bytes(amount), slots)

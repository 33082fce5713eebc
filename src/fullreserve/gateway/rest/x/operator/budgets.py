"""Budgets of a drain: what a plan says of each line, and what it is where it says nothing.

Who asks after the plan, on a line where nobody waited, has to be paid too before a stop can end, so
that every line of its scope has one: else a tenth of what hot holds, and ten payments, each tick.
"""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.exchange import chart
from fullreserve.exchange.products.suspension_wire import Budget, Scope
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, lines
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.x.operator.numbers import decimal

PART, SLOTS = 10, 10
AMOUNT_MAX = 10**30


async def read(context: Context, texts: Sequence[str], scope: Scope | None) -> tuple[Budget, ...]:
    """Those of a plan, and one for each line of its scope that it does not name; Problem 51000."""
    known = {one.chain: one for one in await lines(context)}
    found = [_read(text, known) for text in texts]
    if scope is None:
        return tuple(found)
    named = [(one.network, one.asset) for one in found]
    states: list[AccountState] = await context.door.query(ListBalances(chart.HOUSE))
    hot = {
        (one.instance, one.asset): -amount_int(one.balance)
        for one in states
        if one.kind == chart.CHAIN_HOT
    }
    for line in known.values():
        place = (line.network.network, line.asset.id)
        if _is_in(place, scope) and place not in named:
            amount = max(hot.get(place, 0) // PART, amount_int(line.terms.minimum), 1)
            found.append(Budget(*place, amount_bytes(amount), SLOTS))
    return tuple(found)


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
    return Budget(line.network.network, line.asset.id, amount_bytes(amount), int(parts[2][:9]))

"""Messages to users who owe what a chain took back after they had spent it.

They are counted by the moment since when the newest debt is owed.
"""

from __future__ import annotations

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Debt, ListDebts
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.notices import Found, Notice, person
from fullreserve.gateway.rest.x.standing import debt_row
from fullreserve.identity.outbox import Kind

DEBTS_MAX = 10_000  # more begin in no one moment: a word reports one transfer


class NewDebts:
    """The source of these messages."""

    name = "debts"

    def __init__(self, context: Context) -> None:
        self._context = context

    async def behind(self, told: int) -> Found | None:
        """See `Source`."""
        question = ListDebts(DEBTS_MAX, after_ms=told)
        found: list[Debt] = await ask(self._context, DEPOSITS, question)
        # Not of this very moment: of that there may still be others.
        last_ms = self._context.clock.exchange_ms()
        fresh = [one for one in found if one.since_ms < last_ms]
        if not fresh:
            return None
        newest = max(one.since_ms for one in fresh)
        return Found([await self._notice(one) for one in fresh], newest)

    async def _notice(self, one: Debt) -> Notice:
        owner, context = one.deposit.owner, self._context
        amt = context.catalog.assets[one.deposit.asset].text(one.deposit.value)
        values = debt_row(context, one) | {"amt": amt}
        return Notice(await person(context, owner), Kind.DEPOSIT_OWED, values)

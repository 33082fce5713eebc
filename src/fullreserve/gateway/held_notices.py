"""Messages to users whose withdrawal waits for them, for a time or for people.

They are counted by the number of the newest decision. `withdrawal-info` and the page say the same.
"""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_wire import Decision, ListHeld
from fullreserve.exchange.products.withdrawal_state import FINAL, GetRequest, Withdrawal
from fullreserve.gateway import ids
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.notices import AT_ONCE, Found, Notice, person
from fullreserve.gateway.risk_desk import asked, assessments
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.outbox import Kind

KINDS = {
    DecisionState.CONFIRMING: Kind.WITHDRAWAL_CONFIRM,
    DecisionState.DELAYED: Kind.WITHDRAWAL_DELAY,
    DecisionState.WAITING: Kind.WITHDRAWAL_REVIEW,
}


class HeldWithdrawals:
    """The source of these messages."""

    name = "held withdrawals"

    def __init__(self, context: Context) -> None:
        self._context = context

    async def behind(self, told: int) -> Found | None:
        """See `Source`."""
        found: list[Decision] | None = await asked(self._context, ListHeld(told, AT_ONCE))
        if not found:
            return None
        made = [await self._notice(one) for one in found]
        return Found([one for one in made if one is not None], found[-1].number)

    async def _notice(self, one: Decision) -> Notice | None:
        """None for a withdrawal that is over: nothing is to be confirmed or canceled any more."""
        context, request = self._context, one.facts.request
        withdrawal: Withdrawal | None = await ask(context, WITHDRAWALS, GetRequest(request))
        if withdrawal is None or withdrawal.state in FINAL:
            return None
        (risk,) = await assessments(context, (request,))
        values: dict[str, Any] = {"id": ids.text(request), "amt": "", "ccy": "", "until": ""}
        asset = context.catalog.assets.get(one.facts.asset)
        if asset is not None:
            values |= {"amt": asset.text(withdrawal.value), "ccy": asset.symbol}
        if risk is not None and risk.until_ms:
            values["until"] = moment(risk.until_ms)
        uid = await person(context, one.facts.owner)
        return Notice(uid, KINDS[DecisionState(one.state)], values)

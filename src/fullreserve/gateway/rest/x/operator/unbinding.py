"""`x/operator/withdrawals/unsigned`: payments that nobody signs, and letting them go of their lane.

Two teams agree; then the payer, whose store knows that nothing was signed, lets them go as soon as
their lane is left, and other lanes pay them.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from msgspec import Meta

from fullreserve.exchange.products.approval_acts import BoundPayment, UnbindPayments
from fullreserve.exchange.products.approval_state import Proposal
from fullreserve.exchange.products.approvals import UNBOUND_MAX
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, MayUnbind
from fullreserve.exchange.products.withdrawal_state import (
    Binding,
    GetWithdrawal,
    ListBindings,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.gateway import ids, unpaid, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, lines, networks_named, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import amount_text, symbol_of
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import ProposalParams

NOTHING_CHANGES = 91_012
UNSENT = "ids of payments of one network, by comma, that are bound and not sent, at most 100"


class UnbindParams(ProposalParams):
    """Payments that nobody can sign."""

    wd_ids: Annotated[
        str, Meta(description="By comma, of one network; of x/operator/withdrawals/unsigned")
    ]


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    return dict((guard.reads("withdrawals/unsigned", Params, _Unsigned(context).listed),))


async def act_of(context: Context, params: UnbindParams) -> UnbindPayments:
    """What is proposed; Problem 51000."""
    texts = [each.strip() for each in params.wd_ids.split(",")]
    if not 0 < len(texts) <= UNBOUND_MAX or len(set(texts)) < len(texts):
        raise Problem(51000, "wdIds", UNSENT)
    found = [await _found(context, ids.number(each)) for each in texts]
    payments = tuple(BoundPayment(one.number, one.binding) for one in found if one is not None)
    networks = {one.network for one in found if one is not None}
    if len(payments) < len(texts) or len(networks) > 1:
        raise Problem(51000, "wdIds", UNSENT)
    return UnbindPayments(networks.pop(), payments)


async def _found(context: Context, number: int, binding: bytes = b"") -> Withdrawal | None:
    """A payment that is bound, to that if it is named, and was not given to the network."""
    one: Withdrawal | None = await ask(context, WITHDRAWALS, GetWithdrawal(number))
    if one is None or one.state != WithdrawalState.WAITING or one.transfer:
        return None
    return one if one.binding and binding in (b"", one.binding) else None


async def require_bound(context: Context, act: UnbindPayments) -> None:
    """Problem 91012 where none of them waits any more."""
    for one in act.payments:
        if await _found(context, one.withdrawal, one.binding) is not None:
            return
    raise Problem(NOTHING_CHANGES)


async def carried_out(context: Context, one: Proposal, act: UnbindPayments) -> bool:
    """Says to the fold that they may be let go; whether that is so of any."""
    words = [MayUnbind(each.withdrawal, each.binding, one.number) for each in act.payments]
    return not all([(await say(context, WITHDRAWALS, word)).code for word in words])


async def terms_of(context: Context, act: UnbindPayments) -> dict[str, str]:
    """What is proposed, for those who decide about it."""
    names = await networks_named(context)
    numbers = (ids.text(one.withdrawal) for one in act.payments)
    return {"chain": names.get(act.network, str(act.network)), "wdIds": ",".join(numbers)}


class _Unsigned:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def listed(self, _who: Operator, _params: Params) -> bytes:
        """Payments that too few signers sign: who is to pay, and since when."""
        known = await asyncio.to_thread(unpaid.unsigned, self._context.folder)
        told = [each for one in known for each in one.oldest]
        asked = ListBindings(tuple(one.withdrawal for one in told))
        bindings: list[Binding] = await ask(self._context, WITHDRAWALS, asked)
        chains = {
            (one.network.network, one.asset.id): one.chain for one in await lines(self._context)
        }
        rows: list[dict[str, Any]] = []
        for each, binding in zip(told, bindings, strict=True):
            one = await _found(self._context, each.withdrawal)
            if one is not None:
                catalog = self._context.catalog
                rows.append(
                    {
                        "wdId": ids.text(one.number),
                        "chain": chains.get((one.network, one.asset), ""),
                        "ccy": symbol_of(catalog, one.asset),
                        "amt": amount_text(catalog, one.asset, one.value),
                        "lane": each.lane,
                        "problem": each.problem,
                        "why": each.why,
                        "boundTs": str(one.changed_ms),
                        "letGo": binding.may_unbind,
                    }
                )
        return wire.envelope(rows)

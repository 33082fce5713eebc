"""What is told of withdrawals that drains pay in tranches: each is a withdrawal of its own."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import (
    GetWithdrawal,
    ListParts,
    Parts,
    Withdrawal,
)
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.gateway import ids
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask


async def parts_of(context: Context, found: Sequence[Withdrawal]) -> dict[int, Parts]:
    """By withdrawal; of one that the log has forgotten nothing is known any more."""
    numbers = tuple(one.number for one in found)
    if not numbers:
        return {}
    now_ms = context.clock.exchange_ms()
    parts: list[Parts] = await ask(context, WITHDRAWALS, ListParts(numbers, now_ms))
    return dict(zip(numbers, parts, strict=True))


async def request_of(context: Context, number: int) -> int:
    """What was asked for, of which a withdrawal is a tranche; else the withdrawal itself."""
    (found,) = await ask(context, WITHDRAWALS, ListParts((number,)))
    return int(found.request) or number


async def requests_of(context: Context, found: Sequence[Withdrawal]) -> list[Withdrawal]:
    """Those of which some are tranches and which are not among them: what was sent has changed."""
    parts = await parts_of(context, found)
    numbers = dict.fromkeys(one.request for one in parts.values() if one.request not in parts)
    asked = [await ask(context, WITHDRAWALS, GetWithdrawal(each)) for each in numbers if each]
    return [one for one in asked if one is not None]


def tranche_row(asset: Asset, parts: Parts) -> dict[str, object]:
    """What a withdrawal's rows have of it beside OKX's; always there, also empty.

    `amt` and `fee` of one that may be paid in tranches are those of its last payment, `xPaidAmt`
    what was sent, `xLeftAmt` what was not, of its tranches too; `xAskedAmt` is the whole, also of
    a tranche. `xFeeNow` and `xFeeHeld` are of all that one agreement is for, on the request and on
    its tranches alike.
    """
    asked = amount_int(parts.asked) if parts.asked else 0
    is_whole = bool(asked) and not parts.request
    return {
        "xAllowSplit": is_whole,
        "xAskedAmt": asset.text(asked) if asked else "",
        "xPaidAmt": asset.text(amount_int(parts.paid)) if is_whole else "",
        "xLeftAmt": asset.text(amount_int(parts.left)) if is_whole else "",
        "xParentWdId": ids.text(parts.request) if parts.request else "",
        "xTranches": [ids.text(number) for number in parts.parts],
        "xFeeNow": asset.text(amount_int(parts.fee)) if parts.fee else "",
        "xFeeHeld": asset.text(amount_int(parts.held)) if parts.fee else "",
    }

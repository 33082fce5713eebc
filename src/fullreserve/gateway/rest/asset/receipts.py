"""What other users sent to one by id, as its deposits: they are on no chain.

OKX lists them among deposits (type 3). The row names who sent it, here by the id that the payment
was made with, and the sender's own withdrawal.
"""

from __future__ import annotations

from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import ListReceived, Withdrawal
from fullreserve.gateway import ids
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.deposit_waits import NOT_SMALL
from fullreserve.gateway.rest.past import kept
from fullreserve.records.record import Filters, Span


async def received(
    context: Context, receiver: int, span: Span, filters: Filters, most: int
) -> list[Withdrawal]:
    """Those of the fold, at most so many, and of the records those that it has forgotten."""
    question = ListReceived(receiver, 0, most)
    found: list[Withdrawal] = await ask(context, WITHDRAWALS, question)
    newest = {one.number: one for one in found}
    older = await kept(
        context,
        WITHDRAWALS,
        lambda history: history.received(
            receiver, span._replace(limit=span.limit + len(newest)), filters
        ),
        is_found=filters.number in newest,
        is_cut=len(found) == most,
    )
    return list(({one.number: one for one in older} | newest).values())


def receipt_row(context: Context, one: Withdrawal) -> dict[str, object]:
    """What another user sent, as the receiver sees it."""
    asset = context.catalog.assets[one.asset]
    number = ids.text(one.number)
    return {
        "actualDepBlkConfirm": "0",
        "amt": asset.text(one.value),
        "areaCodeFrom": "",
        "ccy": asset.symbol,
        "chain": "",
        "depId": number,
        "from": str(one.owner),
        "fromWdId": number,
        "state": str(one.state),
        "to": "",
        "ts": str(one.requested_ms),
        "txId": "",
        "xHeight": "",
        "xBlock": "",
        **NOT_SMALL,
    }

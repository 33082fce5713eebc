"""A trade as the records have it, the other way round."""

from __future__ import annotations

import asyncio

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.products.approval_acts import Bust
from fullreserve.exchange.wire.commands import AccountKey, Leg, Side, amount_bytes
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.marketdata import trade_ids
from fullreserve.records.record import Bill, Fill

SIDES = 2


async def bust_of(context: Context, instrument: Instrument, shown: int) -> Bust:
    """What takes the trade of an id back: both sides' bills, negated; Problem 91023."""
    trade = trade_ids.number(shown)
    fills, bills = await asyncio.to_thread(_found, context, instrument.id, trade)
    if len(fills) != SIDES:
        raise Problem(91023, name=f"trade in the records: {shown} of {instrument.symbol}")
    legs = [
        Leg(
            AccountKey(bill.owner, bill.kind, bill.instance),
            bill.asset,
            amount_bytes(-bill.change),
        )
        for bill in bills
    ]
    fees = {
        side: sum(fill.fee for fill in fills if fill.side == side) for side in (Side.BUY, Side.SELL)
    }
    return Bust(
        instrument.id,
        trade,
        tuple(legs),
        instrument.base.id,
        instrument.quote.id,
        # Each pays its fee in what it gets.
        amount_bytes(fees[Side.BUY]),
        amount_bytes(fees[Side.SELL]),
    )


def _found(context: Context, instrument: int, trade: int) -> tuple[list[Fill], list[Bill]]:
    history = context.history()
    fills = history.fills_of_trade(instrument, trade)
    bills = [
        bill
        for fill in fills
        for bill in history.bills_from(fill.owner, chart.TRADE, fill.bill_id, SIDES)
        if bill.trade == trade and bill.instrument == instrument
    ]
    return fills, bills

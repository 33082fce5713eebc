"""Putting the core's recent orders over the records.

The records lag behind the log by a fraction of a second, more under load. The core keeps finished
orders and fills for longer than that, so the two together never show less than a private channel
said. Ask the core first and the records after it: what leaves the core is then in the records.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.events import Order
from fullreserve.records.record import Fill, OrderRecord


def merge_orders(
    core: Iterable[Order], records: Iterable[OrderRecord], limit: int
) -> list[OrderRecord]:
    """One entry for each order, its newest state; newest order first, at most `limit`.

    Both lists were asked for with the same bounds.
    """
    merged = {record.order.order: record for record in records}
    for order in core:
        merged[order.order] = newest(order, merged.get(order.order))
    return [merged[number] for number in sorted(merged, reverse=True)[:limit]]


def newest(order: Order, record: OrderRecord | None) -> OrderRecord:
    """The newer of an order as the core and as the records know it.

    Where the core's event was not a fill, the last fill is that of the records.
    """
    if record is not None and record.order.sequence >= order.sequence:
        return record
    if order.fill_size or record is None:
        return OrderRecord(order, order.time_ms if order.fill_size else 0)
    return with_last_fill(order, record)


def with_last_fill(order: Order, record: OrderRecord) -> OrderRecord:
    """An order whose last change was no fill, with the fill that another state of it knows.

    One command may fill an order and cancel its rest: both states then have one sequence.
    """
    last = record.order
    filled = msgspec.structs.replace(
        order,
        fill_price=last.fill_price,
        fill_size=last.fill_size,
        trade=last.trade,
        fill_fee=last.fill_fee,
        liquidity=last.liquidity,
    )
    return OrderRecord(filled, record.fill_ms)


def fill_of(event: Order) -> Fill:
    """A FILLED order event as a fill; it has no bill id (0), because the records number bills."""
    return Fill(
        bill_id=0,
        sequence=event.sequence,
        time_ms=event.time_ms,
        owner=event.owner,
        instrument=event.instrument,
        order=event.order,
        trade=event.trade,
        client_order_id=event.client_order_id,
        tag=event.tag,
        side=event.side,
        type=event.type,
        price=event.fill_price,
        size=event.fill_size,
        fee=amount_int(event.fill_fee),
        liquidity=event.liquidity,
    )

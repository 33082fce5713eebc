"""Goal: core and records together show everything once, in its newest state.

Method: lists that overlap in every way.
"""

from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.events import OrderState
from fullreserve.records.overlay import merge_orders
from fullreserve.records.record import OrderRecord
from tests.unit.records.blotter import START_MS as NOW
from tests.unit.records.blotter import canceled, filled, order


def test_each_order_is_shown_once_in_its_newest_state() -> None:
    """Criterion: REC-13."""
    core = [canceled(5, sequence=9), canceled(3, sequence=4)]
    records = [
        OrderRecord(order(5, sequence=2), 0),
        OrderRecord(canceled(4, sequence=8), 0),
        OrderRecord(canceled(3, sequence=4, cancel_source=1), 0),
    ]
    merged = merge_orders(core, records, 10)
    assert [found.order.order for found in merged] == [5, 4, 3]
    assert merged[0].order.state == OrderState.CANCELED
    assert merged[2].order.cancel_source == 1
    assert merge_orders(core, records, 2) == merged[:2]


def test_a_last_fill_that_the_core_does_not_tell_comes_from_the_records() -> None:
    """Criterion: REC-13."""
    part = {"filled": 400, "fill_size": 400, "state": OrderState.PARTIALLY_FILLED}
    known = OrderRecord(filled(1, 7, sequence=2, fill_fee=amount_bytes(4), **part), NOW)
    [merged] = merge_orders([canceled(1, sequence=3, filled=400)], [known], 1)
    assert merged.order.state == OrderState.CANCELED
    assert (merged.order.trade, merged.order.fill_size, merged.fill_ms) == (7, 400, NOW)


def test_a_fresh_fill_tells_its_own_time() -> None:
    """Criterion: REC-13."""
    [merged] = merge_orders([filled(1, 7, time_ms=NOW + 3)], [], 1)
    assert merged.fill_ms == NOW + 3
    assert merge_orders([canceled(1)], [], 1)[0].fill_ms == 0

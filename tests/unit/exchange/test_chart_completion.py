"""Goal: a log that began with an older chart gets the kinds that came since, each once."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import encode
from fullreserve.exchange.wire.queries import ListKinds


def test_an_older_chart_is_completed_once() -> None:
    """Criterion: CUST-CHART-1."""
    machine = Machine()
    late = {chart.PROTECTED, chart.PROTECTION, chart.BREAK, chart.REORG}
    older = [one for one in chart.missing(()) if getattr(one, "kind", 0) not in late]
    machine.execute(1, [encode(one) for one in older])
    known = [one.kind for one in machine.query(ListKinds())]
    lacking = chart.missing(known)
    assert {getattr(one, "kind", 0) for one in lacking} == late
    machine.execute(2, [encode(one) for one in lacking])
    assert not chart.missing(one.kind for one in machine.query(ListKinds()))

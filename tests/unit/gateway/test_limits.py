"""Rate limits: which buckets an order draws on, and this process's own for reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import Allowance, OrderLimits, ReadLimits
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.identity.api_key import Permission
from fullreserve.identity.caller import Caller


def key(uid: int = 10_000_001) -> Caller:
    return Caller("k", uid, uid, Permission.TRADE)


def test_orders_are_counted_by_user_instrument_and_operation() -> None:
    """Criterion: REST-LIM-1"""
    limits = OrderLimits(OrderRates(), enabled=True)
    mine = key()
    place = limits.single(mine, "place", 1)
    assert [(limit.key, limit.burst, limit.cost) for limit in place] == [
        (("place", 10_000_001, 1), 60, 1),
        (("new-and-amended", 10_000_001), 1000, 1),
    ]
    assert limits.single(mine, "place", 1) is place
    assert limits.single(mine, "cancel", 1)[0].key != place[0].key
    assert limits.single(mine, "place", 2)[0].key != place[0].key
    assert limits.single(key(10_000_002), "place", 1)[0].key != place[0].key
    assert len(limits.single(mine, "cancel", 1)) == 1


def test_a_batch_counts_its_orders_and_a_batch_of_one_as_a_single() -> None:
    """Criterion: REST-LIM-1"""
    limits = OrderLimits(OrderRates(), enabled=True)
    mine = key()
    many = limits.batch(mine, "place", {1: 3, 2: 2})
    assert [(limit.key, limit.burst, limit.cost) for limit in many] == [
        (("batch-place", 10_000_001, 1), 300, 3),
        (("batch-place", 10_000_001, 2), 300, 2),
        (("new-and-amended", 10_000_001), 1000, 5),
    ]
    assert limits.batch(mine, "place", {1: 1}) == limits.single(mine, "place", 1)
    assert OrderLimits(OrderRates(), enabled=False).batch(mine, "place", {1: 20}) == ()


def test_reads_refill_over_their_window() -> None:
    """Criterion: REST-LIM-1"""
    limits = ReadLimits(enabled=True)
    allowance = Allowance(5, 2000)
    for _ in range(5):
        limits.take(("/x", "10.0.0.1"), allowance, 0)
    with pytest.raises(Problem, match="5 calls in 2 s") as caught:
        limits.take(("/x", "10.0.0.1"), allowance, 399)
    assert (caught.value.code, caught.value.http) == (50011, 429)
    limits.take(("/x", "10.0.0.2"), allowance, 399)
    limits.take(("/y", "10.0.0.1"), allowance, 399)
    limits.take(("/x", "10.0.0.1"), allowance, 400)
    with pytest.raises(Problem):
        limits.take(("/x", "10.0.0.1"), allowance, 400)
    for _ in range(5):
        limits.take(("/x", "10.0.0.1"), allowance, 10_000)
    with pytest.raises(Problem):
        limits.take(("/x", "10.0.0.1"), allowance, 10_000)


def test_limits_can_be_switched_off(tmp_path: Path) -> None:
    """Criterion: REST-LIM-1"""
    limits = ReadLimits(enabled=False)
    for _ in range(100):
        limits.take(("/x", "10.0.0.1"), Allowance(1), 0)

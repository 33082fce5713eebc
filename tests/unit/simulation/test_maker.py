"""Goal: a maker's ladder is deep, ordered and stable under small moves. Method: ask what it wants.

The exchange's side is tested with the running server; here no connection is needed.
"""

from decimal import Decimal

import pytest

from fullreserve.simulation.maker import LEVELS, Maker, Terms

TERMS = Terms(
    symbol="BTC-USDT",
    code=1,
    tick=Decimal("0.1"),
    lot=Decimal("0.00001"),
    least=Decimal("0.00001"),
    spread=0.0001,
    step=0.0002,
    base_size=0.5,
)


class _NoSession:
    """Stands where a connection would; these tests never send."""


@pytest.fixture
def maker() -> Maker:
    return Maker(TERMS, _NoSession(), "seed")  # type: ignore[arg-type]


def test_fifty_levels_a_side_that_do_not_cross(maker: Maker) -> None:
    """Criterion: DEMO-4."""
    wanted = maker._wanted(42_000.0)
    bids = sorted(price for side, price in wanted if side == "buy")
    asks = sorted(price for side, price in wanted if side == "sell")
    assert min(len(bids), len(asks)) >= LEVELS >= 50
    assert bids[-1] < Decimal(42_000) < asks[0]
    assert all(price % TERMS.tick == 0 for price in bids + asks)
    assert all(size >= TERMS.least and size % TERMS.lot == 0 for size in wanted.values())


def test_a_small_move_changes_few_orders(maker: Maker) -> None:
    before = set(maker._wanted(42_000.0))
    after = set(maker._wanted(42_002.0))
    assert len(before ^ after) <= 8


def test_a_market_order_by_the_maker_s_key_is_none_of_its_ladder(maker: Maker) -> None:
    """Criterion: DEMO-4."""
    row = {"ordId": "7", "side": "buy", "px": "", "sz": "1", "accFillSz": "", "state": "live"}
    maker.on_order(row)
    assert not maker._resting
    maker.on_order(row | {"px": "100"})
    assert list(maker._resting) == ["7"]

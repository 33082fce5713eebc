"""Goal: prices follow the recordings and repeat for a seed. Method: compare with the files."""

import pytest

from fullreserve.simulation.history import candles
from fullreserve.simulation.pairs import QUOTING
from fullreserve.simulation.prices import (
    HISTORY_MINUTES,
    MINUTE_MS,
    PROCESSES,
    TURNS,
    PriceModel,
)
from fullreserve.simulation.profile import depth_shape, taker_notionals
from fullreserve.simulation.recorded_data import btc_bars, eth_trades, xrp_eth_trades

OPENED_MS = 1_760_000_040_000  # a whole minute


@pytest.fixture(scope="module")
def model() -> PriceModel:
    return PriceModel(OPENED_MS, seed=7)


def test_recordings_are_whole() -> None:
    assert len(btc_bars()) == 45_031
    assert len(eth_trades()) == 1_000
    assert len(xrp_eth_trades()) == 12_477


def test_btc_turns_are_the_recorded_ones(model: PriceModel) -> None:
    """Criterion: DEMO-2."""
    path = model.paths(45_031)["BTC"]
    for minute in (0, 1, 777, HISTORY_MINUTES, 45_030):
        turns = path[minute * TURNS : (minute + 1) * TURNS]
        recorded = btc_bars()[minute]
        expected = [recorded.open, recorded.high, recorded.low, recorded.close]
        assert [turns[0], max(turns), min(turns), turns[-1]] == pytest.approx(expected)


@pytest.mark.parametrize("asset", ["BTC", "USDT", "XRP", *sorted(PROCESSES)])
def test_paths_are_what_the_prices_are(asset: str, model: PriceModel) -> None:
    """The candles before the opening and the live market are of one model."""
    path = model.paths(HISTORY_MINUTES + 3)[asset]
    for minute in (*range(0, HISTORY_MINUTES, 997), *range(HISTORY_MINUTES, HISTORY_MINUTES + 3)):
        start_ms = model.start_ms + minute * MINUTE_MS
        live = [model.price(asset, start_ms + inside) for inside in (0, 18_000, 42_000)]
        assert path[minute * TURNS : minute * TURNS + 3] == live
        almost = model.price(asset, start_ms + MINUTE_MS - 1)
        assert path[minute * TURNS + 3] == pytest.approx(almost, rel=1e-4)


def test_the_recording_turns_without_a_jump(model: PriceModel) -> None:
    last = model.start_ms + len(btc_bars()) * MINUTE_MS
    before, after = model.price("BTC", last - 1), model.price("BTC", last + 1)
    assert before == pytest.approx(after, rel=1e-4)


def test_eth_moves_as_recorded_after_the_opening(model: PriceModel) -> None:
    """Criterion: DEMO-2."""
    trades = eth_trades()
    middle = trades[len(trades) // 2]
    moved = model.price("ETH", OPENED_MS + middle.time_ms - trades[0].time_ms)
    unmoved = PriceModel(OPENED_MS + 10 * MINUTE_MS, seed=7)
    assert moved > 0
    assert unmoved.opened_ms - unmoved.start_ms == HISTORY_MINUTES * MINUTE_MS


def test_xrp_follows_the_recorded_ratio_to_eth(model: PriceModel) -> None:
    """Criterion: DEMO-2."""
    first = xrp_eth_trades()[0]
    minute = 600
    end = first.time_ms + (minute + 1) * MINUTE_MS
    ratio = [t.price for t in xrp_eth_trades() if t.time_ms < end][-1] / first.price
    start = model.pair("XRP", "ETH", model.start_ms)
    then = model.pair("XRP", "ETH", model.start_ms + minute * MINUTE_MS)
    assert then / start == pytest.approx(ratio / _first_minute_ratio())


def _first_minute_ratio() -> float:
    trades = xrp_eth_trades()
    last = [t.price for t in trades if t.time_ms < trades[0].time_ms + MINUTE_MS][-1]
    return last / trades[0].price


@pytest.mark.parametrize("asset", sorted(PROCESSES))
def test_a_seed_repeats_its_prices_and_another_differs(asset: str) -> None:
    """Criterion: DEMO-3."""
    moment = OPENED_MS + 3 * MINUTE_MS + 123
    one, same, other = (PriceModel(OPENED_MS, seed).price(asset, moment) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_every_pair_has_its_candles() -> None:
    """Criterion: DEMO-6."""
    made = list(candles(PriceModel(OPENED_MS, seed=7)))
    assert len(made) == len(QUOTING) * HISTORY_MINUTES
    last_ms = OPENED_MS - OPENED_MS % MINUTE_MS - MINUTE_MS
    assert {candle.open_ms for candle in made[HISTORY_MINUTES - 1 :: HISTORY_MINUTES]} == {last_ms}
    for candle in made:
        prices = (candle.open, candle.close)
        assert 0 < candle.low <= min(prices) <= max(prices) <= candle.high
        assert candle.volume > 0


def test_shapes_come_from_the_recordings() -> None:
    shape = depth_shape(56)
    assert len(shape) == 56
    assert all(0.2 <= size <= 5 for size in shape)
    sizes = taker_notionals()
    assert list(sizes) == sorted(sizes)
    assert sizes[len(sizes) // 2] == pytest.approx(1.0, rel=0.2)

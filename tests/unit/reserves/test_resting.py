"""Goal: an earlier statement is asked for only of before the payments that cover rests on.

Method: one asset leaves for the most part; of another a small payment hangs since long ago.
"""

from __future__ import annotations

from collections.abc import Mapping

from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.reserves.leaving import earlier
from fullreserve.reserves.statement import (
    GAP_MAX_MS,
    Claimed,
    Document,
    Leaving,
    Low,
    Shown,
    statement,
)

BTC, ETH = 1, 2
NAMES = {BTC: "BTC", ETH: "ETH"}
NOW_MS = 1_790_000_000_000


def published(epoch: int, gap: int, height: int = 799) -> Document:
    """A statement of which only what is asked for is there."""
    return {
        "v": 2, "epoch": epoch, "ts": NOW_MS - 1_000, "gaps": {"1": gap},
        "reserves": {"chains": [{"network": 1, "height": height}]},
        "assets": [
            {"symbol": name, "lowest": {"1": {"reserves": "1000"}}} for name in NAMES.values()
        ],
    }  # fmt: skip


def test_a_payment_that_cover_does_not_rest_on_takes_nothing_away() -> None:
    """Criterion: POR-RESERVES-5"""
    assets = [AssetDefined(one, name, 8, b"") for one, name in NAMES.items()]
    claimed = Claimed(9, NOW_MS, "", assets, "", 1, (1_000, 1_000), (0, 0), {})
    payments = [Leaving(1, "aa", 800, BTC, 600), Leaving(1, "bb", 5, ETH, 1)]
    asked: list[Mapping[int, int]] = []

    def earlier_of(heights: Mapping[int, int]) -> Document:
        asked.append(heights)
        return published(1, 7)

    def lowest(symbol: str, now: Low, now_ms: int) -> Mapping[str, Low]:
        return {"1": now}

    made = statement(
        claimed, Shown({BTC: 400, ETH: 999}, (), NOW_MS, ""), epoch=2, now_ms=NOW_MS,
        interval_s=30, previous="", exchange="", lowest=lowest, gaps={}, leaving=payments,
        earlier=earlier_of,
    )  # fmt: skip
    assert asked == [{1: 800}]
    assert [row.get("was") for row in made["assets"]] == ["1000", None]
    assert made["before"]["gap"] == 7


def test_a_day_with_a_long_gap_shows_nothing() -> None:
    """An older statement of before the gap does. Criterion: POR-RESERVES-5"""
    told = {3: published(3, GAP_MAX_MS + 1), 2: published(2, GAP_MAX_MS, 800)}
    told[1] = published(1, GAP_MAX_MS)
    assert earlier(told.__getitem__, 3, NOW_MS, {1: 800}) == told[1]
    del told[3]["gaps"], told[1]
    told[1] = published(1, GAP_MAX_MS + 1)
    assert earlier(told.__getitem__, 3, NOW_MS, {1: 800}) is None

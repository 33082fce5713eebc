"""Goal: the lowest of a day, a week and a month is never above what a statement of then said.

Method: statements of a month at random, and the lowest by looking at all of them each time.
"""

from __future__ import annotations

import random
from pathlib import Path

from fullreserve.reserves.lows import DAYS, HOUR_MS, Lows
from fullreserve.reserves.statement import Document, Low, ratio

START_MS = 1_790_000_000_000


def statement(epoch: int, ts: int, reserves: int, users: int = 1_000) -> Document:
    row = {"symbol": "BTC", "ratio": ratio(reserves, users), "reserves": str(reserves)}
    return {"epoch": epoch, "ts": ts, "assets": [row]}


def test_the_lowest_is_that_of_all_statements(tmp_path: Path) -> None:
    """Kept by the hour, so of up to an hour more. Criterion: POR-PIT-10"""
    dice = random.Random(7)
    told: list[Document] = []
    lows = Lows(tmp_path / "lows.json")
    ts = START_MS
    for epoch in range(1, 400):
        ts += dice.randrange(1, 5 * HOUR_MS)
        told.append(statement(epoch, ts, dice.randrange(900, 2_000)))
        lows.take(told[-1:])
        if epoch % 50 == 0:
            lows.keep()
            lows = Lows(tmp_path / "lows.json")
        found = lows.of("BTC", Low("1.5000", 1_500), ts)
        for days in DAYS:
            shown = [1_500]
            for spare in (0, 1):
                since = ts - days * 24 * HOUR_MS - spare * HOUR_MS
                shown.append(
                    min(int(one["assets"][0]["reserves"]) for one in told if one["ts"] >= since)
                )
            assert shown[2] <= found[str(days)].reserves <= min(1_500, shown[1])
            assert found[str(days)].ratio == ratio(found[str(days)].reserves, 1_000)
    assert lows.epoch == 399


def test_what_nobody_was_owed_has_no_ratio(tmp_path: Path) -> None:
    """And an asset that is new has its own now. Criterion: POR-PIT-10"""
    lows = Lows(tmp_path / "lows.json")
    lows.take([statement(1, START_MS, 5, 0)])
    assert lows.of("BTC", Low("", 9), START_MS)["30"] == Low("", 5)
    assert lows.of("BTC", Low("2.0000", 9), START_MS)["1"] == Low("2.0000", 5)
    assert lows.of("ETH", Low("1.0000", 9), START_MS)["7"] == Low("1.0000", 9)

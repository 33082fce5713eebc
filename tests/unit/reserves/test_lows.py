"""Goal: the lowest of a day, a week and a month is never above what a statement of then said.

Method: statements of a month at random, and the lowest by looking at all of them each time.
"""

from __future__ import annotations

import random
from pathlib import Path

from fullreserve.reserves.lows import DAYS, HOUR_MS, Lows
from fullreserve.reserves.statement import Document, Low, Token, ratio

START_MS = 1_790_000_000_000


def statement(epoch: int, ts: int, reserves: int, users: int = 1_000) -> Document:
    row = {"symbol": "BTC", "ratio": ratio(reserves, users), "reserves": str(reserves)}
    return {"epoch": epoch, "ts": ts, "assets": [row], "reserves": {"chains": []}}


def counting(epoch: int, contract: str, decimals: int = 6, **more: object) -> Document:
    """A statement that counts a contract as USDT."""
    token = {"symbol": "USDT", "contract": contract, "decimals": decimals, **more}
    made = statement(epoch, START_MS + epoch, 1)
    return made | {"reserves": {"chains": [{"network": 1, "tokens": [token]}]}}


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
    """And of an asset that is new nothing was there. Criterion: POR-PIT-10"""
    lows = Lows(tmp_path / "lows.json")
    lows.take([statement(1, START_MS, 5, 0)])
    assert lows.of("BTC", Low("", 9), START_MS)["30"] == Low("", 5)
    assert lows.of("BTC", Low("2.0000", 9), START_MS)["1"] == Low("2.0000", 5)
    assert lows.of("ETH", Low("1.0000", 9), START_MS)["7"] == Low("1.0000", 0)


def test_a_time_without_statements_is_told(tmp_path: Path) -> None:
    """The longest of each window; before the first there was none. Criterion: POR-PIT-10"""
    lows = Lows(tmp_path / "lows.json")
    day, minute = 24 * HOUR_MS, 60_000
    assert lows.gaps(START_MS) == {"1": day, "7": 7 * day, "30": 30 * day}
    ts, told = START_MS, []
    for epoch in range(1, 26 * 12):
        ts += 20 * minute if epoch == 10 else 5 * minute
        told.append(statement(epoch, ts, 1_000))
    lows.take(told)
    lows.keep()
    lows = Lows(tmp_path / "lows.json")
    young = {"7": 7 * day, "30": 30 * day}
    since = ts - told[0]["ts"]
    assert lows.gaps(ts) == {"1": 5 * minute} | {days: all_ - since for days, all_ in young.items()}
    assert lows.gaps(ts + 2 * HOUR_MS)["1"] == 2 * HOUR_MS
    lows = Lows(tmp_path / "other.json")
    lows.take(told[:40])
    assert lows.gaps(told[39]["ts"])["1"] == day - (told[39]["ts"] - told[0]["ts"])
    lows.take(told[40:290])
    assert lows.gaps(told[289]["ts"])["1"] == 20 * minute


def test_a_change_of_contract_is_told_from_then_on(tmp_path: Path) -> None:
    """With the newest statement that counted another, over restarts. Criterion: POR-PIT-18"""
    first, second = Token("USDT", "aa" * 20, 6), Token("USDT", "bb" * 20, 6)
    lows = Lows(tmp_path / "lows.json")
    assert lows.changed(1, first) is None
    lows.take([counting(1, first.contract), counting(2, first.contract)])
    lows.keep()
    lows = Lows(tmp_path / "lows.json")
    assert lows.changed(1, first) is None
    assert lows.changed(1, second) == (2, START_MS + 2)
    assert lows.changed(1, first._replace(decimals=8)) == (2, START_MS + 2)
    assert lows.changed(2, second) is None, "another chain's"
    lows.take([counting(3, second.contract)])
    assert lows.changed(1, second) == (2, START_MS + 2)
    assert lows.changed(1, first) == (3, START_MS + 3)
    # Of statements that are older than what is looked back at, a newer one tells.
    said = {"epoch": 1, "ts": START_MS}
    lows = Lows(tmp_path / "other.json")
    lows.take([counting(9, second.contract, changed=said)])
    assert lows.changed(1, second) == (1, START_MS)


def test_a_file_that_does_not_know_gaps_is_told_anew(tmp_path: Path) -> None:
    """Criterion: POR-PIT-10"""
    file = tmp_path / "lows.json"
    file.write_text('{"epoch":7,"hours":{"497222":{"BTC":["1.0000",5]}}}')
    assert Lows(file).epoch == 0

"""Market data beyond the last book, ticker and trades."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from fullreserve.marketdata.bars import BARS, DAY, HOUR, MINUTE
from fullreserve.records.database import database_url, open_database, prepare
from fullreserve.records.history import History
from tests.bed import START_MS
from tests.integration.rest.bed import Answer, HandClock, RestBed


async def trade(rest: RestBed, price: str, size: str = "0.1") -> None:
    await rest.place(rest.bob, "sell", price, size)
    await rest.place(rest.alice, "buy", price, size)


async def test_books_with_other_levels(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await rest.place(rest.bob, "sell", "40000", "1")
    await rest.place(rest.alice, "buy", "39990", "3")
    rpi = (await rest.get("market/books-rpi", instId="BTC-USDT", sz=400)).row
    assert rpi["asks"] == [["40000", "1", "1", "1"]]
    assert rpi["bids"] == [["39990", "3", "3", "1"]]
    assert isinstance(rpi["seqId"], int)


@pytest.mark.parametrize(
    ("path", "most"),
    [("market/books", 400), ("market/books-rpi", 400), ("market/books-full", 5000)],
)
async def test_a_depth_out_of_bounds_is_refused(rest: RestBed, path: str, most: int) -> None:
    """Criterion: REST-3. As OKX does (51000), and says what is allowed."""
    await rest.place(rest.bob, "sell", "40000", "1")
    for size in (1, most):
        found = (await rest.get(path, instId="BTC-USDT", sz=size)).row
        assert len(found["asks"]) == 1
    for wrong in ("0", str(most + 1), "-1", "1.5", "x"):
        answer = await rest.get(path, instId="BTC-USDT", sz=wrong)
        assert answer.code == "51000"
        assert answer.json["msg"].endswith(f"sz error; allowed is a whole number from 1 to {most}")


async def test_a_ticker_is_the_last_day_of_one_instrument(tmp_path: Path) -> None:
    """Criterion: REST-4. Every field, by hand."""
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS))

    async def told() -> tuple[str, ...]:
        row = (await rest.get("market/ticker", instId="BTC-USDT")).row
        names = ("last", "lastSz", "open24h", "high24h", "low24h", "vol24h", "volCcy24h")
        return tuple(row[name] for name in names)

    await trade(rest, "40000", "0.1")
    await trade(rest, "40100", "0.2")
    await trade(rest, "39900", "0.3")
    await rest.place(rest.bob, "sell", "40010", "2")
    await rest.place(rest.bob, "sell", "40020", "1")
    await rest.place(rest.alice, "buy", "39890", "3")
    row = (await rest.get("market/ticker", instId="BTC-USDT")).row
    best = ("askPx", "askSz", "bidPx", "bidSz")
    assert (row["instType"], row["instId"]) == ("SPOT", "BTC-USDT")
    assert tuple(row[name] for name in best) == ("40010", "2", "39890", "3")
    assert await told() == ("39900", "0.3", "40000", "40100", "39900", "0.6", "23990")
    assert int(row["ts"]) == START_MS
    # Days at UTC and at UTC+8 began before all of it.
    assert (row["sodUtc0"], row["sodUtc8"]) == ("40000", "40000")
    other = (await rest.get("market/ticker", instId="ETH-USDT")).row
    assert (other["last"], other["askPx"], other["vol24h"]) == ("", "", "0")
    # A day later its window opens at the last price of before, and has only what was traded in it.
    await rest.pass_time(DAY + HOUR)
    await trade(rest, "40005", "0.5")
    assert await told() == ("40005", "0.5", "39900", "40005", "40005", "0.5", "20002.5")
    await rest.close()


async def test_every_bar(tmp_path: Path) -> None:
    """Criterion: REST-MARKET-1"""
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS))
    await trade(rest, "40000")
    await trade(rest, "40010")
    for name, bar in BARS.items():
        for path in ("market/candles", "market/history-candles"):
            row = (await rest.get(path, instId="BTC-USDT", bar=name)).data[0]
            assert row[1:5] == ["40000", "40010", "40000", "40010"], name
            assert len(row) == 9
            assert row[8] == "0"
            assert int(row[0]) == bar.open_of(START_MS)
        index = (await rest.get("market/index-candles", instId="BTC-USDT", bar=name)).data[0]
        assert len(index) == 6
    wrong = await rest.get("market/candles", instId="BTC-USDT", bar="7m")
    assert (wrong.code, "1Dutc" in wrong.json["msg"]) == ("51000", True)
    await rest.close()


async def test_days_open_in_utc_or_in_beijing(tmp_path: Path) -> None:
    """Criterion: REST-MARKET-1"""
    # 2023-11-14 22:13:20 UTC is the 15th already at UTC+8.
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS))
    await trade(rest, "40000")
    utc = (await rest.get("market/candles", instId="BTC-USDT", bar="1Dutc")).data[0]
    beijing = (await rest.get("market/candles", instId="BTC-USDT", bar="1D")).data[0]
    assert int(utc[0]) == START_MS // DAY * DAY
    assert int(beijing[0]) == (START_MS + 8 * HOUR) // DAY * DAY - 8 * HOUR
    await rest.close()


async def test_candles_page_both_ways(tmp_path: Path) -> None:
    """Criterion: REST-MARKET-2"""
    clock = HandClock(START_MS // MINUTE * MINUTE)
    rest = await RestBed.open(tmp_path, clock=clock)
    start = clock.exchange_ms()
    for step in range(6):
        await trade(rest, str(40000 + step))
        await rest.pass_time(MINUTE)
    await trade(rest, "40006")
    opens = [start + step * MINUTE for step in range(7)]

    async def page(path: str, **bounds: object) -> list[int]:
        answer = await rest.get(path, instId="BTC-USDT", bar="1m", **bounds)
        return [(int(row[0]) - start) // MINUTE for row in answer.data]

    for path in ("market/candles", "market/history-candles", "market/history-index-candles"):
        assert await page(path) == [6, 5, 4, 3, 2, 1, 0]
        assert await page(path, after=opens[3]) == [2, 1, 0]
        assert await page(path, before=opens[3]) == [6, 5, 4]
        # `before` alone is the newest page, not the one next to the bound.
        assert await page(path, before=opens[0], limit=2) == [6, 5]
        assert await page(path, before=opens[1], after=opens[5]) == [4, 3, 2]
        assert await page(path, before=opens[6]) == []
    rows = (await rest.get("market/candles", instId="BTC-USDT")).data
    assert [row[8] for row in rows] == ["0"] + ["1"] * 6
    await rest.pass_time(1441 * MINUTE)
    await trade(rest, "40000")
    assert len(await page("market/history-candles", after=opens[6] + 1, limit=300)) == 7
    assert await page("market/candles", after=opens[6] + 1) == []
    await rest.close()


async def test_past_trades_by_time(rest: RestBed) -> None:
    """Criterion: REST-PAGE-1"""
    await trade(rest, "40000")
    await trade(rest, "40001")
    rows = (await rest.get("market/history-trades", instId="BTC-USDT", type=2)).data
    newest = int(rows[0]["ts"])
    older = await rest.get("market/history-trades", instId="BTC-USDT", type="2", after=newest)
    assert all(int(row["ts"]) < newest for row in older.data)
    both = await rest.get("market/history-trades", instId="BTC-USDT", type=2, before=newest)
    assert both.code == "50039"


async def test_indices(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await trade(rest, "40000")
    found = await rest.get("market/index-components", index="BTC-USDT")
    assert found.data["last"] == "40000"
    assert [part["wgt"] for part in found.data["components"]] == ["1"]
    assert (await rest.get("market/index-components", index="NO-SUCH")).code == "51014"
    by_quote = await rest.get("market/index-tickers", quoteCcy="USDT")
    assert {"BTC-USDT", "ETH-USDT"} <= {row["instId"] for row in by_quote.data}
    assert (await rest.get("market/exchange-rate")).row == {"usdCny": ""}
    rest.context.usd_cny = "7.1"
    assert (await rest.get("market/exchange-rate")).row == {"usdCny": "7.1"}


async def test_volume_of_the_platform(rest: RestBed) -> None:
    """Criterion: REST-4"""
    await trade(rest, "40000", "0.5")
    volume = (await rest.get("market/platform-24-volume")).row
    assert (volume["volUsd"], volume["volCny"]) == ("20000", "")


async def test_price_limit_and_operators_words(rest: RestBed) -> None:
    """Criterion: REST-4"""
    limit = (await rest.get("public/price-limit", instId="BTC-USDT")).row
    assert isinstance(limit["enabled"], bool)
    assert (await rest.get("system/status", state="ongoing")).data == []
    assert (await rest.get("system/status", state="no")).code == "51000"
    types = (await rest.get("support/announcement-types")).data
    assert types == (await rest.get("support/announcements-types")).data
    assert {"annType", "annTypeDesc"} == set(types[0])
    assert (await rest.get("support/announcements", page=1)).row == {
        "details": [],
        "totalPage": "0",
    }


async def test_history_says_when_the_records_do_not_answer(rest: RestBed) -> None:
    """Criterion: REST-PAST-1"""
    await trade(rest, "40000")
    rest.history.close()
    rest.history = History(create_engine(f"sqlite:///{rest.folder}/gone/records.sqlite"))
    gone = await rest.get("market/history-trades", instId="BTC-USDT")
    assert (gone.status, gone.code) == (200, "50046")
    assert "History" in gone.json["msg"]
    await trade(rest, "40001")
    assert (await rest.get("market/trades", instId="BTC-USDT")).code == "0"


async def test_the_last_candles_do_not_need_the_records(tmp_path: Path) -> None:
    """Criterion: REST-PAST-5. A page that memory does not have whole is not given in parts."""
    clock = HandClock(START_MS // MINUTE * MINUTE)
    rest = await RestBed.open(tmp_path, clock=clock)
    for step in range(4):
        await trade(rest, str(40000 + step))
        await rest.pass_time(MINUTE)
    await trade(rest, "40004")
    start = clock.exchange_ms() - 4 * MINUTE
    bounds: tuple[dict[str, int], ...] = (
        {"limit": 2}, {"limit": 5}, {"before": start - MINUTE}, {"before": start + MINUTE},
        {"after": start + 4 * MINUTE, "limit": 2},
    )  # fmt: skip

    async def pages(path: str, **bound: object) -> Answer:
        return await rest.get(path, instId="BTC-USDT", **bound)

    paths = ("market/candles", "market/history-candles", "market/history-index-candles")
    whole = [[(await pages(path, **bound)).data for bound in bounds] for path in paths]
    rest.history.close()
    rest.history = History(create_engine(f"sqlite:///{rest.folder}/gone/records.sqlite"))
    assert [[(await pages(path, **bound)).data for bound in bounds] for path in paths] == whole
    assert len(whole[0][1]) == 5
    for path, known in zip(paths, whole, strict=True):
        # A young market is all in memory: there are no more bars than these.
        assert (await pages(path, limit=300)).data == known[1]
        assert len((await pages(path, after=start + MINUTE, limit=2)).data) == 1
        assert (await pages(path, after=start)).data == []
    # Memory keeps the last minutes alone, and of longer bars a few.
    await rest.pass_time(1441 * MINUTE)
    await trade(rest, "40005")
    for path in paths:
        assert (await pages(path, after=start + MINUTE, limit=2)).code == "50046"
        assert (await pages(path, bar="1H", limit=6)).code == "50046"
    await rest.close()


async def test_open_orders_do_not_need_the_records(tmp_path: Path) -> None:
    """Criterion: REST-PAST-1. The core has forgotten the fill meanwhile, not the order."""
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS))
    placed = await rest.place(rest.bob, "sell", "40000", "1")
    await rest.place(rest.alice, "buy", "40000", "0.4")
    await rest.pass_time(DAY)
    await rest.place(rest.alice, "buy", "100", "0.4")
    known = (await rest.get("trade/orders-pending", rest.bob)).row
    assert (known["ordId"], known["fillSz"]) == (placed, "0.4")
    rest.history.close()
    rest.history = History(create_engine(f"sqlite:///{rest.folder}/gone/records.sqlite"))
    row = (await rest.get("trade/orders-pending", rest.bob)).row
    assert (row["ordId"], row["accFillSz"], row["state"]) == (placed, "0.4", "partially_filled")
    await rest.close()


async def hold_back(rest: RestBed) -> Callable[[], None]:
    """Lets history be read from records that have nothing yet; the way out of it."""
    await rest.pass_time(0)
    folder = rest.folder / "rebuilt"
    folder.mkdir()
    engine = open_database(database_url("", folder))
    prepare(engine)
    kept, rest.history = rest.history, History(engine)

    def end() -> None:
        rest.history.close()
        rest.history = kept

    return end


async def test_past_trades_have_no_hole_while_the_records_are_behind(tmp_path: Path) -> None:
    """Criterion: REST-PAST-6"""
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS))
    for step in range(4):
        await trade(rest, str(40000 + step))
    # The tape of a busier market: its first trades are in the records alone.
    tape = rest.context.market.of(1).tape
    tape._trades.popleft()

    async def page(**bounds: object) -> Answer:
        return await rest.get("market/history-trades", instId="BTC-USDT", **bounds)

    full = await page()
    assert len(full.data) == 4
    end = await hold_back(rest)
    assert (await page(limit=3)).data == full.data[:3]
    newest = int(full.data[0]["tradeId"])
    assert (await page(after=newest, limit=2)).data == full.data[1:3]
    for hole in ({}, {"after": newest}, {"after": newest - 2}, {"type": 2}):
        answer = await page(**hole)
        assert (answer.code, "behind" in answer.json["msg"]) == ("50046", True), hole
    end()
    assert (await page()).data == full.data
    await rest.close()


async def test_candles_have_no_hole_while_the_records_are_behind(tmp_path: Path) -> None:
    """Criterion: REST-PAST-6"""
    rest = await RestBed.open(tmp_path, clock=HandClock(START_MS // DAY * DAY))
    for step in range(8):
        await trade(rest, str(40000 + step))
        await rest.pass_time(HOUR)
    await trade(rest, "40010")

    async def page(**bounds: object) -> Answer:
        return await rest.get("market/candles", instId="BTC-USDT", bar="1H", **bounds)

    full = await page()
    assert len(full.data) == 9
    end = await hold_back(rest)
    assert (await page(limit=3)).data == full.data[:3]
    for hole in ({}, {"limit": 8}, {"after": full.data[5][0]}):
        answer = await page(**hole)
        assert (answer.code, "behind" in answer.json["msg"]) == ("50046", True), hole
    end()
    assert (await page()).data == full.data
    await rest.close()

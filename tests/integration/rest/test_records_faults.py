"""Goal: whatever happens to the records, trading goes on and history says what is wrong.

Method: a real exchange behind its REST application, whose records stand still, are held up, are
of the wrong age, or are another file; what the gateway shows is compared with what it said before.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from fullreserve.gateway.readers import ANSWER_MS
from fullreserve.gateway.rest.past import CATCH_UP_STEP_MS, LONG_WAIT_MS
from fullreserve.marketdata.bars import DAY
from fullreserve.records import schema
from fullreserve.records.database import database_url, open_database
from fullreserve.records.history import History
from fullreserve.records.reached import FILE
from tests.bed import START_MS, until
from tests.integration.rest.bed import Answer, HandClock, RestBed

PAST = (
    "trade/orders-history",
    "trade/orders-history-archive",
    "trade/fills",
    "trade/fills-history",
    "account/bills",
    "account/bills-archive",
    "asset/bills",
    "asset/bills-history",
    "asset/subaccount/bills",
)
FILLS = PAST[2:4]
LEDGERS = PAST[4:]


class HastyClock(HandClock):
    """Nobody waits for records to come on: they are there at once, or not."""

    async def wait_ms(self, real_ms: int) -> None:
        await super().wait_ms(real_ms if real_ms == ANSWER_MS else 0)


class LongLooks(HandClock):
    """A second passes whenever the time is asked for a duration; counts the short waits."""

    waits = 0

    def monotonic_ns(self) -> int:
        self.advance(1_000)
        return super().monotonic_ns()

    async def wait_ms(self, real_ms: int) -> None:
        self.waits += real_ms == CATCH_UP_STEP_MS
        await super().wait_ms(real_ms if real_ms == ANSWER_MS else 0)


class ImpatientClock(HandClock):
    """An answer of the records is too late at once, while `hasty`."""

    hasty = False

    async def wait_ms(self, real_ms: int) -> None:
        await super().wait_ms(0 if self.hasty and real_ms == ANSWER_MS else real_ms)


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path, clock=HastyClock(START_MS))
    yield opened
    await opened.close()


async def trade(rest: RestBed) -> str:
    await rest.place(rest.bob, "sell", "40000", "0.1")
    return await rest.place(rest.alice, "buy", "40000", "0.1")


async def ask(rest: RestBed, path: str) -> Answer:
    return await rest.get(path, rest.alice, instType="SPOT" if path.startswith("trade") else "")


async def is_recorded(rest: RestBed) -> None:
    head = rest.bed.journal.head.sequence
    await until(lambda: rest.history.progress().sequence >= head)


def says(answer: Answer, words: str) -> bool:
    assert (answer.status, answer.code) == (200, "50046"), answer.json
    return words in answer.json["msg"] and "trading goes on" in answer.json["msg"]


async def test_records_that_are_gone_are_said_and_come_back(rest: RestBed) -> None:
    """Criterion: REST-PAST-1, REC-40. The file is deleted while everything has it open."""
    order = await trade(rest)
    await is_recorded(rest)
    await rest.hold_records()
    for file in rest.folder.glob(FILE + "*"):
        file.unlink()
    for path in PAST:
        assert says(await ask(rest, path), "its database does not answer"), path
    later = await trade(rest)
    # The follower that a new process would run: it finds nothing and tells all again.
    rest.follow_records()
    await until((rest.folder / FILE).exists)
    await until(lambda: bool(tables(rest.folder / FILE)))
    await is_recorded(rest)
    shown = [row["ordId"] for row in (await ask(rest, "trade/orders-history")).data]
    assert shown == [later, order]
    for path in PAST:
        assert (await ask(rest, path)).code == "0", path


def tables(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT name FROM sqlite_master").fetchall()


@contextmanager
def held_up(history: History) -> Iterator[None]:
    """Questions to a history wait until the end of the block."""
    flows = threading.Event()
    wait = lambda *_: flows.wait()  # noqa: E731 - a listener of another shape is refused
    engine = history._engine
    event.listen(engine, "before_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", wait)
        flows.set()


async def test_records_that_are_slow_are_said_and_hold_nobody_up(tmp_path: Path) -> None:
    """Criterion: REC-41. More questions wait than there are threads for them."""
    clock = ImpatientClock(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    order = await trade(rest)
    await is_recorded(rest)
    with held_up(rest.history):
        clock.hasty = True
        for path in PAST:
            assert says(await ask(rest, path), "its database is slow"), path
        await trade(rest)
        assert (await rest.get("account/balance", rest.alice)).code == "0"
        assert (await rest.get("trade/orders-pending", rest.alice)).code == "0"
    clock.hasty = False
    shown = [row["ordId"] for row in (await ask(rest, "trade/orders-history")).data]
    assert order in shown
    await rest.close()


async def test_slow_looks_at_a_ledger_are_part_of_the_wait_for_it(tmp_path: Path) -> None:
    """Criterion: REC-42. A locked database answers late: what is waited is time, not looks."""
    clock = LongLooks(START_MS)
    rest = await RestBed.open(tmp_path, clock=clock)
    await trade(rest)
    await is_recorded(rest)
    await rest.hold_records()
    await trade(rest)
    clock.waits = 0
    assert says(await ask(rest, "account/bills"), "behind the exchange")
    assert 0 < clock.waits <= LONG_WAIT_MS // 1_000
    await rest.close()


async def test_a_ledger_that_is_behind_is_not_shown_as_if_it_were_whole(hasty: RestBed) -> None:
    """Criterion: REC-42."""
    await trade(hasty)
    await is_recorded(hasty)
    await hasty.hold_records()
    await trade(hasty)
    for path in (*LEDGERS, *FILLS):
        assert says(await ask(hasty, path), "it is behind the exchange"), path
    hasty.follow_records()
    await is_recorded(hasty)
    for path in LEDGERS:
        assert (await ask(hasty, path)).code == "0", path
    for path in FILLS:
        newest, first = (await ask(hasty, path)).data
        assert int(newest["billId"]) > int(first["billId"])


async def test_fills_that_are_recorded_are_paged_while_the_records_are_behind(
    hasty: RestBed,
) -> None:
    """Criterion: REC-42. What is older than a bill is in the records, whatever came since."""
    await trade(hasty)
    await trade(hasty)
    await is_recorded(hasty)
    newest, first = (await ask(hasty, "trade/fills")).data
    await hasty.hold_records()
    await trade(hasty)
    for path in FILLS:
        page = await hasty.get(path, hasty.alice, instType="SPOT", after=newest["billId"])
        assert page.row["billId"] == first["billId"]


async def test_records_that_lack_what_the_core_forgot_are_not_shown(hasty: RestBed) -> None:
    """Criterion: REC-42. As while a dropped database is told again from the log."""
    order = await trade(hasty)
    await is_recorded(hasty)
    await hasty.pass_time(DAY)
    await hasty.hold_records()
    await hasty.place(hasty.bob, "sell", "50000", "0.1")
    engine = open_database(database_url("", hasty.folder))
    with engine.begin() as connection:
        connection.execute(schema.orders.delete())
        connection.execute(update(schema.progress).values(finished_total=0))
    engine.dispose()
    for path in PAST[:4]:
        assert says(await ask(hasty, path), "it is behind the exchange"), path
    one = await hasty.get("trade/order", hasty.alice, instId="BTC-USDT", ordId=order)
    assert says(one, "it is behind the exchange")

"""Goal: candles that begin before the records are there alarm nobody.

Method: a market over a real log whose records stand empty, its clock moved by hand.
"""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.exchange.catalog import Catalog
from fullreserve.marketdata.feed import Feed
from fullreserve.records.database import database_url, open_database, prepare
from fullreserve.records.history import History
from tests.bed import START_MS, Bed, until

STEP_MS = 50


async def test_a_past_that_comes_later_is_not_logged(tmp_path: Path) -> None:
    """Criterion: MD-SEED-3"""
    bed = await Bed.open(tmp_path)
    engine = open_database(database_url("", tmp_path))
    prepare(engine)
    clock = ManualClock(START_MS)
    with capture_logs() as said:
        feed = Feed(await bed.door(), Catalog(), clock, lambda: History(engine))
        await feed.start()

        def begins() -> bool:
            clock.advance(STEP_MS)
            return any("candles begin" in line["event"] for line in said)

        await until(begins)
        await feed.close()
    assert {line["log_level"] for line in said} == {"debug"}
    engine.dispose()
    await bed.close()

"""What was done on each day, and what it is worth to fill ratios."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, select

from fullreserve.exchange.wire.commands import InstrumentState, TickBand, amount_bytes
from fullreserve.exchange.wire.events import (
    AnyEvent,
    AssetDefined,
    InstrumentChanged,
    OrderCause,
    OwnerChanged,
)
from fullreserve.marketdata.bars import DAY
from fullreserve.records import schema
from fullreserve.records.activity_history import Member, Traded
from fullreserve.records.database import Progress, prepare
from fullreserve.records.history import History
from fullreserve.records.projection import Projection
from fullreserve.records.writer import Writer
from tests.unit.records.blotter import (
    ANN,
    ASSETS,
    BOB,
    BTC,
    LISTED,
    PAIR,
    USDT,
    balance,
    catalog,
    filled,
    order,
    trade,
)
from tests.unit.records.blotter import START_MS as NOW

KID = 10_000_003
ETH, BTC_PAIR = 3, 2
VIP5 = 10
DOLLAR = 10**8
# 600_000 x 1_000 at 1 + 8 digits.
TRADED = 6 * DOLLAR // 10


@dataclass
class Log:
    """A log that is committed row by row; `restart` leaves the database alone."""

    engine: Engine
    sequence: int = 1

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._writer = Writer(self.engine, prepare(self.engine))
        self._projection = Projection(catalog(), self._writer)
        self._projection.apply(self.sequence, [*ASSETS, LISTED])

    def row(self, time_ms: int, *events: AnyEvent) -> None:
        self.sequence += 1
        self._projection.apply(self.sequence, events, time_ms)
        self._writer.write(self._projection.take(), Progress(self.sequence, time_ms))


@pytest.fixture
def log(engine: Engine) -> Log:
    return Log(engine)


def days(engine: Engine) -> list[tuple[int, int, int, int]]:
    """Owner, day from the first on, requests, turnover."""
    table = schema.activity
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.owner, table.c.day_ms)).all()
    return [(row.owner, (row.day_ms - NOW) // DAY, row.requests, row.turnover) for row in rows]


def owner(number: int, tier: int, master: int = 0) -> OwnerChanged:
    return OwnerChanged(number, master or number, 0, tier, 0, 0)


def fill(number: int, time_ms: int, who: int = ANN) -> list[AnyEvent]:
    """A fill of a day, with what it settles."""
    done = filled(number, number, owner=who, time_ms=time_ms)
    return [done, balance(who, BTC, 0), balance(who, USDT, 0)]


def test_orders_and_amendments_count_and_what_is_refused_does_not(engine: Engine, log: Log) -> None:
    """Criterion: REC-50"""
    causes = (OrderCause.PLACED, OrderCause.AMENDED, OrderCause.AMENDED, OrderCause.AMEND_FAILED)
    log.row(NOW, *(order(1, cause=cause, time_ms=NOW) for cause in causes))
    log.row(NOW + 1, *fill(1, NOW + 1))
    assert days(engine) == [(ANN, 0, 3, 600_000 * 1_000)]


def test_a_day_is_added_up_across_commits_and_restarts(engine: Engine, log: Log) -> None:
    """Criterion: REC-50"""
    for number, time_ms in enumerate((NOW, NOW + 1, NOW + DAY - 1, NOW + DAY, NOW + DAY + 5), 1):
        log.row(time_ms, order(number, time_ms=time_ms), *fill(number, time_ms))
        if number in (2, 4):
            log.restart()
    turnover = 600_000 * 1_000
    assert days(engine) == [(ANN, 0, 3, 3 * turnover), (ANN, 1, 2, 2 * turnover)]


def test_days_are_forgotten_when_no_ratio_can_ask_for_them(engine: Engine, log: Log) -> None:
    """Criterion: REC-50. Seven days before the midnight before today's, and a day for this one."""
    log.row(NOW, order(1, time_ms=NOW))
    log.row(NOW + 2 * DAY, order(2, time_ms=NOW + 2 * DAY))
    log.row(NOW + 10 * DAY)
    assert [day for _, day, *_ in days(engine)] == [0, 2]
    log.row(NOW + 11 * DAY)
    assert [day for _, day, *_ in days(engine)] == [2]


def test_a_week_is_that_of_families_of_a_tier_as_they_were_at_midnight(
    engine: Engine, log: Log
) -> None:
    """Criterion: REC-51. Ann is raised on the second day; Kid is hers; Bob is nobody's."""
    log.row(NOW, owner(ANN, 1), owner(KID, 1, ANN), owner(BOB, 1))
    log.row(NOW + DAY, owner(ANN, VIP5))
    log.row(NOW + DAY + 1, owner(BOB, VIP5), owner(BOB, 2))
    history = History(engine)
    assert history.week(NOW + DAY, VIP5) == ([], [])
    expected = [Member(ANN, ANN, VIP5), Member(KID, ANN, 1)]
    assert history.week(NOW + 2 * DAY, VIP5).members == expected
    log.row(NOW + 2 * DAY, owner(ANN, 1))
    assert history.week(NOW + 2 * DAY, VIP5).members == expected
    assert history.week(NOW + 3 * DAY, VIP5).members == []


def test_a_week_has_what_all_of_a_family_did_in_seven_days(engine: Engine, log: Log) -> None:
    """Criterion: REC-51"""
    log.row(NOW, owner(ANN, VIP5), owner(KID, 1, ANN), owner(BOB, 1))
    for number, (day, who) in enumerate(((0, ANN), (1, KID), (6, ANN), (7, ANN), (3, BOB)), 1):
        time_ms = NOW + day * DAY
        log.row(
            NOW + 7 * DAY, order(number, owner=who, time_ms=time_ms), *fill(number, time_ms, who)
        )
    history = History(engine)
    assert history.week(NOW + 7 * DAY, VIP5).traded == [
        Traded(ANN, "BTC-USDT", 2, 2 * TRADED),
        Traded(KID, "BTC-USDT", 1, TRADED),
    ]
    assert history.week(NOW + 8 * DAY, VIP5).traded == [
        Traded(ANN, "BTC-USDT", 2, 2 * TRADED),
        Traded(KID, "BTC-USDT", 1, TRADED),
    ]
    assert history.week(NOW + 9 * DAY, VIP5).traded == [Traded(ANN, "BTC-USDT", 2, 2 * TRADED)]


def test_other_quotes_count_at_their_last_price_before_midnight(engine: Engine, log: Log) -> None:
    """Criterion: REC-51. 0.1 ETH at 0.05 BTC while BTC was 60,000: 300 dollars."""
    ticks = (TickBand(0, 1),)
    bounds = (1, 1, 10**15, 10**15, 10**17, 10**9, 0, InstrumentState.LIVE, NOW)
    listed = InstrumentChanged(BTC_PAIR, "ETH-BTC", ETH, BTC, 4, 6, ticks, *bounds)
    log.row(NOW, owner(ANN, VIP5), AssetDefined(ETH, "ETH", 8, amount_bytes(10**20)), listed)
    done = filled(
        1, 1, instrument=BTC_PAIR, price=500, fill_price=500, fill_size=100_000, time_ms=NOW
    )
    settled = (balance(ANN, ETH, 0), balance(ANN, BTC, 0))
    log.row(NOW, order(1, instrument=BTC_PAIR, time_ms=NOW), done, *settled)
    history = History(engine)
    assert history.week(NOW + DAY, VIP5).traded == [Traded(ANN, "ETH-BTC", 1, 0)]
    log.row(NOW + 1, trade(1, NOW + 1))
    log.row(NOW + DAY, trade(2, NOW + DAY, price=700_000))
    assert history.week(NOW + DAY, VIP5).traded == [Traded(ANN, "ETH-BTC", 1, 300 * DOLLAR)]
    assert PAIR != BTC_PAIR

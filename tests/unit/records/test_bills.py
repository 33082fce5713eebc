"""Goal: bills tell every change of a balance, in order, with ids that the log alone decides.

Method: fold hand-written events and read the rows.
"""

import pytest
from sqlalchemy import Engine

from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import OrderType, Side, amount_bytes
from fullreserve.exchange.wire.events import AnyEvent, Liquidity
from fullreserve.records.activity import Activity
from fullreserve.records.bills import FIRST_ID, IDS_PER_COMMAND, Numbering
from fullreserve.records.candles import Candle
from fullreserve.records.history import History
from fullreserve.records.projection import Projection
from fullreserve.records.record import Bill, Page
from tests.unit.records.blotter import (
    ANN,
    BOB,
    BTC,
    USDT,
    balance,
    catalog,
    filled,
    leg,
    posted,
    reply,
    trade,
)
from tests.unit.records.blotter import START_MS as NOW
from tests.unit.records.conftest import Record


class Nothing:
    """A database in which nothing is."""

    def stored_candle(self, instrument: int, width_ms: int, open_ms: int) -> Candle | None:
        return None

    def stored_activity(self, owner: int, instrument: int, day_ms: int) -> Activity | None:
        return None


def match(sequence: int) -> list[AnyEvent]:
    """Ann takes 0.00001000 BTC at 60,000.3 from Bob: 0.6000030 USDT; fees 10 BTC, 5 USDT units."""
    fill = {"sequence": sequence, "fill_price": 600_003}
    return [
        trade(1, NOW, 600_003),
        filled(7, 1, owner=BOB, side=Side.SELL, fill_fee=amount_bytes(5), **fill),
        filled(8, 1, fill_fee=amount_bytes(10), **fill),
        balance(BOB, BTC, 9_000),
        balance(BOB, USDT, 60_000_295),
        balance(ANN, BTC, 990),
        balance(ANN, USDT, 39_999_700),
        reply(sequence),
    ]


def test_a_match_makes_two_bills_on_each_side(engine: Engine, record: Record) -> None:
    """Criterion: REC-3. 1000 - 10 BTC in, 60,000,300 USDT out; Bob gets 60,000,300 - 5."""
    record(match(5), sequence=5)
    bills = History(engine).bills(ANN, chart.TRADE, Page())
    assert [(bill.asset, bill.change, bill.balance, bill.fee) for bill in bills] == [
        (USDT, -60_000_300, 39_999_700, 0),
        (BTC, 990, 990, 10),
    ]
    assert {(bill.type, bill.sub_type, bill.order, bill.trade) for bill in bills} == {(2, 1, 8, 1)}
    theirs = History(engine).bills(BOB, chart.TRADE, Page())
    assert [(bill.asset, bill.change, bill.fee, bill.sub_type) for bill in theirs] == [
        (USDT, 60_000_295, 5, 2),
        (BTC, -1_000, 0, 2),
    ]


def test_a_fill_has_the_id_of_its_first_bill(engine: Engine, record: Record) -> None:
    """Criterion: REC-2."""
    record(match(5), sequence=5)
    history = History(engine)
    [fill] = history.fills(ANN, Page())
    assert (fill.order, fill.trade, fill.fee, fill.liquidity) == (8, 1, 10, Liquidity.TAKER)
    assert fill.bill_id == history.bills(ANN, chart.TRADE, Page())[-1].bill_id


def test_a_remainder_of_the_price_is_against_the_user(engine: Engine, record: Record) -> None:
    """Criterion: REC-3. 60,000.3 x 0.00000003 is 180000.9 units: 180001 are paid, 180000 got."""
    part = {"fill_price": 600_003, "fill_size": 3, "type": OrderType.MARKET}
    events: list[AnyEvent] = [
        filled(7, 1, owner=BOB, side=Side.SELL, **part),
        filled(8, 1, **part),
        balance(BOB, BTC, 0),
        balance(BOB, USDT, 180_000),
        balance(ANN, BTC, 3),
        balance(ANN, USDT, 0),
    ]
    record(events)
    history = History(engine)
    assert history.bills(ANN, chart.TRADE, Page())[0].change == -180_001
    assert history.bills(BOB, chart.TRADE, Page())[0].change == 180_000


def test_parts_of_a_limit_order_cost_no_more_than_the_whole(engine: Engine, record: Record) -> None:
    """Criterion: REC-3. 2 x 0.00000003 at 60,000.3: 180000.9 each, 360001.8 together, set aside
    360002: the first part frees 180001 of it and the second 180001; 3 x would free 180001, 180001
    and 180001 of 540003, so parts of 0.00000001 (60000.3) cost 60001, 60000 and 60000."""
    limit = {"price": 600_003, "fill_price": 600_003, "size": 3, "fill_size": 1}
    parts = [filled(8, number, filled=number, **limit) for number in (1, 2, 3)]
    record([*parts, balance(ANN, BTC, 3), balance(ANN, USDT, 0)])
    bills = History(engine).bills(ANN, chart.TRADE, Page(), asset=USDT)
    assert [bill.change for bill in reversed(bills)] == [-60_000, -60_000, -60_001]


def test_parts_of_a_command_lead_from_one_balance_to_the_next(
    engine: Engine, record: Record
) -> None:
    """Criterion: REC-3. 100 - 30 - 20 = 50: the bills between show 70 and 50."""
    events: list[AnyEvent] = [
        posted(3, 200, leg(ANN, chart.FUND, BTC, -30), leg(BOB, chart.FUND, BTC, 30)),
        posted(3, 200, leg(ANN, chart.FUND, BTC, -20), leg(BOB, chart.FUND, BTC, 20)),
        balance(ANN, BTC, 50, chart.FUND),
        balance(BOB, BTC, 50, chart.FUND),
        reply(3),
    ]
    record(events, sequence=3)
    bills = History(engine).bills(ANN, chart.FUND, Page())
    assert [(bill.change, bill.balance) for bill in bills] == [(-20, 50), (-30, 70)]


def test_a_transfer_is_told_from_both_ends(engine: Engine, record: Record) -> None:
    """Criterion: REC-3."""
    events: list[AnyEvent] = [
        posted(9, 1, leg(ANN, chart.FUND, BTC, -30), leg(ANN, chart.TRADE, BTC, 30)),
        balance(ANN, BTC, 0, chart.FUND),
        balance(ANN, BTC, 30),
        reply(9),
    ]
    record(events, sequence=9)
    history = History(engine)
    [out] = history.bills(ANN, chart.FUND, Page())
    [into] = history.bills(ANN, chart.TRADE, Page())
    assert (out.type, out.sub_type, out.other_owner, out.other_kind) == (1, 12, ANN, chart.TRADE)
    assert (into.type, into.sub_type, into.other_owner, into.other_kind) == (1, 11, ANN, chart.FUND)
    moved = history.transfer(9)
    assert moved is not None
    assert (moved.amount, moved.source_kind, moved.target_kind) == (30, chart.FUND, chart.TRADE)
    assert history.transfer(8) is None


def test_events_without_a_balance_are_refused() -> None:
    """Criterion: REC-3. A bill without the balance after it would be a guess."""
    projection = Projection(catalog(), Nothing())
    projection.apply(1, [posted(1, 200, leg(ANN, chart.FUND, BTC, 30)), reply(1)])
    with pytest.raises(ValueError, match="without the balance"):
        projection.take()


def ids(*rows: tuple[int, list[AnyEvent]]) -> list[int]:
    projection = Projection(catalog(), Nothing())
    for sequence, events in rows:
        projection.apply(sequence, events)
    return sorted(row[Bill._fields.index("bill_id")] for row in projection.take().bills)


def test_ids_do_not_depend_on_how_the_log_is_split() -> None:
    """Criterion: REC-4."""
    first, second = match(5), match(6)
    whole = ids((5, [*first, *second]))
    assert whole == ids((5, first), (6, second))
    assert len(set(whole)) == 8


def test_ids_ascend_through_agenda_and_command() -> None:
    """Criterion: REC-4. What the agenda posts comes before the command that its time came with."""
    agenda: list[AnyEvent] = [
        posted(2, 200, leg(ANN, chart.FUND, BTC, 1)),
        balance(ANN, BTC, 1, chart.FUND),
    ]
    command: list[AnyEvent] = [
        posted(5, 200, leg(ANN, chart.FUND, BTC, 2)),
        balance(ANN, BTC, 3, chart.FUND),
        reply(5),
    ]
    assert ids((5, [*agenda, *command])) == [
        FIRST_ID + 5 * IDS_PER_COMMAND + place for place in (0, 1)
    ]


def test_a_command_with_too_many_bills_is_an_error() -> None:
    """Criterion: REC-4. Ids of the next command would be taken otherwise."""
    numbering = Numbering()
    numbering.begin(1)
    numbering.take(IDS_PER_COMMAND)
    with pytest.raises(OverflowError):
        numbering.take(1)

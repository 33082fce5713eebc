"""Goal: lists page as documented and cost what a page costs.

Method: write orders, fills and trades, ask for pages, and read SQLite's plan of each question.
"""

from typing import Any

import pytest
from sqlalchemy import Engine, event

from fullreserve.exchange.wire.commands import Side, amount_bytes
from fullreserve.exchange.wire.events import AnyEvent, OrderState
from fullreserve.marketdata.bars import MINUTE
from fullreserve.records.history import History
from fullreserve.records.record import Page
from tests.unit.records.blotter import (
    ANN,
    BOB,
    BTC,
    PAIR,
    USDT,
    balance,
    canceled,
    filled,
    order,
    trade,
)
from tests.unit.records.blotter import START_MS as NOW
from tests.unit.records.conftest import Record


def ids(history: History, page: Page, **filters: Any) -> list[int]:
    return [found.order.order for found in history.orders(ANN, page, **filters)]


@pytest.fixture
def history(engine: Engine, record: Record) -> History:
    """Ann's orders 1 to 9: odd ones canceled, even ones filled, created a second apart; 10 open."""
    events: list[AnyEvent] = []
    for number in range(1, 10):
        at = {"created_ms": NOW + number * 1_000, "time_ms": NOW + number * 1_000}
        end = canceled(number, **at) if number % 2 else filled(number, number, **at)
        events += [order(number, client_order_id="", **at), end]
    events += [order(10), balance(ANN, BTC, 0), balance(ANN, USDT, 0)]
    events += [trade(number, NOW + number // 2 * 1_000) for number in range(1, 9)]
    record(events)
    return History(engine)


def test_pages_are_newest_first_and_exclude_their_bounds(history: History) -> None:
    """Criterion: REC-10."""
    assert ids(history, Page(limit=3)) == [9, 8, 7]
    assert ids(history, Page(after=7, limit=3)) == [6, 5, 4]
    assert ids(history, Page(before=3, limit=3)) == [9, 8, 7]
    assert ids(history, Page(after=7, before=4)) == [6, 5]
    assert ids(history, Page(begin_ms=NOW + 4_000, end_ms=NOW + 6_000)) == [6, 5, 4]


def test_orders_are_filtered(history: History) -> None:
    """Criterion: REC-10."""
    assert ids(history, Page(), state=OrderState.CANCELED) == [9, 7, 5, 3, 1]
    assert ids(history, Page(), types=(1, 4)) == []
    assert ids(history, Page(), instrument=PAIR + 1) == []
    assert history.orders(BOB, Page()) == []


def test_an_order_that_ended_unfilled_is_shown_for_as_long_as_said(history: History) -> None:
    """Criterion: REC-6. The log may stand still, and the database forgets with it."""
    since_ms = NOW + 5_000
    assert ids(history, Page(), unfilled_since_ms=since_ms) == [9, 8, 7, 6, 5, 4, 2]


def test_an_open_order_is_found_but_is_not_history(history: History) -> None:
    """Criterion: REC-12."""
    assert 10 not in ids(history, Page())
    found = history.order(ANN, 10)
    assert found is not None
    assert found.order.state == OrderState.LIVE
    assert history.order(BOB, 10) is None
    assert history.order(ANN, 11) is None
    assert history.order(ANN, 10, instrument=PAIR + 1) is None


def test_a_reused_client_order_id_names_the_newest(engine: Engine, record: Record) -> None:
    """Criterion: REC-12."""
    record([canceled(1, client_order_id="a"), canceled(2, client_order_id="a"), canceled(3)])
    history = History(engine)
    newest = history.order_named(ANN, "a")
    assert newest is not None
    assert newest.order.order == 2
    assert history.order_named(BOB, "a") is None
    assert history.order_named(ANN, "") is None


def test_the_last_fill_stays_when_the_rest_is_canceled(engine: Engine, record: Record) -> None:
    """Criterion: REC-2. Filled in one commit, canceled in another."""
    part = {"state": OrderState.PARTIALLY_FILLED, "filled": 400, "fill_size": 400}
    record([order(1)], sequence=1)
    fill = filled(1, 3, time_ms=NOW + 5, fill_fee=amount_bytes(4), **part)
    record([fill, balance(ANN, BTC, 0), balance(ANN, USDT, 0)], sequence=2)
    record([canceled(1, sequence=3, filled=400, cancel_source=1)], sequence=3)
    found = History(engine).order(ANN, 1)
    assert found is not None
    last, fill_ms = found
    assert (last.state, last.filled, last.cancel_source) == (OrderState.CANCELED, 400, 1)
    assert (last.fill_size, last.trade, last.fill_fee, fill_ms) == (
        400,
        3,
        amount_bytes(4),
        NOW + 5,
    )


def test_fills_page_by_bill_and_filter(history: History) -> None:
    """Criterion: REC-10."""
    fills = history.fills(ANN, Page())
    assert [fill.order for fill in fills] == [8, 6, 4, 2]
    older = history.fills(ANN, Page(after=fills[1].bill_id))
    assert [fill.order for fill in older] == [4, 2]
    assert [fill.order for fill in history.fills(ANN, Page(), order=6)] == [6]
    assert len(history.fills(ANN, Page(), side=Side.BUY)) == 4
    assert history.fills(ANN, Page(), side=Side.SELL) == []
    assert history.fills(ANN, Page(), instrument=PAIR + 1) == []
    assert history.fills(BOB, Page()) == []


def test_trades_page_by_id_and_by_time(history: History) -> None:
    """Criterion: REC-10. Trades 2 and 3 are of one second, so a bound there takes both or none."""
    assert [found.trade for found in history.trades(PAIR, Page(after=4, limit=2))] == [3, 2]
    newer = history.trades_by_time(PAIR, 0, NOW + 3_000, 9)
    assert [found.trade for found in newer] == [8]
    older = history.trades_by_time(PAIR, NOW + 2_000, 0, 9)
    assert [found.trade for found in older] == [3, 2, 1]
    assert older[0].side == Side.BUY


@pytest.fixture
def plans(engine: Engine) -> list[str]:
    """SQLite's plan of each question asked from here on."""
    seen: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            seen.append("; ".join(row[3] for row in rows))

    event.listen(engine, "before_cursor_execute", explain)
    return seen


def test_no_page_scans_or_sorts(history: History, plans: list[str]) -> None:
    """Criterion: REC-11."""
    page = Page(after=10**18, limit=10)
    history.orders(ANN, page)
    history.orders(ANN, page, instrument=PAIR)
    history.order(ANN, 1)
    history.order_named(ANN, "a")
    history.fills(ANN, page)
    history.fills(ANN, page, instrument=PAIR)
    history.fills(ANN, page, order=6)
    history.bills(ANN, 2, page)
    history.transfer(1)
    history.trades(PAIR, page)
    history.trades_by_time(PAIR, 10**18, 0, 10)
    assert len(plans) == 11
    for plan in plans:
        assert plan.startswith("SEARCH"), plan
        assert "TEMP B-TREE" not in plan, plan
    assert "instrument=?" in plans[1]
    assert "instrument=?" in plans[5]
    assert "order_id=?" in plans[2]
    assert "client_order_id=?" in plans[3]
    assert "order_id=?" in plans[6]


@pytest.mark.parametrize("page", [Page(), Page(after=5), Page(before=5), Page(after=9, before=2)])
def test_a_page_of_one_kind_walks_no_other_kind(
    history: History, plans: list[str], page: Page
) -> None:
    """Criterion: REC-11. A maker's canceled orders, or the bills of its trades, are no detour."""
    history.orders(ANN, page, state=OrderState.FILLED)
    history.orders(ANN, page, instrument=PAIR, state=OrderState.CANCELED)
    history.bills(ANN, 2, page, types=(1,))
    history.family_bills(ANN, [BOB])
    by_state, by_both, moved, family = plans
    assert "INDEX orders_by_state (owner=? AND state=?" in by_state
    assert "INDEX orders_by_instrument_state (owner=? AND instrument=? AND state=?" in by_both
    assert "INDEX bills_of_movements (owner=? AND kind=?" in moved
    assert "INDEX bills_of_movements (owner=?" in family


def test_a_page_of_a_span_of_time_walks_no_other_times(
    history: History, record: Record, plans: list[str]
) -> None:
    """Criterion: REC-14. One bound on each side: of two, SQLite walks to the farther one."""
    later = {"created_ms": NOW + 3 * MINUTE, "time_ms": NOW + 3 * MINUTE}
    record([order(20, **later)], sequence=2)
    plans.clear()
    span = Page(begin_ms=NOW + 3 * MINUTE, end_ms=NOW + 4 * MINUTE)
    history.orders(ANN, span)
    history.fills(ANN, span)
    history.bills(ANN, 2, span)
    pages = [plan for plan in plans if "firsts" not in plan]
    assert len(plans) == 9
    assert all("order_id>?" in plan or "bill_id>?" in plan for plan in pages), pages

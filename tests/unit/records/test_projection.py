"""Goal: the records say what the core said, whatever the batching and the restarts.

Method: random logs through the real core; the rows against a naive bookkeeping of the events and
against the core's own state.
"""

from collections import defaultdict
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from fullreserve._core import Core
from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.wire.commands import AccountKey, OrderType, Side, amount_int
from fullreserve.exchange.wire.events import (
    AnyEvent,
    Order,
    OrderCause,
    OrderState,
    Posted,
    Trade,
    decode_events,
)
from fullreserve.exchange.wire.queries import (
    ListAccounts,
    ListAssets,
    ListFills,
    ListFinishedOrders,
    ListInstruments,
)
from fullreserve.records import schema
from fullreserve.records.database import Progress, database_url, open_database, prepare
from fullreserve.records.history import History, rows_of
from fullreserve.records.overlay import merge_orders
from fullreserve.records.projection import Projection
from fullreserve.records.record import Bill, Page
from fullreserve.records.retention import unfilled_before
from fullreserve.records.writer import Writer
from tests.unit.records.random_log import OWNERS, START_MS, LoggedRow, rows

LONG = settings().max_examples > 50
COMMANDS = 1_000 if LONG else 400
# A smaller seed is not a simpler log, so nothing is shrunk.
FEW = settings(
    max_examples=max(5, settings().max_examples // 100),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
KEPT_MS = 600_000  # how long the core keeps finished orders by default
ALL = Page(limit=1_000_000)

seeds = st.integers(0, 2**32)


class Records:
    """A database that rows of a log are folded into, as the follower does it."""

    def __init__(self, folder: str) -> None:
        self.core = Core()
        self.events: list[AnyEvent] = []
        self._folder = Path(folder)
        self.open()

    def open(self) -> None:
        """What a restart does: only the database and the core's state are left."""
        self.engine = open_database(database_url("", self._folder))
        self.writer = Writer(self.engine, prepare(self.engine))
        machine = Machine(self.core)
        self.projection = Projection(Catalog(), self.writer)
        listed = [*machine.query(ListAssets()), *machine.query(ListInstruments())]
        self.projection.apply(self.core.sequence, listed)

    def apply(self, row: LoggedRow) -> None:
        data = self.core.apply(row.sequence, row.time_ms, row.commands)
        events = decode_events(data)
        self.events += events
        self.projection.apply(row.sequence, events, row.time_ms)

    def commit(self) -> None:
        self.writer.write(self.projection.take(), Progress(self.core.sequence, self.core.time_ms))

    def restart(self) -> None:
        self.commit()
        self.engine.dispose()
        self.open()


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with engine.connect() as connection:
        return {table.name: rows_of(connection, table) for table in schema.metadata.sorted_tables}


def follow(folder: str, seed: int, chance: float) -> Records:
    """A random log, committed with some chance after each row, and then restarted half the time."""
    records = Records(folder)
    random = Random(seed)
    for row in rows(seed, COMMANDS):
        records.apply(row)
        if random.random() < chance:
            records.commit()
            if random.random() < 0.5:
                records.restart()
    records.commit()
    return records


@FEW
@given(seeds, st.floats(0.01, 1))
def test_batches_and_restarts_leave_no_trace(seed: int, chance: float) -> None:
    """Criterion: REC-5, REC-4."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        whole, parts = follow(one, seed, 0), follow(other, seed, chance)
        assert content(whole.engine) == content(parts.engine)
        assert len(content(whole.engine)["fills"]) > 0
        for records in (whole, parts):
            records.engine.dispose()


@FEW
@given(seeds, st.floats(0, 1), st.floats(0, 1))
def test_a_span_of_time_is_a_span_of_ids(seed: int, one: float, other: float) -> None:
    """Criterion: REC-14. What is read by ids is what a look at each row's time finds."""
    with TemporaryDirectory() as folder:
        records = follow(folder, seed, 0.1)
        history, everything = History(records.engine), Page(limit=10**6)
        begin_ms, end_ms = sorted(
            START_MS + int(share * (records.core.time_ms - START_MS)) for share in (one, other)
        )
        span = Page(begin_ms=begin_ms, end_ms=end_ms, limit=10**6)
        for owner in OWNERS:
            orders = history.orders(owner, everything)
            within = [each for each in orders if begin_ms <= each.order.created_ms <= end_ms]
            assert history.orders(owner, span) == within
            fills = history.fills(owner, everything)
            assert history.fills(owner, span) == [
                each for each in fills if begin_ms <= each.time_ms <= end_ms
            ]
            bills = history.bills(owner, chart.TRADE, everything)
            assert history.bills(owner, chart.TRADE, span) == [
                each for each in bills if begin_ms <= each.time_ms <= end_ms
            ]
        records.engine.dispose()


@FEW
@given(seeds)
def test_orders_fills_and_trades_are_those_that_the_core_told(seed: int) -> None:
    """Criterion: REC-2."""
    with TemporaryDirectory() as folder:
        records = follow(folder, seed, 0.2)
        history = History(records.engine)
        orders = [event for event in records.events if type(event) is Order]
        trades = [event for event in records.events if type(event) is Trade]
        for owner in OWNERS:
            last = {event.order: event for event in orders if event.owner == owner}
            fills = [
                event
                for event in orders
                if event.owner == owner and event.cause == OrderCause.FILLED
            ]
            last_fill = {event.order: event for event in fills}
            for number, event in last.items():
                found = history.order(owner, number)
                if found is None:
                    assert event.state == OrderState.CANCELED
                    assert event.filled == 0
                    assert event.time_ms < records.core.time_ms - 7_100_000
                    continue
                known, fill_ms = found
                assert (known.state, known.filled, known.fee) == (
                    event.state,
                    event.filled,
                    event.fee,
                )
                assert (known.price, known.size, known.time_ms) == (
                    event.price,
                    event.size,
                    event.time_ms,
                )
                if number in last_fill:
                    assert (known.trade, fill_ms) == (
                        last_fill[number].trade,
                        last_fill[number].time_ms,
                    )
            told = [(one.order, one.trade, amount_int(one.fill_fee)) for one in fills]
            kept = [(one.order, one.trade, one.fee) for one in history.fills(owner, ALL)]
            assert kept[::-1] == told
        kept_trades = {
            pair: history.trades(pair, ALL)[::-1] for pair in {one.instrument for one in trades}
        }
        for pair, known_trades in kept_trades.items():
            assert [(one.trade, one.price, one.size) for one in known_trades] == [
                (one.trade, one.price, one.size) for one in trades if one.instrument == pair
            ]
        records.engine.dispose()


def postings(records: Records) -> list[tuple[AccountKey, int, int]]:
    """Account, asset and change of all that moved users' money, in order: the naive bookkeeping."""
    machine = Machine(records.core)
    catalog = Catalog()
    catalog.apply([*machine.query(ListAssets()), *machine.query(ListInstruments())])
    moved: list[tuple[AccountKey, int, int]] = []
    for event in records.events:
        if type(event) is Posted:
            moved += [(leg.account, leg.asset, amount_int(leg.change)) for leg in event.legs]
        if type(event) is not Order or event.cause != OrderCause.FILLED:
            continue
        pair = catalog.instruments[event.instrument]
        account = AccountKey(event.owner, chart.TRADE, 0)
        base = event.fill_size * 10**pair.base.scale // 10**pair.size_scale
        unit = 10 ** (pair.price_scale + pair.size_scale)

        def value(price: int, size: int, unit: int = unit, pair: Instrument = pair) -> Fraction:
            return Fraction(price * size * 10**pair.quote.scale, unit)

        exact = value(event.fill_price, event.fill_size)
        rest = event.size - event.filled
        freed = ceil(value(event.price, rest + event.fill_size)) - ceil(value(event.price, rest))
        is_limit = event.type not in (OrderType.MARKET, OrderType.OPTIMAL_LIMIT_IOC)
        paid = min(ceil(exact), freed) if is_limit else ceil(exact)
        fee = amount_int(event.fill_fee)
        if event.side == Side.BUY:
            moved.append((account, pair.base.id, base - fee))
            moved.append((account, pair.quote.id, -paid))
        else:
            moved.append((account, pair.base.id, -base))
            moved.append((account, pair.quote.id, floor(exact) - fee))
    return moved


@FEW
@given(seeds)
def test_bills_lead_from_nothing_to_the_cores_balances(seed: int) -> None:
    """Criterion: REC-3."""
    with TemporaryDirectory() as folder:
        records = follow(folder, seed, 0.2)
        balances: dict[tuple[AccountKey, int], int] = defaultdict(int)
        expected = []
        for account, asset, change in postings(records):
            if account.owner != chart.HOUSE and change:
                balances[account, asset] += change
                expected.append((account, asset, change, balances[account, asset]))
        bills: list[Bill] = []
        for owner in OWNERS:
            for kind in (chart.FUND, chart.TRADE):
                bills += History(records.engine).bills(owner, kind, ALL)
        bills.sort(key=lambda bill: bill.bill_id)
        assert [
            (AccountKey(one.owner, one.kind, one.instance), one.asset, one.change, one.balance)
            for one in bills
        ] == expected
        accounts = Machine(records.core).query(ListAccounts(0, AccountKey(0, 0, 0), 10_000))
        assert {key: at for key, at in balances.items() if at} == {
            (AccountKey(one.owner, one.kind, one.instance), one.asset): amount_int(one.balance)
            for one in accounts
            if one.owner != chart.HOUSE and amount_int(one.balance)
        }
        records.engine.dispose()


@FEW
@given(seeds, st.integers(0, KEPT_MS))
def test_the_overlay_shows_all_that_was_said_and_nothing_twice(seed: int, lag_ms: int) -> None:
    """Criterion: REC-13. The records stand still while the core goes on."""
    with TemporaryDirectory() as folder:
        records = Records(folder)
        log = list(rows(seed, COMMANDS))
        still_ms = log[-1].time_ms - lag_ms
        for row in log:
            records.apply(row)
            if row.time_ms <= still_ms or row is log[0]:
                records.commit()
        history, machine = History(records.engine), Machine(records.core)
        orders = [event for event in records.events if type(event) is Order]
        for owner in OWNERS:
            said = {one.order: one for one in orders if one.owner == owner}
            finished = {number for number, one in said.items() if one.state >= OrderState.FILLED}
            forgotten = {
                number
                for number in finished
                if said[number].filled == 0
                and said[number].time_ms < unfilled_before(records.core.time_ms)
            }
            shown = merge_orders(
                machine.query(ListFinishedOrders(owner, limit=1_000)),
                history.orders(owner, ALL),
                1_000,
            )
            numbers = [one.order.order for one in shown]
            assert numbers == sorted(set(numbers), reverse=True)
            assert finished - forgotten <= set(numbers) <= finished
            assert all(one.order.state == said[one.order.order].state for one in shown)
            recent = machine.query(ListFills(owner, limit=100))
            known = [*recent, *history.fills(owner, Page())]
            told = [
                (one.order, one.trade)
                for one in reversed(orders)
                if one.owner == owner and one.cause == OrderCause.FILLED
            ]
            assert set(told[:100]) <= {(one.order, one.trade) for one in known} <= set(told)
        records.engine.dispose()

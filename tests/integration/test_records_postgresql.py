"""Goal: records in PostgreSQL are those in SQLite. Method: the same random logs into both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, text

from fullreserve._core import Core
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS
from fullreserve.exchange.products.deposit_state import Deposit
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.events import decode_events
from fullreserve.exchange.wire.queries import AnyQuestion, AskFold
from fullreserve.records import schema
from fullreserve.records.alone import NotAlone
from fullreserve.records.custody import changed_deposits, changed_withdrawals
from fullreserve.records.database import (
    Progress,
    database_url,
    drop,
    open_database,
    prepare,
)
from fullreserve.records.history import History, rows_of
from fullreserve.records.projection import Projection, Rows
from fullreserve.records.record import Filters, Page, Span
from fullreserve.records.writer import Writer
from tests.bed import Bed
from tests.integration.test_records import follow_to_end, trade_a_while
from tests.memory_folder import memory_folder
from tests.postgresql import postgresql
from tests.unit.records.random_log import OWNERS, PAIRS, rows

pytestmark = pytest.mark.slow

ALL = Page(limit=100_000)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture
def engines(server: str, tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """An empty database of each kind: SQLite, PostgreSQL."""
    both = tuple(open_database(database_url(setting, tmp_path)) for setting in ("", server))
    yield both[0], both[1]
    with both[1].begin() as connection:
        drop(connection)
    for engine in both:
        engine.dispose()


def follow(engine: Engine, seed: int, commit_rows: int) -> None:
    core = Core()
    writer = Writer(engine, prepare(engine))
    projection = Projection(Catalog(), writer)
    for number, row in enumerate(rows(seed, 3_000)):
        projection.apply(
            row.sequence, decode_events(core.apply(row.sequence, row.time_ms, row.commands))
        )
        if number % commit_rows == 0:
            writer.write(projection.take(), Progress(core.sequence, core.time_ms))
    writer.write(projection.take(), Progress(core.sequence, core.time_ms))


def some_deposit(number: int) -> Deposit:
    amounts = (number, 1, bytes([number]) * 32, 1, 10_000_001, 1, 0, amount_bytes(number), 0)
    return Deposit(*amounts, 10, b"", number * 1_000, number * 1_000, number, state=number % 3)


def some_withdrawal(number: int) -> Withdrawal:
    amounts = (amount_bytes(number), amount_bytes(1))
    times = (number * 1_000, number * 1_000, number)
    head = (number, 10_000_001, 1, 1, *amounts, number % 2 + 1, 7, 5)
    return Withdrawal(*head, *times, client=bytes([number]))


def test_histories_of_custody_are_the_same(engines: tuple[Engine, Engine]) -> None:
    """Criterion: REC-60, REC-7. Written twice: the newest state stays."""
    folds = {
        DEPOSITS: [some_deposit(number) for number in range(9, 0, -1)],
        WITHDRAWALS: [some_withdrawal(number) for number in range(9, 0, -1)],
    }

    class Folds(Machine):
        """A machine whose folds know these."""

        def query(self, query: AnyQuestion) -> Any:
            assert isinstance(query, AskFold)
            return msgspec.msgpack.encode(folds[query.fold])

    shown: list[list[Sequence[Deposit | Withdrawal]]] = []
    for engine in engines:
        writer = Writer(engine, prepare(engine))
        for sequence in (1, 2):
            made = Rows()
            made.deposits = changed_deposits(Folds(), 0, 8)
            made.withdrawals = changed_withdrawals(Folds(), 0, 8)
            writer.write(made, Progress(sequence, sequence))
        history, span = History(engine), Span(8_000, 2_000, 3)
        shown.append(
            [
                history.deposits(10_000_001, Span()),
                history.deposits(10_000_001, span, Filters(state=1)),
                history.withdrawals(10_000_001, span),
                history.withdrawals(10_000_001, Span(), Filters(kinds=(2,), client=b"\x05")),
                history.withdrawals(10_000_001, Span(), Filters(5, 1, 10, (2,))),
            ]
        )
    sqlite, postgres = shown
    assert sqlite == postgres
    numbers = [[one.number for one in page] for page in sqlite]
    assert numbers == [[8, 7, 6, 5, 4, 3, 2, 1], [7, 4], [7, 6, 5], [5], [5]]


def content(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {table.name: rows_of(connection, table) for table in schema.metadata.sorted_tables}


@pytest.mark.parametrize("seed", range(3))
def test_both_databases_hold_the_same(engines: tuple[Engine, Engine], seed: int) -> None:
    """Criterion: REC-7."""
    sqlite, postgres = engines
    follow(sqlite, seed, 7)
    follow(postgres, seed, 50)
    assert content(sqlite) == content(postgres)
    assert len(content(postgres)["bills"]) > 100


def test_both_databases_answer_the_same(engines: tuple[Engine, Engine]) -> None:
    """Criterion: REC-7, REC-10."""
    for engine in engines:
        follow(engine, 9, 10)
    one, other = map(History, engines)
    assert one.progress() == other.progress()
    for owner in OWNERS:
        for page in (ALL, Page(limit=5), Page(after=one.orders(owner, ALL)[9].order.order)):
            assert one.orders(owner, page) == other.orders(owner, page)
        assert one.fills(owner, ALL) == other.fills(owner, ALL)
        assert one.bills(owner, 2, ALL) == other.bills(owner, 2, ALL)
        newest = one.orders(owner, ALL)[0].order
        assert one.order(owner, newest.order) == other.order(owner, newest.order)
        assert one.order_named(owner, "n1") == other.order_named(owner, "n1")
    for pair in PAIRS:
        assert one.trades(pair[0], ALL) == other.trades(pair[0], ALL)
        for bar in ("1s", "1m", "15m", "4H", "1Dutc", "1M"):
            assert one.candles(pair[0], bar) == other.candles(pair[0], bar)


def test_amounts_sort_in_postgresql(engines: tuple[Engine, Engine]) -> None:
    """Criterion: REC-1."""
    _, postgres = engines
    follow(postgres, 1, 100)
    with postgres.connect() as connection:
        change = schema.bills.c.change
        found = list(
            connection.scalars(schema.bills.select().with_only_columns(change).order_by(change))
        )
    assert found == sorted(found)
    assert found[0] < 0 < found[-1]


def test_a_reader_cannot_write_and_a_second_writer_is_told(
    engines: tuple[Engine, Engine], server: str, tmp_path: Path
) -> None:
    """Criterion: REC-32."""
    _, postgres = engines
    first, second = (Writer(postgres, prepare(postgres)) for _ in range(2))
    first.write(Rows(), Progress(5, 1))
    with pytest.raises(NotAlone):
        second.write(Rows(), Progress(6, 1))
    reader = open_database(database_url(server, tmp_path), read_only=True)
    with reader.connect() as connection, pytest.raises(Exception, match="read-only"):
        connection.execute(text("DELETE FROM orders"))
    reader.dispose()


async def test_dropped_records_are_rebuilt_equal(server: str) -> None:
    """Criterion: REC-31, REC-7. Whole tables, by the follower, and equal to those in SQLite."""
    with memory_folder() as folder:
        bed = await Bed.open(folder)
        url = database_url(server, folder)
        await trade_a_while(bed, 21)
        first = await follow_to_end(bed, url=url)
        await trade_a_while(bed, 22)
        continued = await follow_to_end(bed, url=url)
        assert len(first["fills"]) < len(continued["fills"])
        engine = open_database(url)
        with engine.begin() as connection:
            drop(connection)
        assert await follow_to_end(bed, url=url) == continued
        assert await follow_to_end(bed) == continued
        with engine.begin() as connection:
            drop(connection)
        engine.dispose()
        await bed.close()

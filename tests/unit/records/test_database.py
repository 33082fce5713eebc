"""Goal: the right database is opened, continued or made anew, and has one writer.

Method: open it with every kind of setting, age it, write it from two sides.
"""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text, update

from fullreserve.marketdata.bars import DAY, HOUR, MINUTE, SECOND
from fullreserve.records import schema
from fullreserve.records.alone import NotAlone, only_one
from fullreserve.records.database import (
    Progress,
    WrongDatabase,
    database_url,
    open_database,
    prepare,
    prepare_anew,
)
from fullreserve.records.history import History
from fullreserve.records.projection import Rows
from fullreserve.records.reached import FILE, reached
from fullreserve.records.record import Page
from fullreserve.records.writer import Writer
from tests.unit.records.blotter import ANN, BTC, PAIR, USDT, balance, canceled, filled, trade
from tests.unit.records.blotter import START_MS as NOW
from tests.unit.records.conftest import Record


def test_records_are_in_the_data_folder_by_default(tmp_path: Path) -> None:
    """Criterion: REC-7."""
    assert database_url("", tmp_path).database == str(tmp_path / FILE)


def test_postgresql_is_named_by_its_url(tmp_path: Path) -> None:
    """Criterion: REC-7."""
    url = database_url("postgresql://me@db/records", tmp_path)
    assert (url.drivername, url.host, url.database) == ("postgresql+psycopg", "db", "records")


@pytest.mark.parametrize(
    "setting", ["mysql://me@db/records", "postgresql://me:hush@db/records", "hush: not a url"]
)
def test_other_settings_are_refused_without_their_secrets(setting: str, tmp_path: Path) -> None:
    """Criterion: REC-7."""
    with pytest.raises(WrongDatabase) as refusal:
        database_url(setting, tmp_path)
    assert "hush" not in str(refusal.value)


def test_a_database_is_continued(engine: Engine, record: Record) -> None:
    """Criterion: REC-30."""
    record([canceled(1)], sequence=7)
    assert prepare(engine) == Progress(7, NOW)
    assert History(engine).progress() == Progress(7, NOW)


def test_how_far_it_is_can_be_read_without_its_modules(engine: Engine, tmp_path: Path) -> None:
    """Criterion: LOG-7.1."""
    assert reached(tmp_path) == (0, 0)
    Writer(engine, prepare(engine)).write(Rows(), Progress(7, NOW, "", 3))
    assert reached(tmp_path) == (7, 3)
    assert prepare(engine).finished_total == 3
    schema.progress.drop(engine)
    assert reached(tmp_path) == (0, 0)


def test_a_database_of_another_version_is_made_anew(engine: Engine, record: Record) -> None:
    """Criterion: REC-35."""
    record([canceled(1)], sequence=7)
    with engine.begin() as connection:
        connection.execute(update(schema.progress).values(version=schema.VERSION + 1))
    assert prepare(engine) == Progress(0, 0)
    assert History(engine).orders(ANN, Page()) == []


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    """Criterion: REC-7."""
    engine = open_database(database_url("", tmp_path / "missing"))
    with pytest.raises(WrongDatabase, match="does not answer"):
        prepare(engine)
    engine.dispose()


def test_a_reader_cannot_write(tmp_path: Path, engine: Engine, record: Record) -> None:
    record([canceled(1)])
    reader = open_database(database_url("", tmp_path), read_only=True)
    assert len(History(reader).orders(ANN, Page())) == 1
    with reader.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.execute(text("DELETE FROM orders"))
    reader.dispose()


def test_a_second_writer_is_told(engine: Engine) -> None:
    """Criterion: REC-32. What it would have written is not there."""
    first, second = (Writer(engine, prepare(engine)) for _ in range(2))
    first.write(Rows(), Progress(5, NOW))
    rows = Rows()
    rows.assets = [(1, "BTC", 8)]
    with pytest.raises(NotAlone):
        second.write(rows, Progress(6, NOW))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM assets")).all() == []


def test_a_batch_that_was_committed_after_all_is_not_written_again(engine: Engine) -> None:
    """Criterion: REC-43. The answer to the commit was lost, so it is tried again."""
    writer = Writer(engine, prepare(engine))
    before, rows = writer.progress, Rows()
    rows.trades = [(1, 1, 5, NOW, 10, 10, 0)]
    writer.write(rows, Progress(5, NOW))
    writer.progress = before
    writer.write(rows, Progress(5, NOW))
    assert writer.progress == Progress(5, NOW)
    assert len(History(engine).trades(1, Page())) == 1


def test_a_second_follower_of_a_folder_is_told(tmp_path: Path) -> None:
    """Criterion: REC-32."""
    with only_one(tmp_path), pytest.raises(NotAlone, match="records.lock"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_unfilled_canceled_orders_are_forgotten_after_two_hours(
    engine: Engine, record: Record
) -> None:
    """Criterion: REC-6. Order 3 was filled, order 2 ended a minute later."""
    settled = [balance(ANN, BTC, 0), balance(ANN, USDT, 0)]
    record([canceled(1), canceled(2, time_ms=NOW + MINUTE), filled(3, 1), *settled])
    history = History(engine)

    def kept() -> list[int]:
        return [found.order.order for found in history.orders(ANN, Page())]

    record([], sequence=2, time_ms=NOW + 2 * HOUR)
    assert kept() == [3, 2, 1]
    record([], sequence=3, time_ms=NOW + 2 * HOUR + MINUTE)
    assert kept() == [3, 2]
    record([], sequence=4, time_ms=NOW + 9 * HOUR)
    assert kept() == [3]


def test_second_bars_are_forgotten_after_a_day(engine: Engine, record: Record) -> None:
    """Criterion: REC-6. Minutes stay."""
    record([trade(1, NOW), trade(2, NOW + MINUTE)])
    record([], sequence=2, time_ms=NOW + DAY + MINUTE + SECOND)
    history = History(engine)
    [oldest] = history.candles(PAIR, "1s", after_ms=NOW + MINUTE + SECOND)
    assert oldest.open_ms == NOW + MINUTE
    assert history.candles(PAIR, "1m", after_ms=NOW + MINUTE)[-1].open_ms == NOW


def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    """Criterion: REC-38"""
    url = database_url("", tmp_path)
    path = tmp_path / "records.sqlite3"
    for number, garbage in enumerate((b"nonsense" * 1024, b"other" * 2048), 1):
        path.write_bytes(garbage)
        prepare_anew(url)
        assert (tmp_path / f"records.sqlite3.damaged-{number}").read_bytes() == garbage
        engine = open_database(url)
        assert prepare(engine) == Progress(0, 0)
        engine.dispose()
        for leftover in tmp_path.glob("records.sqlite3-*"):
            leftover.unlink()


def test_a_sound_file_is_kept(tmp_path: Path) -> None:
    """Criterion: REC-38"""
    url = database_url("", tmp_path)
    engine = open_database(url)
    Writer(engine, prepare(engine)).write(Rows(), Progress(7, NOW))
    engine.dispose()
    prepare_anew(url)
    assert prepare(open_database(url)) == Progress(7, NOW)
    assert not list(tmp_path.glob("*.damaged-*"))

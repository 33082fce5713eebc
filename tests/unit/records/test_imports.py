"""Goal: candles from before the exchange stand in the records, and come back when these are lost.

Method: keep a file of them, put it into databases, trade on.
"""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from fullreserve.marketdata.bars import HOUR, MINUTE
from fullreserve.records.database import Progress, prepare
from fullreserve.records.history import History
from fullreserve.records.imports import (
    FILE,
    ImportedCandle,
    WrongImport,
    import_rows,
    keep_candles,
    kept_candles,
)
from fullreserve.records.projection import Projection, Rows
from fullreserve.records.writer import Writer
from tests.unit.records.blotter import ASSETS, LISTED, PAIR, catalog, trade
from tests.unit.records.blotter import START_MS as NOW

BEFORE = [
    ImportedCandle(PAIR, NOW - HOUR, 10, 15, 9, 14, 100, 1_200),
    ImportedCandle(PAIR, NOW - MINUTE, 14, 20, 14, 20, 50, 800),
    ImportedCandle(PAIR, NOW, 20, 21, 19, 19, 5, 100),
]


@pytest.fixture
def history(tmp_path: Path, engine: Engine) -> History:
    """Three imported minutes, and a trade in the hour of the last."""
    keep_candles(tmp_path, BEFORE)
    writer = Writer(engine, prepare(engine))
    rows = Rows()
    rows.candles = import_rows(kept_candles(tmp_path))
    writer.write(rows, writer.progress)
    projection = Projection(catalog(), writer)
    projection.apply(1, [*ASSETS, LISTED, trade(1, NOW + MINUTE, 30, 2)])
    writer.write(projection.take(), Progress(1, NOW + MINUTE))
    return History(engine)


def test_imported_candles_are_marked_and_go_on_into_own_ones(history: History) -> None:
    """Criterion: REC-23."""
    newest, last, *_ = history.candles(PAIR, "1m")
    assert (newest.open, newest.imported, newest.trades) == (30, False, 1)
    assert (last.close, last.imported) == (19, True)
    hour, before = history.candles(PAIR, "1H")
    assert (hour.open, hour.high, hour.low, hour.close, hour.volume) == (20, 30, 19, 30, 7)
    assert hour.imported
    assert (before.open, before.close, before.volume, before.turnover) == (10, 20, 150, 2_000)


def test_without_a_file_nothing_is_imported(tmp_path: Path) -> None:
    assert kept_candles(tmp_path) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    keep_candles(tmp_path, BEFORE)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(WrongImport, match=FILE):
        kept_candles(tmp_path)


def test_a_minute_cannot_come_twice(tmp_path: Path) -> None:
    with pytest.raises(WrongImport, match="twice"):
        keep_candles(tmp_path, [*BEFORE, BEFORE[1]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_ms": NOW + 1},
        {"high": 9},
        {"low": 11},
        {"low": 0},
        {"volume": -1},
    ],
)
def test_candles_that_make_no_sense_are_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(WrongImport):
        keep_candles(tmp_path, [BEFORE[0]._replace(**wrong)])
    assert not (tmp_path / FILE).exists()

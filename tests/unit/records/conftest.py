from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fullreserve.exchange.wire.events import AnyEvent
from fullreserve.records.database import Progress, database_url, open_database, prepare
from fullreserve.records.projection import Projection
from fullreserve.records.writer import Writer
from tests.unit.records.blotter import ASSETS, LISTED, START_MS, catalog

Record = Callable[..., None]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_url("", tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def record(engine: Engine) -> Record:
    """Folds events as one row of the log into the database and commits them."""
    writer = Writer(engine, prepare(engine))
    projection = Projection(catalog(), writer)
    projection.apply(1, [*ASSETS, LISTED])

    def apply(events: Sequence[AnyEvent], *, sequence: int = 1, time_ms: int = START_MS) -> None:
        projection.apply(sequence, events)
        writer.write(projection.take(), Progress(sequence, time_ms))

    return apply

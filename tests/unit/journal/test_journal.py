"""Goal: what was committed is there again, whole, in order, whoever opens the folder.

Method: real folders and real SQLite files; a wait for the disk fails where a test makes it fail.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fullreserve.exchange.wire.commands import (
    WIRE_VERSION,
    Quarantine,
    Tick,
    batch,
    decode_batch,
    encode,
)
from fullreserve.journal.entry import EMPTY, Head, head_of, seal
from fullreserve.journal.errors import (
    AlreadyLed,
    Fenced,
    JournalError,
    TooNew,
    Unwritable,
)
from fullreserve.journal.folder import LOCK_NAME
from fullreserve.journal.segment import Segment
from fullreserve.journal.sqlite import SqliteJournal
from tests.unit.journal.written import filled, rows, segment_files


def test_rows_are_there_again_after_reopening(tmp_path: Path) -> None:
    """Criterion: LOG-3.1"""
    written = filled(tmp_path, 40)
    assert len(segment_files(tmp_path)) == 3
    journal = SqliteJournal(tmp_path)
    assert list(journal.read()) == written
    assert journal.head == head_of(written[-1])
    # From the middle of a row: the row that holds the sequence comes first.
    assert list(journal.read(written[20].sequence + 1)) == written[20:]
    assert list(journal.read(written[-1].last + 1)) == []
    journal.close()


def test_each_leader_takes_the_next_epoch(tmp_path: Path) -> None:
    """Criterion: LOG-1.6"""
    first = SqliteJournal(tmp_path)
    epoch = first.epoch
    first.close()
    second = SqliteJournal(tmp_path)
    assert second.epoch == epoch + 1
    second.close()


def test_a_second_leader_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-1.6"""
    leader = SqliteJournal(tmp_path)
    with pytest.raises(AlreadyLed, match="Another process leads the exchange"):
        SqliteJournal(tmp_path)
    leader.close()


@pytest.mark.parametrize("rolled", [False, True])
def test_a_leader_that_was_overtaken_writes_nothing_more(tmp_path: Path, rolled: bool) -> None:
    """Criterion: LOG-1.7. The lock is lost (a shared disk, a deleted file); the fence holds."""
    old = SqliteJournal(tmp_path, segment_rows=16)
    old.commit(rows(old.head, old.epoch, 2))
    (tmp_path / LOCK_NAME).unlink()
    new = SqliteJournal(tmp_path, segment_rows=16)
    if rolled:
        new.commit(rows(new.head, new.epoch, 20))
    with pytest.raises(Fenced):
        old.commit(rows(old.head, old.epoch, 1))
    held = list(new.read())
    new.commit(rows(new.head, new.epoch, 1))
    assert list(new.read())[:-1] == held
    old.close()
    new.close()


def test_an_overtaken_leader_makes_no_segment_over_the_new_ones(tmp_path: Path) -> None:
    """Criterion: LOG-1.7. Both have the next segment to make; the new leader's rows stay."""
    old = SqliteJournal(tmp_path, segment_rows=2)
    old.commit(rows(old.head, old.epoch, 2))
    (tmp_path / LOCK_NAME).unlink()
    new = SqliteJournal(tmp_path, segment_rows=2)
    new.commit(rows(new.head, new.epoch, 1))
    held = list(new.read())
    with pytest.raises(Fenced):
        old.commit(rows(old.head, old.epoch, 1))
    assert list(new.read()) == held
    with pytest.raises(Fenced):
        Segment.create(tmp_path, Head(6, 2, held[1].hash), 1, [])
    assert list(new.read()) == held
    old.close()
    new.close()


def test_a_file_that_was_away_is_written_again_when_it_is_back(tmp_path: Path) -> None:
    """Criterion: LOG-1.4. The disk fails, and is still away when the file is opened anew."""
    journal = SqliteJournal(tmp_path)
    entries = rows(journal.head, journal.epoch, 2)
    journal.commit(entries[:1])
    segment = journal._active
    away = segment.path.with_name("away")
    segment.path.rename(away)
    with pytest.raises(sqlite3.OperationalError):
        segment.reopen()
    for _ in range(2):
        with pytest.raises(Unwritable):
            journal.commit(entries[1:])
    away.rename(segment.path)
    journal.commit(entries[1:])
    assert list(journal.read()) == entries
    journal.close()


def test_the_same_entries_may_be_committed_again(tmp_path: Path) -> None:
    """Criterion: LOG-1.4. A retry after an unknown outcome writes nothing twice."""
    journal = SqliteJournal(tmp_path)
    entries = rows(journal.head, journal.epoch, 3)
    journal.commit(entries[:2])
    journal.commit(entries)
    assert list(journal.read()) == entries
    journal.close()


class FailingSync:
    """A connection whose next commit is written, and whose wait for the disk fails."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        cursor = self._db.execute(statement, *values)
        if statement.startswith(("COMMIT", "INSERT INTO rows")) and not self.failed:
            self.failed = True
            problem = sqlite3.OperationalError("disk I/O error")
            problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise problem
        return cursor


def test_a_retry_after_a_failed_sync_is_written_anew(tmp_path: Path) -> None:
    """Criterion: LOG-1.4"""
    journal = SqliteJournal(tmp_path)
    entries = rows(journal.head, journal.epoch, 2)
    segment = journal._active
    # Another connection, as a reader's, keeps the log from being emptied by the reopening.
    reader = sqlite3.connect(segment.path)
    reader.execute("SELECT count(*) FROM rows").fetchone()
    segment._db = FailingSync(segment._db)  # type: ignore[assignment]
    with pytest.raises(Unwritable):
        journal.commit(entries)
    wal = next(tmp_path.glob("*-wal"))
    before = wal.read_bytes()
    assert before
    journal.commit(entries)
    after = wal.read_bytes()
    assert after, "the try ended with a transaction, and so with a wait for the disk"
    assert after[16:24] != before[16:24], "the frames that may be lost are no longer read"
    assert list(journal.read()) == entries
    reader.close()
    journal.close()


def test_a_retry_of_what_is_written_still_waits_for_the_disk(tmp_path: Path) -> None:
    """Criterion: LOG-1.4. Another connection of the same leader tries again."""
    journal = SqliteJournal(tmp_path)
    entries = rows(journal.head, journal.epoch, 2)
    journal.commit(entries)
    wal = next(tmp_path.glob("*-wal"))
    before = wal.read_bytes()
    journal.commit(entries)
    assert wal.read_bytes() != before
    journal.close()


def test_a_newer_wire_version_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.5"""
    journal = SqliteJournal(tmp_path)
    ticks = batch([encode(Tick(gateway=0, number=1))])
    journal.commit([seal(EMPTY, 1, 1, journal.epoch, WIRE_VERSION + 1, ticks)])
    epoch = journal.epoch
    journal.close()
    with pytest.raises(TooNew, match="Start a newer one"):
        SqliteJournal(tmp_path)
    segment = Segment(segment_files(tmp_path)[0])
    assert segment.meta_int("epoch") == epoch, "a refused start takes no epoch"
    segment.close()


def test_a_kill_between_sealing_and_the_next_segment_loses_nothing(tmp_path: Path) -> None:
    """Criterion: LOG-9.1"""
    written = filled(tmp_path, 16, segment_rows=16)
    assert len(segment_files(tmp_path)) == 1
    half_made = tmp_path / "00000000000000000049.sqlite.new"
    half_made.write_bytes(b"SQLite format 3")
    journal = SqliteJournal(tmp_path, segment_rows=16)
    assert list(journal.read()) == written
    assert journal.epoch == 2
    fresh = rows(journal.head, journal.epoch, 1)
    journal.commit(fresh)
    assert list(journal.read()) == written + fresh
    assert len(segment_files(tmp_path)) == 2
    journal.close()


def test_quarantine_is_logged_and_survives_segments(tmp_path: Path) -> None:
    """Criterion: LOG-1.8"""
    written = filled(tmp_path, 15)
    journal = SqliteJournal(tmp_path, segment_rows=16)
    entry = journal.quarantine(4, gateway=0, number=9, time_ms=1)
    assert decode_batch(entry.commands) == [Quarantine(gateway=0, number=9, sequence=4)]
    journal.commit(rows(journal.head, journal.epoch, 20))
    assert journal.quarantined() == [4]
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.quarantined() == [4]
    assert list(again.read())[: len(written) + 1] == [*written, entry]
    again.close()


def test_only_a_logged_command_can_be_quarantined(tmp_path: Path) -> None:
    """Criterion: LOG-1.8"""
    journal = SqliteJournal(tmp_path)
    with pytest.raises(JournalError, match="no command 7"):
        journal.quarantine(7, gateway=0, number=1, time_ms=1)
    journal.close()

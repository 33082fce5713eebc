"""Goal: the log stays whole when its front is archived, and says so when its front is given up.

Method: real folders and real SQLite files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.journal.archive import archive, remove_segment
from fullreserve.journal.entry import head_of
from fullreserve.journal.errors import (
    Corrupt,
    JournalError,
)
from fullreserve.journal.folder import Folder
from fullreserve.journal.segment import Segment
from fullreserve.journal.sqlite import SqliteJournal, read
from tests.unit.journal.written import filled


def archive_oldest(path: Path, destination: Path) -> None:
    part = Folder(path).parts()[0]
    segment = Segment(part.path)
    archive(segment, path, destination)
    segment.close()
    remove_segment(part.path)


def test_reading_spans_archived_and_live_segments(tmp_path: Path) -> None:
    """Criterion: LOG-9.2"""
    written = filled(tmp_path / "journal", 40)
    archive_oldest(tmp_path / "journal", tmp_path / "cold")
    assert [path.suffixes for path in (tmp_path / "cold").iterdir()] == [[".rows", ".zst"]]
    assert list(read(Folder(tmp_path / "journal"))) == written
    assert list(read(Folder(tmp_path / "journal"), written[3].sequence + 1)) == written[3:]
    journal = SqliteJournal(tmp_path / "journal")
    assert list(journal.read()) == written
    journal.close()


def test_an_altered_archive_is_named(tmp_path: Path) -> None:
    """Criterion: LOG-9.2"""
    filled(tmp_path / "journal", 40)
    archive_oldest(tmp_path / "journal", tmp_path / "cold")
    path = next((tmp_path / "cold").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Corrupt):
        list(read(Folder(tmp_path / "journal")))


def test_an_archive_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    """Criterion: LOG-9.2"""
    filled(tmp_path / "journal", 40)
    archive_oldest(tmp_path / "journal", tmp_path / "cold")
    next((tmp_path / "cold").iterdir()).unlink()
    with pytest.raises(JournalError, match="is not there"):
        list(read(Folder(tmp_path / "journal")))


def test_the_open_segment_is_not_archived(tmp_path: Path) -> None:
    """Criterion: LOG-9.2"""
    filled(tmp_path / "journal", 3)
    with pytest.raises(JournalError, match="still being written"):
        archive_oldest(tmp_path / "journal", tmp_path / "cold")


def test_pruning_gives_up_only_what_a_snapshot_covers(tmp_path: Path) -> None:
    """Criterion: LOG-9.3"""
    written = filled(tmp_path, 40)
    journal = SqliteJournal(tmp_path)
    assert journal.prune(written[15].last - 1) is None
    assert journal.prune(written[20].sequence) == (1, written[15].last)
    assert list(journal.read(written[16].sequence)) == written[16:]
    with pytest.raises(JournalError, match="were pruned"):
        journal.read(written[15].sequence)
    journal.close()
    again = SqliteJournal(tmp_path)
    assert again.head == head_of(written[-1])
    again.close()

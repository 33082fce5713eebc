"""Goal: a log that lost its end is not gone on with as though it had never had it.

Method: real folders; rows at the end are deleted or altered behind the journal's back.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.journal.archive import remove_segment
from fullreserve.journal.errors import Corrupt, JournalError, Shortened
from fullreserve.journal.proof import Proof, proven
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import MANIFEST, write_snapshot
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import Bed
from tests.unit.journal.written import alter, filled, segment_files

SNAPSHOT = "the snapshot"


def refusal(path: Path, sequence: int) -> JournalError:
    """What the start of a log that must reach a sequence is refused with; it changes nothing."""
    before = {file.name: file.read_bytes() for file in segment_files(path)}
    with pytest.raises(JournalError) as caught:
        SqliteJournal(path, durable=False, proof=Proof(sequence, SNAPSHOT))
    assert {file.name: file.read_bytes() for file in segment_files(path)} == before
    return caught.value


def test_a_log_that_lost_rows_at_its_end_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.8"""
    written = filled(tmp_path, 12)
    gone = written[8].sequence
    alter(segment_files(tmp_path)[-1], "DELETE FROM rows WHERE sequence >= ?", gone)
    said = refusal(tmp_path, written[-1].last)
    assert isinstance(said, Shortened)
    assert f"ends at sequence {gone - 1}" in str(said)
    assert f"{SNAPSHOT} reached sequence {written[-1].last}" in str(said)
    assert "Restore a backup" in str(said)
    SqliteJournal(tmp_path, durable=False, proof=Proof(gone - 1, SNAPSHOT)).close()


def test_a_log_that_lost_all_its_segments_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.8"""
    written = filled(tmp_path, 3)
    remove_segment(segment_files(tmp_path)[0])
    assert "ends at sequence 0" in str(refusal(tmp_path, written[-1].last))
    assert segment_files(tmp_path) == []


def test_a_torn_end_that_was_durable_is_not_cut(tmp_path: Path) -> None:
    """Criterion: LOG-3.8"""
    written = filled(tmp_path, 12)
    last = written[-1]
    statement = "UPDATE rows SET commands = x'90' WHERE sequence = ?"
    alter(segment_files(tmp_path)[-1], statement, last.sequence)
    said = refusal(tmp_path, last.last)
    assert isinstance(said, Corrupt)
    assert said.sequence == last.sequence
    assert "it was durable" in str(said)
    SqliteJournal(tmp_path, durable=False, proof=Proof(written[-2].last, SNAPSHOT)).close()


async def test_snapshots_prove_how_far_the_log_was(tmp_path: Path) -> None:
    """Criterion: LOG-3.8"""
    bed = await Bed.open(tmp_path)
    last = bed.journal.head.sequence
    place = write_snapshot(recover(bed.journal).replica, tmp_path / "snapshots")
    await bed.close()
    assert proven(tmp_path / "snapshots", Proof(last - 1, "x")) == (last, f"the snapshot {place}")
    assert proven(tmp_path / "snapshots", Proof(last + 1, "x")) == (last + 1, "x")
    (place / MANIFEST).write_text("?")
    assert proven(tmp_path / "snapshots").sequence == 0

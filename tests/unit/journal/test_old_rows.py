"""Goal: damage in rows that no start reads is found and named, and nothing else is taken for it.

Method: real folders of three segments; rows are altered, deleted and archived.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fullreserve.journal.archive import archive, remove_segment
from fullreserve.journal.folder import Folder
from fullreserve.journal.old_rows import MODULE, first_damage, found_before, main
from fullreserve.journal.segment import Segment
from tests.broken_disk import files_grow_to
from tests.unit.journal.written import alter, filled, segment_files


def test_an_altered_old_row_is_named(tmp_path: Path) -> None:
    """Criterion: LOG-3.9"""
    written = filled(tmp_path, 40)
    last = written[-1].last
    assert first_damage(Folder(tmp_path), last) is None
    victim = written[7].sequence
    statement = "UPDATE rows SET commands = x'90' WHERE sequence = ?"
    alter(segment_files(tmp_path)[0], statement, victim)
    damage = first_damage(Folder(tmp_path), last)
    assert damage is not None
    assert (damage.sequence, f"at sequence {victim}" in damage.reason) == (victim, True)
    assert first_damage(Folder(tmp_path), written[6].last) is None, "the replay checks the rest"


def test_a_missing_run_of_rows_is_named(tmp_path: Path) -> None:
    """Criterion: LOG-3.9. Also where it lies at the end of a segment."""
    written = filled(tmp_path, 40)
    gone = written[12].sequence
    alter(segment_files(tmp_path)[0], "DELETE FROM rows WHERE sequence >= ?", gone)
    damage = first_damage(Folder(tmp_path), written[-1].last)
    assert damage is not None
    assert damage.sequence == gone


def test_an_archived_segment_is_not_waited_for(tmp_path: Path) -> None:
    """Criterion: LOG-3.9"""
    log, cold = tmp_path / "journal", tmp_path / "cold"
    written = filled(log, 40)
    segment = Segment(segment_files(log)[0])
    archive(segment, log, cold)
    segment.close()
    remove_segment(segment_files(log)[0])
    for path in cold.iterdir():
        path.unlink()
    assert first_damage(Folder(log), written[-1].last) is None
    victim = written[20].sequence
    alter(segment_files(log)[0], "UPDATE rows SET count = 4 WHERE sequence = ?", victim)
    damage = first_damage(Folder(log), written[-1].last)
    assert damage is not None
    assert damage.sequence == victim


def test_a_full_disk_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-3.11. It would make the exchange read-only, and the next start too."""
    last = filled(tmp_path, 40)[-1].last
    monkeypatch.setattr(sys, "argv", [MODULE, str(tmp_path), str(last)])
    with files_grow_to(0):
        assert main() == 1
    assert "old rows not checked" in capsys.readouterr().out
    assert not found_before(tmp_path)
    assert main() == 0
    assert capsys.readouterr().out == ""

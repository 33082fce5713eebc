"""Goal: what a crash or a disk did to the log is found, named, and mended only where that is safe.

Method: real folders and real SQLite files; damage is done to the bytes of the files themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fullreserve.journal.archive import remove_segment
from fullreserve.journal.errors import Corrupt, Unwritable
from fullreserve.journal.folder import Folder
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.segment import PAGE_BYTES
from fullreserve.journal.sqlite import SqliteJournal, read
from tests.broken_disk import SHARED_MEMORY_BYTES, files_grow_to
from tests.unit.journal.written import alter, filled, rows, segment_files


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("commands", b"\x91\x93\x0b\x00\x07"),
        ("time_ms", 99),
        ("count", 4),
        ("prev_hash", b"x" * 32),
    ],
)
def test_an_altered_row_is_named(tmp_path: Path, column: str, value: object) -> None:
    """Criterion: LOG-3.2"""
    written = filled(tmp_path, 12)
    victim = written[5]
    statement = f"UPDATE rows SET {column} = ? WHERE sequence = ?"
    alter(segment_files(tmp_path)[0], statement, value, victim.sequence)
    with pytest.raises(Corrupt, match=rf"\b{victim.sequence}\b") as caught:
        SqliteJournal(tmp_path)
    assert caught.value.sequence == victim.sequence
    assert "valid rows follow" in str(caught.value)


def test_a_missing_row_is_named(tmp_path: Path) -> None:
    """Criterion: LOG-3.2"""
    written = filled(tmp_path, 12)
    alter(segment_files(tmp_path)[0], "DELETE FROM rows WHERE sequence = ?", written[5].sequence)
    with pytest.raises(Corrupt) as caught:
        SqliteJournal(tmp_path)
    assert caught.value.sequence == written[5].sequence


def test_damage_in_an_old_segment_is_found_by_reading_it(tmp_path: Path) -> None:
    """Criterion: LOG-3.2. The start checks the tail; replay and `journal verify` check all."""
    written = filled(tmp_path, 40)
    victim = written[7]
    alter(
        segment_files(tmp_path)[0],
        "UPDATE rows SET commands = ? WHERE sequence = ?",
        b"\x90",
        victim.sequence,
    )
    with pytest.raises(Corrupt) as caught:
        list(read(Folder(tmp_path)))
    assert caught.value.sequence == victim.sequence


def test_a_torn_tail_is_cut_and_kept_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: LOG-3.4"""
    written = filled(tmp_path, 12)
    torn = written[-2]
    alter(
        segment_files(tmp_path)[0],
        "UPDATE rows SET commands = substr(commands, 1, 4) WHERE sequence >= ?",
        torn.sequence,
    )
    journal = SqliteJournal(tmp_path)
    assert list(journal.read()) == written[:-2]
    assert [path.name for path in tmp_path.glob("cut-*")] == [f"cut-{torn.sequence:020d}.msgpack"]
    # The log goes on behind the cut.
    fresh = rows(journal.head, journal.epoch, 1)
    journal.commit(fresh)
    assert list(journal.read()) == written[:-2] + fresh
    journal.close()


def test_a_second_cut_at_the_same_place_keeps_the_first(tmp_path: Path) -> None:
    """Criterion: LOG-3.4"""
    written = filled(tmp_path, 3)
    kept: list[bytes] = []
    for commands in (b"first", b"second"):
        alter(
            segment_files(tmp_path)[0],
            "UPDATE rows SET commands = ? WHERE sequence = ?",
            commands,
            written[-1].sequence,
        )
        journal = SqliteJournal(tmp_path)
        journal.commit(rows(journal.head, journal.epoch, 1))
        journal.close()
        kept = [path.read_bytes() for path in tmp_path.glob("cut-*")]
    assert len(kept) == 2
    assert [sum(text in one for one in kept) for text in (b"first", b"second")] == [1, 1]


def crash_copy(source: Path, target: Path) -> None:
    """What a kill would leave: the files as they are while the leader still has them open."""
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_a_torn_write_ahead_log_loses_its_last_transaction_only(
    tmp_path: Path, keep: float
) -> None:
    """Criterion: LOG-3.4. The file is cut inside its last transaction, as a power loss would."""
    journal = SqliteJournal(tmp_path / "live")
    entries = rows(journal.head, journal.epoch, 8)
    journal.commit(entries[:7])
    wal = next((tmp_path / "live").glob("*-wal"))
    before = wal.stat().st_size
    journal.commit(entries[7:])
    crash_copy(tmp_path / "live", tmp_path / "crashed")
    torn = tmp_path / "crashed" / wal.name
    size = torn.stat().st_size
    with torn.open("r+b") as file:
        file.truncate(before + int((size - before) * keep))
    again = SqliteJournal(tmp_path / "crashed")
    assert list(again.read()) == entries[:7]
    again.close()
    journal.close()


def test_damage_inside_the_write_ahead_log_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.3. SQLite alone would drop the acknowledged rows behind it in silence."""
    journal = SqliteJournal(tmp_path / "live")
    entries = rows(journal.head, journal.epoch, 8)
    for entry in entries:
        journal.commit([entry])
    crash_copy(tmp_path / "live", tmp_path / "crashed")
    journal.close()
    wal = next((tmp_path / "crashed").glob("*-wal"))
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 0x40
    wal.write_bytes(data)
    # Whoever looks first, and however often: a closed connection must not settle the question.
    JournalReader(tmp_path / "crashed").quarantined()
    for _ in range(2):
        with pytest.raises(Corrupt, match="commits follow the damage"):
            SqliteJournal(tmp_path / "crashed")
        assert wal.read_bytes() == data


def test_a_damaged_page_is_refused_or_named(tmp_path: Path) -> None:
    """Criterion: LOG-3.3"""
    written = filled(tmp_path, 200, segment_rows=1000)
    path = segment_files(tmp_path)[0]
    data = bytearray(path.read_bytes())
    # The pages behind those of the schema hold rows: blank one out.
    data[5 * PAGE_BYTES : 6 * PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(data)
    with pytest.raises(Corrupt) as caught:
        list(read(Folder(tmp_path)))
    assert 1 <= caught.value.sequence <= written[-1].last


def test_an_emptied_segment_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """Criterion: LOG-3.3"""
    filled(tmp_path, 3)
    segment_files(tmp_path)[0].write_bytes(b"")
    with pytest.raises(Corrupt):
        SqliteJournal(tmp_path)


def test_a_lost_segment_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.3. Only what pruning gave up may be missing."""
    written = filled(tmp_path, 40)
    remove_segment(segment_files(tmp_path)[0])
    with pytest.raises(Corrupt, match="are missing") as caught:
        SqliteJournal(tmp_path)
    assert caught.value.sequence == written[0].sequence


def test_a_disk_that_is_full_at_the_start_is_not_taken_for_damage(tmp_path: Path) -> None:
    """Criterion: LOG-3.11. The write-ahead log of a crash has to be moved into the file."""
    journal = SqliteJournal(tmp_path / "lived")
    journal.commit(rows(journal.head, journal.epoch, 60, commands=200))
    shutil.copytree(tmp_path / "lived", tmp_path / "crashed")
    journal.close()
    with files_grow_to(SHARED_MEMORY_BYTES), pytest.raises(Unwritable, match="no damage") as caught:
        SqliteJournal(tmp_path / "crashed")
    assert segment_files(tmp_path / "crashed")[0].name in str(caught.value)
    again = SqliteJournal(tmp_path / "crashed")
    assert again.head == journal.head
    again.close()


def test_an_emptied_segment_is_named_by_where_it_begins(tmp_path: Path) -> None:
    """Criterion: LOG-3.2, LOG-3.10"""
    written = filled(tmp_path, 40)
    newest = segment_files(tmp_path)[-1]
    newest.write_bytes(b"")
    with pytest.raises(Corrupt) as caught:
        SqliteJournal(tmp_path)
    assert caught.value.sequence == int(newest.stem) == written[32].sequence

"""Goal: what was committed is there again, whole, in order, whoever opens the folder.

Method: real folders and real SQLite files; damage is done to the bytes of the files themselves.
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
from fullreserve.journal.archive import archive, remove_segment
from fullreserve.journal.entry import EMPTY, Entry, Head, head_of, seal
from fullreserve.journal.errors import (
    AlreadyLed,
    Corrupt,
    Fenced,
    JournalError,
    TooNew,
    Unwritable,
)
from fullreserve.journal.folder import LOCK_NAME, Folder
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.segment import PAGE_BYTES, Segment
from fullreserve.journal.sqlite import SqliteJournal, read


def rows(head: Head, epoch: int, count: int, commands: int = 3) -> list[Entry]:
    """`count` rows behind `head`, each of `commands` ticks and one millisecond later."""
    entries = []
    for _ in range(count):
        ticks = [encode(Tick(gateway=0, number=head.sequence + 1 + n)) for n in range(commands)]
        entry = seal(head, commands, head.time_ms + 1, epoch, WIRE_VERSION, batch(ticks))
        entries.append(entry)
        head = head_of(entry)
    return entries


def filled(path: Path, count: int, segment_rows: int = 16) -> list[Entry]:
    """A journal of `count` rows, closed again."""
    journal = SqliteJournal(path, segment_rows=segment_rows, durable=False)
    written = []
    for _ in range(count):
        entry = rows(journal.head, journal.epoch, 1)
        journal.commit(entry)
        written += entry
    journal.close()
    return written


def segment_files(path: Path) -> list[Path]:
    return sorted(path.glob("*.sqlite"))


def alter(path: Path, statement: str, *values: object) -> None:
    """Changes a segment's file behind the journal's back."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()


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


def test_an_emptied_segment_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """Criterion: LOG-3.3"""
    filled(tmp_path, 3)
    segment_files(tmp_path)[0].write_bytes(b"")
    with pytest.raises(Corrupt):
        SqliteJournal(tmp_path)


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


def test_a_lost_segment_is_refused(tmp_path: Path) -> None:
    """Criterion: LOG-3.3. Only what pruning gave up may be missing."""
    written = filled(tmp_path, 40)
    remove_segment(segment_files(tmp_path)[0])
    with pytest.raises(Corrupt, match="are missing") as caught:
        SqliteJournal(tmp_path)
    assert caught.value.sequence == written[0].sequence


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

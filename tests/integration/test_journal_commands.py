"""Goal: an operator's commands say what is, and change only what they say.

Method: the commands run in this process on a real log of some segments, as the command line calls
them; damage is done to the files between two calls.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fullreserve.app.how_far import verify as verify_all
from fullreserve.backup import backup, restore
from fullreserve.config import Settings
from fullreserve.exchange.wire.commands import ActivateRules, Side
from fullreserve.identity.vault import Personal, Vault
from fullreserve.journal.commands import archive, export, quarantine, stat, verify
from fullreserve.journal.errors import JournalError
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import write_snapshot
from fullreserve.journal.sqlite import SqliteJournal
from fullreserve.records.reached import FILE as RECORDS
from tests.bed import ALICE, BOB, Bed, place, submit
from tests.broken_disk import files_grow_to
from tests.memory_folder import memory_folder
from tests.unit.journal.written import filled, segment_files


@pytest.fixture
def data() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder / "data"


async def traded(data: Path, rows: int = 40) -> Bed:
    """A log of some rows in segments of sixteen, still open."""
    bed = await Bed.open(data, segment_rows=16)
    door = await bed.door()
    for at in range(rows):
        await place(door, (ALICE, BOB)[at % 2], (Side.BUY, Side.SELL)[at % 2], 400_000, 10)
    return bed


async def test_verify_checks_all_and_says_the_state_hash(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.4. Also beside a running exchange."""
    bed = await traded(data)
    settings = Settings(data=data)
    write_snapshot(recover(bed.journal).replica, data / "snapshots")
    assert verify(settings) == 0
    said = capsys.readouterr().out
    assert f"41 rows up to sequence {bed.journal.head.sequence} are whole" in said
    assert f"snapshot {bed.journal.head.sequence}: equals the replay" in said
    assert f"state hash at {bed.journal.head.sequence}: {bed.hash.hex()}" in said
    await bed.close()


async def test_verify_names_an_altered_row(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Criterion: LOG-3.2, LOG-13.4"""
    bed = await traded(data)
    victim = list(bed.journal.read())[3]
    await bed.close()
    db = sqlite3.connect(min((data / "journal").glob("*.sqlite")))
    db.execute("UPDATE rows SET commands = x'90' WHERE sequence = ?", (victim.sequence,))
    db.commit()
    db.close()
    assert verify(Settings(data=data)) == 1
    assert f"damaged at sequence {victim.sequence}" in capsys.readouterr().err


async def test_verify_names_a_log_that_lost_its_end(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-3.8, LOG-13.4"""
    bed = await traded(data)
    last = bed.journal.head.sequence
    write_snapshot(recover(bed.journal).replica, data / "snapshots")
    await bed.close()
    with closing(sqlite3.connect(max((data / "journal").glob("*.sqlite")))) as db, db:
        db.execute("DELETE FROM rows WHERE sequence = (SELECT max(sequence) FROM rows)")
    assert verify(Settings(data=data)) == 1
    assert f"reached sequence {last}: the rows from {last} on are lost" in capsys.readouterr().err


async def test_verify_names_a_log_shorter_than_its_records(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-3.8, LOG-13.4"""
    bed = await traded(data)
    beyond = bed.journal.head.sequence + 1
    await bed.close()
    with closing(sqlite3.connect(data / RECORDS)) as db, db:
        db.execute("CREATE TABLE progress (sequence INTEGER, finished_total INTEGER)")
        db.execute("INSERT INTO progress VALUES (?, 0)", (beyond,))
    assert verify_all(Settings(data=data)) == 1
    assert f"the records in {data / RECORDS} reached sequence {beyond}" in capsys.readouterr().err


async def test_stat_lists_segments(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Criterion: LOG-13.4"""
    bed = await traded(data)
    assert stat(Settings(data=data)) == 0
    said = capsys.readouterr().out
    assert said.count(".sqlite") == 3
    assert f"41 rows, {said.split('41 rows, ')[1].split()[0]} bytes" in said
    assert f"last sequence {bed.journal.head.sequence}" in said
    await bed.close()


async def test_export_writes_json_lines(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.4"""
    bed = await traded(data, rows=5)
    settings = Settings(data=data)
    rows = list(bed.journal.read())
    target = tmp_path / "log.jsonl"
    assert export(settings, target, 1, None) == 0
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["hash"] for line in lines] == [row.hash.hex() for row in rows]
    order = lines[-1]["commands"][0]
    assert (order["command"], order["price"], order["owner"]) == ("PlaceOrder", 400_000, ALICE)
    assert export(settings, None, rows[2].sequence, rows[3].sequence) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["sequence"] for line in printed] == [rows[2].sequence, rows[3].sequence]
    assert export(settings, target, 1, None) == 1, "nothing is overwritten"
    capsys.readouterr()
    assert export(settings, None, 5, 2) == 1
    refused = capsys.readouterr()
    assert (refused.out, "from sequence 5 to 2" in refused.err) == ("", True)
    await bed.close()


async def test_archive_moves_sealed_segments_beside_a_running_exchange(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-9.2, LOG-13.4"""
    bed = await traded(data)
    before = list(bed.journal.read())
    settings = Settings(data=data)
    assert archive(settings, tmp_path / "cold") == 0
    assert "2 segments archived" in capsys.readouterr().out
    assert len(list((tmp_path / "cold").iterdir())) == 2
    assert list(bed.journal.read()) == before
    assert verify(settings) == 0
    door = await bed.door(2)
    assert (await place(door, ALICE, Side.BUY, 400_000, 10)).code == 0
    rows = [row async for row in _first(bed, len(before) + 1)]
    assert [row.commands for row in rows[:-1]] == [entry.commands for entry in before]
    await bed.close()
    again = await Bed.open(data)
    assert list(again.journal.read())[:-1] == before
    await again.close()


async def test_an_archive_needs_a_place_that_takes_it(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.4. Also where no segment is sealed yet."""
    bed = await traded(data, rows=2)
    taken = data / "a-file"
    taken.touch()
    for place_ in (taken, taken / "below", Path("/proc/cold")):
        assert archive(Settings(data=data), place_) == 1
        refused = capsys.readouterr()
        assert (refused.out, refused.err.startswith("fullreserve: ")) == ("", True)
        assert str(place_) in refused.err
        assert "Errno" not in refused.err
    await bed.close()


def cut_short(content: bytearray) -> None:
    del content[-5000:]


def cut_hard(content: bytearray) -> None:
    del content[-20_000:]


def emptied(content: bytearray) -> None:
    content.clear()


def overwritten(content: bytearray) -> None:
    content[:] = b"nonsense" * 1000


@pytest.mark.parametrize("damage", [cut_short, cut_hard, emptied, overwritten])
@pytest.mark.parametrize("which", [0, -1])
def test_a_damaged_file_is_named_in_a_sentence(
    data: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytearray], None],
    which: int,
) -> None:
    """Criterion: LOG-3.10"""
    settings = Settings(data=data)
    filled(data / "journal", 600, segment_rows=400)
    path = segment_files(data / "journal")[which]
    content = bytearray(path.read_bytes())
    damage(content)
    path.write_bytes(content)
    assert verify(settings) == 1
    assert export(settings, None, 1, None) == 1
    with pytest.raises(JournalError, match="sequence"):
        recover(SqliteJournal(data / "journal"))
    stat(settings)
    if which == -1:
        assert stat(settings) == 1
    assert "Traceback" not in capsys.readouterr().err


async def _first(bed: Bed, count: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    seen = 0
    async for row in bed.sequencer.stream(1, events=False):
        yield row
        seen += 1
        if seen == count:
            return


async def test_quarantine_needs_a_stopped_exchange_and_a_logged_command(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-1.8, LOG-13.4"""
    bed = await traded(data, rows=2)
    settings = Settings(data=data)
    assert quarantine(settings, 3, "a reason") == 1
    assert "Another process leads" in capsys.readouterr().err
    door = await bed.door()
    await submit(door, [ActivateRules(door.gateway, door.numbers(1), 999)])
    at = (await door.health()).halted_at
    await bed.close()
    assert verify(settings) == 1
    assert f"halts at sequence {at}" in capsys.readouterr().out
    assert quarantine(settings, at + 5, "a reason") == 1
    assert f"There is no command {at + 5}" in capsys.readouterr().err
    assert quarantine(settings, 3, "a reason") == 1
    assert f"halts at sequence {at}, not at 3" in capsys.readouterr().err
    assert quarantine(settings, at, "a rule nobody knows") == 0
    assert quarantine(settings, at, "again") == 1
    capsys.readouterr()
    assert verify(settings) == 0
    assert stat(settings) == 0
    assert f"quarantined: {at} (by {at + 1})" in capsys.readouterr().out
    text = b"".join(path.read_bytes() for path in (data / "journal").glob("*.sqlite"))
    assert b"nobody knows" not in text, "the journal holds no free text"


async def test_a_sound_command_is_not_set_aside(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-1.13. With a snapshot and without one."""
    bed = await traded(data, rows=2)
    head = bed.journal.head
    write_snapshot(recover(bed.journal).replica, data / "snapshots")
    await bed.close()
    settings = Settings(data=data)
    for sequence in (1, 3, head.sequence):
        assert quarantine(settings, sequence, "a reason") == 1
        assert f"command {sequence} is sound" in capsys.readouterr().err
    assert JournalReader(data / "journal").head == head, "nothing was logged"
    assert verify(settings) == 0


async def test_a_backup_of_a_running_exchange_restores_to_the_same_state(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.1"""
    bed = await traded(data)
    settings = Settings(data=data)
    vault = Vault(data, bed.clock.wall_ms)
    user = vault.create_user(personal=Personal(name="Ada"))
    write_snapshot(recover(bed.journal).replica, data / "snapshots")
    assert archive(settings, tmp_path / "cold") == 0
    door = await bed.door(3)
    await place(door, ALICE, Side.BUY, 400_000, 10)
    assert backup(settings, tmp_path / "backup") == 0
    said = capsys.readouterr().out
    assert bed.hash.hex() in said
    hash_at_backup, head = bed.hash, bed.journal.head
    await place(door, ALICE, Side.BUY, 400_000, 10)
    await bed.close()
    vault.close()

    restored = Settings(data=tmp_path / "restored")
    assert restore(restored, tmp_path / "backup") == 0
    assert verify(restored) == 0
    reader = JournalReader(restored.data / "journal")
    assert reader.head == head
    machine = recover(reader, restored.data / "snapshots").replica.machine
    assert machine.core.state_hash() == hash_at_backup
    vault = Vault(restored.data, bed.clock.wall_ms)
    assert vault.personal(user.uid).name == "Ada"
    vault.close()
    again = await Bed.open(restored.data)
    assert (await place(await again.door(), ALICE, Side.BUY, 400_000, 10)).code == 0
    await again.close()
    modes = {oct(path.stat().st_mode & 0o077) for path in restored.data.rglob("*")}
    assert modes == {"0o0"}, "nobody else may read it"


async def test_a_backup_of_a_stopped_exchange(data: Path, tmp_path: Path) -> None:
    """Criterion: LOG-10.1"""
    bed = await traded(data)
    state = bed.hash
    await bed.close()
    assert backup(Settings(data=data), tmp_path / "backup") == 0
    restored = Settings(data=tmp_path / "restored")
    assert restore(restored, tmp_path / "backup") == 0
    machine = recover(JournalReader(restored.data / "journal")).replica.machine
    assert machine.core.state_hash() == state


async def test_a_log_that_no_start_would_take_is_not_backed_up(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.1, LOG-3.3. The write-ahead log is damaged in its middle."""
    bed = await traded(data)
    crashed = Settings(data=tmp_path / "crashed")
    shutil.copytree(data, crashed.data)
    await bed.close()
    wal = next((crashed.data / "journal").glob("*-wal"))
    content = bytearray(wal.read_bytes())
    content[len(content) // 3] ^= 1
    wal.write_bytes(content)
    assert backup(crashed, tmp_path / "backup") == 1
    assert "damaged in its middle" in capsys.readouterr().err
    assert not (tmp_path / "backup").exists()
    assert wal.read_bytes() == bytes(content), "nothing was changed"


async def test_what_a_restore_left_unfinished_is_not_started(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.3. The whole log was copied, and the disk is full before the last store."""
    bed = await traded(data)
    (data / "zz-store").write_bytes(bytes(1 << 20))
    await bed.close()
    assert backup(Settings(data=data), tmp_path / "backup") == 0
    restored = Settings(data=tmp_path / "restored")
    with files_grow_to(1 << 19):
        assert restore(restored, tmp_path / "backup") == 1
    capsys.readouterr()
    with pytest.raises(JournalError, match="did not come to its end"):
        await Bed.open(restored.data)
    assert backup(restored, tmp_path / "of-a-part") == 1
    assert "Empty the folder and restore" in capsys.readouterr().err
    shutil.rmtree(restored.data)
    assert restore(restored, tmp_path / "backup") == 0
    await (await Bed.open(restored.data)).close()


async def test_a_backup_goes_into_no_folder_that_is_there(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.1"""
    bed = await traded(data)
    await bed.close()
    assert backup(Settings(data=data), tmp_path) == 1
    assert "name a folder that is not" in capsys.readouterr().err


async def test_a_backup_below_the_data_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.1"""
    bed = await traded(data)
    await bed.close()
    assert backup(Settings(data=data), data / "backups" / "today") == 1
    assert "name another place" in capsys.readouterr().err
    assert not (data / "backups").exists()


async def test_a_backup_is_checked_before_it_is_restored(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-10.2"""
    bed = await traded(data)
    await bed.close()
    assert backup(Settings(data=data), tmp_path / "backup") == 0
    assert backup(Settings(data=data), tmp_path / "backup") == 1, "nothing is overwritten"
    assert restore(Settings(data=data), tmp_path / "backup") == 1
    assert "is not empty" in capsys.readouterr().err
    path = min((tmp_path / "backup" / "data" / "journal").glob("*.sqlite"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    restored = Settings(data=tmp_path / "restored")
    assert restore(restored, tmp_path / "backup") == 1
    assert "missing or altered; nothing was restored" in capsys.readouterr().err
    assert not restored.data.exists()
    assert restore(restored, tmp_path) == 1
    assert "is no backup" in capsys.readouterr().err


def test_a_folder_without_an_exchange_is_said_to_be_one(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.3"""
    settings = Settings(data=data)
    outcomes = [
        verify(settings),
        stat(settings),
        export(settings, None, 1, None),
        archive(settings, tmp_path / "cold"),
        quarantine(settings, 1, "a reason"),
        backup(settings, tmp_path / "backup"),
    ]
    assert outcomes == [1] * 6
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 6
    assert all(line.startswith("fullreserve: There is no ") for line in errors)
    assert not data.exists()

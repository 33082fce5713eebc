"""Goal: recovery is quick, and never quicker than right.

Method: snapshots are taken at every row of a random log and continued; then they are damaged,
withheld and outdated, and the state must be that of a straight replay each time.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.points import Points
from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import Corrupt, JournalError
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import (
    KEEP,
    MANIFEST,
    Unreadable,
    read_manifest,
    read_snapshot,
    snapshots,
    verify_snapshot,
    write_snapshot,
)
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import START_MS, Bed, opening, submit
from tests.unit.journal.random_log import random_command


async def random_log(folder: Path, rows: int, seed: int = 1, segment_rows: int = 100) -> None:
    """A log of about `rows` rows over a minute of exchange time."""
    draws = random.Random(seed)
    bed = await Bed.open(folder, segment_rows=segment_rows)
    number = 1
    for _ in range(rows):
        size = draws.randrange(1, 8)
        run = [random_command(draws, number + at) for at in range(size)]
        number += size
        await submit(bed.sequencer, run)
        bed.clock.advance(draws.randrange(0, 3_000))  # type: ignore[attr-defined]
    await bed.close()


def entries(folder: Path) -> list[Entry]:
    return list(JournalReader(folder / "journal").read())


async def test_a_snapshot_of_every_row_goes_on_with_equal_results(tmp_path: Path) -> None:
    """Criterion: LOG-8.1"""
    await random_log(tmp_path, 40)
    log = entries(tmp_path)
    straight = Replica(Machine(folds=(Points(),)))
    expected = []
    for entry in log:
        events = straight.apply(entry, events=True)
        expected.append((straight.machine.hashes(), events))
    begun = Replica(Machine(folds=(Points(),)))
    for at, entry in enumerate(log[:-1]):
        begun.apply(entry)
        place = write_snapshot(begun, tmp_path / "snapshots")
        restored = read_snapshot(place, (Points(),))
        assert verify_snapshot(restored, read_manifest(place)) == []
        # Far enough to meet timers, retained orders and repeated submissions.
        for following, (_, events) in zip(log[at + 1 :], expected[at + 1 :], strict=True):
            assert restored.apply(following, events=True) == events
        assert restored.machine.hashes() == expected[-1][0]


async def test_recovery_begins_at_the_newest_snapshot(tmp_path: Path) -> None:
    """Criterion: LOG-8.1"""
    await random_log(tmp_path, 60)
    reader = JournalReader(tmp_path / "journal")
    straight = recover(reader)
    halfway = Replica(Machine())
    for entry in entries(tmp_path)[:30]:
        halfway.apply(entry)
    write_snapshot(halfway, tmp_path / "snapshots")
    quick = recover(reader, tmp_path / "snapshots")
    assert (quick.snapshot, straight.snapshot) == (halfway.sequence, 0)
    assert quick.replayed == straight.replayed - halfway.sequence
    assert quick.replica.machine.core.state_hash() == straight.replica.machine.core.state_hash()
    assert quick.replica.head == straight.replica.head


@pytest.mark.parametrize("damage", ["flip", "cut", "no manifest", "empty manifest", "gone"])
async def test_an_unreadable_snapshot_falls_back(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-3.6"""
    await random_log(tmp_path, 30)
    replica = Replica(Machine())
    places = []
    for at, entry in enumerate(entries(tmp_path)):
        replica.apply(entry)
        if at in (10, 20):
            places.append(write_snapshot(replica, tmp_path / "snapshots"))
    older, newer = places
    core = newer / "core.zst"
    data = bytearray(core.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
        core.write_bytes(data)
    elif damage == "cut":
        core.write_bytes(data[:-10])
    elif damage == "no manifest":
        (newer / MANIFEST).unlink()
    elif damage == "empty manifest":
        (newer / MANIFEST).write_bytes(b"{}")
    else:
        core.unlink()
    reader = JournalReader(tmp_path / "journal")
    recovered = recover(reader, tmp_path / "snapshots")
    assert recovered.snapshot == int(older.name)
    straight = recover(reader).replica.machine.core.state_hash()
    assert recovered.replica.machine.core.state_hash() == straight
    assert "snapshot passed over" in capsys.readouterr().out
    (older / MANIFEST).unlink()
    assert recover(reader, tmp_path / "snapshots").snapshot == 0


async def test_a_half_written_snapshot_is_not_seen(tmp_path: Path) -> None:
    """Criterion: LOG-8.3"""
    await random_log(tmp_path, 5)
    replica = recover(JournalReader(tmp_path / "journal")).replica
    half = tmp_path / "snapshots" / f"{replica.sequence:020d}.new"
    half.mkdir(parents=True)
    (half / "core.zst").write_bytes(b"half")
    assert snapshots(tmp_path / "snapshots") == []
    write_snapshot(replica, tmp_path / "snapshots")
    assert [at for at, _ in snapshots(tmp_path / "snapshots")] == [replica.sequence]
    assert not half.exists()


async def test_a_snapshot_is_written_over_one_that_was_let_go(tmp_path: Path) -> None:
    """Criterion: LOG-8.4. Blocks that are freed and sought again hold the log's own syncs up."""
    await random_log(tmp_path, 60)
    folder, replica, files = tmp_path / "snapshots", Replica(Machine()), set()
    for at, entry in enumerate(entries(tmp_path)):
        replica.apply(entry)
        if at % 8 == 7:
            place = write_snapshot(replica, folder)
            files.add((place / "core.zst").stat().st_ino)
            # A longer file is left as long, and read as far as it was written.
            with (place / "core.zst").open("ab") as file:
                file.write(b"the rest of another")
            assert verify_snapshot(read_snapshot(place, ()), read_manifest(place)) == []
    assert len(files) == KEEP + 1
    assert len(snapshots(folder)) == KEEP


async def test_the_slowest_projection_keeps_its_snapshot(tmp_path: Path) -> None:
    """Criterion: LOG-8.2"""
    await random_log(tmp_path, 30)
    replica = Replica(Machine())
    taken: list[int] = []
    for at, entry in enumerate(entries(tmp_path)):
        replica.apply(entry)
        if at % 3 == 0:
            slowest = taken[1] + 1 if len(taken) > 1 else None
            write_snapshot(replica, tmp_path / "snapshots", slowest=slowest)
            taken.append(replica.sequence)
    kept = [at for at, _ in snapshots(tmp_path / "snapshots")]
    assert kept == [*taken[-1:-4:-1], taken[1]]


async def test_a_snapshot_from_before_a_quarantine_is_not_used(tmp_path: Path) -> None:
    """Criterion: LOG-8.3"""
    await random_log(tmp_path, 30)
    replica = recover(JournalReader(tmp_path / "journal")).replica
    place = write_snapshot(replica, tmp_path / "snapshots")
    journal = SqliteJournal(tmp_path / "journal")
    journal.quarantine(len(opening()) + 1, gateway=0, number=0, time_ms=START_MS)
    recovered = recover(journal, tmp_path / "snapshots")
    assert recovered.snapshot == 0
    with pytest.raises(Unreadable, match="quarantined"):
        read_snapshot(place, (), journal.quarantined())
    journal.close()


async def test_a_snapshot_of_another_log_is_not_used(tmp_path: Path) -> None:
    """Criterion: LOG-8.3"""
    await random_log(tmp_path / "one", 20, seed=1)
    await random_log(tmp_path / "two", 20, seed=2)
    replica = Replica(Machine())
    for entry in entries(tmp_path / "one")[:10]:
        replica.apply(entry)
    write_snapshot(replica, tmp_path / "two" / "snapshots")
    reader = JournalReader(tmp_path / "two" / "journal")
    recovered = recover(reader, tmp_path / "two" / "snapshots")
    assert recovered.snapshot == 0
    assert recovered.replica.sequence == reader.head.sequence


async def test_a_replica_refuses_a_row_that_is_not_the_next(tmp_path: Path) -> None:
    """Criterion: LOG-3.2"""
    await random_log(tmp_path, 5)
    first, second, third, *_ = entries(tmp_path)
    replica = Replica(Machine())
    replica.apply(first)
    with pytest.raises(Corrupt, match="rows are missing"):
        replica.apply(third)
    forged = Entry(
        second.sequence,
        second.count,
        second.time_ms + 1,
        second.epoch,
        second.wire_version,
        second.prev_hash,
        second.hash,
        second.commands,
    )
    with pytest.raises(Corrupt, match="not chained"):
        replica.apply(forged)
    replica.apply(second)
    assert replica.sequence == second.last


async def test_a_pruned_log_needs_its_snapshot(tmp_path: Path) -> None:
    """Criterion: LOG-9.3"""
    await random_log(tmp_path, 60, segment_rows=16)
    journal = SqliteJournal(tmp_path / "journal", segment_rows=16)
    straight = recover(journal)
    replica = Replica(Machine())
    for entry in entries(tmp_path)[:40]:
        replica.apply(entry)
    place = write_snapshot(replica, tmp_path / "snapshots")
    assert journal.prune(replica.sequence) is not None
    recovered = recover(journal, tmp_path / "snapshots")
    assert recovered.snapshot == replica.sequence
    hashes = straight.replica.machine.hashes()
    assert recovered.replica.machine.hashes() == hashes
    (place / MANIFEST).unlink()
    with pytest.raises(JournalError, match="No snapshot that covers them"):
        recover(journal, tmp_path / "snapshots")
    journal.close()

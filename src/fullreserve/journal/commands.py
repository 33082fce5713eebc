"""`fullreserve journal …`: verify, stat, export, archive, quarantine.

All but `quarantine` may run beside a running exchange. They return the exit code.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TextIO

import msgspec
import structlog

from fullreserve import logs
from fullreserve.config import Settings
from fullreserve.exchange.machine import Halted
from fullreserve.exchange.wire.commands import Quarantine, decode_batch
from fullreserve.journal import archive as archives
from fullreserve.journal.check import chained
from fullreserve.journal.entry import Entry
from fullreserve.journal.errors import JournalError, Shortened
from fullreserve.journal.proof import Proof, proven
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.replaying import oldest
from fullreserve.journal.segment import Segment, unreadable
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import (
    Unreadable,
    read_manifest,
    snapshots,
    verify_snapshot,
)
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.journal.sqlite import SqliteJournal

DONE = 0
FAILED = 1

P = ParamSpec("P")

log = structlog.get_logger(__name__)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _command(
    work: Callable[Concatenate[Settings, P], int],
) -> Callable[Concatenate[Settings, P], int]:
    """A journal error becomes its sentence and exit code 1."""

    @wraps(work)
    def call(settings: Settings, /, *args: P.args, **kwargs: P.kwargs) -> int:
        logs.configure(settings.log)
        try:
            return work(settings, *args, **kwargs)
        except sqlite3.Error as problem:
            sys.stderr.write(f"fullreserve: The journal cannot be read: {problem}\n")
            return FAILED
        except (JournalError, OSError) as problem:
            sys.stderr.write(f"fullreserve: {problem}\n")
            return FAILED

    return call


@_command
def verify(settings: Settings, *others: Proof) -> int:
    """Check every row's hash and chain, replay to the state hash, compare the snapshots.

    `others` say how far the log once reached, beside the snapshots.
    """
    reader = JournalReader(settings.data / JOURNAL)
    proof = proven(settings.data / SNAPSHOTS, *others)
    if reader.head.sequence < proof.sequence:
        raise Shortened(reader.head.sequence, *proof)
    manifests = _manifests(settings.data / SNAPSHOTS)
    replica = oldest(reader, settings.data / SNAPSHOTS)
    said: list[tuple[int, int]] = []
    rows = wrong = 0
    halted: Halted | None = None
    start = reader.folder.start()
    last = start.sequence
    for entry in chained(reader.read(start.sequence + 1), start):
        rows, last = rows + 1, entry.last
        said += _quarantines(entry)
        if halted is None and entry.sequence > replica.sequence:
            try:
                replica.apply(entry, checked=True)
            except Halted as problem:
                halted = problem
        manifest = manifests.get(replica.sequence)
        if manifest is not None and entry.last == replica.sequence:
            differing = verify_snapshot(replica, manifest)
            wrong += bool(differing)
            _say(f"snapshot {replica.sequence}: {_differs(differing)}")
    if said != [mark for mark in reader.marks() if mark[1] > start.sequence]:
        raise JournalError("The marks of quarantined commands differ from the log's commands.")
    if start.sequence:
        _say(f"rows up to {start.sequence} were pruned behind a snapshot")
    _say(f"{rows} rows up to sequence {last} are whole")
    if halted is not None:
        _say(f"replay halts at sequence {halted.sequence}: {halted.reason}")
    _say(f"state hash at {replica.sequence}: {replica.machine.core.state_hash().hex()}")
    return FAILED if wrong or halted is not None else DONE


def _differs(names: list[str]) -> str:
    return f"differs from the replay in {', '.join(names)}" if names else "equals the replay"


def _manifests(folder: Path) -> dict[int, Any]:
    found = {}
    for sequence, place in snapshots(folder):
        try:
            found[sequence] = read_manifest(place)
        except Unreadable as problem:
            _say(f"snapshot {sequence}: {problem}")
    return found


def _quarantines(entry: Entry) -> list[tuple[int, int]]:
    # They are logged one to a row; see SqliteJournal.quarantine.
    if entry.count != 1:
        return []
    (command,) = decode_batch(entry.commands)
    return [(command.sequence, entry.sequence)] if isinstance(command, Quarantine) else []


@_command
def stat(settings: Settings) -> int:
    """Print rows, sequences, segments and sizes."""
    reader = JournalReader(settings.data / JOURNAL)
    _say(f"{'segment':<32} {'first':>14} {'last':>14} {'rows':>10} {'bytes':>14}")
    total = size = 0
    for part in reader.folder.parts():
        if part.pointer is not None:
            one = part.pointer
            last, rows, size_bytes = one.last, one.rows, one.size_bytes
        else:
            last, rows, size_bytes = _count(part.path, part.first)
        total, size = total + rows, size + size_bytes
        _say(f"{part.name:<32} {part.first:>14} {last:>14} {rows:>10} {size_bytes:>14}")
    head = reader.head
    _say(f"{total} rows, {size} bytes, last sequence {head.sequence} at {head.time_ms} ms")
    pruned = reader.folder.pruned()
    if pruned is not None:
        _say(f"pruned up to {pruned.before.sequence} behind the snapshot at {pruned.snapshot}")
    for sequence, said_at in reader.marks():
        _say(f"quarantined: {sequence} (by {said_at})")
    for sequence, place in snapshots(settings.data / SNAPSHOTS):
        held = sum(file.stat().st_size for file in place.iterdir())
        _say(f"snapshot at {sequence}: {held} bytes")
    return DONE


def _count(path: Path, first: int) -> tuple[int, int, int]:
    segment = Segment(path, read_only=True)
    try:
        tail = segment.tail(1)
        rows, size = segment.counts()
        return (tail[0].last if tail else first - 1), rows, size
    except sqlite3.DatabaseError as problem:
        raise unreadable(first, path.name, problem) from problem
    finally:
        segment.close()


@_command
def export(settings: Settings, destination: Path | None, first: int, last: int | None) -> int:
    """Write rows as JSON lines; commands by name, bytes in hex."""
    if last is not None and last < first:
        raise JournalError(
            f"Nothing lies from sequence {first} to {last}; --last is before --first."
        )
    reader = JournalReader(settings.data / JOURNAL)
    entries = (entry for entry in reader.read(first) if last is None or entry.sequence <= last)
    if destination is None:
        _write(entries, sys.stdout, last)
    else:
        with destination.open("x", encoding="utf-8") as file:
            _write(entries, file, last)
    return DONE


def _write(entries: Iterator[Entry], file: TextIO, last: int | None) -> None:
    for entry in entries:
        line = {
            "sequence": entry.sequence,
            "count": entry.count,
            "timeMs": entry.time_ms,
            "epoch": entry.epoch,
            "wireVersion": entry.wire_version,
            "prevHash": entry.prev_hash.hex(),
            "hash": entry.hash.hex(),
            "commands": [
                {"command": type(command).__name__, **_plain(command)}
                for command in decode_batch(entry.commands)
            ],
        }
        file.write(msgspec.json.encode(line).decode() + "\n")
        if last is not None and entry.last >= last:
            break


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@_command
def archive(settings: Settings, destination: Path) -> int:
    """Compress sealed segments and move them to a folder."""
    reader = JournalReader(settings.data / JOURNAL)
    moved = 0
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = "it is not a folder" if destination.exists() else problem.strerror
        raise JournalError(f"{destination} cannot be used: {reason}.") from problem
    if not os.access(destination, os.W_OK | os.X_OK):
        raise JournalError(f"{destination} cannot be written; name another folder.")
    # The newest segment is the leader's, sealed or not.
    for part in reader.folder.parts()[:-1]:
        if part.pointer is not None:
            continue
        segment = Segment(part.path)
        try:
            pointer = archives.archive(segment, reader.folder.path, destination)
        finally:
            segment.close()
        before = part.path.stat().st_size
        archives.remove_segment(part.path)
        _say(f"{part.name}: {before} bytes are {pointer.size_bytes} in {pointer.file}")
        moved += 1
    _say(f"{moved} segments archived")
    return DONE


def _refuse_unless_halting(sequence: int, halted: Halted | None) -> None:
    """Setting a sound command aside would rewrite all that came of it, with no way back."""
    if halted is None:
        raise JournalError(
            f"The replay does not halt: command {sequence} is sound and is not set aside."
        )
    if halted.sequence != sequence:
        raise JournalError(
            f"The replay halts at sequence {halted.sequence}, not at {sequence}; "
            "only the command that halts it can be set aside."
        )


@_command
def quarantine(settings: Settings, sequence: int, reason: str) -> int:
    """Log that every replay skips a command; the exchange must be stopped."""
    if not (settings.data / JOURNAL).is_dir():
        raise JournalError(f"There is no journal in {settings.data}.")
    journal = SqliteJournal(settings.data / JOURNAL, segment_rows=settings.journal.segment_rows)
    try:
        if sequence in journal.quarantined():
            raise JournalError(f"Command {sequence} is quarantined already.")
        last = journal.head.sequence
        if sequence > last:
            raise JournalError(f"There is no command {sequence}; the last is {last}.")
        _refuse_unless_halting(sequence, recover(journal, settings.data / SNAPSHOTS).halted)
        # No time passes: this machine's clock is not checked here, and the agenda must not run.
        entry = journal.quarantine(sequence, gateway=0, number=0, time_ms=journal.head.time_ms)
    finally:
        journal.close()
    # The reason is for people: the journal holds no free text.
    log.warning("command quarantined", sequence=sequence, said_at=entry.sequence, reason=reason)
    _say(f"command {sequence} is skipped from now on; the log says so at {entry.sequence}")
    return DONE

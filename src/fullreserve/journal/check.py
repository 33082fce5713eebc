"""Finding damage: torn or altered rows, missing rows, a write-ahead log that lost its middle."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from fullreserve.exchange.wire.commands import WIRE_VERSION
from fullreserve.journal.entry import Entry, Head, break_after, fault, head_of
from fullreserve.journal.errors import Corrupt, TooNew
from fullreserve.journal.segment import Segment, unreadable

TAIL_ROWS = 256

_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_WAL_HEADER = struct.Struct(">IIIIIIII")  # magic, version, page size, checkpoint, salts, sums
_FRAME_HEADER = struct.Struct(">IIIIII")  # page, size after commit, salts, sums


def chained(entries: Iterable[Entry], head: Head) -> Iterator[Entry]:
    """Passes entries on that follow `head` and one another; Corrupt names the first that does not.

    TooNew on a row of a wire version that this program does not know.
    """
    for entry in entries:
        broken = fault(entry) or break_after(head, entry)
        if broken:
            raise Corrupt(head.sequence + 1, broken)
        if entry.wire_version > WIRE_VERSION:
            raise TooNew(
                f"The journal's row at sequence {entry.sequence} has wire version "
                f"{entry.wire_version}; this program knows up to {WIRE_VERSION}. Start a newer one."
            )
        head = head_of(entry)
        yield entry


def torn_tail(segment: Segment, rows: int = TAIL_ROWS) -> list[Entry]:
    """The rows at the end of a segment that fail, [] when all is well.

    Corrupt when a failing row has a valid one behind it, or when no row is left to trust.
    """
    try:
        tail = segment.tail(rows)
        before = segment.before()
    except sqlite3.DatabaseError as problem:
        raise unreadable(_last_readable(segment) + 1, segment.path.name, problem) from problem
    if not tail:
        return []
    whole = tail[0].sequence == before.sequence + 1
    good = before if whole else head_of(tail[0])
    start = 0 if whole else 1
    if not whole and fault(tail[0]):
        raise Corrupt(tail[0].sequence, "it does not match its hash, and rows follow it")
    for index in range(start, len(tail)):
        broken = fault(tail[index]) or break_after(good, tail[index])
        if broken:
            _refuse_if_valid_data_follows(tail[index + 1 :], good.sequence + 1, broken)
            return tail[index:]
        good = head_of(tail[index])
    return []


def _refuse_if_valid_data_follows(rest: list[Entry], sequence: int, broken: str) -> None:
    for entry in rest:
        if fault(entry) is None:
            raise Corrupt(
                sequence,
                f"{broken}, and valid rows follow it (from {entry.sequence}). "
                "Nothing was changed; restore a backup or look at the file by hand",
            )


def _last_readable(segment: Segment) -> int:
    last = int(segment.path.stem) - 1
    try:
        last = segment.before().sequence
        for entry in segment.entries():
            last = entry.last
    except sqlite3.DatabaseError:
        pass
    return last


def keep_write_ahead_log(segment: Path) -> Path:
    """Gives a segment's write-ahead log a second name, or its own name back; the second name.

    SQLite deletes the log when the last connection closes, with the frames behind a damage in it:
    the next start would find nothing wrong and go on without rows that were acknowledged.
    """
    wal = segment.with_name(segment.name + "-wal")
    kept = segment.with_name(segment.name + "-wal.kept")
    if kept.exists() and kept.stat().st_size:
        if not (wal.exists() and wal.samefile(kept)):
            kept.replace(wal)
            os.link(wal, kept)
    elif wal.exists() and wal.stat().st_size:
        kept.unlink(missing_ok=True)
        os.link(wal, kept)
    return kept


def lost_frames(wal: Path, valid_frames: int) -> bool:
    """Whether a write-ahead log holds commits behind the point where SQLite stopped reading it.

    SQLite takes the first frame with a wrong checksum for the end. That is right for a write torn
    by a crash, which is one transaction at most; frames of the same generation behind a further
    commit mean that the middle was damaged and acknowledged rows would be dropped in silence.
    Format: https://www.sqlite.org/fileformat2.html#walformat
    """
    with wal.open("rb") as file:
        header = file.read(_WAL_HEADER_BYTES)
        if len(header) < _WAL_HEADER_BYTES:
            return False
        page_size, salts = _WAL_HEADER.unpack(header)[2], _WAL_HEADER.unpack(header)[4:6]
        stride = _FRAME_HEADER_BYTES + page_size
        size = wal.stat().st_size
        commit_seen = False
        at = _WAL_HEADER_BYTES + valid_frames * stride
        while at + stride <= size:
            file.seek(at)
            frame = _FRAME_HEADER.unpack(file.read(_FRAME_HEADER_BYTES))
            if frame[2:4] == salts:
                if commit_seen:
                    return True
                commit_seen = frame[1] != 0
            at += stride
    return False

"""Sealed segments, compressed and moved away; a pointer stays where the segment was.

An archived segment is one zstd stream of length-prefixed MessagePack rows, so that it is read
front to back without unpacking it to disk. The rows keep their hashes: nothing in the archive
needs to be trusted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from fullreserve.journal.durable_file import replace_file, sync_folder
from fullreserve.journal.entry import Entry, Head
from fullreserve.journal.errors import Corrupt, JournalError
from fullreserve.journal.segment import SUFFIX, Segment

POINTER_SUFFIX = ".archived"
ARCHIVE_SUFFIX = ".rows.zst"
LEVEL = 9  # a sealed segment is written once and read rarely

_LENGTH_BYTES = 4
_ENTRY_BYTES_MAX = 1 << 28
_entry_decoder = msgspec.msgpack.Decoder(Entry)


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an archived segment went, and what it holds."""

    file: str
    first: int
    last: int
    rows: int
    size_bytes: int
    epoch: int
    before: Head
    head: Head
    quarantined: list[tuple[int, int]]


def pointer_path(folder: Path, first: int) -> Path:
    """Where the pointer to the segment that begins at `first` stands."""
    return folder / f"{first:020d}{POINTER_SUFFIX}"


def read_pointer(path: Path) -> Pointer:
    """The pointer in a file; JournalError when it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pointer)
    except (msgspec.DecodeError, OSError) as problem:
        raise JournalError(f"{path} does not say where its segment is: {problem}") from problem


def entries(pointer: Pointer, from_sequence: int = 0) -> Iterator[Entry]:
    """Rows of an archived segment that end at or behind a sequence."""
    path = Path(pointer.file)
    expected = pointer.first
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
            while entry := _read_entry(plain):
                expected = entry.last + 1
                if entry.last >= from_sequence:
                    yield entry
    except FileNotFoundError:
        raise JournalError(
            f"The archived segment {path} is not there; put it back or correct its pointer."
        ) from None
    except (zstandard.ZstdError, msgspec.DecodeError, EOFError) as problem:
        raise Corrupt(expected, f"the archive {path} cannot be read: {problem}") from problem
    if expected != pointer.last + 1:
        raise Corrupt(expected, f"the archive {path} ends before its last row")


def _read_entry(plain: zstandard.ZstdDecompressionReader) -> Entry | None:
    head = _read_exactly(plain, _LENGTH_BYTES)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < _LENGTH_BYTES or size > _ENTRY_BYTES_MAX:
        raise EOFError("a row's length is torn")
    data = _read_exactly(plain, size)
    if len(data) < size:
        raise EOFError("a row is torn")
    return _entry_decoder.decode(data)


def _read_exactly(plain: zstandard.ZstdDecompressionReader, size: int) -> bytes:
    parts = []
    while size and (part := plain.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def archive(segment: Segment, folder: Path, destination: Path) -> Pointer:
    """Compresses a sealed segment into `destination` and checks it there; the original stays.

    A crash at any moment leaves either the original in use or the archive complete.
    """
    if not segment.sealed:
        raise JournalError(f"{segment.path.name} is still being written; it cannot be archived.")
    before = segment.before()
    destination.mkdir(parents=True, exist_ok=True)
    target = (destination / f"{before.sequence + 1:020d}{ARCHIVE_SUFFIX}").resolve()
    fresh = target.with_name(target.name + ".new")
    with fresh.open("wb") as file:
        rows, head = _compress(segment, file, before)
    fresh.replace(target)
    sync_folder(target.parent)
    pointer = Pointer(
        file=str(target),
        first=before.sequence + 1,
        last=head.sequence,
        rows=rows,
        size_bytes=target.stat().st_size,
        epoch=segment.meta_int("epoch"),
        before=before,
        head=head,
        quarantined=segment.quarantined(),
    )
    for copied, kept in zip(entries(pointer), segment.entries(), strict=True):
        if copied != kept:
            raise Corrupt(kept.sequence, f"the archive {target} came out different")
    replace_file(pointer_path(folder, pointer.first), msgspec.json.encode(pointer))
    return pointer


def _compress(segment: Segment, file: BinaryIO, head: Head) -> tuple[int, Head]:
    rows = 0
    with zstandard.ZstdCompressor(level=LEVEL).stream_writer(file, closefd=False) as packed:
        for entry in segment.entries():
            data = msgspec.msgpack.encode(entry)
            packed.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
            head = Head(entry.last, entry.time_ms, entry.hash)
            rows += 1
    file.flush()
    os.fsync(file.fileno())
    return rows, head


def remove_segment(path: Path) -> None:
    """Deletes a segment's SQLite file with its companions."""
    for companion in ("-wal", "-shm", ""):
        path.with_name(path.name + companion).unlink(missing_ok=True)
    assert path.suffix == SUFFIX
    sync_folder(path.parent)

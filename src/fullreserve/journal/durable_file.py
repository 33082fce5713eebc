"""Files that are either whole or not there: written beside their place, synced, renamed."""

from __future__ import annotations

import io
import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes creations, renames and deletions in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# The log's next sync may have to wait for all that any file has in memory for the disk (ext4 orders
# data before its journal): a large file goes there in slices, each done before the next.
SLICE_BYTES = 256 * 1024


def write_file(path: Path, data: bytes) -> None:
    """Writes and syncs a new file, mode 0600; not atomic by itself."""
    with os.fdopen(_opened(path, os.O_TRUNC), "wb", buffering=0) as file:
        _write(file, data)


def write_over(path: Path, data: bytes) -> None:
    """Writes and syncs a file where another may be, into the same blocks; not atomic by itself.

    A disk that is told of freed blocks (`discard`) lets every sync wait for that, the log's too;
    blocks that are written over are neither freed nor sought. So a file that is longer by less
    than its half stays so: who reads it must know its size.
    """
    with os.fdopen(_opened(path), "wb", buffering=0) as file:
        _write(file, data)
        spare = os.fstat(file.fileno()).st_size - len(data)
        if not 0 <= spare <= len(data):
            file.truncate(len(data))
            os.fsync(file.fileno())


def _opened(path: Path, more: int = 0) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | more, 0o600)


def _write(file: io.FileIO, data: bytes) -> None:
    content = memoryview(data)
    while content:
        written = file.write(content[:SLICE_BYTES])
        content = content[written:]
        if content:
            os.fdatasync(file.fileno())
    os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Puts `data` at `path`: after a crash there is the old content or the new, nothing else."""
    fresh = path.with_name(path.name + ".new")
    write_file(fresh, data)
    fresh.replace(path)
    sync_folder(path.parent)

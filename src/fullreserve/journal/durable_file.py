"""Files that are either whole or not there: written beside their place, synced, renamed."""

from __future__ import annotations

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
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        content = memoryview(data)
        while content:
            written = file.write(content[:SLICE_BYTES])
            content = content[written:]
            if content:
                os.fdatasync(handle)
        os.fsync(handle)


def replace_file(path: Path, data: bytes) -> None:
    """Puts `data` at `path`: after a crash there is the old content or the new, nothing else."""
    fresh = path.with_name(path.name + ".new")
    write_file(fresh, data)
    fresh.replace(path)
    sync_folder(path.parent)

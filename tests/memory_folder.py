"""A temporary folder in memory, where what a disk does is not the matter of a test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")
# Several exchanges at once; containers often have 64 MB.
_ENOUGH_BYTES = 2**30


@contextmanager
def memory_folder() -> Iterator[Path]:
    """The folder, on disk where memory has no room for it; gone with its content at the end."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _has_room() else None) as folder:
        yield Path(folder)


def _has_room() -> bool:
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH_BYTES

"""One follower for each data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "records.lock"


class NotAlone(RuntimeError):
    """Another follower writes the same records."""


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Holds the follower's place in a data folder; NotAlone when it is taken."""
    descriptor = os.open(data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise NotAlone(f"another follower holds {data / LOCK}") from problem
        yield
    finally:
        os.close(descriptor)

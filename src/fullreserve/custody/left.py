"""What a worker leaves in a file for others to read: whole, or as it was before."""

from __future__ import annotations

from pathlib import Path
from threading import get_ident

import msgspec
import structlog

log = structlog.get_logger(__name__)


def leave(place: Path, what: object, untold: str, *, is_quiet: bool = False) -> bool:
    """Leaves it as JSON; a full disk stops no worker: False, and `untold` is in the log.

    `is_quiet` is for what is tried again and was said.
    """
    # Of a thread's own: several may leave the same at once.
    fresh = place.with_suffix(f".{get_ident()}.new")
    try:
        fresh.write_bytes(msgspec.json.encode(what))
        fresh.replace(place)
    except OSError as problem:
        if not is_quiet:
            log.warning(untold, problem=str(problem))
        return False
    return True

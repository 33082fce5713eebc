"""The mark that a restore leaves in a data folder, and whether what it asks for was done."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.custody.chains import following
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import WATCHER_STORE, read_compared, read_cursors

MARK = "custody-restored.json"


class Mark(msgspec.Struct, frozen=True, rename="camel"):
    """A restore; `heights` by network are the newest blocks that its stores had seen.

    `blocks` are those and older ones, with their hashes, as far as the stores remembered them.
    """

    restored_ms: int
    heights: dict[int, int]
    blocks: dict[int, list[tuple[int, bytes]]] = {}


def mark_of(data: Path, now_ms: int) -> bytes:
    """What `MARK` is to hold in a folder that was restored, before anything is started in it.

    Where the backup itself is of a folder that had not been compared yet, from there on.
    OSError, sqlite3.Error, msgspec.DecodeError.
    """
    heights: dict[int, int] = {}
    blocks: dict[int, dict[int, bytes]] = {}
    for store in (WATCHER_STORE, PAYER_STORE):
        for network, kept in read_cursors(data / store):
            known = dict(following.restore(kept).blocks)
            newest = max(known, default=0)
            heights[network] = min(heights.get(network, newest), newest)
            blocks.setdefault(network, {}).update(known)
    before, compared = read_mark(data), read_compared(data / PAYER_STORE)
    for network, height in before.heights.items() if before is not None else ():
        if before is not None and compared.get(network) != before.restored_ms:
            heights[network] = min(heights.get(network, height), height)
            blocks.setdefault(network, {}).update(before.blocks.get(network, ()))
    older = {
        network: sorted(one for one in known.items() if one[0] <= heights[network])
        for network, known in blocks.items()
    }
    return msgspec.json.encode(Mark(now_ms, heights, older))


def read_mark(data: Path) -> Mark | None:
    """The last restore; None in a folder that never came out of a backup."""
    try:
        return msgspec.json.decode((data / MARK).read_bytes(), type=Mark)
    except FileNotFoundError:
        return None


def uncompared(data: Path) -> tuple[int, ...]:
    """Networks of which it is not known what left hot since a backup was put back; for threads."""
    mark = read_mark(data)
    return tuple(one for one in mark.heights if not is_compared(data, one)) if mark else ()


def is_compared(data: Path, network: int) -> bool:
    """Whether it is known what left hot since a backup that was put back; for threads."""
    mark = read_mark(data)
    if mark is None or network not in mark.heights:
        return True
    return read_compared(data / PAYER_STORE).get(network) == mark.restored_ms

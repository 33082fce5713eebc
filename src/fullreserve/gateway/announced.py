"""What owners of Safes have announced to their guards, as the watcher writes it for gateways."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import ANNOUNCED, Announced, Announcement

_decode = msgspec.json.Decoder(Announced).decode


def known(folder: Path | None) -> list[Announcement]:
    """Of all networks, the soonest first; none where nobody has written any."""
    found = list[Announcement]()
    for place in folder.glob(f"{ANNOUNCED}*.json") if folder is not None else ():
        try:
            found += _decode(place.read_bytes()).found
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: (one.from_ms, one.network))

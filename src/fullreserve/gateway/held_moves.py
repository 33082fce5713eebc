"""What holds moves between tiers up, as their workers write it for gateways.

One file for each worker and network in the data folder.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import Held, held_name

_decode = msgspec.json.Decoder(dict[str, Held]).decode


def held(folder: Path | None, network: int) -> dict[int, Held]:
    """What all workers of a network say, by move."""
    found: dict[int, Held] = {}
    for place in folder.glob(held_name("*", network)) if folder is not None else ():
        try:
            told = _decode(place.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue  # one that is being replaced, or of another version
        found |= {int(key): one for key, one in told.items()}
    return found

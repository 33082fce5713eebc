"""What holds moves between tiers up, as their workers write it for gateways.

One file for each worker and network in the data folder.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class Held(msgspec.Struct, frozen=True):
    """Of one move; `detail` is the worker's own sentence."""

    stage: str = ""
    why: str = ""
    detail: str = ""


_decode = msgspec.json.Decoder(dict[str, Held]).decode


def held(folder: Path | None, network: int) -> dict[int, Held]:
    """What all workers of a network say, by move."""
    found: dict[int, Held] = {}
    for place in folder.glob(f"custody-held-*-{network}.json") if folder is not None else ():
        try:
            told = _decode(place.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue  # one that is being replaced, or of another version
        found |= {int(key): one for key, one in told.items()}
    return found

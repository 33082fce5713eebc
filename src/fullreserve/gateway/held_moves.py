"""What holds moves between tiers up, as their workers write it for gateways.

One file for each worker and network in the data folder.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import Held, Why, held_name

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


def gas_short(folder: Path | None) -> dict[int, str]:
    """Networks with a move that waits for who pays its gas, and the worker's own words of one."""
    found: dict[int, str] = {}
    for place in folder.glob(held_name("*", "*")) if folder is not None else ():
        number = place.stem.rpartition("-")[2]
        held_up = held(folder, int(number)) if number.isdigit() else {}
        found |= {int(number): one.detail for one in held_up.values() if one.why == Why.GAS}
    return dict(sorted(found.items()))

"""What the watcher found when it compared ledger and chain last, as it writes it for gateways.

One file for each network in the data folder, replaced at each block.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class Line(msgspec.Struct, frozen=True):
    """A tier's asset, at the ledger's scale; the chain may hold `low` to `high`."""

    tier: int
    asset: int
    ledger: int
    low: int
    high: int
    chain: int
    difference: int


class Reconciled(msgspec.Struct, frozen=True):
    """A network after the block at a height."""

    network: int
    height: int
    time_ms: int
    lines: tuple[Line, ...]


_decode = msgspec.json.Decoder(Reconciled).decode


def newest(folder: Path | None, network: int) -> Reconciled | None:
    """The last comparison of a network; None where there was none yet."""
    if folder is None:
        return None
    try:
        return _decode((folder / f"custody-reconciled-{network}.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None

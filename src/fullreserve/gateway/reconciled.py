"""What the watcher found when it compared ledger and chain last, as it writes it for gateways.

One file for each network in the data folder, replaced at each block.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import Reconciled, reconciled_name

_decode = msgspec.json.Decoder(Reconciled).decode


def newest(folder: Path | None, network: int) -> Reconciled:
    """The last comparison of a network; without a time where there was none yet."""
    if folder is None:
        return Reconciled(network)
    try:
        return _decode((folder / reconciled_name(network)).read_bytes())
    except (OSError, msgspec.DecodeError):
        return Reconciled(network)

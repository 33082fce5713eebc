"""What the watcher found when it compared ledger and chain last, as it writes it for gateways.

One file for each network in the data folder, replaced at each block.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.worker_files import (
    RECONCILED,
    Adopted,
    Reconciled,
    RefusedDeposit,
    Uncharged,
    adopted_name,
    reconciled_name,
    refused_name,
)

_decode = msgspec.json.Decoder(Reconciled).decode
_decode_refused = msgspec.json.Decoder(list[RefusedDeposit]).decode
_decode_adopted = msgspec.json.Decoder(Adopted).decode


def newest(folder: Path | None, network: int) -> Reconciled:
    """The last comparison of a network; without a time where there was none yet."""
    if folder is None:
        return Reconciled(network)
    try:
        return _decode((folder / reconciled_name(network)).read_bytes())
    except (OSError, msgspec.DecodeError):
        return Reconciled(network)


class Charge(NamedTuple):
    """A fee that the ledger has not, and the command that tells it."""

    network: int
    told: Uncharged

    @property
    def command(self) -> str:
        tier = Tier(self.told.tier).name.lower()
        return f"fullreserve custody charge-tier {self.network} {tier} {self.told.transaction}"


def charges_due(folder: Path | None) -> list[Charge]:
    """Of all networks, what is deep enough to be told; none where nobody has written any."""
    found = list[Charge]()
    for place in folder.glob(f"{RECONCILED}*.json") if folder is not None else ():
        try:
            known = _decode(place.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue
        found += [Charge(known.network, one) for one in known.uncharged if one.is_due]
    return sorted(found, key=lambda one: one.command)


def adopted(folder: Path | None, network: int) -> Adopted | None:
    """What had left a network's hot wallet since the newest backup that was put back."""
    if folder is None:
        return None
    try:
        return _decode_adopted((folder / adopted_name(network)).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def refused(folder: Path | None, network: int) -> list[RefusedDeposit]:
    """Deposits on a network that the exchange has not taken, as the watcher left them."""
    if folder is None:
        return []
    try:
        return _decode_refused((folder / refused_name(network)).read_bytes())
    except (OSError, msgspec.DecodeError):
        return []

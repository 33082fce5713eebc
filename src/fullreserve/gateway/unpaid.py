"""Networks that nothing is paid on, as the payer writes them for gateways."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import UNPAID, Unpaid

_decode = msgspec.json.Decoder(Unpaid).decode


def known(folder: Path | None) -> list[Unpaid]:
    """By number; none where nobody has written any."""
    found = []
    for place in folder.glob(f"{UNPAID}*.json") if folder is not None else ():
        try:
            found.append(_decode(place.read_bytes()))
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: one.network)

"""Withdrawals that could not be vetted, as the worker on duty writes them for gateways."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import SETBACKS, Setback
from fullreserve.gateway import ids

_decode = msgspec.json.Decoder(list[Setback]).decode


def known(folder: Path | None) -> list[dict[str, str]]:
    """As they are shown, the oldest first; none where nobody has written any."""
    if folder is None:
        return []
    try:
        found = _decode((folder / SETBACKS).read_bytes())
    except (OSError, msgspec.DecodeError):
        return []
    return [
        {
            "wdId": ids.text(one.number),
            "problem": one.problem,
            "times": str(one.times),
            "sinceTs": str(one.since_ms),
            "againTs": str(one.again_ms),
        }
        for one in sorted(found, key=lambda one: one.number)
    ]

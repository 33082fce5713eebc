"""What is not paid now, as the payer writes it for gateways: networks, and tokens by themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import (
    HALTED,
    UNPAID,
    UNSIGNED,
    HaltedToken,
    Unpaid,
    Unsigned,
)

_decode_halted = msgspec.json.Decoder(list[HaltedToken]).decode
_decode_unsigned = msgspec.json.Decoder(Unsigned).decode
_decode = msgspec.json.Decoder(Unpaid).decode


def known(folder: Path | None) -> list[Unpaid]:
    """Networks that nothing is paid on, by number; none where nobody has written any."""
    found = []
    for place in folder.glob(f"{UNPAID}*.json") if folder is not None else ():
        try:
            found.append(_decode(place.read_bytes()))
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: one.network)


def unsigned(folder: Path | None) -> list[Unsigned]:
    """Networks with payments that wait for signers, by number; none where none is written."""
    found = []
    for place in folder.glob(f"{UNSIGNED}*.json") if folder is not None else ():
        try:
            found.append(_decode_unsigned(place.read_bytes()))
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: one.network)


def halted(folder: Path | None) -> list[HaltedToken]:
    """Tokens that lanes of hot may not send, by network and asset; none where none is written."""
    found = list[HaltedToken]()
    for place in folder.glob(f"{HALTED}*.json") if folder is not None else ():
        try:
            found += _decode_halted(place.read_bytes())
        except (OSError, msgspec.DecodeError):
            continue
    return sorted(found, key=lambda one: (one.network, one.asset))

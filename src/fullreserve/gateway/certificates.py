"""Certificates of custody and until when they count, as the worker on duty writes it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from fullreserve.exchange.worker_files import CERTIFICATES, CertificateEnd

_decode = msgspec.json.Decoder(list[CertificateEnd]).decode


def known(folder: Path | None) -> list[CertificateEnd]:
    """By name; none where nobody has written any."""
    if folder is None:
        return []
    try:
        return _decode((folder / CERTIFICATES).read_bytes())
    except (OSError, msgspec.DecodeError):
        return []


def due(folder: Path | None, now_ms: int) -> list[str]:
    """Names of those that are to be renewed."""
    return [one.name for one in known(folder) if one.is_due(now_ms)]

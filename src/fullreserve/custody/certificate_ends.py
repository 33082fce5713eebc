"""Calls for certificates that end: all of one ceremony do on one day, and then nobody signs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.keys import certificates
from fullreserve.custody.keys.record import Record
from fullreserve.custody.left import leave
from fullreserve.exchange.worker_files import CERTIFICATES, CertificateEnd

DAY_MS = 86_400_000

log = structlog.get_logger(__name__)


class CertificateEnds:
    """A duty: what counts until when is left for the console, and said each day once it is due."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._told: list[CertificateEnd] | None = None
        self._called: dict[CertificateEnd, int] = {}

    async def round(self) -> None:
        """BadRecord where the record is damaged."""
        known = await asyncio.to_thread(self._known)
        if known != self._told and leave(self._data / CERTIFICATES, known, "ends are not told"):
            self._told = known
        now_ms = self._clock.wall_ms()
        due = [one for one in known if one.is_due(now_ms)]
        for one in due:
            if now_ms - self._called.get(one, -DAY_MS) < DAY_MS:
                continue
            self._called[one] = now_ms
            days = (one.ends_ms - now_ms) // DAY_MS
            say = log.error if days < 0 else log.warning
            say("a certificate ends: renew it", name=one.name, days=days)
        self._called = {one: at for one, at in self._called.items() if one in due}

    def _known(self) -> list[CertificateEnd]:
        found = certificates.held(self._data, Record.of(self._data))
        return [CertificateEnd(one.name, one.ends_ms) for one in found]

"""A stop that an operator plans: told to everybody, then to each connection, then carried out.

The plan is written down, so that an exchange that was restarted meanwhile keeps to it; one whose
time came is over.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

import msgspec

from fullreserve.clock import Clock

FILE = "maintenance.json"


class Plan(msgspec.Struct, frozen=True):
    """A planned stop in wall time, in ms; `end_ms` is when it will be over, 0 for not known."""

    number: int
    begin_ms: int
    end_ms: int
    planned_ms: int
    is_canceled: bool = False


class Maintenance:
    """The newest plan of a gateway; `stop` carries it out. Without a folder it ends with us."""

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        self._clock = clock
        self._file = folder / FILE if folder else None
        self._writing = Lock()
        self._changed = asyncio.Event()
        self._noticed = 0  # number of the plan that connections were told of
        self.plan: Plan | None = self._kept()

    def _kept(self) -> Plan | None:
        """What was written down, unless its time has come: then it was carried out."""
        if self._file is None:
            return None
        try:
            plan = msgspec.json.decode(self._file.read_bytes(), type=Plan)
        except (OSError, msgspec.DecodeError):
            return None
        return plan if plan.begin_ms > self._clock.wall_ms() else None

    def keep(self) -> None:
        """Writes the plan down, for threads; OSError."""
        if self._file is None or self.plan is None:
            return
        with self._writing:
            fresh = self._file.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(self.plan))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)

    def put(self, begin_ms: int, end_ms: int) -> Plan:
        """Plans a stop; another plan is given up for it."""
        number = self.plan.number + 1 if self.plan else 1
        self.plan = Plan(number, begin_ms, end_ms, self._clock.wall_ms())
        self._changed.set()
        return self.plan

    def cancel(self) -> bool:
        """Gives the plan up; False when there is none."""
        if self.plan is None or self.plan.is_canceled:
            return False
        self.plan = msgspec.structs.replace(self.plan, is_canceled=True)
        self._changed.set()
        return True

    async def stop(self, notice_ms: int, announce: Callable[[], None]) -> None:
        """Returns when a planned stop is due; `announce` is called once, so long before."""
        while True:
            self._changed.clear()
            plan, now = self.plan, self._clock.wall_ms()
            if plan is None or plan.is_canceled:
                await self._changed.wait()
                continue
            due_ms = plan.begin_ms - notice_ms
            if now >= due_ms and plan.number != self._noticed:
                self._noticed = plan.number
                announce()
            if now >= plan.begin_ms:
                return
            await self._wait((plan.begin_ms if now >= due_ms else due_ms) - now)

    async def _wait(self, ms: int) -> None:
        """For a time, or for another plan."""
        waits = [
            asyncio.ensure_future(self._clock.wait_ms(ms)),
            asyncio.ensure_future(self._changed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

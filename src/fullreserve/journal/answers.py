"""Answers to queries: once everything that they show is durable, and never half a command."""

from __future__ import annotations

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.machine import Machine
from fullreserve.journal.durable_rows import DurableRows
from fullreserve.journal.durable_view import DurableView
from fullreserve.journal.errors import JournalError
from fullreserve.journal.submission import FAILED, HALTED


class Answers:
    """What the leader's machine says, or `view` while the disk is stalled or the core has halted.

    `torn`: the machine has applied a part of what halted it.
    """

    def __init__(self, machine: Machine, rows: DurableRows, view: DurableView) -> None:
        self._machine = machine
        self._rows = rows
        self.view = view
        self.torn = False

    async def query(self, query: bytes) -> bytes:
        """See `door.protocol.Door.query`."""
        rows, machine = self._rows, self._machine
        while True:
            if rows.failed.done():
                raise Unavailable(FAILED.message)
            if self.torn and rows.in_flight and not rows.stalled:
                await rows.next_advance()
                continue
            if self.torn or (rows.stalled and rows.durable < machine.sequence):
                durable = await self._viewed()
                if durable is not None:
                    return durable.answer(query)
                await rows.next_advance()
                continue
            answer = machine.answer(query)
            sequence = machine.sequence
            while rows.durable < sequence and not rows.failed.done() and not rows.stalled:
                await rows.next_advance()
            if rows.durable >= sequence:
                return answer

    async def _viewed(self) -> Machine | None:
        """The durable state; None where there is no way to make it and it may yet be waited for."""
        try:
            machine = await self.view.machine(self._rows.durable)
        except (JournalError, OSError) as problem:
            raise Unavailable(str(problem)) from problem
        if machine is None and self.torn:
            raise Unavailable(HALTED.message)
        return machine

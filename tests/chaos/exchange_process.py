"""An exchange in a process of its own that can be killed: `exchange_process.py FOLDER [early]`.

It serves the door's socket in FOLDER and says `ready`. With `early` it acknowledges before the disk
has anything, as a control.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fullreserve.clock import SystemClock
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.journal.replay import recover
from fullreserve.journal.sequencer import Sequencer
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import opening, submit


async def serve(folder: Path, *, early: bool) -> None:
    journal = SqliteJournal(folder / "journal", segment_rows=200)
    recovered = recover(journal)
    sequencer = Sequencer(
        journal,
        recovered.replica.machine,
        SystemClock(not_before_ms=journal.head.time_ms),
        view=lambda durable: recover(journal, durable=durable).replica.machine,
        early=early,
    )
    if not journal.head.sequence:
        await submit(sequencer, opening())
    await SocketServer.start(sequencer, folder / SOCKET_NAME)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), early="early" in sys.argv))

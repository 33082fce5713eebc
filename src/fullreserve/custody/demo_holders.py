"""The demo's warm and cold at work: `python -m fullreserve.custody.demo_holders`, as a process.

Their holders' signers, each with its own key, memory and socket, which answer challenges and sign
what the log has decided, and who refills hot from warm. In the demo they are one process, since
memory is short there; elsewhere each is one of its own.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import demo_marks, demo_people, networks
from fullreserve.custody.demo_people import TIERS, WARM, socket_name
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.house import MOVES_GATEWAY, House
from fullreserve.custody.keyfile import KeyFileError
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.gas import FileGas
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.refill_commands import listening
from fullreserve.custody.keys.refilling import Refilling, Terms, keep
from fullreserve.custody.keys.tier_signer import TierMemory, TierSigner
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.until_terminated import until_terminated

READS_ONLY = 0
PAUSE_MS = 3_000

log = structlog.get_logger(__name__)


async def work(data: Path, clock: Clock) -> None:
    """Serves and refills until SIGTERM."""
    served, record = networks.served(data), Record.of(data)
    keys = await asyncio.to_thread(demo_people.device, data)
    approvers = {name: keys.public(name).hex() for name in WARM.holders}
    policy = demo_marks.policy_of(served, approvers)
    reads = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, clock)
    door = await SocketDoor.open(data / SOCKET_NAME, MOVES_GATEWAY, clock)
    decided = DecidedMoves(LocalView(House(reads)), served)
    names = [name for people in TIERS for name in people.holders]
    memories = [TierMemory(data / f"custody-tier-{name}.sqlite") for name in names]
    wallets = record.state.wallets
    servers = [
        await _served(data, name, TierSigner(name, keys, wallets, policy, memory, clock, decided))
        for name, memory in zip(names, memories, strict=True)
    ]
    house = House(door)
    # Who came since has a socket of his own, which `serve-holder` opens.
    sockets = tuple(socket_name(one) for one in WARM.now(record))
    workers = [
        Refilling(data, house, clock, Terms(one, policy, sockets, FileGas(keys)))
        for one in served
        if (one.network, WARM.tier) in wallets
    ]

    async def refilling() -> None:
        async with house.listening():
            await keep(workers, clock, PAUSE_MS)

    try:
        await until_terminated(refilling())
    finally:
        for server in servers:
            server.close()
        for memory in memories:
            memory.close()
        await door.close()
        await reads.close()


async def _served(data: Path, name: str, signer: TierSigner) -> asyncio.Server:
    async def answered(question: bytes) -> bytes:
        return await signer.answer("", question)

    place = data / socket_name(name)
    await asyncio.to_thread(place.unlink, missing_ok=True)
    return await listening(place, answered)


def main() -> int:
    """Run them as a process."""
    forbid_dumps()
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    known = (Unavailable, KeyFileError, OSError, ValueError)
    try:
        asyncio.run(work(settings.data, SystemClock()))
    except* known as problems:
        for problem in problems.exceptions:
            log.error("holders end", problem=str(problem))
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())

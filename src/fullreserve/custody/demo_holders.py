"""The demo's warm tier at work: `python -m fullreserve.custody.demo_holders`, beside the exchange.

Its owners' signers, each with its own key, memory and socket, and who refills hot from the Safe. In
the demo they are one process, since memory is short there; elsewhere each is one of its own.
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
from fullreserve.custody import demo_warm, networks
from fullreserve.custody.demo_warm import OWNERS
from fullreserve.custody.house import MOVES_GATEWAY, House
from fullreserve.custody.keyfile import KeyFileError
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.gas import FileGas
from fullreserve.custody.keys.intent import TierPolicy
from fullreserve.custody.keys.key_file import FileDevice
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
SOCKETS = {name: f"holder-{name}.sock" for name in OWNERS}

log = structlog.get_logger(__name__)


async def work(data: Path, clock: Clock) -> None:
    """Serves and refills until SIGTERM."""
    (network,) = [one for one in networks.served(data) if one.warm]
    keys = await asyncio.to_thread(demo_warm.device, data)
    approvers = {name: keys.public(name).hex() for name in OWNERS}
    policy = demo_warm.policy_of(network, approvers, tuple(network.decimals))
    reads = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, clock)
    door = await SocketDoor.open(data / SOCKET_NAME, MOVES_GATEWAY, clock)
    decided = DecidedMoves(House(reads), [network])
    memories = [TierMemory(data / f"custody-tier-{name}.sqlite") for name in OWNERS]
    servers = [
        await _served(data, name, _signer(data, name, keys, policy, memory, clock, decided))
        for name, memory in zip(OWNERS, memories, strict=True)
    ]
    house = House(door)
    terms = Terms(network, policy, tuple(SOCKETS.values()), FileGas(keys))
    worker = Refilling(data, house, clock, terms)

    async def refilling() -> None:
        async with house.listening():
            await keep([worker], clock, PAUSE_MS)

    try:
        await until_terminated(refilling())
    finally:
        for server in servers:
            server.close()
        for memory in memories:
            memory.close()
        await door.close()
        await reads.close()


def _signer(
    data: Path,
    name: str,
    keys: FileDevice,
    policy: TierPolicy,
    memory: TierMemory,
    clock: Clock,
    decided: DecidedMoves,
) -> TierSigner:
    wallets = Record.of(data).state.wallets
    return TierSigner(name, keys, wallets, policy, memory, clock, decided)


async def _served(data: Path, name: str, signer: TierSigner) -> asyncio.Server:
    async def answered(question: bytes) -> bytes:
        return await signer.answer("", question)

    place = data / SOCKETS[name]
    await asyncio.to_thread(place.unlink, missing_ok=True)
    return await listening(place, answered)


def main() -> int:
    """Run them as a process."""
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

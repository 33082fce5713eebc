"""Tells signers on other machines what was approved: `python -m fullreserve.custody.signer_desk`.

It listens where `custody.signers` says, over mutually authenticated TLS, and shows the certificate
`exchange` of the record of ceremonies. A name that `custody.json` asks by TLS as a signer of a
network (`tls:NAME@host:port`) may ask about its withdrawals and moves; a holder of one of a tier's
keys about the network's moves. All others, the payer too, are told nothing. Nothing is changed
here: it is gateway 0 of the door.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Address, Settings
from fullreserve.custody import networks
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import Due, ExchangeView, LocalView
from fullreserve.custody.house import House, Unknown
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.tls import SCHEME, Endpoint, Listener, Refusals
from fullreserve.custody.keys.tls_door import Side
from fullreserve.custody.keys.view_wire import (
    COORDINATOR,
    EXCHANGE,
    NUMBERS_MAX,
    QUESTION_MAX,
    AskMove,
    AskRates,
    AskWithdrawals,
    Told,
    decode_asked,
)
from fullreserve.custody.networks import BadNetworks, Network
from fullreserve.door.limits import Buckets
from fullreserve.door.protocol import Limit, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import Move
from fullreserve.identity import store
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.vault import Vault
from fullreserve.until_terminated import until_terminated

READS_ONLY = 0
# Of each name: withdrawals and moves in a second. Each is a question to the order process.
RATE, RATE_MS = 500, 1_000
TURNS = 50  # tenths of a second that a question about withdrawals waits for its turn

log = structlog.get_logger(__name__)


class NotTold(ValueError):
    """Who asks has no business with it; the message says why."""


class SignerDesk:
    """Answers questions of `view_wire` by name; `record` is the newest of ceremonies."""

    def __init__(
        self,
        view: ExchangeView,
        served: Sequence[Network],
        record: Callable[[], Record],
        clock: Clock,
    ) -> None:
        self._view = view
        self._signers = {one.network: _names(one) for one in served}
        self._record = record
        self._clock = clock
        self._buckets = Buckets()
        self._refusals = Refusals(clock)

    async def answer(self, name: str, question: bytes) -> bytes:
        """Never raises."""
        return msgspec.json.encode(await self._answer(name, question))

    async def _answer(self, name: str, question: bytes) -> Told:
        try:
            asked = decode_asked(question)
            if isinstance(asked, AskMove):
                return Told(move=await self._move(name, asked.number))
            if isinstance(asked, AskRates):
                self._check(name, len(asked.assets))
                self._count(name, len(asked.assets))
                return Told(rates=dict(await self._view.rates(asked.assets)))
            return Told(await self._withdrawals(name, asked))
        except msgspec.DecodeError:
            return self._refused(name, "the question cannot be read")
        except NotTold as refusal:
            return self._refused(name, str(refusal))
        except (Unavailable, Unknown, OSError) as problem:
            log.warning("cannot tell now", problem=str(problem))
            return Told(refusal="the exchange cannot be asked now")
        except (sqlite3.Error, KeyringError) as problem:
            log.error("cannot read where it goes", problem=type(problem).__name__)
            return Told(refusal="the exchange cannot read its address book now")
        except Exception as problem:  # noqa: BLE001 - who asks is answered whatever was asked
            log.error("a question fails", problem=type(problem).__name__)
            return Told(refusal="the exchange fails to answer that")

    def _refused(self, name: str, why: str) -> Told:
        self._refusals.say(name, why)
        return Told(refusal=why)

    async def _withdrawals(self, name: str, asked: AskWithdrawals) -> tuple[Due | None, ...]:
        self._check(name, len(asked.numbers))
        await self._turn(name, len(asked.numbers))
        found = await self._view.withdrawals(asked.numbers)
        for one in found:
            if one is not None and name not in self._signers.get(one.network, ()):
                raise NotTold(f"{name} is no signer of network {one.network} by {networks.FILE}")
        return tuple(found)

    async def _turn(self, name: str, count: int) -> None:
        """Waits a while, as a drain's full plans are signed side by side: refused, few ever were.

        NotTold.
        """
        for _ in range(TURNS):
            if self._takes(name, count):
                return
            await self._clock.wait_ms(RATE_MS // 10)
        self._count(name, count)

    def _check(self, name: str, count: int) -> None:
        """NotTold unless it signs for hot, and asks for no more than may be."""
        if name == COORDINATOR or not any(name in names for names in self._signers.values()):
            raise NotTold(f"{name} signs for no network that {networks.FILE} asks it for by TLS")
        if count > NUMBERS_MAX:
            raise NotTold(f"no more than {NUMBERS_MAX} are asked for at once")

    async def _move(self, name: str, number: int) -> Move | None:
        if name == COORDINATOR:
            raise NotTold(f"{name} is told of no move")
        self._count(name, 1)
        found = await self._view.move(number)
        if found is not None and not self._knows(name, found):
            raise NotTold(f"{name} signs for no wallet of network {found.network}")
        return found

    def _knows(self, name: str, move: Move) -> bool:
        if name in self._signers.get(move.network, ()):
            return True
        wallets = self._record().state.wallets
        tiers = (Tier(one).name.lower() for one in (move.source, move.target))
        held = (wallets.get((move.network, tier)) for tier in tiers)
        return any(one is not None and name in one.holders for one in held)

    def _takes(self, name: str, cost: int) -> bool:
        limit = Limit((name,), RATE, RATE_MS, max(cost, 1))
        return self._buckets.take((limit,), self._clock.monotonic_ns())

    def _count(self, name: str, cost: int) -> None:
        if not self._takes(name, cost):
            raise NotTold(f"{name} asks for more than {RATE} in a second")


def _names(network: Network) -> frozenset[str]:
    """Who signs for a network elsewhere."""
    far = (one for one in network.signers if one.startswith(SCHEME))
    return frozenset(Endpoint.read(one).name for one in far)


async def serve(data: Path, where: Address, clock: Clock) -> None:
    """Until SIGTERM, or until the exchange is gone."""
    side = Side(data, EXCHANGE, serves=True)
    side.now()
    store.require(data)
    vault = Vault(data, clock.wall_ms)
    door = await SocketDoor.open(data / SOCKET_NAME, READS_ONLY, clock)
    view = LocalView(House(door), Destinations(vault))
    desk = SignerDesk(view, networks.served(data), side.record, clock)
    listener = Listener(desk.answer, side.now, clock, QUESTION_MAX)
    server = await listener.listen(where.host, where.port)
    log.info("signers elsewhere are told", where=str(where))
    try:
        await until_terminated(door.closed.wait())
    finally:
        server.close()
        await door.close()
        vault.close()


def main() -> int:
    """Run it as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    forbid_dumps()
    known = (Unavailable, KeyringError, BadNetworks, OSError, ValueError)
    try:
        where = Address.parse(settings.custody.signers)
        asyncio.run(serve(settings.data, where, SystemClock()))
    except known as problem:
        log.error("signers elsewhere are told nothing", problem=str(problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

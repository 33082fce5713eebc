"""What custody owes by the clock: a process of its own beside the exchange.

`python -m fullreserve.custody.duty`. It puts withdrawals before the policy, drives a restart
that the board has signed off, and challenges holders. It holds no key and keeps nothing: killed at
any moment, it asks the exchange what is due and goes on.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody import vendors
from fullreserve.custody.certificate_ends import CertificateEnds
from fullreserve.custody.deciding import Deciding
from fullreserve.custody.deposit_screening import DepositScreening
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.fee_quotes import FeeQuotes, quoted
from fullreserve.custody.house import DUTY_GATEWAY, House, Unknown
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.custody.networks import served
from fullreserve.custody.outflow import Outflow
from fullreserve.custody.presence import Presence
from fullreserve.custody.reopening import Reopening
from fullreserve.custody.restore_mark import is_compared, uncompared
from fullreserve.custody.setbacks import Setbacks, named
from fullreserve.custody.stale_prices import StalePrices
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.faults import leaves
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.vault import Vault
from fullreserve.until_terminated import until_terminated

LOOK_MS, PRESENCE_MS, OUTFLOW_MS, PRICES_MS, FEES_MS = 400, 2_000, 2_000, 10_000, 20_000
SCREEN_MS, CERTIFICATES_MS = 1_000, 60_000

# What ends the process, so that it is begun again: the exchange or the vault is not there.
KNOWN = (Unavailable, Unknown, KeyringError, sqlite3.Error)

log = structlog.get_logger(__name__)


class Duty(Protocol):
    """One of the things that are due again and again."""

    async def round(self) -> None:
        """Does what is due."""


async def keep(duties: Sequence[tuple[int, Duty]], clock: Clock) -> None:
    """Each by itself, at its pause in ms: whatever is wrong with one stops no other."""
    async with asyncio.TaskGroup() as group:
        for pause_ms, one in duties:
            group.create_task(_keep(one, pause_ms, clock))


async def _keep(one: Duty, pause_ms: int, clock: Clock) -> None:
    told = ""
    while True:
        problem = await _problem(one)
        if problem != told:
            told = problem
            duty = type(one).__name__.lower()
            if problem:
                log.error("a duty cannot be done; the others are", duty=duty, problem=problem)
            else:
                log.info("the duty is done again", duty=duty)
        await clock.wait_ms(pause_ms)


async def _problem(one: Duty) -> str:
    """What is wrong with what a duty was given, or with it; "" when it is done. KNOWN."""
    try:
        await one.round()
    except (ValueError, OSError) as problem:
        return str(problem) or type(problem).__name__
    except KNOWN:
        raise
    except Exception as problem:  # noqa: BLE001 - a fault of ours stops no other duty either
        return named(problem)
    return ""


async def serve(settings: Settings, clock: Clock) -> int:
    """On duty until SIGTERM; the exit code."""
    data = settings.data
    vault = Vault(data, clock.wall_ms)
    door = await SocketDoor.open(data / SOCKET_NAME, DUTY_GATEWAY, clock)
    house = House(door, partial(uncompared, data))
    setbacks = Setbacks(data, clock)
    asked, known = vendors.load(data, clock), served(data)
    compared = partial(is_compared, data)
    deciding = Deciding(house, Destinations(vault), asked, setbacks, clock, compared)
    chains = {one.network: one.chains() for one in known}
    screening = DepositScreening(house, chains, data / WATCHER_STORE, asked)
    duties: Sequence[tuple[int, Duty]] = (
        (LOOK_MS, deciding),
        (SCREEN_MS, screening),
        (LOOK_MS, Reopening(house, clock)),
        (PRESENCE_MS, Presence(data, house, clock)),
        (OUTFLOW_MS, Outflow(house, clock, settings.custody.hourly_share)),
        (FEES_MS, FeeQuotes(quoted(known), house, clock)),
        (CERTIFICATES_MS, CertificateEnds(data, clock)),
        (PRICES_MS, StalePrices(data, house, clock, settings.custody.price_age_h)),
    )

    async def work() -> None:
        async with house.listening():
            await keep(duties, clock)

    try:
        await until_terminated(work())
    finally:
        await door.close()
        vault.close()
    return 0


def main() -> int:
    """Run it as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    forbid_dumps()
    known = (*KNOWN, ValueError)
    try:
        return asyncio.run(serve(settings, SystemClock()))
    except* known as problems:
        for problem in leaves(problems):
            log.error("duty ends", problem=str(problem))
    return 1


if __name__ == "__main__":
    sys.exit(main())

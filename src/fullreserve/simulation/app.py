"""`fullreserve demo`: the exchange with a living market on it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from fullreserve.app.command import run
from fullreserve.app.running import Extension, Running
from fullreserve.app.supervision import Program
from fullreserve.clock import Clock
from fullreserve.config import Settings
from fullreserve.door.protocol import Health
from fullreserve.exchange import genesis
from fullreserve.exchange.wire.commands import AnyCommand, SetFeeTier
from fullreserve.identity import demo as identity
from fullreserve.identity.courier import Console
from fullreserve.identity.demo_operators import FILE_NAME as OPERATORS_FILE
from fullreserve.identity.demo_operators import DemoOperator, open_operators
from fullreserve.records.imports import FILE as IMPORTED
from fullreserve.records.imports import keep_candles
from fullreserve.simulation import history
from fullreserve.simulation.accounts import ACCOUNTS, TIER, fund
from fullreserve.simulation.market import MARKET_FILE, Opening
from fullreserve.simulation.opening import quoted, recorded
from fullreserve.simulation.prices import MINUTE_MS, PriceModel

if TYPE_CHECKING:
    from fullreserve.custody.demo import DemoChains

BOTS = "fullreserve.simulation.market"
SIGNER, HOLDERS = "fullreserve.custody.signer", "fullreserve.custody.demo_holders"

# Parts per 10^8 of what is received: 0.08 % and 0.1 %, the usual rates of a first tier.
MAKER_RATE, TAKER_RATE = 80_000, 100_000

# How long the ready line waits for the market; a user is not to meet empty books and charts.
OPENING_WAIT_S = 15

log = structlog.get_logger(__name__)


class Market(Extension):
    """What the demo adds: its opening, candles from before it, accounts, and the bots."""

    prunes = True  # the demo's market is to run for ever on a small disk
    channel = Console()
    is_demo = True

    def __init__(self, chains: str = "anvil") -> None:
        self._which = chains
        self._keys: list[identity.DemoKey] = []
        self._operators: list[DemoOperator] = []
        self._opened: Health
        # Later starts find the candles in the records; they need not wait for the newest.
        self._first = False
        self._chains: DemoChains | None = None

    def genesis(self) -> list[AnyCommand]:
        return [*genesis.spot(), SetFeeTier(0, 0, TIER, MAKER_RATE, TAKER_RATE)]

    def prepare(self, settings: Settings, clock: Clock) -> None:
        opening = _opening(settings, clock)
        if not (settings.data / IMPORTED).exists():
            model = PriceModel(opening.opened_ms, opening.seed)
            self._first = True
            keep_candles(settings.data, history.candles(model))
            log.info("made candles of the 7 days before", pairs=len(history.listed().instruments))

    async def open(self, running: Running) -> None:
        names = [account.name for account in ACCOUNTS]
        self._keys = identity.open_accounts(running.vault, running.settings.data, names)
        self._operators = open_operators(running.vault, running.settings.data)
        opened = await fund(running.door, {key.name: int(key.uid) for key in self._keys})
        self._opened = await running.door.health()
        if opened:
            log.info("funded demo accounts from the treasury", accounts=opened)
        await self.open_chains(running)

    async def open_chains(self, running: Running) -> None:
        """Starts the demo's chains; without them there are no deposits and withdrawals."""
        from fullreserve.custody.demo import DemoChains, NoChain

        data = running.settings.data
        try:
            self._chains = await DemoChains.open(data, running.door, running.clock, self._which)
        except NoChain as problem:
            log.warning("deposits and withdrawals are off", problem=str(problem))
        else:
            from fullreserve.simulation.outside import known_addresses

            known_addresses(running.vault, data, self._keys)

    def children(self) -> Sequence[str | Program]:
        signers = self._chains.signers if self._chains is not None else ()
        has_people = self._chains is not None and self._chains.has_people
        holders = (Program(HOLDERS),) if has_people else ()
        return (BOTS, *(Program(SIGNER, *one) for one in signers), *holders)

    def close(self) -> None:
        """Ends the demo's chains."""
        if self._chains is not None:
            self._chains.close()

    async def settle(self, running: Running) -> None:
        makers = [int(key.uid) for key in self._keys if key.name.startswith("maker")]
        try:
            async with asyncio.timeout(OPENING_WAIT_S):
                await quoted(running.door, running.clock, makers, self._opened.time_ms)
                if self._first:
                    await recorded(running.door, running.clock, self._opened.sequence)
        except TimeoutError:
            log.warning("quotes or candles are not complete yet", waited_s=OPENING_WAIT_S)

    def announce(self, running: Running) -> None:
        operators = running.settings.data / OPERATORS_FILE
        s = "s" if running.settings.tls.enabled else ""
        none = ["No chain runs: deposits and withdrawals are off."]
        lines = [
            "",
            *(self._chains.said if self._chains is not None else none),
            "Demo accounts (all keys: " + str(running.settings.data / identity.FILE_NAME) + ")",
            *(_line(key) for key in self._keys if key.name.startswith("trader")),
            "",
            f"Operators, at http{s}://{running.http}/operator (all of it: {operators})",
            *(_operator_line(one) for one in self._operators),
            "",
        ]
        sys.stdout.write("\n".join(lines) + "\n")


def _line(key: identity.DemoKey) -> str:
    return (
        f"  {key.name:<8} uid {key.uid}  apiKey {key.api_key}\n"
        f"           secret {key.secret}  passphrase {key.passphrase}"
    )


def _operator_line(one: DemoOperator) -> str:
    return (
        f"  {one.email}  {one.role:<8} password {one.password}\n"
        f"           authenticator {one.totp_secret}"
    )


class DamagedOpening(ValueError):
    """The file of the market's opening cannot be read; the message names it."""


def _opening(settings: Settings, clock: Clock) -> Opening:
    """The market's opening as it was at the first start; speed is of this start."""
    path = settings.data / MARKET_FILE
    now_ms = clock.exchange_ms()
    opened_ms, seed = now_ms - now_ms % MINUTE_MS, settings.demo.seed
    if path.exists():
        try:
            known = msgspec.json.decode(path.read_bytes(), type=Opening)
        except msgspec.DecodeError as problem:
            raise DamagedOpening(
                f"{path} is damaged: {problem}; put it back from your backup, or remove it: "
                "prices then begin anew"
            ) from None
        opened_ms, seed = known.opened_ms, known.seed
    opening = Opening(opened_ms, seed, str(settings.demo.speed))
    _write(path, msgspec.json.encode(opening))
    return opening


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def demo(settings: Settings, chains: str = "anvil") -> int:
    """Run the exchange with the demo market until SIGINT or SIGTERM; 0 after a clean stop."""
    market = Market(chains)
    try:
        return run(settings, market, Fraction(settings.demo.speed))
    finally:
        market.close()

"""The exchange as a process: `fullreserve up` in a folder of its own, on ports of its own.

Traders come through the same doors as everywhere: the vault for their keys, the Unix socket for
their accounts and their money from the treasury.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from fullreserve.clock import SystemClock
from fullreserve.door.protocol import Refused, Result
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    OpenOwner,
    Transfer,
    amount_bytes,
    encode,
)
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey, Personal, Vault
from tests.cheap_hashes import CHEAP

READY = re.compile(r"ready: REST https?://(\S+) · WebSocket wss?://(\S+)")
TREASURER = 900  # the gateway id under which the tests fund accounts
STOP_WAIT_S = 60
PLANNED_WAIT_S = 120
RECORDS_LOOK_MS = 50
RECORDS_LOOKS = 1200
TRADE = Permission.READ_ONLY | Permission.TRADE
PROGRAM = ("fullreserve.cli", "up")


class Funds(NamedTuple):
    """Whole units of an asset on the trading account."""

    asset: str
    units: int


RICH = (Funds("BTC", 100), Funds("ETH", 1000), Funds("USDT", 10_000_000))


class LiveServer:
    """A running exchange. `start` returns when it is ready."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.folder = folder
        self._environment = dict(environment or {})
        self._program = program
        self._process: subprocess.Popen[str]
        self._log: IO[str]
        self.http = ""
        self.ws = ""

    def start(self, *command: str) -> LiveServer:
        """Run `fullreserve up` (or another command or program) and wait for its ready line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = (self.folder.parent / f"{self.folder.name}.log").open("a")
        settings = {
            "FULLRESERVE_DATA": str(self.folder),
            "FULLRESERVE_HTTP": "127.0.0.1:0",
            "FULLRESERVE_WS": "127.0.0.1:0",
            "FULLRESERVE_GATEWAY_LIMITS": "off",
            **self._environment,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", *(self._program[:1] if command else self._program), *command],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if ready := READY.search(line):
                self.http, self.ws = ready.groups()
                return self
        raise AssertionError(f"ended with {self._process.wait()} before it was ready:\n{self.log}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What the process wrote to its standard error so far."""
        return Path(self._log.name).read_text()

    def stop(self) -> int:
        """Ask it to end as an operator would; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def ended(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._end(PLANNED_WAIT_S)

    def kill(self) -> int:
        """End it at whatever it is doing."""
        self._process.kill()
        return self._end()

    def _end(self, wait_s: int = STOP_WAIT_S) -> int:
        code = self._process.wait(wait_s)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
        return code

    def await_records(self) -> None:
        """Return once the follower has everything that is in the log."""
        asyncio.run(self._await_records())

    async def _await_records(self) -> None:
        clock = SystemClock()
        door = await SocketDoor.open(self.folder / SOCKET_NAME, TREASURER, clock)
        try:
            for _ in range(RECORDS_LOOKS):
                health = await door.health()
                if health.projections.get("records", 0) >= health.durable:
                    return
                await clock.wait_ms(RECORDS_LOOK_MS)
        finally:
            await door.close()
        raise AssertionError(f"the records do not follow:\n{self.log}")

    def trader(
        self,
        funds: Sequence[Funds] = RICH,
        permissions: Permission = TRADE,
        personal: Personal | None = None,
    ) -> NewKey:
        """A new user with a funded trading account."""
        return asyncio.run(self.new_trader(funds, permissions, personal))

    async def new_trader(
        self,
        funds: Sequence[Funds] = RICH,
        permissions: Permission = TRADE,
        personal: Personal | None = None,
    ) -> NewKey:
        """The same within a loop."""
        clock = SystemClock()
        vault = Vault(self.folder, clock.wall_ms, CHEAP)
        door = await SocketDoor.open(self.folder / SOCKET_NAME, TREASURER, clock)
        try:
            uid = vault.create_user(personal=personal).uid
            label = personal.label if personal else ""
            key = vault.create_key(uid, "Live-Phrase-1", permissions, label)
            assets: list[AssetDefined] = await door.query(ListAssets())
            await submit(door, _opening(door, key.uid, funds, assets))
        finally:
            await door.close()
            vault.close()
        return key


def _opening(
    door: SocketDoor, owner: int, funds: Sequence[Funds], assets: Sequence[AssetDefined]
) -> list[AnyCommand]:
    named = {asset.symbol: asset for asset in assets}
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    target = AccountKey(owner, chart.TRADE, 0)
    commands: list[AnyCommand] = [
        OpenOwner(door.gateway, door.numbers(1), owner, owner, segment=0, tier=1, kyc=1)
    ]
    for each in funds:
        asset = named[each.asset]
        amount = amount_bytes(each.units * 10**asset.scale)
        number = door.numbers(1)
        commands.append(
            Transfer(door.gateway, number, chart.HOUSE, treasury, target, asset.asset, amount)
        )
    return commands


async def submit(door: SocketDoor, commands: Sequence[AnyCommand]) -> None:
    """All in one submission, of which none is refused."""
    done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    door.submit([encode(command) for command in commands], done.set_result)
    result = await done
    assert not isinstance(result, Refused), result
    assert [reply.code for reply in result] == [0] * len(commands)

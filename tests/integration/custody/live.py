"""A running exchange with chains beside it, and a client of it."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import ccxt
import msgspec
import psutil
from websockets.sync.client import ClientConnection, connect

from fullreserve.clock import SystemClock
from fullreserve.custody import networks
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Refused
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import Deposit, ListUnclaimed
from fullreserve.exchange.products.liveness import LIVENESS, ListQuorums, QuorumState
from fullreserve.exchange.products.policy_wire import POLICY, Approve, Confirm
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    ListMarks,
    ListMoves,
    Marks,
    Move,
)
from fullreserve.exchange.wire.commands import Product
from fullreserve.gateway import ids
from fullreserve.identity.address_book import LOCK_MS, AddressBook
from fullreserve.identity.vault import Vault

READY = re.compile(r"ready: REST http://(\S+) · WebSocket ws://(\S+)")
WAIT_S = 150
LOOK_S = 0.2
STOP_S = 60
OPERATOR = 901  # the gateway id under which a test speaks for the house
ETHER = 10**18


class Live:
    """`chain_demo` as a process; it can be ended and started again over the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http = self.ws = ""
        self._process: subprocess.Popen[str]
        self._log = folder.parent / f"{folder.name}.log"

    def start(self, *chains: str) -> Live:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "FULLRESERVE_DATA": str(self.folder),
            "FULLRESERVE_HTTP": "127.0.0.1:0",
            "FULLRESERVE_WS": "127.0.0.1:0",
            "FULLRESERVE_GATEWAY_LIMITS": "off",
        }
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.custody.chain_demo", *chains],
                env=os.environ | settings,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if ready := READY.search(line):
                self.http, self.ws = ready.groups()
                return self
        raise AssertionError(f"ended before it was ready:\n{self.log}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A test that fails leaves none running: it would take the machine from all others."""
        if self._process.poll() is None:
            self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> int:
        """Ends it as an operator would; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def kill(self) -> None:
        """Ends it at whatever it is doing; its children end with it.

        The chain's node keeps its blocks as it ends, which a start right behind would not see. The
        log begins anew: what a child says that is ended as it starts does not matter.
        """
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._end()
        _, alive = psutil.wait_procs(children, STOP_S)
        assert not alive, alive
        self._log = self._log.with_name(f"{self._process.pid}.log")

    def _end(self) -> int:
        code = self._process.wait(STOP_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def child(self, module: str) -> psutil.Process | None:
        """The running worker of a module."""
        for one in psutil.Process(self._process.pid).children(recursive=True):
            try:
                if module in one.cmdline():
                    return one
            except psutil.NoSuchProcess:
                continue
        return None

    def client(self, name: str = "trader") -> Any:
        """ccxt as one of the demo's accounts."""
        key = self._key(name)
        made = ccxt.okx(
            {"apiKey": key["apiKey"], "secret": key["secret"], "password": key["passphrase"]}
        )
        made.urls["api"] = {"rest": f"http://{self.http}"}
        made.hostname = self.http
        made.enableRateLimit = False
        made.timeout = 60_000  # a busy machine may take its time
        made.load_markets()
        return made

    def _key(self, name: str) -> dict[str, str]:
        kept = json.loads((self.folder / "demo-keys.json").read_text())
        found: dict[str, str] = next(one for one in kept if one["name"] == name)
        return found

    def network(self, number: int = 1) -> Network:
        return next(one for one in networks.load(self.folder) if one.network == number)

    @contextmanager
    def subscribed(self, okx: Any, *channels: str) -> Iterator[Iterator[tuple[str, Any]]]:
        """Rows of private channels as they are pushed, for ccxt's account."""
        with connect(f"ws://{self.ws}/ws/v5/business") as socket:
            now = str(int(time.time()))
            text = f"{now}GET/users/self/verify".encode()
            signed = hmac.digest(okx.secret.encode(), text, "sha256")
            login = {
                "apiKey": okx.apiKey,
                "passphrase": okx.password,
                "timestamp": now,
                "sign": base64.b64encode(signed).decode(),
            }
            socket.send(json.dumps({"op": "login", "args": [login]}))
            assert json.loads(socket.recv(WAIT_S))["event"] == "login"
            asked = [{"channel": channel} for channel in channels]
            socket.send(json.dumps({"op": "subscribe", "args": asked}))
            yield self._rows(socket)

    @staticmethod
    def _rows(socket: ClientConnection) -> Iterator[tuple[str, Any]]:
        while True:
            told = json.loads(socket.recv(WAIT_S))
            for row in told.get("data", ()):
                yield told["arg"]["channel"], row

    def unclaimed(self) -> list[Deposit]:
        """What came and is nobody's."""
        found: list[Deposit] = asyncio.run(self._asked(ListUnclaimed(10)))
        return found

    def quorums(self) -> list[QuorumState]:
        """Everybody who is challenged, and the last answers."""
        found: list[QuorumState] = asyncio.run(self._asked(ListQuorums(), LIVENESS))
        return found

    def marks(self) -> list[Marks]:
        """When hot is refilled and swept."""
        found: list[Marks] = asyncio.run(self._asked(ListMarks(), TIER_MOVES))
        return found

    def moves(self) -> list[Move]:
        """Between tiers, the newest first."""
        asked = ListMoves(is_open=False, limit=100)
        found: list[Move] = asyncio.run(self._asked(asked, TIER_MOVES))
        return found

    def claim(self, one: Deposit, okx: Any) -> None:
        """The house says whose it is."""
        (account,) = okx.private_get_account_config()["data"]
        claim = wire.Claim(one.network, one.transfer, int(account["uid"]))
        asyncio.run(self._said(claim))

    def approve(self, wd_id: str, by: int = 0) -> None:
        """One of the demo's operators approves what the policy leaves to people."""
        kept = json.loads((self.folder / "demo-operators.json").read_text())
        asyncio.run(self._of_policy(int(kept[by]["uid"]), Approve(ids.number(wd_id))))

    def verified(self, name: str, address: str, network: int = 1) -> str:
        """The address, which an account's book has known for longer than the lock."""
        vault, uid = Vault(self.folder, SystemClock().wall_ms), int(self._key(name)["uid"])
        AddressBook(vault).add(uid, network, address, "Own", age_ms=2 * LOCK_MS)
        vault.close()
        return address

    def confirm(self, wd_id: str) -> None:
        """The trader confirms what its score asks him for, as he would on the page."""
        uid = int(self._key("trader")["uid"])
        asyncio.run(self._of_policy(uid, Confirm(ids.number(wd_id))))

    async def _of_policy(self, who: int, said: Approve | Confirm) -> None:
        door = await SocketDoor.open(self.folder / SOCKET_NAME, OPERATOR, SystemClock())
        try:
            word = msgspec.msgpack.encode(said)
            command = Product(door.gateway, door.numbers(1), POLICY, who, word)
            result = await outcome(door, command)
            assert not isinstance(result, Refused), result
            assert result.code == 0
        finally:
            await door.close()

    async def _asked(self, question: Any, fold: int = wire.DEPOSITS) -> Any:
        door = await SocketDoor.open(self.folder / SOCKET_NAME, OPERATOR, SystemClock())
        try:
            return await House(door).ask(fold, question)
        finally:
            await door.close()

    async def _said(self, payload: wire.Payload) -> None:
        door = await SocketDoor.open(self.folder / SOCKET_NAME, OPERATOR, SystemClock())
        try:
            assert await House(door).report(wire.DEPOSITS, payload) == [0]
        finally:
            await door.close()

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """What a condition comes to; AssertionError with the log when it does not."""
        ends = time.monotonic() + WAIT_S
        while time.monotonic() < ends:
            try:
                found = condition()
            except ccxt.NetworkError:
                found = None  # an idle connection was closed as it was used
            if found:
                return found
            time.sleep(LOOK_S)
        raise AssertionError(f"not in time: {what}\n{self.log[-4000:]}")

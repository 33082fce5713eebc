"""Who runs the exchange in the browser tests: operators as the demo makes them."""

from __future__ import annotations

import asyncio
import time
from base64 import b32decode
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from fullreserve.app.first_policy import RULES
from fullreserve.clock import SystemClock
from fullreserve.door.outcome import outcome
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AssignAddress,
    DefineNetwork,
    NetworkAsset,
)
from fullreserve.exchange.products.deposit_state import GetAddress
from fullreserve.exchange.products.policy_wire import EDITION as POLICY_EDITION
from fullreserve.exchange.products.policy_wire import POLICY, Adopt, Found, SetRisk
from fullreserve.exchange.products.risk_rules import RiskTable
from fullreserve.exchange.wire.commands import Product, amount_bytes
from fullreserve.exchange.wire.events import Reply
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.identity import totp
from fullreserve.identity.demo_operators import DemoOperator, open_operators
from fullreserve.identity.enrolment import enrol_missing
from fullreserve.identity.vault import Vault
from tests.browser.people import SignedIn
from tests.server import LiveServer

ENROLLER = 901  # the gateway id under which the tests enrol operators
X = "x/operator/"


class Operator(SignedIn):
    """One operator, signed in, with what it takes to sign in again."""

    def __init__(self, server: LiveServer, known: DemoOperator) -> None:
        super().__init__(server, int(known.uid))
        self.known = known

    def code(self) -> str:
        """What the authenticator shows now."""
        step = int(time.time() * 1000) // totp.STEP_MS
        return totp.code(b32decode(self.known.totp_secret), step)


def open_desk(server: LiveServer) -> list[Operator]:
    """Two admins and one of the support; nobody's word counts yet."""
    vault = Vault(server.folder, SystemClock().wall_ms)
    known = open_operators(vault, server.folder)
    vault.close()
    return [Operator(server, one) for one in known[:3]]


def enrol_all(server: LiveServer, desk: Sequence[Operator]) -> None:
    """From here on their words count."""

    async def enrolled(door: SocketDoor) -> None:
        await enrol_missing(door, [one.uid for one in desk])

    at_the_door(server, enrolled)


def adopt_policy(server: LiveServer) -> None:
    """From here on changes of the policy are judged as where chains are served."""
    say_all(server, (POLICY, Adopt(POLICY_EDITION)))


def found_policy(server: LiveServer, one: Operator) -> None:
    """From here on there are rules that let something leave, and no others are taken."""
    adopt_policy(server)
    if not one.get(X + "policy")[0]["rules"]:
        say_all(server, (POLICY, Found(RULES)))


def set_risk(server: LiveServer) -> None:
    """From here on withdrawals have a risk score; once."""
    say_all(server, (POLICY, SetRisk(RiskTable())))


def know_a_network(server: LiveServer) -> None:
    """From here on the log has a network, `Testnet`, with BTC on it; nobody serves it."""
    nothing, fee, least, most = (amount_bytes(each) for each in (0, 10, 20, 10**9))
    line = NetworkAsset(1, 8, nothing, fee, least, most, 8)
    terms = DefineNetwork(77, "Testnet", 1, 2, needs_memo=False, gas_asset=1, assets=(line,))
    say_all(server, (DEPOSITS, terms), (WITHDRAWALS, terms))


def say_all(server: LiveServer, *words: tuple[int, msgspec.Struct]) -> None:
    """Words of the house to folds, each taken."""

    async def said(door: SocketDoor) -> None:
        for fold, word in words:
            payload = msgspec.msgpack.encode(word)
            command = Product(door.gateway, door.numbers(1), fold, chart.HOUSE, payload)
            result = await outcome(door, command)
            assert isinstance(result, Reply), result
            assert not result.code

    at_the_door(server, said)


def address_of(server: LiveServer, uid: int) -> int:
    """The index of a user's address on that network, which he is given."""
    found: list[int] = []

    async def asked(door: SocketDoor) -> None:
        payload = msgspec.msgpack.encode(AssignAddress(77))
        assert await outcome(door, Product(door.gateway, door.numbers(1), DEPOSITS, uid, payload))
        question = msgspec.msgpack.encode(GetAddress(77, uid))
        answer: bytes | None = await door.query(AskFold(DEPOSITS, question))
        assert answer
        found.append(msgspec.msgpack.decode(answer, type=int))

    at_the_door(server, asked)
    return found[0]


def at_the_door(server: LiveServer, say: Callable[[SocketDoor], Awaitable[None]]) -> None:
    """Say something to the exchange as its own workers do."""

    async def said() -> None:
        door = await SocketDoor.open(server.folder / SOCKET_NAME, ENROLLER, SystemClock())
        try:
            await say(door)
        finally:
            await door.close()

    # The browser's driver keeps a loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, said()).result()

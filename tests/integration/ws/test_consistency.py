"""Goal: what private channels say and what REST says are one truth, at every moment.

Method: two traders do random things. A client keeps the orders and balances of one of them from
pushes alone; after each act its view must become what REST answers, and no push may run ahead.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from fullreserve.app.ports import bound
from fullreserve.config import Address
from fullreserve.gateway.ws.server import Server, start
from fullreserve.identity.vault import NewKey
from tests.integration.rest.bed import RestBed
from tests.integration.ws.live import Client, login

BTC_USDT = 1
DONE = ("filled", "canceled")
ORDER = (
    "ordId", "clOrdId", "instId", "side", "ordType", "px", "sz", "state", "accFillSz", "fee",
    "feeCcy", "cTime", "uTime", "cancelSource", "tag",
)  # fmt: skip
DETAIL = ("cashBal", "eq", "availBal", "frozenBal", "ordFrozen", "uTime")


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def server(rest: RestBed) -> AsyncIterator[Server]:
    opened = await start(rest.context, bound("ws", Address("127.0.0.1", 0)))
    yield opened
    await opened.close()


def few(row: Any, names: tuple[str, ...]) -> dict[str, str]:
    return {name: row[name] for name in names}


class Watcher:
    """Orders and balances of a trader as its pushes tell them."""

    def __init__(self, rest: RestBed, key: NewKey, client: Client) -> None:
        self.rest, self.key, self.client = rest, key, client
        self.orders: dict[str, dict[str, str]] = {}
        self.details: dict[str, dict[str, str]] = {}
        self.cash: dict[str, str] | None = None
        self.trades: set[tuple[str, str]] = set()

    async def subscribe(self, *channels: str) -> None:
        self.cash = {} if "balance_and_position" in channels else None
        args = [{"channel": name, **WITH.get(name, {})} for name in channels]
        await self.client.send({"op": "subscribe", "args": args})

    async def take(self, message: Any) -> None:
        if "event" in message:
            assert message["event"] != "error", message
            return
        channel = message["arg"]["channel"]
        for row in message["data"]:
            if channel == "orders":
                await self._order(row)
            elif channel == "account":
                if message["eventType"] == "snapshot":
                    self.details.clear()
                for detail in row["details"]:
                    assert "maxSpotInUseAmt" in detail
                    assert "maxSpotInUse" not in detail  # the name of REST
                    await self._detail(detail)
            else:
                assert self.cash is not None
                for balance in row["balData"]:
                    self.cash[balance["ccy"]] = balance["cashBal"]

    async def _order(self, row: Any) -> None:
        number = row["ordId"]
        before = self.orders.get(number)
        if before is not None:
            assert before["state"] not in DONE, "a terminal state is the last"
            assert Decimal(before["accFillSz"]) <= Decimal(row["accFillSz"])
            assert int(before["uTime"]) <= int(row["uTime"])
        if row["tradeId"]:
            assert (number, row["tradeId"]) not in self.trades
            self.trades.add((number, row["tradeId"]))
        self.orders[number] = few(row, ORDER)
        told = (await self._get("trade/order", instId="BTC-USDT", ordId=number))[0]
        assert Decimal(told["accFillSz"]) >= Decimal(row["accFillSz"]), "REST is behind a push"
        assert int(told["uTime"]) >= int(row["uTime"])
        if row["state"] in DONE:
            assert few(told, ORDER) == self.orders[number]

    async def _detail(self, detail: Any) -> None:
        self.details[detail["ccy"]] = few(detail, DETAIL)

    async def _get(self, path: str, **params: object) -> Any:
        answer = await self.rest.get(path, self.key, **params)
        assert answer.code == "0", answer.json
        return answer.data

    async def agrees(self) -> bool:
        pending = await self._get("trade/orders-pending")
        (balance,) = await self._get("account/balance")
        open_now = {k: row for k, row in self.orders.items() if row["state"] not in DONE}
        details = {row["ccy"]: few(row, DETAIL) for row in balance["details"]}
        mine = {ccy: row for ccy, row in self.details.items() if Decimal(row["eq"])}
        if mine != details:
            return False
        if self.cash is not None:
            held = {ccy: cash for ccy, cash in self.cash.items() if Decimal(cash)}
            if held != {ccy: row["cashBal"] for ccy, row in details.items()}:
                return False
        return {row["ordId"]: few(row, ORDER) for row in pending} == open_now

    async def settle(self) -> None:
        """Reads pushes until the view is REST's; what else is on its way must not change it."""
        while not await self.agrees():
            await self.take(await self.client.next())
        await self.client.send("ping")
        while (text := await self.client.raw()) != "pong":
            await self.take(json.loads(text))
        assert await self.agrees()


WITH = {"orders": {"instType": "ANY"}}


class Actor:
    """A trader who does anything."""

    def __init__(self, client: Client, chance: random.Random) -> None:
        self.client, self.chance = client, chance
        self.placed: list[str] = []

    def order(self) -> dict[str, str]:
        chance = self.chance
        kind = chance.choice(("limit", "limit", "limit", "post_only", "ioc", "fok"))
        return {
            "instIdCode": str(BTC_USDT), "tdMode": "cash", "ordType": kind,
            "side": chance.choice(("buy", "sell")), "px": str(100 + chance.randrange(8)),
            "sz": str(chance.randrange(1, 9) / 10), "tag": "any",
        }  # fmt: skip

    def act(self) -> tuple[str, list[dict[str, str]]]:
        """An operation and its arguments."""
        chance = self.chance
        if self.placed and chance.random() < 0.4:
            target = {"instIdCode": str(BTC_USDT), "ordId": chance.choice(self.placed)}
            if chance.random() < 0.5:
                return "cancel-order", [target]
            change = chance.choice(({"newSz": "0.5"}, {"newPx": "103"}, {"newSz": "2.5"}))
            return "amend-order", [{**target, **change}]
        return "batch-orders", [self.order() for _ in range(chance.randrange(1, 4))]

    async def do(self) -> None:
        op, args = self.act()
        reply = await self.client.ask(op, *args)
        self.placed += [row["ordId"] for row in reply["data"] if row["ordId"]]


@pytest.mark.parametrize("seed", range(3))
async def test_pushes_and_rest_never_contradict_each_other(
    rest: RestBed, server: Server, seed: int
) -> None:
    """Criterion: WS-TRUTH-1, WS-TRUTH-2."""
    chance = random.Random(seed)
    sockets = [await connect(f"ws://{server.address}", ping_interval=None) for _ in range(3)]
    watching, *acting = (Client(socket) for socket in sockets)
    for client, key in zip((watching, *acting), (rest.alice, rest.alice, rest.bob), strict=True):
        await client.send(login(key, rest.clock))
        assert (await client.next())["code"] == "0"
    actors = [Actor(client, chance) for client in acting]
    watcher = Watcher(rest, rest.alice, watching)
    await watcher.subscribe("orders", "account", "balance_and_position")
    await watcher.settle()
    for step in range(150):
        actor = chance.choice(actors)
        if step % 10 == 5:
            await joins_in_the_middle(rest, server, actor)
        else:
            await actor.do()
        await watcher.settle()
    states = {row["state"] for row in watcher.orders.values()}
    assert states >= {"live", *DONE}
    assert watcher.trades
    for socket in sockets:
        await socket.close()


async def joins_in_the_middle(rest: RestBed, server: Server, actor: Actor) -> None:
    """A client subscribes while an order is on its way: snapshot and updates fit together."""
    async with connect(f"ws://{server.address}", ping_interval=None) as socket:
        late = Watcher(rest, rest.alice, Client(socket))
        await late.client.send(login(rest.alice, rest.clock))
        assert (await late.client.next())["code"] == "0"
        (_, told) = await asyncio.gather(actor.do(), late.subscribe("account"))
        assert told is None
        pending = await rest.get("trade/orders-pending", rest.alice)
        late.orders = {row["ordId"]: few(row, ORDER) for row in pending.data}
        await late.settle()

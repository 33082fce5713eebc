"""Goal: whoever was told of something by a private channel finds it in REST, at once and later.

Method: two traders trade and move money. For each push that one of them gets, REST is asked for the
same order, fill, balance and bill; once with records that follow the log, once with records that
stand still, as under load. What REST cannot know yet it must refuse, and never leave out.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from fullreserve.app.ports import bound
from fullreserve.config import Address
from fullreserve.gateway.ws.server import Server, start
from tests.bed import START_MS, until
from tests.integration.rest.bed import RestBed
from tests.integration.rest.test_records_faults import HastyClock
from tests.integration.ws.live import Client, login

CHANNELS = (
    {"channel": "orders", "instType": "ANY"},
    {"channel": "fills"},
    {"channel": "account"},
    {"channel": "balance_and_position"},
)
DONE = ("filled", "canceled")


class Told:
    """Alice at her socket: whatever she is told, she looks up."""

    def __init__(self, rest: RestBed, client: Client) -> None:
        self.rest, self.client = rest, client
        self.seen: set[str] = set()

    async def get(self, path: str, **params: object) -> Any:
        answer = await self.rest.get(path, self.rest.alice, **params)
        assert answer.code == "0", answer.json
        return answer.data

    async def hear(self) -> None:
        """Reads what was said until nothing more is on its way, and looks each of it up."""
        await self.client.send("ping")
        while (message := await self.client.raw()) != "pong":
            await self.look_up(json.loads(message))

    async def look_up(self, message: Any) -> None:
        if "data" not in message:
            assert message["event"] != "error", message
            return
        for row in message["data"]:
            await getattr(self, "of_" + message["arg"]["channel"])(row)

    async def of_orders(self, row: Any) -> None:
        one = (await self.get("trade/order", instId=row["instId"], ordId=row["ordId"]))[0]
        assert Decimal(one["accFillSz"]) >= Decimal(row["accFillSz"])
        lists = ["trade/orders-history", "trade/orders-history-archive"]
        if row["state"] not in DONE:
            lists.append("trade/orders-pending")  # or it is done meanwhile
        found = [each["ordId"] for path in lists for each in await self.get(path, instType="SPOT")]
        assert row["ordId"] in found
        self.seen.add(f"order {row['state']}")
        if row["tradeId"]:
            await self.of_fills(row)

    async def of_fills(self, row: Any) -> None:
        for path in ("trade/fills", "trade/fills-history"):
            answer = await self.rest.get(path, self.rest.alice, instType="SPOT", end=START_MS * 2)
            if answer.code == "50046":
                self.seen.add("fill refused")
                continue
            fills = {(fill["ordId"], fill["tradeId"]): fill["billId"] for fill in answer.data}
            assert int(fills[row["ordId"], row["tradeId"]]) > 0
        self.seen.add("fill")

    async def of_account(self, row: Any) -> None:
        (now,) = await self.get("account/balance")
        assert int(now["uTime"]) >= int(row["uTime"])
        self.seen.add("balance")

    async def of_balance_and_position(self, row: Any) -> None:
        """Her ledger holds the change that led to each balance, or says that it cannot tell."""
        if row["eventType"] == "snapshot":
            return
        bills = await self.rest.get("account/bills", self.rest.alice)
        if bills.code == "50046":
            self.seen.add("refused")
            return
        known = {(bill["ccy"], bill["bal"]) for bill in bills.data}
        for balance in row["balData"]:
            assert (balance["ccy"], balance["cashBal"]) in known
        self.seen.add("bill")


@pytest.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path, clock=HastyClock(START_MS))
    yield opened
    await opened.close()


@pytest.fixture
async def server(rest: RestBed) -> AsyncIterator[Server]:
    opened = await start(rest.context, bound("ws", Address("127.0.0.1", 0)))
    yield opened
    await opened.close()


async def move(rest: RestBed, source: str, target: str) -> str:
    body = {"ccy": "USDT", "amt": "7", "from": source, "to": target}
    return str((await rest.post("asset/transfer", rest.alice, body)).row["transId"])


@pytest.mark.parametrize("records", ["follow", "stand still"])
async def test_what_was_pushed_is_in_rest(rest: RestBed, server: Server, records: str) -> None:
    """Criterion: REC-45."""
    async with connect(f"ws://{server.address}", ping_interval=None) as socket:
        told = Told(rest, Client(socket))
        await told.client.send(login(rest.alice, rest.clock))
        await told.client.send({"op": "subscribe", "args": list(CHANNELS)})
        await told.hear()
        if records == "stand still":
            await rest.hold_records()
        await rest.place(rest.bob, "sell", "40000", "0.3")
        await rest.place(rest.alice, "buy", "40000", "0.1")
        await told.hear()
        resting = await rest.place(rest.alice, "buy", "39000", "0.2")
        await told.hear()
        await rest.place(rest.bob, "sell", "39000", "0.1")
        await told.hear()
        await rest.post("trade/cancel-order", rest.alice, {"instId": "BTC-USDT", "ordId": resting})
        moved = await move(rest, "18", "6")
        await told.hear()
        state = await told.get("asset/transfer-state", transId=moved)
        assert state[0]["state"] == "success"
        funding = await rest.get("asset/bills", rest.alice)
        assert funding.code == "50046" if records == "stand still" else funding.data
    common = {"order live", "order partially_filled", "order filled", "order canceled"}
    assert told.seen >= common | {"fill", "balance"}
    for refused in ("refused", "fill refused"):
        assert (refused in told.seen) == (records == "stand still")
    if records == "stand still":
        rest.follow_records()
        head = rest.bed.journal.head.sequence
        await until(lambda: rest.history.progress().sequence >= head)
    assert len(await told.get("account/bills")) == 5 + 2
    assert len(await told.get("asset/bills")) == 1

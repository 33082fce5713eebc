"""Goal: ccxt pages through deposits and withdrawals, of which many have the same millisecond.

Method: an exchange as a process; what a watcher reports of one block, and what a user sends, are
said in one submission each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fullreserve.clock import SystemClock
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    Product,
    Transfer,
    amount_bytes,
)
from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.exchange.wire.queries import ListAssets
from tests.clients.test_ccxt_account import client
from tests.server import LiveServer, submit

GATEWAY, NETWORK, HASH = 903, 5, bytes([7]) * 32
# More than a page holds, by submissions, whose rows have one time: the first alone is more.
MANY, FIRST, TOGETHER = 230, 115, 23


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path / "data").start()
    yield live
    assert live.stop() == 0, live.log


async def say(door: SocketDoor, fold: int, who: int, words: Sequence[wire.Payload]) -> None:
    """In one submission: one batch, and one time."""
    commands: list[AnyCommand] = [
        Product(door.gateway, door.numbers(1), fold, who, wire.encode_payload(each))
        for each in words
    ]
    await submit(door, commands)


async def pay_and_send(folder: Path, sender: int, receiver: int) -> None:
    """So many deposits of the sender's, and so many payments to the receiver, of 1, 2, 3 …"""
    door = await SocketDoor.open(folder / SOCKET_NAME, GATEWAY, SystemClock())
    try:
        assets: list[AssetDefined] = await door.query(ListAssets())
        usdt = next(one for one in assets if one.symbol == "USDT")
        nothing, one_coin = amount_bytes(0), 10**usdt.scale
        line = wire.NetworkAsset(
            usdt.asset, 6, nothing, nothing, nothing, amount_bytes(10**6 * one_coin), 6
        )
        terms = wire.DefineNetwork(
            NETWORK, "ERC20", 1, 2, needs_memo=False, gas_asset=usdt.asset, assets=(line,)
        )
        for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
            await say(door, fold, chart.HOUSE, [terms])
        await say(door, wire.DEPOSITS, sender, [wire.AssignAddress(NETWORK)])
        source, target = (AccountKey(sender, kind, 0) for kind in (chart.TRADE, chart.FUND))
        funds = amount_bytes(100_000 * one_coin)
        funded = Transfer(door.gateway, door.numbers(1), sender, source, target, usdt.asset, funds)
        await submit(door, [funded])
        later = [range(at, at + TOGETHER) for at in range(FIRST + 1, MANY + 1, TOGETHER)]
        for numbers in (range(1, FIRST + 1), *later):
            seen = [
                wire.Seen(
                    *(NETWORK, number.to_bytes(32, "big"), usdt.asset, 1, 0),
                    *(amount_bytes(number * one_coin), 0, 10, HASH),
                )
                for number in numbers
            ]
            await say(door, wire.DEPOSITS, chart.HOUSE, seen)
            sent = [
                wire.Request(
                    *(0, usdt.asset, amount_bytes(number * one_coin), nothing),
                    *(wire.Destination.OWNER, receiver),
                )
                for number in numbers
            ]
            await say(door, wire.WITHDRAWALS, sender, sent)
    finally:
        await door.close()


def pages(fetch: Any, limit: int | None) -> list[Any]:
    """All rows, each page asked for by the oldest time of the one before."""
    found, until = list[Any](), dict[str, int]()
    while rows := fetch("USDT", None, limit, until):
        found += rows
        until = {"until": rows[0]["timestamp"]}
    return found


def test_no_row_is_lost_between_the_pages_of_ccxt(server: LiveServer) -> None:
    """Criterion: CUST-REST-17. Its own paging asks for what is older than the last `ts - 1`."""
    sender, receiver = server.trader(), server.trader()
    asyncio.run(pay_and_send(server.folder, sender.uid, receiver.uid))
    server.await_records()
    okx, other = client(server, sender), client(server, receiver)
    wanted = [float(number) for number in range(1, MANY + 1)]
    histories: dict[str, Any] = {
        "deposits": okx.fetch_deposits,
        "withdrawals": okx.fetch_withdrawals,
        "received": other.fetch_deposits,
    }
    for name, fetch in histories.items():
        paged = fetch("USDT", None, None, {"paginate": True})
        assert sorted(row["amount"] for row in paged) == wanted, name
        by_hand = pages(fetch, None)
        assert sorted(row["amount"] for row in by_hand) == wanted, name
        # ccxt drops what is beyond its limit, as of a time alone that has more.
        for limit in (TOGETHER, 50, 100):
            had = {row["amount"] for row in pages(fetch, limit)}
            assert had >= set(wanted[FIRST:]), (name, limit)
        assert len({row["timestamp"] for row in by_hand}) < MANY, "no two had one time"
        since = fetch("USDT", paged[-1]["timestamp"])
        assert MANY in {row["amount"] for row in since}, name
    okx.close()
    other.close()

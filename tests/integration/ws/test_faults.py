"""Goal: a fault inside the exchange costs one answer, never a connection or a loop.

Method: running parts of which one call fails, as a full disk or a defect would make it fail.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.gateway.ws import private
from fullreserve.gateway.ws.frames import Close
from fullreserve.gateway.ws.hub import FAST_MS, IDLE_MS, SWEEP_MS
from fullreserve.identity.caller import Caller
from tests.bed import turn, until
from tests.integration.ws.live import Live, login, order, running


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with running(tmp_path, clock=ManualClock()) as started:
        yield started


def failing_once(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, whose first use fails."""
    failed = False

    def once(*args: Any) -> Any:
        nonlocal failed
        if failed:
            return call(*args)
        failed = True
        raise OSError("disk full")

    return once


def advance(live: Live, ms: int) -> None:
    assert isinstance(live.context.clock, ManualClock)
    live.context.clock.advance(ms)


async def test_a_login_that_fails_inside_is_answered_and_may_be_tried_again(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-FAULT-2."""
    key = await live.trader()
    vault = live.context.vault
    monkeypatch.setattr(vault, "api_key", failing_once(vault.api_key))
    with capture_logs() as logs:
        async with live.client() as client:
            await client.send(login(key, live.context.clock))
            await client.send("ping")
            answer = await client.next()
            assert (answer["event"], answer["code"]) == ("error", "63999")
            assert "disk" not in str(answer)
            assert await client.raw() == "pong"
            await client.send(login(key, live.context.clock))
            assert (await client.next())["event"] == "login"
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["a login failed"]


async def test_what_waited_for_a_login_is_taken_behind_a_fault(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-FAULT-2."""
    key = await live.trader()
    orders, authenticate = live.server.orders, live.server.authenticate

    async def then_failing(fields: dict[str, str], address: str) -> Caller:
        caller = await authenticate(fields, address)
        monkeypatch.setattr(orders, "take_plain", failing_once(orders.take_plain))
        return caller

    monkeypatch.setattr(live.server, "authenticate", then_failing)
    async with live.client() as client:
        await client.send(login(key, live.context.clock))
        await client.send({"id": "1", "op": "order", "args": [order("buy", "1", "1")]})
        await client.send("ping")
        assert (await client.next())["event"] == "login"
        assert (await client.next())["code"] == "64007"
        assert await client.raw() == "pong"


async def test_one_connection_that_cannot_be_checked_keeps_no_other_open(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-FAULT-2."""
    hub = live.server.hub
    async with live.client() as broken, live.client() as idle:
        for client in (broken, idle):
            await client.send("ping")
            assert await client.raw() == "pong"
        first = next(iter(hub.members))
        monkeypatch.setattr(first, "close", failing_once(first.close))
        with capture_logs() as logs:
            advance(live, IDLE_MS + SWEEP_MS)
            assert await idle.closed() == Close.IDLE
            await until(lambda: logs)
            advance(live, SWEEP_MS)
            assert await broken.closed() == Close.IDLE


async def test_a_beat_that_fails_is_not_the_last(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-FAULT-2."""
    hub = live.server.hub
    monkeypatch.setattr(hub, "sweep", failing_once(hub.sweep))
    async with live.client() as idle:
        await idle.send("ping")
        assert await idle.raw() == "pong"
        with capture_logs() as logs:
            advance(live, IDLE_MS + SWEEP_MS)
            await until(lambda: logs)
        assert [one["event"] for one in logs] == ["a beat failed"]
        advance(live, FAST_MS)
        assert await idle.closed() == Close.IDLE


async def test_balances_that_cannot_be_read_are_asked_for_again(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: WS-FAULT-2."""
    key = await live.trader()
    door = live.context.door
    monkeypatch.setattr(door, "query", failing_once(door.query))
    async with live.client(key) as client:
        with capture_logs() as logs:
            await client.subscribe("account")
            await until(lambda: logs)
        assert (await client.ask("order", order("buy", "1", "1")))["code"] == "0"
        advance(live, private.ASK_AGAIN_MS)
        snapshot = await client.of("account")
        assert snapshot["eventType"] == "snapshot"
        (usdt,) = (one for one in snapshot["data"][0]["details"] if one["ccy"] == "USDT")
        assert usdt["frozenBal"] == "1"


async def test_bars_close_after_a_fault(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: MD-CANDLE-3."""
    market = live.context.market
    advanced = asyncio.Event()
    market.on_advance(advanced.set)
    monkeypatch.setattr(market, "advance", failing_once(market.advance))
    with capture_logs() as logs:
        advance(live, 1_000)
        await until(lambda: logs)
        for _ in range(2):
            advance(live, 1_000)
            await turn()
        await until(advanced.is_set)
    (entry,) = (one for one in logs if one["log_level"] == "error")
    assert entry["event"].startswith("bars cannot be closed")

"""WebSocket log-ins of the web app: a token for each, and what ends them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from fullreserve.app.ports import bound
from fullreserve.config import Address
from fullreserve.gateway.ws.server import Server, start
from tests.bed import turn
from tests.integration.identity.bed import Browser, Town
from tests.integration.identity.test_api_keys import make
from tests.integration.ws.live import Client, login

ORDER = {
    "instIdCode": 1, "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "100", "sz": "1",
}  # fmt: skip


@pytest_asyncio.fixture
async def server(town: Town) -> AsyncIterator[Server]:
    opened = await start(town.rest.context, bound("ws", Address("127.0.0.1", 0)))
    yield opened
    await opened.close()


def connected(server: Server) -> connect:
    return connect(f"ws://{server.address}/ws/v5/private", ping_interval=None)


async def token(browser: Browser) -> str:
    return str((await browser.post("x/ws-token")).row["token"])


async def enter(socket: ClientConnection, given: str, **more: str) -> Any:
    await socket.send(json.dumps({"op": "login", "args": [{"token": given, **more}]}))
    return json.loads(await socket.recv())


async def refused(server: Server, given: str, **more: str) -> str:
    """The code that a connection is told before it is closed."""
    async with connected(server) as socket:
        answer = await enter(socket, given, **more)
        assert await Client(socket).closed() == 4001
    return str(answer["code"])


async def place(socket: ClientConnection) -> Any:
    client = Client(socket)
    return await client.ask("order", ORDER)


async def test_a_token_logs_in_once_with_the_sessions_permissions(
    town: Town, server: Server
) -> None:
    """Criterion: ID-WS-1"""
    home = await town.user()
    given = await token(home)
    async with connected(server) as socket:
        assert (await enter(socket, given))["code"] == "0"
        assert (await place(socket))["data"][0]["sCode"] == "51008", "it may trade, with no money"
        client = Client(socket)
        await client.subscribe("account")
        uid = (await home.get("x/session")).row["uid"]
        assert (await client.of("account"))["arg"]["uid"] == uid
    assert await refused(server, given) == "60009"
    assert await refused(server, "made-up") == "60009"
    assert await refused(server, await token(home), apiKey="k") == "60026"
    async with connected(server) as socket:
        assert (await enter(socket, await token(home)))["code"] == "0"


async def test_a_token_lasts_thirty_seconds_and_as_long_as_its_session(
    town: Town, server: Server
) -> None:
    """Criterion: ID-WS-2"""
    home = await town.user()
    answer = await home.post("x/ws-token")
    assert answer.row["expiresTs"] == str(town.clock.wall_ms() + 30_000)
    town.clock.advance(30_000)
    assert await refused(server, answer.row["token"]) == "60009"
    given = await token(home)
    await home.post("x/sign-out")
    assert await refused(server, given) == "60009"


async def test_an_ended_session_closes_its_connections(town: Town, server: Server) -> None:
    """Criterion: ID-SES-5"""
    home = await town.user()
    async with connected(server) as socket:
        await enter(socket, await token(home))
        await home.post("x/sessions/revoke-all", current=True)
        await socket.send(json.dumps({"id": "1", "op": "order", "args": [ORDER]}))
        assert await Client(socket).closed() == 4007


async def test_an_ended_session_closes_a_connection_that_is_silent(
    town: Town, server: Server
) -> None:
    """Criterion: ID-SES-5. Pushes end with the session, nobody has to ask for anything."""
    home = await town.user()
    async with connected(server) as socket:
        await enter(socket, await token(home))
        client = Client(socket)
        await client.subscribe("orders", instType="ANY")
        await home.post("x/sign-out")
        server.hub.sweep(town.clock.monotonic_ns() // 1_000_000)
        assert await client.closed() == 4007
    assert not server.hub.members


async def test_the_master_switch_closes_log_ins_at_the_next_order(
    town: Town, server: Server
) -> None:
    """Criterion: ID-API-7"""
    home = await town.user()
    key = await make(home)
    async with connected(server) as socket:
        await socket.send(json.dumps(login(key, town.clock)))
        assert json.loads(await socket.recv())["code"] == "0"
        await home.post("x/api-keys/switch-off")
        await socket.send(json.dumps({"id": "1", "op": "order", "args": [ORDER]}))
        assert await Client(socket).closed() == 4007
    async with connected(server) as socket:
        await socket.send(json.dumps(login(key, town.clock)))
        assert json.loads(await socket.recv())["code"] == "60005"


async def test_an_edited_key_has_to_log_in_again_without_waiting_for_an_order(
    town: Town, server: Server
) -> None:
    """Criterion: ID-API-3"""
    home = await town.user()
    key = await make(home)
    async with connected(server) as socket:
        await socket.send(json.dumps(login(key, town.clock)))
        assert json.loads(await socket.recv())["code"] == "0"
        await home.post("x/api-keys/edit", apiKey=key.key, perm="read_only")
        # Ten milliseconds, and neither an order nor the sweep of each second.
        await turn()
        town.clock.advance(10)
        assert await Client(socket).closed() == 4007

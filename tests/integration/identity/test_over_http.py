"""The web API through the real HTTP server: cookies on the wire, and the short way of an order."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from fullreserve.app.ports import bound
from fullreserve.app.rest_server import RestServer
from fullreserve.config import Address
from tests.integration.identity.bed import PASSWORD, Town

ORDER = {
    "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit",
    "px": "100", "sz": "1",
}  # fmt: skip


@pytest_asyncio.fixture
async def client(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    server = await RestServer.start(town.rest.app, bound("http", Address("127.0.0.1", 0)))
    async with httpx.AsyncClient(base_url=f"http://{server.address}/api/v5/") as opened:
        yield opened
    await server.close()


async def test_a_browser_signs_in_and_orders(town: Town, client: httpx.AsyncClient) -> None:
    """Criterion: ID-AUTH-1, ID-AUTH-2"""
    await town.user()
    body = {"email": "ada@example.com", "password": PASSWORD}
    entered = await client.post("x/sign-in", json=body)
    assert entered.json()["code"] == "0"
    assert len(entered.headers.get_list("set-cookie")) == 2
    token = entered.json()["data"][0]["csrfToken"]
    assert (await client.get("account/config")).json()["code"] == "0"
    refused = await client.post("trade/order", json=ORDER)
    assert (refused.status_code, refused.json()["code"]) == (403, "90003")
    taken = await client.post("trade/order", json=ORDER, headers={"X-CSRF-Token": token})
    assert taken.json()["data"][0]["sCode"] == "51008", "it reached the core; there is no money"
    left = await client.post("x/sign-out", json={}, headers={"X-CSRF-Token": token})
    assert left.json()["code"] == "0"
    assert "fullreserve-session" not in client.cookies

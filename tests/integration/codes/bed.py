"""One exchange with both of its doors, on which refusals are produced: REST and WebSocket."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, cast

from fullreserve.app.ports import bound
from fullreserve.config import Address
from fullreserve.gateway.ws.server import start
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey
from tests.integration.rest.bed import API, Answer, RestBed
from tests.integration.ws.live import Live, login

LIMIT = {
    "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit",
    "px": "40000", "sz": "0.1",
}  # fmt: skip


class Told(NamedTuple):
    """What a client was told: code, message, HTTP status (0 on WebSocket)."""

    code: str
    message: str
    status: int = 0


class CodesBed:
    """Open it with `open`, close it with `close`."""

    def __init__(self, rest: RestBed, live: Live, reader: NewKey) -> None:
        self.rest = rest
        self.live = live
        self.reader = reader

    @classmethod
    async def open(cls, folder: Path) -> CodesBed:
        rest = await RestBed.open(folder)
        server = await start(rest.context, bound("ws", Address("127.0.0.1", 0)), strict=True)
        reader = rest.vault.create_key(rest.alice.uid, "p", Permission.READ_ONLY)
        # Its journal is the bed's own; nothing here slows it down.
        live = Live(rest.context, cast(Any, None), server)
        return cls(rest, live, reader)

    async def close(self) -> None:
        await self.live.server.close()
        await self.rest.close()

    # --- REST

    async def get(self, path: str, **params: object) -> Told:
        return _told(await self.rest.get(path, self.rest.alice, **params))

    async def post(self, path: str, body: object, **headers: str) -> Told:
        return _told(await self.rest.post(path, self.rest.alice, body, **headers))

    async def order(self, **changes: object) -> Told:
        """What becomes of an order that is right but for these parameters."""
        return await self.post("trade/order", LIMIT | changes)

    async def headed(self, **changes: str) -> Told:
        """A signed read with some of its headers changed, or left out where they are empty."""
        target = API + "account/balance"
        headers = self.rest.signed(self.rest.alice, "GET", target)
        headers |= {"OK-ACCESS-" + name: value for name, value in changes.items()}
        return _told(await self.rest.call("GET", target, headers=headers))

    async def placed(self, **changes: object) -> str:
        """The id of an order that was taken."""
        return await self.rest.place(self.rest.alice, "buy", "100", "0.1", **changes)

    # --- WebSocket

    async def ask(self, op: str, *args: object, path: str = "private", **more: object) -> Told:
        """The answer to one request of a client that is logged in."""
        async with self.live.client(self.rest.alice, f"/ws/v5/{path}") as client:
            return _heard(await client.ask(op, *args, **more))

    async def anonymously(self, request: object, path: str = "public") -> Told:
        """The answer to one request of a client that is not."""
        async with self.live.client(path=f"/ws/v5/{path}") as client:
            await client.send(request)
            return _heard(await client.next())

    async def login(self, **changes: object) -> Told:
        """The answer to a login with something wrong."""
        return await self.anonymously(login(self.rest.alice, self.live.context.clock, **changes))


def _told(answer: Answer) -> Told:
    """The refused row where there is one, else the refused request."""
    rows = answer.json.get("data") or [{}]
    row = next((one for one in rows if one.get("sCode", "0") != "0"), None)
    if row is not None and answer.code in ("1", "2"):
        return Told(row["sCode"], row["sMsg"], answer.status)
    return Told(answer.code, answer.json["msg"], answer.status)


def _heard(message: Any) -> Told:
    rows = message.get("data") or [{}]
    row = next((one for one in rows if one.get("sCode", "0") != "0"), None)
    if row is not None:
        return Told(row["sCode"], row["sMsg"])
    return Told(message["code"], message["msg"])

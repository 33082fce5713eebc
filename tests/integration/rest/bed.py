"""A whole exchange behind its REST application, in one process and without a network.

Two traders, ALICE and BOB, with a hundred BTC and a million USDT each; BTC-USDT has prices in 0.1
and sizes in 0.00001. Requests are ASGI calls, signed as a client signs them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fullreserve.app.log_desk import ProcessDesk
from fullreserve.clock import Clock, ManualClock, SystemClock
from fullreserve.door.local import LocalDoor
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.registry import products
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.app import RestApp, build
from fullreserve.identity.api_key import Permission
from fullreserve.identity.rules import Rules
from fullreserve.identity.vault import NewKey, Vault
from fullreserve.marketdata.feed import Feed
from fullreserve.records.database import database_url, open_database
from fullreserve.records.follower import Follower
from fullreserve.records.history import History
from tests.bed import ALICE, BOB, WAIT_S, Bed
from tests.cheap_hashes import CHEAP

TRADE = Permission.READ_ONLY | Permission.TRADE
API = "/api/v5/"


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    json: Any
    cookies: list[str]

    @property
    def code(self) -> str:
        return str(self.json["code"])

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def row(self) -> Any:
        (row,) = self.json["data"]
        return row


class HandClock(ManualClock):
    """Time moves by hand; who waits a little for another thread waits really."""

    async def wait_ms(self, real_ms: int) -> None:
        await asyncio.sleep(real_ms / 1000)


class RestBed:
    """Open it with `open`, close it with `close`."""

    def __init__(
        self,
        bed: Bed,
        clock: Clock,
        folder: Path,
        rules: Rules,
        traders: tuple[NewKey, NewKey] | None = None,
    ) -> None:
        self.bed = bed
        self.clock = clock
        self.signatures = 0
        self.folder = folder
        self.vault = Vault(folder, clock.wall_ms, rules)
        self.alice, self.bob = traders or (self._trader(ALICE), self._trader(BOB))
        self.door: LocalDoor
        self.feed: Feed
        self.app: RestApp
        self.context: Context
        self.history: History
        self._follower: asyncio.Task[None]

    def _trader(self, uid: int) -> NewKey:
        self.vault.create_user(uid=uid)
        return self.vault.create_key(uid, f"Phrase-{uid}", TRADE)

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        limits: bool = False,
        clock: Clock | None = None,
        rules: Rules = CHEAP,
        demo: bool = False,
        traders: tuple[NewKey, NewKey] | None = None,
    ) -> RestBed:
        """Over a folder that was used before, `traders` are its keys."""
        clock = clock or SystemClock()
        bed = await Bed.open(folder, clock=clock, folds=products())
        rest = cls(bed, clock, folder, rules, traders)
        rest.door = await rest.bed.door()
        rest.follow_records()
        rest.history = History(open_database(database_url("", folder), read_only=True))
        catalog = Catalog()
        rest.feed = Feed(rest.door, catalog, clock)
        await rest.feed.start()
        rest.context = Context(
            door=rest.door,
            clock=clock,
            catalog=catalog,
            market=rest.feed.market,
            vault=rest.vault,
            history=lambda: rest.history,
            limits=limits,
            folder=folder,
            demo=demo,
            log=ProcessDesk(folder, clock),
        )
        rest.app = build(rest.context)
        return rest

    def follow_records(self) -> None:
        """Lets the records follow the log, from wherever they stand."""
        engine = open_database(database_url("", self.folder))
        follower = Follower(engine, self.folder, self.door, self.clock, 10**9)
        self._follower = asyncio.create_task(follower.run())

    async def hold_records(self) -> None:
        """Lets the records stand still where they are."""
        self._follower.cancel()
        await asyncio.gather(self._follower, return_exceptions=True)

    async def pass_time(self, ms: int) -> None:
        """Moves a `HandClock`, once nothing is under way: it would seem to take that long."""
        assert isinstance(self.clock, HandClock)
        await self._at_rest()
        self.clock.advance(ms)
        await self._at_rest()

    async def _at_rest(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while True:
                health = await self.door.health()
                behind = health.projections.get("records", 0) < health.durable
                if not (health.rows or behind) and health.state == "running":
                    return
                await asyncio.sleep(0)

    async def close(self) -> None:
        await self.feed.close()
        await self.hold_records()
        self.history.close()
        await self.bed.close()
        self.vault.close()

    async def call(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Answer:
        """One raw request; `path` and `query` are as they would stand in the request line."""
        status, fields, content = await self.raw(method, path, query, body, headers, address)
        cookies = [value for name, value in fields if name == "set-cookie"]
        return Answer(status, dict(fields), json.loads(content), cookies)

    async def raw(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """The same; status, headers and body of the answer, unread."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
            "client": (address, 5000),
        }
        await self.app(scope, receive, send)
        start, content = sent
        fields = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return start["status"], fields, content["body"]

    async def get(self, path: str, key: NewKey | None = None, /, **params: object) -> Answer:
        query = urlencode({k: v for k, v in params.items() if v != ""}, quote_via=quote)
        target = API + path + ("?" + query if query else "")
        headers = self.signed(key, "GET", target) if key else {}
        return await self.call("GET", API + path, query, headers=headers)

    async def post(self, path: str, key: NewKey, body: object, **extra: str) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = self.signed(key, "POST", API + path, content) | extra
        return await self.call("POST", API + path, body=content, headers=headers)

    async def repeated(self, path: str, key: NewKey, body: object) -> list[str]:
        """The codes of the same signed bytes, sent twice."""
        content = json.dumps(body).encode()
        headers = self.signed(key, "POST", API + path, content)
        answers = [
            await self.call("POST", API + path, body=content, headers=headers) for _ in range(2)
        ]
        return [answer.code for answer in answers]

    def signed(
        self, key: NewKey, method: str, target: str, body: bytes = b"", at_ms: int = 0
    ) -> dict[str, str]:
        """The headers of a signed request."""
        # The clock may stand still; a client's does not.
        self.signatures += 1
        at_ms = at_ms or self.clock.wall_ms() + self.signatures % 10_000
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = f"{stamp}{method}{target}".encode() + body
        mac = hmac.digest(key.secret.encode(), message, hashlib.sha256)
        return {
            "OK-ACCESS-KEY": key.key,
            "OK-ACCESS-SIGN": base64.b64encode(mac).decode(),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": key.passphrase,
        }

    async def place(self, key: NewKey, side: str, px: str, sz: str, **more: object) -> str:
        """A limit order on BTC-USDT; its id."""
        order = {"instId": "BTC-USDT", "tdMode": "cash", "side": side, "ordType": "limit"}
        answer = await self.post("trade/order", key, {**order, "px": px, "sz": sz, **more})
        assert answer.code == "0", answer.json
        return str(answer.row["ordId"])

"""Who the browser tests are: signed-in users with money, in a browser or over the same REST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from fullreserve.clock import SystemClock
from fullreserve.identity import passwords
from fullreserve.identity.desk import Rooms
from fullreserve.identity.session import Device
from fullreserve.identity.sessions import Sessions
from fullreserve.identity.vault import Personal, Vault
from tests.server import RICH, Funds, LiveServer

COOKIE = "fullreserve-session"
API = "/api/v5/"
LEVELS = 12
MIDDLE = 40_000
PASSWORD = "correct horse battery"


class SignedIn:
    """A user with a session of the exchange and its cookie."""

    def __init__(self, server: LiveServer, uid: int, agent: str = "browser test") -> None:
        self.uid = uid
        vault = Vault(server.folder, SystemClock().wall_ms)
        self.token = Sessions(vault).open(self.uid, Device("127.0.0.1", agent)).token
        vault.close()
        self._http = httpx.Client(base_url=f"http://{server.http}", cookies={COOKIE: self.token})
        self._http.headers["X-CSRF-Token"] = self.get("x/session")[0]["csrfToken"]

    def get(self, path: str, **params: str) -> Any:
        """The rows of a GET."""
        answer = self.answer(path, **params)
        assert answer["code"] == "0", answer
        return answer["data"]

    def answer(self, path: str, **params: str) -> Any:
        """What a GET is answered, with its code."""
        return self._http.get(API + path, params=params).json()

    def post(self, path: str, **body: object) -> Any:
        """The rows of a POST."""
        answer = self._http.post(API + path, json=body).json()
        assert answer["code"] == "0", answer
        return answer["data"]

    def refused(self, path: str, **body: object) -> str:
        """The code of a POST that is refused."""
        code: str = self._http.post(API + path, json=body).json()["code"]
        assert code != "0"
        return code

    @property
    def cookie(self) -> Any:
        """The session, as a browser keeps it."""
        return {
            "name": COOKIE,
            "value": self.token,
            "domain": "localhost",
            "path": "/",
            "httpOnly": True,
            "sameSite": "Strict",
        }

    def close(self) -> None:
        self._http.close()


class Person(SignedIn):
    """Somebody who trades, with money."""

    def __init__(
        self,
        server: LiveServer,
        funds: tuple[Funds, ...] = RICH,
        named: Personal | None = None,
        agent: str = "browser test",
    ) -> None:
        # The browser's driver keeps a loop in this thread.
        with ThreadPoolExecutor(1) as pool:
            uid = pool.submit(server.trader, funds, personal=named).result().uid
        if named:
            _let_in(server, uid, named.email)
        super().__init__(server, uid, agent)

    def order(self, side: str, px: str, sz: str, pair: str = "BTC-USDT") -> str:
        """The id of a limit order."""
        body = {"instId": pair, "tdMode": "cash", "side": side, "ordType": "limit"}
        row = self.post("trade/order", **body, px=px, sz=sz)[0]
        return str(row["ordId"])

    def pending(self) -> list[dict[str, str]]:
        """The open orders."""
        rows: list[dict[str, str]] = self.get("trade/orders-pending")
        return rows


def _let_in(server: LiveServer, uid: int, email: str) -> None:
    """From here on the user may sign in with this address and `PASSWORD`."""
    rooms = Rooms(Vault(server.folder, SystemClock().wall_ms))
    phc = passwords.hashed(PASSWORD, rooms.rules.hashing)
    with rooms.store.change():
        rooms.emails.put(uid, email)
        rooms.vault.set_password_hash(uid, phc)
    rooms.vault.close()


def quote(maker: Person, taker: Person) -> None:
    """A book of a few levels on each side, and a trade between."""
    for step in range(1, LEVELS + 1):
        maker.order("buy", f"{MIDDLE - 2 * step}", f"0.{step:03}")
        maker.order("sell", f"{MIDDLE + 2 * step}", f"0.{step:03}")
    taker.order("buy", f"{MIDDLE + 2}", "0.0005")

"""People before the web API of a whole exchange: browsers with cookies, and a mailbox.

Hashes are cheap here and the clock stands still until it is moved; everything else is as it runs.
"""

from __future__ import annotations

import json
from base64 import b32decode
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from fullreserve.clock import ManualClock
from fullreserve.exchange.wire.queries import GetStatus
from fullreserve.identity import totp
from fullreserve.identity.courier import Courier, sentence
from fullreserve.identity.outbox import Message
from fullreserve.identity.rules import Rules
from tests.bed import until
from tests.cheap_hashes import CHEAP
from tests.integration.rest.bed import API, Answer, RestBed

RULES = Rules(hashing=CHEAP.hashing, busy_ms=20)
PASSWORD = "correct horse battery"
# Every parameter that some endpoint needs, so that none is refused for one that is missing.
ANY_BODY = {
    "email": "a@b.example", "password": "another long one", "ticket": "t", "code": "c",
    "credential": "{}", "id": "i", "apiKey": "k", "label": "bot", "passphrase": "Phrase-12",
    "chain": "BTC-Bitcoin", "addr": "a", "addrId": "1", "name": "phone",
    "subAcct": "strategy1", "days": "1", "wdId": "1", "fee": "1",
}  # fmt: skip
SESSION = "fullreserve-session"
DEVICE = "fullreserve-device"


class Mailbox:
    """Where the courier's messages arrive."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def deliver(self, message: Message) -> None:
        assert sentence(message)
        self.messages.append(message)


class Town:
    """The exchange, the mailbox, and browsers to visit it with."""

    def __init__(self, rest: RestBed, clock: ManualClock) -> None:
        self.rest = rest
        self.clock = clock
        self.mailbox = Mailbox()
        self._courier = Courier(rest.context.desk, self.mailbox, clock)

    @classmethod
    async def open(cls, folder: Path, rules: Rules = RULES, *, demo: bool = False) -> Town:
        clock = ManualClock()
        return cls(await RestBed.open(folder, clock=clock, rules=rules, demo=demo), clock)

    async def close(self) -> None:
        await self.rest.close()

    def browser(self, address: str = "198.51.100.7") -> Browser:
        return Browser(self, address)

    async def mail(self) -> list[Message]:
        """What was sent since this was asked last."""
        while await self._courier.round():
            pass
        found, self.mailbox.messages = self.mailbox.messages, []
        return found

    async def recorded(self) -> None:
        """Until the records hold all that has happened; the clock moves meanwhile."""
        status = await self.rest.door.query(GetStatus())

        def there() -> bool:
            self.clock.advance(1)
            return bool(self.rest.history.progress().sequence >= status.sequence)

        await until(there)

    async def user(self, email: str = "ada@example.com", password: str = PASSWORD) -> Browser:
        """A browser that has just signed up."""
        browser = self.browser()
        answer = await browser.sign_up(email, password)
        assert answer.code == "0", answer.json
        return browser


class Browser:
    """One person's browser: it keeps cookies, and the CSRF token that the answers bring."""

    def __init__(self, town: Town, address: str) -> None:
        self.town = town
        self.address = address
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.set_cookies: list[str] = []

    async def post(self, path: str, content_type: str = "application/json", **body: Any) -> Answer:
        headers = {"Content-Type": content_type}
        return await self._send("POST", path, json.dumps(body).encode(), headers)

    async def get(self, path: str, query: str = "") -> Answer:
        return await self._send("GET", path, b"", {}, query)

    async def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str], query: str = ""
    ) -> Answer:
        headers["User-Agent"] = "Browser/1"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        rest = self.town.rest
        answer = await rest.call(method, API + path, query, body, headers, self.address)
        self.set_cookies = answer.cookies
        for line in answer.cookies:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
        if answer.data and isinstance(answer.data[0], dict):
            self.csrf = answer.data[0].get("csrfToken", self.csrf)
        return answer

    async def sign_up(self, email: str, password: str = PASSWORD) -> Answer:
        begun = await self.post("x/sign-up", email=email, password=password)
        if begun.code != "0":
            return begun
        message = (await self.town.mail())[-1]
        ticket, code = begun.row["ticket"], message.values.get("code", "00000000")
        return await self.post("x/sign-up/confirm", ticket=ticket, code=code)

    async def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD) -> Answer:
        return await self.post("x/sign-in", email=email, password=password)

    async def step_up(self, password: str = PASSWORD, code: str = "") -> Answer:
        return await self.post("x/step-up", password=password, code=code)


class Phone:
    """An authenticator with one secret."""

    def __init__(self, secret: str, clock: ManualClock) -> None:
        self._secret = b32decode(secret + "=" * (-len(secret) % 8))
        self._clock = clock

    def code(self, steps: int = 0) -> str:
        return totp.code(self._secret, self._clock.wall_ms() // totp.STEP_MS + steps)


async def with_phone(browser: Browser) -> tuple[Phone, list[str]]:
    """Sets an authenticator up; it and the recovery codes. The code that showed it is spent."""
    begun = await browser.post("x/totp/begin")
    phone = Phone(begun.row["secret"], browser.town.clock)
    ticket = begun.row["ticket"]
    confirmed = await browser.post("x/totp/confirm", ticket=ticket, code=phone.code())
    assert confirmed.code == "0", confirmed.json
    return phone, confirmed.row["recoveryCodes"]

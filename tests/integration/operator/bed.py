"""Operators before a whole exchange: each with a role, an authenticator and a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import Product
from fullreserve.identity.roles import Role
from fullreserve.identity.rules import Rules
from tests.bed import submit
from tests.integration.identity.bed import PASSWORD, RULES, Browser, Phone, Town, with_phone
from tests.integration.rest.bed import Answer

X = "x/operator/"
NOTE = "the reason why"


class Person:
    """An operator's browser, with the authenticator to it."""

    def __init__(self, browser: Browser, phone: Phone, uid: int, email: str) -> None:
        self.browser = browser
        self.phone = phone
        self.uid = uid
        self.email = email

    async def get(self, path: str, **query: object) -> Answer:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return await self.browser.get(X + path, text)

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.browser.post(X + path, **body)

    async def act(self, path: str, **body: Any) -> Answer:
        """A POST with a reason."""
        return await self.post(path, note=NOTE, **body)


class Console:
    """A town with operators: ada and bea (admin), cleo (support); dan is a customer."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.ada: Person
        self.bea: Person
        self.cleo: Person
        self.dan: Browser
        self.dan_uid = 0

    @classmethod
    async def open(cls, folder: Path, members: int = 3, rules: Rules = RULES) -> Console:
        console = cls(await Town.open(folder, rules))
        roles = {"ada": Role.ADMIN, "bea": Role.ADMIN, "cleo": Role.SUPPORT}
        for at, (name, role) in enumerate(roles.items()):
            setattr(console, name, await console.operator(f"{name}@desk.example", role))
            if at < members:
                await console.enrol(getattr(console, name).uid)
        console.dan = await console.town.user("dan@example.com")
        console.dan_uid = int((await console.dan.get("x/session")).row["uid"])
        return console

    async def operator(self, email: str, role: Role) -> Person:
        browser = await self.town.user(email, PASSWORD)
        phone, _ = await with_phone(browser)
        uid = int((await browser.get("x/session")).row["uid"])
        desk = self.town.rest.context.desk
        await desk.act(desk.rooms.roles.grant, uid, role)
        return Person(browser, phone, uid, email)

    async def enrol(self, uid: int, group: int = CONSOLE) -> None:
        door = self.town.rest.door
        payload = msgspec.msgpack.encode(Enrol(group, uid))
        command = Product(door.gateway, door.numbers(1), Approvals.number, chart.HOUSE, payload)
        (reply,) = await submit(door, [command])  # type: ignore[misc]
        assert reply.code == 0

    async def recorded(self) -> None:
        await self.town.recorded()

    async def close(self) -> None:
        await self.town.close()

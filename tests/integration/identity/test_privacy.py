"""Where personal data stands, and where it does not."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from fullreserve import logs
from fullreserve.config import LogSettings
from fullreserve.identity.courier import Console, Courier
from fullreserve.identity.outbox import Message
from fullreserve.identity.rules import DAY_MS
from tests.bed import until
from tests.integration.identity.bed import PASSWORD, Town, with_phone
from tests.integration.identity.test_api_keys import make


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is logged, down to the least level; logging is left as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(LogSettings(level="debug", format="json"), stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


class Broken:
    """A channel that is down, and says more than it should."""

    def __init__(self) -> None:
        self.tried = 0

    async def deliver(self, message: Message) -> None:
        self.tried += 1
        raise ConnectionError(f"cannot reach {message.email}")


async def test_no_file_but_sealed_holds_what_identifies_or_opens(
    town: Town, said: io.StringIO
) -> None:
    """Criterion: ID-PRIV-1. Sign-up to sub-account, then every file of the data folder is read."""
    home = await town.user("grace.hopper@navy.example")
    session = (await home.get("x/session")).row
    _, recovery = await with_phone(home)
    key = await make(home, label="my secret label", ip="203.0.113.77")
    await home.post("users/subaccount/create-subaccount", subAcct="hidden42", type="1")
    await town.browser("203.0.113.88").sign_in("grace.hopper@navy.example", "not the word")
    await town.browser().post("x/password/forgotten", email="grace.hopper@navy.example")
    await town.browser().post("x/sign-up", email="new@somewhere.example", password=PASSWORD)
    await town.recorded()
    secrets = [
        "grace.hopper", "navy.example", "somewhere.example", PASSWORD, key.secret, key.passphrase,
        "my secret label", "hidden42", "203.0.113.77", "203.0.113.88", "198.51.100.7",
        "Browser/1", session["csrfToken"], *home.cookies.values(), *recovery,
    ]  # fmt: skip
    content = {path: path.read_bytes() for path in town.rest.folder.rglob("*") if path.is_file()}
    assert any(path.name == "identity.db" for path in content)
    assert any("journal" in str(path) for path in content)
    for secret in secrets:
        holders = [path for path, found in content.items() if secret.encode() in found]
        assert not holders, secret
        assert secret not in said.getvalue()


async def test_a_message_waits_for_its_channel_and_is_not_logged(town: Town) -> None:
    """Criterion: ID-MAIL-2"""
    broken = Broken()
    desk = town.rest.context.desk
    await town.browser().post("x/password/forgotten", email="nobody@example.com")
    await town.browser().post("x/sign-up", email="ada@example.com", password=PASSWORD)
    courier = Courier(desk, broken, town.clock)
    with structlog.testing.capture_logs() as entries:
        while await courier.round():
            pass
    assert broken.tried == 1
    assert "example.com" not in str(entries)
    assert [entry["problem"] for entry in entries] == ["ConnectionError"]
    assert await town.mail() == []
    town.clock.advance(10_000)
    assert [message.email for message in await town.mail()] == ["ada@example.com"]
    assert await town.mail() == []


async def test_a_message_that_is_a_day_old_helps_nobody(town: Town) -> None:
    """Criterion: ID-MAIL-2"""
    await town.browser().post("x/sign-up", email="ada@example.com", password=PASSWORD)
    town.clock.advance(DAY_MS)
    desk = town.rest.context.desk
    await desk.act(desk.rooms.sweep)
    assert await town.mail() == []


async def test_the_demo_prints_code_and_link_and_no_whole_address(town: Town) -> None:
    """Criterion: ID-MAIL-3"""
    out = io.StringIO()
    begun = await town.browser().post("x/sign-up", email="ada@example.com", password=PASSWORD)
    courier = Courier(town.rest.context.desk, Console(out), town.clock)
    await courier.round()
    line = out.getvalue()
    assert "Message to ad…@example.com: Your sign-up code is" in line
    assert f"http://localhost:8080/sign-up#ticket={begun.row['ticket']}&code=" in line
    assert "ada@example.com" not in line


async def test_a_posted_message_wakes_the_courier(town: Town) -> None:
    """Criterion: ID-MAIL-2"""
    running = asyncio.create_task(Courier(town.rest.context.desk, town.mailbox, town.clock).run())
    await town.browser().post("x/sign-up", email="ada@example.com", password=PASSWORD)
    await until(lambda: town.mailbox.messages)
    running.cancel()


async def test_what_has_ended_is_swept_away(town: Town) -> None:
    """Criterion: ID-PRIV-2"""
    home = await town.user()
    await town.browser("203.0.113.1").sign_in(password="a wrong guess")
    await town.browser().post("x/sign-up", email="new@example.com", password=PASSWORD)
    await home.post("x/ws-token")
    desk = town.rest.context.desk
    tables = ("tickets", "sessions", "devices", "failures", "outbox")

    def counts() -> dict[str, int]:
        db = desk.rooms.store.db
        query = "SELECT count(*) FROM "
        return {table: db.execute(query + table).fetchone()[0] for table in tables}

    assert all((await desk.act(counts)).values())
    town.clock.advance(181 * DAY_MS)
    await desk.act(desk.rooms.sweep)
    # A device stays as long again, for who comes next is not to be taken for the first.
    assert await desk.act(counts) == dict.fromkeys(tables, 0) | {"devices": 1}
    town.clock.advance(181 * DAY_MS)
    await desk.act(desk.rooms.sweep)
    assert not any((await desk.act(counts)).values())

"""Closing an account: what stands in its way, and what is left."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Refused
from fullreserve.exchange import chart
from fullreserve.exchange.wire.commands import AccountKey, OwnerFlag, Side, Transfer, amount_bytes
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.identity.closure import Closure
from fullreserve.identity.desk import Rooms
from fullreserve.identity.outbox import Kind
from fullreserve.identity.roles import Role
from tests.bed import BTC, WAIT_S, place
from tests.integration.identity.bed import PASSWORD, SESSION, Town
from tests.integration.identity.test_api_keys import make, works


async def move(town: Town, source: AccountKey, target: AccountKey, units: int) -> None:
    door = town.rest.door
    amount = amount_bytes(units * 10**8)
    number = door.numbers(1)
    command = Transfer(door.gateway, number, chart.HOUSE, source, target, BTC, amount)
    reply = await outcome(door, command)
    assert not isinstance(reply, Refused)
    assert reply.code == 0


async def test_an_account_with_something_in_it_stays_and_works(town: Town) -> None:
    """Criterion: ID-CLOSE-1"""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    mine = AccountKey(uid, chart.TRADE, 0)
    await move(town, treasury, mine, 1)
    answer = await home.post("x/account/close")
    assert (answer.status, answer.code) == (400, "90009")
    assert "balances" in answer.json["msg"]
    assert (await place(town.rest.door, uid, Side.SELL, 900_000, 1)).code == 0
    answer = await home.post("x/account/close")
    assert "open orders" in answer.json["msg"]
    owner = await town.rest.door.query(GetOwner(uid))
    assert owner.flags == 0
    assert (await home.post("x/cancel-all")).code == "0"
    await move(town, mine, treasury, 1)
    assert (await home.post("x/account/close")).code == "0"


async def test_a_closed_account_leaves_numbers_alone(town: Town) -> None:
    """Criterion: ID-CLOSE-2"""
    home = await town.user()
    key = await make(home)
    await town.mail()
    with contextlib.closing(sqlite3.connect(town.rest.folder / "identity.db")) as reader:
        query = "SELECT wrapped FROM data_keys WHERE uid = ?"
        wrapped = reader.execute(query, (key.uid,)).fetchone()[0]
    assert (await home.post("x/account/close")).code == "0"
    assert SESSION not in home.cookies
    assert [message.kind for message in await town.mail()] == [Kind.ACCOUNT_CLOSED]
    assert await works(town, key) == "50111"
    assert (await town.browser().sign_in()).code == "90001"
    owner = await town.rest.door.query(GetOwner(key.uid))
    assert owner.flags == OwnerFlag.FROZEN
    content = b"".join(path.read_bytes() for path in town.rest.folder.glob("identity.*"))
    assert wrapped not in content
    again = await town.user()
    fresh = int((await again.get("x/session")).row["uid"])
    assert fresh > key.uid, "a number is nobody else's later"


async def test_sub_accounts_are_closed_along_and_stand_in_the_way_too(town: Town) -> None:
    """Criterion: ID-CLOSE-1"""
    home = await town.user()
    await home.post("users/subaccount/create-subaccount", subAcct="strategy1", type="1")
    (row,) = (await home.get("users/subaccount/list")).data
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    theirs = AccountKey(int(row["uid"]), chart.FUND, 0)
    await move(town, treasury, theirs, 1)
    assert (await home.post("x/account/close")).code == "90009"
    await move(town, theirs, treasury, 1)
    assert (await home.post("x/account/close")).code == "0"
    user = town.rest.vault.user(int(row["uid"]))
    assert user is not None
    assert user.erased_ms


async def test_a_sub_account_made_during_a_close_stops_it(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ID-CLOSE-1"""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    desk = town.rest.context.desk
    act = desk.act

    async def late(done: Callable[..., Any], *arguments: Any) -> Any:
        if done.__name__ == "_erase":
            await act(desk.rooms.subs.create, uid, "strategy1", "")
            monkeypatch.undo()
        return await act(done, *arguments)

    monkeypatch.setattr(desk, "act", late)
    assert (await home.post("x/account/close")).code == "90009"
    user = town.rest.vault.user(uid)
    assert user is not None
    assert not user.erased_ms
    assert (await town.rest.door.query(GetOwner(uid))).flags == 0
    assert (await home.post("x/account/close")).code == "0"
    (sub,) = town.rest.vault.sub_accounts(uid)
    assert sub.erased_ms


async def test_a_right_that_is_changed_during_a_close_leaves_it_frozen(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ID-CLOSE-2. The core's command sets all flags of an owner at once."""
    home = await town.user()
    await home.post("users/subaccount/create-subaccount", subAcct="strategy1", type="1")
    (row,) = (await home.get("users/subaccount/list")).data
    sub, door = int(row["uid"]), town.rest.door
    closing: list[asyncio.Task[None]] = []
    desk = town.rest.context.desk
    closure = Closure(desk, door)
    query, looks = door.query, 0

    async def slow(asked: Any) -> Any:
        nonlocal looks
        answer = await query(asked)
        looks += asked == GetOwner(sub)
        # The first look is whether it is open at all.
        if looks == 2 and not closing:
            closing.append(asyncio.create_task(closure.close(sub)))
            # Until it is frozen, or the close will have to wait for its turn.
            is_frozen = False
            async with asyncio.timeout(WAIT_S):
                while not (is_frozen or desk.flags_turn.locked()):
                    is_frozen = bool((await query(GetOwner(sub))).flags)
                    await asyncio.sleep(0)
        return answer

    monkeypatch.setattr(door, "query", slow)
    path = "users/subaccount/set-transfer-out"
    assert (await home.post(path, subAcct="strategy1", canTransOut=False)).code == "0"
    await asyncio.gather(*closing)
    assert (await query(GetOwner(sub))).flags == OwnerFlag.FROZEN | OwnerFlag.NO_TRANSFER_OUT


async def test_an_operator_gives_up_the_roles_first(town: Town) -> None:
    """Criterion: ID-CLOSE-1"""
    home = await town.user()
    desk = town.rest.context.desk
    uid = int((await home.get("x/session")).row["uid"])
    await desk.act(desk.rooms.roles.grant, uid, Role.SUPPORT)
    assert (await home.get("x/session")).row["roles"] == ["support"]
    assert (await home.post("x/account/close")).code == "90009"


async def test_a_close_that_was_cut_short_is_asked_for_again(town: Town) -> None:
    """Criterion: ID-CLOSE-3. Here the vault is locked when it is to forget."""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    desk = town.rest.context.desk
    store = town.rest.folder / "identity.db"
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert (await home.post("x/account/close")).code == "90007"
        other.execute("ROLLBACK")
    owner = await town.rest.door.query(GetOwner(uid))
    assert owner.flags == OwnerFlag.FROZEN
    assert (await home.sign_in("ada@example.com", PASSWORD)).code == "0"
    assert (await home.post("x/account/close")).code == "0"
    assert not await desk.act(_finds, desk.rooms, "ada@example.com")


def _finds(rooms: Rooms, email: str) -> int:
    return rooms.emails.find(email)

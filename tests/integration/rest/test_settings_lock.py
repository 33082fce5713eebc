"""Goal: a user's lock of his withdrawal settings holds for who has his session too.

Method: a browser that is signed in to a whole exchange: address book, keys, quota and transfers by
id are loosened and tightened while they are locked, after a new password, over a restart of the
exchange, and when the lock has ended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import DAY_MS
from fullreserve.identity.outbox import Kind
from tests.integration.identity.bed import PASSWORD, Browser, Town
from tests.integration.rest.bed import RestBed
from tests.integration.rest.test_custody import NETWORK, Numbers, house, terms

LOCKED = "59000"
KEY = {"label": "payer", "passphrase": "Phrase-12", "ip": "10.0.0.0/24"}
ADDRESS = {"chain": "BTC-Bitcoin", "addr": "addr77", "label": "cold box"}


async def with_chain(town: Town) -> Town:
    town.rest.context.addresses = {NETWORK: Numbers()}
    for fold in (DEPOSITS, WITHDRAWALS):
        await house(town.rest, fold, terms(NETWORK, "Bitcoin"))
    return town


@pytest.fixture
async def town(tmp_path: Path) -> Any:
    made = await with_chain(await Town.open(tmp_path))
    yield made
    await made.close()


async def settings(browser: Browser) -> dict[str, Any]:
    row: dict[str, Any] = (await browser.get("x/withdrawal-settings")).row
    return row


async def key(browser: Browser, **more: str) -> str:
    answer = await browser.post("x/api-keys/create", **(KEY | more))
    assert answer.code == "0", answer.json
    return str(answer.row["apiKey"])


async def loosened(browser: Browser, payer: str, reader: str) -> list[str]:
    """The codes of everything that would let more out."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("x/withdrawal-addresses/add", ADDRESS | {"addr": "addr78"}),
        ("x/withdrawal-settings/set", {"bookOnly": False}),
        ("x/withdrawal-settings/set", {"quota": 0}),
        ("x/withdrawal-settings/set", {"quota": 5_001}),
        ("x/api-keys/create", KEY | {"perm": "withdraw"}),
        ("x/api-keys/edit", {"apiKey": reader, "perm": "trade,withdraw"}),
        ("x/api-keys/edit", {"apiKey": payer, "ip": "10.0.0.0/23"}),
        ("x/api-keys/edit", {"apiKey": payer, "ip": "*"}),
        ("x/api-keys/edit", {"apiKey": payer, "ip": "10.0.0.1,2001:db8::1"}),
        ("x/api-keys/switch-on", {}),
    ]
    return [(await browser.post(path, **body)).code for path, body in asked]


async def test_nothing_is_loosened_while_it_is_locked(town: Town, tmp_path: Path) -> None:
    """Criterion: CUST-LOCK-4. Each way, after a change of password, and after a restart."""
    home = await town.user()
    payer, reader = await key(home, perm="withdraw"), await key(home, perm="read_only")
    await home.post("x/withdrawal-addresses/add", **ADDRESS)
    await home.post("x/withdrawal-settings/set", bookOnly=True, quota=5000)
    await town.mail()
    began = town.clock.exchange_ms()
    locked = (await home.post("x/withdrawal-settings/lock", days=30)).row
    ends = str(began + 30 * DAY_MS)
    assert locked == {
        "bookOnly": True, "quota": "5000", "lockedUntilTs": ends, "stoppedUntilTs": "",
    }  # fmt: skip
    (message,) = await town.mail()
    assert (message.kind, message.values["days"]) == (Kind.SETTINGS_LOCKED, "30")

    refused = await loosened(home, payer, reader)
    assert refused == [LOCKED] * len(refused)
    shorter = await home.post("x/withdrawal-settings/lock", days=1)
    assert shorter.row["lockedUntilTs"] == ends
    told = await home.post("x/withdrawal-settings/set", quota=6000)
    assert "are locked until 20" in told.json["msg"]

    await home.post("x/password/change", password="another long one")
    assert set(await loosened(home, payer, reader)) == {LOCKED}

    await town.rest.close()
    rest = await RestBed.open(
        tmp_path, clock=town.clock, rules=town.rest.vault.rules,
        traders=(town.rest.alice, town.rest.bob),
    )  # fmt: skip
    town.rest = rest
    rest.context.addresses = {NETWORK: Numbers()}
    stopped = {"stoppedUntilTs": str(began + DAY_MS)}  # behind the change of the password
    assert await settings(home) == locked | stopped
    assert set(await loosened(home, payer, reader)) == {LOCKED}


async def test_what_is_stricter_is_taken_while_it_is_locked(town: Town) -> None:
    """Criterion: CUST-LOCK-5. And what has nothing to do with withdrawals."""
    home = await town.user()
    payer, reader = await key(home, perm="withdraw"), await key(home, perm="read_only")
    added = (await home.post("x/withdrawal-addresses/add", **ADDRESS)).row
    await home.post("x/withdrawal-settings/lock", days=1)
    for path, body in (
        ("x/withdrawal-settings/set", {"bookOnly": True}),
        ("x/withdrawal-settings/set", {"quota": "100"}),
        ("x/withdrawal-settings/set", {"quota": "99"}),
        ("x/withdrawal-addresses/remove", {"addrId": added["addrId"]}),
        ("x/api-keys/create", KEY | {"perm": "trade"}),
        ("x/api-keys/edit", {"apiKey": reader, "perm": "trade", "ip": "*"}),
        ("x/api-keys/edit", {"apiKey": payer, "label": "renamed"}),
        ("x/api-keys/edit", {"apiKey": payer, "ip": "10.0.0.7,10.0.0.128/25"}),
        ("x/api-keys/edit", {"apiKey": payer, "perm": "trade", "ip": "*"}),
        ("x/api-keys/switch-off", {}),
        ("x/api-keys/switch-on", {}),  # none of them withdraws any more
    ):
        assert (await home.post(path, **body)).code == "0", path
    # What was taken out is new again, and waits for the lock's end.
    assert (await home.post("x/withdrawal-addresses/add", **ADDRESS)).code == LOCKED


async def test_a_stolen_session_empties_no_locked_book(town: Town) -> None:
    """Criterion: CUST-LOCK-6. Its owner could add none again before the lock's end."""
    home = await town.user()
    added = (await home.post("x/withdrawal-addresses/add", **ADDRESS)).row
    other = (await home.post("x/withdrawal-addresses/add", **ADDRESS | {"addr": "addr78"})).row
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    remove = "x/withdrawal-addresses/remove"
    assert (await home.post(remove, addrId=other["addrId"])).code == "0"
    await home.step_up()
    await home.post("x/withdrawal-settings/lock", days=30)
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    assert (await home.post(remove, addrId=added["addrId"])).code == "90006"
    assert [row["addrId"] for row in (await home.get("x/withdrawal-addresses")).data] == [
        added["addrId"]
    ]
    await home.step_up()
    assert (await home.post(remove, addrId=added["addrId"])).code == "0"


async def test_who_cannot_switch_keys_on_is_told_the_way_out(town: Town) -> None:
    """Criterion: CUST-LOCK-6. Anybody with the session switches them off."""
    home = await town.user()
    payer = await key(home, perm="trade,withdraw")
    await home.post("x/withdrawal-settings/lock", days=30)
    await home.post("x/api-keys/switch-off")
    answer = await home.post("x/api-keys/switch-on")
    assert (answer.code, "take withdraw from your keys first" in answer.json["msg"]) == (
        LOCKED,
        True,
    )
    assert (await home.post("x/api-keys/edit", apiKey=payer, perm="trade")).code == "0"
    assert (await home.post("x/api-keys/switch-on")).code == "0"


async def test_the_lock_ends_by_itself(town: Town) -> None:
    """Criterion: CUST-LOCK-4. Then all is as before it."""
    home = await town.user()
    payer, reader = await key(home, perm="withdraw"), await key(home, perm="read_only")
    await home.post("x/withdrawal-settings/set", bookOnly=True, quota=5000)
    await home.post("x/withdrawal-settings/lock", days=1)
    town.clock.advance(DAY_MS)
    await home.sign_in(password=PASSWORD)
    assert (await settings(home))["lockedUntilTs"] == ""
    assert set(await loosened(home, payer, reader)) == {"0"}


async def test_settings_want_a_proof_and_sense(town: Town) -> None:
    """Criterion: CUST-LOCK-5."""
    home = await town.user()
    for path, body in (
        ("x/withdrawal-settings/lock", {"days": 0}),
        ("x/withdrawal-settings/lock", {"days": 31}),
        ("x/withdrawal-settings/lock", {"days": "1.5"}),
        ("x/withdrawal-settings/set", {"quota": -1}),
        ("x/withdrawal-settings/set", {"quota": 10**11}),
        ("x/withdrawal-settings/set", {"bookOnly": "perhaps"}),
    ):
        assert (await home.post(path, **body)).code == "51000", body
    town.clock.advance(town.rest.vault.rules.step_up_ms)
    for path in ("x/withdrawal-settings/lock", "x/withdrawal-settings/set"):
        assert (await home.post(path, days=1, bookOnly=True)).code == "90006"
    assert await settings(home) == {
        "bookOnly": False, "quota": "", "lockedUntilTs": "", "stoppedUntilTs": "",
    }  # fmt: skip


async def test_with_the_book_alone_nothing_goes_by_id(town: Town) -> None:
    """Criterion: CUST-LOCK-1. The refusal says why."""
    home = await town.user()
    await home.post("x/withdrawal-settings/set", bookOnly=True)
    sent = {"ccy": "BTC", "amt": "0.1", "dest": "3", "toAddr": str(town.rest.bob.uid)}
    answer = await home.post("asset/withdrawal", **sent)
    assert (answer.code, "your book alone" in answer.json["msg"]) == ("58207", True)

"""API keys from the web: made, shown once, edited, switched off, ended by disuse."""

from __future__ import annotations

from typing import Any

import pytest

from fullreserve.identity.api_key import Permission
from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import DAY_MS, MINUTE_MS
from fullreserve.identity.vault import NewKey
from tests.integration.identity.bed import ANY_BODY, Browser, Town

BOT = {"label": "bot", "passphrase": "Phrase-12", "perm": "read_only,trade"}


async def make(browser: Browser, **more: str) -> NewKey:
    answer = await browser.post("x/api-keys/create", **(BOT | more))
    assert answer.code == "0", answer.json
    row = answer.row
    uid = int((await browser.get("x/session")).row["uid"])
    return NewKey(uid, row["apiKey"], row["secretKey"], row["passphrase"])


async def works(town: Town, key: NewKey, address: str = "127.0.0.1") -> str:
    headers = town.rest.signed(key, "GET", "/api/v5/account/config")
    path = "/api/v5/account/config"
    return (await town.rest.call("GET", path, headers=headers, address=address)).code


async def listed(browser: Browser) -> list[Any]:
    rows: list[Any] = (await browser.get("x/api-keys")).data
    return rows


async def test_a_keys_secret_is_shown_once_and_the_key_works(town: Town) -> None:
    """Criterion: ID-API-1"""
    home = await town.user()
    key = await make(home, ip="127.0.0.1, 10.0.0.0/8")
    (message,) = await town.mail()
    assert (message.kind, message.values["perm"]) == (Kind.KEY_CREATED, "read_only,trade")
    assert await works(town, key) == "0"
    (row,) = await listed(home)
    assert row["apiKey"] == key.key
    assert (row["label"], row["perm"]) == ("bot", "read_only,trade")
    assert row["ip"] == "127.0.0.1/32,10.0.0.0/8"
    assert row["usedTs"] == str(town.clock.wall_ms())
    assert not {"secretKey", "passphrase"} & row.keys()
    assert key.secret not in str(row)
    assert await works(town, key, "10.1.2.3") == "0"
    assert await works(town, key, "11.0.0.1") == "50110"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"label": ""}, "50014"),
        ({"label": "x" * 51}, "51000"),
        ({"passphrase": "short"}, "59505"),
        ({"passphrase": "x" * 33}, "59505"),
        ({"passphrase": "Phräse-12"}, "59505"),
        ({"perm": "trade,everything"}, "51000"),
        ({"ip": "10.0.0.300"}, "59503"),
        ({"ip": "0.0.0.0/0"}, "59503"),
        ({"ip": "10.0.0.1,8000::/1"}, "59503"),
        ({"ip": ",".join(f"10.0.0.{n}" for n in range(21))}, "59503"),
    ],
)
async def test_what_a_key_cannot_be_is_refused(
    town: Town, change: dict[str, str], code: str
) -> None:
    """Criterion: ID-API-2"""
    home = await town.user()
    answer = await home.post("x/api-keys/create", **(BOT | change))
    assert answer.code == code
    assert await listed(home) == []


async def test_a_user_has_at_most_fifty_keys(town: Town) -> None:
    """Criterion: ID-API-2"""
    home = await town.user()
    for _ in range(50):
        await make(home)
    assert (await home.post("x/api-keys/create", **BOT)).code == "59501"


async def test_an_edit_holds_at_once_and_leaves_the_rest(town: Town) -> None:
    """Criterion: ID-API-3"""
    home = await town.user()
    key = await make(home)
    assert await works(town, key) == "0"
    edited = await home.post("x/api-keys/edit", apiKey=key.key, ip="10.0.0.1", label="new")
    assert (edited.row["label"], edited.row["perm"]) == ("new", "read_only,trade")
    assert await works(town, key) == "50110"
    assert await works(town, key, "10.0.0.1") == "0"
    edited = await home.post("x/api-keys/edit", apiKey=key.key, ip="*", perm="read_only")
    assert (edited.row["ip"], edited.row["perm"]) == ("", "read_only")
    refused = await town.rest.post("x/cancel-all", key, {})
    assert refused.code == "50120"


async def test_keys_of_others_do_not_exist(town: Town) -> None:
    """Criterion: ID-API-3"""
    ada, eve = await town.user("ada@example.com"), await town.user("eve@example.com")
    key = await make(ada)
    for path in ("x/api-keys/edit", "x/api-keys/delete"):
        assert (await eve.post(path, apiKey=key.key)).code == "59506"
    assert await works(town, key) == "0"
    assert (await ada.post("x/api-keys/delete", apiKey=key.key)).code == "0"
    assert await works(town, key) == "50111"
    assert (await ada.post("x/api-keys/delete", apiKey=key.key)).code == "59506"
    assert await listed(ada) == []


async def test_an_api_key_does_not_open_the_web_api(town: Town) -> None:
    """Criterion: ID-API-4"""
    key = await make(await town.user(), perm="read_only,trade,withdraw")
    answer = await town.rest.get("x/api-keys", key)
    assert (answer.status, answer.code) == (403, "90011")
    json = {"Content-Type": "application/json"}
    for path in ("x/api-keys/create", "x/ws-token", "x/account/close", "x/password/change"):
        assert (await town.rest.post(path, key, ANY_BODY, **json)).code == "90011"


async def test_an_unbound_key_that_may_trade_ends_after_fourteen_idle_days(town: Town) -> None:
    """Criterion: ID-API-5"""
    home = await town.user()
    unbound = await make(home)
    used = await make(home)
    bound = await make(home, ip="127.0.0.1")
    reading = await make(home, perm="read_only")
    ends = {row["apiKey"]: row["endsTs"] for row in await listed(home)}
    assert ends[unbound.key] == str(town.clock.wall_ms() + 14 * DAY_MS)
    assert (ends[bound.key], ends[reading.key]) == ("", "")
    town.clock.advance(14 * DAY_MS - 1)
    assert await works(town, used) == "0"
    town.clock.advance(1)
    codes = [await works(town, key) for key in (unbound, used, bound, reading)]
    assert codes == ["50111", "0", "0", "0"]
    town.clock.advance(14 * DAY_MS)
    assert await works(town, used) == "50111"
    assert await works(town, used) == "50111", "being refused is no use"


async def test_use_in_another_process_keeps_a_key(town: Town) -> None:
    """Criterion: ID-API-5"""
    key = await make(await town.user())
    assert await works(town, key) == "0"
    town.clock.advance(10 * DAY_MS)
    rooms = town.rest.context.desk.rooms
    uses: dict[tuple[str, str | bytes], int] = {("key", key.key): town.clock.wall_ms()}
    await town.rest.context.desk.act(rooms.vault.store_uses, uses)
    town.clock.advance(10 * DAY_MS)
    assert await works(town, key) == "0"


async def test_requests_write_nothing_to_note_a_use(town: Town) -> None:
    """Criterion: ID-API-6"""
    key = await make(await town.user())
    assert await works(town, key) == "0"
    store = town.rest.folder / "identity.db-wal"
    before = store.stat().st_size
    for _ in range(50):
        town.clock.advance(1)
        assert await works(town, key) == "0"
    assert store.stat().st_size == before
    town.rest.vault.flush_uses()
    (row,) = town.rest.vault.keys_of(key.uid)
    assert row.used_ms == town.clock.wall_ms()


async def test_the_master_switch_freezes_all_keys_at_once_and_back(town: Town) -> None:
    """Criterion: ID-API-7"""
    home, other = await town.user(), await make(await town.user("eve@example.com"))
    keys = [await make(home) for _ in range(2)]
    sub = town.rest.vault.create_user(main_uid=keys[0].uid)
    keys.append(town.rest.vault.create_key(sub.uid, "Phrase-12", Permission.READ_ONLY))
    await town.mail()
    town.clock.advance(10 * MINUTE_MS)
    assert (await home.post("x/api-keys/switch-off")).row == {"keysOff": True}
    assert [message.kind for message in await town.mail()] == [Kind.KEYS_OFF]
    assert [await works(town, key) for key in keys] == ["50100"] * 3
    assert await works(town, other) == "0"
    assert (await home.get("x/session")).row["keysOff"] is True
    assert (await home.post("x/api-keys/switch-on")).code == "90006", "off is easy, on is not"
    await home.step_up()
    assert (await home.post("x/api-keys/switch-on")).row == {"keysOff": False}
    codes = [await works(town, key) for key in keys]
    assert codes == ["0", "0", "50008"], "the last has no account in the core, but its key works"

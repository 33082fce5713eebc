"""Signing in: cookies, lock-out, steps, and what refusals do not tell."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from fullreserve.identity import passwords
from fullreserve.identity.denied import Denied
from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import HOUR_MS, MINUTE_MS, Rules
from tests.integration.identity.bed import (
    ANY_BODY,
    DEVICE,
    PASSWORD,
    RULES,
    SESSION,
    Town,
    with_phone,
)
from tests.integration.rest.bed import Answer
from tests.memory_folder import memory_folder


async def test_a_sign_in_sets_a_fresh_cookie_out_of_scripts_reach(town: Town) -> None:
    """Criterion: ID-SAFE-3"""
    await town.user()
    browser = town.browser()
    browser.cookies[SESSION] = "a-token-that-somebody-planted"
    answer = await browser.sign_in()
    assert answer.code == "0"
    assert answer.headers["cache-control"] == "no-store"
    assert len(browser.set_cookies) == 2
    for line in browser.set_cookies:
        assert line.endswith("; Path=/; HttpOnly; SameSite=Strict")
    first = browser.cookies[SESSION]
    assert len(first) > 40
    await browser.sign_in()
    assert browser.cookies[SESSION] != first


async def test_over_tls_the_cookies_are_secure_and_of_this_host_alone() -> None:
    """Criterion: ID-SAFE-3"""
    rules = Rules(origin="https://exchange.example", hashing=RULES.hashing)
    with memory_folder() as folder:
        town = await Town.open(folder, rules)
        browser = await town.user()
        assert all(line.startswith("__Host-fullreserve-") for line in browser.set_cookies)
        assert all(line.endswith("; Secure") for line in browser.set_cookies)
        assert (await browser.get("account/config")).code == "0"
        browser.cookies = {SESSION: browser.cookies["__Host-" + SESSION]}
        assert (await browser.get("account/config")).code == "50103"
        await town.close()


async def test_a_wrong_password_and_an_unknown_address_are_one_answer(town: Town) -> None:
    """Criterion: ID-SAFE-4"""
    await town.user("ada@example.com")
    known, unknown = town.browser(), town.browser()
    for _ in range(10):
        one = await known.sign_in("ada@example.com", "wrong password")
        other = await unknown.sign_in("nobody@example.com", "wrong password")
        assert one == other
        assert (one.status, one.code) == (401, "90001")
    one = await known.sign_in("ada@example.com", "wrong password")
    other = await unknown.sign_in("nobody@example.com", "wrong password")
    assert one == other
    assert (one.status, one.code) == (429, "90004")


async def test_an_unknown_address_costs_a_hash_of_the_same_cost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ID-SAFE-4"""
    await town.user("ada@example.com")
    checked: list[str] = []
    matches = passwords.matches

    def counted(phc: str, password: str) -> bool:
        checked.append(phc)
        return matches(phc, password)

    monkeypatch.setattr(passwords, "matches", counted)
    for email in ("ada@example.com", "nobody@example.com"):
        await town.browser().sign_in(email, "wrong password")
    known, unknown = (phc.split("$") for phc in checked)
    assert known[:4] == unknown[:4]
    assert [len(part) for part in known] == [len(part) for part in unknown]


async def failing(town: Town, times: int, address: str, email: str = "ada@example.com") -> Answer:
    stranger = town.browser(address)
    for _ in range(times):
        answer = await stranger.sign_in(email, "a wrong guess")
    return answer


async def test_strangers_lock_themselves_out_and_not_the_owner(town: Town) -> None:
    """Criterion: ID-LOCK-1"""
    home = await town.user()
    assert (await failing(town, 10, "203.0.113.1")).code == "90001"
    locked = await failing(town, 1, "203.0.113.2")
    assert (locked.status, locked.code) == (429, "90004")
    assert "15 minutes" in locked.json["msg"]
    elsewhere = town.browser("203.0.113.3")
    assert (await elsewhere.sign_in()).code == "90004", "right, but from a device nobody knows"
    assert (await home.sign_in()).code == "0", "a device that signed in before"
    town.clock.advance(15 * MINUTE_MS)
    assert (await elsewhere.sign_in()).code == "0"


async def test_a_known_device_is_locked_by_its_own_failures(town: Town) -> None:
    """Criterion: ID-LOCK-1"""
    home = await town.user()
    for _ in range(10):
        assert (await home.sign_in(password="a wrong guess")).code == "90001"
    assert (await home.sign_in()).code == "90004"
    assert (await town.browser("203.0.113.9").sign_in()).code == "0"


async def test_a_device_of_one_user_is_a_stranger_to_another(town: Town) -> None:
    """Criterion: ID-LOCK-1"""
    await town.user("ada@example.com")
    mallory = await town.user("mallory@example.com")
    for _ in range(10):
        assert (await mallory.sign_in("ada@example.com", "a wrong guess")).code == "90001"
    assert (await failing(town, 1, "203.0.113.2")).code == "90004"


async def test_an_address_that_tries_many_accounts_is_locked(town: Town) -> None:
    """Criterion: ID-LOCK-2. All of one IPv6 network count as one address."""
    await town.user()
    for number in range(30):
        answer = await failing(town, 1, f"2001:db8::{number:x}", f"u{number}@example.com")
        assert answer.code == "90001"
    assert (await failing(town, 1, "2001:db8::ffff", "one@example.com")).code == "90004"
    assert (await failing(town, 1, "2001:db8:0:1::1", "one@example.com")).code == "90001"


async def test_right_attempts_do_not_count(town: Town) -> None:
    """Criterion: ID-LOCK-2"""
    await town.user()
    for _ in range(40):
        assert (await town.browser().sign_in()).code == "0"


async def test_many_attempts_at_once_are_no_way_around_the_count(town: Town) -> None:
    """Criterion: ID-LOCK-3"""
    await town.user()
    attempts = [town.browser("203.0.113.1").sign_in(password="guess") for _ in range(25)]
    codes = [answer.code for answer in await asyncio.gather(*attempts)]
    assert codes.count("90001") == 10
    assert codes.count("90004") == 15


async def test_a_new_device_is_reported_and_a_known_one_is_not(town: Town) -> None:
    """Criterion: ID-MAIL-1"""
    home = await town.user()
    assert await town.mail() == []
    await home.sign_in()
    assert await town.mail() == []
    away = town.browser("203.0.113.3")
    await away.sign_in()
    (alert,) = await town.mail()
    assert (alert.kind, alert.email) == (Kind.NEW_SIGN_IN, "ada@example.com")
    assert alert.values == {"address": "203.0.113.3", "agent": "Browser/1"}
    await away.sign_in()
    assert await town.mail() == []
    assert DEVICE in away.cookies


async def test_sessions_are_listed_and_revoked_one_or_all(town: Town) -> None:
    """Criterion: ID-SES-8"""
    home, away = await town.user(), town.browser("203.0.113.3")
    await away.sign_in()
    town.clock.advance(1000)
    rows = (await away.get("x/sessions")).data
    assert [(row["ip"], row["current"]) for row in rows] == [
        ("203.0.113.3", True),
        ("198.51.100.7", False),
    ]
    assert rows[0]["usedTs"] == str(town.clock.wall_ms())
    assert rows[0]["agent"] == "Browser/1"
    assert (await away.post("x/sessions/revoke", id=rows[1]["id"])).code == "0"
    assert (await home.get("x/session")).code == "90002"
    other = await town.user("eve@example.com")
    assert (await other.post("x/sessions/revoke", id=rows[0]["id"])).code == "51000"
    await home.sign_in()
    assert (await home.post("x/sessions/revoke-all")).row == {"ended": "1"}
    assert (await away.get("x/session")).code == "90002"
    assert (await home.post("x/sessions/revoke-all", current=True)).row == {"ended": "1"}
    assert SESSION not in home.cookies
    assert (await other.get("x/session")).code == "0"


async def test_a_sign_in_ends_the_session_that_the_browser_had(town: Town) -> None:
    """Criterion: ID-SES-9"""
    home = await town.user()
    before = dict(home.cookies)
    assert (await home.get("x/session")).code == "0"
    assert (await home.sign_in()).code == "0"
    assert len((await home.get("x/sessions")).data) == 1
    home.cookies = before
    assert (await home.get("x/session")).code == "90002"


async def test_signing_out_ends_the_session_on_the_server_too(town: Town) -> None:
    """Criterion: ID-SES-8"""
    home = await town.user()
    kept = dict(home.cookies)
    assert (await home.post("x/sign-out")).code == "0"
    assert SESSION not in home.cookies
    home.cookies = kept
    assert (await home.get("x/session")).code == "90002"


async def test_sensitive_acts_want_a_fresh_proof_which_changes_the_token(town: Town) -> None:
    """Criterion: ID-STEP-1"""
    home = await town.user()
    phone, _ = await with_phone(home)
    town.clock.advance(10 * MINUTE_MS)
    for path in (
        "x/api-keys/create", "x/api-keys/edit", "x/api-keys/switch-on", "x/password/change",
        "x/totp/begin", "x/totp/confirm", "x/totp/remove", "x/totp/recovery-codes",
        "x/passkeys/begin", "x/passkeys/finish", "x/passkeys/remove", "x/account/close",
    ):  # fmt: skip
        answer = await home.post(path, **ANY_BODY)
        assert (answer.status, answer.code) == (403, "90006"), path
    assert (await home.step_up("a wrong guess", phone.code())).code == "90001"
    assert (await home.step_up(PASSWORD)).code == "90005"
    before = home.cookies[SESSION]
    assert (await home.step_up(PASSWORD, phone.code())).code == "0"
    assert home.cookies[SESSION] != before
    assert (await home.post("x/totp/recovery-codes")).code == "0"
    home.cookies[SESSION] = before
    assert (await home.get("x/session")).code == "90002"


async def test_stepping_up_is_locked_after_failures(town: Town) -> None:
    """Criterion: ID-LOCK-3"""
    home = await town.user()
    for _ in range(10):
        assert (await home.step_up("a wrong guess")).code == "90001"
    assert (await home.step_up()).code == "90004"


async def test_an_account_missing_in_the_core_is_opened_at_the_next_sign_in(town: Town) -> None:
    """Criterion: ID-UP-6. A crash may come between the vault's commit and the command."""
    browser = town.browser()
    desk = town.rest.context.desk
    uid = await desk.act(_user_without_account, town)
    assert (await browser.sign_in("late@example.com")).row["uid"] == str(uid)
    assert (await browser.get("account/config")).row["uid"] == str(uid)


def _user_without_account(town: Town) -> int:
    rooms = town.rest.context.desk.rooms
    with rooms.store.change():
        user = rooms.vault.create_user()
        rooms.emails.put(user.uid, "late@example.com")
        rooms.vault.set_password(user.uid, PASSWORD)
    return user.uid


async def test_a_locked_vault_stops_sign_ins_with_a_sentence_and_nothing_else(
    town: Town,
) -> None:
    """Criterion: ID-FAULT-1"""
    home = await town.user()
    with closing(sqlite3.connect(town.rest.folder / "identity.db", isolation_level=None)) as thief:
        thief.execute("BEGIN IMMEDIATE")
        for path in ("x/sign-in", "x/password/forgotten"):
            answer = await town.browser().post(path, email="ada@example.com", password=PASSWORD)
            assert (answer.status, answer.code) == (503, "90007")
            assert "vault is locked" in answer.json["msg"]
        assert (await home.get("account/config")).code == "0"
        assert (await home.post("x/cancel-all")).code == "0"
        thief.execute("ROLLBACK")
    assert (await town.browser().sign_in()).code == "0"


async def test_what_is_wrong_with_the_vault_is_said_without_a_name(town: Town) -> None:
    """Criterion: ID-12. A damaged row is no locked vault, nor is the key of another store."""
    await town.user()
    await town.user("bob@example.com")
    desk = town.rest.context.desk
    vault = desk.rooms.vault
    damaged, good = [one.uid for one in await desk.act(vault.users)][-2:]
    await desk.act(
        lambda: vault.store.db.execute(
            "UPDATE personal SET sealed = x'00' WHERE uid = ?", (damaged,)
        )
    )
    with pytest.raises(Denied, match=r"one row of it is damaged \(personal\)") as said:
        await desk.act(vault.personal, damaged)
    assert str(damaged) not in said.value.allowed
    await desk.act(vault.personal, good)
    vault.store._master = b"another store's key, of 32 bytes"
    with pytest.raises(Denied, match="its key is another store's"):
        await desk.act(vault.personal, good)


async def test_a_flood_of_hashes_is_refused_before_it_is_queued(town: Town) -> None:
    """Criterion: ID-FAULT-2. Two hashes run at a time, and few wait."""
    desk = town.rest.context.desk
    work = [desk.matches("", "guess") for _ in range(80)]
    done = await asyncio.gather(*work, return_exceptions=True)
    assert sum(one is False for one in done) == 64
    assert all("BUSY" in str(one) for one in done if one is not False)


async def test_an_old_device_is_forgotten(town: Town) -> None:
    """Criterion: ID-LOCK-1"""
    home = await town.user()
    town.clock.advance(181 * 24 * HOUR_MS)
    await failing(town, 10, "203.0.113.1")
    assert (await home.sign_in()).code == "90004"

"""Forgotten and changed passwords."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from fullreserve.identity import passwords
from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import Hashing
from tests.integration.identity.bed import PASSWORD, Browser, Town, with_phone

NEW = "another long password"


async def reset(browser: Browser, email: str = "ada@example.com", password: str = NEW) -> str:
    begun = await browser.post("x/password/forgotten", email=email)
    messages = await browser.town.mail()
    code = messages[-1].values["code"] if messages else "00000000"
    answer = await browser.post(
        "x/password/reset", ticket=begun.row["ticket"], code=code, password=password
    )
    return answer.code


async def test_a_reset_sets_the_password_ends_sessions_and_tells(town: Town) -> None:
    """Criterion: ID-PASS-1"""
    home, away = await town.user(), town.browser("203.0.113.3")
    assert await reset(away) == "0"
    assert [message.kind for message in await town.mail()] == [Kind.PASSWORD_CHANGED]
    assert (await home.get("x/session")).code == "90002"
    assert (await away.get("x/session")).code == "50103", "a reset opens no session"
    assert (await away.sign_in(password=PASSWORD)).code == "90001"
    assert (await away.sign_in(password=NEW)).code == "0"


async def test_a_reset_does_not_pass_by_the_second_factor(town: Town) -> None:
    """Criterion: ID-PASS-1"""
    await with_phone(await town.user())
    away = town.browser("203.0.113.3")
    assert await reset(away) == "0"
    answer = await away.sign_in(password=NEW)
    assert answer.row["next"] == "second-factor"
    assert not answer.cookies


class Meanwhile:
    """Something that happens between the first check of a password and what it opens."""

    def __init__(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        self._desk = town.rest.context.desk
        self._matches = self._desk.matches
        self._patch = monkeypatch

    def does(self, act: Callable[[], Awaitable[object]]) -> None:
        async def slow(phc: str, password: str) -> bool:
            right = await self._matches(phc, password)
            self._patch.undo()
            await act()
            return right

        self._patch.setattr(self._desk, "matches", slow)


@pytest.mark.parametrize("is_outdated", [False, True])
async def test_a_sign_in_under_way_does_not_survive_a_reset(
    town: Town, monkeypatch: pytest.MonkeyPatch, *, is_outdated: bool
) -> None:
    """Criterion: ID-PASS-1"""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    if is_outdated:
        town.rest.vault.set_password_hash(uid, passwords.hashed(PASSWORD, Hashing(2, 8, 1)))
    owner, thief = town.browser("203.0.113.3"), town.browser("203.0.113.4")
    Meanwhile(town, monkeypatch).does(lambda: reset(owner))
    assert (await thief.sign_in(password=PASSWORD)).code == "90001"
    assert not thief.cookies
    assert (await thief.sign_in(password=PASSWORD)).code == "90001"
    assert (await owner.sign_in(password=NEW)).code == "0"


async def test_a_second_step_does_not_survive_a_reset(town: Town) -> None:
    """Criterion: ID-PASS-1"""
    phone, _ = await with_phone(await town.user())
    thief = town.browser("203.0.113.4")
    begun = await thief.sign_in(password=PASSWORD)
    assert await reset(town.browser("203.0.113.3")) == "0"
    ticket, code = begun.row["ticket"], phone.code(1)
    answer = await thief.post("x/sign-in/code", ticket=ticket, code=code)
    assert answer.code == "90005"


async def test_two_sign_ins_may_make_an_old_hash_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: ID-PASS-5"""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    town.rest.vault.set_password_hash(uid, passwords.hashed(PASSWORD, Hashing(2, 8, 1)))
    Meanwhile(town, monkeypatch).does(town.browser("203.0.113.3").sign_in)
    assert (await home.sign_in()).code == "0"


async def test_a_reset_ends_a_lock_out_that_strangers_caused(town: Town) -> None:
    """Criterion: ID-LOCK-4"""
    await town.user()
    stranger = town.browser("203.0.113.1")
    for _ in range(10):
        await stranger.sign_in(password="a wrong guess")
    away = town.browser("203.0.113.3")
    assert (await away.sign_in()).code == "90004"
    assert await reset(away) == "0"
    for _ in range(10):
        await stranger.sign_in(password="a wrong guess")
    assert (await town.browser("203.0.113.4").sign_in(password=NEW)).code == "90004"
    assert (await away.sign_in(password=NEW)).code == "0"


async def test_an_unknown_address_is_answered_alike_and_gets_no_message(town: Town) -> None:
    """Criterion: ID-SAFE-1"""
    browser = town.browser()
    begun = await browser.post("x/password/forgotten", email="nobody@example.com")
    assert (begun.status, begun.code, list(begun.row)) == (200, "0", ["ticket"])
    assert await town.mail() == []
    assert await reset(browser, "nobody@example.com") == "90005"


async def test_a_code_serves_once_and_a_weak_password_does_not_use_it_up(town: Town) -> None:
    """Criterion: ID-PASS-2"""
    await town.user()
    browser = town.browser()
    begun = await browser.post("x/password/forgotten", email="ada@example.com")
    (message,) = await town.mail()
    ticket, code = begun.row["ticket"], message.values["code"]
    codes = [
        (await browser.post("x/password/reset", ticket=ticket, code=code, password=one)).code
        for one in ("short", NEW, "yet another password")
    ]
    assert codes == ["90008", "0", "90005"]


async def test_a_change_goes_on_under_a_new_token_and_alone(town: Town) -> None:
    """Criterion: ID-PASS-3"""
    home, away = await town.user(), town.browser("203.0.113.3")
    await away.sign_in()
    await town.mail()
    before = dict(home.cookies)
    assert (await home.post("x/password/change", password=NEW)).code == "0"
    assert home.cookies != before
    assert (await home.get("x/session")).code == "0"
    assert (await away.get("x/session")).code == "90002"
    assert [message.kind for message in await town.mail()] == [Kind.PASSWORD_CHANGED]
    assert (await away.sign_in(password=PASSWORD)).code == "90001"
    assert (await away.sign_in(password=NEW)).code == "0"


async def test_a_password_is_the_same_on_any_keyboard(town: Town) -> None:
    """Criterion: ID-PASS-4. An umlaut comes as one character or as two."""
    await town.user(password="Tür und Tor 42")
    assert (await town.browser().sign_in(password="Tu\u0308r und Tor 42")).code == "0"
    assert (await town.browser().sign_in(password="Tur und Tor 42")).code == "90001"


async def test_a_hash_of_an_old_cost_is_made_again_at_the_next_sign_in(town: Town) -> None:
    """Criterion: ID-PASS-5"""
    home = await town.user()
    uid = int((await home.get("x/session")).row["uid"])
    vault = town.rest.vault
    vault.set_password_hash(uid, passwords.hashed(PASSWORD, Hashing(2, 8, 1)))
    assert (await home.sign_in()).code == "0"
    phc = (vault.credential(uid, "password") or b"").decode()
    assert "m=8,t=1,p=1" in phc
    assert (await home.sign_in()).code == "0"
    assert (vault.credential(uid, "password") or b"").decode() == phc

"""Signing up: what it takes, what it gives, and what it does not tell."""

from __future__ import annotations

import pytest

from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.identity.outbox import Kind
from fullreserve.identity.rules import HOUR_MS, MINUTE_MS
from tests.integration.identity.bed import PASSWORD, Town
from tests.memory_folder import memory_folder


async def test_a_confirmed_address_becomes_a_user_with_an_account(town: Town) -> None:
    """Criterion: ID-UP-1"""
    browser = town.browser()
    begun = await browser.post("x/sign-up", email=" Ada@Example.com ", password=PASSWORD)
    assert not browser.set_cookies
    assert town.rest.vault.users()[-1].uid == town.rest.bob.uid, "nobody yet"
    (message,) = await town.mail()
    assert (message.kind, message.email) == (Kind.SIGN_UP, "ada@example.com")
    ticket, code = begun.row["ticket"], message.values["code"]
    assert message.values["link"].endswith(f"/sign-up#ticket={ticket}&code={code}")
    entered = await browser.post("x/sign-up/confirm", ticket=ticket, code=code)
    uid = int(entered.row["uid"])
    owner = await town.rest.door.query(GetOwner(uid))
    assert (owner.owner, owner.master, owner.flags) == (uid, uid, 0)
    config = await browser.get("account/config")
    assert (config.row["uid"], config.row["mainUid"]) == (str(uid), str(uid))
    assert (await browser.get("x/session")).row["email"] == "ada@example.com"
    again = await town.browser().post("x/sign-up/confirm", ticket=ticket, code=code)
    assert (again.status, again.code) == (400, "90005")


async def test_a_known_address_is_answered_alike_and_its_owner_is_told(town: Town) -> None:
    """Criterion: ID-SAFE-1"""
    await town.user("ada@example.com")
    for email, kind in (
        ("ada@example.com", Kind.ALREADY_REGISTERED),
        ("new@example.com", Kind.SIGN_UP),
    ):
        browser = town.browser()
        begun = await browser.post("x/sign-up", email=email, password=PASSWORD)
        assert (begun.status, begun.code, list(begun.row)) == (200, "0", ["ticket"])
        assert [message.kind for message in await town.mail()] == [kind]
        ticket = begun.row["ticket"]
        wrong = await browser.post("x/sign-up/confirm", ticket=ticket, code="00000000")
        assert (wrong.status, wrong.code) == (400, "90005")
        # A ticket of one dialogue opens no other.
        wrong = await browser.post(
            "x/password/reset", ticket=ticket, code="00000000", password=PASSWORD
        )
        assert (wrong.status, wrong.code) == (400, "90005")


async def test_a_ticket_bears_five_wrong_codes_and_fifteen_minutes(town: Town) -> None:
    """Criterion: ID-UP-2"""
    browser = town.browser()
    begun = await browser.post("x/sign-up", email="eve@example.com", password=PASSWORD)
    (message,) = await town.mail()
    ticket, code = begun.row["ticket"], message.values["code"]
    for _ in range(5):
        wrong = await browser.post("x/sign-up/confirm", ticket=ticket, code="x")
        assert wrong.code == "90005"
    late = await browser.post("x/sign-up/confirm", ticket=ticket, code=code)
    assert late.code == "90005"
    begun = await browser.post("x/sign-up", email="eve@example.com", password=PASSWORD)
    (message,) = await town.mail()
    town.clock.advance(15 * MINUTE_MS)
    ticket, code = begun.row["ticket"], message.values["code"]
    late = await browser.post("x/sign-up/confirm", ticket=ticket, code=code)
    assert late.code == "90005"


async def test_of_two_dialogues_for_one_address_the_first_to_confirm_wins(town: Town) -> None:
    """Criterion: ID-UP-3"""
    first, second = town.browser(), town.browser()
    begun = [await one.post("x/sign-up", email="a@b.example", password=PASSWORD)
             for one in (first, second)]  # fmt: skip
    codes = [message.values["code"] for message in await town.mail()]
    users = len(town.rest.vault.users())
    answers = [
        await one.post("x/sign-up/confirm", ticket=answer.row["ticket"], code=code)
        for one, answer, code in zip((first, second), begun, codes, strict=True)
    ]
    assert [answer.code for answer in answers] == ["0", "90005"]
    assert len(town.rest.vault.users()) == users + 1


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        ("ada", PASSWORD, "51000"),
        ("ada@localhost", PASSWORD, "51000"),
        ("a b@example.com", PASSWORD, "51000"),
        ("", PASSWORD, "50014"),
        ("ada@example.com", "", "50014"),
        ("ada@example.com", "short", "90008"),
        ("ada@example.com", "x" * 129, "90008"),
        ("ada@example.com", "Password123", "90008"),
        ("ada@example.com", "abababababab", "90008"),
        ("ada@example.com", "Ada@example.com", "90008"),
    ],
)
async def test_what_is_no_address_or_no_password_is_refused_with_what_would_be(
    town: Town, email: str, password: str, code: str
) -> None:
    """Criterion: ID-UP-4"""
    answer = await town.browser().post("x/sign-up", email=email, password=password)
    assert (answer.status, answer.code) == (400, code)
    assert password not in answer.json["msg"] or not password


async def test_nobodys_mailbox_is_flooded_by_strangers(town: Town) -> None:
    """Criterion: ID-UP-5"""
    for _ in range(8):
        for path in ("x/sign-up", "x/password/forgotten"):
            answer = await town.browser().post(path, email="a@b.example", password=PASSWORD)
            assert answer.code == "0"
    assert len(await town.mail()) <= 5
    town.clock.advance(HOUR_MS)
    await town.browser().post("x/sign-up", email="a@b.example", password=PASSWORD)
    assert len(await town.mail()) == 1


async def test_a_foreign_page_cannot_post(town: Town) -> None:
    """Criterion: ID-SAFE-2. A form sends no JSON, and a script of another origin is not let."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await town.browser().post("x/sign-in", kind, email="a@b.example", password="x")
        assert (answer.status, answer.code) == (400, "50006")


async def test_in_the_demo_a_new_account_has_money_to_trade_with() -> None:
    """Criterion: ID-UP-7"""
    with memory_folder() as folder:
        town = await Town.open(folder, demo=True)
        home = await town.user()
        details = (await home.get("account/balance")).row["details"]
        held = {detail["ccy"]: detail["cashBal"] for detail in details}
        assert held == {"BTC": "1", "ETH": "1", "FRT": "100", "USDT": "5000"}
        order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit"}
        placed = await home.post("trade/order", **order, px="100", sz="1")
        assert placed.row["sCode"] == "0"
        await town.close()


async def test_without_play_money_a_new_account_is_empty(town: Town) -> None:
    """Criterion: ID-UP-7"""
    home = await town.user()
    assert (await home.get("account/balance")).row["details"] == []

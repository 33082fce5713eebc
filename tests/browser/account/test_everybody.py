"""Goal: the account's pages serve everybody, on every screen, and no string of anybody runs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account.axe import overflow_px, small_targets, violations
from tests.browser.account.conftest import Profile
from tests.browser.account.exchange import Exchange
from tests.browser.account.people import enter, post

OPEN = ("/sign-in", "/sign-up", "/reset", "/sign-up#ticket=t&code=12345678")
ACCOUNT = (
    "/account",
    "/account/security",
    "/account/sessions",
    "/account/api-keys",
    "/account/sub-accounts",
    "/account/sub-accounts/scalper01",
)
# A phone has what a desk has, and the ruler besides; the desk may wait for the long run.
SIZES = [
    pytest.param(False, id="desk", marks=pytest.mark.slow),
    pytest.param(True, id="phone"),
]
LOADING = re.compile("Loading…|Загрузка|加载中")
LONG = "Сверхдолгоназваниеключавысокопревосходительств"
SCRIPT = "<script>document.title='got'</script><img src=x onerror=\"document.title='got'\">"
KEPT = "localStorage.setItem('fullreserve.preferences', '{\"theme\":\"light\"}')"


def furnish(page: Page, label: str) -> None:
    """A key and a sub-account of this name, so that no page is empty."""
    key = {"label": label, "passphrase": "Phrase-12", "perm": "read_only,trade,withdraw"}
    assert post(page, "x/api-keys/create", **key)["code"] == "0"
    sub = {"subAcct": "scalper01", "label": label}
    assert post(page, "users/subaccount/create-subaccount", **sub)["code"] == "0"
    moved = {"ccy": "BTC", "amt": "0.12345678", "from": "18", "to": "6", "type": "1"}
    assert post(page, "asset/transfer", **moved, subAcct="scalper01")["code"] == "0"


def settled(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("h1").wait_for()
    expect(page.get_by_text(LOADING)).to_have_count(0)


def faults(page: Page, paths: tuple[str, ...], *, phone: bool) -> list[str]:
    """What is wrong with each page, for eyes, ears and fingers."""
    found = []
    for path in paths:
        settled(page, path)
        found += [f"{path}: {each}" for each in violations(page)]
        if phone:
            found += [f"{path}: small: {each}" for each in small_targets(page)]
        if beyond := overflow_px(page):
            found.append(f"{path}: sticks out by {beyond} px")
    return found


@pytest.mark.parametrize("phone", SIZES)
def test_pages_for_everybody(profile: Profile, exchange: Exchange, *, phone: bool) -> None:
    """Criterion: WEB-ACCT-ACCESS-1"""
    page = profile(phone=phone)
    found = faults(page, OPEN, phone=phone)
    enter(page, exchange)
    furnish(page, "Grid bot")
    assert found + faults(page, ACCOUNT, phone=phone) == []


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["ru", "zh"])
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_pages_in_every_language_and_light(
    profile: Profile, exchange: Exchange, locale: str, *, phone: bool, light: bool
) -> None:
    """Criteria: WEB-ACCT-ACCESS-1, WEB-ACCT-LANG-1"""
    page = profile(phone=phone, locale=locale)
    if light:
        page.add_init_script(KEPT)
    found = faults(page, OPEN, phone=phone)
    enter(page, exchange)
    furnish(page, LONG)
    assert found + faults(page, ACCOUNT, phone=phone) == []


@pytest.mark.parametrize("phone", SIZES)
def test_dialogs_for_everybody(profile: Profile, exchange: Exchange, *, phone: bool) -> None:
    """Criterion: WEB-ACCT-ACCESS-1"""
    page = profile(phone=phone)
    enter(page, exchange)
    settled(page, "/account/api-keys")
    opener = page.get_by_role("button", name="Create API key")
    opener.click()
    page.get_by_role("dialog").wait_for()
    found = violations(page) + (small_targets(page) if phone else [])
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    settled(page, "/account/security")
    page.get_by_role("button", name="Set up authenticator").click()
    page.get_by_role("dialog").wait_for()
    assert found + violations(page) + (small_targets(page) if phone else []) == []


def test_no_string_of_anybody_runs(profile: Profile, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-STRINGS-1"""
    page = profile(user_agent=SCRIPT)
    email = enter(page, exchange, "a'onload=alert`1`&b@mail.example")
    furnish(page, SCRIPT[:50])
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in ACCOUNT:
        settled(page, path)
        assert "got" not in page.title()
        assert page.locator("main script, main img, main svg[onload]").count() == 0
    settled(page, "/account")
    expect(page.get_by_text(email)).to_be_visible()
    for path in ("/sign-up", "/reset"):
        page.goto(f"{path}#ticket=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&code={SCRIPT}")
        page.get_by_label("Code from the message").wait_for()
    assert not dialogs

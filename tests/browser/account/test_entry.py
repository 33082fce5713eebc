"""Goal: anybody gets in, and back in. Method: a browser, the pages, and the messages they cause."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.account.conftest import Profile
from tests.browser.account.exchange import Exchange
from tests.browser.account.people import PASSWORD, enter, new_email, sign_in, sign_out, sign_up

NEW_PASSWORD = "another long sentence"


def test_a_new_user_lands_on_the_trade_page(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-ENTRY-1"""
    page.goto("/markets")
    page.get_by_role("banner").get_by_role("link", name="Sign up").click()
    page.get_by_label("E-mail").fill(email := new_email())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_text(f"We sent a code to {email}").wait_for()
    wrong = page.get_by_label("Code from the message")
    wrong.fill("00000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("The code is wrong, was used, or has expired")).to_be_visible()
    expect(wrong).to_have_value("00000000")
    expect(wrong).to_be_focused()
    wrong.fill(" ".join(exchange.mail("sign-up code").code))
    page.get_by_role("button", name="Confirm").click()
    expect(page).to_have_url(re.compile("/trade/BTC-USDT"))
    page.get_by_role("button", name="Account:").click()
    expect(page.get_by_text(email)).to_be_visible()


def test_the_link_of_a_message_opens_the_account(
    page: Page, profile: Profile, exchange: Exchange
) -> None:
    """Criterion: WEB-ACCT-ENTRY-1"""
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(new_email())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name="Send a new code").click()
    exchange.mail("sign-up code")
    link = exchange.mail("sign-up code").link
    other = profile(phone=True)
    other.goto(link)
    other.get_by_role("button", name="Confirm").click()
    other.get_by_text("Welcome to Fullreserve").wait_for()
    other.goto(link)
    other.get_by_role("button", name="Confirm").click()
    expect(other.get_by_text("The code is wrong, was used, or has expired")).to_be_visible()


def test_signing_in_goes_on_where_one_was(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-ENTRY-2, WEB-ACCT-ENTRY-4"""
    email = enter(page, exchange)
    page.goto("/portfolio")
    sign_out(page)
    page.goto("/orders")
    page.get_by_role("banner").get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("a wrong password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/orders$"))


def test_a_page_that_wants_a_session_asks_for_it_in_place(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-ENTRY-2"""
    email = enter(page, exchange)
    page.context.clear_cookies()
    page.goto("/account/sessions")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("table", name="Active sessions")).to_be_visible()


def test_a_forgotten_password_is_set_anew(page: Page, profile: Profile, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-ENTRY-3"""
    email = enter(page, exchange)
    page.goto("/account")
    other = profile()
    other.goto("/sign-in")
    other.get_by_role("link", name="Forgot your password?").click()
    other.get_by_label("E-mail").fill(email)
    other.get_by_role("button", name="Send code").click()
    other.get_by_text(f"If {email} has an account").wait_for()
    mail = exchange.mail("new password")
    other.get_by_label("Code from the message").fill(mail.code)
    other.get_by_label("New password").fill("password123")
    other.get_by_role("button", name="Set password").click()
    expect(other.get_by_text("harder to guess")).to_be_visible()
    other.goto(mail.link)
    expect(other.get_by_label("Code from the message")).to_have_value(mail.code)
    other.get_by_label("New password").fill(NEW_PASSWORD)
    other.get_by_role("button", name="Set password").click()
    other.get_by_text("Password changed. Log in with it.").wait_for()
    sign_in(other, email, NEW_PASSWORD)
    expect(other.get_by_role("button", name="Account:")).to_be_visible()
    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_role("alert").first).to_contain_text("Your session has ended")


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        ("nobody", PASSWORD, "Type an e-mail address such as name@example.com."),
        ("a b@c.example", PASSWORD, "Type an e-mail address such as name@example.com."),
        ("fine@mail.example", "short", "A password has 10 to 128 characters."),
        ("fine@mail.example", "x" * 129, "A password has 10 to 128 characters."),
        ("fine@mail.example", "1111111111", "Choose a password that is harder to guess"),
    ],
)
def test_what_cannot_be_right_is_said_at_its_field(
    page: Page, email: str, password: str, words: str
) -> None:
    """Criterion: WEB-ACCT-FORM-1"""
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text(words)).to_be_visible()
    wrong = page.locator("input[aria-invalid=true]")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_value(email if "address" in words else password)


def test_two_clicks_send_once_and_nothing_typed_is_lost(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-FORM-2, WEB-ACCT-FORM-3"""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(email := new_email())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.context.set_offline(offline=True)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_contain_text("The exchange does not answer")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    page.context.set_offline(offline=False)
    sent.clear()
    page.evaluate("""() => {
      const button = document.querySelector('main form button[type=submit]')
      button.click(); button.click(); button.form.requestSubmit()
    }""")
    page.get_by_text("We sent a code").wait_for()
    assert len([url for url in sent if url.endswith("x/sign-up")]) == 1
    exchange.mail("sign-up code")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("ru", ("Пароль", "Создать аккаунт", "Код из письма", "Подтвердить", "Добро пожаловать")),
        ("zh", ("密码", "创建账户", "邮件验证码", "确认", "欢迎使用")),
    ],
)
def test_signing_up_in_other_languages_on_a_phone(
    profile: Profile, exchange: Exchange, locale: str, words: tuple[str, ...]
) -> None:
    """Criterion: WEB-ACCT-LANG-1"""
    password, create, code, confirm, welcome = words
    page = profile(phone=True, locale=locale)
    page.goto("/sign-up")
    page.locator("input[type=email]").fill(new_email())
    page.get_by_label(password, exact=True).fill(PASSWORD)
    page.get_by_role("button", name=create).click()
    page.get_by_label(code).fill(exchange.mail("sign-up code").code)
    page.get_by_role("button", name=confirm).click()
    expect(page.get_by_text(welcome)).to_be_visible()
    assert page.locator("html").get_attribute("lang") == locale


def test_the_whole_of_it_by_keyboard(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-ACCESS-2"""
    page.goto("/sign-up")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(new_email())
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code from the message")).to_be_focused()
    page.keyboard.type(exchange.mail("sign-up code").code)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Welcome to Fullreserve")).to_be_visible()


def test_a_page_of_entry_knows_who_is_in(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-ENTRY-2"""
    email = sign_up(page, exchange)
    page.goto("/sign-in")
    expect(page.get_by_role("heading", name="You are logged in")).to_be_visible()
    expect(page.get_by_role("main").get_by_text(email)).to_be_visible()

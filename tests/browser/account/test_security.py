"""Goal: what opens an account can be seen and changed by its owner alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.account.conftest import Profile
from tests.browser.account.exchange import Exchange
from tests.browser.account.people import (
    PASSWORD,
    Phone,
    enter,
    post,
    sign_in,
    sign_out,
    uid,
)

NEW_PASSWORD = "another long sentence"


def set_up_totp(page: Page) -> tuple[Phone, list[str]]:
    """An authenticator set up through the page, and the recovery codes that it shows."""
    page.goto("/account/security")
    page.get_by_role("button", name="Set up authenticator").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    phone = Phone(dialog.locator("code").inner_text())
    code = dialog.get_by_label("Authenticator code")
    code.fill("000000")
    dialog.get_by_role("button", name="Turn on").click()
    expect(dialog.get_by_text("The code is wrong")).to_be_visible()
    code.fill(phone.code())
    dialog.get_by_role("button", name="Turn on").click()
    codes = page.get_by_role("list", name="Recovery codes").locator("code")
    expect(codes).to_have_count(10)
    return phone, codes.all_inner_texts()


def test_an_authenticator_and_its_recovery_codes(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-TOTP-2, WEB-ACCT-TOTP-3"""
    email = enter(page, exchange)
    phone, codes = set_up_totp(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Recovery codes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("button", name="I have saved it").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    sign_out(page)

    sign_in(page, email)
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The code is wrong")).to_be_visible()
    page.get_by_label("Authenticator code").fill(phone.code(1))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Account:")).to_be_visible()
    sign_out(page)

    sign_in(page, email)
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[3].upper())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Account:")).to_be_visible()
    page.goto("/account/security")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()

    page.get_by_role("button", name="New recovery codes").click()
    page.get_by_role("dialog").get_by_role("button", name="New recovery codes").click()
    expect(page.get_by_role("list", name="Recovery codes").locator("code")).to_have_count(10)
    page.get_by_role("button", name="I have saved it").click()
    page.get_by_role("button", name="Remove authenticator").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove authenticator").click()
    expect(page.get_by_role("button", name="Set up authenticator")).to_be_visible()


def with_authenticator(page: Page) -> None:
    """The browser gets a device that makes and uses passkeys without asking."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_from_its_making_to_its_end(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-PASSKEY-1, WEB-ACCT-STOP-1"""
    enter(page, exchange)
    with_authenticator(page)
    page.goto("/account/security")
    page.get_by_role("button", name="Add passkey").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("Chrome 156 · Linux")
    dialog.get_by_label("Name").fill("Laptop <b>of Ada</b>")
    dialog.get_by_role("button", name="Continue").click()
    table = page.get_by_role("table", name="Passkeys")
    expect(table.get_by_text("Laptop <b>of Ada</b>")).to_be_visible()
    page.get_by_role("button", name="Rename passkey").click()
    dialog.get_by_label("Name").fill("Ada's laptop")
    dialog.get_by_role("button", name="Save").click()
    expect(table.get_by_text("Ada's laptop")).to_be_visible()
    sign_out(page)

    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Account:")).to_be_visible()

    exchange.age_proofs(uid(page))
    page.goto("/account/security")
    page.get_by_role("button", name="Remove passkey").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove passkey").click()
    proof = page.get_by_role("dialog", name="Confirm that it is you")
    proof.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkeys yet.")).to_be_visible()
    stopped = page.get_by_text("nothing can leave until")
    expect(stopped).to_be_visible(timeout=15_000)
    page.goto("/withdraw")
    expect(stopped).to_be_visible()
    sign_out(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("This passkey is not known here")


def test_a_proof_is_asked_for_where_it_is_needed(
    page: Page, profile: Profile, exchange: Exchange
) -> None:
    """Criteria: WEB-ACCT-PROOF-1, WEB-ACCT-PASSWORD-1"""
    email = enter(page, exchange)
    other = profile()
    sign_in(other, email)
    other.get_by_role("button", name="Account:").wait_for()
    exchange.age_proofs(uid(page))
    page.goto("/account/security")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    proof = page.get_by_role("dialog", name="Confirm that it is you")
    proof.wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_text("You did not confirm that it is you.")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_value(NEW_PASSWORD)

    page.get_by_role("button", name="Change password").click()
    proof.get_by_label("Password", exact=True).fill("a wrong password")
    proof.get_by_role("button", name="Confirm").click()
    expect(proof.get_by_text("The e-mail address or the password is wrong.")).to_be_visible()
    proof.get_by_label("Password", exact=True).fill(PASSWORD)
    proof.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Password changed")).to_be_visible()
    expect(proof).to_be_hidden()
    expect(page.get_by_label("New password")).to_have_value("")
    other.goto("/account")
    expect(other.get_by_text("This page is for those who are logged in.")).to_be_visible()


def test_a_session_that_ends_in_mid_form_loses_nothing(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-FORM-3"""
    enter(page, exchange)
    page.goto("/account/api-keys")
    page.get_by_role("button", name="Create API key").click()
    form = page.get_by_role("dialog", name="Create API key")
    form.get_by_label("Label").fill("Grid bot")
    form.get_by_label("Passphrase").fill("Phrase-12")
    form.get_by_label("Trade").check()
    post(page, "x/sessions/revoke-all", current=True)
    form.get_by_role("button", name="Create API key").click()
    alert = form.get_by_role("alert")
    expect(alert).to_contain_text("Log in first.")
    alert.get_by_role("button", name="Log in").click()
    entry = page.get_by_role("dialog", name="Log in")
    expect(entry.get_by_label("E-mail")).not_to_have_value("")
    entry.get_by_label("Password", exact=True).fill(PASSWORD)
    entry.get_by_role("button", name="Log in", exact=True).click()
    expect(entry).to_be_hidden()
    expect(form.get_by_label("Label")).to_have_value("Grid bot")
    expect(form.get_by_label("Trade")).to_be_checked()
    form.get_by_role("button", name="Create API key").click()
    expect(page.get_by_role("dialog", name="API key created")).to_be_visible()


def test_sessions_are_listed_and_ended(page: Page, profile: Profile, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-SESSIONS-2"""
    email = enter(page, exchange)
    for agent in ("<img src=x onerror=alert(1)>", "Mozilla/5.0 (iPhone) Version/18.0 Safari/604"):
        other = profile(user_agent=agent)
        sign_in(other, email)
        other.get_by_role("button", name="Account:").wait_for()
    page.goto("/account/sessions")
    rows = page.get_by_role("table", name="Active sessions").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    page.get_by_role("button", name="Log out: Safari 18 · iPhone").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Log out all others").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 other session ends at once.")).to_be_visible()
    dialog.get_by_role("button", name="Log out all others").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_text("1 session ended")).to_be_visible()


def test_the_demos_money_comes_and_goes_and_the_account_is_closed(
    page: Page, exchange: Exchange
) -> None:
    """Criteria: WEB-ACCT-FAUCET-1, WEB-ACCT-CLOSE-1"""
    email = enter(page, exchange)
    page.goto("/account")
    page.get_by_role("button", name="Top up").click()
    expect(page.get_by_text("Demo money added")).to_be_visible()
    page.goto("/account/security")
    page.get_by_role("button", name="Close account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(f"Type {email} to confirm").fill("somebody@else.example")
    dialog.get_by_role("button", name="Close for good").click()
    expect(dialog.get_by_text("This is not the address of this account.")).to_be_visible()
    dialog.get_by_label(f"Type {email} to confirm").fill(email)
    dialog.get_by_role("button", name="Close for good").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There are still balances")
    dialog.get_by_role("button", name="Give the demo money back").click()
    expect(page.get_by_text("Demo money given back")).to_be_visible()
    dialog.get_by_role("button", name="Close for good").click()
    expect(page.get_by_text("Your account is closed")).to_be_visible()
    exchange.mail("Your account is closed")
    sign_in(page, email)
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is wrong")


def test_withdrawal_settings_are_locked_and_only_get_stricter(
    page: Page, exchange: Exchange
) -> None:
    """Criterion: WEB-ACCT-LOCK-1"""
    enter(page, exchange)
    page.goto("/account/security")
    limit = page.get_by_label("My own limit in 24 hours")
    limit.fill("ten")
    page.get_by_role("button", name="Save limit").click()
    expect(page.get_by_text("Give whole US dollars")).to_be_visible()
    limit.fill("1000")
    page.get_by_role("button", name="Save limit").click()
    expect(page.get_by_text("Limit saved")).to_be_visible()
    page.get_by_role("button", name="Lock settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Days").fill("31")
    dialog.get_by_role("button", name="Lock settings").click()
    expect(dialog.get_by_text("Give whole days, from 1 to 30.")).to_be_visible()
    dialog.get_by_label("Days").fill("30")
    dialog.get_by_role("button", name="Lock settings").click()
    section = page.get_by_role("region", name="Withdrawal settings")
    expect(section.get_by_text("Locked", exact=True)).to_be_visible()
    exchange.mail("Your withdrawal settings are locked for 30 days")
    limit.fill("1001")
    page.get_by_role("button", name="Save limit").click()
    expect(section.get_by_text("they can only be made stricter")).to_be_visible()
    only_book = section.get_by_label("Withdraw to my address book only")
    only_book.click()
    expect(only_book).to_be_checked()
    expect(only_book).to_be_disabled()

"""Goal: keys and sub-accounts are made, limited and stopped by who owns them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from fullreserve.clock import SystemClock
from fullreserve.simulation.client import Credentials, call
from tests.browser.account.exchange import Exchange
from tests.browser.account.people import enter


def make_key(page: Page, label: str, *, trade: bool = False, ip: str = "") -> None:
    """Fills the dialog for a new key and sends it."""
    page.get_by_role("button", name="Create API key").click()
    form = page.get_by_role("dialog", name="Create API key")
    form.get_by_label("Label").fill(label)
    form.get_by_label("Trade").set_checked(trade)
    form.get_by_role("textbox", name="IP addresses").fill(ip)
    form.get_by_label("Passphrase").fill("Phrase-12")
    form.get_by_role("button", name="Create API key").click()


def test_a_key_from_its_making_to_its_end(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-KEYS-2, WEB-ACCT-KEYS-3"""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page, exchange)
    page.goto("/account/api-keys")
    make_key(page, "Grid bot", trade=True, ip="nonsense")
    form = page.get_by_role("dialog", name="Create API key")
    expect(form.get_by_text("Give IPv4 or IPv6 addresses or networks")).to_be_visible()
    expect(form.get_by_label("Label")).to_have_value("Grid bot")
    form.get_by_role("textbox", name="IP addresses").fill("")
    expect(form.get_by_text("ends after 14 days without use")).to_be_visible()
    form.get_by_role("textbox", name="IP addresses").fill("127.0.0.1 198.51.100.0/24")
    form.get_by_role("button", name="Create API key").click()

    secret = page.get_by_role("dialog", name="API key created")
    page.keyboard.press("Escape")
    expect(secret.locator("code")).to_have_count(3)
    key, secret_key, passphrase = secret.locator("code").all_inner_texts()
    assert passphrase == "Phrase-12"
    secret.get_by_role("button", name="Copy: Secret key").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == secret_key
    secret.get_by_role("button", name="I have saved it").click()
    row = page.get_by_role("row", name="Grid bot")
    expect(row).to_contain_text("127.0.0.1/32, 198.51.100.0/24")
    expect(row).to_contain_text("Never")
    expect(page.get_by_text(secret_key)).to_have_count(0)

    use(exchange, key, secret_key)
    page.reload()
    expect(row.get_by_role("cell").nth(4)).not_to_have_text("Never")

    page.get_by_role("button", name="Edit API key Grid bot").click()
    edit = page.get_by_role("dialog", name="Edit API key")
    edit.get_by_label("Label").fill("Reader")
    edit.get_by_label("Trade").uncheck()
    edit.get_by_role("textbox", name="IP addresses").fill("")
    edit.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="Reader")
    expect(row).to_contain_text("From anywhere")
    expect(row).not_to_contain_text("Trade")

    # An outline: what is asked about once more is no alarm.
    switch = page.get_by_role("button", name="Switch off all keys")
    expect(switch).to_have_css("background-color", "rgba(0, 0, 0, 0)")
    switch.click()
    page.get_by_role("dialog").get_by_role("button", name="Switch off all keys").click()
    expect(page.get_by_role("heading", name="All keys are switched off")).to_be_visible()
    page.get_by_role("button", name="Switch keys on").click()
    expect(page.get_by_role("heading", name="Kill switch")).to_be_visible()

    page.get_by_role("button", name="Delete API key Reader").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete API key").click()
    expect(page.get_by_text("No API keys yet.")).to_be_visible()


def use(exchange: Exchange, key: str, secret: str) -> None:
    """One request that is signed with a key."""
    http = exchange.address.removeprefix("http://").replace("localhost", "127.0.0.1")
    signer = Credentials("", "", key, secret, "Phrase-12")
    call(http, signer, SystemClock(), "GET", "/api/v5/account/balance")


def choose(page: Page, label: str, option: str) -> None:
    """Picks from a select."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).click()


def test_a_sub_account_with_money_and_a_key(page: Page, exchange: Exchange) -> None:
    """Criteria: WEB-ACCT-SUBS-1, WEB-ACCT-SUBS-2"""
    enter(page, exchange)
    exchange_page = "/account/sub-accounts"
    page.goto(exchange_page)
    expect(page.get_by_text("No sub-accounts yet.")).to_be_visible()
    page.get_by_role("button", name="Create sub-account").click()
    form = page.get_by_role("dialog", name="Create sub-account")
    form.get_by_label("Name").fill("no")
    form.get_by_role("button", name="Create sub-account").click()
    expect(form.locator("input[aria-invalid=true]")).to_be_focused()
    form.get_by_label("Name").fill("scalper01")
    form.get_by_label("Note").fill("<b>bold</b>")
    form.get_by_role("button", name="Create sub-account").click()
    expect(page.get_by_text("<b>bold</b>")).to_be_visible()
    page.get_by_role("link", name="scalper01").click()

    expect(page.get_by_text("Available: 1 BTC")).to_be_visible()
    page.get_by_label("Amount", exact=True).fill("5")
    page.get_by_role("button", name="Transfer", exact=True).click()
    expect(page.get_by_text("There is not that much available.")).to_be_visible()
    page.get_by_label("Amount", exact=True).fill("0.12345678")
    page.get_by_role("button", name="Transfer", exact=True).click()
    trading = page.get_by_role("table", name="Trading account")
    expect(trading.get_by_role("row", name="BTC")).to_contain_text("0.12345678")
    expect(page.get_by_text("Available: 0.87654322 BTC")).to_be_visible()
    choose(page, "Direction", "From the sub-account")
    choose(page, "To", "Funding account")
    page.get_by_role("button", name="Max").click()
    page.get_by_role("button", name="Transfer", exact=True).click()
    expect(trading.get_by_text("Nothing here.")).to_be_hidden()
    expect(page.get_by_text("Nothing lies on the account that sends.")).to_be_visible()
    transfers = page.get_by_role("table", name="Latest transfers")
    expect(transfers.locator("tbody tr")).to_have_count(2)

    page.get_by_role("button", name="Stop transfers out").click()
    expect(page.get_by_text("Transfers out stopped")).to_be_visible()
    freeze_and_free(page)
    make_key(page, "Sub bot", trade=True)
    page.get_by_role("button", name="I have saved it").click()
    expect(page.get_by_role("row", name="Sub bot")).to_contain_text("Trade")
    page.get_by_role("button", name="Delete API key Sub bot").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete API key").click()
    expect(page.get_by_text("No API keys yet.")).to_be_visible()


def freeze_and_free(page: Page) -> None:
    """Freezes the sub-account of a page and lets it act again. Criterion: WEB-ACCT-SUBS-3"""
    page.get_by_role("button", name="Freeze", exact=True).click()
    asking = page.get_by_role("dialog", name="Freeze scalper01")
    expect(asking.get_by_label("Cancel its open orders too")).to_be_checked()
    asking.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_text("Frozen by you")).to_be_visible()
    expect(page.get_by_role("button", name="Allow transfers out")).to_be_disabled()
    page.get_by_role("button", name="Unfreeze").click()
    expect(page.get_by_role("button", name="Freeze", exact=True)).to_be_visible()
    expect(page.get_by_text("Transfers out stopped")).to_be_visible()


def test_a_sub_account_of_nobody(page: Page, exchange: Exchange) -> None:
    """Criterion: WEB-ACCT-SUBS-1"""
    enter(page, exchange)
    page.goto("/account/sub-accounts/<img src=x onerror=alert(1)>")
    expect(page.get_by_text("You have no sub-account of this name.")).to_be_visible()

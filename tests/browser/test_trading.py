"""Goal: a person trades on the page as on any venue. Method: a browser against a live exchange."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from scripts.source import ROOT
from tests.browser.conftest import Visit
from tests.browser.people import Person

PAIR = "/trade/BTC-USDT"
LONG = 150  # orders
MESSAGES = ROOT / "web/src/i18n/messages"
WORDS = {
    language: {
        **json.loads((MESSAGES / f"{language}.json").read_text()),
        **json.loads((MESSAGES / f"console/{language}.json").read_text()),
    }
    for language in ("en", "ru", "zh")
}
EN = WORDS["en"]


def fill(page: Page, price: str, amount: str, words: dict[str, str] = EN) -> None:
    """Type into the order form."""
    form = page.get_by_role("form", name=words["form.title"])
    form.get_by_label(words["form.price"], exact=True).fill(price)
    form.get_by_label(words["form.size"], exact=True).fill(amount)


def press(page: Page, side: str = "buy", words: dict[str, str] = EN) -> None:
    """Press the form's button."""
    page.get_by_role("button", name=f"{words[side]} BTC", exact=True).click()


def press_at_the_end(page: Page) -> None:
    """Press it where the session has ended: its words change as soon as the page hears of it."""
    words = re.compile(f"^({EN['buy']} BTC|{re.escape(EN['form.signIn'])})$")
    page.get_by_role("button", name=words).click()


def ready(page: Page) -> None:
    """Wait until the page shows the account's balance."""
    expect(page.get_by_text("10,000,000 USDT").first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
def test_an_order_is_placed_shown_and_cancelled(
    visit: Visit, person: Person, language: str
) -> None:
    """Criterion: WEB-FLOW-1"""
    words = WORDS[language]
    page = visit(PAIR, person, language=language)
    ready(page)
    fill(page, "39,000.5", "0.25", words)
    expect(page.get_by_label(words["form.total"], exact=True).first).to_have_value("9750.125")
    press(page, "buy", words)
    row = page.get_by_role("row").filter(has_text="39,000.5")
    expect(row).to_contain_text(words["type.limit"])
    expect(row).to_contain_text("0.25")
    assert [order["px"] for order in person.pending()] == ["39000.5"]
    row.get_by_role("button", name=re.compile(words["cancel"][:4])).last.click()
    expect(page.get_by_text(words["orders.none"])).to_be_visible()
    assert person.pending() == []


def test_a_double_click_places_one_order(visit: Visit, person: Person) -> None:
    """Criterion: WEB-PLACE-1"""
    page = visit(PAIR, person)
    ready(page)
    fill(page, "39000", "0.1")
    page.get_by_role("button", name="Buy BTC", exact=True).dblclick()
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    # A second order would have been there before this answer.
    assert len(person.pending()) == 1


def test_a_market_order_fills_and_says_so(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FLOW-2"""
    page = visit(PAIR, person)
    ready(page)
    page.get_by_role("combobox", name=EN["form.type"]).click()
    page.get_by_role("option", name=EN["type.market"], exact=True).click()
    page.get_by_label(EN["form.spend"], exact=True).fill("20")
    press(page)
    expect(page.get_by_text("Bought on BTC/USDT").first).to_be_visible()
    page.get_by_role("tab", name=EN["orders.fills"]).click()
    fills = page.get_by_role("table", name=EN["orders.fills"])
    expect(fills.get_by_role("row").nth(1)).to_contain_text(EN["orders.taker"])
    page.get_by_role("tab", name=EN["orders.history"]).click()
    expect(page.get_by_text(EN["state.filled"], exact=True).first).to_be_visible()
    page.get_by_role("tab", name=EN["orders.balances"]).click()
    expect(page.get_by_role("table", name=EN["orders.balances"])).to_contain_text("9,999,9")


def test_a_fill_sounds_where_that_was_chosen(visit: Visit, person: Person) -> None:
    """Criterion: WEB-SOUND-1"""
    page = visit(PAIR, person)
    ready(page)
    page.evaluate(
        """() => {
            document.body.dataset.tones = ""
            const start = OscillatorNode.prototype.start
            OscillatorNode.prototype.start = function (when) {
                document.body.dataset.tones += `${this.frequency.value} ${this.context.state}, `
                start.call(this, when)
            }
        }"""
    )
    bought = page.get_by_text(EN["fill.bought"].replace("{pair}", "BTC/USDT"), exact=True).first
    person.order("buy", "41000", "0.0001")  # one toast for each maker
    expect(bought).to_be_visible()
    assert page.evaluate("document.body.dataset.tones") == ""
    page.get_by_role("button", name=re.compile(f"^{EN['account']}:")).click()
    page.get_by_role("menuitemcheckbox", name=EN["choice.sound"]).click()
    page.keyboard.press("Escape")
    person.order("buy", "41000", "0.0001")
    heard = re.compile("^660 running, 880 running, ")
    expect(page.locator("body")).to_have_attribute("data-tones", heard)


def test_what_is_refused_is_explained_where_it_happened(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FLOW-3, WEB-ORDERS-2. What was typed stays."""
    page = visit(PAIR, person)
    ready(page)
    for amount, sentence in (
        ("abc", EN["form.noNumber"]),
        ("0.123456789", "multiple of 0.00001"),
        ("99999", "At most"),
        ("400", "Not enough"),
    ):
        fill(page, "39000", amount)
        expect(page.get_by_text(re.compile(sentence))).to_be_visible()
    fill(page, "90000", "0.01")
    press(page)
    expect(page.get_by_role("alert").filter(has_text=EN["refusal.51006"])).to_be_visible()
    expect(page.get_by_label(EN["form.price"], exact=True)).to_have_value("90000")
    page.get_by_role("combobox", name=EN["form.type"]).click()
    page.get_by_role("option", name=EN["type.post_only"], exact=True).click()
    fill(page, "40010", "0.01")
    press(page)
    expect(page.get_by_text(EN["ended.31"]).first).to_be_visible()
    assert person.pending() == []


def test_a_click_on_the_book_fills_the_price_and_the_slider_the_amount(
    visit: Visit, person: Person
) -> None:
    """Criterion: WEB-FLOW-4"""
    page = visit(PAIR, person)
    ready(page)
    asks = page.get_by_role("table", name=EN["book.asks"])
    asks.get_by_text("40,006.0").click()
    price = page.get_by_label(EN["form.price"], exact=True)
    expect(price).to_have_value("40006.0")
    page.get_by_role("button", name=EN["form.bid"], exact=True).click()
    expect(price).to_have_value("39998")
    page.get_by_role("button", name="50%", exact=True).click()
    expect(page.get_by_label(EN["form.size"], exact=True)).to_have_value("125.00625")
    page.get_by_role("combobox", name=EN["book.group"]).click()
    page.get_by_role("option", name="10", exact=True).click()
    expect(asks.get_by_text("40,010", exact=True)).to_be_visible()


def test_a_share_of_the_balance_takes_the_best_price_where_none_stands(
    visit: Visit, person: Person
) -> None:
    """Criterion: WEB-FLOW-4. On a form that nobody touched; a total does the same."""
    page = visit(PAIR, person)
    ready(page)
    price = page.get_by_label(EN["form.price"], exact=True)
    size = page.get_by_label(EN["form.size"], exact=True)
    page.get_by_role("button", name="50%", exact=True).click()
    expect(price).to_have_value("39998")
    expect(size).to_have_value("125.00625")
    price.fill("")
    page.get_by_label(EN["form.total"], exact=True).fill("39,998")
    expect(price).to_have_value("39998")
    expect(size).to_have_value("1")


def test_price_and_amount_are_changed_in_place(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FLOW-5"""
    person.order("buy", "39000", "0.1")
    page = visit(PAIR, person)
    page.get_by_role("button", name=f"{EN['orders.newPrice']}: 39,000").click()
    field = page.get_by_label(EN["orders.newPrice"], exact=True)
    field.fill("nonsense")
    field.press("Enter")
    expect(page.get_by_text(EN["form.noNumber"])).to_be_visible()
    field.fill("38,500")
    field.press("Enter")
    changed = page.get_by_role("button", name=f"{EN['orders.newPrice']}: 38,500")
    expect(changed).to_be_focused()
    assert [order["px"] for order in person.pending()] == ["38500"]


def test_an_order_is_amended_by_dragging_its_line(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FLOW-6"""
    # Within the prices that the chart shows of a market that hardly moved.
    person.order("sell", "40002.3", "0.1")
    page = visit(PAIR, person)
    ready(page)
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    expect(page.get_by_text(re.compile("^Vol "))).to_be_visible()
    chart = page.get_by_role("img", name="Candles of BTC/USDT")
    box = chart.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 3
    for y in range(int(box["y"]), int(box["y"] + box["height"]), 4):
        page.mouse.move(x, y)
        if chart.evaluate("element => element.style.cursor") == "ns-resize":
            break
    page.mouse.down()
    page.mouse.move(x, y - 15, steps=3)
    page.mouse.up()
    expect(page.get_by_text(re.compile("Order changed"))).to_be_visible()
    (order,) = person.pending()
    assert float(order["px"]) > 40_002.3


def test_a_long_list_keeps_only_what_is_near(visit: Visit, person: Person) -> None:
    """Criterion: WEB-LONG-1"""
    for step in range(LONG):
        person.order("buy", f"{37_000 + step}", "0.001")
    page = visit(PAIR, person)
    expect(page.get_by_role("tab", name=f"Open orders ({LONG})")).to_be_visible()
    table = page.get_by_role("table", name=EN["orders.openTitle"])
    expect(table).to_have_attribute("aria-rowcount", str(LONG + 1))
    expect(table.get_by_text(f"37,{LONG - 1}.0", exact=True)).to_be_visible()
    assert table.get_by_role("row").count() < LONG / 2
    table.evaluate("each => { each.parentElement.scrollTop = each.scrollHeight }")
    expect(table.get_by_text("37,000.0", exact=True)).to_be_visible()
    assert table.get_by_role("row").count() < LONG / 2


def test_everything_without_a_mouse(visit: Visit, person: Person) -> None:
    """Criterion: WEB-KEYS-2"""
    page = visit("/markets", person)
    expect(page.get_by_role("table").get_by_text("ETH").first).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("btc usdt")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/trade/BTC-USDT"))
    ready(page)
    page.keyboard.press("s")
    expect(page.get_by_label(EN["form.price"], exact=True)).to_be_focused()
    page.keyboard.type("41000")
    page.get_by_label(EN["form.size"], exact=True).focus()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    page.get_by_role("tab", name="Open orders (1)").focus()
    page.keyboard.press("Shift+X")
    expect(page.get_by_text(EN["orders.none"])).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("transf")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=EN["transfer.title"])).to_be_visible()


def test_what_is_typed_right_behind_its_shortcut_is_searched_for(
    visit: Visit, person: Person
) -> None:
    """Criterion: WEB-KEYS-2. The first key may come before the page has drawn anything."""
    page = visit(PAIR, person)
    ready(page)
    focused = page.evaluate(
        """async () => {
            const key = new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true })
            document.body.dispatchEvent(key)
            await new Promise(queueMicrotask)
            return document.activeElement.role
        }"""
    )
    assert focused == "combobox"


@pytest.mark.parametrize("is_heard", [True, False])
def test_two_tabs_show_the_same_and_an_ended_session_loses_nothing(
    visit: Visit, person: Person, *, is_heard: bool
) -> None:
    """The page may hear of the end before the button is pressed, or by what pressing it brings.

    Criterion: WEB-FLOW-7
    """
    page = visit(PAIR, person)
    ready(page)
    other = visit(PAIR, in_context=page.context)
    ready(other)
    fill(page, "39000", "0.3")
    press(page)
    expect(other.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    fill(other, "38000", "0.7")
    person.post("x/sessions/revoke-all", current=True)
    if is_heard:
        expect(other.get_by_role("button", name=EN["form.signIn"])).to_be_visible()
    press_at_the_end(other)
    dialog = other.get_by_role("dialog", name=EN["signIn"])
    link = other.get_by_role("link", name=EN["signIn"])
    expect(dialog.or_(link).first).to_be_visible()
    expect(other.get_by_label(EN["form.size"], exact=True)).to_have_value("0.7")


def test_panels_change_places_and_stay_there(visit: Visit, person: Person) -> None:
    """Criterion: WEB-LAYOUT-2"""
    page = visit(PAIR, person)
    ready(page)
    page.get_by_role("button", name="Move the panel: Order form").click()
    page.get_by_role("menuitem", name="Swap with: Trades").click()
    form = page.get_by_role("region", name=EN["form.title"])
    trades = page.get_by_role("region", name=EN["trades.title"]).first
    for _ in range(2):
        expect(form).to_be_visible()
        left, right = form.bounding_box(), trades.bounding_box()
        assert left is not None
        assert right is not None
        assert left["x"] < right["x"]
        page.reload()
        ready(page)


def test_money_moves_between_the_accounts_and_is_in_the_bills(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FLOW-8"""
    page = visit("/portfolio", person)
    expect(page.get_by_role("table").get_by_text("10,000,000").first).to_be_visible()
    row = page.get_by_role("row").filter(has_text="ETH")
    row.get_by_role("button", name=EN["transfer.title"]).click()
    dialog = page.get_by_role("dialog")
    # There is something on one side alone, so it starts there.
    expect(dialog.get_by_text(re.compile("Available: 1,000"))).to_be_visible()
    dialog.get_by_label(EN["form.size"], exact=True).fill("2,000")
    expect(dialog.get_by_text(re.compile("Not enough"))).to_be_visible()
    dialog.get_by_label(EN["form.size"], exact=True).fill("250.5")
    dialog.get_by_role("button", name=EN["transfer.title"], exact=True).click()
    expect(row).to_contain_text("749.5")
    expect(row).to_contain_text("250.5")
    page.get_by_role("link", name=EN["nav.orders"]).click()
    page.get_by_role("tab", name=EN["orders.bills"]).click()
    bills = page.get_by_role("table", name=EN["orders.bills"])
    expect(bills.get_by_text("−250.5")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name=EN["bills.export"]).click()
    text = saved.value.path().read_text()
    assert text.startswith("time,ts,billId,ccy")
    assert ",ETH,-250.5,749.5," in text

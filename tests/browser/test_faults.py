"""Goal: whatever goes wrong between a person and the exchange is said, and nothing typed is lost.

Method: a browser on a line to a live exchange, which is cut and answered on by a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fullreserve.clock import SystemClock
from fullreserve.identity.vault import Personal
from tests.browser.conftest import DESK, WAIT_MS, Visit
from tests.browser.line import Line, response
from tests.browser.people import PASSWORD, Person, quote
from tests.browser.test_trading import EN, PAIR, fill, press, press_at_the_end, ready
from tests.server import LiveServer

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NONSENSE = ("abc", "1e9", "-1", "١٢", "1.2.3", "0x10", "<img src=x onerror=alert(1)>", "9" * 300)


class Wire:
    """Both lines of a browser to an exchange, and who is on them."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.http, self.socket = Line(), Line()
        origin = f"ws://localhost:{self.socket.port}"
        self.server = LiveServer(folder, {"FULLRESERVE_GATEWAY_WS_ORIGIN": origin}).start()
        self.http.target, self.socket.target = self.server.http, self.server.ws
        self.maker, self.person = Person(self.server), Person(self.server)
        quote(self.maker, self.person)
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, path: str = PAIR, script: str = "") -> Page:
        """A page of the person at the near end of the line."""
        context = self._browser.new_context(viewport=DESK, reduced_motion="reduce", locale="en")
        self._contexts.append(context)
        context.add_cookies([self.person.cookie])
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(f"http://localhost:{self.http.port}{path}")
        return page

    def leave(self) -> None:
        """Close what was opened, and mend the line."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        self.http.answers.clear()
        self.socket.cuts.clear()

    def end(self) -> None:
        self.maker.close()
        self.person.close()
        self.server.stop()
        self.http.close()
        self.socket.close()


@pytest.fixture(scope="module")
def lines(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    wire = Wire(browser, tmp_path_factory.mktemp("faults") / "data")
    yield wire
    wire.end()


@pytest.fixture
def wire(lines: Wire) -> Iterator[Wire]:
    yield lines
    lines.leave()


def test_a_connection_that_breaks_off_in_mid_snapshot_begins_again(wire: Wire) -> None:
    """Criterion: WEB-STREAM-5. The cuts come later and later in what a connection begins with."""
    wire.socket.cuts = [150, 250, 350, 500, 650, 800]
    page = wire.open()
    asks = page.get_by_role("table", name=EN["book.asks"])
    expect(asks.get_by_text("40,004.0")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text(EN["connection.live"])
    expect(page.locator("[data-stale]")).to_have_count(0)
    assert wire.socket.cuts == []
    wire.maker.order("sell", "40003.3", "0.7")
    expect(asks.get_by_text("40,003.3")).to_be_visible()
    assert asks.get_by_text("40,004.0").count() == 1


REFUSALS = {
    "429 Too Many Requests": "refusal.busy",
    "500 Internal Server Error": "refusal.down",
    "502 Bad Gateway": "refusal.down",
    "503 Service Unavailable": "refusal.down",
}


def test_what_a_proxy_answers_is_said_and_the_order_is_placed_once(wire: Wire) -> None:
    """Criterion: WEB-FAULT-1"""
    page = wire.open()
    expect(page.get_by_role("tab", name="Open orders (0)")).to_be_visible()
    fill(page, "39000", "0.3")
    for status, sentence in REFUSALS.items():
        body = f"<html><b>{status}</b> nginx</html>"
        wire.http.answers = {b"POST /api/v5/trade/order ": response(status, body)}
        press(page)
        expect(page.get_by_role("alert").filter(has_text=EN[sentence])).to_be_visible()
        expect(page.get_by_label(EN["form.size"], exact=True)).to_have_value("0.3")
        page.get_by_label(EN["form.price"], exact=True).press("End")
    told = '{"code":"50011","msg":"Rate limit reached.","data":[]}'
    limited = response("429 Too Many Requests", told, "application/json")
    wire.http.answers = {b"POST /api/v5/trade/order ": limited}
    press(page)
    expect(page.get_by_role("alert").filter(has_text=EN["refusal.busy"])).to_be_visible()
    wire.http.answers = {}
    press(page)
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    assert [order["sz"] for order in wire.person.pending()] == ["0.3"]
    wire.person.post("x/cancel-all")


@pytest.mark.parametrize(
    ("by_ms", "span"),
    [
        (-3 * DAY_MS - HOUR_MS, "3 days"),
        pytest.param(5.5 * HOUR_MS, "5 hours", marks=pytest.mark.slow),
    ],
    ids=["behind", "ahead"],
)
def test_a_wrong_clock_is_said_and_harms_nothing(wire: Wire, by_ms: float, span: str) -> None:
    """Criterion: WEB-CLOCK-1"""
    shift = f"""const real = Date
      Date = class extends real {{
        constructor(...given) {{ given.length ? super(...given) : super(real.now() + {by_ms}) }}
        static now() {{ return real.now() + {by_ms} }}
      }}"""
    page = wire.open(script=shift)
    said = page.get_by_role("status").filter(has_text="The clock of this device")
    expect(said).to_contain_text(span)
    said.get_by_role("button", name=EN["close"]).click()
    fill(page, "39000", "0.1")
    press(page)
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text(EN["connection.live"])
    wire.person.post("x/cancel-all")
    # The value of the last week ends at the exchange's now.
    with page.expect_request(re.compile("bills.*begin=")) as asked:
        page.get_by_role("link", name=EN["nav.portfolio"]).click()
    begin = int(re.findall(r"begin=(\d+)", asked.value.url)[0])
    expect(page.get_by_role("img", name=EN["portfolio.overTime"])).to_be_visible()
    assert abs(begin + 7 * DAY_MS - SystemClock().wall_ms()) < 2 * HOUR_MS


def test_a_session_that_ends_in_mid_order_is_begun_again_in_place(
    visit: Visit, maker: Person, server: LiveServer
) -> None:
    """Criterion: WEB-FAULT-2"""
    email = "ends@mail.example"
    person = Person(server, named=Personal(email=email))
    page = visit(PAIR, person)
    ready(page)
    fill(page, "38000", "0.7")
    person.post("x/sessions/revoke-all", current=True)
    press_at_the_end(page)
    dialog = page.get_by_role("dialog", name=EN["signIn"])
    # A page whose connection was closed before the press knows already, and asks at once.
    expect(page.get_by_text(EN["refusal.90002"]).or_(dialog).first).to_be_visible()
    if not dialog.is_visible():
        page.get_by_role("button", name=EN["form.signIn"]).click()
    expect(dialog.get_by_label(EN["form.email"])).to_have_value(email)
    dialog.get_by_label(EN["form.password"], exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text(EN["refusal.90002"])).to_have_count(0)
    expect(page.get_by_label(EN["form.size"], exact=True)).to_have_value("0.7")
    press(page)
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="38,000")
    expect(row).to_contain_text("0.7")
    person.close()


def test_a_balance_that_changes_while_the_form_is_open(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FAULT-3"""
    page = visit(PAIR, person)
    ready(page)
    fill(page, "39000", "200")
    expect(page.get_by_role("button", name="Buy BTC", exact=True)).to_be_enabled()
    # Somewhere else, as by a bot, most of the money is bound.
    person.order("buy", "30000", "300")
    expect(page.get_by_text("Not enough: 1,000,000 USDT is available.")).to_be_visible()
    expect(page.get_by_label(EN["form.size"], exact=True)).to_have_value("200")
    press(page)
    assert len(person.pending()) == 1
    person.post("x/cancel-all")
    expect(page.get_by_text(re.compile("Not enough"))).to_have_count(0)
    press(page)
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()


def test_nonsense_in_every_field_is_said_there(visit: Visit, person: Person) -> None:
    """Criterion: WEB-FAULT-4"""
    page = visit(PAIR, person)
    ready(page)
    person.order("buy", "38000", "0.1")
    for name in ("form.price", "form.size", "form.total"):
        field = page.get_by_label(EN[name], exact=True)
        for typed in NONSENSE:
            field.fill(typed)
            expect(field).to_have_value(typed)
            press(page)
        expect(page.get_by_text(EN["form.noNumber"]).first).to_be_visible()
        field.fill("")
    page.get_by_role("button", name=EN["transfer.title"]).first.click()
    amount = page.get_by_role("dialog").get_by_label(EN["form.size"], exact=True)
    for typed in NONSENSE:
        amount.fill(typed)
        amount.press("Enter")
        expect(page.get_by_role("dialog").get_by_text(EN["form.noNumber"])).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    for typed in NONSENSE:
        page.get_by_role("combobox", name=EN["palette.title"]).fill(typed)
        page.keyboard.press("Enter")
    expect(page.get_by_text(EN["palette.none"])).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert [order["px"] for order in person.pending()] == ["38000"]

"""Goal: every page can be read and used by everybody, on every screen. Method: axe and a ruler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from scripts.source import ROOT
from tests.browser.conftest import PHONE, Visit
from tests.browser.people import Person
from tests.browser.test_trading import WORDS
from tests.server import LiveServer

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What is well is not asked for: it is most of what axe would write down.
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}
# Path, and what is there once the page is complete.
PAGES = {
    "/markets": "BTC/USDT",
    "/trade/BTC-USDT": "41,000",
    "/portfolio": "10,000,000",
    "/orders": "41,000",
}
TARGET_PX = 44
DAY = re.compile(r'"(open24h|high24h|low24h|vol24h|volCcy24h)":"[^"]*"')
SCRIPT_BYTES_MAX = 350_000

SMALL = f"""() => [...document.querySelectorAll(
    'button, a[href], input:not([type=radio], [type=range]), [role=tab], [role=combobox], ' +
    'label:has(input)'
  )].filter(element => {{
    const box = element.getBoundingClientRect()
    const style = getComputedStyle(element)
    const isShown = box.width > 1 && style.visibility !== 'hidden' && style.opacity !== '0'
    // A field is as large as the box around it; a skipped link waits above the page.
    const around = element.matches('input') ? element.closest('div') ?? element : element
    return isShown && box.bottom > 0 && around.getBoundingClientRect().height < {TARGET_PX} - 0.5
  }}).map(element => element.outerHTML.slice(0, 120))"""

# The colours of a theme are there when nothing changes any more: what ends may begin another
# transition, as of an element that has its colour from the one around it.
LIT = """async theme => {
    document.documentElement.dataset.theme = theme
    for (let left = document.getAnimations(); left.length; left = document.getAnimations()) {
      await Promise.allSettled(left.map(each => each.finished))
    }
  }"""
COLOURS = "[...document.querySelectorAll('*')].map(each => getComputedStyle(each).color)"


def complaints(page: Page) -> list[str]:
    """What axe finds, one line for each rule and element, once nothing shown is marked as old."""
    expect(page.locator("[data-stale]")).to_have_count(0)
    page.evaluate(AXE.read_text())
    found: Any = page.evaluate(
        "options => axe.run(document, options).then(result => result.violations)", OPTIONS
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="module")
def trader(maker: Person, server: LiveServer) -> Iterator[Person]:
    """One account for all pages, with an open order so that nothing is empty."""
    one = Person(server)
    one.order("sell", "41000", "0.1")
    yield one
    one.close()


def test_who_wants_no_motion_sees_a_theme_at_once(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-ACCESS-1"""
    page = visit("/markets")
    expect(page.get_by_text("BTC/USDT").first).to_be_visible()
    left = "document.documentElement.dataset.theme = 'light', document.getAnimations().length"
    assert page.evaluate(left) == 0


def test_colours_are_measured_once_they_have_changed(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-ACCESS-1. Where motion is wanted it may be long, and go from box to box."""
    page = visit("/markets")
    expect(page.get_by_text("BTC/USDT").first).to_be_visible()
    slow = "*, *::before, *::after { transition: color 200ms linear !important }"
    page.evaluate(
        """css => {
          const sheet = new CSSStyleSheet()
          sheet.replaceSync(css)
          document.adoptedStyleSheets = [sheet]
        }""",
        slow,
    )
    page.evaluate(LIT, "light")
    changed = page.evaluate(COLOURS)
    page.evaluate("document.adoptedStyleSheets = []")
    assert page.evaluate(COLOURS) == changed


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("theme", ["dark", pytest.param("light", marks=pytest.mark.slow)])
def test_axe_finds_nothing(visit: Visit, trader: Person, path: str, theme: str) -> None:
    """Criterion: WEB-ACCESS-1, WEB-PAGE-1"""
    page = visit(path, trader)
    expect(page.get_by_text(PAGES[path]).first).to_be_visible()
    page.evaluate(LIT, theme)
    assert complaints(page) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("language", "theme"),
    [
        # Russian words are the longest; the others may wait for the long run.
        ("ru", "light"),
        pytest.param("ru", "dark", marks=pytest.mark.slow),
        pytest.param("en", "dark", marks=pytest.mark.slow),
        pytest.param("zh", "light", marks=pytest.mark.slow),
    ],
)
def test_a_phone_shows_all_of_it(
    visit: Visit, trader: Person, path: str, language: str, theme: str
) -> None:
    """Criterion: WEB-PHONE-1, WEB-ACCESS-1"""
    page = visit(path, trader, PHONE, language=language)
    expect(page.get_by_text(PAGES[path]).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(SMALL) == []
    if path.startswith("/trade"):
        # The legend lies over the candles: it takes no height from them.
        chart = page.get_by_role("img", name="BTC/USDT")
        assert chart.evaluate("each => each.offsetTop") == 0
    page.evaluate(LIT, theme)
    assert complaints(page) == []


def test_lists_begin_at_one_edge(visit: Visit, trader: Person) -> None:
    """Criterion: WEB-PAGE-4. Of the desk's pages, and of what filters them on a phone."""
    lefts = set()
    for path in ("/markets", "/orders"):
        page = visit(path, trader)
        box = page.get_by_role("heading", level=1).bounding_box()
        assert box
        lefts.add(round(box["x"]))
    assert len(lefts) == 1
    page = visit("/orders", trader, PHONE)
    page.get_by_role("tab", name=WORDS["en"]["orders.bills"]).click()
    fields = [
        page.get_by_label(WORDS["en"][name], exact=True) for name in ("bills.from", "bills.to")
    ]
    edges = [box["y"] for field in fields if (box := field.bounding_box())]
    assert len(edges) == 2
    assert len(set(edges)) == 1, "both days stand in one row"


def test_a_phone_without_the_page_s_font_shows_all_of_it(visit: Visit, maker: Person) -> None:
    """Until its font has come, other letters stand there, which are wider.

    Criterion: WEB-PHONE-1
    """
    page = visit("/sign-in", size=PHONE, language="ru")
    page.context.route("**/*.woff2", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("link", name=WORDS["ru"]["signUp"]).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_day_that_is_not_known_is_no_day_of_zeros(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-MARKETS-1. As tickers are while the exchange still reads its past."""

    def lacking(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: socket.send(DAY.sub(r'"\1":""', str(message))))

    page = visit("/status")
    page.route_web_socket(re.compile("/ws/v5/public"), lacking)
    page.goto(page.url.replace("/status", "/trade/BTC-USDT"))
    pair = page.get_by_role("region", name="The pair and its last 24 hours")
    expect(pair).to_contain_text("40,002.0")
    expect(pair.get_by_role("definition")).to_have_text(["—"] * 4)


def test_what_is_public_needs_no_session(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-PUBLIC-1"""
    page = visit("/")
    expect(page.get_by_text("40,002.0").first).to_be_visible()
    page.get_by_role("searchbox").fill("eth/btc")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("btc/usdt")
    page.get_by_role("button", name="Favourite: BTC/USDT").click()
    page.get_by_role("tab", name="Favourites").click()
    page.get_by_role("table").get_by_role("link", name="BTC/USDT").click()
    expect(page).to_have_url(re.compile("/trade/BTC-USDT"))
    expect(
        page.get_by_role("table", name=re.compile("Asks")).get_by_text("40,004.0")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Log in to trade")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("Live")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/nowhere", "There is no such page"),
        ("/trade/%3Cimg%20src=x%20onerror=alert(1)%3E", "is not traded here"),
    ],
)
def test_what_is_not_there_is_said(visit: Visit, maker: Person, path: str, shown: str) -> None:
    """Criterion: WEB-PAGE-2. A name in the address is text, whatever it holds."""
    page = visit(path)
    expect(page.get_by_text(shown)).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    # There is a way on.
    if path == "/nowhere":
        expect(page.locator("main").get_by_role("link", name="Markets")).to_be_visible()


def test_the_look_is_chosen_and_kept(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-PAGE-3"""
    page = visit("/markets")
    page.get_by_role("button", name="Switch to the light theme").click()
    page.get_by_role("button", name=re.compile("Language")).click()
    page.get_by_role("menuitemradio", name="Русский").click()
    expect(page.get_by_role("heading", name="Рынки")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Рынки")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("document.documentElement.lang") == "ru"


def test_the_first_view_of_the_trade_page_is_light(visit: Visit, maker: Person) -> None:
    """Criterion: WEB-FIGURE-1"""
    page = visit("/trade/BTC-USDT")
    expect(page.get_by_text(re.compile("^Vol "))).to_be_visible()
    scripts = page.evaluate(
        "performance.getEntriesByType('resource').filter(each => each.name.endsWith('.js'))"
        ".map(each => each.encodedBodySize)"
    )
    assert min(scripts) > 0
    assert sum(scripts) <= SCRIPT_BYTES_MAX

"""Goal: everybody can use the console, on every screen. Method: axe and a ruler."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visit
from tests.browser.operator.desk import Operator, X
from tests.browser.people import Person
from tests.browser.test_pages import LIT, SMALL, complaints
from tests.browser.test_trading import EN, WORDS

# Of people of whom there are none, so that nothing that other tests do is stopped.
STOP = {
    "actions": "withdraw",
    "level": "segment",
    "key": "9",
    "reason": "WALLET_MAINT",
    "note": "so that there is one to look at",
}
# Names in the row at the bottom that are wider than their place.
CUT_WAYS = """[...document.querySelectorAll('header nav a')]
  .filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"""
# Lines of a card in which nothing stands.
BLANK = """[...document.querySelectorAll('td:empty')]
  .filter(each => each.checkVisibility()).map(each => each.closest('tr').innerText)"""
# Buttons in several rows that do not end below each other.
RAGGED = """[...document.querySelectorAll('main :has(> button + button)')].filter(box => {
    const rows = Map.groupBy(
      [...box.children].filter(each => each.matches('button') && each.checkVisibility()),
      each => Math.round(each.getBoundingClientRect().top)
    )
    const ends = [...rows.values()].map(row => row.at(-1).getBoundingClientRect().right)
    return Math.max(...ends) - Math.min(...ends) > 1
  }).map(box => box.innerText)"""
# Path, and the message that heads it.
PAGES = {
    "/operator": "op.overview",
    "/operator/suspensions": "op.sus",
    "/operator/suspensions/{stop}": "op.sus.way",
    "/operator/maintenance": "op.maint",
    "/operator/calendar": "op.cal",
    "/operator/custody": "op.caps",
    "/operator/ceremony": "op.ceremony.keys",
    "/operator/reconciliation": "op.reconciliation",
    "/operator/withdrawals": "op.withdrawals",
    "/operator/policy": "op.rules",
    "/operator/instruments": "op.instruments",
    "/operator/users": "op.users",
    "/operator/users/{uid}": "op.user.about",
    "/operator/fees": "op.fees",
    "/operator/limits": "op.limits",
    "/operator/ledger/{uid}": "op.ledger",
    "/operator/ledger/{uid}/L.u.trade/USDT": "op.bills",
    "/operator/commands/{last}": "op.fields",
    "/operator/journal": "op.journal.rows",
    "/operator/approvals": "op.approvals",
    "/operator/approvals/{proposal}": "op.changes",
    "/operator/operators": "op.group",
    "/operator/audit": "op.audit.entries",
}


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_the_console(
    visit: Visit, ada: Operator, maker: Person, theme: str
) -> None:
    """Criterion: WEB-OP-ACCESS-1"""
    page = visit("/operator", ada)
    for path, heading in addresses(ada, maker).items():
        page.goto(page.url.partition("/operator")[0] + path)
        expect(page.get_by_role("heading", name=EN[heading]).first).to_be_visible()
        expect(page.get_by_text(EN["loading"])).to_have_count(0)
        page.evaluate(LIT, theme)
        assert complaints(page) == [], path


def test_a_section_with_nothing_in_it_is_a_line(visit: Visit, ada: Operator) -> None:
    """What it is about stands behind its heading. Criterion: WEB-OP-CUST-7, WEB-OP-ACCESS-1"""
    page = visit("/operator/custody", ada)
    marks = page.get_by_role("region", name=EN["op.marks"])
    expect(marks.get_by_text(EN["op.marks.none"])).to_be_visible()
    expect(marks.get_by_role("table")).to_have_count(0)
    about = marks.get_by_text(EN["op.marks.about"])
    expect(about).to_be_hidden()
    marks.get_by_role("heading", name=EN["op.marks"]).click()
    expect(about).to_be_visible()
    assert complaints(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_a_dialog_of_the_console(
    visit: Visit, ada: Operator, theme: str
) -> None:
    """Criterion: WEB-OP-ACCESS-1. Also while fields are wrong."""
    page = visit("/operator/instruments", ada)
    page.get_by_role("button", name=f"{EN['op.editLimits']}: BTC-USDT").click()
    page.get_by_role("button", name=EN["op.propose"], exact=True).click()
    expect(page.get_by_text(EN["op.note.fault"])).to_be_visible()
    page.evaluate(LIT, theme)
    assert complaints(page) == []


@pytest.mark.parametrize(
    ("language", "theme"),
    [
        # Russian words are the longest; the others, and the desk, may wait for the long run.
        ("ru", "light"),
        pytest.param("ru", "dark", marks=pytest.mark.slow),
        pytest.param("en", "dark", marks=pytest.mark.slow),
        pytest.param("zh", "light", marks=pytest.mark.slow),
    ],
)
def test_a_phone_shows_all_of_the_console(
    visit: Visit, ada: Operator, maker: Person, language: str, theme: str
) -> None:
    """Criterion: WEB-OP-PHONE-1, WEB-OP-ACCESS-1"""
    page = visit("/operator", ada, PHONE, language=language)
    for path, heading in addresses(ada, maker).items():
        page.goto(page.url.partition("/operator")[0] + path)
        expect(page.get_by_role("heading", name=WORDS[language][heading]).first).to_be_visible()
        expect(page.get_by_text(WORDS[language]["loading"])).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        assert page.evaluate(SMALL) == [], path
        for wrong in (CUT_WAYS, BLANK, RAGGED):
            assert page.evaluate(wrong) == [], path
        page.evaluate(LIT, theme)
        assert complaints(page) == [], path


def addresses(ada: Operator, maker: Person) -> dict[str, str]:
    """Pages by address, for one user, the newest command, an open proposal and a suspension."""
    last = ada.get(X + "journal")[0]["durable"]
    raised = {
        "tier": "1",
        "maker": "0.0009",
        "taker": "0.0011",
        "note": "more volume than before",
    }
    known = ada.get(X + "proposals", state="open") or ada.post(X + "propose/fee-tier", **raised)
    stopped = ada.get(X + "suspending") or ada.post(X + "suspending/suspend", **STOP)
    places = {
        "uid": maker.uid,
        "last": last,
        "proposal": known[0]["proposal"],
        "stop": stopped[0]["suspension"],
    }
    return {path.format(**places): head for path, head in PAGES.items()}

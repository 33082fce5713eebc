"""What is told beside a ratio takes no room from the numbers of its row."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Route, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE, Visit
from tests.browser.test_pages import LIT, complaints
from tests.browser.test_trading import EN
from tests.server import LiveServer

LINE_PX = 48  # no more than two lines of a table's type


def reclassified(route: Route) -> None:
    """The newest statement, with an asset that was counted before and is called an own token."""
    row = route.fetch().json()
    asset = next(one for one in row["statement"]["assets"] if int(one["reserves"]))
    row["statement"]["epoch"] += 1  # the first one has nothing before it
    asset |= {"own": 1, "reclassified": {"epoch": 1, "ts": row["statement"]["ts"]}}
    route.fulfill(body=json.dumps(row), content_type="application/json")


def moved(route: Route) -> None:
    """The newest statement, of two chains, with a token that was another contract before."""
    row = route.fetch().json()
    statement = row["statement"]
    statement["epoch"] += 1
    chains = statement["reserves"]["chains"]
    (token, *_) = (one for chain in chains for one in chain["tokens"])
    token["changed"] = {"epoch": 1, "ts": statement["ts"]}
    route.fulfill(body=json.dumps(row), content_type="application/json")


def read_long_ago(route: Route) -> None:
    """The newest statement, whose reserves were read, and signed for, long before it."""
    row = route.fetch().json()
    reserves, ts = row["statement"]["reserves"], row["statement"]["ts"]
    reserves["read"] = ts - 14 * 60_000
    reserves["chains"] = [{**one, "signed": ts - 13 * 3_600_000} for one in reserves["chains"]]
    route.fulfill(body=json.dumps(row), content_type="application/json")


def height_of(found: Locator) -> float:
    box = found.bounding_box()
    assert box is not None
    return box["height"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_contracts_stand_on_the_page(visit: Visit, chained: LiveServer, size: ViewportSize) -> None:
    """And that one of them changed. Criterion: POR-PIT-18, POR-PAGE-8"""
    page = visit("/reserves", size=size)
    expect(page.get_by_text(EN["reserves.covered"])).to_be_visible(timeout=180_000)
    latest = json.loads((chained.folder / "reserves/public/latest.json").read_bytes())
    chains = latest["statement"]["reserves"]["chains"]
    contracts = [f"0x{one['contract']}" for chain in chains for one in chain["tokens"]]
    assert contracts
    table = page.get_by_role("table", name=EN["reserves.contracts"])
    if size is PHONE:
        for each in table.get_by_role("button", name=EN["table.details"]).all():
            each.click()
    for one in contracts:
        expect(page.get_by_text(one)).to_be_visible()
    change = page.get_by_text(EN["reserves.contractChanged"].format(epoch=1))
    expect(change).to_be_hidden()
    page.route("**/por/latest.json", moved)
    page.route_web_socket("**/ws/**", lambda _socket: None)  # which tells of other statements
    page.reload()
    expect(change).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_red_on_the_verdict_can_be_read(visit: Visit, theme: str) -> None:
    """Of an old reading and old signatures, on whichever tint. Criterion: POR-PAGE-8"""
    page = visit("/reserves")
    expect(page.get_by_text(EN["reserves.covered"])).to_be_visible(timeout=180_000)
    page.route("**/por/latest.json", read_long_ago)
    page.route_web_socket("**/ws/**", lambda _socket: None)  # which tells of other statements
    page.reload()
    expect(page.get_by_text(EN["reserves.readOld"])).to_be_visible()
    expect(page.get_by_text(EN["reserves.signedOld"])).to_be_visible()
    page.evaluate(LIT, theme)
    assert complaints(page) == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_long_note_leaves_numbers_and_heads_their_room(visit: Visit, size: ViewportSize) -> None:
    """Criterion: POR-PAGE-8"""
    page = visit("/reserves", size=size)
    expect(page.get_by_text(EN["reserves.covered"])).to_be_visible(timeout=180_000)
    page.route("**/por/latest.json", reclassified)
    page.route_web_socket("**/ws/**", lambda _socket: None)  # which tells of other statements
    page.reload()
    note = page.get_by_text(EN["reserves.wasCounted"].partition("{")[0])
    expect(note).to_be_visible()
    # The figure stands right before its note.
    assert height_of(note.locator("xpath=preceding-sibling::b")) < LINE_PX
    if size is DESK:
        table = note.locator("xpath=ancestor::table")
        for head in table.locator("th").all():
            assert height_of(head) < LINE_PX
        assert table.evaluate(
            "each => each.parentElement.scrollWidth <= each.parentElement.clientWidth"
        )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

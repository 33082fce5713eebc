"""Goal: a restart of the exchange is survived in place. Method: kill it under an open page."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESK, WAIT_MS
from tests.browser.people import Person, quote
from tests.server import LiveServer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_restart_needs_no_reload_and_loses_nothing_typed(
    browser: Browser, tmp_path: Path
) -> None:
    """Criterion: WEB-RESTART-1. Meanwhile nothing is shown as live."""
    http, ws = free_port(), free_port()
    places = {"FULLRESERVE_HTTP": f"127.0.0.1:{http}", "FULLRESERVE_WS": f"127.0.0.1:{ws}"}
    server = LiveServer(tmp_path / "data", places).start()
    one, other = Person(server), Person(server)
    quote(one, other)
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    context.add_cookies([other.cookie])
    page.goto(f"http://localhost:{http}/trade/BTC-USDT")
    status = page.get_by_role("status").first
    expect(status).to_contain_text("Live")
    page.get_by_label("Price", exact=True).fill("39500")
    page.evaluate("window.isSame = true")
    server.kill()
    expect(status).to_contain_text("Stale since")
    assert page.locator("[data-stale]").count() >= 3
    page.get_by_label("Amount", exact=True).fill("0.2")
    page.get_by_role("button", name="Buy BTC", exact=True).click()
    expect(page.get_by_text("The exchange does not answer").first).to_be_visible()
    server.start()
    expect(status).to_contain_text("Live")
    expect(page.locator("[data-stale]")).to_have_count(0)
    page.get_by_role("button", name="Buy BTC", exact=True).click()
    expect(page.get_by_role("tab", name="Open orders (1)")).to_be_visible()
    assert page.evaluate("window.isSame") is True
    assert [(each["px"], each["sz"]) for each in other.pending()] == [("39500", "0.2")]
    context.close()
    one.close()
    other.close()
    server.stop()

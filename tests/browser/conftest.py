"""One live exchange with a quoted pair, and one browser, for all browser tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.people import Person, quote
from tests.server import LiveServer

# As root there is no sandbox; nothing is asked of any other host.
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=360, height=740)
WAIT_MS = 60_000  # a machine may be busy; a test that passes does not wait
KEPT = "fullreserve.preferences"

# What answers late, for a search of tests that hang on what comes first: a part of the sockets'
# addresses or of the requests', and how late, as "public 500" or "/api/ 300".
LATE = os.environ.get("FULLRESERVE_TEST_LATE", "")
LATER = """(part, ms) => {
    class Late extends WebSocket {
        set onmessage(take) {
            const isLate = this.url.includes(part)
            super.onmessage = isLate ? event => setTimeout(() => take(event), ms) : take
        }
    }
    const asked = window.fetch
    window.WebSocket = Late
    window.fetch = async (...what) => {
        const answer = await asked(...what)
        if (answer.url.includes(part)) await new Promise(next => setTimeout(next, ms))
        return answer
    }
}"""

expect.set_options(timeout=WAIT_MS)


# What the browser itself says of an answer that is a refusal, and of a connection that the page
# gives up while it is being made, as at the end of a session.
REMARKS = ("Failed to load resource", "closed before the connection is established")


@dataclass
class Seen:
    """What a page did that it should not have."""

    origins: tuple[str, ...]
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._say(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))

    def _say(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(remark in text for remark in REMARKS):
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith(self.origins):
            self.complaints.append(f"asked {url}")


Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    # Passkeys of operators that are made here are used here.
    settings = {"FULLRESERVE_IDENTITY_APPROVAL_WAIT_H": "0"}
    live = LiveServer(tmp_path_factory.mktemp("exchange") / "data", settings).start()
    yield live
    assert live.stop() == 0, live.log
    assert "Traceback" not in live.log


@pytest.fixture(scope="session")
def browser(server: LiveServer) -> Iterator[Browser]:
    """The server first: its start needs the loop that the driver takes."""
    found = shutil.which("chromium")
    assert found, "chromium is missing; python3 scripts/setup.py test installs it"
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def maker(browser: Browser, server: LiveServer) -> Iterator[Person]:
    """Who quotes; there is a trade already."""
    one, other = Person(server), Person(server)
    quote(one, other)
    yield one
    one.close()
    other.close()


@pytest.fixture
def person(maker: Person, server: LiveServer) -> Iterator[Person]:
    """A user of this test alone."""
    one = Person(server)
    yield one
    one.close()


@pytest.fixture
def visit(browser: Browser, server: LiveServer) -> Iterator[Visit]:
    """Opens a page, of a person or of nobody; the end checks what the pages did."""
    with visits(browser, server) as opening:
        yield opening


@contextmanager
def visits(browser: Browser, server: LiveServer) -> Iterator[Visit]:
    """The same of any exchange."""
    contexts: list[BrowserContext] = []
    origin = server.http.replace("127.0.0.1", "localhost")
    socket = server.ws.replace("127.0.0.1", "localhost")
    # A transfer of a file within the page is an address too.
    seen = Seen((f"http://{origin}/", f"ws://{socket}/", f"blob:http://{origin}/", "data:"))

    def open_page(
        path: str,
        who: Person | None = None,
        size: ViewportSize = DESK,
        in_context: BrowserContext | None = None,
        **preferences: Any,
    ) -> Page:
        context = in_context or _context(browser, size, preferences)
        contexts.append(context)
        if who is not None:
            context.add_cookies([who.cookie])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        seen.watch(page)
        page.goto(f"http://{origin}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not seen.complaints


def _context(browser: Browser, size: ViewportSize, preferences: dict[str, Any]) -> BrowserContext:
    is_phone = size["width"] < 768
    context = browser.new_context(
        viewport=size, has_touch=is_phone, is_mobile=is_phone, reduced_motion="reduce"
    )
    kept = json.dumps(json.dumps({"language": "en", **preferences}))
    # Only where nothing was chosen yet: a reload keeps what the test chose.
    script = f"localStorage.getItem('{KEPT}') || localStorage.setItem('{KEPT}', {kept})"
    context.add_init_script(script)
    if LATE:
        part, ms = LATE.split()
        context.add_init_script(f"({LATER})({json.dumps(part)}, {int(ms)})")
    return context

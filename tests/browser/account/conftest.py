"""An exchange that writes to people, and for each test fresh browser profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.account.exchange import Exchange
from tests.browser.conftest import DESK, PHONE, WAIT_MS
from tests.memory_folder import memory_folder

Profile = Callable[..., Page]


@pytest.fixture(scope="session")
def exchange() -> Iterator[Exchange]:
    with memory_folder() as folder:
        running = Exchange(folder / "data").start()
        yield running
        running.stop()


@pytest.fixture
def profile(browser: Browser, exchange: Exchange) -> Iterator[Profile]:
    """Opens pages of fresh profiles: `profile()`, `profile(phone=True)`, `profile(locale="ru")`.

    What a page reports as an error fails the test, a breach of its policy among them.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(*, phone: bool = False, **options: Any) -> Page:
        size = {"viewport": PHONE, "has_touch": True, "is_mobile": True} if phone else {}
        context = browser.new_context(
            base_url=exchange.address,
            reduced_motion="reduce",
            **{"viewport": DESK, "locale": "en", **size, **options},
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.on("console", lambda line: _listen(line.text, complaints))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _listen(text: str, complaints: list[str]) -> None:
    if "Content Security Policy" in text:
        complaints.append(text)


@pytest.fixture
def page(profile: Profile) -> Page:
    """A page on a desk, in English."""
    return profile()

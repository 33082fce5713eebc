"""Goal: what looks right goes on looking so. Method: small pictures of views that never change.

A picture is shrunk before it is compared, so that another rasteriser's edges do not matter, and a
moved, missing or unreadable part does. `TAKE_PICTURES=1` takes them anew.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page

from tests.browser.account.conftest import Profile

FOLDER = Path(__file__).parent / "pictures"
SHRUNK = 4
# Of 255, over the whole picture; a button that is gone makes about 1.
DIFFERENCE_MOST = 0.6


def seen(page: Page) -> Image.Image:
    """What the page shows, small."""
    page.evaluate("document.fonts.ready")
    shot = page.screenshot(animations="disabled", caret="hide")
    whole = Image.open(BytesIO(shot)).convert("RGB")
    return whole.resize((whole.width // SHRUNK, whole.height // SHRUNK), Image.Resampling.BOX)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of a channel of a pixel, of 255."""
    bands = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return float(sum(bands) / len(bands))


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["sign-in", "sign-up"])
def test_a_stable_view_looks_as_it_did(profile: Profile, path: str, *, phone: bool) -> None:
    """Criterion: WEB-LOOK-1"""
    page = profile(phone=phone)
    page.goto(f"/{path}")
    page.get_by_role("heading", level=1).wait_for()
    shown = seen(page)
    kept = FOLDER / f"{path}-{'phone' if phone else 'desk'}.png"
    if os.environ.get("TAKE_PICTURES"):
        kept.parent.mkdir(exist_ok=True)
        shown.save(kept, optimize=True)
    with Image.open(kept) as before:
        assert before.size == shown.size
        assert difference(before.convert("RGB"), shown) < DIFFERENCE_MOST


def test_a_missing_button_is_seen(profile: Profile) -> None:
    """Criterion: WEB-LOOK-1. The measure tells a page without its button from one with it."""
    page = profile(phone=True)
    page.goto("/sign-in")
    page.get_by_role("heading", level=1).wait_for()
    whole = seen(page)
    page.locator("form button[type=submit]").evaluate(
        "each => { each.style.visibility = 'hidden' }"
    )
    assert difference(whole, seen(page)) > DIFFERENCE_MOST

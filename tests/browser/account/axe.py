"""WCAG 2.2 AA, as far as axe can tell."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SOURCE = Path(__file__).resolve().parents[3] / "web/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

TOUCH_TARGET_PX = 44
# Everything that is pressed; a link within a sentence may be as high as the sentence.
SMALL_TARGETS = """(least) =>
  [...document.querySelectorAll('a[href], button, input, [role="tab"], [role="combobox"]')]
    .filter((each) => each.checkVisibility() && !each.closest('.unseen, [inert]'))
    .map((each) => [each, (each.closest('label') ?? each.closest('[class*=box]') ?? each)])
    .filter(([each, target]) => target.getBoundingClientRect().height < least - 0.5
      && each.getBoundingClientRect().height > 1)
    .map(([each]) => each.outerHTML.slice(0, 200))
"""


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page as it is shown, each with the first place."""
    # Evaluated by the debugger, so the page's policy, which lets no foreign script in, stays.
    page.evaluate(_source())
    options = json.dumps(
        {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    )
    found = page.evaluate(f"axe.run(document, {options})")
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
    ]


def small_targets(page: Page) -> list[str]:
    """What a finger is to press and cannot: lower than 44 px."""
    targets: list[str] = page.evaluate(SMALL_TARGETS, TOUCH_TARGET_PX)
    return targets


def overflow_px(page: Page) -> int:
    """How much of a page sticks out at the right; 0 as it should be."""
    root = "document.documentElement"
    beyond: int = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    return beyond

"""The types of the web app's requests are those of the server."""

from __future__ import annotations

from scripts import web_types


def test_the_types_are_up_to_date() -> None:
    """Criterion: WEB-TYPES-1. `python -m scripts.web_types` writes them."""
    assert web_types.FILE.read_text(encoding="utf-8") == web_types.text()

"""Goal: the reference has each state that a withdrawal may be shown in, and why not the others."""

from __future__ import annotations

import re
from pathlib import Path

from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.gateway.rest.asset.custody import WORDS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "identity.md"
# OKX's, of which this exchange has no name: canceling, and delayed by local law.
UNNAMED = {-3, 16}
NEVER = {6, 7, 8, 9} | UNNAMED


def test_the_reference_has_each_state_once() -> None:
    """Criterion: POL-38"""
    text = REFERENCE.read_text().partition("## States of a withdrawal")[2].partition("\n## ")[0]
    shown, never = (
        [int(code) for cell in re.findall(r"^\| (-?\d[-\d, ]*) \|", part, re.MULTILINE)
         for code in cell.split(", ")]
        for part in text.split("never come about")
    )  # fmt: skip
    assert sorted(never) == sorted(NEVER)
    assert sorted(shown) == sorted({one.shown for one in WithdrawalState} - NEVER)
    assert {one.shown for one in WORDS} >= set(shown) - {WithdrawalState.REVIEW}

"""Goal: a layperson reads one page, and what it shows is what the program prints.

Method: the guide's words are counted; the lines of its sample are looked for in what `verify.py`
says of an honest bundle.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.unit.reserves.forge import honest
from verifier import verify

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "reserves.md"
TEXT = GUIDE.read_text()
# What a printed page holds with its headings.
WORDS_MAX = 550
HEADINGS = ("Check your money", "What it shows", "What it does not show", "What you must trust")


def test_the_guide_is_one_page() -> None:
    """Criterion: POR-GUIDE-1"""
    assert len(TEXT.split()) <= WORDS_MAX
    found = [TEXT.find(f"## {one}\n") for one in HEADINGS]
    assert -1 not in found
    assert found == sorted(found)
    for name in re.findall(r"\]\(([^)#\s]+)", TEXT):
        assert (GUIDE.parent / name).exists(), name


def test_its_sample_is_what_is_printed() -> None:
    """Criterion: POR-GUIDE-1"""
    said: list[str] = []
    (checked,) = verify.check_files([json.dumps(honest()).encode()])
    verify.told(checked, said.append, 0)
    said.append(verify.verdict_of([checked], 1))

    def form(line: str) -> str:
        return re.sub(r"[0-9]+(\.[0-9]+)?", "9", line).strip()

    sample = TEXT.partition("```console\n")[2].partition("```")[0].splitlines()[1:]
    lines = [form(one) for one in sample if one.strip() not in ("", "…")]
    assert len(lines) == 4
    assert set(lines) <= set(map(form, said)), said

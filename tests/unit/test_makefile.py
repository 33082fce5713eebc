"""Goal: `make help` tells a newcomer everything that `make` can do."""

import re
import subprocess

from scripts.source import ROOT


def test_help_lists_every_target_with_a_sentence() -> None:
    """Criterion: HOUSE-RUN-4."""
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = re.findall(r"^([a-z-]+) +\S.* \S", shown.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(targets[1].split())

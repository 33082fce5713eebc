"""Goal: a newcomer's first hour is true. Method: do what the guide says, on a running demo."""

import os
from pathlib import Path

from scripts.source import ROOT
from tests.integration.guide.blocks import Reader
from tests.integration.guide.demo_process import running_demo

GUIDE = ROOT / "docs" / "guide" / "quick-start.md"


def test_the_quick_start_is_true(tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-2."""
    with running_demo(tmp_path / "data") as demo:
        demo.wait_for_quotes()
        instead = {
            "127.0.0.1:8080": demo.http,
            "127.0.0.1:8081": demo.ws,
            "data/demo-keys.json": str(demo.data / "demo-keys.json"),
            "/tmp/backup-of-today": str(tmp_path / "backup"),
        }
        environment = os.environ | {"FULLRESERVE_DATA": str(demo.data)}
        steps = Reader(ROOT, environment, instead).follow(GUIDE.read_text())
    assert steps > 5

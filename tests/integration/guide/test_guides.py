"""Goal: what the guides say is true. Method: do it, on a demo started as a user starts it."""

import os
from pathlib import Path

from scripts.source import ROOT
from tests.integration.guide.blocks import Reader
from tests.integration.guide.demo_process import running_demo

QUICK_START = ROOT / "docs" / "guide" / "quick-start.md"
OPERATE = ROOT / "docs" / "guide" / "operate.md"


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
        steps = Reader(ROOT, environment, instead).follow(QUICK_START.read_text())
    assert steps > 5


def test_the_operators_guide_is_true(tmp_path: Path) -> None:
    """Criterion: HOUSE-DOCS-3."""
    with running_demo(tmp_path / "data") as demo:
        demo.wait_for_quotes()
        assert demo.stop() == 0
    instead = {
        "/tmp/before-the-upgrade": str(tmp_path / "backup"),
        "/tmp/restored": str(tmp_path / "restored"),
    }
    environment = os.environ | {"FULLRESERVE_DATA": str(demo.data)}
    assert Reader(ROOT, environment, instead).follow(OPERATE.read_text()) == 5

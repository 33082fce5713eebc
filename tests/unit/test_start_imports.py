"""Goal: a start does not wait for what serving needs only later, nor for what nobody needs.

Method: a fresh interpreter imports what a start begins with and tells what came along.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import inspect

from fullreserve.app import child
from fullreserve.gateway.rest import absent
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Taking

LATER = {"sqlalchemy", "prometheus_client", "fullreserve.records.schema"}
# Loaded for a function or two, they would bring a hundred modules.
NEVER = {"xml", "urllib.request", "http.client"}
EXCHANGE = "fullreserve.app.command"
# Looking through some 150,000 objects each time that there are 700 more takes hundreds of looks.
LOOKS_MOST = 12


def told(probe: str) -> list[str]:
    """The words that a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, text=True)
    return done.stdout.split()


def test_the_database_and_the_metrics_are_loaded_later() -> None:
    loaded = set(told(f"import sys, {EXCHANGE}, fullreserve.simulation.app; print(*sys.modules)"))
    assert "fullreserve.app.running" in loaded
    assert not LATER & loaded


def test_an_exchange_without_a_market_loads_no_client() -> None:
    assert not NEVER & set(told(f"import sys, {EXCHANGE}; print(*sys.modules)"))


def test_garbage_is_seldom_looked_for_while_a_start_loads() -> None:
    counted = "sum(one['collections'] for one in gc.get_stats())"
    probe = f"import gc; from fullreserve.cli import main; main(['version']); before = {counted}"
    assert int(told(f"{probe}; import {EXCHANGE}; print({counted} - before)")[-1]) <= LOOKS_MOST


def test_a_child_looks_as_seldom(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text("import gc; print(gc.get_threshold()[0])\n")
    done = subprocess.run(
        [sys.executable, "-m", child.__name__, str(os.getpid()), "told"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert int(done.stdout) > 700


def test_no_shape_is_looked_at_before_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asked(Params):
        """A shape that was never looked at before."""

        limit: int = 100

    async def answer(_request: Request, _asked: Asked) -> bytes:
        return b""

    looked: list[type] = []
    monkeypatch.setattr(inspect, "type_info", looked.append)
    absent.routes()
    Taking(Asked, answer)
    assert not looked

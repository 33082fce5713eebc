"""nautilus_trader, whose adapter for OKX is written in Rust, trades in the demo market.

The program is in `nautilus/` and runs in an environment of its own; it asserts what it sees and
names each part that held.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest

from scripts import setup
from tests.clients.test_ccxt_rest import settings
from tests.memory_folder import memory_folder
from tests.server import LiveServer

pytestmark = pytest.mark.slow

PROGRAM = "tests.clients.nautilus.trade"
ENVIRONMENT = setup.ROOT / ".setup" / "nautilus"
PARTS = ["reconciliation", "account", "market data", "history", "orders", "fills"]
RESTING = {"clOrdId": "before1", "sz": "0.1"}
WAIT_S = 300


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of an environment with what `requirements/nautilus.txt` pins."""
    uv = setup.ensure_uv()
    python = ENVIRONMENT / "bin" / "python"
    certificates = {"UV_SYSTEM_CERTS": "true"} if setup.SYSTEM_CERTIFICATES.exists() else {}
    if not python.exists():
        setup.call(uv, "venv", "--quiet", "--clear", ENVIRONMENT, **certificates)
    pinned = "requirements/nautilus.txt"
    sync = (uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, pinned)
    setup.call(*sync, **certificates)
    return python


@pytest.fixture
def demo() -> Iterator[LiveServer]:
    with memory_folder() as folder:
        live = LiveServer(folder / "data").start("demo")
        yield live
        assert live.stop() == 0, live.log
        assert "Traceback" not in live.log


def test_a_node_trades_in_the_demo_market(python: Path, demo: LiveServer) -> None:
    """Criterion: CLIENT-5"""
    key = demo.trader()
    client: Any = ccxt.okx(settings(demo, key))
    bid = client.fetch_ticker("BTC/USDT")["bid"]
    resting = {**RESTING, "px": f"{bid * 0.95:.1f}"}
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", **resting}
    resting["ordId"] = client.private_post_trade_order(order)["data"][0]["ordId"]
    given = {"http": demo.http, "ws": demo.ws, "resting": resting}
    addresses_and_keys = {
        "FULLRESERVE_CLIENT": json.dumps(given),
        "OKX_API_KEY": key.key,
        "OKX_API_SECRET": key.secret,
        "OKX_API_PASSPHRASE": key.passphrase,
        "OKX_BASE_URL_WS_BUSINESS": f"ws://{demo.ws}/ws/v5/business",
    }
    done = subprocess.run(
        [python, "-m", PROGRAM],
        cwd=setup.ROOT,
        env=os.environ | addresses_and_keys,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    said = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
    assert said == [f"ok {part}" for part in PARTS]
    # What its own picture leaves out: the change that it asked for.
    changed = client.fetch_canceled_orders("BTC/USDT")[-1]
    assert changed["amount"] == 0.2
    client.close()

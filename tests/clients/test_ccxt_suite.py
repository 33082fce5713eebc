"""Goal: ccxt's own live tests for OKX pass here. Method: the suite as shipped, against the demo."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ccxt
import pytest

from fullreserve.simulation.client import Credentials
from fullreserve.simulation.market import load_keys
from tests.clients import ccxt_suite
from tests.memory_folder import memory_folder
from tests.server import LiveServer

pytestmark = pytest.mark.slow

MODES: Mapping[str, tuple[str, ...]] = {"sync": ("--sync",), "async": (), "pro": ("--ws",)}
REST = {
    "loadMarkets",
    "features",
    "afterConstruct",
    "fetchCurrencies",
    "fetchTicker",
    "fetchTickers",
    "fetchOHLCV",
    "fetchTrades",
    "fetchOrderBook",
    "fetchStatus",
    "fetchBalance",
    "fetchAccounts",
    "fetchOpenOrders",
    "fetchClosedOrders",
    "fetchMyTrades",
    "fetchLedger",
    "fetchDeposits",
    "fetchWithdrawals",
    "fetchTransfers",
    "fetchBorrowInterest",
}
SOCKETS = {
    "loadMarkets",
    "watchOHLCV",
    "watchOHLCVForSymbols",
    "watchTicker",
    "watchTickers",
    "watchBidsAsks",
    "watchOrderBook",
    "watchOrderBookForSymbols",
    "watchTrades",
    "watchTradesForSymbols",
    "watchBalance",
    "watchMyTrades",
    "watchOrders",
}
TESTED = {"sync": REST, "async": REST, "pro": SOCKETS}
PAUSE_S = 0.5


@pytest.fixture(scope="module")
def demo() -> Iterator[LiveServer]:
    with memory_folder() as folder:
        live = LiveServer(folder / "data").start("demo")
        yield live
        assert live.stop() == 0, live.log
        assert "Traceback" not in live.log


def trading(demo: LiveServer, key: Credentials, suite: subprocess.Popen[str]) -> int:
    """Buys a little again and again while the suite watches; how often."""
    settings: dict[str, Any] = {
        "apiKey": key.api_key,
        "secret": key.secret,
        "password": key.passphrase,
        "urls": {"api": {"rest": f"http://{demo.http}"}},
    }
    client = ccxt.okx(settings)
    bought = 0
    while suite.poll() is None:
        client.create_market_buy_order_with_cost("BTC/USDT", 100)
        bought += 1
        try:
            suite.wait(PAUSE_S)
        except subprocess.TimeoutExpired:
            continue
    client.close()
    return bought


def output(suite: subprocess.Popen[str]) -> str:
    return suite.communicate(timeout=ccxt_suite.WAIT_S)[0]


@pytest.fixture(scope="module")
def outputs(demo: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each mode said, run side by side."""
    root: Path = tmp_path_factory.mktemp("suite")
    key = load_keys(demo.folder)[0]
    ccxt_suite.lay_out(root, demo, key)
    running = {mode: ccxt_suite.started(root, *words) for mode, words in MODES.items()}
    with ThreadPoolExecutor(len(running) + 1) as pool:
        buying = pool.submit(trading, demo, key, running["pro"])
        said = pool.map(output, running.values())
        outputs = dict(zip(running, said, strict=True))
        assert buying.result()
    assert {mode: suite.returncode for mode, suite in running.items()} == dict.fromkeys(MODES, 0)
    return outputs


@pytest.mark.parametrize("mode", MODES)
def test_the_suite_passes(outputs: dict[str, str], mode: str) -> None:
    """Criterion: CLIENT-3"""
    said = outputs[mode]
    assert ccxt_suite.COMPLAINT.findall(said) == []
    assert "[INFO] END PRIVATE_TESTS okx" in said
    assert set(ccxt_suite.DONE.findall(said)) == TESTED[mode]

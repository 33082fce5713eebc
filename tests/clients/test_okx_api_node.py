"""okx-api, a client for Node, watches and trades here with other addresses.

The program is in `node/`; it asserts what it sees and names each part that held.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.server import Funds, LiveServer

PROGRAM = Path(__file__).parent / "node" / "trade.mjs"
FUNDS = (Funds("XRP", 1_000), Funds("USDT", 100_000))
PARTS = ["ok reads", "ok orders", "ok fills", "ok watching"]
WAIT_S = 120


def test_it_watches_and_trades(server: LiveServer) -> None:
    """Criterion: CLIENT-4"""
    keys = [
        {"apiKey": key.key, "apiSecret": key.secret, "apiPass": key.passphrase}
        for key in (server.trader(FUNDS) for _ in range(2))
    ]
    given = {"http": server.http, "ws": server.ws, "keys": keys}
    done = subprocess.run(
        ["node", PROGRAM],
        env=os.environ | {"FULLRESERVE_CLIENT": json.dumps(given)},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("ok ")] == PARTS

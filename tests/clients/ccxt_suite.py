"""ccxt's own live tests, which its wheel holds, aimed at an exchange by their own settings.

They refuse to run from `site-packages`, so they run from a folder of links to what is installed
there. Beside it lie the two files in which they look for settings.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ccxt

from fullreserve.simulation.client import Credentials
from tests.server import LiveServer

DONE = re.compile(r"^\[INFO\] TESTING DONE +okx (\w+)", re.MULTILINE)
COMPLAINT = re.compile(r"^\[TEST_(?:FAILURE|WARNING)\] (?!TIMEOUT_CAUSE).*", re.MULTILINE)
# What cannot hold on OKX either; each entry leaves out one field, or one method where it says so.
SKIPPED = {
    "fetchLedger": {"account": "ccxt names none for OKX"},
    # Between two sales in one millisecond makers may have raised their prices.
    "fetchTrades": {"sideSequence": "holds for one order, not for two at one time"},
    "fetchTransfers": {"status": "bills of OKX do not name one"},
    "watchPositions": "spot trading has no positions",
}
PRODUCTS_ABSENT = ("swap", "future", "option")
WAIT_S = 600


def lay_out(root: Path, server: LiveServer, key: Credentials) -> None:
    """Links to the package, and the settings of the suite: keys, addresses, products, skips."""
    package = Path(ccxt.__file__).parent
    leave = "__pycache__"
    links = root / "python" / "ccxt"
    for folder, _, names in os.walk(package):
        if leave not in folder:
            there = links / Path(folder).relative_to(package)
            there.mkdir(parents=True)
            for name in names:
                (there / name).symlink_to(Path(folder) / name)
    settings: dict[str, Any] = {
        "apiKey": key.api_key,
        "secret": key.secret,
        "password": key.passphrase,
        "urls": {"api": {"rest": f"http://{server.http}", "ws": f"ws://{server.ws}/ws/v5"}},
        "has": dict.fromkeys(PRODUCTS_ABSENT, False),
    }
    (root / "keys.local.json").write_text(json.dumps({"okx": settings}))
    (root / "skip-tests.json").write_text(json.dumps({"okx": {"skipMethods": SKIPPED}}))


def started(root: Path, *mode: str) -> subprocess.Popen[str]:
    """The suite's public and private tests in one of its modes."""
    package = root / "python"
    tests = package / "ccxt" / "test"
    # Without -P Python would look for modules where the links lead to.
    command = [sys.executable, "-P", tests / "tests_init.py", "okx", "--private", "--info", *mode]
    paths = os.pathsep.join(map(str, (package, tests)))
    return subprocess.Popen(
        list(map(str, command)),
        env=os.environ | {"PYTHONPATH": paths},
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

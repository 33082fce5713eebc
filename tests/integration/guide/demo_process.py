"""A demo exchange in a process of its own, started as a user starts it."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.sync.client import connect

BIN = Path(sys.executable).parent
READY = re.compile(r"Fullreserve is ready: REST http://(?P<http>\S+) · WebSocket ws://(?P<ws>\S+)")
# A start that takes longer hangs; a healthy one takes seconds.
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


@dataclass(frozen=True)
class Demo:
    """Where a running demo listens and keeps its data, and what it printed before it was ready."""

    http: str
    ws: str
    data: Path
    printed: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS_MAX)

    def wait_for_quotes(self, instrument: str = "BTC-USDT") -> None:
        """Return once the market's makers quote both sides of an instrument."""
        channel = {"channel": "books5", "instId": instrument}
        with connect(f"ws://{self.ws}/ws/v5/public") as socket:
            socket.send(json.dumps({"op": "subscribe", "args": [channel]}))
            for message in socket:
                (book,) = json.loads(message).get("data") or [{}]
                if book.get("asks") and book.get("bids"):
                    return


@contextmanager
def running_demo(data: Path) -> Iterator[Demo]:
    """Start `fullreserve demo` on free ports and stop it at the end."""
    own = {
        "FULLRESERVE_HTTP": "127.0.0.1:0",
        "FULLRESERVE_WS": "127.0.0.1:0",
        "FULLRESERVE_DATA": str(data),
        "FULLRESERVE_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [BIN / "fullreserve", "demo"],
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    hung = threading.Timer(START_SECONDS_MAX, process.kill)
    hung.start()
    try:
        yield _when_ready(process, data)
    finally:
        hung.cancel()
        process.terminate()
        process.wait(STOP_SECONDS_MAX)
        assert process.stdout is not None
        process.stdout.close()


def _when_ready(process: subprocess.Popen[str], data: Path) -> Demo:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if found := READY.match(line):
            return Demo(found["http"], found["ws"], data, printed, process)
    raise AssertionError(f"the demo ended with {process.wait()} before it was ready:\n{printed}")

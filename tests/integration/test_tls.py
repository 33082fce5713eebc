"""Goal: with a certificate both ports speak TLS alone, and renewal needs no restart.

Method: the commands as an operator calls them, one exchange for the module, real handshakes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.asyncio.client import connect

from fullreserve.clock import SystemClock
from tests.memory_folder import memory_folder

WAIT_S = 60


class Town(NamedTuple):
    """A running exchange."""

    process: subprocess.Popen[str]
    rest: str
    ws: str
    certificate: Path
    environment: dict[str, str]

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate)

    def served(self) -> str:
        """The certificate that REST serves now."""
        host, _, port = self.rest.removeprefix("https://").partition(":")
        return ssl.get_server_certificate((host, int(port)), timeout=WAIT_S)


def command(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", *words],
        env=environment, capture_output=True, text=True, timeout=WAIT_S, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with memory_folder() as data:
        environment = {
            **os.environ,
            "FULLRESERVE_DATA": str(data),
            "FULLRESERVE_HTTP": "127.0.0.1:0",
            "FULLRESERVE_WS": "127.0.0.1:0",
        }
        assert "FULLRESERVE_TLS_KEY" in command(environment, "tls", "localhost")
        certificate = data / "tls" / "localhost.pem"
        environment["FULLRESERVE_TLS_CERTIFICATE"] = str(certificate)
        environment["FULLRESERVE_TLS_KEY"] = str(data / "tls" / "localhost.key")
        process = subprocess.Popen(
            [sys.executable, "-m", "fullreserve.cli", "up"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            found = None
            while found is None:
                line = process.stdout.readline()
                assert line, process.wait(WAIT_S)
                found = re.search(r"REST (https://\S+) · WebSocket (wss://\S+)", line)
            yield Town(process, found[1], found[2], certificate, environment)
        finally:
            process.terminate()
            process.communicate(timeout=WAIT_S)


def test_rest_is_https_and_nothing_else(town: Town) -> None:
    """Criterion: TLS-1."""
    url = f"{town.rest}/api/v5/public/time"
    with urllib.request.urlopen(url, context=town.trust(), timeout=WAIT_S) as answer:
        assert json.load(answer)["code"] == "0"
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(url.replace("https", "http"), timeout=WAIT_S)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url, context=ssl.create_default_context(), timeout=WAIT_S)


async def test_websocket_is_wss(town: Town) -> None:
    """Criterion: TLS-1. Also what is longer than a TLS record."""
    async with connect(town.ws, ssl=town.trust(), compression=None) as socket:
        await socket.send("ping")
        assert await socket.recv() == "pong"
        await socket.send("x" * 60_000)
        assert json.loads(await socket.recv())["code"] == "60012"
        arg = {"channel": "instruments", "instType": "SPOT"}
        await socket.send(json.dumps({"op": "subscribe", "args": [arg]}))
        assert json.loads(await socket.recv())["event"] == "subscribe"
        assert len(json.loads(await socket.recv())["data"]) >= 12


async def test_a_renewed_certificate_is_served_on_without_a_restart(town: Town) -> None:
    """Criterion: TLS-2. Connections go on over the renewal."""
    before = town.served()
    async with connect(town.ws, ssl=town.trust()) as socket:
        command(town.environment, "tls", "localhost")
        town.process.send_signal(signal.SIGHUP)
        clock = SystemClock()
        end_ns = clock.monotonic_ns() + WAIT_S * 10**9
        while town.served() == before:
            assert clock.monotonic_ns() < end_ns
        await socket.send("ping")
        assert await socket.recv() == "pong"
    async with connect(town.ws, ssl=town.trust()) as socket:
        await socket.send("ping")
        assert await socket.recv() == "pong"

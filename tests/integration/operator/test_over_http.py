"""The console of a real process: members from the command line, a kill, the demo's operators."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from base64 import b32decode
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from fullreserve.clock import SystemClock
from fullreserve.identity import totp
from fullreserve.identity.demo_operators import FILE_NAME, open_operators
from fullreserve.identity.vault import Vault
from tests.memory_folder import memory_folder
from tests.server import Funds, LiveServer

WALL_MS = SystemClock().wall_ms
API = "/api/v5/"
WAIT_S = 60
# A plan is refused when its moment has come before it: then a later one is asked for.
AHEAD_MS = (1_000, 5_000, 20_000)


class Desk:
    """An operator's browser over real HTTP."""

    def __init__(self, live: LiveServer, one: dict[str, str]) -> None:
        self._live = live
        self._one = one
        self._headers = {"Content-Type": "application/json"}
        self.uid = one["uid"]

    def sign_in(self) -> Desk:
        asked = self.post("x/sign-in", email=self._one["email"], password=self._one["password"])
        assert asked["data"][0]["next"] == "second-factor", asked
        secret = b32decode(self._one["totpSecret"])
        code = totp.code(secret, WALL_MS() // totp.STEP_MS)
        entered = self.post("x/sign-in/code", ticket=asked["data"][0]["ticket"], code=code)
        assert entered["code"] == "0", entered
        return self

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, **body: str) -> Any:
        return self._call("POST", path, json.dumps(body))

    def _call(self, method: str, path: str, body: str | None) -> Any:
        connection = HTTPConnection(self._live.http, timeout=WAIT_S)
        try:
            connection.request(method, API + path, body, self._headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie" and "session" in value:
                    self._headers["Cookie"] = value.partition(";")[0]
            if content["data"] and "csrfToken" in content["data"][0]:
                self._headers["X-CSRF-Token"] = content["data"][0]["csrfToken"]
            return content
        finally:
            connection.close()


def plan(desk: Desk, ahead_ms: int) -> bool:
    """Plans a stop so soon; whether it was still to come."""
    begin = str(WALL_MS() + ahead_ms)
    planned = desk.post("x/operator/maintenance/plan", beginTs=begin, note="a new disk")
    assert planned["code"] in ("0", "51000"), planned
    return bool(planned["code"] == "0")


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fullreserve.cli", *words],
        env=os.environ | {"FULLRESERVE_DATA": str(folder)},
        input="a good long password\n",
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as place:
        yield place / "data"


@pytest.fixture
def live(folder: Path) -> Iterator[LiveServer]:
    server = LiveServer(folder).start()
    yield server
    if server.is_running:
        server.kill()


def test_an_approval_survives_a_kill_once(folder: Path, live: LiveServer) -> None:
    """Criterion: OP-APP-10, OP-SET-1, OP-SET-2. Killed behind the approval, asked for again.

    Criterion: WS-STOP-2. It ends by itself as one of them plans.
    """
    trader = live.trader((Funds("USDT", 100),))
    made = command(folder, "user", "create-operator", "root@desk.example")
    assert "was made, with the role admin" in made.stdout, made.stderr
    assert "count.\n" in made.stdout
    live.stop()
    # Who got a role while nothing ran is a member from the next start on.
    vault = Vault(folder, WALL_MS)
    operators = open_operators(vault, folder)
    vault.close()
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    live.start()
    first, second = (
        Desk(live, json.loads((folder / FILE_NAME).read_text())[at]).sign_in() for at in (0, 1)
    )
    state = first.get("x/operator/operators")["data"][0]
    assert (state["setUp"], state["enabled"]) == (False, str(len(operators) + 1))
    proposed = first.post(
        "x/operator/propose/correction", uid=str(trader.uid), account="trading", ccy="USDT",
        amount="5", house="treasury", reason="error", note="for the test",
    )  # fmt: skip
    number = proposed["data"][0]["proposal"]
    approved = second.post("x/operator/approve", proposal=number)
    assert approved["data"][0]["state"] == "done", approved
    live.kill()
    live.start()
    again = second.post("x/operator/approve", proposal=number)
    assert again["code"] == "91004", again
    held = second.get(f"x/operator/accounts?uid={trader.uid}")["data"]
    assert [one["balance"] for one in held if one["ccy"] == "USDT"] == ["105"]
    seen = second.get("x/operator/overview")["data"][0]
    assert (seen["restConnections"].isdigit(), seen["state"]) == (True, "running")
    with connect(f"ws://{live.ws}/ws/v5/public") as socket:
        assert any(plan(second, ahead_ms) for ahead_ms in AHEAD_MS)
        assert json.loads(socket.recv(WAIT_S))["code"] == "64008"
        assert live.ended() == 0
    assert "stops as planned" in live.log
    checked = command(folder, "audit", "verify")
    assert (checked.returncode, checked.stdout) == (0, "8 entries are whole.\n")
    lines = command(folder, "audit", "export").stdout.splitlines()
    assert [json.loads(line)["note"] for line in lines].count("for the test") == 1


def test_a_new_log_is_whole_and_none_is_none(folder: Path) -> None:
    """Criterion: OP-AUD-2"""
    assert command(folder, "audit", "verify").returncode == 1
    Vault(folder, WALL_MS).close()
    assert command(folder, "audit", "verify").stdout == "0 entries are whole.\n"

"""A running exchange that a browser visits, and the messages that it sends to people."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from queue import Queue
from typing import IO, NamedTuple

from fullreserve.clock import SystemClock
from fullreserve.identity.rules import MINUTE_MS
from fullreserve.identity.vault import Vault
from tests.server import READY

ROOT = Path(__file__).resolve().parents[3]
MESSAGE = re.compile(r"Message to (\S+): (.*)")
CODE = re.compile(r"\b\d{8}\b")
LINK = re.compile(r"https?://\S+")
WAIT_S = 60
STOP_WAIT_S = 30
AGE_MS = 15 * MINUTE_MS


class Mail(NamedTuple):
    """A message as its reader sees it."""

    text: str

    @property
    def code(self) -> str:
        return str(CODE.findall(self.text)[0])

    @property
    def link(self) -> str:
        return str(LINK.findall(self.text)[0])


class Exchange:
    """The process; `address` is where browsers come, `mail()` what was written to people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._mail: Queue[Mail] = Queue()
        self._ended_or_ready = threading.Event()
        self._is_ready = False
        self._ports = ("127.0.0.1:0", "127.0.0.1:0")
        self._process: subprocess.Popen[str]
        self._reader: threading.Thread

    def start(self) -> Exchange:
        """Run it and wait until it is ready; a second start keeps the addresses of the first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "FULLRESERVE_DATA": str(self.folder),
            "FULLRESERVE_HTTP": self._ports[0],
            "FULLRESERVE_WS": self._ports[1],
            "FULLRESERVE_GATEWAY_LIMITS": "off",
        }
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.account.quiet_demo"],
                cwd=ROOT,
                env=os.environ | settings,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._is_ready = False
        self._ended_or_ready.clear()
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        self._ended_or_ready.wait(WAIT_S)
        if not self._is_ready:
            self._process.kill()
            raise AssertionError(f"it did not start:\n{self._log.read_text()}")
        return self

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self._hear(lines)
        self._ended_or_ready.set()

    def _hear(self, lines: IO[str]) -> None:
        for line in lines:
            if found := MESSAGE.search(line):
                self._mail.put(Mail(found[2]))
            if ready := READY.search(line):
                http, ws = ready.groups()
                self._ports = (http, ws)
                self.address = f"http://localhost:{http.rpartition(':')[2]}"
                self._is_ready = True
                self._ended_or_ready.set()

    def mail(self, containing: str = "") -> Mail:
        """The next message that holds a text; those before it are passed over."""
        while True:
            mail = self._mail.get(timeout=WAIT_S)
            if containing in mail.text:
                return mail

    def stop(self) -> None:
        """End it as an operator would."""
        self._process.terminate()
        assert self._process.wait(STOP_WAIT_S) == 0, self._log.read_text()
        self._reader.join(STOP_WAIT_S)
        assert "Traceback" not in self._log.read_text(), self._log.read_text()

    def age_proofs(self, uid: int) -> None:
        """As if a user's last proof of who that is were a quarter of an hour old."""
        vault = Vault(self.folder, SystemClock().wall_ms)
        with vault.store.change():
            vault.store.db.execute(
                "UPDATE sessions SET proven_ms = proven_ms - ? WHERE uid = ?", (AGE_MS, uid)
            )
            vault.store.outdate(uid)
        vault.close()

"""Both stand-alone verifiers, as a stranger runs them, and a web server that has but the files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[3]
PYTHON, PAGE = ROOT / "verifier" / "verify.py", ROOT / "verifier" / "verify.html"
FAILED = "FAILED: "


class Judges:
    """`page` is one without a network, on which verify.html is opened."""

    def __init__(self, public: Path, page: Page, scratch: Path) -> None:
        self.public = public
        self._page = page
        self._scratch = scratch
        page.goto(PAGE.as_uri())

    def latest(self) -> dict[str, Any]:
        """The newest statement as it is published."""
        row = json.loads((self.public / "latest.json").read_bytes())
        found: dict[str, Any] = row["statement"]
        return found

    def of_asset(self, symbol: str) -> dict[str, Any]:
        """What the newest statement says of an asset."""
        rows = self.latest()["assets"]
        found: dict[str, Any] = next(one for one in rows if one["symbol"] == symbol)
        return found

    def of_latest(self) -> str:
        """What is wrong with the newest statement and its evidence; empty: everything holds."""
        row = (self.public / "latest.json").read_bytes()
        files = [self._kept("latest.json", row)]
        if name := json.loads(row)["statement"]["reserves"]["evidence"]:
            content = (self.public / "evidence" / f"{name}.json").read_bytes()
            files.append(self._kept("evidence.json", content))
        return self.of(*files)

    def of(self, *files: Path) -> str:
        """What is wrong with files, which both have to say in the same words."""
        done = subprocess.run(
            [sys.executable, str(PYTHON), *map(str, files)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        last = done.stdout.splitlines()[-1]
        assert (done.returncode == 0) is not last.startswith(FAILED), done
        self._page.reload()
        self._page.locator("#files").set_input_files([str(one) for one in files])
        expect(self._page.locator("#verdict")).to_have_text(last)
        return last.removeprefix(FAILED) if last.startswith(FAILED) else ""

    def _kept(self, name: str, content: bytes) -> Path:
        place = self._scratch / name
        place.write_bytes(content)
        return place


@contextmanager
def mirror(app: Path, config: bytes, public: Path, port: int) -> Iterator[None]:
    """A web server with the web app, what `/app-config.json` said, and the published files.

    There is no exchange behind it.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("/api/"):
                self.send_error(502)
                return
            if path == "/app-config.json":
                self._give(config, "application/json")
                return
            place = app / path.lstrip("/")
            if path.startswith("/por/"):
                place = public / path.removeprefix("/por/")
            elif not place.is_file():
                place = app / "index.html"
            if not place.is_file():
                self.send_error(404)
                return
            self._give(place.read_bytes(), guess_type(place)[0] or "text/plain")

        def _give(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

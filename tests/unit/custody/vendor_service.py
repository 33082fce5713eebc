"""A vendor's or an operator's service on loopback, which answers as a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from fullreserve.custody.asked_service import SIGNATURE, signature

SECRET = b"a secret of the tests, 32 bytes."


class Remote:
    """`answer` is what it says; `reply` makes the whole of it, and may be replaced."""

    def __init__(self, answer: str = "yes") -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.signed: list[bool] = []
        self.targets: list[str] = []
        self.reply: Callable[[dict[str, Any]], tuple[int, bytes, str]] = self.honest
        handler = type("Handler", (_Handler,), {"remote": self})
        self._server = HTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/ask"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def honest(self, question: dict[str, Any]) -> tuple[int, bytes, str]:
        return self.signed_as({name: question[name] for name in ("request", "nonce")})

    def signed_as(self, content: dict[str, Any]) -> tuple[int, bytes, str]:
        body = json.dumps({"answer": self.answer, **content}).encode()
        return 200, body, signature(SECRET, body)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    remote: Remote

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)
        self.remote.asked.append(question)
        self.remote.targets.append(self.path)
        self.remote.signed.append(self.headers[SIGNATURE] == signature(SECRET, body))
        status, content, signed = self.remote.reply(question)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.remote.url)
        self.send_header(SIGNATURE, signed)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Nothing."""

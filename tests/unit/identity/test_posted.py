"""Goal: the operator's mailer gets each message whole and can believe it; nobody else reads it.

Method: a real HTTP server on this machine as the mailer; files as operators may have left them.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.posted import SECRET, SIGNATURE, BadSecret, NotTaken, Posted, secret_of

KEY = b"k" * 32
MESSAGE = Message(Kind.PASSKEY_ADDED, "ada@example.com", {"name": "a key"})


class Mailer(HTTPServer):
    """Answers with a status; what came, with its signature."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 204
        self.came: list[tuple[bytes, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/from-the-exchange?a=1"


class Handler(BaseHTTPRequestHandler):
    server: Mailer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((body, self.headers[SIGNATURE]))
        assert self.path == "/from-the-exchange?a=1"
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def mailer() -> Iterator[Mailer]:
    made = Mailer()
    yield made
    made.shutdown()
    made.server_close()


async def test_a_message_is_posted_and_signed(mailer: Mailer) -> None:
    """Criterion: ID-MAIL-4"""
    await Posted(mailer.url, KEY).deliver(MESSAGE)
    ((body, signed),) = mailer.came
    assert signed == hmac.new(KEY, body, hashlib.sha256).hexdigest()
    found = msgspec.json.decode(body)
    assert (found["kind"], found["email"]) == ("passkey-added", "ada@example.com")
    assert found["values"] == {"name": "a key"}
    assert found["text"].startswith("The passkey a key was added")


@pytest.mark.parametrize("status", [302, 400, 503])
async def test_what_the_mailer_does_not_take_is_not_delivered(mailer: Mailer, status: int) -> None:
    """Criterion: ID-MAIL-4. Nor sent to where it points; no word of it in what is raised."""
    mailer.status = status
    with pytest.raises(NotTaken, match=f"^status {status}$"):
        await Posted(mailer.url, KEY).deliver(MESSAGE)
    assert len(mailer.came) == 1


async def test_a_mailer_that_is_away_is_tried_again_later(mailer: Mailer) -> None:
    """Criterion: ID-MAIL-4. The courier takes any exception for that."""
    mailer.shutdown()
    mailer.server_close()
    with pytest.raises(OSError, match="refused"):
        await Posted(mailer.url, KEY).deliver(MESSAGE)


def test_a_secret_is_long_and_its_owners_alone(tmp_path: Path) -> None:
    """Criterion: ID-MAIL-4"""
    path = tmp_path / SECRET
    with pytest.raises(BadSecret, match=SECRET):
        secret_of(tmp_path)
    path.write_bytes(KEY[:31] + b"\n")
    path.chmod(0o600)
    with pytest.raises(BadSecret, match="at least 32"):
        secret_of(tmp_path)
    path.write_bytes(KEY + b"\n")
    assert secret_of(tmp_path) == KEY
    path.chmod(0o640)
    with pytest.raises(BadSecret, match="0600"):
        secret_of(tmp_path)

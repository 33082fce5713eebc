"""Goal: who asks one node from several threads gets the answer to the own question.

Method: a server that says again what it was asked, and threads that ask it at once over the one
connection that an adapter has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from fullreserve.custody.chains.rpc import Node

THREADS, EACH = 8, 25


class Echo(BaseHTTPRequestHandler):
    """Answers with the parameters."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        many = asked if isinstance(asked, list) else [asked]
        answers = [{"id": one["id"], "result": one["params"]} for one in many]
        content = json.dumps(answers if isinstance(asked, list) else answers[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def node() -> Iterator[Node]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = Node(f"http://127.0.0.1:{server.server_address[1]}")
    yield made
    made.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_each_thread_has_the_answers_to_its_own_questions(node: Node) -> None:
    """Criterion: CHAINS-NODES-2. Alone, and several in one exchange."""

    def ask(thread: int) -> list[object]:
        found: list[object] = []
        for number in range(EACH):
            found.append(node.call("echo", thread, number))
            found += node.calls([("echo", [thread, number]), ("echo", [number, thread])])
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        told = list(threads.map(ask, range(THREADS)))
    for thread, found in enumerate(told):
        wanted = [
            each
            for number in range(EACH)
            for each in ([thread, number], [thread, number], [number, thread])
        ]
        assert found == wanted

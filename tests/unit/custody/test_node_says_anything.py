"""Goal: whatever a node says, what comes out is an answer or a NodeProblem, which all who ask know.

Method: a server that answers with bytes of our choosing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fullreserve.custody.chains.rpc import (
    Node,
    NodeGarbage,
    NodeProblem,
    NodeRefuses,
    decimal,
    hexed,
    listed,
    quantity,
    whole,
)

METHOD = "eth_chainId"
DEEP = "[" * 900 + "]" * 900  # what reads JSON goes so deep, and what writes it not always

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ERRORS = st.dictionaries(st.sampled_from(["code", "message", "data"]), ANY)
ANSWERS = st.dictionaries(st.sampled_from(["id", "result", "error"]), st.just(1) | ANY | ERRORS)
SAID = st.one_of(
    st.binary(max_size=20),
    (ANY | ANSWERS | st.lists(ANSWERS | ANY, max_size=2)).map(lambda one: json.dumps(one).encode()),
)


class Said:
    """A node's server, which says `body` to every question."""

    def __init__(self) -> None:
        said = self
        self.body = b""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._node = Node(f"http://127.0.0.1:{self._server.server_address[1]}")

    def node(self) -> Node:
        """Whose next question has the number 1."""
        self._node._last = 0
        return self._node

    def close(self) -> None:
        self._node.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def said() -> Iterator[Said]:
    made = Said()
    yield made
    made.close()


@given(SAID)
@example(b'{"id":1,"error":{"code":"x","message":"m"}}')
@example(b'{"id":1,"error":{"code":1e999}}')
@example(b'{"id":1,"error":{"code":NaN}}')
@example(b"[" * 200_000)
@example(b'[{"id":[]}]')
@example(b'[{"id":1,"error":{"code":{}}}]')
@example(DEEP.encode())
@example(f'{{"id":1,"error":{{"code":{DEEP}}}}}'.encode())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_but_a_node_problem_comes_of_an_answer(said: Said, body: bytes) -> None:
    """Criterion: CHAINS-NODES-3."""
    said.body = body
    asked = [(METHOD, ())]
    asks: list[Callable[[Node], Any]] = [
        lambda node: node.call(METHOD),
        lambda node: node.calls(asked),
        lambda node: node.tried(asked),
    ]
    for ask in asks:
        with suppress(NodeProblem):
            ask(said.node())


@given(ANY)
@example("0x" + "f" * 65)
@example("-0x1")
@example(1e30)
@example(json.loads(DEEP))
def test_nothing_but_garbage_comes_of_a_value(value: Any) -> None:
    """Also of what is too large for a chain: it could be kept nowhere. CHAINS-NODES-3."""
    for read in (hexed, quantity, decimal, whole, listed):
        with suppress(NodeGarbage):
            found = read(value)
            assert not isinstance(found, int) or 0 <= found < 2**256


def test_a_refusal_can_be_written_down(said: Said) -> None:
    """A node's words may hold half a pair of UTF-16, which nothing encodes. CHAINS-NODES-3."""
    said.body = rb'{"id":1,"error":{"code":-32000,"message":"no \ud800"}}'
    with pytest.raises(NodeRefuses, match="-32000: no") as refusal:
        said.node().call(METHOD)
    assert str(refusal.value).encode() == b"-32000: no ?"

"""A server between the adapter and a real node that says other things than the node does."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

BEHIND = 5  # blocks
POLL_S = 0.02  # for who asks it to end
REFUSED = object()  # in place of a result


# What is said in place of a result: of a method's name, what it was asked with, and the result.
Lie = Callable[[str, list[Any], Any], Any]


class Liar:
    """Use as a context; `mode` is what it does with the node's answers.

    With `lie` each of them is well formed, and what that makes of it.
    """

    def __init__(self, url: str) -> None:
        self.mode = "honest"
        self.lie: Lie | None = None
        self._target = urlsplit(url)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.mode == "silent":
                    self.close_connection = True
                    return
                content = outer.answer(asked, self.headers.get("Authorization"))
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), daemon=True
        )
        login = self._target.netloc.rpartition("@")[0]
        at = f"{login}@" if login else ""
        self.url = f"http://{at}127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: bytes, login: str | None) -> bytes:
        if self.mode == "html":
            return b"<!DOCTYPE html><title>502 Bad Gateway</title>"
        if self.mode == "half":
            return b'{"jsonrpc":"2.0","id":'
        if self.mode == "nothing":
            return b""
        if self.mode == "null":
            return b"null"
        if self.mode == "other":
            return b'{"jsonrpc":"2.0","id":-7,"result":"0x1"}'
        content = self._forward(self._older(asked, login), login)
        if self.mode == "behind" and json.loads(asked)["method"] == "getblockcount":
            told = json.loads(content)
            content = json.dumps(told | {"result": told["result"] - BEHIND}).encode()
        if self.lie is not None:
            return self._lied(self.lie, asked, content)
        if self.mode in ("receiptless", "reverting"):
            return self._misremembered(asked, content)
        return self._forged(content) if self.mode == "forged" else content

    @staticmethod
    def _lied(lie: Lie, asked: bytes, content: bytes) -> bytes:
        questions, told = json.loads(asked), json.loads(content)
        is_one = isinstance(questions, dict)
        pairs = [(questions, told)] if is_one else zip(questions, told, strict=True)
        for question, answer in pairs:
            assert question["id"] == answer["id"]
            said = lie(question["method"], question["params"], answer.get("result"))
            if said is REFUSED:
                answer |= {"result": None, "error": {"code": -32601, "message": "no such method"}}
            elif said != answer.get("result"):
                answer |= {"result": said, "error": None}
        return json.dumps(told).encode()

    def _forward(self, asked: bytes, login: str | None) -> bytes:
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port)
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": login} if login else {}
        try:
            connection.request("POST", "/", asked, headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def _older(self, asked: bytes, login: str | None) -> bytes:
        """Asks for an older block where the newest is wanted."""
        question = json.loads(asked)
        if self.mode != "behind" or question["params"][:1] != ["latest"]:
            return asked
        question["params"][0] = hex(int(self._height(login), 16) - BEHIND)
        return json.dumps(question).encode()

    def _height(self, login: str | None) -> Any:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        return json.loads(self._forward(json.dumps(asked).encode(), login))["result"]

    def _misremembered(self, asked: bytes, content: bytes) -> bytes:
        """Has no receipts, or such as say that nothing was done."""
        questions, told = json.loads(asked), json.loads(content)
        if not isinstance(questions, list):
            questions, told = [questions], [told]
        wanted = {one["id"] for one in questions if one["method"] == "eth_getTransactionReceipt"}
        for one in told:
            if one["id"] in wanted and one.get("result"):
                kept = one["result"] | {"status": "0x0", "logs": []}
                one["result"] = kept if self.mode == "reverting" else None
        return json.dumps(told if isinstance(json.loads(asked), list) else told[0]).encode()

    @staticmethod
    def _forged(content: bytes) -> bytes:
        """Changes a block: its state or its last bytes, not the hash it goes by."""
        told = json.loads(content)
        for one in told if isinstance(told, list) else [told]:
            result = one.get("result")
            if isinstance(result, dict) and "stateRoot" in result:
                result["stateRoot"] = "0x" + "11" * 32
            elif isinstance(result, str) and len(result) >= 160:
                one["result"] = result[:-8] + "deadbeef"
        return json.dumps(told).encode()

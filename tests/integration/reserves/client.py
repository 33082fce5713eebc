"""A user of the endpoints of reserves, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

API = "/api/v5/"
ANSWER_S = 60


class Client:
    """Signs with one key; keeps its connection, as browsers and bots do."""

    def __init__(self, server: LiveServer, key: NewKey) -> None:
        self._server = server
        self.uid = key.uid
        self._key = key
        self._connection = HTTPConnection(server.http, timeout=ANSWER_S)

    def get(self, path: str, *, signed: bool = False) -> tuple[int, bytes]:
        """Status and content of a path of the web server."""
        headers = self._headers(path) if signed else {}
        try:
            return self._asked(path, headers)
        except (ConnectionError, HTTPException):  # it was closed meanwhile
            self._connection.close()
            return self._asked(path, headers)

    def close(self) -> None:
        """Lets the connection go."""
        self._connection.close()

    def _asked(self, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _headers(self, path: str) -> dict[str, str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = f"{now}GET{path}".encode()
        made = hmac.new(self._key.secret.encode(), text, hashlib.sha256).digest()
        return {
            "OK-ACCESS-KEY": self._key.key,
            "OK-ACCESS-SIGN": base64.b64encode(made).decode(),
            "OK-ACCESS-TIMESTAMP": now,
            "OK-ACCESS-PASSPHRASE": self._key.passphrase,
        }

    def login(self) -> dict[str, Any]:
        """What signs a WebSocket connection in."""
        now = str(int(datetime.now(UTC).timestamp()))
        text = f"{now}GET/users/self/verify".encode()
        made = hmac.new(self._key.secret.encode(), text, hashlib.sha256).digest()
        arg = {
            "apiKey": self._key.key,
            "passphrase": self._key.passphrase,
            "timestamp": now,
            "sign": base64.b64encode(made).decode(),
        }
        return {"op": "login", "args": [arg]}

    def row(self, path: str, *, signed: bool = False) -> dict[str, Any]:
        """The one row of an answer."""
        status, content = self.get(API + path, signed=signed)
        answer = json.loads(content)
        assert (status, answer["code"]) == (200, "0"), answer
        (row,) = answer["data"]
        found: dict[str, Any] = row
        return found

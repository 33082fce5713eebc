"""A user of the endpoints of reserves, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError

from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

API = "/api/v5/"
ANSWER_S = 10


class Client:
    """Signs with one key."""

    def __init__(self, server: LiveServer, key: NewKey) -> None:
        self._server = server
        self.uid = key.uid
        self._key = key

    def get(self, path: str, *, signed: bool = False) -> tuple[int, bytes]:
        """Status and content of a path of the web server."""
        url = f"http://{self._server.http}{path}"
        request = urllib.request.Request(url, headers=self._headers(path) if signed else {})
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                return answer.status, answer.read()
        except HTTPError as problem:
            return problem.code, problem.read()

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

    def row(self, path: str, *, signed: bool = False) -> dict[str, Any]:
        """The one row of an answer."""
        status, content = self.get(API + path, signed=signed)
        answer = json.loads(content)
        assert (status, answer["code"]) == (200, "0"), answer
        (row,) = answer["data"]
        found: dict[str, Any] = row
        return found

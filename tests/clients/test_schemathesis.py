"""Requests drawn from the description of the API: no 5xx, and always the envelope.

A few for each endpoint that is served, and in the long run many for every endpoint there is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from fullreserve.gateway.rest.openapi import NOT_OFFERED
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import NewKey
from tests.server import LiveServer

# Rarely repeated and never forgotten: what an account can do to itself for good.
LEFT_OUT = ("/x/", "create-subaccount")


class Signed(requests.auth.AuthBase):
    """Signs what is sent, byte by byte."""

    def __init__(self, key: NewKey) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        assert isinstance(content, bytes)
        message = f"{stamp}{request.method}{request.path_url}".encode() + content
        mac = hmac.digest(self._key.secret.encode(), message, hashlib.sha256)
        signed = {
            "OK-ACCESS-KEY": self._key.key,
            "OK-ACCESS-SIGN": base64.b64encode(mac).decode(),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": self._key.passphrase,
        }
        request.headers.update(signed)
        return request


def operations(server: LiveServer) -> list[Any]:
    """Every operation of the description."""
    document = requests.get(f"http://{server.http}/openapi.json", timeout=10).json()
    schema = schemathesis.openapi.from_dict(document)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return [each for each in found if not any(part in each.path for part in LEFT_OUT)]


def draw(server: LiveServer, operation: Any, examples: int, session: requests.Session) -> int:
    """Sends examples of an operation; how many were answered with success."""
    succeeded = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        nonlocal succeeded
        answer = case.call(base_url=f"http://{server.http}", session=session)
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)
        envelope = answer.json()
        assert set(envelope) <= {"code", "msg", "data", "inTime", "outTime"}
        assert envelope["code"].isdigit()
        assert isinstance(envelope["msg"], str)
        assert isinstance(envelope["data"], list | dict)
        assert (envelope["code"] == "0") == (not envelope["msg"])
        succeeded += envelope["code"] == "0"

    send()
    return succeeded


@pytest.fixture
def session(server: LiveServer) -> requests.Session:
    made = requests.Session()
    made.auth = Signed(server.trader(permissions=Permission(7)))
    return made


def test_what_is_served_keeps_its_word(server: LiveServer, session: requests.Session) -> None:
    """Criterion: REST-DOC-2"""
    served = [each for each in operations(server) if each.tags != [NOT_OFFERED]]
    assert len(served) > 70
    succeeded = sum(draw(server, operation, 2, session) for operation in served)
    assert succeeded > len(served) / 4


@pytest.mark.slow
def test_everything_keeps_its_word(server: LiveServer, session: requests.Session) -> None:
    """Criterion: REST-DOC-2"""
    for operation in operations(server):
        draw(server, operation, 2 if operation.tags == [NOT_OFFERED] else 25, session)

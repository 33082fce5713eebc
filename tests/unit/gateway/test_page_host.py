"""Goal: what names this exchange names where the request came to. Method: headers as sent."""

from __future__ import annotations

import pytest

from fullreserve.gateway.context import SocketPlace
from fullreserve.gateway.rest.page_host import origin_of


@pytest.mark.parametrize(
    ("socket", "host", "origin"),
    [
        (SocketPlace(), b"localhost:8080", "http://localhost:8080"),
        (SocketPlace(secure=True), b"a.example", "https://a.example"),
        (SocketPlace("wss://ws.example"), b"a.example", "https://a.example"),
        (SocketPlace("ws://ws.example"), b"[::1]:8080", "http://[::1]:8080"),
        (SocketPlace(), b"a.example/path", "http://localhost"),
        (SocketPlace(), b"a.example\r\nx: y", "http://localhost"),
        (SocketPlace(), b"user@a.example", "http://localhost"),
        (SocketPlace(), b"a.example\n", "http://localhost"),
        (SocketPlace(), b"", "http://localhost"),
    ],
)
def test_the_origin_is_the_hosts_own_or_localhost(
    socket: SocketPlace, host: bytes, origin: str
) -> None:
    """Criterion: SUS-REST-7."""
    assert origin_of({b"host": host}, socket) == origin
    assert origin_of({}, SocketPlace()) == "http://localhost"

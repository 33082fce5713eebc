"""HTTP on the WebSocket port: what asks for no connection is told so in the envelope of REST."""

from __future__ import annotations

from picows import WSUpgradeRequest, WSUpgradeResponse

from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem

# RFC 6455, section 4.2.1: what a request for a connection carries.
VERSION = "13"
WANTED = f"this port speaks WebSocket: GET with Upgrade: websocket, version {VERSION}, and a key"


def refusal(request: WSUpgradeRequest, *, is_path: bool) -> WSUpgradeResponse | None:
    """The answer to a request that asks for no connection; None for one that does."""
    if not is_path:
        return _answer(Problem(50005, http=404))
    if _asks(request):
        return None
    return _answer(Problem(60012, name=WANTED, http=426))


def _asks(request: WSUpgradeRequest) -> bool:
    headers = request.headers
    options = headers.get("Connection", "").lower().split(",")
    return (
        request.method == b"GET"
        and headers.get("Upgrade", "").strip().lower() == "websocket"
        and "upgrade" in [option.strip() for option in options]
        and headers.get("Sec-WebSocket-Version", "").strip() == VERSION
        and bool(headers.get("Sec-WebSocket-Key", "").strip())
    )


def _answer(problem: Problem) -> WSUpgradeResponse:
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if problem.http == 426:
        # RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
        headers |= {"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION}
    body = wire.refusal(problem.code, problem.message)
    answer: WSUpgradeResponse
    answer = WSUpgradeResponse.create_error_response(problem.http, body, headers)
    return answer

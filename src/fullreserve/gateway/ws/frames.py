"""WebSocket frames as a server sends them, made once and written to any number of connections.

RFC 6455, section 5.2: one unmasked final frame.
"""

from __future__ import annotations

from enum import IntEnum

_SHORT = 126
_MEDIUM = 1 << 16


class Close(IntEnum):
    """Why a connection is closed; those from 4000 are OKX's."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    LOGIN_FAILED = 4001
    INVALID_REQUEST = 4002
    IDLE = 4004
    SLOW_CONSUMER = 4005
    KEY_CHANGED = 4007


def text_frame(payload: bytes) -> bytes:
    """A whole text message as one frame."""
    size = len(payload)
    if size < _SHORT:
        return b"\x81%c%b" % (size, payload)
    if size < _MEDIUM:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)


def close_frame(code: Close, reason: str) -> bytes:
    """The closing handshake's frame; `reason` is short ASCII."""
    payload = code.to_bytes(2, "big") + reason.encode("ascii")
    return b"\x88%c%b" % (len(payload), payload)


def close_answer(code: int) -> bytes:
    """The answer to a client's close frame: its code where it may be sent, RFC 6455, 7.4."""
    if not code:
        code = Close.NORMAL
    elif not (1000 <= code < 1015 and code not in (1004, 1005, 1006)) and not 3000 <= code < 5000:
        code = Close.PROTOCOL_ERROR
    return b"\x88\x02" + code.to_bytes(2, "big")


PONG = text_frame(b"pong")

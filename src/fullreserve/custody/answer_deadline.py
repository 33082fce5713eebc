"""An HTTP answer that is whole by a deadline: head and body, however it comes in.

A socket's own timeout is one read's: who sends a byte now and then would never run out of it.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # there is no such module when it runs
    from _typeshed import WriteableBuffer

Remaining = Callable[[], float]


class Reader(io.RawIOBase):
    """Reads a socket while `remaining` has seconds left; TimeoutError."""

    def __init__(self, sock: socket.socket, remaining: Remaining) -> None:
        self._sock = sock
        self._remaining = remaining

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._sock.settimeout(self._left())
        count = self._sock.recv_into(buffer)
        self._left()
        return count

    def _left(self) -> float:
        left = self._remaining()
        if left <= 0:
            raise TimeoutError
        return left


def response(
    connection: http.client.HTTPConnection, remaining: Remaining
) -> http.client.HTTPResponse:
    """The answer to what `connection` has sent, its head read; its body keeps the deadline too."""
    answer = http.client.HTTPResponse(connection.sock, method="POST")
    answer.fp.close()
    answer.fp = io.BufferedReader(Reader(connection.sock, remaining))
    answer.begin()
    return answer

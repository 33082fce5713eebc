"""Where a request came to, as its sender wrote it: pages and feeds name this exchange by it.

A proxy that stands before the exchange passes the host on, as it does for pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fullreserve.gateway.context import SocketPlace

HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def host_of(headers: Mapping[bytes, bytes]) -> str:
    """The request's `Host`, with its port; `localhost` for what is the name of none."""
    given = headers.get(b"host", b"").decode("latin-1")
    return given if HOST.fullmatch(given) else "localhost"


def origin_of(headers: Mapping[bytes, bytes], socket: SocketPlace) -> str:
    """`https://host:port` where pages or their WebSocket are served with TLS, else `http://`."""
    secure = socket.secure or socket.origin.startswith("wss:")
    return f"http{'s' if secure else ''}://{host_of(headers)}"

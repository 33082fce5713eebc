"""The least that a REST server on this stack can cost: read the body, answer a constant.

With `BASELINE_APPEND=path` each request is also appended to that file and synced, in the
loop's thread pool: the least that a *durable* answer can cost.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
ANSWER = b'{"code":"0","msg":"","data":[{"ordId":"1000000000000000000","sCode":"0","sMsg":""}]}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def build(path: str | None) -> Callable[..., Awaitable[None]]:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND) if path else None

    def append(body: bytes) -> None:
        assert descriptor is not None
        os.write(descriptor, body)
        os.fdatasync(descriptor)

    async def app(
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        if descriptor is not None:
            await asyncio.get_running_loop().run_in_executor(None, append, body)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": ANSWER})

    return app


def main() -> None:
    uvicorn.run(
        build(os.environ.get("BASELINE_APPEND")),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="off",
    )


if __name__ == "__main__":
    main()

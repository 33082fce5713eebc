"""Goal: who serves connections ends without an error in the log while some are open.

Method: each kind of listener in a loop of its own, which ends with a connection open.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import signer
from fullreserve.custody.keys.refill_commands import listening
from fullreserve.custody.keys.tls import Listener, Shown, Trust
from fullreserve.custody.signer import Signer
from fullreserve.custody.signer_wire import Spec
from fullreserve.reserves import desk
from fullreserve.reserves.desk import Desk

UNUSED = cast("Any", None)
Place = Path | int
Serving = Callable[[Path], AbstractAsyncContextManager[Place]]


@asynccontextmanager
async def a_hot_signer(folder: Path) -> AsyncIterator[Place]:
    made, place = Signer({}, UNUSED, UNUSED, UNUSED, UNUSED), folder / "a.sock"
    (server,) = await signer._listening(Spec("a", "", str(place), str(folder)), made, b"")
    yield place
    server.close()


@asynccontextmanager
async def a_holder(folder: Path) -> AsyncIterator[Place]:
    server = await listening(folder / "a.sock", UNUSED)
    yield folder / "a.sock"
    server.close()


@asynccontextmanager
async def by_tls(_folder: Path) -> AsyncIterator[Place]:
    shown = Shown(Trust((), {}), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    server = await Listener(UNUSED, lambda: shown, SystemClock()).listen("127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@asynccontextmanager
async def the_desk_of_proofs(folder: Path) -> AsyncIterator[Place]:
    (folder / desk.SOCKET).parent.mkdir()
    made = Desk(UNUSED)
    await made.open(folder)
    yield folder / desk.SOCKET
    await made.close()


async def ended(serving: Serving, folder: Path) -> None:
    """Ends while a connection is served."""
    async with serving(folder) as place:
        if isinstance(place, int):
            _, writer = await asyncio.open_connection("127.0.0.1", place)
        else:
            _, writer = await asyncio.open_unix_connection(place)
        async with asyncio.timeout(60):
            while len(asyncio.all_tasks()) < 2:  # noqa: ASYNC110 - a task tells nobody that it is
                await asyncio.sleep(0)
            # One turn more, so that it waits for what is asked.
            await asyncio.sleep(0)
    writer.close()


@pytest.mark.parametrize("serving", [a_hot_signer, a_holder, by_tls, the_desk_of_proofs])
def test_who_serves_ends_with_open_connections_and_no_traceback(
    serving: Serving, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: HOUSE-CHILD-6"""
    with caplog.at_level(logging.ERROR, "asyncio"):
        asyncio.run(ended(serving, tmp_path))
        gc.collect()  # what is left open says so as it goes
    assert [one.getMessage() for one in caplog.records] == []

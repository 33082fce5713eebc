"""A coroutine begun outside a task goes on in one as if it had always been there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fullreserve.gateway.rest.resumed import resumed


async def test_it_waits_on_and_returns() -> None:
    """Criterion: REST-READ-1"""
    gate: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        first = await gate
        return first + await asyncio.to_thread(lambda: 2)

    begun = work()
    task = asyncio.create_task(asyncio.wait_for(resumed(begun, begun.send(None)), 5))
    gate.set_result(1)
    assert await task == 3


async def test_errors_and_cancellations_reach_it() -> None:
    """Criterion: REST-READ-1"""
    seen: list[str] = []

    async def work(gate: asyncio.Future[Any]) -> None:
        try:
            await gate
        except BaseException as problem:
            seen.append(type(problem).__name__)
            raise

    async def go_on(begun: Any, waits: Any) -> None:
        await resumed(begun, waits)

    for cancel in (False, True):
        gate = asyncio.get_running_loop().create_future()
        begun = work(gate)
        task = asyncio.create_task(go_on(begun, begun.send(None)))
        await asyncio.sleep(0)
        if cancel:
            task.cancel()
        else:
            gate.set_exception(KeyError("x"))
        with pytest.raises((KeyError, asyncio.CancelledError)):
            await task
    assert seen == ["KeyError", "CancelledError"]

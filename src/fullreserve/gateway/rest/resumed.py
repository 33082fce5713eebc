"""Going on with a coroutine that was run to its first wait outside a task."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


@coroutine
def resumed(started: Coroutine[Any, Any, T], waits: Any) -> Generator[Any, Any, T]:
    """What the coroutine returns; `waits` is what it yielded when it was sent None."""
    while True:
        try:
            sent = yield waits
        except BaseException as problem:  # noqa: BLE001 - whatever it is thrown is the coroutine's
            step = partial(started.throw, problem)
        else:
            step = partial(started.send, sent)
        try:
            waits = step()
        except StopIteration as done:
            value: T = done.value
            return value

"""One way to call ccxt's synchronous and asynchronous clients, and what is claimed to be called."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

# Trades of these tests alone, so that what they count is theirs.
SYMBOL = "SOL/USDT"


class Unified:
    """A client whose calls are awaited, whatever it is, and whose names are remembered."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self.client, name)

        async def call(*arguments: Any, **more: Any) -> Any:
            self.called.add(name)
            result = method(*arguments, **more)
            # Some of its asynchronous methods give another awaitable.
            while inspect.isawaitable(result):
                result = await result
            return result

        return call


class Desk(NamedTuple):
    """Two accounts that trade with each other."""

    me: Unified
    other: Unified

    def called(self) -> set[str]:
        return self.me.called | self.other.called


class Scenario(NamedTuple):
    """A story, and the methods that it exercises."""

    play: Callable[[Desk], Awaitable[None]]
    methods: frozenset[str]


SCENARIOS: dict[str, Scenario] = {}


def exercises(
    *methods: str,
) -> Callable[[Callable[[Desk], Awaitable[None]]], Callable[[Desk], Awaitable[None]]]:
    """Enter a story under its name, with the names by which `has` knows its methods."""

    def enter(play: Callable[[Desk], Awaitable[None]]) -> Callable[[Desk], Awaitable[None]]:
        SCENARIOS[play.__name__] = Scenario(play, frozenset(methods))
        return play

    return enter


def python_name(method: str) -> str:
    """The Python name of a method of `has`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower().replace("o_h_l_c_v", "ohlcv")

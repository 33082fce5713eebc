"""What goes wrong while a request is handled, as its answer."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import structlog

from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem

log = structlog.get_logger(__name__)


class Refusing:
    """A block whose failure answers the request: with a Problem's code, or 50026 for any other.

    Who waits gets an answer in every case, and never a traceback: the cause is in the log. For
    what answers by a function, because no task waits for it.
    """

    __slots__ = ("_name", "_respond")

    def __init__(self, name: tuple[str, str], respond: Callable[[int, bytes], None]) -> None:
        self._name = name
        self._respond = respond

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        wrong: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if not isinstance(wrong, Exception):
            return False
        if isinstance(wrong, Problem):
            problem = wrong
        else:
            method, path = self._name
            log.error("request failed", method=method, path=path, exc_info=wrong)
            problem = Problem(50026)
        self._respond(problem.http, wire.refusal(problem.code, problem.message))
        return True

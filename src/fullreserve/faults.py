"""Faults of ours as a log may hold them: kinds and places, without what was worked on.

A message may repeat an address, a memo or a node's password; so may the values in a traceback.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

SHOWN = 12  # frames, of those next to the fault


def kind_of(problem: BaseException) -> str:
    """The fault's kind and the function that it came from."""
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" in {frames[-1].name}" if frames else ""
    return f"{type(problem).__name__}{where}"


def frames_of(problem: BaseException) -> list[str]:
    """The way to it, `file:line function`, the outermost first."""
    frames = traceback.extract_tb(problem.__traceback__)[-SHOWN:]
    return [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]


def leaves(problem: BaseException) -> Iterator[BaseException]:
    """What a group of faults holds, however deep; a single one is itself."""
    if isinstance(problem, BaseExceptionGroup):
        for one in problem.exceptions:
            yield from leaves(one)
    else:
        yield problem

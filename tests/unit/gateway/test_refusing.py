"""Whatever goes wrong in the block is answered once, in the envelope."""

from __future__ import annotations

import asyncio
import json

import pytest

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.refusing import Refusing


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [(Problem(50005, http=404), (404, "50005")), (KeyError("secret"), (500, "50026"))],
)
def test_a_failure_is_the_answer(wrong: Exception, answer: tuple[int, str]) -> None:
    """Criterion: REST-1, REST-3"""
    said: list[tuple[int, bytes]] = []
    with Refusing(("GET", "/x"), lambda status, content: said.append((status, content))):
        raise wrong
    ((status, content),) = said
    assert (status, json.loads(content)["code"]) == answer
    assert b"secret" not in content


def test_a_cancellation_goes_on() -> None:
    """Criterion: REST-READ-1"""
    said: list[int] = []
    with (
        pytest.raises(asyncio.CancelledError),
        Refusing(("GET", "/x"), lambda status, _content: said.append(status)),
    ):
        raise asyncio.CancelledError
    assert said == []

"""Operators of the exchange that all browser tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.operator.desk import Operator, enrol_all, open_desk
from tests.browser.people import Person
from tests.server import LiveServer


@pytest.fixture(scope="session")
def newcomers(maker: Person, server: LiveServer) -> Iterator[list[Operator]]:
    """Operators of whom one counts, which is not enough for approvals."""
    desk = open_desk(server)
    enrol_all(server, desk[:1])
    yield desk
    for one in desk:
        one.close()


@pytest.fixture(scope="session")
def desk(newcomers: list[Operator], server: LiveServer) -> list[Operator]:
    """Two admins and one of the support, members of the approval group."""
    enrol_all(server, newcomers)
    return newcomers


@pytest.fixture
def ada(desk: list[Operator]) -> Operator:
    """An admin."""
    return desk[0]


@pytest.fixture
def bea(desk: list[Operator]) -> Operator:
    """Another admin."""
    return desk[1]

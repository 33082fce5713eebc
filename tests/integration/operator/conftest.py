"""A console for each test: an exchange with three operators, signed in with authenticators."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.operator.bed import Console
from tests.memory_folder import memory_folder


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    with memory_folder() as folder:
        opened = await Console.open(folder)
        yield opened
        await opened.close()

"""A town for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.identity.bed import Town
from tests.memory_folder import memory_folder


@pytest_asyncio.fixture
async def town() -> AsyncIterator[Town]:
    with memory_folder() as folder:
        opened = await Town.open(folder)
        yield opened
        await opened.close()

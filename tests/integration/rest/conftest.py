"""The exchange behind REST, one for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.rest.bed import RestBed


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path)
    yield opened
    await opened.close()

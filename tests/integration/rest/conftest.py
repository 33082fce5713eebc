"""The exchange behind REST, one for each test; its time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.bed import START_MS
from tests.integration.rest.bed import HandClock, RestBed


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path, clock=HandClock(START_MS))
    yield opened
    await opened.close()

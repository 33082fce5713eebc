"""Goal: what one statement says of several chains and addresses is of one moment.

Method: nodes and signers that answer nobody until all of them are asked; whoever asks one after the
other gets no answer.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

import msgspec

from fullreserve.custody import networks
from fullreserve.reserves.evidence import Evidence
from fullreserve.reserves.places import Ownership, Place
from tests.integration.custody.liar import Liar
from tests.integration.reserves.anvil import Keys
from tests.integration.reserves.world import World
from verifier import verify

LONG_S = 5.0


class Waiting(Liar):
    """Answers nobody before as many others are asked."""

    def __init__(self, url: str, all_are_asked: threading.Barrier) -> None:
        super().__init__(url)
        self._all_are_asked = all_are_asked
        self._is_met = False

    def answer(self, asked: bytes, login: str | None) -> bytes:
        if not self._is_met:
            # Broken once it was waited for in vain: nobody is answered then.
            self._all_are_asked.wait(LONG_S)
            self._is_met = True
        return super().answer(asked, login)


async def test_chains_are_read_at_once(world: World) -> None:
    """Each node waits for the others to be asked. Criterion: POR-STATE-20"""
    (first,) = networks.load(world.folder)
    numbers = (first.network, 3, 4)
    all_are_asked = threading.Barrier(len(numbers))
    with ExitStack() as stack:
        held = [Waiting(world.anvil.process.url, all_are_asked) for _ in numbers]
        served = [
            msgspec.structs.replace(first, network=number, nodes=(stack.enter_context(node).url,))
            for number, node in zip(numbers, held, strict=True)
        ]
        networks.keep(world.folder, served)
        row = await world.publish()
    rows = row["statement"]["reserves"]["chains"]
    assert [one["network"] for one in rows] == list(numbers), row["statement"]["unshown"]
    spread = max(one["read"] for one in rows) - row["statement"]["reserves"]["read"]
    assert verify.spread_of(row["statement"]) == spread
    assert world.verdict(row) == ""


class Together(Keys):
    """Signs for nobody before all its addresses are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._all_are_asked = asyncio.Barrier(len(self.held))

    async def prove(self, place: Place, message: str) -> Ownership:
        async with asyncio.timeout(LONG_S):
            await self._all_are_asked.wait()
        return await super().prove(place, message)


async def test_addresses_are_signed_for_at_once(world: World) -> None:
    """Two keys of two signers. Criterion: POR-STATE-20"""
    evidence = world.worker._reserves
    assert isinstance(evidence, Evidence)
    evidence._control = Together()
    row = await world.publish()
    assert world.verdict(row) == ""

"""Goal: whoever asks for a finished drain again does not make the exchange tell its log again.

Method: the folds in a core of their own behind a door that counts what is asked.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum
from fullreserve.exchange.products.suspension_wire import Level, Lift, Scope
from fullreserve.exchange.products.withdrawal_state import GetDrains, SumDrains, decode_question
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.x import kept_artefacts
from fullreserve.gateway.rest.x.kept_artefacts import Artefacts
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    ask,
    known,
    of,
    opened,
    reopened,
    requests,
    say,
    stop,
    tick,
)


class Asked:
    """A door to a world, and how often it was asked for a log."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.logs = 0

    async def query(self, asked: AskFold) -> bytes:
        if asked.fold == WITHDRAWALS:
            self.logs += isinstance(decode_question(asked.question), GetDrains)
        answer = self._world.machine.answer(msgspec.msgpack.encode(asked))
        return msgspec.msgpack.decode(answer, type=bytes)


def _drained(world: World) -> int:
    """A suspension and its drain, from beginning to end."""
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for _ in range(3):
        ask(world, 1, ALICE)
    reopened(world, number, next(one.number for one in requests(world) if not one.state))
    tick(world, CHAIN, BTC, 10)
    assert say(world, Lift(number)) == 0
    return number


def _answer(world: World, number: int) -> bytes:
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    return wire.envelope([artefact(of(world, number), Places(Catalog(), ()), logs, sums)])


async def test_a_drain_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two fit, and of what does not fit the newest. Criterion: SUS-VERIFY-1."""
    world = opened()
    world.fund(ALICE, BTC, coins(50))
    numbers = [_drained(world) for _ in range(2)]
    door = Asked(world)
    table = Artefacts(cast("Context", SimpleNamespace(door=door)))
    names = Places(Catalog(), ())
    suspensions = {one.number: one for one in known(world)}

    async def told(*wanted: int) -> int:
        before = door.logs
        for number in wanted:
            assert await table.of(suspensions[number], names) == _answer(world, number)
        return door.logs - before

    assert await told(*numbers, *numbers) == 2
    monkeypatch.setattr(kept_artefacts, "KEPT_BYTES", 1)
    assert await told(numbers[0], numbers[0]) == 0
    assert await told(numbers[1], numbers[1], numbers[0]) == 2

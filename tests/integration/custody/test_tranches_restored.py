"""Goal: after a restore amid a drain the chain is compared before any amount changes, and adopted.

Method: an exchange with its payer's first look on a made chain that has paid part of a request,
killed at each effect; the worker on duty and the slow walk while a network is not compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.chains.adapter import Attempt, Block, Departed
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.house import House
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Terms as PayTerms
from fullreserve.custody.paying import PayersExchange
from fullreserve.custody.reopening import Reopening
from fullreserve.custody.restore_mark import uncompared
from fullreserve.custody.restored import SinceBackup
from fullreserve.custody.units import Scale
from fullreserve.custody.walking import Walk
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, Level, ListAll, SignOff
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    ListOpen,
    NextDue,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.reconciled import adopted
from tests.bed import ALICE, BTC
from tests.integration.custody.test_payer import Killed, Mortal
from tests.integration.custody.test_reopening import MINUTE_MS, Town
from tests.integration.custody.test_since_backup import HIRED, Folder, Hired
from tests.integration.custody.withdrawing import COIN, NOTHING, Withdrawing

CHAIN = 1
CHANGES = ("keep_adopted", "keep_plan", "change", "told", "compared_since")
PLENTY = 20


async def opened(folder: Path) -> Withdrawing:
    line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
    network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
    exchange = await Withdrawing.open(folder, network)
    await exchange.say(wire.RequirePolicy(EDITION), chart.HOUSE)
    return exchange


async def asked(exchange: Withdrawing, units: int, *, allow_split: bool) -> int:
    entry = exchange.book.add(ALICE, CHAIN, HIRED.address(5), "somewhere")
    kind, amount = wire.Destination.ADDRESS_BOOK, amount_bytes(units * COIN)
    asks = wire.Request(*(CHAIN, BTC, amount, NOTHING, kind, entry.number), allow_split=allow_split)
    return await exchange.say(asks)


async def compares(exchange: Withdrawing, folder: Folder, mortal: Mortal) -> None:
    """What a payer that has just begun does first in a folder that came out of a backup."""
    network = SimpleNamespace(network=CHAIN, needs_memo=True, addresses=lambda: HIRED)
    places = HousePlaces(folder.place, ())
    destinations = Destinations(exchange.vault)
    speaks = PayersExchange(exchange.house, destinations, cast("Any", network), places)
    told: Any = mortal.around(speaks, "report", "tranche")
    kept: Any = mortal.around(folder.store, *CHANGES)
    terms = PayTerms({BTC: Scale(8)}, BTC)
    payer = Payer(folder.chain, kept, told, signs_nothing, terms, b"s" * 32)
    await SinceBackup(folder.place, folder.chain, kept, exchange.house, payer, nothing).look()


def signs_nothing(_plan: object) -> Any:
    raise AssertionError("it was signed")


async def nothing() -> None:
    pass


async def open_ones(exchange: Withdrawing) -> list[Withdrawal]:
    found: list[Withdrawal] = await exchange.house.ask(wire.WITHDRAWALS, ListOpen(0, 99))
    return found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_what_left_for_less_than_a_request_is_one_tranche_of_it(
    tmp_path: Path, *, after: bool
) -> None:
    """The rest asks for as much as was paid. Criterion: CHAINS-RESTORED-13."""
    for effect in range(1, PLENTY):
        place = tmp_path / str(effect)
        place.mkdir()
        exchange, chain = await opened(place), cast("Any", Hired(110))
        number = await asked(exchange, 2, allow_split=True)
        folder, mortal = Folder(place, chain), Mortal(effect, after=after)
        assert uncompared(place) == (CHAIN,)
        with suppress(Killed):
            await compares(exchange, folder, mortal)
        await compares(exchange, folder, Mortal())
        request, part = await open_ones(exchange)
        assert (request.number, request.value, request.binding) == (number, COIN, b"")
        assert (part.value, part.binding) == (COIN, b"b" * 32)
        assert (part.state, part.is_approved) == (WithdrawalState.BROADCASTING, False)
        plans = [one.plan.withdrawals for one in folder.store.open_plans(CHAIN)]
        assert plans == [(part.number,)]
        assert await exchange.house.ask(SUSPENSIONS, ListAll()) == []
        assert uncompared(place) == ()
        folder.store.close()
        await exchange.close()
        if mortal.count < effect:
            break
    assert effect >= 6


class Ended(Hired):
    """Block 102 pays as much again: what is left of a request for both."""

    def departed(self, block: Block) -> list[Departed]:
        if block.height != 102:
            return super().departed(block)
        (left,) = super().departed(Block(101, block.hash, block.parent))
        return [left._replace(attempt=Attempt(b"u" * 32, b"raw"), binding=b"c" * 32)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_request_that_was_paid_to_its_end_in_tranches_is_not_paid_again(
    tmp_path: Path, *, after: bool
) -> None:
    """The last payment is the request's own. Criterion: CHAINS-RESTORED-13."""
    for effect in range(1, PLENTY):
        place = tmp_path / str(effect)
        place.mkdir()
        exchange, chain = await opened(place), cast("Any", Ended(110))
        number = await asked(exchange, 2, allow_split=True)
        folder, mortal = Folder(place, chain), Mortal(effect, after=after)
        with suppress(Killed):
            await compares(exchange, folder, mortal)
        await compares(exchange, folder, Mortal())
        request, part = await open_ones(exchange)
        assert (request.number, request.value, request.binding) == (number, COIN, b"c" * 32)
        assert (part.value, part.binding) == (COIN, b"b" * 32)
        plans = [one.plan.withdrawals for one in folder.store.open_plans(CHAIN)]
        assert plans == [(part.number,), (number,)]
        assert await exchange.house.ask(SUSPENSIONS, ListAll()) == []
        folder.store.close()
        await exchange.close()
        if mortal.count < effect:
            break
    assert effect >= 8


async def test_what_left_for_less_than_a_whole_request_stops_its_line(tmp_path: Path) -> None:
    """Its owner did not agree to tranches: people look at it, and are told of the request.

    Criteria: CHAINS-RESTORED-10, CHAINS-RESTORED-13.
    """
    exchange, chain = await opened(tmp_path), cast("Any", Hired(110))
    number = await asked(exchange, 2, allow_split=False)
    folder = Folder(tmp_path, chain)
    await compares(exchange, folder, Mortal())
    (request,) = await open_ones(exchange)
    assert (request.value, request.binding) == (2 * COIN, b"")
    assert not folder.store.open_plans(CHAIN)
    (stop,) = await exchange.house.ask(SUSPENSIONS, ListAll())
    assert stop.terms.scope.level == Level.ASSET_CHAIN
    told = adopted(tmp_path, CHAIN)
    assert told is not None
    assert [(one.withdrawals, one.likely) for one in told.payments] == [((), (number,))]
    folder.store.close()
    await exchange.close()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    made = await Town.open(tmp_path)
    yield made
    await made.exchange.close()


async def test_no_drain_ticks_before_its_network_is_compared(town: Town) -> None:
    """Criterion: CHAINS-RESTORED-12."""
    left: tuple[int, ...] = (CHAIN,)
    house = House(town.exchange.door, lambda: left)

    async def look() -> int:
        await Reopening(house, town.clock).round()
        return town.state()

    await town.shown()
    await town.say(SignOff(town.suspension), 10_000_012)
    assert await town.look() == SuspensionState.CANARY
    await town.paid(town.asked[2])
    assert await town.look() == SuspensionState.DRAINING
    waited = await town.waiting()
    assert len(waited) == 4
    for _ in range(3):
        town.clock.advance(MINUTE_MS)
        before = town.sequence
        assert await look() == SuspensionState.DRAINING
        assert (await town.waiting(), town.sequence) == (waited, before)
    left = ()
    assert await look() == SuspensionState.DRAINING
    assert await town.waiting() == waited[2:]


async def test_what_waits_is_left_by_walks_before_its_network_is_compared(tmp_path: Path) -> None:
    """By the slow one and by who has changed a stop. Criterion: CHAINS-RESTORED-12."""
    exchange = await opened(tmp_path)
    left: tuple[int, ...] = (CHAIN,)
    house = House(exchange.door, lambda: left)
    number = await asked(exchange, 2, allow_split=True)
    await exchange.say(wire.Hold(CHAIN, BTC, stopped=True), chart.HOUSE)
    clock = exchange.bed.clock
    assert isinstance(clock, ManualClock)
    walk = Walk(house, wire.WITHDRAWALS, NextDue, clock)
    await house.settle()
    before = exchange.bed.sequencer.machine.sequence
    await walk.round()
    assert exchange.bed.sequencer.machine.sequence == before
    assert (await exchange.found(number)).state == WithdrawalState.WAITING
    left = ()
    for _ in range(2):  # to its end, and from the first again
        await walk.round()
    assert (await exchange.found(number)).state == WithdrawalState.QUEUED
    await exchange.close()

"""Goal: more than a share of an asset in an hour stops it, however many ask for it.

Method: a real exchange whose withdrawals are bound and paid by the test, at its clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.outflow import HOUR_MS, Left, Outflow, counted
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspensions
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    ListAll,
    Mode,
    Reason,
    Scope,
    Terms,
    Trigger,
)
from fullreserve.exchange.products.withdrawal_state import ListWithdrawals, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from tests.bed import BTC
from tests.integration.custody.withdrawing import COIN, NOTHING, Withdrawing

CHAIN = 1
HELD = 10 * COIN
HASH = b"h" * 32


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Withdrawing]:
    line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
    network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
    made = await Withdrawing.open(tmp_path, network)
    told = wire.Funded(CHAIN, HASH, BTC, wire.Tier.HOT, amount_bytes(HELD))
    assert await made.house.report(wire.DEPOSITS, told) == [0]
    yield made
    await made.close()


async def leave(exchange: Withdrawing, amount: int, *, paid: bool = False) -> int:
    """A withdrawal that is bound, and final or not; its number."""
    number = await exchange.ask(CHAIN, BTC, amount, "bcrt1qsomewhere")
    word = wire.Bound(number, number.to_bytes(32, "big"))
    assert await exchange.house.report(wire.WITHDRAWALS, word) == [0]
    if paid:
        await become_final(exchange, number)
    return number


async def become_final(exchange: Withdrawing, number: int) -> None:
    binding = number.to_bytes(32, "big")
    words = [wire.Included(number, binding, 5), wire.Paid(number, binding, 5, NOTHING)]
    assert await exchange.house.report(wire.WITHDRAWALS, *words) == [0, 0]


async def stops(exchange: Withdrawing) -> list[Suspension]:
    asked = AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListAll()))
    found: list[Suspension] = msgspec.msgpack.decode(
        await exchange.door.query(asked), type=list[Suspension]
    )
    return found


async def test_more_than_the_share_in_an_hour_stops_the_asset(exchange: Withdrawing) -> None:
    """Once, by a new worker neither. Criterion: CUST-OUTFLOW-1."""
    clock = exchange.bed.clock
    worker = Outflow(exchange.house, clock, 50)
    await leave(exchange, 3 * COIN, paid=True)
    await leave(exchange, 2 * COIN)
    await worker.round()
    assert await stops(exchange) == []
    await leave(exchange, 1)
    await worker.round()
    (one,) = await stops(exchange)
    assert (one.trigger, one.terms.scope) == (Trigger.VELOCITY, Scope(Level.ASSET, asset=BTC))
    assert (one.terms.actions, one.terms.mode) == (Action.WITHDRAW, Mode.QUEUE)
    assert one.terms.reason == Reason.SECURITY_INCIDENT
    assert len(one.seen) == 32
    await worker.round()
    await Outflow(exchange.house, clock, 50).round()
    assert await stops(exchange) == [one]


async def test_a_stop_that_was_refused_is_asked_for_again(
    exchange: Withdrawing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nothing more leaves. Criterion: CUST-OUTFLOW-1."""
    worker = Outflow(exchange.house, exchange.bed.clock, 50)
    await leave(exchange, 6 * COIN)
    with monkeypatch.context() as full:
        full.setattr(suspensions, "OPEN_MAX", 0)
        await worker.round()
        assert await stops(exchange) == []
    await worker.round()
    assert len(await stops(exchange)) == 1


async def test_what_left_before_the_hour_counts_no_more(exchange: Withdrawing) -> None:
    """Criterion: CUST-OUTFLOW-1."""
    clock = exchange.bed.clock
    worker = Outflow(exchange.house, clock, 50)
    await leave(exchange, 5 * COIN, paid=True)
    await worker.round()
    clock.advance(HOUR_MS)  # type: ignore[attr-defined]
    await leave(exchange, 2 * COIN)
    for one in (worker, Outflow(exchange.house, clock, 50)):
        await one.round()
    assert await stops(exchange) == []


async def test_what_is_final_late_left_when_it_was_bound(exchange: Withdrawing) -> None:
    """Six blocks may take more than an hour. Criterion: CUST-OUTFLOW-1."""
    worker = Outflow(exchange.house, exchange.bed.clock, 50)
    late = await leave(exchange, 3 * COIN)
    await worker.round()
    exchange.bed.clock.advance(HOUR_MS)  # type: ignore[attr-defined]
    await leave(exchange, 3 * COIN)
    await worker.round()
    await become_final(exchange, late)
    await worker.round()
    assert await stops(exchange) == []


async def test_what_a_drain_released_or_was_refunded_does_not_count(exchange: Withdrawing) -> None:
    """Criterion: CUST-OUTFLOW-1."""
    worker = Outflow(exchange.house, exchange.bed.clock, 50)
    await leave(exchange, 6 * COIN)
    (one,) = await exchange.house.ask(wire.WITHDRAWALS, ListWithdrawals(0, 0, 9))
    for change in ({"is_released": True}, {"state": WithdrawalState.FAILED}):
        worker._note(one)
        assert len(worker._left) == 1
        worker._note(msgspec.structs.replace(one, **change))
        assert worker._left == {}


@pytest.mark.parametrize(("state", "amount"), [
    (SuspensionState.ACTIVE, 0), (SuspensionState.DRAINING, 0), (SuspensionState.LIFTED, 4),
])  # fmt: skip
def test_once_lifted_the_hour_begins_anew(state: SuspensionState, amount: int) -> None:
    """And while it is in force nothing is said again. Criterion: CUST-OUTFLOW-1."""
    terms = Terms(Action.WITHDRAW, Scope(Level.ASSET, asset=BTC), Mode.QUEUE, 1)
    stop = Suspension(1, terms, state, 0, 0, 100, 1, trigger=Trigger.VELOCITY)
    left = [Left(100, BTC, 3, is_posted=True), Left(101, BTC, 4, is_posted=False)]
    assert counted(left, [stop])[BTC] == amount
    assert counted(left, [])[BTC] == 7


async def test_an_exchange_may_do_without(exchange: Withdrawing) -> None:
    """Criterion: CUST-OUTFLOW-1."""
    await leave(exchange, HELD)
    await Outflow(exchange.house, exchange.bed.clock, 0).round()
    assert await stops(exchange) == []

"""Goal: an amount is taken or refused by its exact bound, and what is refused moves nothing."""

from __future__ import annotations

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.withdrawals import MAX_AMOUNT, Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import ALICE, BTC, COIN, FEE_BTC, World
from tests.unit.exchange.test_withdrawals import ask

LEAST, MOST = 1_000, 10_000_000 * COIN
HAS = 2 * COIN


@pytest.fixture
def world() -> World:
    made = World(lambda: [Withdrawals()])
    made.define(WITHDRAWALS)
    made.fund(ALICE, BTC, amount_bytes(HAS))
    return made


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (amount_bytes(LEAST), 0),
        (amount_bytes(LEAST - 1), 58206),
        (amount_bytes(1), 58206),
        (amount_bytes(0), 51000),
        (amount_bytes(-1), 51000),
        (amount_bytes(HAS - FEE_BTC), 0),
        (amount_bytes(HAS - FEE_BTC + 1), 58350),
        (amount_bytes(MOST), 58350),
        (amount_bytes(MOST + 1), 58205),
        (amount_bytes(MAX_AMOUNT - 1), 58205),
        (amount_bytes(MAX_AMOUNT), 51000),
        (amount_bytes(2**127 - 1), 51000),
        (amount_bytes(-(2**127)), 51000),
        (bytes(15), 51000),
        (bytes(17), 51000),
        (b"", 51000),
    ],
)
def test_an_amount_at_each_bound(world: World, amount: bytes, code: int) -> None:
    """Criterion: CUST-ATTACK-1"""
    assert ask(world, 0, amount=amount) == code
    held = world.balance(ALICE, chart.HOLD, BTC)
    assert bool(held) == (code == 0)
    assert held + world.balance(ALICE, chart.FUND, BTC) == HAS
    assert world.replayed().hashes() == world.machine.hashes()

"""Goal: what an owner does not allow himself holds, and while it is locked it only gets stricter.

Method: the fold of withdrawals in a core; each change of the settings at the edges of a lock, with
the word of the house, of another owner and a restart in between. Every test ends with a replay.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Destination,
    LimitOwn,
    LockSettings,
    Payload,
    Request,
    SetQuota,
    StopOwner,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.withdrawal_state import (
    DAY_MS,
    GetOwnSettings,
    GetQuota,
    OwnSettings,
    Quota,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    COIN,
    FEE_BTC,
    SUB,
    World,
    coins,
)
from tests.unit.exchange.test_withdrawals import price

LOCKED = 59000


@pytest.fixture
def world() -> Iterator[World]:
    made = World(lambda: [Deposits(), Withdrawals()])
    for fold in (DEPOSITS, WITHDRAWALS):
        made.define(fold)
    price(made, 50_000)
    made.fund(ALICE, BTC, coins(10))
    yield made
    assert made.replayed().hashes() == made.machine.hashes()


def say(world: World, payload: Payload, owner: int = ALICE) -> int:
    return world.say(WITHDRAWALS, payload, owner)


def own(world: World, owner: int = ALICE) -> OwnSettings:
    found = world.ask(WITHDRAWALS, GetOwnSettings(owner), OwnSettings)
    assert isinstance(found, OwnSettings)
    return found


def to_user(world: World, units: float = 0.1, *, from_book: bool = False) -> int:
    kind, nothing = Destination.OWNER, amount_bytes(0)
    asked = Request(0, BTC, coins(units), nothing, kind, BOB, from_book=from_book)
    return say(world, asked)


def on_chain(world: World, units: float) -> int:
    fee = amount_bytes(FEE_BTC)
    return say(world, Request(CHAIN, BTC, coins(units), fee, Destination.ADDRESS_BOOK, 5))


def test_the_book_alone_and_a_limit_of_ones_own(world: World) -> None:
    """Criterion: CUST-LOCK-1. In BTC at 50,000 USD; the house's quota does not widen it."""
    assert say(world, LimitOwn(book_only=True)) == 0
    assert to_user(world) == 58207
    assert to_user(world, from_book=True) == 0
    assert say(world, LimitOwn(usd=20_000 * COIN)) == 0
    assert own(world) == OwnSettings(book_only=True, usd=20_000 * COIN)
    assert say(world, SetQuota(ALICE, 50_000_000 * COIN), chart.HOUSE) == 0
    assert on_chain(world, 0.31) == 58201  # 5,000 + 15,500
    assert on_chain(world, 0.3) == 0
    quota = world.ask(WITHDRAWALS, GetQuota(ALICE, world.time_ms), Quota)
    assert (quota.limit, quota.used) == (20_000 * COIN, 20_000 * COIN)
    assert say(world, LimitOwn(book_only=False, usd=0)) == 0
    assert (to_user(world), on_chain(world, 1)) == (0, 0)
    assert own(world) == OwnSettings()


def test_what_has_no_price_is_over_any_limit_of_ones_own() -> None:
    """Criterion: CUST-LOCK-1. Else it would leave uncounted, to a user at once."""
    world = World(lambda: [Deposits(), Withdrawals()])
    world.define(WITHDRAWALS)
    world.fund(ALICE, BTC, coins(1))
    assert to_user(world) == 0
    assert say(world, LimitOwn(usd=COIN)) == 0
    assert to_user(world) == 58201


@pytest.mark.parametrize("days", [1, 30])
def test_a_lock_lets_nothing_be_loosened_until_it_ends(world: World, days: int) -> None:
    """Criterion: CUST-LOCK-2. To the millisecond; whatever else is said, and over restarts."""
    assert say(world, LimitOwn(book_only=True, usd=20_000 * COIN)) == 0
    assert say(world, LockSettings(days)) == 0
    ends = world.time_ms + days * DAY_MS
    assert say(world, StopOwner(ALICE, world.time_ms + 1), chart.HOUSE) == 0
    for moment in (world.time_ms, ends - 1):
        world.restart()
        world.time_ms = moment
        for looser in (
            LimitOwn(book_only=False),
            LimitOwn(usd=0),
            LimitOwn(usd=20_001 * COIN),
            LimitOwn(book_only=False, usd=10_000 * COIN),
        ):
            assert say(world, looser) == LOCKED
        assert say(world, LimitOwn(book_only=False), chart.HOUSE) == 0
        assert own(world) == OwnSettings(True, 20_000 * COIN, ends)
    world.time_ms = ends
    assert say(world, LimitOwn(book_only=False, usd=0)) == 0


def test_what_is_stricter_is_taken_under_a_lock(world: World) -> None:
    """Criterion: CUST-LOCK-2. And cannot be taken back before it ends."""
    assert say(world, LockSettings(2)) == 0
    assert say(world, LimitOwn(usd=30_000 * COIN)) == 0
    assert say(world, LimitOwn(usd=20_000 * COIN)) == 0
    assert say(world, LimitOwn(book_only=True)) == 0
    assert say(world, LimitOwn(usd=30_000 * COIN)) == LOCKED
    assert say(world, LimitOwn(book_only=True, usd=20_000 * COIN)) == 0


def test_a_lock_gets_longer_and_never_shorter(world: World) -> None:
    """Criterion: CUST-LOCK-3."""
    began = world.time_ms
    assert say(world, LockSettings(10)) == 0
    world.time_ms += DAY_MS
    assert say(world, LockSettings(1)) == 0
    assert own(world).locked_until_ms == began + 10 * DAY_MS
    assert say(world, LockSettings(30)) == 0
    assert own(world).locked_until_ms == began + 31 * DAY_MS


@pytest.mark.parametrize(
    "payload",
    [
        LockSettings(0),
        LockSettings(-1),
        LockSettings(31),
        LimitOwn(usd=-1),
        LimitOwn(usd=10**18 + 1),
    ],
)
def test_what_cannot_be_set_is_refused(world: World, payload: Payload) -> None:
    """Criterion: CUST-LOCK-3."""
    assert say(world, payload) == 51000
    assert own(world) == OwnSettings()


def test_one_sets_ones_own_alone(world: World) -> None:
    """Criterion: CUST-LOCK-3. A sub-account cannot withdraw and has no settings."""
    assert say(world, LockSettings(5), BOB) == 0
    assert say(world, LimitOwn(book_only=True), BOB) == 0
    assert own(world) == OwnSettings()
    assert to_user(world) == 0
    assert say(world, LockSettings(5), SUB) == 58209


def test_a_log_without_settings_hashes_as_it_did(world: World) -> None:
    """Criterion: CUST-LOCK-3. Logs from before replay to the hash that they came to."""
    before = {one.name: one.hash for one in world.machine.hashes()}
    assert say(world, LimitOwn()) == 0
    after = {one.name: one.hash for one in world.machine.hashes()}
    assert after["withdrawals"] == before["withdrawals"]

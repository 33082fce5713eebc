"""Goal: a drain that looks at a few requests a word pays as one that looks at its whole queue does.

Method: the lanes beside slow ones, on random queues; the same drain in two worlds, of which one
goes by the earlier edition of the rules, with restarts in the middle of its walks; a word that is
taken back.
"""

from __future__ import annotations

import random

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products import drain_line, withdrawal_drains
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel, Drain, Hold
from fullreserve.exchange.products.drain import Waiting
from fullreserve.exchange.products.drain_line import Line
from fullreserve.exchange.products.drain_log import DrainSum, Entry
from fullreserve.exchange.products.suspension_wire import Level, Scope
from fullreserve.exchange.products.withdrawal_state import (
    ASKED_AGAIN,
    BY_A_FEW,
    SMALL_USD,
    SumDrains,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import Product, amount_bytes
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    ask,
    opened,
    reopened,
    requests,
    say_drain,
    stop,
)

OWNERS = (ALICE, BOB, CAROL)


def in_turn(queue: dict[int, Entry], slots: int) -> list[Waiting]:
    """The rule, as it is written: the oldest small ones; few owners of large ones, few of each."""
    usd: dict[int, int] = {}
    for entry in queue.values():
        usd[entry.share] = usd.get(entry.share, 0) + entry.usd
    large = sorted(share for share in usd if usd[share] > SMALL_USD)
    found = sorted(number for number in queue if queue[number].share not in large)[:slots]
    for share in large[: drain_line.OWNERS_IN_TURN]:
        mine = sorted(number for number in queue if queue[number].share == share)
        found += mine[: drain_line.EACH_IN_TURN]
    return [
        Waiting(number, queue[number].share, 1, queue[number].share not in large)
        for number in sorted(found)
    ]


def test_who_is_in_turn_is_what_the_queue_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: CUST-BOUND-7. Whoever comes and leaves, between the lanes and back."""
    monkeypatch.setattr(drain_line, "OWNERS_IN_TURN", 3)
    monkeypatch.setattr(drain_line, "EACH_IN_TURN", 2)
    draws, queue = random.Random(5), dict[int, Entry]()
    line, seen = Line(queue), 0
    for number in range(1, 1200):
        if queue and draws.random() < 0.45:
            gone = draws.choice(list(queue))
            del queue[gone]
            line.leave(gone)
        else:
            usd = draws.choice((1, SMALL_USD // 3, SMALL_USD // 2, SMALL_USD, 2 * SMALL_USD))
            queue[number] = Entry(number, draws.randrange(1, 13), amount_bytes(1), usd)
            line.enter(queue[number])
        expected = in_turn(queue, 4)
        assert line.in_turn(4) == expected == Line(queue).in_turn(4)
        assert line.after(number // 2, 5) == sorted(one for one in queue if one > number // 2)[:5]
        seen |= {False: 1, True: 2}[len(expected) > 4]
    assert seen == 3


def draining(edition: int, seed: int) -> tuple[World, int]:
    """Thirty requests of three owners, whose drain has been opened; and the suspension."""
    draws, world = random.Random(seed), opened(edition=edition)
    for owner in OWNERS:
        world.fund(owner, BTC, coins(500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for _ in range(30):
        ask(world, draws.choice((0.02, 0.05, 1, 7, 20)), draws.choice(OWNERS))
    reopened(world, number, min(one.number for who in OWNERS for one in requests(world, who)))
    return world, number


def states(world: World) -> dict[int, int]:
    return {one.number: one.state for who in OWNERS for one in requests(world, who)}


@pytest.mark.parametrize("seed", range(4))
def test_each_tick_pays_what_the_whole_queue_would(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Criterion: CUST-BOUND-7. While no more are in turn than it regards; also after a restart."""
    monkeypatch.setattr(withdrawal_drains, "LOOKED_AT", 3)
    monkeypatch.setattr(drain_line, "EACH_IN_TURN", 30)
    worlds = [draining(edition, seed)[0] for edition in (ASKED_AGAIN, BY_A_FEW)]
    draws, words = random.Random(seed), 0
    while 0 in states(worlds[0]).values():
        amount, slots = coins(draws.choice((3, 20, 45))), draws.randrange(1, 8)
        for world in worlds:
            words += say_drain(world, Drain(CHAIN, BTC, amount, slots), restarts=True)
        assert states(worlds[0]) == states(worlds[1])
        waiting = [one for one, state in states(worlds[0]).items() if not state]
        if waiting and draws.random() < 0.5:
            gone = draws.choice(waiting)
            (owner,) = (
                who for who in OWNERS if gone in {one.number for one in requests(worlds[0], who)}
            )
            for world in worlds:
                assert world.say(WITHDRAWALS, Cancel(gone), owner) == 0
    assert words > 20
    for world in worlds:
        assert world.replayed().hashes() == world.machine.hashes()


def test_a_word_that_is_taken_back_leaves_nothing() -> None:
    """Criterion: CUST-BOUND-7. Neither the first of a drain nor a later one."""
    world, number = draining(BY_A_FEW, 1)
    fold = next(one for one in world.machine.folds if isinstance(one, Withdrawals))
    word = Drain(CHAIN, BTC, coins(20), 5)
    product = Product(0, 0, WITHDRAWALS, chart.HOUSE, msgspec.msgpack.encode(word))
    key = (number, CHAIN, BTC)
    for _ in range(2):
        before = fold.state_hash()
        fold.handle(product, Moment(world.machine.sequence + 1, world.time_ms), world.machine)
        assert fold.state_hash() != before
        fold.settled(0, 51000)
        assert _told(fold) == _told_anew(fold)
        assert world.say(WITHDRAWALS, word) == 0
        assert key in fold._known.lines
    assert world.replayed().hashes() == world.machine.hashes()


def _told(fold: Withdrawals) -> object:
    lines = {key: line.in_turn(9) for key, line in fold._known.lines.items()}
    return lines, {key: sums for key, sums in fold._known.drained.items() if sums}


def _told_anew(fold: Withdrawals) -> object:
    fresh = Withdrawals()
    fresh.restore(fold.encode())
    return _told(fresh)


def test_what_no_suspension_drains_is_not_drained() -> None:
    """Criterion: CUST-BOUND-7. From edition 3 on; its log tells how far a walk is."""
    world, number = draining(BY_A_FEW, 2)
    assert world.say(WITHDRAWALS, Drain(CHAIN, BTC, coins(20), 5)) == 0
    (told,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    assert (told.is_by_a_few, told.cursor, told.paid) == (True, 0, 5)
    other = opened(edition=BY_A_FEW)
    assert other.say(WITHDRAWALS, Hold(CHAIN, BTC, stopped=True)) == 0
    assert other.say(WITHDRAWALS, Drain(CHAIN, BTC, coins(20), 5)) != 0

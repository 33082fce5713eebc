"""Goal: who has waited for long has no less in a drain than who came last, and is never paid later.

Method: ticks of random lines that others go on joining, by their rules alone; drains of the fold at
random, broken off and opened again, whose published artefacts the stand-alone script works out.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import withdrawal_drains
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel, Drain
from fullreserve.exchange.products.drain import (
    FOR_OVERDUE,
    IN_LANES,
    LANE_S,
    OVERDUE,
    Drained,
    Part,
    Waiting,
    tick,
    tranche,
)
from fullreserve.exchange.products.drain_line import Line
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, Entry, SplitLog
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Fall,
    Level,
    ListRoll,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    SMALL_USD,
    STAYS_IN_LANE,
    GetDrains,
    GetSplits,
    SumDrains,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    CLEO,
    ask,
    broken_of,
    lift,
    of,
    opened,
    reopened,
    requests,
    say,
    say_drain,
    settle,
    stop,
)
from tests.unit.exchange.suspension_world import tick as tick_of
from verifier.drain import check

OPENING = {LANE_S: 0, OVERDUE: 0, IN_LANES: 0}
OWNERS = (ALICE, BOB, CAROL)


def late(number: int, owner: int, amount: int, **more: Any) -> Waiting:
    return Waiting(number, owner, amount, **({"is_small": False, "is_overdue": True} | more))


def test_who_has_waited_has_a_share_beside_the_half_that_pays_in_order() -> None:
    """Criterion: SUS-DRAIN-20. E1.2 with 40 for the first beside; before, who came last had all."""
    queue = [late(1, 1, 90), late(2, 2, 25), Waiting(3, 3, 60, is_small=False)]
    assert tick(queue, 80, 9, OPENING) == ((), {**OPENING, OVERDUE: 40, 1: 14, 2: 13, 3: 13})
    before = {LANE_S: 0, OVERDUE: 0, FOR_OVERDUE: 0}
    assert tick(queue, 80, 9, before) == ((), {**before, OVERDUE: 40, 3: 40})
    # His share pays the second, though the first before him still saves.
    done = tick(queue, 80, 9, {**OPENING, 1: 10, 2: 12, 3: 13})
    assert (done.numbers, done.credits) == ((2,), {**OPENING, OVERDUE: 40, 1: 24, 3: 26})
    # A small one that has waited is paid at its place in lane S, behind a large one that saves.
    queue = [late(1, 1, 900), late(2, 2, 5, is_small=True), Waiting(3, 3, 5, is_small=True)]
    assert tick(queue, 14, 9, OPENING) == ((2,), {**OPENING, LANE_S: 2, OVERDUE: 7})


def test_the_first_that_has_waited_is_paid_in_tranches_of_what_is_kept_for_it() -> None:
    """Criterion: SUS-DRAIN-20. Its owner's own goes first; others' tranches are of their own."""
    queue = [late(1, 1, 90, least=9), late(2, 2, 60, least=6), Waiting(3, 3, 60, is_small=False)]
    done = tick(queue, 80, 9, OPENING)
    assert tranche(queue, 9, done) == Part(1, 54, kept=40)
    assert tranche(queue, 9, Drained((), {**OPENING, 1: 20, 2: 30})) == Part(2, 30)
    assert tranche(queue, 9, Drained((), {**OPENING, OVERDUE: 4, 1: 4})) is None
    # By the rules of before nobody has one of whom one has waited.
    assert tranche(queue, 9, Drained((), {OVERDUE: 40, FOR_OVERDUE: 0, 1: 30})) is None
    assert tranche(queue, 0, done) is None


def test_what_an_owner_has_goes_to_his_that_have_waited_first() -> None:
    """Criterion: SUS-DRAIN-20. One share for all of his; what is over is for the others."""
    queue = [late(1, 7, 100), Waiting(2, 7, 10, is_small=False)]
    assert tick(queue, 4, 2, {**OPENING, 7: 60}) == ((), {**OPENING, OVERDUE: 2, 7: 62})
    assert tick(queue, 4, 2, {**OPENING, 7: 98}) == ((1,), {**OPENING, 7: 2})
    assert tick(queue, 4, 2, {**OPENING, 7: 108}) == ((1, 2), {**OPENING, OVERDUE: 2})
    # Two that have waited are each paid as soon as it is covered.
    queue = [late(1, 7, 100), late(2, 7, 10)]
    assert tick(queue, 4, 2, {**OPENING, 7: 60}) == ((2,), {**OPENING, OVERDUE: 2, 7: 52})


def test_who_comes_in_again_has_waited_since_the_first_time() -> None:
    """Criterion: SUS-DRAIN-20. As what a tranche came back into does; before, it began anew."""
    for is_from_first, found in ((True, [True, True]), (False, [False, True])):
        line = Line({}, (), 2, is_from_first=is_from_first)
        for number in (1, 2):
            line.enter(Entry(number, number, amount_bytes(9), 2 * SMALL_USD))
        line.ticked()
        line.leave(1)
        line.enter(Entry(1, 1, amount_bytes(12), 2 * SMALL_USD))
        line.ticked()
        assert [one.is_overdue for one in line.in_turn(9)] == found


class Joined:
    """A line that others join in each tick, and what is published of when each is paid."""

    def __init__(self, max_wait: int, slots: int, budget: int) -> None:
        self.max_wait, self.slots, self.budget = max_wait, slots, budget
        self.line = Line({}, (), max_wait, is_from_first=True)
        self.kept: dict[int, int] = dict(OPENING)
        self.entries: dict[int, Entry] = {}
        self.least: dict[int, int] = {}
        self.left: dict[int, int] = {}
        self.due: dict[int, int] = {}  # the last tick in which each is paid
        self.ticks = self.spent = self.paid = 0

    def joins(self, owner: int, amount: int, usd: int, *, is_split: bool) -> None:
        number = len(self.entries) + 1
        entry = self.entries[number] = Entry(number, owner, amount_bytes(amount), usd)
        self.line.enter(entry)
        self.least[number] = -(-amount // 10) if is_split else 0
        # As `gateway/queue_places.py` says it.
        by_amount = (sum(self.left.values()) + amount) // max(1, self.budget // 2)
        by_slots = (len(self.left) + 1) // max(1, self.slots // 2)
        self.due[number] = self.ticks + self.max_wait + by_amount + by_slots + 2
        self.left[number] = amount

    def tick(self) -> None:
        waiting = [
            one._replace(least=self.least[one.number]) for one in self.line.in_turn(self.slots)
        ]
        shares = {one.owner for one in waiting if one.is_overdue or not one.is_small}
        carried = {share: self.kept.pop(share, 0) for share in (*OPENING, *shares)}
        done = tick(waiting, self.budget, self.slots, carried)
        part = tranche(waiting, self.slots, done)
        credits_ = dict(done.credits)
        gains = {share: credits_.get(share, 0) - carried[share] for share in shares}
        by_number = {one.number: one for one in waiting}
        if part is not None:
            one = by_number[part.number]
            assert one.least <= part.amount <= one.amount - one.least
            credits_[one.owner] = credits_.get(one.owner, 0) - part.amount + part.kept
            credits_[OVERDUE] -= part.kept
            self.left[part.number] -= part.amount
            self.line.lower(self._lowered(part.number))
        for number in done.numbers:
            gains[by_number[number].owner] = gains.get(by_number[number].owner, 0) + self.left.pop(
                number
            )
            self.line.leave(number)
        self._check_shares(waiting, gains, done, carried)
        self.ticks, self.spent = self.ticks + 1, self.spent + self.budget
        self.paid += sum(by_number[number].amount for number in done.numbers)
        self.paid += part.amount if part is not None else 0
        self.kept |= credits_
        self.line.ticked()
        assert min(credits_.values()) >= 0
        assert len(done.numbers) + (part is not None) <= self.slots
        assert self.paid + sum(self.kept.values()) <= self.spent
        assert all(self.ticks <= self.due[number] for number in (*self.left, *done.numbers))

    def _lowered(self, number: int) -> Entry:
        entry = self.entries[number]
        return Entry(number, entry.share, amount_bytes(self.left[number]), entry.usd)

    def _check_shares(
        self,
        waiting: list[Waiting],
        gains: dict[int, int],
        done: Drained,
        carried: dict[int, int],
    ) -> None:
        """No owner in lane L has more than one of whom one has waited, and who still wants more.

        Nobody of whom none has waited has more than an equal share while another wants more.
        """
        wants: dict[int, int] = {}
        for one in waiting:
            if not one.is_small:
                wants[one.owner] = wants.get(one.owner, 0) + one.amount
        before = {one.owner for one in waiting if one.is_overdue}
        shares = [gains[owner] for owner in wants if owner not in before]
        for owner, most in wants.items():
            is_full = gains[owner] >= most - carried[owner]
            assert is_full or gains[owner] >= max(shares, default=0) - 1
        assert sum(shares) <= self.budget - (self.budget + 1) // 2 * bool(before) + (
            carried[LANE_S] + carried[OVERDUE] * (not before)
        )
        assert done.credits[IN_LANES] == 0


joiners = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.integers(1, 60),
        st.sampled_from((1, SMALL_USD // 2, 2 * SMALL_USD)),
        st.booleans(),
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(joiners, min_size=1, max_size=25),
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(1, 90),
)
def test_nobody_is_paid_later_than_published_or_more_than_is_due(
    rounds: list[list[tuple[int, int, int, bool]]], max_wait: int, slots: int, budget: int
) -> None:
    """Criterion: SUS-DRAIN-20. Whoever joins, with tranches and without."""
    one = Joined(max_wait, slots, budget)
    for joining in rounds:
        for owner, amount, usd, is_split in joining:
            one.joins(owner, amount, usd, is_split=is_split)
        one.tick()
    while one.left:
        one.tick()


moves = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.sampled_from((2, 5, 9, 30)), st.integers(1, 5)),
        st.tuples(st.just("ask"), st.sampled_from((0.05, 1, 4, 15)), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.just(0), st.integers(0, 20)),
        st.tuples(st.just("fall"), st.just(0), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    min_size=4,
    max_size=16,
)


@settings(max_examples=12, deadline=None)
@given(moves, st.integers(1, 4))
def test_the_script_works_out_whatever_a_drain_paid(
    steps: list[tuple[str, float, int]], max_wait: int
) -> None:
    """Criteria: SUS-DRAIN-20, SUS-VERIFY-1. Of a few at a time, and broken off amid it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(withdrawal_drains, "LOOKED_AT", 3)
        world = opened(edition=EDITION, surveys=True)
        for owner in OWNERS:
            world.fund(owner, BTC, coins(900))
        number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
        for units in (0.01, 30, 12.5, 13, 0.1, 0.1, 7, 7):
            ask(world, units, OWNERS[int(units) % 3], allow_split=units in (30, 7))
        reopened(world, number, _waiting(world)[0], max_wait=max_wait)
        for word, units, draw in steps:
            _moved(world, number, max_wait, word, units, draw)
        while _waiting(world):
            tick_of(world, CHAIN, BTC, 30, 5, max_wait)
        assert lift(world, number) == 0
        check(_published(world, number))
        assert world.replayed().hashes() == world.machine.hashes()


def test_what_a_tranche_came_back_into_goes_on_waiting() -> None:
    """Criterion: SUS-DRAIN-20. Over a break, and a restart: it comes first where it would have."""
    world = opened(edition=EDITION, surveys=True)
    for owner in OWNERS:
        world.fund(owner, BTC, coins(200))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for units, owner in ((0.1, CAROL), (0.1, CAROL), (30, ALICE), (40, BOB)):
        assert ask(world, units, owner, allow_split=units == 30) == 0
    reopened(world, number, _waiting(world)[0], max_wait=2)
    tick_of(world, CHAIN, BTC, 1, 9, 2)
    say_drain(world, Drain(CHAIN, BTC, coins(6), 9, max_wait=2))  # its tranche comes back
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    assert ask(world, 0.1, CAROL) == 0
    world.restart()
    reopened(world, number, _waiting(world)[-1], max_wait=2)
    tick_of(world, CHAIN, BTC, 10, 9, 2)
    sent = [one for one in requests(world, ALICE) if one.state == 2]
    # Five that are kept for the first, and half of the other five.
    assert [one.value for one in sent] == [75 * 10**7]
    while _waiting(world):
        tick_of(world, CHAIN, BTC, 30, 9, 2)
    assert lift(world, number) == 0
    check(_published(world, number))


def _moved(world: World, number: int, max_wait: int, word: str, units: float, draw: int) -> None:
    waiting = _waiting(world)
    if word == "tick":
        tick_of(world, CHAIN, BTC, units, draw, max_wait)
    elif word == "ask":
        ask(world, units, OWNERS[draw % 3], allow_split=draw > 2 and units > 1)
    elif word == "cancel" and waiting:
        one = waiting[draw % len(waiting)]
        (owner,) = (who for who in OWNERS if one in {each.number for each in requests(world, who)})
        assert world.say(WITHDRAWALS, Cancel(one), owner) == 0
    elif word == "fall" and waiting:
        say_drain(world, Drain(CHAIN, BTC, coins(9), 3, max_wait=max_wait))
        assert say(world, Fall(number), CLEO) == 0
        settle(world)
        reopened(world, number, _waiting(world)[0], max_wait=max_wait)
    elif word == "restart":
        world.restart()


def _waiting(world: World) -> list[int]:
    return sorted(one.number for who in OWNERS for one in requests(world, who) if one.state == 0)


def _published(world: World, number: int) -> dict[str, Any]:
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    splits = world.ask(WITHDRAWALS, GetSplits(number), SplitLog)
    roll = world.ask(SUSPENSIONS, ListRoll(number, 0, 999), list[Any] | None)
    made = artefact(
        *(of(world, number), Places(Catalog(), ()), logs, sums, roll),
        splits=splits,
        broken=broken_of(world, number),
    )
    assert made["format"] == f"fullreserve-drain/{8 if 'broken' in made else 7}"
    return made


def late_drain(edition: int) -> list[list[float]]:
    """A drain of 6 a tick, into which the third comes when the others have waited.

    What each of three owners has been sent after each tick from then on, in coins.
    """
    world = opened(edition=edition, surveys=True)
    for owner in OWNERS:
        world.fund(owner, BTC, coins(200))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for units, owner in ((0.1, CAROL), (30, ALICE), (12.5, BOB), (13, BOB)):
        assert ask(world, units, owner, allow_split=units == 30) == 0
    reopened(world, number, requests(world, CAROL)[0].number, max_wait=3)
    sent = []
    for at in range(12):
        if at == 3:
            assert ask(world, 14, CAROL, allow_split=True) == 0
        tick_of(world, CHAIN, BTC, 6, 9, 3)
        paid = [[one.value for one in requests(world, who) if one.state == 2] for who in OWNERS]
        sent.append([sum(values) / 10**8 for values in paid])
    assert world.replayed().hashes() == world.machine.hashes()
    return [[alice, bob, round(carol - 0.1, 8)] for alice, bob, carol in sent[2:]]


def test_who_waits_longest_has_no_less_than_who_comes_last() -> None:
    """Criterion: SUS-DRAIN-20. Of 30 in tranches, of 12.5 and 13, and of 14 in tranches.

    What is kept for the first, 3 a tick, and his share of the other 3; the second's grows beside.
    """
    assert late_drain(EDITION) == [
        [9, 0, 0],
        [13, 0, 0],
        [17, 0, 0],
        [21, 0, 0],
        [25, 12.5, 0],
        [25, 12.5, 5],
        [30, 12.5, 6.5],
        [30, 12.5, 8],
        [30, 12.5, 9.5],
        [30, 25.5, 12.6],
    ]


def test_a_drain_of_before_goes_on_as_it_did() -> None:
    """Criterion: SUS-DRAIN-20. Who came last had half of each tick's budget alone, at once."""
    found = late_drain(STAYS_IN_LANE - 1)
    assert [each[2] for each in found[:4]] == [0, 3, 6, 9]
    assert [each[:2] for each in found[:7]] == [[9, 0]] * 7

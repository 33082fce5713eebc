"""Goal: every drain ends, however small its budgets are, and everybody can work that out.

Method: lanes at random under budgets at random; a drain whose tick pays less than its first small
request, by the stand-alone script too.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.drain import FOR_OVERDUE, LANE_S, OVERDUE, Waiting, tick
from fullreserve.exchange.products.drain_line import Line
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, Entry
from fullreserve.exchange.products.suspension_wire import Level, Scope
from fullreserve.exchange.products.withdrawal_state import (
    SMALL_SAVES,
    SMALL_USD,
    GetDrains,
    SumDrains,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from scripts.source import ROOT
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CHAIN, coins
from tests.unit.exchange.suspension_world import (
    ask,
    lift,
    of,
    opened,
    reopened,
    requests,
    stop,
)
from tests.unit.exchange.suspension_world import tick as tick_of


def test_what_a_tick_leaves_is_kept_for_the_first_small_request() -> None:
    """Criterion: SUS-DRAIN-5. Without a credit it never comes to its turn."""
    queue = [Waiting(1, 7, 3, is_small=True), Waiting(2, 8, 9, is_small=False)]
    assert tick(queue, 2, 9, {}) == ((), {8: 2})
    assert tick(queue, 2, 9, {LANE_S: 0}) == ((), {LANE_S: 2})
    assert tick(queue, 2, 9, {LANE_S: 2}) == ((1,), {LANE_S: 0, 8: 1})


@pytest.mark.parametrize("seed", range(20))
def test_every_drain_ends_and_pays_no_more_than_its_budgets(seed: int) -> None:
    """Criterion: SUS-DRAIN-5. Each tick pays or saves a unit at least: no more ticks than units."""
    draws = random.Random(seed)
    queue = [
        Waiting(number, owner, draws.randrange(1, 30), is_small=owner % 2 == 0)
        for number in range(1, 25)
        for owner in [draws.randrange(1, 9)]
    ]
    owed, spent, paid, ticks = sum(one.amount for one in queue), 0, 0, 0
    kept = {LANE_S: 0}
    while queue:
        budget = draws.choice((1, 2, 7))
        done = tick(queue, budget, draws.randrange(1, 4), kept)
        kept, spent, ticks = done.credits, spent + budget, ticks + 1
        paid += sum(one.amount for one in queue if one.number in done.numbers)
        queue = [one for one in queue if one.number not in done.numbers]
        assert paid + sum(kept.values()) <= spent
        assert ticks <= owed + 24
    assert paid == owed


MAX_WAIT = 5


class Endless:
    """A line that others join in each tick, and the ticks of its drain."""

    def __init__(self, seed: int, slots: int, budget: int) -> None:
        self.draws = random.Random(seed)
        self.slots, self.budget, self.number = slots, budget, 0
        self.line = Line({}, (), MAX_WAIT)
        self.kept: dict[int, int] = {LANE_S: 0, OVERDUE: 0}
        self.amounts: dict[int, int] = {}
        self.spent = self.paid = 0

    def joins(self, owner: int, amount: int, usd: int) -> None:
        self.number += 1
        self.line.enter(Entry(self.number, owner, amount_bytes(amount), usd))
        self.amounts[self.number] = amount

    def tick(self) -> tuple[int, ...]:
        waiting = self.line.in_turn(self.slots)
        shares = {LANE_S, OVERDUE} | {one.owner for one in waiting if not one.is_small}
        carried = {share: self.kept.pop(share, 0) for share in shares}
        done = tick(waiting, self.budget, self.slots, carried)
        self.kept |= done.credits
        self.spent += self.budget
        self.paid += sum(self.amounts[number] for number in done.numbers)
        for number in done.numbers:
            self.line.leave(number)
        self.line.ticked()
        assert len(done.numbers) <= self.slots
        assert self.paid + sum(self.kept.values()) <= self.spent
        return done.numbers


@pytest.mark.parametrize(("slots", "budget"), [(1, 100), (4, 10), (4, 1), (2, 7)])
@pytest.mark.parametrize("seed", range(5))
def test_everybody_is_paid_whoever_goes_on_joining(seed: int, slots: int, budget: int) -> None:
    """Small ones and large ones without end, some by who waits already. Criterion: SUS-DRAIN-6.

    Without a bound lane L has nothing with one transaction a tick, or with a budget below a request
    of lane S.
    """
    one = Endless(seed, slots, budget)
    for _ in range(12):
        usd = one.draws.choice((1, SMALL_USD // 2, 2 * SMALL_USD))
        one.joins(1_000 + one.draws.randrange(6), one.draws.randrange(1, 50), usd)
    left = set(one.amounts)
    half = budget - budget // 2
    most = MAX_WAIT + sum(one.amounts[number] // half + 1 for number in left)
    for ticks in range(most + 1):
        left -= set(one.tick())
        if not left:
            break
        for _ in range(slots + 1):
            one.joins(2_000 + one.number, one.draws.randrange(1, 20), 1)
        one.joins(one.draws.choice((1_000, 1_001, 5_000 + ticks)), 60, 2 * SMALL_USD)
    assert not left


def test_small_requests_keep_their_half_beside_those_that_have_waited() -> None:
    """Criterion: SUS-DRAIN-6. Of the transactions; half of the budget too."""
    late = [Waiting(number, number, 10, is_small=False, is_overdue=True) for number in range(1, 9)]
    small = [Waiting(number, number, 1, is_small=True) for number in range(11, 19)]
    done = tick([*late, *small], 100, 6, {LANE_S: 0, OVERDUE: 0})
    assert done.numbers == (1, 2, 3, 11, 12, 13)
    assert done.credits == {LANE_S: 0, OVERDUE: 20}
    assert tick([*late, *small], 9, 6, {LANE_S: 0, OVERDUE: 0}).numbers == (11, 12, 13, 14)
    assert tick([*late, *small], 100, 1, {LANE_S: 7, OVERDUE: 0}) == (
        (1,),
        {LANE_S: 7, OVERDUE: 40},
    )
    assert tick(small, 1, 6, {LANE_S: 0, OVERDUE: 4}).numbers == (11, 12, 13, 14, 15)


def test_what_an_owner_has_saved_pays_for_what_has_waited() -> None:
    """Criterion: SUS-DRAIN-6. What is over of it stays his."""
    queue = [Waiting(1, 7, 10, is_small=False, is_overdue=True)]
    assert tick(queue, 4, 1, {OVERDUE: 0, 7: 8}) == ((1,), {OVERDUE: 0})
    assert tick(queue, 4, 1, {OVERDUE: 0, 7: 12}) == ((1,), {OVERDUE: 2, 7: 2})


def test_what_an_owner_has_saved_stays_for_what_has_waited() -> None:
    """Though he has another request, which has a share of its own. Criterion: SUS-DRAIN-12."""
    queue = [
        Waiting(1, 7, 100, is_small=False, is_overdue=True),
        Waiting(2, 7, 10, is_small=False),
    ]
    before = {OVERDUE: 0, 7: 60}
    assert tick(queue, 4, 2, before) == ((2,), {OVERDUE: 2, 7: 0})
    assert tick(queue, 4, 2, before | {FOR_OVERDUE: 0}) == (
        (),
        {OVERDUE: 2, FOR_OVERDUE: 0, 7: 62},
    )
    # What is over of it is for the other one; nothing stays apart for what was paid.
    assert tick(queue, 4, 2, {OVERDUE: 0, FOR_OVERDUE: 0, 7: 105}) == (
        (1,),
        {OVERDUE: 2, FOR_OVERDUE: 0, 7: 7},
    )


def test_a_large_request_is_paid_while_small_ones_go_on_coming(tmp_path: Path) -> None:
    """One transaction a tick; by the script and over restarts too. Criterion: SUS-DRAIN-6."""
    world = opened(edition=SMALL_SAVES)
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    ask(world, 0.01, ALICE)
    ask(world, 20, BOB)
    ask(world, 0.01, ALICE)
    reopened(world, number, requests(world, ALICE)[0].number)
    (large,) = (one.number for one in requests(world, BOB))
    paid = list[int]()
    while large not in paid:
        paid += tick_of(world, CHAIN, BTC, 30, 1, max_wait=MAX_WAIT)
        ask(world, 0.01, ALICE)
        world.restart()
        assert len(paid) <= MAX_WAIT + 3
    assert len(paid) > MAX_WAIT
    assert world.replayed().hashes() == world.machine.hashes()
    tick_of(world, CHAIN, BTC, 30, 90)
    assert lift(world, number) == 0
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    made = artefact(of(world, number), Places(Catalog(), ()), logs, sums)
    line = made["lines"][0]
    assert (line["maxWaitTicks"], line["opening"]) == ("5", {"0": "0", "-1": "0"})
    assert made["orderingKey"].startswith("overdue first")
    for most, code in (("5", 0), ("4", 1), ("6", 1), ("-5", 1)):
        line["maxWaitTicks"] = most
        file = tmp_path / "artefact.json"
        file.write_text(json.dumps(made), encoding="utf-8")
        command = [sys.executable, "-I", "-S", str(ROOT / "verifier" / "drain.py"), str(file)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == code, (most, run.stderr)


@pytest.mark.parametrize("edition", [SMALL_SAVES - 1, SMALL_SAVES])
def test_a_small_request_larger_than_a_tick_is_paid(edition: int, tmp_path: Path) -> None:
    """Criterion: SUS-DRAIN-5. And the script agrees; drains of before go on as they did."""
    world = opened(edition=edition)
    for owner in (ALICE, BOB):
        world.fund(owner, BTC, coins(500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for size in (0.01, 0.15):
        ask(world, size, ALICE)
    ask(world, 20, BOB)
    reopened(world, number, requests(world, ALICE)[0].number)
    paid = [tick_of(world, CHAIN, BTC, 0.1, 5) for _ in range(2)]
    wanted = requests(world, ALICE)[1].number
    assert (wanted in paid[1]) == (edition >= SMALL_SAVES)
    assert wanted not in paid[0]
    assert world.replayed().hashes() == world.machine.hashes()
    if edition < SMALL_SAVES:
        return
    tick_of(world, CHAIN, BTC, 20, 5)
    assert lift(world, number) == 0
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    made = artefact(of(world, number), Places(Catalog(), ()), logs, sums)
    assert made["lines"][0]["opening"] == {"0": "0"}
    for opening, code in (({"0": "0"}, 0), ({}, 1), ({"0": "1"}, 1)):
        made["lines"][0]["opening"] = opening
        file = tmp_path / "artefact.json"
        file.write_text(json.dumps(made), encoding="utf-8")
        command = [sys.executable, "-I", "-S", str(ROOT / "verifier" / "drain.py"), str(file)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == code, run.stderr

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
from fullreserve.exchange.products.drain import LANE_S, Waiting, tick
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum
from fullreserve.exchange.products.suspension_wire import Level, Scope
from fullreserve.exchange.products.withdrawal_state import SMALL_SAVES, GetDrains, SumDrains
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

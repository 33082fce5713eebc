"""Goal: anyone can work the order of a finished drain out again, and a forged artefact is refused.

Method: a drain with cancellations, newcomers and a break in the middle, published as the API does;
the stand-alone script in a process of its own; and every number of the artefact changed in turn.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import suspension_gates, withdrawal_drains
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel, Decide, Drain
from fullreserve.exchange.products.drain import (
    FOR_OVERDUE,
    IN_LANES,
    LANE_S,
    OVERDUE,
    Waiting,
    tranche,
)
from fullreserve.exchange.products.drain import tick as line_tick
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, SplitLog, summed
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Fall,
    Level,
    ListRoll,
    Mode,
    Scope,
)
from fullreserve.exchange.products.withdrawal_state import (
    BY_A_FEW,
    EACH_LETS_GO,
    SMALL_SAVES,
    SPLITS,
    STAYS_IN_LANE,
    GetDrains,
    GetSplits,
    SumDrains,
    WithdrawalState,
)
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from scripts.source import ROOT
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    CLEO,
    ask,
    broken_of,
    known,
    lift,
    of,
    opened,
    reopened,
    requests,
    say,
    say_drain,
    settle,
    stop,
    tick,
)

SCRIPT = ROOT / "verifier" / "drain.py"
OWNERS = (ALICE, BOB, CAROL)


def drained(
    edition: int, *, surveys: bool = False, max_wait: int = 0
) -> tuple[World, dict[str, Any]]:
    """A drain from beginning to end, and what is published of it."""
    draws, world = random.Random(3), opened(edition=edition, surveys=surveys)
    for owner in OWNERS:
        world.fund(owner, BTC, coins(500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN), mode=Mode.QUEUE)
    for _ in range(40):
        owner = draws.choice(OWNERS)
        size = draws.choice((0.05, 1, 7, 20)) if owner != CAROL else 0.01
        cut = {"allow_split": True} if edition >= SPLITS and size >= 7 else {}
        ask(world, size, owner, **cut)
    reopened(world, number, requests(world, CAROL)[0].number, max_wait=max_wait)
    tick(world, CHAIN, BTC, 30, 6, max_wait)
    assert (
        world.say(WITHDRAWALS, Cancel(_waiting(world)[-1].number), _waiting(world)[-1].owner) == 0
    )
    ask(world, 0.02, CAROL)
    tick(world, CHAIN, BTC, 5, 3)
    if edition >= SPLITS:
        # What it pays is not paid in the end: a tranche goes back into its request.
        say_drain(world, Drain(CHAIN, BTC, coins(12), 4, max_wait=max_wait))
    assert say(world, Fall(number), CLEO) == 0
    settle(world)
    reopened(world, number, _waiting(world)[0].number, max_wait=max_wait)
    while _waiting(world):
        few = (9, 5) if edition >= SPLITS else (9, 2)
        tick(world, CHAIN, BTC, *(few if max_wait else (40, 7)))
    assert lift(world, number) == 0
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    splits = world.ask(WITHDRAWALS, GetSplits(number), SplitLog)
    sums = [
        summed(network, asset, log, splits)
        for network in logs
        for asset, log in logs[network].items()
    ]
    more = {"is_by_a_few": edition >= BY_A_FEW, "max_wait": max_wait}
    sums = [replace(one, **more) for one in sums]
    for _ in range(2):
        assert world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum]) == sums
        world.restart()
    roll = world.ask(SUSPENSIONS, ListRoll(number, 0, 100), list[Any] | None)
    assert (known(world)[-1].queue, len(of(world, number).queue) > 0) == ((), not surveys)
    assert bool(roll) == surveys
    assert bool(splits.tranches) == (edition >= SPLITS)
    places, broken = Places(Catalog(), ()), broken_of(world, number)
    assert len(broken) == surveys
    return world, artefact(
        *(of(world, number), places, logs, sums, roll), splits=splits, broken=broken
    )


def _waiting(world: World) -> list[Any]:
    found = [one for who in OWNERS for one in requests(world, who) if one.state == 0]
    return sorted(found, key=lambda one: one.number)


CASES = (
    (0, False, 0),
    (BY_A_FEW, False, 0),
    (BY_A_FEW, True, 0),
    (SMALL_SAVES, False, 3),
    (SMALL_SAVES, True, 3),
    (EACH_LETS_GO, False, 3),
    (EACH_LETS_GO, True, 3),
    (SPLITS, True, 0),
    (SPLITS, True, 10),
    (STAYS_IN_LANE, True, 0),
    (STAYS_IN_LANE, True, 3),
)


@pytest.fixture(scope="module", params=CASES)
def whole(request: pytest.FixtureRequest) -> dict[str, Any]:
    """By the earlier rules, and by those that look at a few at a time, here at three.

    With the queue read by surveys before; at last where who has waited for three ticks comes first.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(withdrawal_drains, "LOOKED_AT", 3)
        patch.setattr(suspension_gates, "LOOKED_AT", 3)
        edition, surveys, max_wait = request.param
        world, made = drained(edition, surveys=surveys, max_wait=max_wait)
        _check_replayed(world)
    return made


def _check_replayed(world: World) -> None:
    assert world.replayed().hashes() == world.machine.hashes()


def run(path: Path, document: object, *more: str) -> subprocess.CompletedProcess[str]:
    file = path / "artefact.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_order_is_worked_out_again(whole: dict[str, Any], tmp_path: Path) -> None:
    """Criterion: SUS-VERIFY-1. By the standard library alone; and where one's own request stood."""
    last = whole["lines"][0]["ticks"][-1]
    wd_id = str(int(last["paid"][0]) + int(whole["idBase"]))
    done = run(
        *(tmp_path, {"code": "0", "data": [whole]}),
        *("--digest", last["digest"], "--withdrawal", wd_id, "--commitment", whole["commitment"]),
    )
    assert done.returncode == 0, done.stderr
    assert "RIGHT" in done.stdout
    assert f"in tick {len(whole['lines'][0]['ticks'])}" in done.stdout
    other = run(tmp_path, whole, "--digest", "00" * 32)
    assert other.returncode == 1
    assert "published" in other.stderr
    assert run(tmp_path, ["nonsense"]).returncode == 2


@st.composite
def waiting_ones(draw: st.DrawFn) -> list[Waiting]:
    """Requests of four owners, of whom the first has small ones; some overdue, some splittable."""
    found = []
    for number in range(11, 11 + draw(st.integers(1, 14))):
        owner, amount = draw(st.integers(1, 4)), draw(st.integers(1, 30))
        least = draw(st.sampled_from((0, max(1, -(-amount // 10)))))
        is_late = draw(st.integers(0, 9)) < 4
        found.append(Waiting(number, owner, amount, owner == 1, is_late, least))
    return found


@settings(max_examples=400, deadline=None)
@given(
    waiting_ones(),
    st.sampled_from(((), (FOR_OVERDUE,), (IN_LANES,))),
    st.lists(st.integers(0, 40), min_size=6, max_size=6),
    st.tuples(st.integers(0, 40), st.integers(1, 6)),
)
def test_the_script_pays_what_a_tick_pays(
    queue: list[Waiting], rules: tuple[int, ...], had: list[int], tick_: tuple[int, int]
) -> None:
    """Whatever was saved, by the rules of before too. Criteria: SUS-VERIFY-1, SUS-DRAIN-12, 20."""
    script, (budget, slots) = _loaded(), tick_
    carried = {LANE_S: had[0] // 4, OVERDUE: had[1]} | dict.fromkeys(rules, 0)
    carried |= dict(enumerate(had[2:], 1))
    late = [one for one in queue if one.is_overdue][:slots]
    queue = sorted([*late, *(one for one in queue if not one.is_overdue)])
    rows = {one.number: script.Request([str(part) for part in (*one[:3], 0)]) for one in queue}
    for one in queue:
        rows[one.number].least, rows[one.number].is_small = one.least, one.is_small
    lanes: list[list[Any]] = [[], [], []]
    for one in queue:
        lanes[0 if one.is_overdue else 1 if one.is_small else 2].append(rows[one.number])
    paid, kept = script._lanes(*lanes, budget, slots, carried)
    done = line_tick(queue, budget, slots, carried)
    regarded = {one.owner for one in queue if one.is_overdue or not one.is_small}
    regarded |= {*carried} - {1, 2, 3, 4}
    assert (tuple(paid), {each: has for each, has in kept.items() if each in regarded}) == (
        done.numbers,
        {each: has for each, has in done.credits.items() if each in regarded},
    )
    part = tranche(queue, slots, done)
    found = script._tranche(lanes[2], lanes[0], paid, kept) if len(paid) < slots else None
    assert found == (None if part is None else part[:2])


def test_whatever_is_changed_is_found(whole: dict[str, Any]) -> None:
    """Criterion: SUS-VERIFY-2. Every number of the artefact, one by one."""
    check, wrong = _script()
    check(whole)
    places = list(_leaves(whole))
    assert len(places) > 300
    for path in places:
        forged = copy.deepcopy(whole)
        target = forged
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = _changed(target[path[-1]])
        with pytest.raises((wrong, ValueError)):
            check(forged)


def test_a_line_stands_once(whole: dict[str, Any]) -> None:
    """Criterion: SUS-VERIFY-2"""
    check, wrong = _script()
    forged = copy.deepcopy(whole)
    forged["lines"].append(copy.deepcopy(forged["lines"][0]))
    for one in forged.get("broken", []):
        one["lines"].append(copy.deepcopy(one["lines"][0]))
    with pytest.raises(wrong, match="the line stands twice"):
        check(forged)


def test_what_is_not_proven_is_said(whole: dict[str, Any]) -> None:
    """Criterion: SUS-VERIFY-2. A tick that is missing at the end; and a bound that nobody met."""
    check, wrong = _script()
    last = whole["lines"][0]["ticks"][-1]["digest"]
    assert not any("not proven" in one for one in check(whole, [last]))
    assert any(", 0 of those that came in not paid" in one for one in check(whole, [last]))
    most = whole["lines"][0].get("maxWaitTicks")
    assert (f"nobody is to wait {most} ticks" in str(check(whole, [last]))) == (most is not None)
    forged = copy.deepcopy(whole)
    forged["lines"][0]["ticks"].pop()
    with pytest.raises(wrong, match="ends with digest"):
        check(forged, [last])
    said = check(forged)
    assert any("not proven that these are all ticks" in one for one in said)
    assert not any(", 0 of those that came in not paid" in one for one in said)


def test_another_order_is_found_though_its_hashes_are_right(whole: dict[str, Any]) -> None:
    """Criterion: SUS-VERIFY-3. An exchange that favours somebody cannot hash that away."""
    check, wrong = _script()
    forged = copy.deepcopy(whole)
    ticks = forged["lines"][0]["ticks"]
    ticks[0]["paid"], ticks[-1]["paid"] = ticks[-1]["paid"], ticks[0]["paid"]
    _hashed_again(ticks)
    with pytest.raises(wrong, match="the rules pay"):
        check(forged)


@pytest.mark.parametrize("edition", [0, BY_A_FEW])
def test_an_older_request_may_come_in_behind_a_younger_one(edition: int) -> None:
    """Its owner is named by the younger one then. Criterion: SUS-VERIFY-1."""
    check, wrong = _script()
    world = opened(edition=edition)
    world.fund(ALICE, BTC, coins(500))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN), mode=Mode.QUEUE)
    for _ in range(4):
        ask(world, 20, ALICE)
    canary, older, younger, _ = (one.number for one in requests(world, ALICE))
    assert world.say(WITHDRAWALS, Decide(older, WithdrawalState.REVIEW)) == 0
    reopened(world, number, canary)
    tick(world, CHAIN, BTC, 1, 3)
    assert world.say(WITHDRAWALS, Decide(older, WithdrawalState.APPROVED)) == 0
    assert tick(world, CHAIN, BTC, 40, 3) == [older, younger]
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    made = artefact(of(world, number), Places(Catalog(), ()), logs, sums)
    ticks = made["lines"][0]["ticks"]
    entered = [row[:2] for one in ticks for row in one["entered"]]
    assert entered[-1] == [str(older), str(younger)]
    check(made)
    ticks[-1]["entered"][0][1] = str(older + 1)
    _hashed_again(ticks)
    with pytest.raises(wrong, match="belong to the owner of none"):
        check(made)


def _hashed_again(ticks: list[dict[str, Any]]) -> None:
    digest = bytes(32)
    for one in ticks:
        digest = sha256(digest + sys.modules["drain_verifier"]._text(one).encode()).digest()
        one["digest"] = digest.hex()


def _script() -> Any:
    module = _loaded()
    return module.check, module.Wrong


def _loaded() -> Any:
    if "drain_verifier" in sys.modules:
        return sys.modules["drain_verifier"]
    spec = importlib.util.spec_from_file_location("drain_verifier", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["drain_verifier"] = module
    spec.loader.exec_module(module)
    return module


# What names things for people, and is under no hash.
_NAMES = ("suspension", "chain", "ccy")


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            if key not in _NAMES:
                yield from _leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for at in range(len(value)):
            yield from _leaves(value[at], (*path, at))
    else:
        yield path


def _changed(text: str) -> str:
    return text[:-1] + ("1" if text[-1:] != "1" else "2")

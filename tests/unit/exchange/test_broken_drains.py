"""Goal: who noted what a drain was committed to can hold it against that, though it was broken off.

Method: drains that are broken off in the middle, once and again; what everybody sees of them and
what the stand-alone script says of it; each fold replayed and restored.
"""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products import suspensions
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Drain
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, SplitLog
from fullreserve.exchange.products.suspension_state import EDITION, KEEPS_BROKEN
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Fall,
    Level,
    ListRoll,
    Scope,
)
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import EDITION as OF_WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import GetDrains, GetSplits, SumDrains
from fullreserve.exchange.wire.commands import Product
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact, drain_row
from scripts.source import ROOT
from tests.unit.exchange.custody_world import ALICE, BOB, BTC, CAROL, CHAIN, World, coins
from tests.unit.exchange.suspension_world import (
    CLEO,
    SEED,
    ask,
    broken_of,
    lift,
    of,
    opened,
    planned,
    reopened,
    requests,
    say,
    say_drain,
    settle,
    stop,
    tick,
)

OTHER, LAST = (sha256(word).digest() for word in (b"another", b"last"))


def stopped() -> tuple[World, int]:
    world = opened(edition=OF_WITHDRAWALS, surveys=True)
    for owner in (ALICE, BOB, CAROL):
        world.fund(owner, BTC, coins(200))
    number = stop(world, scope=Scope(Level.CHAIN, CHAIN))
    for units, owner in ((0.1, CAROL), (30, ALICE), (0.15, CAROL), (12, BOB), (0.1, CAROL)):
        assert ask(world, units, owner, allow_split=units == 30) == 0
    return world, number


def small(world: World) -> int:
    return next(one.number for one in requests(world, CAROL) if one.state == 0)


def fall(world: World, number: int) -> None:
    assert say(world, Fall(number), CLEO) == 0
    settle(world)


def published(world: World, number: int) -> dict[str, Any]:
    logs = world.ask(WITHDRAWALS, GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    splits = world.ask(WITHDRAWALS, GetSplits(number), SplitLog)
    roll = world.ask(SUSPENSIONS, ListRoll(number, 0, 999), list[Any])
    return artefact(
        *(of(world, number), Places(Catalog(), ()), logs, sums, roll),
        splits=splits,
        broken=broken_of(world, number),
    )


def shown(world: World, number: int) -> list[dict[str, Any]]:
    """What everybody sees of those that were broken off."""
    broken = [one for one, _ in broken_of(world, number)]
    row = drain_row(of(world, number), Places(Catalog(), ()), (), broken)
    rows: list[dict[str, Any]] = row["broken"]
    return rows


def script(path: Path, document: object, *more: str) -> subprocess.CompletedProcess[str]:
    file = path / "artefact.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(ROOT / "verifier" / "drain.py"), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def committed(world: World, number: int) -> tuple[str, str]:
    """What everybody may note while it drains."""
    row = drain_row(of(world, number), Places(Catalog(), ()), ())
    return row["commitment"], row["queueDigest"]


def test_what_a_broken_drain_was_committed_to_is_kept_and_shown(tmp_path: Path) -> None:
    """Criterion: SUS-DRAIN-22. Its seed once all is over; what it paid, and its last digest."""
    world, number = stopped()
    reopened(world, number, small(world))
    noted = [committed(world, number)]
    tick(world, CHAIN, BTC, 6)
    say_drain(world, Drain(CHAIN, BTC, coins(6), 9))  # its tranche comes back
    (line,) = world.ask(WITHDRAWALS, SumDrains(number), list[DrainSum])
    fall(world, number)
    (row,) = shown(world, number)
    assert (row["commitment"], row["queueDigest"], row["seed"]) == (*noted[0], "")
    (part,) = row["lines"]
    assert [part[each] for each in ("ticks", "paid", "digest")] == ["2", "3", line.digest.hex()]
    assert int(row["beginTs"]) < int(row["endTs"]) == world.time_ms
    world.restart()
    assert shown(world, number) == [row]
    for seed in (OTHER, LAST):
        assert ask(world, 0.1, CAROL) == 0
        reopened(world, number, small(world), seed=seed)
        noted.append(committed(world, number))
        tick(world, CHAIN, BTC, 6 if seed == OTHER else 60)
        if seed == OTHER:
            fall(world, number)
    assert lift(world, number) == 0
    rows = shown(world, number)
    assert [each["seed"] for each in rows] == [SEED.hex(), OTHER.hex()]
    assert rows[1]["lines"][0]["ticks"] == "1"
    made = published(world, number)
    assert (made["format"], len(set(noted))) == ("fullreserve-drain/8", 3)
    places = ("drain 1, which was broken off", "drain 2, which was broken off", "the last drain")
    for (commitment, digest), place in zip(noted, places, strict=True):
        done = script(tmp_path, made, "--commitment", commitment, "--queue-digest", digest)
        assert done.returncode == 0, done.stderr
        assert "1-1: broken off after 2 ticks, 3 paid" in done.stdout
        assert f"what was published is of {place}\n" in done.stdout
    mixed = ("--commitment", noted[0][0], "--queue-digest", noted[1][1])
    assert "no drain has all that was published" in script(tmp_path, made, *mixed).stderr
    assert script(tmp_path, made, "--commitment", "00" * 32).returncode == 1
    assert world.replayed().hashes() == world.machine.hashes()


def test_a_part_that_is_left_out_or_shifted_is_found(tmp_path: Path) -> None:
    """Criteria: SUS-DRAIN-22, SUS-VERIFY-2. Who came in under a drain is held against its queue."""
    world, number = stopped()
    reopened(world, number, small(world))
    tick(world, CHAIN, BTC, 6)
    fall(world, number)
    assert ask(world, 0.1, CAROL) == 0
    reopened(world, number, small(world), seed=OTHER)
    tick(world, CHAIN, BTC, 60)
    assert lift(world, number) == 0
    made = published(world, number)
    assert script(tmp_path, made).returncode == 0
    (part,) = made["broken"]
    changes: tuple[dict[str, Any], ...] = (
        {"broken": []},
        {"broken": [part | {"lines": []}]},
        {"broken": [part | {"lines": part["lines"] * 2}]},
        {"broken": [part | {"queue": made["queue"]}]},
        {"broken": [part | {"seed": made["seed"]}]},
        {"format": "fullreserve-drain/7"},
    )
    for change in changes:
        assert script(tmp_path, made | change).returncode == 1, change


def test_a_log_from_before_keeps_none() -> None:
    """Criterion: SUS-DRAIN-22. Nor is one that is planned but not open a drain."""
    for edition, opens, kept in (
        (KEEPS_BROKEN - 1, True, 0),
        (EDITION, True, 1),
        (EDITION, False, 0),
    ):
        world, number = stopped()
        for one in world.machine.folds:
            if isinstance(one, Suspensions):
                one.state.edition = edition
        if opens:
            reopened(world, number, small(world))
        else:
            planned(world, number)
        fall(world, number)
        assert len(broken_of(world, number)) == kept


def test_so_many_are_kept_and_none_of_what_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Criterion: SUS-DRAIN-22. The newest; one that is taken back leaves nothing."""
    monkeypatch.setattr(suspensions, "BROKEN_KEPT", 2)
    monkeypatch.setattr(suspensions, "CLOSED_KEPT", 0)
    world, number = stopped()
    seeds = [sha256(bytes([each])).digest() for each in range(4)]
    for seed in seeds:
        assert ask(world, 0.1, CAROL) == 0
        reopened(world, number, small(world), seed=seed)
        if seed != seeds[-1]:
            fall(world, number)
    assert [one.seed for one, _ in broken_of(world, number)] == seeds[1:3]
    fold = next(one for one in world.machine.folds if isinstance(one, Suspensions))
    before = fold.encode()
    word = msgspec.msgpack.encode(Fall(number))
    moment = Moment(world.machine.sequence + 1, world.time_ms)
    fold.handle(Product(0, 0, SUSPENSIONS, CLEO, word), moment, world.machine)
    assert fold.encode() != before
    fold.settled(0, 51000)
    assert fold.encode() == before
    tick(world, CHAIN, BTC, 60)
    assert lift(world, number) == 0
    assert fold.state.broken == {}

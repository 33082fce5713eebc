"""Goal: the same facts give the same points with the same reasons, and the sum what it asks for.

Method: each reason alone at its bound and one unit beyond it, by the default table and by others;
tables that mean nothing; transfers between accounts traced by hand and by a slow version.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.app import risk_table
from fullreserve.custody.look_alikes import is_look_alike
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    USD,
    Bounds,
    Outcome,
    Points,
    Reason,
    RiskFacts,
    RiskTable,
    Thresholds,
    Whence,
    is_sound_table,
    outcome_of,
    score,
)
from fullreserve.exchange.products.risk_tracing import DEPTH, READS_MAX, Passed, PassedList, trace

UNIT = Path(__file__).resolve().parents[1]
WEEK_MS = 24 * 7 * HOUR_MS
A, B, C, D = 1, 2, 3, 4
CALM = RiskFacts(100 * USD, address_ms=WEEK_MS, holds_usd=10**6 * USD)
replace = msgspec.structs.replace


def reasons(**facts: Any) -> list[str]:
    """The names of those that hold where all else is calm."""
    _, found = score(RiskTable(), replace(CALM, **facts))
    return [Reason(reason).name for reason, _ in found]


@pytest.mark.parametrize(
    ("reason", "at", "beyond"),
    [
        ("NEW_ADDRESS", {"address_ms": WEEK_MS - 1}, {"address_ms": WEEK_MS}),
        ("NEW_DEVICE", {"whence": Whence(72 * HOUR_MS - 1)}, {"whence": Whence(72 * HOUR_MS)}),
        ("NEW_DEVICE", {"whence": Whence(0)}, {"whence": Whence(-1)}),
        ("NEW_PLACE", {"whence": Whence(place_ms=0)}, {"whence": Whence(place_ms=72 * HOUR_MS)}),
        ("NEW_KEY", {"whence": Whence(key_ms=WEEK_MS - 1)}, {"whence": Whence(key_ms=WEEK_MS)}),
        ("CREDENTIALS", {"calm_ms": 144 * HOUR_MS - 1}, {"calm_ms": 144 * HOUR_MS}),
        ("BY_API", {"by_api": True}, {}),
        ("AMOUNT", {"usd": 10_000 * USD + 1}, {"usd": 10_000 * USD}),
        (
            "AMOUNT",
            {"usd": 2_000 * USD + 1, "history": 2, "history_usd": 800 * USD},
            {"usd": 2_000 * USD, "history": 2, "history_usd": 800 * USD},
        ),
        ("SHARE", {"usd": 9_000 * USD, "holds_usd": 1_000 * USD}, {"usd": 8_999 * USD}),
        ("VELOCITY", {"spent_usd": 49_900 * USD + 1}, {"spent_usd": 49_900 * USD}),
        (
            "PASSED_ON",
            {"usd": 1_000 * USD, "passed_usd": 500 * USD},
            {"usd": 1_000 * USD, "passed_usd": 500 * USD - 1},
        ),
        ("PASSED_ON", {"usd": 1_000 * USD, "passed_usd": 10**12}, {"passed_usd": 10**12}),
        ("RECEIVER", {"receiver_usd": 1}, {}),
        ("LOOK_ALIKE", {"is_look_alike": True}, {}),
        ("ADDRESS_RISK", {"is_risky": True}, {}),
        ("VENDOR_DOWN", {"is_unvetted": True}, {}),
        ("UNTRACED", {"usd": 1_000 * USD, "is_untraced": True}, {"is_untraced": True}),
    ],
)
def test_each_reason_holds_up_to_its_bound(
    reason: str, at: Mapping[str, Any], beyond: Mapping[str, Any]
) -> None:
    """Criterion: RISK-1"""
    assert reasons(**at) == [reason]
    assert reasons(**beyond) == []


def test_a_takeover_has_a_reason_of_its_own() -> None:
    """Criterion: RISK-1. New credentials, a new device, a new address: people look at it."""
    whence = Whence(device_ms=5)
    facts = replace(CALM, whence=whence, calm_ms=0, address_ms=0)
    total, found = score(RiskTable(), replace(facts, whence=replace(whence, place_ms=0)))
    assert (Reason.TAKEOVER, 50) in found
    assert outcome_of(RiskTable(), total) == Outcome.REVIEW
    assert "TAKEOVER" not in reasons(whence=whence, calm_ms=0)
    assert "TAKEOVER" not in reasons(whence=whence, address_ms=0)
    assert "TAKEOVER" not in reasons(calm_ms=0, address_ms=0)


def test_the_points_are_those_of_the_table_and_add_up() -> None:
    """Criterion: RISK-1. A reason of no points is none."""
    table = RiskTable(Points(by_api=7, receiver=0, velocity=4), Bounds(velocity_usd=1))
    facts = replace(CALM, by_api=True, receiver_usd=1)
    assert score(table, facts) == (11, ((Reason.BY_API, 7), (Reason.VELOCITY, 4)))


def test_the_score_asks_for_what_its_thresholds_say() -> None:
    """Criterion: RISK-2"""
    table = RiskTable(thresholds=Thresholds(3, 5, 8))
    found = [outcome_of(table, total) for total in (0, 2, 3, 4, 5, 7, 8, 900)]
    assert [int(one) for one in found] == [1, 1, 2, 2, 3, 3, 4, 4]
    same = RiskTable(thresholds=Thresholds(3, 3, 3))
    assert outcome_of(same, 3) == Outcome.REVIEW


def test_ordinary_use_passes_by_the_default_table() -> None:
    """Criterion: RISK-2. The first withdrawals of a new account, of all that it has."""
    by_key = RiskFacts(900 * USD, by_api=True, whence=Whence(key_ms=0), calm_ms=0)
    by_page = RiskFacts(900 * USD, whence=Whence(0, 0))
    large = RiskFacts(60_000 * USD, by_api=True, whence=Whence(key_ms=WEEK_MS))
    for facts in (by_key, by_page, large):
        assert outcome_of(RiskTable(), score(RiskTable(), facts)[0]) == Outcome.PASS


@pytest.mark.parametrize(
    "table",
    [
        RiskTable(Points(by_api=-1)),
        RiskTable(Points(by_api=1_001)),
        RiskTable(bounds=Bounds(share=10_001)),
        RiskTable(bounds=Bounds(large_times=0)),
        RiskTable(bounds=Bounds(window_hours=721)),
        RiskTable(bounds=Bounds(least_usd=-1)),
        RiskTable(thresholds=Thresholds(step_up=0)),
        RiskTable(thresholds=Thresholds(step_up=81)),
        RiskTable(thresholds=Thresholds(delay=101)),
        RiskTable(thresholds=Thresholds(confirm_hours=0)),
        RiskTable(thresholds=Thresholds(delay_hours=721)),
    ],
)
def test_a_table_that_means_nothing_is_refused(table: RiskTable, tmp_path: Path) -> None:
    """Criterion: RISK-3. By the rules, and in the file at the start."""
    assert is_sound_table(RiskTable())
    assert not is_sound_table(table)
    lines = [
        f"[{part}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        for part, values in msgspec.to_builtins(table).items()
    ]
    (tmp_path / risk_table.FILE).write_text("\n".join(lines))
    with pytest.raises(risk_table.BadRiskTable, match=risk_table.FILE):
        risk_table.load(tmp_path)


def test_the_file_says_what_differs(tmp_path: Path) -> None:
    """Criterion: RISK-3. Without one all is as by default; a word that is none is refused."""
    path = tmp_path / risk_table.FILE
    assert risk_table.load(tmp_path) is None
    path.write_text("[points]\nby_api = 9\n[thresholds]\nstep_up = 10\n")
    expected = RiskTable(Points(by_api=9), thresholds=Thresholds(step_up=10))
    assert risk_table.load(tmp_path) == expected
    for text in ("[points]\nby_apis = 9\n", "[points]\nby_api = 'x'\n", "[points"):
        path.write_text(text)
        with pytest.raises(risk_table.BadRiskTable, match=risk_table.FILE):
            risk_table.load(tmp_path)


# The web app's rule is tested by the same file.
LOOK_ALIKES = json.loads((UNIT / "custody" / "look_alikes.json").read_bytes())


@pytest.mark.parametrize("row", LOOK_ALIKES["rows"], ids=lambda row: row["name"])
def test_an_address_may_look_like_another(row: dict[str, str]) -> None:
    """Of all that are known, and of the one that it is like alone. Criterion: RISK-1"""
    known = LOOK_ALIKES["known"]
    assert is_look_alike(row["address"], known) == bool(row["like"])
    for one in known:
        assert is_look_alike(row["address"], [one]) == (one == row["like"])


# Coins that pass from one account to another


def traced(
    owner: int, usd: int, own: Mapping[int, int], sent: Mapping[tuple[int, int], int]
) -> tuple[int, ...]:
    """What `trace` finds where accounts sent each other so much."""

    def read(one: int, is_sent: bool) -> PassedList:
        here = 0 if is_sent else 1
        found = [Passed(key[1 - here], value) for key, value in sent.items() if key[here] == one]
        return PassedList(tuple(found))

    return tuple(trace(owner, usd, lambda one: own.get(one, 0), read))


def test_coins_that_were_passed_on_count_for_who_sent_them() -> None:
    """Criterion: RISK-4. Up to what was sent, and what siblings had of the same account as well."""
    assert traced(B, 40, {A: 40}, {(A, B): 40}) == (40, 40, False)
    assert traced(B, 40, {A: 40}, {(A, B): 10}) == (10, 10, False)  # 50 of A, 40 of B
    assert traced(B, 40, {C: 40}, {(A, B): 40, (A, C): 40}) == (40, 40, False)
    assert traced(B, 40, {C: 90}, {(A, B): 40, (A, C): 40}) == (40, 40, False)
    # By a third one in between, and by one that had it back.
    assert traced(C, 40, {A: 40}, {(A, B): 40, (B, C): 40}) == (40, 40, False)
    assert traced(B, 40, {A: 40}, {(A, B): 40, (B, A): 40}) == (40, 40, False)
    assert traced(B, 40, {A: 40}, {(B, A): 40}) == (40, 0, False)
    # What nobody passed on is the owner's alone.
    assert traced(B, 40, {A: 900, B: 7}, {}) == (0, 0, False)


def _slow_flow(
    one: int,
    target: tuple[int, int],
    own: Mapping[int, int],
    sent: Mapping[tuple[int, int], int],
    path: tuple[int, ...],
) -> int:
    total = own.get(one, 0) + (target[1] if one == target[0] else 0)
    if len(path) == DEPTH:
        return total
    for (giver, taker), value in sent.items():
        if giver == one and taker not in (*path, one):
            total += min(value, _slow_flow(taker, target, own, sent, (*path, one)))
    return total


@pytest.mark.parametrize("seed", range(20))
def test_a_trace_is_that_of_a_slow_version(seed: int) -> None:
    """Criterion: RISK-4. Among all from whom the coins may have come, by at most three steps."""
    draws = random.Random(seed)
    accounts = range(1, 7)
    own = {one: draws.randrange(50) for one in accounts}
    pairs = [(one, other) for one in accounts for other in accounts if one != other]
    sent = {pair: draws.randrange(1, 60) for pair in draws.sample(pairs, 9)}
    owner, usd = draws.choice(accounts), draws.randrange(1, 50)
    sources = {owner}
    for _ in range(DEPTH):
        sources |= {giver for giver, taker in sent if taker in sources}
    most = max(_slow_flow(one, (owner, usd), own, sent, ()) for one in sources)
    received = sum(value for (_, taker), value in sent.items() if taker == owner)
    assert traced(owner, usd, own, sent) == (max(0, most - own[owner] - usd), received, False)


def test_a_trace_reads_a_bounded_number_of_lists() -> None:
    """Criterion: RISK-4. However many stand behind the coins; it says that there were more."""
    reads = []

    def read(one: int, is_sent: bool) -> PassedList:
        reads.append((one, is_sent))
        others = tuple(Passed(one * 60 + place, 1) for place in range(50))
        return PassedList(others)

    found = trace(1, 5, lambda _: 3, read)
    assert len(reads) <= 2 * READS_MAX
    assert found.is_cut

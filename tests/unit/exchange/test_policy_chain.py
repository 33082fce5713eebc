"""Goal: a stranger works the chain of the policy's decisions out again from what is shown of it.

Method: what is hashed against the script's own encoding, for anything that a decision may hold; a
world's decisions by the script as a user runs it; every text of them changed one by one, decisions
left out, moved and made up; the example of the reference.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.custody_wire import Heed
from fullreserve.exchange.products.policy_chain import FIRST, Link, content, linked
from fullreserve.exchange.products.policy_rules import (
    Category,
    Concern,
    Explained,
    Facts,
    Rule,
    Step,
    Verb,
)
from fullreserve.exchange.products.policy_wire import (
    POLICY,
    Confirm,
    Decision,
    GetPolicy,
    Judge,
    PolicyView,
    Review,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import HOUR_MS, Assessment, Mark, RiskTable
from fullreserve.exchange.products.withdrawal_state import EDITION
from fullreserve.gateway.policy_chain import link_row, own_row
from fullreserve.records.decisions import keep_decisions, taken_decisions
from scripts.source import ROOT
from tests.unit.exchange.custody_world import ALICE, BOB, World
from tests.unit.exchange.test_policy_of_withdrawals import RULES, asked, opened, policy, say

SCRIPT = ROOT / "verifier" / "decisions.py"
REFERENCE = ROOT / "docs" / "reference" / "policy-chain.md"

numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.sampled_from([0, 31, 32, 127, 128, 255, 256, 2**16, 2**32, 2**64 - 1, -1, -32, -33, -129]),
)
words = st.text(max_size=40)
place = st.binary(max_size=300)
# What goes to new places is a desk's, with a reviewer beside it where somebody doubts it.
BY_DESK = Rule(4, Verb.APPROVE, 7, 2, categories=(Category.ONE_TIME,))


# Anything that the structures can hold, of every size that MessagePack writes otherwise.
steps = st.lists(st.builds(Step, numbers, words), max_size=20).map(tuple)
reasons = st.lists(st.tuples(numbers, numbers), max_size=17).map(tuple)
facts = st.builds(Facts, *[numbers] * 11, st.booleans())
explained = st.builds(Explained, *[numbers] * 4, steps)
decisions = st.builds(Decision, numbers, facts, explained, *[numbers] * 3, st.just(b""))
risks = st.builds(Assessment, numbers, reasons, *[numbers] * 4, place)
links = st.builds(
    linked,
    st.binary(min_size=32, max_size=32),
    decisions,
    st.none() | risks,
    st.none() | st.builds(Review, numbers),
)


@settings(max_examples=300, deadline=None)
@given(links)
def test_the_script_encodes_what_the_fold_hashes(link: Link) -> None:
    """Criterion: POL-40. Byte for byte, from the row as it goes over the wire."""
    row = json.loads(msgspec.json.encode(link_row(link)))
    assert _script().encoded(row) == content(link)
    assert row["digest"] == sha256(link.before + content(link)).hexdigest()


@pytest.fixture(scope="module")
def chain() -> list[dict[str, Any]]:
    """Decisions of every kind: with and without a score, doubted, confirmed and judged again."""
    world = _opened()
    assert len(world.machine.folds[-1].state.decisions) == 0
    keep_decisions(world.machine)
    _decided(world)
    rows = taken(world)
    assert rows[-1]["digest"] == world.ask(POLICY, GetPolicy(), PolicyView).head.hex()
    assert {row["facts"]["isReviewed"] for row in rows} == {False, True}
    assert {row["risk"] == {} for row in rows} == {False, True}
    assert any(row["reviewers"] for row in rows)
    assert len({row["wdId"] for row in rows}) < len(rows), "one was judged again"
    assert world.replayed().hashes() == world.machine.hashes()
    return rows


def _opened() -> World:
    return opened(EDITION, rules=(RULES[0], BY_DESK, *RULES[1:]))


def _decided(world: World) -> None:
    for owner in (ALICE, BOB):
        _judged(world, asked(world, 0.5, owner))
    assert policy(world, SetRisk(RiskTable())) == 0
    _judged(world, asked(world, 0.6), concerns=Concern.RISK)
    _judged(world, asked(world, 0.3), category=Category.ONE_TIME, concerns=Concern.RISK)
    held = asked(world, 0.1)
    _judged(world, held, marks=Mark.LOOK_ALIKE)
    assert policy(world, Confirm(held), ALICE) == 0
    _judged(world, held, marks=Mark.LOOK_ALIKE)
    _judged(world, asked(world, 0.2, BOB), category=Category.SANCTIONED)


def _judged(world: World, number: int, category: int = Category.BOOK, **more: Any) -> None:
    word = Judge(number, category, 900 * HOUR_MS, place=bytes(range(32)), **more)
    assert policy(world, word) == 0
    assert say(world, Heed(number)) == 0


def taken(world: World) -> list[dict[str, Any]]:
    """As the records keep them and the API shows them; they are there once."""
    found = taken_decisions(world.machine, world.machine.sequence)
    assert taken_decisions(world.machine, world.machine.sequence) == []
    decode = msgspec.msgpack.Decoder(Link).decode
    shown = [link_row(decode(row[-1])) for row in found]
    rows: list[dict[str, Any]] = json.loads(msgspec.json.encode(shown))
    return rows


def run(path: Path, document: object, *more: str) -> subprocess.CompletedProcess[str]:
    file = path / "page.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_chain_is_worked_out_again(chain: list[dict[str, Any]], tmp_path: Path) -> None:
    """Criterion: POL-41. By the standard library alone; with a head, and a digest of one's own."""
    last, mine = chain[-1]["digest"], chain[2]["digest"]
    done = run(tmp_path, {"code": "0", "data": chain}, "--head", last, "--digest", mine)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"RIGHT: {len(chain)} decisions")
    begun = ("--begin", chain[2]["digestBefore"])
    assert run(tmp_path, chain[2:], *begun).returncode == 0
    assert run(tmp_path, chain[2:]).returncode == 1
    others: tuple[object, ...] = (["nonsense"], {"code": "50046", "data": []}, "x", [[]])
    for unreadable in others:
        done = run(tmp_path, unreadable)
        assert done.returncode in (1, 2), unreadable
        assert "Traceback" not in done.stderr


def test_whatever_is_changed_is_found(chain: list[dict[str, Any]]) -> None:
    """Criterion: POL-42. Each text and each flag, and anything shown beside."""
    script = _script()
    assert script.check(chain) == [row["digest"] for row in chain]
    places = list(_leaves(chain))
    assert len(places) > 150
    for path in places:
        forged = copy.deepcopy(chain)
        _inside(forged, path[:-1])[path[-1]] = _changed(_inside(chain, path))
        with pytest.raises(script.Wrong, match=rf"decision {path[0] + 1} of"):
            script.check(forged)
    for step in ((), ("facts",), ("explained",), ("explained", "trace", 0)):
        forged = copy.deepcopy(chain)
        _inside(forged[1], step)["note"] = "well known"
        with pytest.raises(script.Wrong, match="decision 2 of .* and nothing else"):
            script.check(forged)
    with pytest.raises(script.Wrong, match="in decimal"):
        script.check([{**chain[0], "version": "0" + chain[0]["version"]}, *chain[1:]])


def test_what_is_left_out_or_moved_is_found(chain: list[dict[str, Any]], tmp_path: Path) -> None:
    """Criterion: POL-42. What is left out at the end by a head, or by who has the digest."""
    script = _script()
    for at in range(len(chain)):
        left = chain[:at] + chain[at + 1 :]
        if at + 1 < len(chain):
            with pytest.raises(script.Wrong, match=f"decision {at + 1} of"):
                script.check(left)
        for name in ("--head", "--digest"):
            done = run(tmp_path, left, name, chain[at]["digest"])
            assert done.returncode == 1
            assert done.stderr.startswith("WRONG: ")
    for at in range(len(chain) - 1):
        moved = [*chain[:at], chain[at + 1], chain[at], *chain[at + 2 :]]
        with pytest.raises(script.Wrong, match=f"decision {at + 1} of"):
            script.check(moved)
    with pytest.raises(script.Wrong, match="decision 2 of"):
        script.check([chain[0], *chain])


def test_another_decision_cannot_be_hashed_away(
    chain: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Criterion: POL-42. Who makes all digests again loses those that were shown before."""
    script, forged = _script(), copy.deepcopy(chain)
    forged[1]["facts"]["usd"] = "1"
    before = FIRST
    for row in forged:
        row["digestBefore"] = before.hex()
        before = sha256(before + script.encoded(row)).digest()
        row["digest"] = before.hex()
    assert run(tmp_path, forged).returncode == 0
    for name, digest in (("--head", chain[-1]["digest"]), ("--digest", chain[1]["digest"])):
        assert run(tmp_path, forged, name, digest).returncode == 1


def test_the_example_of_the_reference_is_right(tmp_path: Path) -> None:
    """Criterion: POL-40. The page that is printed there, and what of it is hashed."""
    text = REFERENCE.read_text(encoding="utf-8")
    (page,) = re.findall(r"```json\n(.+?)```", text, re.DOTALL)
    rows = json.loads(page)["data"]
    done = run(tmp_path, json.loads(page))
    assert done.returncode == 0, done.stderr
    hexed = ["".join(found.split()) for found in re.findall(r"```hex\n(.+?)```", text, re.DOTALL)]
    assert hexed == [_script().encoded(row).hex() for row in rows]
    assert len(rows) == 2
    assert rows[1]["risk"]
    assert rows[1]["reviewers"]


def test_a_user_is_shown_nothing_of_others(chain: list[dict[str, Any]]) -> None:
    """Criterion: POL-43. Nor what others add to a velocity, nor whose decision stands before."""
    world = _opened()
    keep_decisions(world.machine)
    _decided(world)
    rows = taken_decisions(world.machine, world.machine.sequence)
    for number, row in zip(chain, rows, strict=True):
        mine = own_row(msgspec.msgpack.decode(row[-1], type=Link))
        assert (mine["wdId"], mine["digest"]) == (number["wdId"], number["digest"])
        assert number["digestBefore"] not in mine.values()
        assert set(mine) == {
            *("wdId", "number", "category", "ageMs", "usd", "isReviewed", "verb", "version"),
            *("ts", "state", "digest"),
        }


def test_keeping_decisions_changes_no_state() -> None:
    """Criterion: POL-41. What is taken is no part of the fold; what stands behind a row stays."""
    world, other = _opened(), _opened()
    keep_decisions(world.machine)
    for one in (world, other):
        _decided(one)
    assert world.machine.hashes() == other.machine.hashes()
    assert taken_decisions(other.machine, other.machine.sequence) == []
    whole = _replayed(world)
    numbers = [row[0] for row in taken_decisions(whole, whole.sequence)]
    parts = _replayed(world)
    first = taken_decisions(parts, numbers[1])
    assert [row[0] for row in first] == numbers[:2]
    assert [row[0] for row in taken_decisions(parts, parts.sequence)] == numbers[2:]


def _replayed(world: World) -> Machine:
    machine = Machine(folds=world.folds())
    keep_decisions(machine)
    for first, time_ms, commands in world.rows:
        machine.replay(first, time_ms, commands)
    return machine


def _script() -> Any:
    if "decisions_verifier" in sys.modules:
        return sys.modules["decisions_verifier"]
    spec = importlib.util.spec_from_file_location("decisions_verifier", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["decisions_verifier"] = module
    spec.loader.exec_module(module)
    return module


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for at in range(len(value)):
            yield from _leaves(value[at], (*path, at))
    else:
        yield path


def _inside(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    text: str = value
    return text[:-1] + ("1" if text[-1:] != "1" else "2")

"""Goal: moves go on without an approver whose key was replaced, and his word counts no more.

Method: a policy's file, a record in which he goes, approvals by keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.hd import Private
from fullreserve.custody.keys import moves
from fullreserve.custody.keys.intent import (
    Approval,
    Intent,
    NotApproved,
    TierPolicy,
    approve,
    check,
    propose,
)
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.keys.tier_quorum import Person
from tests.unit.custody.test_jobs import NAMES, OURS, begun

PLACE, BINDING = bytes([9]) * 20, bytes(32)
POLICY = f"""
version = 1
needed = 2
approvers = ["bob", "cyd", "dee"]

[[rule]]
network = 1
source = "warm"
target = "hot"
asset = 1
place = "{checksummed(PLACE)}"
amount_max = 100
day_max = 1000
fee_max = 10
"""


@pytest.fixture
def record(tmp_path: Path) -> Record:
    (tmp_path / "policy.toml").write_text(POLICY)
    return begun(tmp_path)


def replaced(record: Record, gone: str, comes: str) -> None:
    who = (Person(comes, 20),)
    record.append(Entry(0, 2, "replacement", "", (OURS[comes],), who, gone=(gone,)))


def device(name: str) -> FileDevice:
    seed = bytes([1 + NAMES.index(name)]) * 32
    return FileDevice(Path(name), {name: Private.of_seed(seed)})


def by(name: str, asked: Intent) -> Approval:
    return approve(asked, device(name), name)


def checked(asked: Intent, given: Sequence[Approval], policy: TierPolicy) -> None:
    """As ann has proposed it."""
    signed = propose(asked, BINDING, device("ann"), "ann")
    check(asked, given, policy, 500, binding=BINDING, signed=signed)


def test_an_approver_is_gone_and_the_others_go_on(record: Record, tmp_path: Path) -> None:
    """Criterion: CUST-GONE-15"""
    before = moves.load(tmp_path / "policy.toml", record)
    asked = Intent(1, 1, "warm", "hot", 1, PLACE, 50, "ann", before.digest(), 0, 1_000)
    words = {name: by(name, asked) for name in ("bob", "cyd", "dee")}
    checked(asked, [words["bob"], words["cyd"]], before)
    replaced(record, "bob", "zoe")
    after = moves.load(tmp_path / "policy.toml", record)
    assert after.digest() == before.digest(), "who has not the new record yet has the same policy"
    checked(asked, [words["cyd"], words["dee"]], after)
    with pytest.raises(NotApproved, match="1 of 2"):
        checked(asked, [words["bob"], words["cyd"]], after)


def test_too_few_approvers_that_are_left_is_said(record: Record, tmp_path: Path) -> None:
    """Criterion: CUST-GONE-15"""
    replaced(record, "bob", "zoe")
    replaced(record, "cyd", "max")
    with pytest.raises(moves.BadMove, match="bob, cyd are gone: 1 of 2 approvers are left"):
        moves.load(tmp_path / "policy.toml", record)

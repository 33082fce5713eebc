"""Goal: old logs replay for ever. Method: every golden journal of the repository, row by row."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fullreserve.exchange.machine import Machine
from fullreserve.journal.archive import entries
from fullreserve.journal.check import chained
from fullreserve.journal.entry import EMPTY
from fullreserve.journal.replica import Replica
from tests.journals.make import FOLDER, JOURNALS, Golden

GOLDEN = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_journal_replays_to_its_hashes(path: Path) -> None:
    """Criterion: LOG-3.7"""
    golden = msgspec.json.decode(path.read_bytes(), type=Golden)
    pointer = msgspec.structs.replace(golden.pointer, file=str(FOLDER / golden.pointer.file))
    replica = Replica(Machine(folds=[fold() for fold in JOURNALS[path.stem][0]]))
    for entry in chained(entries(pointer), EMPTY):
        replica.apply(entry, checked=True)
    assert replica.head == golden.pointer.head
    assert {one.name: one.hash.hex() for one in replica.machine.hashes()} == golden.components


def test_each_fold_has_one() -> None:
    """Criterion: LOG-3.7"""
    assert sorted(path.stem for path in GOLDEN) == sorted(JOURNALS)

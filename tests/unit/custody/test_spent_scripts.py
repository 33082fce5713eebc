"""Goal: how much a node is asked about what a block spends is bounded, by no stranger's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fullreserve.custody.chains.raw_block import Transaction, read_transaction
from fullreserve.custody.chains.rpc import Node, NodeGarbage
from fullreserve.custody.chains.spent_scripts import ASKED_AT_ONCE, SpentScripts
from tests.unit.custody.test_tier_places import STRANGER, spent, transaction

OURS = b"\x00\x20" + b"o" * 32


class Telling(Node):
    """Tells transactions by their names; `asked` are the exchanges, by how many each was of."""

    def __init__(self, told: Sequence[bytes]) -> None:
        super().__init__("http://127.0.0.1:1")
        self.asked: list[int] = []
        self.told = {read_transaction(one).txid.hex(): one.hex() for one in told}

    def calls(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        assert {method for method, _ in asked} == {"getrawtransaction"}
        self.asked.append(len(asked))
        return [self.told[params[0]] for _, params in asked]


def made(number: int) -> bytes:
    """With two outputs, one of ours."""
    return transaction((number.to_bytes(36, "big"),), ((5, STRANGER), (7, OURS)))


def spending(raws: Sequence[bytes]) -> Transaction:
    spends = [spent(raw, output) for raw in raws for output in (0, 1)]
    return read_transaction(transaction(spends, ((9, OURS),)))


def test_many_inputs_are_asked_for_together_and_once() -> None:
    """Criterion: CHAINS-GIFT-6. Two outputs of one transaction are one question."""
    before = [made(number) for number in range(1, 2 * ASKED_AT_ONCE)]
    node, one = Telling(before), spending(before)
    scripts = SpentScripts(node)
    found = scripts.of([one], [one])
    assert list(found.values()) == [STRANGER, OURS] * len(before)
    assert node.asked == [ASKED_AT_ONCE, ASKED_AT_ONCE - 1]
    assert scripts.of([one], [one]) == found
    assert len(node.asked) == 2


def test_what_stands_in_the_block_is_not_asked_for() -> None:
    """Criterion: CHAINS-GIFT-6. Nor what makes a block's own coins."""
    first = made(1)
    own = read_transaction(transaction((bytes(36),), ((9, OURS),)))
    node, one = Telling([]), spending([first])
    found = SpentScripts(node).of([one, own], [own, read_transaction(first), one])
    assert (list(found.values()), node.asked) == ([STRANGER, OURS], [])


def test_an_answer_about_another_transaction_is_garbage() -> None:
    """Criterion: CHAINS-GIFT-6. Nor is there an output that it has not."""
    first, other = made(1), made(2)
    node, one = Telling([first]), spending([first])
    node.told = dict.fromkeys(node.told, other.hex())
    with pytest.raises(NodeGarbage, match="has another transaction"):
        SpentScripts(node).of([one], [])
    beyond = read_transaction(transaction((spent(first, 2),), ((9, OURS),)))
    with pytest.raises(NodeGarbage, match="has no output 2"):
        SpentScripts(Telling([first])).of([beyond], [])

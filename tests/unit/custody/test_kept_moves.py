"""Goal: a damaged file of one move is named, and stops no other proposal."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fullreserve.custody.chains.utxo_transaction import Coin, Pays
from fullreserve.custody.keys.intent import Intent
from fullreserve.custody.keys.kept_moves import FOLDER, Damaged, Kept, KeptMoves
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.tiers.spending import Spend

NETWORK = 1


def kept(number: int) -> Kept:
    intent = Intent(number, NETWORK, "warm", "hot", 1, b"", 5, "house", "", 0, 1)
    spend = Spend((coin(number),), (Pays(b"", 5),), b"", 1)
    return Kept(Proposal(intent, (), spend), since=7)


def coin(number: int) -> Coin:
    return Coin(bytes([number]) * 32, 0, 9)


@pytest.mark.parametrize("damage", [b"", b'{"proposal', b"<html>", b"\xff\xfe", b"[]"])
def test_a_damaged_one_is_named_once_and_the_others_count(tmp_path: Path, damage: bytes) -> None:
    """Criterion: CUST-REFILL-12"""
    moves = KeptMoves(tmp_path)
    for number in (1, 2, 3, 4):
        moves.keep(kept(number))
    moves.hand_out(kept(2))
    for number in (2, 3):
        (tmp_path / FOLDER / f"{number}.json").write_bytes(damage)
    (tmp_path / FOLDER / "notes.json").write_bytes(b"{}")
    with capture_logs() as logs:
        # What was handed out to people still says which coins the second one spends.
        assert moves.inputs(NETWORK) == [coin(1), coin(2), coin(4)]
        assert moves.inputs(NETWORK) == [coin(1), coin(2), coin(4)]
    named = [str(one["problem"]).partition(":")[0] for one in logs]
    assert named == [f"{FOLDER}/2.json", f"{FOLDER}/3.json"]
    with pytest.raises(Damaged, match=f"{FOLDER}/3.json"):
        moves.find(3)
    assert moves.find(4) == kept(4)
    moves.keep(kept(3))
    assert moves.find(3) == kept(3)


def test_what_was_handed_out_may_be_damaged_as_well(tmp_path: Path) -> None:
    """Criterion: CUST-REFILL-12"""
    moves = KeptMoves(tmp_path)
    for number in (1, 2):
        moves.keep(kept(number))
        moves.hand_out(kept(number))
    for name in ("1.json", "1.move"):
        (tmp_path / FOLDER / name).write_bytes(b"\x00")
    assert moves.inputs(NETWORK) == [coin(2)]

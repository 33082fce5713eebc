"""Goal: no wallet is dead behind a quorum that joins its holders with those of others.

Method: records as changes of keys leave them, and the quorums that the log has.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fullreserve.app.quorums import unmeasured
from fullreserve.custody import demo_people
from fullreserve.custody.hd import Private
from fullreserve.custody.keys import card
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import FILE, SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.keys.tier_quorum import Person
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.exchange.products.liveness import Liveness
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role

NAMES = ("ann", "bob", "cyd", "dee", "eve", "fay", "gil", "zoe")
PERSONS = {name: number for number, name in enumerate(NAMES, 1)}
KEYS = FileDevice(
    Path("all"),
    {name: Private.of_seed(bytes([number]) * 32) for name, number in PERSONS.items()},
)
CARDS = {name: card.make(KEYS, name, "file") for name in NAMES}
WARM, OTHERS, LATE = NAMES[:4], ("dee", "eve", "fay", "zoe"), ("eve", "fay", "gil")


def wallet(network: int, names: tuple[str, ...], threshold: int = 2) -> TierWallet:
    return TierWallet(network, "warm", SAFE, threshold, names)


def record(folder: Path, *wallets: TierWallet) -> Record:
    made = Record(folder / FILE)
    persons = tuple(Person(name, number) for name, number in PERSONS.items())
    made.append(Entry(0, 1, "ceremony", "", tuple(CARDS.values()), persons, wallets=wallets))
    return made


def quorum(number: int, role: Role, threshold: int, names: tuple[str, ...]) -> Quorum:
    shares = tuple(Holder(PERSONS[name]) for name in names)
    return Quorum(number, role, threshold, shares, 1)


def log_of(*quorums: Quorum) -> list[Liveness]:
    fold = Liveness()
    fold.state.quorums.update({one.number: one for one in quorums})
    return [fold]


def test_what_no_quorum_measures_is_named(tmp_path: Path) -> None:
    """Criterion: LIVE-21. Not by all who hold a key anywhere, nor by another threshold or role."""
    record(tmp_path, wallet(1, WARM), wallet(3, OTHERS, 3))
    good = (quorum(2, Role.WARM, 2, WARM[::-1]), quorum(3, Role.WARM, 3, OTHERS))
    assert unmeasured(tmp_path, log_of(*good)) == []
    said = "warm wallet of network 3: warm, 3 of the persons 4, 5, 6, 8"
    joined = tuple(dict.fromkeys((*WARM, *OTHERS)))
    for wrong in (
        quorum(3, Role.WARM, 2, joined),
        quorum(3, Role.WARM, 2, OTHERS),
        quorum(3, Role.COLD, 3, OTHERS),
    ):
        assert unmeasured(tmp_path, log_of(good[0], wrong)) == [said]
    assert len(unmeasured(tmp_path, log_of())) == 2


def test_a_recovery_branch_is_measured_too(tmp_path: Path) -> None:
    """Criterion: LIVE-21."""
    late = tuple(CARDS[name].in_wallet for name in LATE)
    script = Wallet(2, tuple(CARDS[name].in_wallet for name in WARM), 2, late, 9)
    record(tmp_path, msgspec.structs.replace(wallet(3, WARM), kind=UTXO, wallet=script))
    warm = quorum(2, Role.WARM, 2, WARM)
    (said,) = unmeasured(tmp_path, log_of(warm))
    assert said == "warm wallet of network 3: recovery, 2 of the persons 5, 6, 7"
    assert unmeasured(tmp_path, log_of(warm, quorum(4, Role.RECOVERY, 2, LATE))) == []


def test_a_damaged_record_stops_no_start(tmp_path: Path) -> None:
    """Criterion: LIVE-21."""
    assert unmeasured(tmp_path, log_of()) == []
    (tmp_path / FILE).write_text("x\n")
    (said,) = unmeasured(tmp_path, log_of())
    assert "entry 1" in said


@pytest.mark.parametrize("threshold", [2, 3])
def test_the_demo_measures_each_wallet_as_it_is(tmp_path: Path, threshold: int) -> None:
    """Criterion: LIVE-21. Wallets of the same people share a quorum; what was one stays one."""
    people = demo_people.WARM
    kept = record(tmp_path, wallet(1, WARM), wallet(2, WARM), wallet(3, WARM))
    assert [one.number for one in people.defined(kept)] == [2]
    kept.append(Entry(0, 2, "rotation", "", wallets=(wallet(3, OTHERS, threshold),)))
    apart = people.defined(kept)
    assert [(one.number, one.threshold) for one in apart] == [(2, 2), (32, threshold)]
    assert unmeasured(tmp_path, log_of(*apart)) == []
    asked = {one.quorum: {each.person for each in one.holders} for one in people.online(kept)}
    assert asked == {2: {1, 2, 3, 4}, 32: {4, 5, 6, 8}}
    assert set(people.now(kept)) == {*WARM, *OTHERS}
    kept.append(Entry(0, 3, "rotation", "", wallets=(wallet(3, WARM),)))
    assert [one.number for one in people.defined(kept, asked)] == [2, 32]
    assert [one.quorum for one in people.online(kept, asked)] == [2, 32]

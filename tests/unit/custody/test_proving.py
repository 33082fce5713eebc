"""Goal: a tier's wallet is shown to be ours by any m of its holders, and by nobody else. Method:
holders with devices of their own; the stand-alone verifier judges what they made."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from fullreserve.custody.hd import Private
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, UTXO, TierWallet
from fullreserve.custody.ownership import BadMessage
from fullreserve.custody.tiers.proving import Held, NoProof, addresses
from fullreserve.custody.tiers.wallet import Key, Wallet
from fullreserve.reserves.places import Said, message_of
from tests.integration.custody.holders import Holder, people
from tests.unit.reserves.accounts_control import safe_said
from verifier import verify

FIVE, LATE = people(5), people(3, 11)
NAMES = tuple(one.name for one in FIVE)
PLAIN = Wallet(3, tuple(one.key for one in FIVE))
TIMED = Wallet(3, PLAIN.keys, 2, tuple(one.key for one in LATE), 4_320)
IMPOSTOR = FileDevice(Path("impostor"), {NAMES[0]: Private.of_seed(bytes([91]) * 32)})
SINGLE = Key(FIVE[0].name, FIVE[0].key.key)
EXCHANGE, NOW_MS, CHAIN = "ab" * 32, 1_800_000_000_000, 31_337
OWNERS = {one.name: one.account.hex() for one in FIVE}
TOWER = TierWallet(1, "cold", SAFE, 3, NAMES, chain_id=CHAIN, safe="31" * 20, owners=OWNERS)


def script(wallet: Wallet, hrp: str = "bcrt") -> TierWallet:
    return TierWallet(2, "cold", UTXO, wallet.threshold, NAMES, wallet, hrp)


def message(held: Held) -> str:
    return message_of(Said(EXCHANGE, held.address, held.tier.network, 7, "00" * 32, NOW_MS))


def parts(held: Held, signers: list[Holder]) -> dict[str, bytes]:
    return {one.name: held.sign(message(held), one.device, one.name) for one in signers}


def judged(held: Held, signatures: tuple[str, ...], form: str) -> None:
    """verify.Refused."""
    of = verify.Chain({}, 2, 7, NOW_MS, NOW_MS, bytes.fromhex(EXCHANGE), {})
    place = {
        "address": held.address,
        "message": message(held),
        "form": form,
        "signatures": list(signatures),
    }
    verify.check_script_place(place, of, held.tier.hrp)


@pytest.mark.parametrize(
    ("wallet", "hrp", "number"), [(PLAIN, "rltc", 0), (PLAIN, "bcrt", 19), (TIMED, "bcrt", 3)]
)
def test_any_three_holders_prove_an_address(wallet: Wallet, hrp: str, number: int) -> None:
    """Also where recovery keys stand in its script, which count for nothing.

    Criterion: CUST-PROOF-1
    """
    held = list(addresses(script(wallet, hrp)))[number]
    for some in itertools.combinations(FIVE, 3):
        made = held.completed(message(held), parts(held, list(some)))
        judged(held, made.signatures, made.form)
    made = held.completed(message(held), parts(held, FIVE))
    judged(held, made.signatures, made.form)
    with pytest.raises(NoProof, match="2 of 3 holders"):
        held.completed(message(held), parts(held, FIVE[:2]))
    with pytest.raises(NoProof, match="has no key of the cold wallet"):
        held.sign(message(held), LATE[0].device, LATE[0].name)
    other = list(addresses(script(wallet, hrp)))[number - 1]
    with pytest.raises(NoProof, match="is not about"):
        other.sign(message(held), FIVE[0].device, NAMES[0])
    with pytest.raises(verify.Refused, match="does not hold"):
        judged(other, made.signatures, made.form)


def test_a_part_by_another_key_counts_for_nothing() -> None:
    """Criterion: CUST-PROOF-1."""
    held = next(addresses(script(PLAIN)))
    given = parts(held, FIVE[:2]) | {FIVE[2].name: parts(held, FIVE[:1])[FIVE[0].name]}
    assert not held.is_by(FIVE[2].name, message(held), given[FIVE[2].name])
    with pytest.raises(NoProof, match="2 of 3 holders"):
        held.completed(message(held), given)
    with pytest.raises(NoProof, match="the device's key is not"):
        held.sign(message(held), IMPOSTOR, FIVE[0].name)
    with pytest.raises(BadMessage, match="begins with"):
        held.sign(f"Another address={held.address} ", FIVE[0].device, FIVE[0].name)


def test_a_single_key_signs_beside_branches() -> None:
    """A token knows no keys below its own. Criterion: CUST-PROOF-1"""
    held = list(addresses(script(Wallet(3, (SINGLE, *PLAIN.keys[1:])))))[5]
    made = held.completed(message(held), parts(held, FIVE[:3]))
    judged(held, made.signatures, made.form)


def test_owners_sign_for_their_safe() -> None:
    """What they sign is what the Safe itself asks for. Criterion: CUST-PROOF-1"""
    (held,) = addresses(TOWER)
    assert held.digest(message(held)) == safe_said(message(held), held.place, CHAIN)
    made = held.completed(message(held), parts(held, FIVE[1:]))
    assert made.form == "eip1271"
    assert [bytes.fromhex(one)[64] in (27, 28) for one in made.signatures] == [True] * 3
    accounts = [
        verify.account_signer(one, held.digest(message(held)), held.address)
        for one in made.signatures
    ]
    assert accounts == sorted(accounts)
    assert set(accounts) < {one.account for one in FIVE[1:]}

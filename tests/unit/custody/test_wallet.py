"""Goal: a tier's script is spent by any m, and by recovery holders only when it is ripe. Method:
another library writes the same script; Bitcoin Core's own consensus code judges each spend."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import msgspec
import pytest

from fullreserve.custody.chains.adapter import Attempt, Unpayable
from fullreserve.custody.chains.utxo_transaction import Coin, Pays
from fullreserve.custody.tiers.spending import (
    Spend,
    WrongPart,
    bumped,
    completed,
    planned,
    read_part,
    swept,
    unsigned,
    vbytes,
)
from fullreserve.custody.tiers.wallet import BadWallet, Key, Wallet, WalletAddresses
from tests.integration.custody.holders import Holder, people

FIVE, THREE, LATE = people(5), people(3, 21), people(3, 11)
WARM = Wallet(3, tuple(one.key for one in FIVE), 2, tuple(one.key for one in LATE), 4_320)
HOT = Wallet(2, tuple(one.key for one in THREE))
COINS = [Coin(bytes([n]) * 32, n, 1_000_000 * n, n % 3) for n in (1, 2, 3)]
STRANGER = b"\x00\x14" + b"\x77" * 20
RATE = 7


def signed(wallet: Wallet, spend: Spend, by: Sequence[Holder]) -> Attempt:
    return completed(wallet, spend, [one.signs(wallet, spend) for one in by])


def is_valid(wallet: Wallet, spend: Spend, made: Attempt) -> bool:
    """By libbitcoinkernel, input by input (CHAINS-JUDGED-1)."""
    pbk = pytest.importorskip("pbk", reason="py-bitcoinkernel is not installed")
    flags = pbk.ScriptVerificationFlags.ALL & ~pbk.ScriptVerificationFlags.TAPROOT
    transaction = pbk.Transaction(made.raw)
    return all(
        pbk.ScriptPubkey(wallet.place(coin.index)).verify(
            coin.amount, transaction, None, number, flags
        )
        for number, coin in enumerate(spend.inputs)
    )


@pytest.mark.parametrize("wallet", [WARM, HOT])
def test_an_independent_library_reads_the_descriptor_as_the_same_script(wallet: Wallet) -> None:
    """Criterion: CUST-WALLET-1."""
    from embit.descriptor import Descriptor

    read = Descriptor.from_string(wallet.descriptor())
    for index in (0, 1, 7, 1_000):
        derived = read.derive(index)
        assert derived.witness_script().data == wallet.witness_script(index)
        assert derived.script_pubkey().data == wallet.place(index)
    addresses = WalletAddresses(wallet, "bcrt")
    assert addresses.read(addresses.address(3)) == wallet.place(3)


@pytest.mark.parametrize("older", [1, 16, 17, 127, 128, 255, 256, 32_767, 32_768, 65_535])
def test_every_length_of_time_is_written_as_consensus_wants(older: int) -> None:
    """Criterion: CUST-WALLET-1."""
    from embit.descriptor import Descriptor

    wallet = msgspec.structs.replace(WARM, older=older)
    read = Descriptor.from_string(wallet.descriptor()).derive(0)
    assert read.witness_script().data == wallet.witness_script(0)


def test_single_keys_of_tokens_stand_beside_branches() -> None:
    """Criterion: CUST-WALLET-1."""
    single = Key("token", FIVE[0].key.key)
    wallet = Wallet(2, (single, FIVE[1].key, FIVE[2].key))
    assert bytes.fromhex(single.key) in wallet.witness_script(4)
    spend = swept(wallet, COINS, STRANGER, RATE)
    by = [FIVE[0]._replace(key=single), FIVE[2]]
    assert is_valid(wallet, spend, signed(wallet, spend, by))


@pytest.mark.parametrize(("wallet", "holders"), [(WARM, FIVE), (HOT, THREE)], ids=["warm", "hot"])
def test_any_quorum_spends_and_nobody_is_needed(wallet: Wallet, holders: list[Holder]) -> None:
    """Criterion: CUST-WALLET-2."""
    spend = planned(wallet, COINS, [Pays(STRANGER, 3_500_000)], wallet.place(0), RATE)
    assert len(spend.inputs) == 2
    for by in itertools.combinations(holders, wallet.threshold):
        made = signed(wallet, spend, by)
        assert is_valid(wallet, spend, made)
    fewer = [one.signs(wallet, spend) for one in holders[: wallet.threshold - 1]]
    with pytest.raises(Unpayable, match=f"{wallet.threshold - 1} of {wallet.threshold}"):
        completed(wallet, spend, fewer)


def test_recovery_holders_spend_by_their_own_branch() -> None:
    """Criterion: CUST-WALLET-3."""
    spend = swept(WARM, COINS, STRANGER, RATE, recovers=True)
    for by in itertools.combinations(LATE, 2):
        made = signed(WARM, spend, by)
        assert is_valid(WARM, spend, made)
        assert {one.sequence for one in unsigned(WARM, spend).tx.vin} == {WARM.older}
    # Holders of the tier have no say there, and recovery holders none on the other branch.
    with pytest.raises(WrongPart):
        signed(WARM, spend, FIVE[:3])
    with pytest.raises(WrongPart):
        signed(WARM, msgspec.structs.replace(spend, recovers=False), LATE)
    # The same signatures under a sequence that is too young: consensus refuses.
    young = msgspec.structs.replace(WARM, older=4_319)
    early = completed(WARM, spend, [one.signs(WARM, spend) for one in LATE])
    assert not is_valid(young, spend, early)
    with pytest.raises(BadWallet, match="no way of recovery"):
        HOT.spenders(recovers=True)


def test_sizes_are_never_too_small_and_fees_follow() -> None:
    """Criterion: CUST-WALLET-4."""
    from embit.transaction import Transaction

    cases = [
        (WARM, swept(WARM, COINS, STRANGER, RATE), FIVE[:3]),
        (WARM, swept(WARM, COINS, STRANGER, RATE, recovers=True), LATE[:2]),
        (HOT, planned(HOT, COINS, [Pays(STRANGER, 10_000)], HOT.place(0), RATE), THREE[:2]),
    ]
    for wallet, spend, by in cases:
        made = Transaction.parse(signed(wallet, spend, by).raw)
        weight = 3 * _stripped(made) + len(made.serialize())
        size = -(-weight // 4)
        assert size <= vbytes(wallet, spend) <= size * 1.05 + 25
        assert spend.fee >= RATE * size


def _stripped(made: object) -> int:
    from embit.transaction import Transaction

    assert isinstance(made, Transaction)
    copy = Transaction.parse(made.serialize())
    for one in copy.vin:
        one.witness = type(one.witness)([])
    return len(copy.serialize())


def test_a_replacement_keeps_inputs_and_payments() -> None:
    """Criterion: CUST-WALLET-4."""
    spend = planned(WARM, COINS, [Pays(STRANGER, 500_000)], WARM.place(0), RATE)
    higher = bumped(WARM, spend, 3 * RATE)
    assert (higher.inputs, higher.pays, higher.binding) == (spend.inputs, spend.pays, spend.binding)
    assert higher.fee > spend.fee
    assert is_valid(WARM, higher, signed(WARM, higher, FIVE[2:]))
    with pytest.raises(Unpayable, match="does not replace"):
        bumped(WARM, spend, RATE)
    with pytest.raises(Unpayable, match="does not pay"):
        bumped(WARM, spend, 10_000)
    with pytest.raises(Unpayable, match="holds 6000000"):
        planned(WARM, COINS, [Pays(STRANGER, 6_000_000)], WARM.place(0), RATE)


def test_what_comes_back_from_a_file_is_checked() -> None:
    """Criterion: CUST-WALLET-5."""
    spend = swept(WARM, COINS, STRANGER, RATE)
    part = FIVE[0].signs(WARM, spend)
    assert list(read_part(WARM, spend, part)) == ["holder-1"]
    other = swept(WARM, COINS, b"\x00\x14" + b"\x78" * 20, RATE)
    with pytest.raises(WrongPart, match="another transaction"):
        read_part(WARM, spend, FIVE[0].signs(WARM, other))
    place = part.index(b"\x30\x44", len(part) // 3)
    for changed in (part[:place + 20] + bytes([part[place + 20] ^ 1]) + part[place + 21 :],
                    part[:-9], b"", b"<html>", b"cHNidP8", bytes(100)):  # fmt: skip
        with pytest.raises(WrongPart):
            read_part(WARM, spend, changed)
    with pytest.raises(WrongPart, match="no complete signature"):
        read_part(WARM, spend, bytes(unsigned(WARM, spend).serialize()))
    with pytest.raises(WrongPart, match="key is not holder-1's"):
        FIVE[1]._replace(key=FIVE[0].key, name="holder-2").signs(WARM, spend)


@pytest.mark.parametrize("threshold", [0, 5, 6])
def test_no_wallet_needs_everybody(threshold: int) -> None:
    """Criterion: CUST-WALLET-6."""
    with pytest.raises(BadWallet):
        Wallet(threshold, WARM.keys, 2, WARM.recovery, 10)
    with pytest.raises(BadWallet):
        msgspec.structs.replace(WARM, recovery_threshold=min(threshold, 3) or 0).descriptor()


def test_other_nonsense_is_no_wallet() -> None:
    """Criterion: CUST-WALLET-6."""
    for older in (0, -1, 65_536):
        with pytest.raises(BadWallet, match="65535 blocks"):
            Wallet(3, WARM.keys, 2, WARM.recovery, older)
    with pytest.raises(BadWallet, match="twice"):
        Wallet(2, (*HOT.keys, HOT.keys[0]))
    with pytest.raises(BadWallet, match="twice"):
        Wallet(3, WARM.keys, 2, WARM.keys[:3], 10)


def test_names_of_scripts_are_hashes_of_them() -> None:
    """Criterion: CUST-WALLET-1."""
    assert WARM.place(2) == b"\x00\x20" + hashlib.sha256(WARM.witness_script(2)).digest()

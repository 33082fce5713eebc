"""Goal: hot is swept to the warm wallet that people use now, whatever the file of networks names.

Method: records as changes of keys leave them, of scripts and of a Safe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.hd import Private
from fullreserve.custody.keys.record import FILE, SAFE, UTXO, BadRecord, Entry, Record, TierWallet
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers.wallet import Key, Wallet, WalletAddresses
from fullreserve.custody.warm_place import warm_place

NETWORK, ACCOUNT = 3, bytes([7]) * 20
BRANCH = Private.of_seed(b"hot, of a test alone, long enough").public()


def wallet(seed: int) -> Wallet:
    roots = [Private.of_seed(bytes([seed + each]) * 32).public() for each in range(4)]
    named = zip("abcd", roots, strict=True)
    return Wallet(2, tuple(Key(name, one.key.hex(), one.code.hex()) for name, one in named))


OLD, NEXT, OTHER = wallet(10), wallet(20), wallet(30)


def address(of: Wallet, index: int = 0) -> str:
    return WalletAddresses(of, "rltc").address(index)


def network(warm: str, **more: Any) -> Network:
    terms: dict[str, Any] = {"kind": "utxo", "nodes": (), "hrp": "rltc", "decimals": {4: 8}} | more
    return Network(
        network=NETWORK, branches=(Branch(BRANCH.key.hex(), BRANCH.code.hex()),) * 3, coin=4,
        credit_after=1, unlock_after=2, warm=warm, **terms,
    )  # fmt: skip


def note(data: Path, kind: str, *wallets: Wallet, of: int = NETWORK, tier: str = "warm") -> None:
    made = tuple(TierWallet(of, tier, UTXO, 2, tuple("abcd"), one, "rltc") for one in wallets)
    Record.of(data).append(Entry(0, 1, kind, "", wallets=made))


def test_the_file_says_it_where_the_record_has_no_warm_wallet(tmp_path: Path) -> None:
    """Criterion: CUST-SWEEP-4."""
    assert warm_place(tmp_path, network(address(OLD))) == OLD.place(0)
    note(tmp_path, "ceremony", OTHER, of=9)
    note(tmp_path, "ceremony", OTHER, tier="cold")
    assert warm_place(tmp_path, network(address(OLD))) == OLD.place(0)
    with pytest.raises(BadAddress, match="names no place of warm's"):
        warm_place(tmp_path, network(""))


@pytest.mark.parametrize("index", [0, 19])
def test_a_wallet_that_was_left_is_paid_no_more(tmp_path: Path, index: int) -> None:
    """Criterion: CUST-SWEEP-4. From the moment that the record says so."""
    note(tmp_path, "ceremony", OLD)
    assert warm_place(tmp_path, network(address(OLD, index))) == OLD.place(0)
    note(tmp_path, "rotation", NEXT)
    for named in (address(OLD, index), address(NEXT, index)):
        assert warm_place(tmp_path, network(named)) == NEXT.place(0)
    note(tmp_path, "rotation", OLD)
    assert warm_place(tmp_path, network(address(NEXT))) == OLD.place(0)


def test_what_the_record_never_had_is_not_paid(tmp_path: Path) -> None:
    """Criterion: CUST-SWEEP-4."""
    note(tmp_path, "ceremony", OLD)
    for named in (address(OTHER), address(OLD, 20)):
        with pytest.raises(BadAddress, match=f"{named}, which is no warm wallet of {FILE}"):
            warm_place(tmp_path, network(named))


def test_a_safe_stays_where_it_is(tmp_path: Path) -> None:
    """Criterion: CUST-SWEEP-4."""
    made = TierWallet(NETWORK, "warm", SAFE, 2, tuple("abcd"), chain_id=1, safe=ACCOUNT.hex())
    Record.of(tmp_path).append(Entry(0, 1, "ceremony", "", wallets=(made,)))
    assert warm_place(tmp_path, network("0x" + ACCOUNT.hex(), kind="evm")) == ACCOUNT
    with pytest.raises(BadAddress, match="no warm wallet"):
        warm_place(tmp_path, network("0x" + "11" * 20, kind="evm"))


def test_a_damaged_record_tells_nothing(tmp_path: Path) -> None:
    """Criterion: CUST-SWEEP-4."""
    note(tmp_path, "ceremony", OLD)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes().replace(b'"warm"', b'"cold"'))
    with pytest.raises(BadRecord):
        warm_place(tmp_path, network(address(OLD)))

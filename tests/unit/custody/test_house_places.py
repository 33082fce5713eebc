"""Goal: no chain pays a withdrawal to a wallet of the exchange's own, of whichever tier.

Method: a file of networks and a record of ceremonies of each family; what the gateway and the payer
say of each address that is in them, and of strangers'.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.bech32 import BadAddress, encode
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.hd import Private
from fullreserve.custody.holdings import COLD_INDEX
from fullreserve.custody.house import PAYER_GATEWAY, House
from fullreserve.custody.house_places import HousePlaces
from fullreserve.custody.keys.record import SAFE, UTXO, Entry, Record, TierWallet
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import PayersExchange
from fullreserve.custody.tiers.wallet import Key, Wallet
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.identity.address_book import AddressBook
from fullreserve.identity.vault import Vault
from tests.bed import ALICE, START_MS, Bed

EVM, SCRIPTS, MEMO = 1, 3, 4
LANE, COLD, WARM, SAFES, TOKEN = (bytes([n]) * 20 for n in (1, 2, 3, 4, 5))
STRANGER = checksummed(b"\x99" * 20)


def network(number: int, kind: str, branches: int = 1) -> Network:
    roots = [Private.of_seed(bytes([n]) * 32).public() for n in range(1, branches + 1)]
    return Network(
        network=number, kind=kind, nodes=("http://127.0.0.1:1",),
        branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in roots),
        decimals={2: 18}, coin=2, credit_after=2, unlock_after=3, hrp="rltc",
    )  # fmt: skip


def served() -> dict[int, Network]:
    accounts = {"lanes": (LANE.hex(),), "cold": COLD.hex(), "warm": checksummed(WARM)}
    evm = msgspec.structs.replace(network(EVM, "evm"), **accounts)
    memo = msgspec.structs.replace(network(MEMO, "memo"), lanes=(LANE.hex(),))
    return {EVM: evm, SCRIPTS: network(SCRIPTS, "utxo", 3), MEMO: memo}


def wallet(first: int) -> Wallet:
    roots = [Private.of_seed(bytes([n]) * 32).public() for n in range(first, first + 3)]
    return Wallet(2, tuple(Key(f"k{n}", one.key.hex(), one.code.hex())
                           for n, one in enumerate(roots)))  # fmt: skip


def script(index: int, first: int) -> str:
    return encode("rltc", 0, wallet(first).place(index)[2:])


def recorded(folder: Path) -> None:
    """A Safe, and a script wallet of warm's in the place of an older one."""
    safe = TierWallet(EVM, "cold", SAFE, 2, (), safe=SAFES.hex())
    scripts = [TierWallet(SCRIPTS, "warm", UTXO, 2, (), wallet(n), "rltc", 1) for n in (50, 60)]
    record = Record.of(folder)
    record.append(Entry(0, 1, "ceremony", "", wallets=(safe, scripts[0])))
    record.append(Entry(0, 2, "rotation", "", wallets=(scripts[1],)))


def ours(known: dict[int, Network]) -> list[tuple[int, str]]:
    of = {number: one.addresses() for number, one in known.items()}
    return [
        *((EVM, checksummed(one)) for one in (LANE, COLD, WARM, SAFES)),
        *((EVM, "0x" + LANE.hex()), (EVM, of[EVM].address(0))),
        *((SCRIPTS, of[SCRIPTS].address(index)) for index in (0, COLD_INDEX)),
        *((SCRIPTS, script(index, first)) for index in (0, 19) for first in (50, 60)),
        *((MEMO, checksummed(LANE)), (MEMO, of[MEMO].address(0)), (MEMO, of[MEMO].address(7))),
    ]


def test_addresses_of_our_own_wallets_are_told_apart(tmp_path: Path) -> None:
    """Criterion: CHAINS-OWN-1. Of each tier, also of a wallet that was rotated."""
    known, of = served(), served()[EVM].addresses()
    recorded(tmp_path)
    places = HousePlaces(tmp_path, known.values())
    assert [one for one in ours(known) if not places.is_ours(*one)] == []
    strangers = [
        *((EVM, STRANGER), (EVM, of.address(1)), (EVM, "no address"), (9, STRANGER)),
        *((SCRIPTS, known[SCRIPTS].addresses().address(1)), (SCRIPTS, script(20, 60))),
        (MEMO, f"{STRANGER}:123"),
    ]
    assert [one for one in strangers if places.is_ours(*one)] == []


def test_a_wallet_of_a_later_ceremony_is_known_and_a_damaged_record_forgets_none(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-OWN-1. No start is needed for it."""
    places = HousePlaces(tmp_path, served().values())
    safe = (EVM, checksummed(SAFES))
    assert not places.is_ours(*safe)
    recorded(tmp_path)
    assert places.is_ours(*safe)
    (tmp_path / "custody-keys.jsonl").write_bytes(b"{}\n")
    assert places.is_ours(*safe)
    assert places.is_ours(EVM, checksummed(LANE))
    assert not places.is_ours(EVM, STRANGER)


async def test_the_payer_pays_none_of_them(tmp_path: Path) -> None:
    """Criterion: CHAINS-OWN-2. Whatever the gateway let into the address book."""
    known, folds = served(), products()
    recorded(tmp_path)
    bed = await Bed.open(tmp_path, folds=folds)
    vault = Vault(tmp_path, lambda: START_MS)
    vault.create_user(uid=ALICE)
    house, book = House(await bed.door(PAYER_GATEWAY)), AddressBook(vault)
    places = HousePlaces(tmp_path, known.values())
    for number, text in [*ours(known), (EVM, STRANGER)]:
        one = PayersExchange(house, Destinations(vault), known[number], places)
        entry = book.add(ALICE, number, text, "somewhere")
        fixed = (1, number, 2, amount_bytes(5), entry.number)
        pay = wire.Pay(*fixed, b"", b"", owner=ALICE)
        if text == STRANGER:
            assert await one.destination(pay) == (STRANGER, "")
            continue
        with pytest.raises(BadAddress, match="it is an address of the exchange itself"):
            await one.destination(pay)
    vault.close()
    await bed.close()


@pytest.mark.parametrize(("number", "memo"), [(EVM, ""), (MEMO, ":7")])
async def test_the_payer_pays_no_contract_of_a_token(
    tmp_path: Path, number: int, memo: str
) -> None:
    """Criterion: CHAINS-OWN-4. Also of one that stood in the address book before."""
    one = msgspec.structs.replace(served()[number], tokens={6: TOKEN.hex()})
    bed = await Bed.open(tmp_path, folds=products())
    vault = Vault(tmp_path, lambda: START_MS)
    vault.create_user(uid=ALICE)
    house = House(await bed.door(PAYER_GATEWAY))
    exchange = PayersExchange(house, Destinations(vault), one, HousePlaces(tmp_path, (one,)))
    for asset in (2, 6):
        entry = AddressBook(vault).add(ALICE, number, checksummed(TOKEN) + memo, f"{asset}")
        fixed = (1, number, asset, amount_bytes(5), entry.number)
        with pytest.raises(BadAddress, match="token's own contract"):
            await exchange.destination(wire.Pay(*fixed, b"", b"", owner=ALICE))
    vault.close()
    await bed.close()

"""Goal: what an earlier version left cold under keys of signers can be brought to people's wallet.

Method: real nodes with coins at the hot keys' last index, and in an account with tokens; the
signers' sealed files. What arrives is read from the chain, and what it cost as the ledger would.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.config import Settings
from fullreserve.custody import keyfile, networks
from fullreserve.custody.addresses import COLD_INDEX, account_of
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.following import Seen
from fullreserve.custody.keys import old_cold
from fullreserve.custody.keys.own_fees import own_fee
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.signing import branch_name
from fullreserve.custody.store import Store
from fullreserve.custody.tiers import abi, wallet_coins
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.exchange.products.custody_wire import Tier
from tests.bed import BTC, USDT
from tests.integration.custody.holders import people
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.safes import ETHER, TOKENS, Chain
from tests.integration.reserves.test_people import (
    NUMBER,
    anvil,
    bitcoin,
    network,
    safe_of,
    script_network,
    script_wallet,
)

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

__all__ = ["anvil", "bitcoin"]  # fixtures

WORD = "a phrase of this test"
HOLDERS = people(5, 41)


def sealed(folder: Path, *secrets: dict[str, bytes]) -> list[Path]:
    """Signers' files."""
    paths = [folder / f"{number}.keys" for number, _ in enumerate(secrets)]
    for path, one in zip(paths, secrets, strict=True):
        keyfile.seal(path, one, WORD.encode())
    return paths


def moved(data: Path, files: list[Path], patch: pytest.MonkeyPatch, *, dry: bool = False) -> int:
    patch.setattr("sys.stdin", io.StringIO(f"{WORD}\n" * len(files)))
    return old_cold.move_cold(Settings(data=data), NUMBER, files, 10, dry)


def transactions(said: str) -> list[str]:
    return [line.split()[1].rstrip(":") for line in said.splitlines() if line[:11] == "transaction"]


def test_coins_at_the_hot_keys_last_index_go_to_people(
    bitcoin: UtxoBed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """By two signers' files, not by one; the fee is one that `charge-tier` takes.

    Criterion: CUST-OLD-1
    """
    networks.keep(tmp_path, [script_network(bitcoin)])
    cold = Wallet(3, tuple(one.key for one in HOLDERS))
    tier = script_wallet(bitcoin, "cold", cold)
    Record.of(tmp_path).append(Entry(0, 0, "ceremony", "", wallets=(tier,)))
    bitcoin.chain.know_also(COLD_INDEX)
    cursor = bitcoin.cursor()
    place = bitcoin.chain.addresses.place(COLD_INDEX)
    bitcoin.send([Payment(0, bitcoin.asset, n * bitcoin.unit, place) for n in (2, 3)])
    bitcoin.mine()
    store = Store(tmp_path / PAYER_STORE)
    for report in bitcoin.reports(cursor):
        if isinstance(report, Seen):
            coin = bitcoin.chain.take_coin(report.deposit)
            store.keep_coin(NUMBER, coin.outpoint(), msgspec.msgpack.encode(coin))
    store.close()
    secrets = [{branch_name(NUMBER): one.secret + one.code} for one in bitcoin.roots]
    files = sealed(tmp_path, *secrets)
    assert moved(tmp_path, files[:1], monkeypatch) == 1
    assert "1 of 2 holders have signed" in capsys.readouterr().err
    assert moved(tmp_path, files[1:], monkeypatch, dry=True) == 0
    assert not transactions(capsys.readouterr().out)
    assert moved(tmp_path, files[1:], monkeypatch) == 0
    (name,) = transactions(capsys.readouterr().out)
    bitcoin.mine(6)
    tip = bitcoin.node.call("getblockcount")
    (arrived,) = wallet_coins.found(bitcoin.node, cold, 1, tier.born, tip)
    (of,) = networks.load(tmp_path)
    fee = own_fee(of, tmp_path, Tier.COLD, bytes.fromhex(name))
    assert arrived.coin.amount == 5 * bitcoin.unit - fee
    assert moved(tmp_path, files[1:], monkeypatch) == 1
    assert "nothing to move" in capsys.readouterr().err


def test_what_an_account_holds_goes_to_people_s_safe(
    anvil: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Tokens, and the coin that gas leaves; another's key moves nothing. Criterion: CUST-OLD-1"""
    key, other = PrivateKey(b"\x0a" * 32), PrivateKey(b"\x0b" * 32)
    account = account_of(key.public_key.format())
    tier = safe_of(anvil, "cold", HOLDERS)
    to = bytes.fromhex(tier.safe)
    anvil.send(account, b"", ETHER)
    minted = abi.call("mint(address,uint256)", account, TOKENS)
    anvil.send(anvil.token, minted)
    of = network(anvil.process.url, decimals={BTC: 18, USDT: 6}, cold=account.hex(),
                 tokens={USDT: anvil.token.hex()})  # fmt: skip
    networks.keep(tmp_path, [of])
    Record.of(tmp_path).append(Entry(0, 0, "ceremony", "", wallets=(tier,)))
    wrong, right = sealed(tmp_path, {"cold": other.secret}, {"cold": key.secret})
    assert moved(tmp_path, [wrong], monkeypatch) == 1
    assert "no file has the key" in capsys.readouterr().err
    assert moved(tmp_path, [right], monkeypatch, dry=True) == 0
    anvil.node.call("anvil_mine", "0x1")
    assert anvil.balance(account) == ETHER
    assert not transactions(capsys.readouterr().out)
    for _ in range(2):
        assert moved(tmp_path, [right], monkeypatch) == 0
        assert moved(tmp_path, [right], monkeypatch) == 1
        anvil.node.call("anvil_mine", "0x1")
    told = capsys.readouterr()
    names = transactions(told.out)
    assert told.err.count("is in no block yet") == 2
    assert moved(tmp_path, [right], monkeypatch) == 1
    assert "nothing to move" in capsys.readouterr().err
    anvil.node.call("anvil_mine", "0x6")
    assert (anvil.tokens(account), anvil.tokens(to)) == (0, TOKENS)
    left, arrived = anvil.balance(account), anvil.balance(to) - 3 * ETHER
    receipts = [anvil.node.call("eth_getTransactionReceipt", "0x" + one) for one in names]
    assert [one["status"] for one in receipts] == ["0x1", "0x1"]
    fees = sum(int(one["gasUsed"], 16) * int(one["effectiveGasPrice"], 16) for one in receipts)
    assert left + arrived + fees == ETHER
    shown = [own_fee(of, tmp_path, Tier.COLD, bytes.fromhex(one)) for one in names]
    assert sum(shown) == fees
    assert left < ETHER // 1000

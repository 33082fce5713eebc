"""Goal: a field of a network that cannot be is refused by its name, with what is allowed.

Method: one good network of each family of this source, of which one field is changed; the file as
an operator would have written it, and what looks at it as the exchange starts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.app import custody
from fullreserve.custody import network_fields, networks
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import BadNetworks, Branch, Network

COIN, TOKEN = 2, 6
CONTRACT, LANE = "ab" * 20, "cd" * 20
ROOTS = [Private.of_seed(bytes([number]) * 32).public() for number in range(1, 5)]
BRANCHES = tuple(Branch(one.key.hex(), one.code.hex()) for one in ROOTS)
LITECOIN = "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"
FIELDS: dict[str, Any] = {"credit_after": 2, "unlock_after": 3, "coin": COIN}
NODE = "http://127.0.0.1:1"

ACCOUNTS = Network(
    network=5, kind="evm", nodes=(NODE,), branches=BRANCHES[:1], chain_id=1,
    decimals={COIN: 18, TOKEN: 6}, tokens={TOKEN: CONTRACT}, **FIELDS,
)  # fmt: skip
MEMOS = msgspec.structs.replace(ACCOUNTS, kind="memo")
SCRIPTS = Network(
    network=7, kind="utxo", nodes=(NODE, "https://ops:word@10.0.0.2:8332/"), hrp="ltc",
    branches=BRANCHES[:3], decimals={COIN: 8}, genesis=LITECOIN,
    signers=("a.sock", "below/b.sock", "tls:cyd@10.0.0.3:9001"), **FIELDS,
)  # fmt: skip
NODES = "allowed: http://host:port and https://host:port"
SOCKETS = "allowed: the name of a socket below the data folder"
OF_GENESIS = "64 hexadecimal digits without 0x"


def said(one: Network) -> str:
    return "; ".join(network_fields.faults(one))


@pytest.mark.parametrize("good", [ACCOUNTS, MEMOS, SCRIPTS])
def test_what_can_be_is_taken(good: Network, tmp_path: Path) -> None:
    """Criterion: ASSET-NETWORK-3."""
    networks.keep(tmp_path, [good])
    network_fields.check(tmp_path, networks.load(tmp_path))
    assert custody.served(tmp_path).addresses.keys() == {good.network}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"nodes": ("ftp://x",)}, NODES),
        ({"nodes": ("127.0.0.1:19897",)}, NODES),
        ({"nodes": ("http://127.0.0.1:99999",)}, NODES),
        ({"nodes": ("http://127.0.0.1:0",)}, NODES),
        ({"nodes": (NODE, NODE)}, "nodes: one stands twice"),
        ({"signers": ("tls:x", "b.sock")}, SOCKETS),
        ({"signers": ("tls:x@host:70000", "b.sock")}, SOCKETS),
        ({"signers": ("tls:x@:9001", "b.sock")}, SOCKETS),
        ({"signers": ("/etc/x", "b.sock")}, SOCKETS),
        ({"signers": ("../y", "b.sock")}, SOCKETS),
        ({"signers": ("", "b.sock")}, SOCKETS),
        ({"fee_budget": -1}, "fee_budget -1: 0 or more"),
        ({"payment_budget": -1}, "payment_budget -1: 0 or more"),
        ({"sweep_worth": 0}, "sweep_worth 0: 1 or more"),
        ({"code": "a/b"}, "code: 'a/b' is not 1 to 32 letters"),
        ({"fees": {9: networks.FeeBounds(1, 2)}}, "fees: asset 9 has no decimals"),
        ({"branches": (Branch("zz", "00" * 32),)}, "key of number 1 is no public key"),
        ({"branches": (Branch("02" + "ff" * 32, "00" * 32),)}, "key of number 1 is no public key"),
        ({"branches": (Branch(BRANCHES[0].key, "1"),)}, "code of number 1: 64 hexadecimal"),
        ({"later": (networks.Generation(()),)}, "later 0: none"),
        ({"warm": "xyz"}, "warm: 'xyz' is no address of this chain"),
    ],
)
@pytest.mark.parametrize("good", [ACCOUNTS, MEMOS, SCRIPTS])
def test_what_cannot_be_is_refused(good: Network, change: dict[str, Any], told: str) -> None:
    """Criterion: ASSET-NETWORK-3."""
    assert told in said(msgspec.structs.replace(good, **change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"chain_id": 0}, "chain_id 0: 1 to 9223372036854775807"),
        ({"chain_id": -1}, "chain_id -1: 1 to"),
        ({"branches": BRANCHES[:2]}, "branches: 2; allowed is one"),
        ({"tokens": {}}, "tokens: asset 6 has no contract, and is not the coin"),
        ({"tokens": {TOKEN: "0x" + CONTRACT}}, "40 hexadecimal digits, without 0x"),
        ({"tokens": {COIN: LANE, TOKEN: CONTRACT}}, "asset 2 is the coin, which has no contract"),
        ({"lanes": ("0x" + LANE,)}, "lanes: '0x"),
        ({"left": ("xyz",)}, "left: 'xyz' is not 40 hexadecimal digits"),
        ({"cold": "xyz"}, "cold: 'xyz' is not 40 hexadecimal digits"),
        (
            {"decimals": {COIN: 18, TOKEN: 6, 9: 6}, "tokens": {TOKEN: CONTRACT, 9: CONTRACT}},
            "tokens: a contract stands twice",
        ),
    ],
)
@pytest.mark.parametrize("good", [ACCOUNTS, MEMOS])
def test_what_accounts_cannot_have_is_refused(
    good: Network, change: dict[str, Any], told: str
) -> None:
    """Criterion: ASSET-NETWORK-3."""
    assert told in said(msgspec.structs.replace(good, **change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"genesis": "00" * 32}, OF_GENESIS),
        ({"genesis": ""}, OF_GENESIS),
        ({"genesis": "abcd"}, OF_GENESIS),
        ({"genesis": "0x" + LITECOIN}, OF_GENESIS),
        ({"hrp": ""}, "hrp: '' is not what addresses begin with"),
        ({"hrp": "LTC"}, "hrp: 'LTC' is not what addresses begin with"),
        ({"hrp": "bc"}, "hrp: addresses of the chain of this genesis begin with ltc"),
        ({"threshold": 0}, "threshold 0 of 3 branches"),
        ({"threshold": 4}, "threshold 4 of 3 branches"),
        ({"decimals": {COIN: 8, TOKEN: 8}}, "asset 6 is not the coin, and such a chain has no"),
        ({"tokens": {COIN: CONTRACT}}, "tokens: such a chain has none"),
        ({"lanes": (LANE,)}, "lanes: such a chain has none"),
    ],
)
def test_what_scripts_cannot_have_is_refused(change: dict[str, Any], told: str) -> None:
    """Criterion: ASSET-NETWORK-3."""
    assert told in said(msgspec.structs.replace(SCRIPTS, **change))


def test_no_message_repeats_a_password_of_a_node() -> None:
    """Criterion: ASSET-NETWORK-3."""
    found = said(msgspec.structs.replace(SCRIPTS, nodes=("ftp://ops:secret-word@host",)))
    assert "nodes: number 1" in found
    assert "secret-word" not in found


def test_a_start_refuses_what_it_would_go_wrong_by(tmp_path: Path) -> None:
    """Criterion: ASSET-NETWORK-3."""
    for change, told in (
        ({"tokens": {}}, "network 5 in custody.json: tokens: asset 6 has no contract"),
        ({"credit_after": 9}, "network 5 in custody.json: credit_after 9 and unlock_after 3"),
        ({"decimals": {TOKEN: 6}}, "its coin, asset 2, is not among its decimals"),
    ):
        networks.keep(tmp_path, [msgspec.structs.replace(ACCOUNTS, **change)])
        with pytest.raises(BadNetworks, match=told):
            custody.served(tmp_path)
    twice = [ACCOUNTS, msgspec.structs.replace(MEMOS, code="ERC20")]
    networks.keep(tmp_path, twice)
    with pytest.raises(BadNetworks, match="network 5 stands 2 times"):
        custody.served(tmp_path)
    networks.keep(tmp_path, [msgspec.structs.replace(twice[1], network=9), twice[1]])
    with pytest.raises(BadNetworks, match="code ERC20 stands 2 times"):
        custody.served(tmp_path)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Criterion: ASSET-NETWORK-3."""
    networks.keep(tmp_path, [ACCOUNTS])
    (tmp_path / networks.FILE).chmod(0o644)
    with pytest.raises(BadNetworks, match=r"has mode 0644.*allowed: 0600"):
        custody.served(tmp_path)


def test_a_field_written_wrong_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    """Criterion: ASSET-NETWORK-3."""
    networks.keep(tmp_path, [ACCOUNTS])
    path = tmp_path / networks.FILE
    path.write_text(json.dumps([json.loads(path.read_text())[0] | {"unlock_afer": 64}]))
    with pytest.raises(BadNetworks, match=r"unknown field `unlock_afer`.*unlock_after, chain_id"):
        networks.load(tmp_path)

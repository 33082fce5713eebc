"""Goal: what a node says of a transaction is held against its hash and its signature, of each kind.

Method: eth-account signs; its transactions are told as a node tells them.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from fullreserve.custody import rlp
from fullreserve.custody.chains import evm_proof
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.keccak import keccak256
from tests.unit.reserves.state_tree import StateTree

WHO = Account.from_key(b"\x07" * 32)
TARGET = "0x" + "33" * 20
FIELDS = {"nonce": 5, "gas": 60_000, "to": TARGET, "value": 7, "data": "0x1234", "chainId": 31_337}
BID = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10}
LISTED = [{"address": TARGET, "storageKeys": ["0x" + "44" * 32]}]
HASH = "0x01" + "55" * 31


def kinds() -> dict[str, dict[str, Any]]:
    given = {"chainId": 31_337, "address": TARGET, "nonce": 6}
    authority = WHO.sign_authorization(given)
    return {
        "legacy": FIELDS | {"gasPrice": 10**9},
        "unprotected": {k: v for k, v in FIELDS.items() if k != "chainId"} | {"gasPrice": 10**9},
        "listed": FIELDS | {"type": 1, "gasPrice": 10**9, "accessList": LISTED},
        "fees": FIELDS | BID | {"type": 2, "accessList": LISTED},
        "blobs": FIELDS | BID | {
            "type": 3, "maxFeePerBlobGas": 9, "blobVersionedHashes": [HASH], "accessList": LISTED,
        },
        "code": FIELDS | BID | {"type": 4, "authorizationList": [authority], "accessList": []},
    }  # fmt: skip


def said(value: Any) -> Any:
    """As JSON of a node's."""
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return [said(one) for one in value]
    return {name: said(one) for name, one in value.items()} if isinstance(value, dict) else value


def told(kind: str) -> dict[str, Any]:
    """A signed transaction as a node tells it."""
    fields = kinds()[kind]
    signed = WHO.sign_transaction(fields)
    one: dict[str, Any] = said({name: part for name, part in fields.items() if name != "data"})
    if kind == "code":
        given = fields["authorizationList"][0]
        one["authorizationList"] = [
            {"chainId": hex(given.chain_id), "address": TARGET, "nonce": hex(given.nonce),
             "yParity": hex(given.y_parity), "r": hex(given.r), "s": hex(given.s)}
        ]  # fmt: skip
    one |= {"input": "0x1234", "hash": said(bytes(signed.hash)), "from": WHO.address.lower()}
    return one | {"v": hex(signed.v), "r": hex(signed.r), "s": hex(signed.s)}


@pytest.mark.parametrize("kind", kinds())
def test_a_transaction_of_each_kind_is_what_its_hash_says(kind: str) -> None:
    """Criterion: CHAINS-LIES-4. Its id and its sender; another value or sender is refused."""
    one = told(kind)
    assert evm_proof.signed(one).txid == bytes.fromhex(one["hash"][2:])
    for other in ({"value": "0x8"}, {"from": TARGET}, {"s": "0x1"}, {"r": "0x0", "s": "0x0"}):
        with pytest.raises(NodeGarbage):
            evm_proof.signed(one | other)


@pytest.mark.parametrize(
    ("kind", "base", "price"),
    [
        ("legacy", 10**8, 10**9),
        ("unprotected", 10**8, 10**9),
        ("listed", 10**8, 10**9),
        ("fees", 10**8, 10**8 + 10),
        ("fees", 10**11 - 1, 10**11),
        ("blobs", 10**8, 10**8 + 10),
        ("code", 0, 10),
    ],
)
def test_a_price_is_what_a_block_and_a_bid_make_it(kind: str, base: int, price: int) -> None:
    """Criterion: CHAINS-LIES-6. Not what a node says of it; newer kinds need a base fee."""
    one = told(kind)
    more = one if "gasPrice" in kinds()[kind] else one | {"gasPrice": "0xffffffffffff"}
    assert evm_proof.gas_price({"baseFeePerGas": hex(base)}, more) == price
    if more is not one:
        with pytest.raises(NodeGarbage, match="without baseFeePerGas"):
            evm_proof.gas_price({}, one)


@pytest.mark.parametrize("kind", ["0x5", "0x7e", "-0x1", "x"])
def test_a_kind_that_is_not_known_is_refused(kind: str) -> None:
    """Criterion: CHAINS-LIES-4."""
    with pytest.raises(NodeGarbage, match="kind|no number"):
        evm_proof.raw(told("fees") | {"type": kind})


def test_an_account_is_what_a_state_holds() -> None:
    """Criterion: CHAINS-LIES-6. Or nobody, where the state shows that it is not there."""
    places = [bytes([number]) * 20 for number in range(40)]
    rest = [b"r" * 32, b"c" * 32]
    rows = {place: rlp.encode([n, 10**18 + n, *rest]) for n, place in enumerate(places)}
    tree = StateTree(rows)
    nodes = {keccak256(one): one for one in tree.nodes}

    def proof(place: bytes) -> list[str]:
        path, wanted, found = keccak256(place).hex(), tree.root, list[str]()
        while wanted in nodes:
            found.append("0x" + nodes[wanted].hex())
            parts = rlp.decode_list(nodes[wanted])
            wanted, path = (parts[int(path[0], 16)] if len(parts) == 17 else b""), path[1:]
        return found

    for number, place in enumerate(places):
        assert evm_proof.account(tree.root, place, proof(place)) == (number, 10**18 + number)
    for stranger in (b"s" * 20, b"t" * 20, b"u" * 20):
        assert evm_proof.account(tree.root, stranger, proof(stranger)) == evm_proof.NOBODY
    for wrong in (proof(places[1]), proof(places[0])[:-1], [], ["0x"], ["0xc0"], ["0xf8"], None):
        with pytest.raises(NodeGarbage):
            evm_proof.account(tree.root, places[0], wrong)


@pytest.mark.parametrize("wrong", [b"", b"\x80", b"\xc1", b"\xc0\xc0", b"\xf8", b"\xc2\x82\x01"])
def test_what_is_no_list_is_refused(wrong: bytes) -> None:
    """Criterion: CHAINS-LIES-6."""
    with pytest.raises(ValueError, match="."):
        rlp.decode_list(wrong)

"""Goal: nothing that is declared, or was signed earlier, makes verifiers refuse the evidence.

Method: addresses and signatures made by hand, given to the parts of the evidence one at a time; a
node of one state tree stands in for a chain's.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.networks import Branch, Network
from fullreserve.reserves import coins_chain, declared, evidence, judging, safe_places
from fullreserve.reserves.accounts_chain import Coins, Found, Pinned
from fullreserve.reserves.declared import BadDeclared, Declared, WithDeclared
from fullreserve.reserves.owned import FILE, Owned
from fullreserve.reserves.places import NotProven, Ownership, Place, Said, message_of
from tests.unit.reserves import chain, coins, wallet
from tests.unit.reserves.accounts_control import OWNERS, SAFE, recoverable, safe_said, safe_state
from tests.unit.reserves.chain import HEIGHT, OURS, STRANGER, Owner
from tests.unit.reserves.forge import KEY, NOW_MS
from tests.unit.reserves.state_tree import StateTree
from verifier import verify

EXCHANGE = KEY.public.hex()
NAME = "0x" + SAFE.hex()
COIN = "ab" * 32 + ":0"


class OneState(Node):
    """A node that knows one state, and whose Safe says yes to whatever it is asked."""

    def __init__(self, tree: StateTree) -> None:
        super().__init__("http://127.0.0.1:1")
        self._tree = tree

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_call":
            return "0x1626ba7e" + "00" * 28
        nodes = ["0x" + one.hex() for one in self._tree.nodes]
        slots = [{"value": "0x" + "51" * 20, "proof": nodes} for _ in params[1]]
        return {"accountProof": nodes, "storageProof": slots}


class Signers:
    """Signers who have one account, on a network of their own."""

    async def places(self, network: int) -> Sequence[Place]:
        return [Place(network, "hot", OURS.address, OURS.account)] if network == 9 else []

    async def prove(self, place: Place, message: str) -> Ownership:
        raise NotProven(message)


def safe_shown(tree: StateTree, signers: Sequence[Owner]) -> set[str]:
    header = chain.header(tree.root)
    block = Pinned(HEIGHT, keccak256(header).hex(), header.hex(), chain.READ_MS)
    message = message_of(Said(EXCHANGE, NAME, 1, HEIGHT, block.hash, NOW_MS))
    made = tuple(recoverable(one.key, safe_said(message)) for one in signers)
    proof = Ownership(message=message, signatures=made, form="eip1271")
    place = Place(1, "declared", NAME, SAFE)
    return safe_places.shown(OneState(tree), place, proof, 1, block)


def test_a_safe_counts_only_as_strangers_believe_it() -> None:
    """Whatever it answers: of known code, signed for by its owners. Criterion: POR-RESERVES-3"""
    tree = safe_state(OWNERS, 2)
    assert safe_shown(tree, OWNERS[1:]) == {one.hex() for one in tree.nodes}
    with pytest.raises(NotProven, match="no Safe that this program knows"):
        safe_shown(safe_state(OWNERS, 2, proxy=keccak256(b"1.4.1")), OWNERS[1:])
    with pytest.raises(NotProven, match="The proof of a chain's state"):
        safe_shown(tree, [*OWNERS[1:], STRANGER])


def test_places_that_verifiers_refuse_are_found() -> None:
    """One of three, by halves; none where all hold. Criterion: POR-RESERVES-3"""
    honest = chain.files()[1]["chains"][0]
    assert judging.refused(honest, EXCHANGE, NOW_MS) == {}
    (place,) = honest["places"]
    wrong = copy.deepcopy(place) | {"signatures": []}
    other = copy.deepcopy(place) | {"address": STRANGER.address}
    found = judging.refused(honest | {"places": [place, wrong]}, EXCHANGE, NOW_MS)
    assert found == {OURS.address: f"{OURS.address}: an account is signed for by its one key."}
    found = judging.refused(honest | {"places": [place, other]}, EXCHANGE, NOW_MS)
    assert found == {STRANGER.address: f"{STRANGER.address}: the signature is for something else."}
    late = NOW_MS + verify.SIGNED_AGE_MAX_MS
    assert list(judging.refused(honest, EXCHANGE, late)) == [OURS.address]
    of_coins = coins.files(signers=coins.OURS[:1])[1]["chains"][0]
    assert list(judging.refused(of_coins, EXCHANGE, NOW_MS)) == [of_coins["places"][0]["address"]]


def declared_coins(*names: str) -> Declared:
    address = wallet.address(wallet.to_witness_key())
    message = message_of(Said(EXCHANGE, address, 2, HEIGHT, "00" * 32, NOW_MS))
    made = tuple(wallet.by_witness_key()(message))
    return Declared(
        network=2, address=address, form="bip322", message=message, signatures=made, coins=names
    )


def utxo_network() -> Network:
    return Network(
        network=2, kind="utxo", nodes=("http://127.0.0.1:1",), branches=(Branch("", ""),),
        decimals={1: 8}, coin=1, credit_after=1, unlock_after=2, hrp="bcrt",
    )  # fmt: skip


def test_coins_are_declared_as_verifiers_read_them() -> None:
    """Criterion: POR-RESERVES-3"""
    declared.judged(utxo_network(), declared_coins(COIN, "cd" * 32 + ":7"))
    for names in (("ab" * 32,), ("AB" * 32 + ":0",), (COIN + "0" * 9,), ("ab" * 32 + ":00",)):
        with pytest.raises(NotProven, match="no output of a transaction"):
            declared.judged(utxo_network(), declared_coins(*names))
    with pytest.raises(NotProven, match="named twice"):
        declared.judged(utxo_network(), declared_coins(COIN, COIN))


def test_what_was_declared_wrongly_does_not_hide_its_chain() -> None:
    """From a file of before, or altered by hand. Criterion: POR-RESERVES-3"""
    place = declared_coins("no coin", "AB" * 32 + ":0", COIN, COIN).place()
    assert coins_chain._declared([place]) == [("ab" * 32, 0, place.address)]


async def test_an_account_is_declared_once_however_it_is_written(tmp_path: Path) -> None:
    """Nor beside our own signers'; and is forgotten by either name. Criterion: POR-RESERVES-3"""
    both = [OURS.address, checksummed(OURS.account)]
    assert both[0] != both[1]
    made = [
        Declared(network=network, address=one, form="eip191", message="", signatures=())
        for network in (1, 9)
        for one in both
    ]
    (tmp_path / "reserves").mkdir()
    file = tmp_path / "reserves" / declared.FILE
    file.write_text(json.dumps([{"network": one.network, "address": one.address, "form": "eip191",
                                 "message": "", "signatures": []} for one in made]))  # fmt: skip
    control = WithDeclared(tmp_path, Signers())
    assert len(await control.places(1)) == 1
    assert [one.tier for one in await control.places(9)] == ["hot"]
    declared.keep(tmp_path, made[0])
    assert [one.address for one in declared.load(tmp_path) if one.network == 1] == [both[0]]
    declared.drop(tmp_path, 1, both[1])
    assert {one.network for one in declared.load(tmp_path)} == {9}
    with pytest.raises(BadDeclared, match="is not declared on network 1"):
        declared.drop(tmp_path, 1, both[1])


def test_signatures_are_kept_for_one_place_of_one_network(tmp_path: Path) -> None:
    """Also from a file by address alone, or of another exchange. Criterion: POR-STATE-2"""
    first, second = (Place(n, "hot", OURS.address, OURS.account) for n in (1, 2))
    proofs = [
        Ownership(
            message=message_of(Said(exchange, OURS.address, network, 5, "00" * 32, 7)),
            signatures=("00",),
        )
        for exchange, network in ((EXCHANGE, 1), ("cd" * 32, 2))
    ]
    (tmp_path / "reserves").mkdir()
    owned = Owned(tmp_path, EXCHANGE)
    owned.take(first, proofs[0])
    assert owned.of(second) is None
    owned.take(second, proofs[1])
    owned.keep()
    again = Owned(tmp_path, EXCHANGE)
    assert again.of(first) == proofs[0]
    assert again.of(second) is None
    again.forget(first)
    assert again.of(first) is None
    file = tmp_path / "reserves" / FILE
    (row, _) = json.loads(file.read_bytes()).values()
    file.write_text(json.dumps({OURS.address: row}))
    older = Owned(tmp_path, EXCHANGE)
    assert (older.of(first), older.of(second)) == (proofs[0], None)


def test_signatures_count_until_the_last_statement_that_may_show_them() -> None:
    """What was read stands for some minutes more. Criterion: POR-STATE-2"""
    assert evidence.SIGNED_FOR_MS - evidence.SPARE_MS + evidence.KEPT_MS < verify.DAY_MS


def test_one_account_of_a_chain_is_shown_once() -> None:
    """Twice among one network's places too. Criterion: POR-RESERVES-1"""
    places = [Place(1, "hot", one, OURS.account) for one in ("0xa", "0xA")]
    found = Found(Pinned(1, "", "", 0), {}, {}, ())
    network = Network(
        network=1, kind="evm", nodes=(), branches=(), decimals={}, coin=1, credit_after=0,
        unlock_after=0, chain_id=1,
    )  # fmt: skip
    part = evidence._Part(
        network=network, name="", coins=Coins("ETH", 18, ()), found=found, places=places,
        owners={}, read_ms=0, done_ms=0, paid=(), unsigned=frozenset(),
    )  # fmt: skip
    assert [len(one.places) for one in evidence._apart([part, part])] == [1, 0]

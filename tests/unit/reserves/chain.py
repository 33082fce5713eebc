"""A chain of one account, made by hand: header, state tree and a key's signature are real."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from coincurve import PrivateKey

from fullreserve.custody import rlp
from fullreserve.custody.addresses import account_of
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.ownership import sign_as_account
from fullreserve.reserves.canonical import digest
from fullreserve.reserves.places import Said, message_of
from fullreserve.reserves.statement import signed
from tests.unit.reserves.forge import (
    FOUNDED_MS,
    KEY,
    NOW_MS,
    Account,
    Document,
    Tree,
    logged,
    statement_of,
)
from tests.unit.reserves.state_tree import StateTree, account

HEIGHT = 100
BALANCE = 3 * 10**18
STATED = 3 * 10**8
READ_MS = NOW_MS - 1_000


class Owner(NamedTuple):
    key: PrivateKey

    @property
    def account(self) -> bytes:
        return account_of(self.key.public_key.format())

    @property
    def address(self) -> str:
        return "0x" + self.account.hex()


OURS, STRANGER = Owner(PrivateKey(b"\1" * 32)), Owner(PrivateKey(b"\2" * 32))


def header(root: bytes, made_ms: int = READ_MS) -> bytes:
    words: list[rlp.Item] = [b"\0" * 32, b"\0" * 32, b"\0" * 20, root, b"\0" * 32, b"\0" * 32]
    return rlp.encode(
        [
            *(*words, b"\0" * 256, 0, HEIGHT, 30_000_000, 0),
            *(made_ms // 1000, b"", b"\0" * 32, b"\0" * 8),
        ]
    )


def files(
    *,
    address_of: Owner = OURS,
    address: str = "",
    message: str = "",
    exchange: str = KEY.public.hex(),
    signatures: int = 1,
    times: int = 1,
    claimed: int = BALANCE,
    stated: int = STATED,
    block: str = "",
    signed_ms: int = READ_MS,
    said_ms: int = 0,
    form: str = "",
    sign: Callable[[str], Sequence[str]] | None = None,
    state_tree: StateTree | None = None,
    tier: str = "hot",
    since: int = FOUNDED_MS,
    until_ms: int = 0,
    young: int = 0,
    made_ms: int = READ_MS,
    told_ms: int | None = None,
    decimals: int = 18,
    changes: Document | None = None,
) -> list[Document]:
    """A statement and its evidence, honest but for what is given."""
    tree = state_tree or StateTree({address_of.account: account(BALANCE)})
    made = header(tree.root, made_ms)
    name = block or keccak256(made).hex()
    shown = address or address_of.address
    said = message_of(Said(exchange, shown, 1, HEIGHT, name, signed_ms, until_ms))
    # The key signs what it is given, whatever ownership's own signers would say to it.
    text = message or said
    whole = b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text.encode()
    raw = OURS.key.sign_recoverable(keccak256(whole), hasher=None)
    signature = (raw[:64] + bytes((27 + raw[64],))).hex()
    assert message or sign_as_account(OURS.key, said).hex() == signature
    place: Document = {
        "address": shown, "tier": tier, "since": since, "message": text, "script": "",
        "signatures": [signature] * signatures, "amounts": {"ETH": str(claimed)},
    }  # fmt: skip
    if form:
        place["form"] = form
    if sign is not None:
        place["signatures"] = list(sign(text))
    evidence: Document = {
        "v": 1, "exchange": KEY.public.hex(),
        "chains": [{
            "network": 1, "name": "ETH", "kind": "evm", "chainId": 1, "height": HEIGHT,
            "block": name, "header": made.hex(), "coin": {"symbol": "ETH", "decimals": decimals},
            "tokens": [], "nodes": [one.hex() for one in tree.nodes], "places": [place] * times,
        }],
    }  # fmt: skip
    more = {"young": young, "time": told_ms, **(changes or {})}
    return [_bundle(evidence, stated, name, said_ms or signed_ms, more), evidence]


_APART = ("young", "time")


def _bundle(
    evidence: Document, stated: int, block: str, signed_ms: int, more: Document
) -> Document:
    tree = Tree((Account(1, (0, 0)), Account(101, (STATED, 0)), Account(102, (0, 0))))
    chain = {"network": 1, "name": "ETH", "height": HEIGHT, "block": block, "signed": signed_ms}
    chain |= {} if more["time"] is None else {"time": more["time"]}
    reserves: dict[str, Any] = {"read": READ_MS, "evidence": digest(evidence), "chains": [chain]}
    statement = statement_of(tree, (stated, 0)) | {"reserves": reserves}
    statement["assets"][0] |= {"symbol": "ETH", "young": str(more["young"])}
    statement |= {name: value for name, value in more.items() if name not in _APART}
    return {
        **signed(statement, KEY),
        "log": logged([statement], 0),
        "house": tree.proof(0),
        "proof": tree.proof(1),
    }

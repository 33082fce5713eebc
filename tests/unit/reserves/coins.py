"""A chain of Bitcoin's family with one script of ours, made by hand; the signatures are real."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from coincurve import PrivateKey

from fullreserve.custody import bech32
from fullreserve.custody.ownership import sign_as_key
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

HEIGHT = 700
READ_MS = NOW_MS - 1_000


def header_of(made_ms: int) -> bytes:
    """With its time where headers have it."""
    seconds = (made_ms // 1000).to_bytes(4, "little")
    return bytes(range(68)) + seconds + bytes(range(72, 80))


def block_of(header: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1].hex()


COINS = (("ab" * 32 + ":0", 2 * 10**8), ("cd" * 32 + ":7", 10**8))
OWED = 3 * 10**8
OURS = [PrivateKey(bytes((n,)) * 32) for n in (21, 22, 23)]
STRANGER = PrivateKey(b"\x63" * 32)


def script_of(keys: Sequence[PrivateKey], needed: int = 2) -> bytes:
    """`m <keys, sorted> n CHECKMULTISIG`."""
    pushed = b"".join(b"\x21" + one for one in sorted(key.public_key.format() for key in keys))
    return bytes((0x50 + needed,)) + pushed + bytes((0x50 + len(keys), 0xAE))


def address_of(script: bytes, hrp: str = "bcrt") -> str:
    return bech32.encode(hrp, 0, hashlib.sha256(script).digest())


SCRIPT = script_of(OURS)


def files(
    *,
    signers: Sequence[PrivateKey] = (OURS[0], OURS[2]),
    script: bytes = SCRIPT,
    address: str = "",
    hrp: str = "bcrt",
    signed_for: str = "bcrt",
    coins: Sequence[tuple[str, int]] = COINS,
    amount: int = OWED,
    stated: int = OWED,
    header: bytes = b"",
    made_ms: int = READ_MS,
    kind: str = "utxo",
    decimals: int = 8,
    form: str = "",
    sign: Callable[[str], Sequence[str]] | None = None,
) -> list[Document]:
    """A statement and its evidence, honest but for what is given."""
    shown = address or address_of(script, hrp)
    block = block_of(header_of(made_ms))
    message = message_of(Said(KEY.public.hex(), shown, 1, HEIGHT, block, READ_MS))
    place: Document = {
        "address": shown, "tier": "hot", "since": FOUNDED_MS, "message": message,
        "script": script.hex(),
        "signatures": [sign_as_key(key, message, signed_for).hex() for key in signers],
        "amounts": {"BTC": str(amount)},
        "coins": [
            {"outpoint": name, "amount": str(units), "height": HEIGHT} for name, units in coins
        ],
    }  # fmt: skip
    if form:
        place["form"] = form
    if sign is not None:
        place["signatures"] = list(sign(message))
    evidence: Document = {
        "v": 1, "exchange": KEY.public.hex(),
        "chains": [{
            "network": 1, "name": "Bitcoin", "kind": kind, "hrp": hrp, "height": HEIGHT,
            "block": block, "header": (header or header_of(made_ms)).hex(),
            "coin": {"symbol": "BTC", "decimals": decimals}, "tokens": [], "places": [place],
        }],
    }  # fmt: skip
    tree = Tree((Account(1, (0, 0)), Account(101, (OWED, 0)), Account(102, (0, 0))))
    chain = {
        "network": 1, "name": "Bitcoin", "height": HEIGHT, "block": block, "signed": READ_MS,
    }  # fmt: skip
    reserves: dict[str, Any] = {"read": READ_MS, "evidence": digest(evidence), "chains": [chain]}
    statement = statement_of(tree, (stated, 0)) | {"reserves": reserves}
    bundle = {
        **signed(statement, KEY),
        "log": logged([statement], 0),
        "house": tree.proof(0),
        "proof": tree.proof(1),
    }
    return [bundle, evidence]

"""The statement of an epoch: what is owed and what is there, by asset, in one signed document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.keys import Signer

VERSION = 1
# How claims are proven; a prover of another kind names its own rule and nothing else changes.
RULE = "sum-tree/1"
TAG = b"fullreserve/statement/1\n"
# A statement is for the epoch after it too, and for a little more: then it is stale.
EXPIRES_AFTER_EPOCHS = 3
RATIO_DIGITS = 4

Document = dict[str, Any]


class Claimed(NamedTuple):
    """What the exchange owes at one place in the log. Sums are in ledger units, by asset."""

    sequence: int
    time_ms: int  # exchange time
    journal: str  # hash of the row that ends at `sequence`
    assets: Sequence[AssetDefined]  # ascending by id, as the columns of the tree
    root: str
    leaves: int
    totals: Sequence[int]
    house: Sequence[int]
    shortfalls: Mapping[int, int]


class Chain(NamedTuple):
    """Where reserves were read: after a block, whose hash is in hexadecimal digits."""

    network: int
    name: str
    height: int
    block: str
    signed_ms: int  # when the oldest signature that counts was made


class Shown(NamedTuple):
    """What was shown to be there. `evidence` is SHA-256 of the document that shows it."""

    amounts: Mapping[int, int]  # by asset, in ledger units
    chains: Sequence[Chain]
    read_ms: int
    evidence: str
    whole: frozenset[int] = frozenset()  # assets of which nothing is missing


NOTHING = Shown({}, (), 0, "")


def statement(
    claimed: Claimed,
    shown: Shown,
    *,
    epoch: int,
    now_ms: int,
    interval_s: int,
    previous: str,
    exchange: str,
) -> Document:
    """The document that is signed; its members are described in the guide to reserves."""
    expires_ms = now_ms + EXPIRES_AFTER_EPOCHS * interval_s * 1000
    return {
        "v": VERSION,
        "exchange": exchange,
        "epoch": epoch,
        "ts": now_ms,
        "expires": expires_ms,
        "previous": previous,
        "journal": {
            "sequence": claimed.sequence,
            "time": claimed.time_ms,
            "hash": claimed.journal,
        },
        "claims": {"rule": RULE, "root": claimed.root, "leaves": claimed.leaves},
        "reserves": {
            "read": shown.read_ms,
            "evidence": shown.evidence,
            "chains": [_chain(one) for one in shown.chains],
        },
        "assets": [
            _asset(place, claimed, shown.amounts.get(asset.asset, 0))
            for place, asset in enumerate(claimed.assets)
        ],
    }


def _chain(one: Chain) -> Document:
    return {
        "network": one.network,
        "name": one.name,
        "height": one.height,
        "block": one.block,
        "signed": one.signed_ms,
    }


def _asset(place: int, claimed: Claimed, reserves: int) -> Document:
    asset = claimed.assets[place]
    owed, house = claimed.totals[place], claimed.house[place]
    return {
        "symbol": asset.symbol,
        "decimals": asset.scale,
        "claims": str(owed),
        "house": str(house),
        "users": str(owed - house),
        "reserves": str(reserves),
        "shortfall": str(claimed.shortfalls.get(asset.asset, 0)),
        "ratio": ratio(reserves, owed - house),
    }


def ratio(reserves: int, users: int) -> str:
    """Reserves over what users are owed, rounded down; empty where nothing is owed.

    >>> ratio(104, 104), ratio(103999, 104000), ratio(5, 0)
    ('1.0000', '0.9999', '')
    """
    if not users:
        return ""
    parts = reserves * 10**RATIO_DIGITS // users
    whole, part = divmod(parts, 10**RATIO_DIGITS)
    return f"{whole}.{part:0{RATIO_DIGITS}d}"


def signed(document: Document, signer: Signer) -> Document:
    """The statement with its signature over tag and canonical form."""
    signature = signer.sign(TAG + canonical(document))
    return {"statement": document, "signature": signature.hex()}


def hash_of(document: Document) -> str:
    """What the next statement names as its previous one."""
    return hashlib.sha256(canonical(document)).hexdigest()

"""The statement of an epoch: what is owed and what is there, by asset, in one signed document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fullreserve.exchange.wire.events import AssetDefined
from fullreserve.reserves.canonical import canonical, digest
from fullreserve.reserves.keys import Signer

# 2: payments on their way, how long addresses are known, the lowest of 30 days.
# 3: what the exchange issues itself is counted in kind, and marked.
# 4: when each chain was read, which contracts count and when that changed; nobody believes it for
# longer than a day.
VERSION = 4
# How claims are proven; a prover of another kind names its own rule and nothing else changes.
RULE = "sum-tree/1"
TAG = b"fullreserve/statement/1\n"
# A statement is for the epoch after it too, and for a little more: then it is stale.
EXPIRES_AFTER_EPOCHS = 3
# As verifiers have it: of an exchange that is gone nothing looks new for longer.
EXPIRES_MAX_MS = 24 * 3_600_000
RATIO_DIGITS = 4
# As verifiers have it: of what is owed, so much may be on its way without anything that shows it.
LEAVING_PART = 4
# As verifiers have it: what was there in a day is not known of one with a longer time between two
# statements, as coins may be there for each of them alone.
GAP_MAX_MS = 15 * 60_000

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


class Token(NamedTuple):
    """A contract whose coins count, in hexadecimal digits."""

    symbol: str
    contract: str
    decimals: int


class Chain(NamedTuple):
    """Where reserves were read: after a block, whose hash is in hexadecimal digits."""

    network: int
    name: str
    height: int
    block: str
    signed_ms: int  # when the oldest signature that counts was made
    time_ms: int  # of the block, by its header
    read_ms: int  # when the reading was done
    tokens: Sequence[Token] = ()


class Low(NamedTuple):
    """The lowest of some days; the ratio is empty where nothing was owed."""

    ratio: str
    reserves: int


class Leaving(NamedTuple):
    """What users are still owed of a withdrawal that a block has paid already, in ledger units."""

    network: int
    txid: str
    height: int
    asset: int
    amount: int


class Mined(NamedTuple):
    """A payment of withdrawals that is in a block, not after the one that was read."""

    network: int
    txid: str
    height: int
    withdrawals: tuple[int, ...]


class Unshown(NamedTuple):
    """A network of the exchange that nothing is shown of: nothing of it counts."""

    network: int
    name: str
    why: str  # NO_NODE, UNREAD, STALE or UNVERIFIED


NO_NODE = "no node"
UNREAD = "not read"
STALE = "its newest block is old"
UNVERIFIED = "no verifier reads its family"


class Shown(NamedTuple):
    """What was shown to be there. `evidence` is SHA-256 of the document that shows it."""

    amounts: Mapping[int, int]  # by asset, in ledger units
    chains: Sequence[Chain]
    read_ms: int
    evidence: str
    whole: frozenset[int] = frozenset()  # assets of which nothing is missing
    # Of `amounts`, what stands at deposit addresses that are published only lately.
    young: Mapping[int, int] = {}
    addresses: Document | None = None  # the list of all addresses, as it is published
    mined: Sequence[Mined] = ()
    unshown: Sequence[Unshown] = ()
    own_tokens: frozenset[str] = frozenset()  # symbols of what the exchange issues itself
    # Whether a node did not answer, or something is there that nobody signed for.
    lacks: bool = False


NOTHING = Shown({}, (), 0, "")

# An earlier statement of before these heights, by network; None where there is none.
Earlier = Callable[[Mapping[int, int]], Document | None]

# By symbol, what is shown now and when: the lowest by days.
Lowest = Callable[[str, Low, int], Mapping[str, Low]]


class Reclassified(Protocol):
    """Epoch and time of the newest statement that took an asset for the other kind, if any did."""

    def __call__(self, symbol: str, /, *, is_own: bool) -> tuple[int, int] | None: ...


def _never(_symbol: str, /, *, is_own: bool) -> None:
    """Of statements that nothing came before."""


class Changed(Protocol):
    """Epoch and time of the newest statement that counted another contract, if any did."""

    def __call__(self, network: int, token: Token, /) -> tuple[int, int] | None: ...


def _unchanged(_network: int, _token: Token, /) -> None:
    """Of statements that nothing came before."""


def statement(
    claimed: Claimed,
    shown: Shown,
    *,
    epoch: int,
    now_ms: int,
    interval_s: int,
    previous: str,
    exchange: str,
    lowest: Lowest,
    gaps: Mapping[str, int],
    leaving: Sequence[Leaving] = (),
    earlier: Earlier = lambda _heights: None,
    reclassified: Reclassified = _never,
    changed: Changed = _unchanged,
) -> Document:
    """The document that is signed; its members are described in the guide to reserves."""
    rows = [
        _asset(
            place, claimed, shown, sum(one.amount for one in leaving if one.asset == asset.asset)
        )
        for place, asset in enumerate(claimed.assets)
    ]
    for row in rows:
        low = lowest(row["symbol"], Low(row["ratio"], int(row["reserves"])), now_ms)
        row["lowest"] = {
            days: {"ratio": one.ratio, "reserves": str(one.reserves)} for days, one in low.items()
        }
        if then := reclassified(row["symbol"], is_own="own" in row):
            row["reclassified"] = dict(zip(("epoch", "ts"), then, strict=True))
    names = {one.asset: one.symbol for one in claimed.assets}
    before = _before(rows, leaving, names, earlier)
    expires_ms = now_ms + min(EXPIRES_AFTER_EPOCHS * interval_s * 1000, EXPIRES_MAX_MS)
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
            "chains": [_chain(one, changed) for one in shown.chains],
        },
        **({"addresses": _list_row(shown.addresses)} if shown.addresses else {}),
        **before,
        "gaps": dict(gaps),
        "unshown": [one._asdict() for one in shown.unshown],
        "leaving": [_leaving(one, claimed) for one in leaving],
        "assets": rows,
    }


def _before(
    rows: Sequence[Document],
    leaving: Sequence[Leaving],
    names: Mapping[int, str],
    earlier: Earlier,
) -> Document:
    """Where cover rests on what leaves: the statement of before, and what was there all its day."""
    away = [row for row in rows if row["leaving"] != "0" and _rests_on_leaving(row)]
    if not away:
        return {}
    symbols = {row["symbol"] for row in away}
    heights: dict[int, int] = {}
    for one in leaving:
        if names[one.asset] not in symbols:
            continue
        heights[one.network] = min(one.height, heights.get(one.network, one.height))
    found = earlier(heights)
    if found is None:
        return {}
    was = {row["symbol"]: row["lowest"]["1"]["reserves"] for row in found["assets"]}
    for row in away:
        if row["symbol"] in was:
            row["was"] = was[row["symbol"]]
    name = {"epoch": found["epoch"], "ts": found["ts"], "statement": hash_of(found)}
    return {"before": {**name, "gap": found["gaps"]["1"]}}


def _rests_on_leaving(row: Document) -> bool:
    """Whether more than the part that needs no showing has to be counted of what leaves."""
    reserves, users = int(row["reserves"]), int(row["users"])
    return reserves + users // LEAVING_PART < users


def _list_row(document: Document) -> Document:
    """What a statement says of the list of addresses."""
    head = {name: document[name] for name in ("founded", "wait")}
    return {**head, "list": digest(document), "count": len(document["addresses"])}


def _leaving(one: Leaving, claimed: Claimed) -> Document:
    symbols = {asset.asset: asset.symbol for asset in claimed.assets}
    return {
        "network": one.network,
        "txid": one.txid,
        "height": one.height,
        "symbol": symbols[one.asset],
        "amount": str(one.amount),
    }


def _chain(one: Chain, changed: Changed) -> Document:
    return {
        "network": one.network,
        "name": one.name,
        "height": one.height,
        "block": one.block,
        "signed": one.signed_ms,
        "time": one.time_ms,
        "read": one.read_ms,
        "tokens": [_token(one.network, token, changed) for token in one.tokens],
    }


def _token(network: int, one: Token, changed: Changed) -> Document:
    then = changed(network, one)
    more = {"changed": dict(zip(("epoch", "ts"), then, strict=True))} if then else {}
    return {**one._asdict(), **more}


def _asset(place: int, claimed: Claimed, shown: Shown, leaving: int) -> Document:
    asset = claimed.assets[place]
    reserves, young = (of.get(asset.asset, 0) for of in (shown.amounts, shown.young))
    owed, house = claimed.totals[place], claimed.house[place]
    return {
        "symbol": asset.symbol,
        "decimals": asset.scale,
        "claims": str(owed),
        "house": str(house),
        "users": str(owed - house),
        "reserves": str(reserves),
        "young": str(young),
        "leaving": str(leaving),
        "shortfall": str(claimed.shortfalls.get(asset.asset, 0)),
        "ratio": ratio(reserves + leaving, owed - house),
        # Issued by the exchange itself: it covers claims on itself and nothing else, as all do.
        **({"own": 1} if asset.symbol in shown.own_tokens else {}),
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

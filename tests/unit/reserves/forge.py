"""Statements and proofs by a second implementation, and a dishonest exchange's ways to alter them.

The tree here is the slow obvious one, over a whole list of leaves; the signatures are real. Whoever
forges has the exchange's own key: only what the statement says can give them away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.keys import Signer
from fullreserve.reserves.statement import ratio, signed
from fullreserve.reserves.transparency import Checkpoint, Log, leaf_hash

Document = dict[str, Any]
KEY = Signer(bytes(range(32)))
NOW_MS = 1_790_000_000_000
# The exchange's first statement, and when its addresses were published.
FOUNDED_MS = NOW_MS - 100 * 24 * 3_600_000
SYMBOLS = ("BTC", "USDT")


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def packed(sums: Sequence[int]) -> bytes:
    """Values that do not fit wrap around, as a dishonest prover's would."""
    return b"".join((one % 2**128).to_bytes(16, "big") for one in sums)


class Node(NamedTuple):
    hash: bytes
    sums: tuple[int, ...]


Adding = Callable[[Sequence[int], Sequence[int]], tuple[int, ...]]


def added(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(left, right, strict=True))


class Account(NamedTuple):
    number: int
    claims: tuple[int, ...]
    epoch: int = 1

    @property
    def salt(self) -> bytes:
        return sha(b"salt of a test", self.number.to_bytes(8, "big"))

    def leaf(self) -> Node:
        epoch, number = self.epoch.to_bytes(8, "big"), self.number.to_bytes(8, "big")
        user = sha(b"por/user/1", epoch, self.salt, number)
        count = len(self.claims).to_bytes(2, "big")
        return Node(sha(b"por/leaf/1", epoch, user, count, packed(self.claims)), self.claims)


class Tree:
    """All levels; `adding` is how parents come to their sums."""

    def __init__(self, accounts: Sequence[Account], adding: Adding = added) -> None:
        self.accounts = list(accounts)
        self.levels = [[one.leaf() for one in accounts]]
        while len(self.levels[-1]) > 1:
            height, below = len(self.levels), list(self.levels[-1])
            if len(below) % 2:
                below.append(self.pad(height - 1, len(below)))
            pairs = zip(below[::2], below[1::2], strict=True)
            self.levels.append([self.parent(height, pair, adding) for pair in pairs])

    def pad(self, height: int, index: int) -> Node:
        name = sha(b"por/pad/1", bytes((height,)), index.to_bytes(8, "big"))
        return Node(name, (0,) * len(self.accounts[0].claims))

    @staticmethod
    def parent(height: int, pair: tuple[Node, Node], adding: Adding) -> Node:
        left, right = pair
        parts = (left.hash, packed(left.sums), right.hash, packed(right.sums))
        return Node(sha(b"por/node/1", bytes((height,)), *parts), adding(left.sums, right.sums))

    @property
    def root(self) -> Node:
        return self.levels[-1][0]

    def proof(self, index: int) -> Document:
        account, path, place = self.accounts[index], [], index
        for height, level in enumerate(self.levels[:-1]):
            beside = place ^ 1
            node = level[beside] if beside < len(level) else self.pad(height, beside)
            path.append(node.hash.hex() + ":" + ",".join(f"{one:x}" for one in node.sums))
            place //= 2
        return {
            "account": str(account.number),
            "claims": [str(one) for one in account.claims],
            "epoch": account.epoch,
            "index": index,
            "leaves": len(self.accounts),
            "path": path,
            "salt": account.salt.hex(),
        }


HOUSE = Account(1, (500, 7_000))
USERS = tuple(Account(100 + n, (10 * n, 1_000 + n)) for n in range(1, 11))


def statement_of(tree: Tree, reserves: Sequence[int], **changes: Any) -> Document:
    """Of an exchange with these reserves; the house's leaf is the first."""
    house = tree.accounts[0].claims
    rows = []
    for place, symbol in enumerate(SYMBOLS):
        claims, own, there = tree.root.sums[place], house[place], reserves[place]
        rows.append({
            "symbol": symbol, "decimals": 8, "claims": str(claims), "house": str(own),
            "users": str(claims - own), "reserves": str(there), "shortfall": "0",
            "ratio": ratio(there, claims - own), "young": "0", "leaving": "0",
            "lowest": lowest(ratio(there, claims - own), there),
        })  # fmt: skip
    chain = {
        "network": 1, "name": "ERC20", "height": 100, "block": "ab" * 32,
        "signed": NOW_MS - 60_000,
    }  # fmt: skip
    made = {
        "v": 2, "exchange": KEY.public.hex(), "epoch": 1, "ts": NOW_MS,
        "expires": NOW_MS + 180_000, "previous": "",
        "journal": {"sequence": 9, "time": NOW_MS, "hash": "cd" * 32},
        "claims": {
            "rule": "sum-tree/1", "root": tree.root.hash.hex(), "leaves": len(tree.accounts),
        },
        "reserves": {"read": NOW_MS - 1_000, "evidence": "ef" * 32, "chains": [chain]},
        "addresses": {
            "founded": FOUNDED_MS, "wait": 72 * 3_600_000, "list": "12" * 32, "count": 1,
        },
        "leaving": [],
        "assets": rows,
    }  # fmt: skip
    return {**made, **changes}


def lowest(text: str, reserves: int) -> Document:
    """Of three times in which it was never less."""
    return {days: {"ratio": text, "reserves": str(reserves)} for days in ("1", "7", "30")}


def logged(history: Sequence[Document], index: int, signer: Signer = KEY) -> Document:
    """The place of a statement in the log of a history."""
    log = Log()
    for one in history:
        log.append(leaf_hash(canonical(one)))
    size = log.size
    return {
        "checkpoint": Checkpoint(size, log.root()).signed(signer),
        "index": index,
        "inclusion": [one.hex() for one in log.inclusion(index, size)],
        "before": {
            "size": size - 1,
            "root": log.root(size - 1).hex(),
            "consistency": [one.hex() for one in log.consistency(size - 1, size)],
        },
    }


def bundle_of(
    tree: Tree,
    statement: Document,
    index: int = 3,
    before: Sequence[Document] = (),
) -> Document:
    """What the user at a place of the tree is shown."""
    history = [*before, statement]
    return {
        **signed(statement, KEY),
        "log": logged(history, len(history) - 1),
        "house": tree.proof(0),
        "proof": tree.proof(index),
    }


def honest(reserves: Sequence[int] = (1_000, 20_000)) -> Document:
    """A bundle in which everything holds: users are owed 550 and 10,055."""
    tree = Tree((HOUSE, *USERS))
    return bundle_of(tree, statement_of(tree, reserves))


def again(bundle: Document, **changes: Any) -> Document:
    """The bundle with its statement changed, signed and logged again by the exchange itself."""
    statement = {**bundle["statement"], **changes}
    return {**bundle, **signed(statement, KEY), "log": logged([statement], 0)}

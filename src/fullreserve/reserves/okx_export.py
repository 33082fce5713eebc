"""Files that the validators of https://github.com/okx/proof-of-reserves read.

For people who use those tools. They prove less than our own: the first format does not bind a
node's sums to its children (IACR ePrint 2018/1139), the second checks no parent, and amounts are of
three coins alone. Our statements are the record; these are copies in another's form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

COINS = ("BTC", "ETH", "USDT")
_DIGITS = Decimal("1E-8")
LEFT, RIGHT, ROOT, PADDING = 1, 2, 3, 4
_HEAD = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,"
    "redeem script/ public key"
)


class Account(NamedTuple):
    """An account by its audit id; amounts are in whole coins, in the order of `COINS`."""

    audit_id: str
    nonce: str  # 64 hexadecimal digits
    amounts: tuple[Decimal, Decimal, Decimal]


class Node(NamedTuple):
    hash: str
    amounts: tuple[Decimal, Decimal, Decimal]
    is_padding: bool = False


def plain(amount: Decimal) -> str:
    """Truncated to 8 places, without trailing zeros.

    >>> plain(Decimal("1.500000009")), plain(Decimal("0.0")), plain(Decimal("100"))
    ('1.5', '0', '100')
    """
    text = f"{amount.quantize(_DIGITS, ROUND_DOWN):f}"
    return text.rstrip("0").rstrip(".") or "0"


def exact(amount: Decimal) -> str:
    """All digits that a chain has, without trailing zeros: validators compare them with nodes.

    >>> exact(Decimal("1.000000000000000001")), exact(Decimal("50"))
    ('1.000000000000000001', '50')
    """
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def balances(amounts: Sequence[Decimal]) -> dict[str, str]:
    """By coin, in their notation."""
    return dict(zip(COINS, map(plain, amounts), strict=True))


def _json(amounts: Sequence[Decimal]) -> str:
    return "{" + ",".join(f'"{coin}":"{text}"' for coin, text in balances(amounts).items()) + "}"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parent(left: Node, right: Node, height: int) -> Node:
    sums = tuple(one + other for one, other in zip(left.amounts, right.amounts, strict=True))
    a, b, c = sums
    name = _sha(left.hash + right.hash + "".join(map(plain, sums)) + str(height))
    return Node(name, (a, b, c))


def levels(leaves: Sequence[Node]) -> list[list[Node]]:
    """From the leaves to the root; an odd level repeats its last hash with nothing in it."""
    zero = Decimal(0)
    made = [list(leaves)]
    while len(made[-1]) > 1:
        level = made[-1]
        if len(level) % 2:
            level.append(Node(level[-1].hash, (zero, zero, zero), is_padding=True))
        pairs = zip(level[::2], level[1::2], strict=True)
        made.append([_parent(left, right, len(made) + 1) for left, right in pairs])
    return made


def leaf(account: Account) -> Node:
    """The first format's."""
    return Node(_sha(account.nonce + _json(account.amounts)), account.amounts)


def user_file(
    accounts: Sequence[Account], index: int, known: list[list[Node]] | None = None
) -> dict[str, Any]:
    """`merkle_proof_file.json` of the first format: an account and its way to the root.

    `known` are the levels over these accounts, where they were made already.
    """
    made = known or levels([leaf(one) for one in accounts])
    path, place = [], index
    for height, level in enumerate(made[:-1], 1):
        node = level[place ^ 1]
        kind = PADDING if node.is_padding else RIGHT if place % 2 == 0 else LEFT
        path.append(_node(node, kind, height, accounts, place ^ 1))
        place //= 2
    root = made[-1][0]
    path.append(_node(root, ROOT, len(made), accounts, 0))
    own = accounts[index]
    return {
        "path": path,
        "self": {
            "auditId": own.audit_id,
            "balances": balances(own.amounts),
            "type": LEFT if index % 2 == 0 else RIGHT,
            "nonce": own.nonce,
            "hash": made[0][index].hash,
            "height": 1,
        },
    }


def _node(
    node: Node, kind: int, height: int, accounts: Sequence[Account], index: int
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "auditId": accounts[0].audit_id,
        "balances": balances(node.amounts),
        "type": kind,
        "hash": node.hash,
        "height": height,
    }
    if height == 1 and index < len(accounts) and kind != ROOT:
        made |= {"auditId": accounts[index].audit_id, "nonce": accounts[index].nonce}
    return made


def parts_file(account: Account, parts: Sequence[tuple[Decimal, Decimal, Decimal]]) -> Any:
    """`user_info_file.json` of the second format: an account split into several leaves."""
    user = _sha(account.nonce + _json(account.amounts))
    return {
        "hash": user,
        "nodes": [
            {"balances": balances(one), "hash": part_leaf(account, one).hash} for one in parts
        ],
        "nonce": account.nonce,
        "totalBalances": balances(account.amounts),
    }


def part_leaf(account: Account, part: tuple[Decimal, Decimal, Decimal]) -> Node:
    """The second format's leaf of a part of an account."""
    user = _sha(account.nonce + _json(account.amounts))
    return Node(_sha(user + "".join(map(plain, part))), part)


def tree_file(leaves: Sequence[Node]) -> Iterator[str]:
    """The lines of the second format's full tree: the root first, each level from the right."""
    made = levels(leaves)
    for height in range(len(made), 0, -1):
        for node in reversed(made[height - 1]):
            yield f"{node.hash},{height},{_json(node.amounts)}"


class Row(NamedTuple):
    """A line of the reserve file; `coin` is a name of the validators' table."""

    coin: str
    network: str
    height: int
    address: str
    amount: Decimal
    message: str
    signatures: tuple[str, str] = ("", "")
    script: str = ""


def reserve_file(rows: Sequence[Row], heights: Mapping[str, int]) -> str:
    """The reserve CSV in nine columns, which all of the validators read; ValueError on a comma."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row.coin] = totals.get(row.coin, Decimal(0)) + row.amount
    lines = ["coin,snapshot height,amount"]
    lines += [f"{coin},{heights[coin]},{exact(total)}" for coin, total in totals.items()]
    lines += [
        "",
        _HEAD,
    ]
    for row in rows:
        fields = (
            *(row.coin, row.network, str(row.height), row.address, exact(row.amount)),
            *(row.message, *row.signatures, row.script),
        )
        if any("," in field for field in fields):
            raise ValueError(f"a field of {row.address} has a comma")
        lines.append(",".join(fields))
    return "\n".join(lines) + "\n"

"""Balances that an exchange signed between statements, and leaves that say otherwise.

Whoever is told that money was never theirs, or that a change came too late, has both signatures:
the two files are the proof, for anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.keys import Signer
from fullreserve.reserves.receipt import signed_receipt
from fullreserve.reserves.statement import hash_of
from tests.unit.reserves.forge import (
    HOUSE,
    KEY,
    NOW_MS,
    SYMBOLS,
    USERS,
    Account,
    Document,
    Tree,
    bundle_of,
    statement_of,
)
from tests.unit.reserves.vector import Vector

INDEX = 3
OWNER = USERS[INDEX - 1]
EPOCH, PLACE = 3, 900  # of the statement, and where in the journal it is made
OTHER = Signer(bytes(32))


def receipt(
    claims: tuple[int, ...] = OWNER.claims,
    *,
    sequence: int = PLACE,
    time: int = NOW_MS,
    since: int = NOW_MS - 5_000,
    epoch: int = EPOCH - 1,
    account: int = OWNER.number,
    signer: Signer = KEY,
    **changes: Any,
) -> Document:
    rows = zip(SYMBOLS, claims, strict=True)
    made = {
        "v": 1, "exchange": signer.public.hex(), "account": str(account), "sequence": sequence,
        "time": time, "since": since, "epoch": epoch,
        "claims": [
            {"symbol": symbol, "decimals": 8, "claim": str(units)}
            for symbol, units in rows
            if units
        ],
    }  # fmt: skip
    return signed_receipt({**made, **changes}, signer)


def bundle(leaf_epoch: int = 1) -> Document:
    """Of the third statement, in which the owner's leaf was made in this epoch."""
    owner = Account(OWNER.number, OWNER.claims, leaf_epoch)
    tree = Tree((HOUSE, *USERS[: INDEX - 1], owner, *USERS[INDEX:]))
    before = [
        statement_of(tree, (1_000, 20_000), epoch=1),
    ]
    before.append(statement_of(tree, (1_000, 20_000), epoch=2, previous=hash_of(before[0])))
    journal = {"sequence": PLACE, "time": NOW_MS, "hash": "cd" * 32}
    told = statement_of(
        tree, (1_000, 20_000), epoch=EPOCH, previous=hash_of(before[1]), journal=journal
    )
    return bundle_of(tree, told, INDEX, before)


LESS = (OWNER.claims[0] - 1, OWNER.claims[1])
LIE = (
    f"The exchange signed two different balances of account {OWNER.number}: keep the files, they "
    "are the proof."
)

ORDER = (
    f"The exchange signed a receipt and statement {EPOCH} in two different orders: keep the files, "
    "they are the proof."
)


def vectors() -> Iterator[Vector]:
    """Honest ones, lies, and what is no lie."""
    yield Vector("a receipt alone", [receipt()], "")
    yield Vector("a receipt and the leaf of the same place", [bundle(), receipt()], "")
    yield Vector(
        "a wrong balance: another than the receipt of the same place",
        [bundle(), receipt(LESS)],
        LIE,
    )
    later: dict[str, Any] = {"sequence": PLACE + 50, "time": NOW_MS + 9_000}
    yield Vector(
        "a wrong balance: the account did not change until the later receipt",
        [bundle(), receipt(LESS, **later)],
        LIE,
    )
    yield Vector(
        "a receipt of after a change says nothing of before it",
        [bundle(), receipt(LESS, since=NOW_MS, **later)],
        "",
    )
    yield Vector(
        "a change is left out: the leaf is older than it",
        [bundle(), receipt(LESS, sequence=PLACE - 1)],
        LIE,
    )
    yield Vector(
        "a leaf that was made after the receipt may differ",
        [bundle(EPOCH), receipt(LESS, sequence=PLACE - 1)],
        "",
    )
    yield Vector(
        "an asset is left out",
        [bundle(), receipt((0, OWNER.claims[1]))],
        LIE,
    )
    yield Vector(
        "two balances at one place",
        [receipt(), receipt(LESS)],
        LIE,
    )
    yield Vector(
        "two balances without a change between",
        [{"receipts": [receipt(), receipt(LESS, **later)]}],
        LIE,
    )
    yield Vector(
        "two balances with a change between",
        [{"receipts": [receipt(), receipt(LESS, since=NOW_MS + 1, **later)]}],
        "",
    )
    yield Vector(
        "a kept bundle and a receipt",
        [{"receipts": [bundle(), receipt(LESS)]}],
        LIE,
    )
    yield Vector("a receipt of another account", [bundle(), receipt(LESS, account=7)], "")
    yield from there_and_back()
    yield from in_order()
    yield from refused()


def there_and_back() -> Iterator[Vector]:
    """And the size of units, which is a part of a balance."""
    after = receipt(sequence=PLACE + 1, time=NOW_MS + 1, since=NOW_MS - 1)
    yield Vector(
        "there and back: a leaf is made again where nothing but its account's history changed",
        [bundle(EPOCH), receipt(time=NOW_MS - 9, sequence=PLACE - 9),
         receipt(LESS, time=NOW_MS - 5, since=NOW_MS - 7, sequence=PLACE - 5), after],
        "",
    )  # fmt: skip
    row = {"symbol": SYMBOLS[0], "claim": str(OWNER.claims[0])}
    rest = {"symbol": SYMBOLS[1], "decimals": 8, "claim": str(OWNER.claims[1])}
    yield Vector(
        "a wrong balance: the same units of another size",
        [bundle(), _with([{**row, "decimals": 9}, rest])],
        LIE,
    )


def in_order() -> Iterator[Vector]:
    """A receipt that named a statement of after it would never have to agree with a leaf."""
    after: dict[str, Any] = {"sequence": PLACE + 1, "time": NOW_MS + 1, "since": NOW_MS}
    yield Vector("a receipt of after its statement", [bundle(), receipt(epoch=EPOCH, **after)], "")
    yield Vector(
        "a receipt while the next statement is made",
        [bundle(), receipt(LESS, epoch=EPOCH - 1, **after)],
        "",
    )
    early: dict[str, Any] = {"sequence": PLACE - 1, "epoch": EPOCH - 2}
    yield Vector("a receipt of long before", [bundle(EPOCH), receipt(LESS, **early)], "")
    yield Vector(
        "two orders: a receipt names a statement of after it",
        [bundle(EPOCH), receipt(LESS, sequence=PLACE - 1, epoch=EPOCH)],
        ORDER,
    )
    yield Vector(
        "two orders: a receipt does not name the statements before it",
        [bundle(), receipt(LESS, epoch=EPOCH - 2, **after)],
        ORDER,
    )


def refused() -> Iterator[Vector]:
    """Receipts that are none."""
    forged = receipt()
    forged["receipt"]["claims"][0]["claim"] = "31"
    yield Vector(
        "a receipt that was altered", [forged], "The receipt is not signed by the exchange's key."
    )
    yield Vector(
        "a statement's signature is no receipt's",
        [{**receipt(), "signature": KEY.sign(canonical(receipt()["receipt"])).hex()}],
        "The receipt is not signed by the exchange's key.",
    )
    yield Vector(
        "a receipt by another key",
        [bundle(), receipt(signer=OTHER)],
        "The files are by two different keys.",
    )
    yield Vector(
        "a receipt of another version",
        [receipt(v=2)],
        "The receipt is of a version that this program does not know.",
    )
    yield Vector(
        "a receipt from before its account's last change",
        [receipt(since=NOW_MS + 1)],
        "The receipt is of an account that changed after it.",
    )
    row = {"symbol": "BTC", "decimals": 8, "claim": "30"}
    yield Vector(
        "a receipt that names an asset twice",
        [_with([row, row])],
        "The receipt names an asset twice.",
    )
    yield Vector(
        "a receipt of an asset that cannot be",
        [_with([{**row, "symbol": "\u001b[31m"}])],
        "The receipt names an asset that cannot be.",
    )
    yield Vector(
        "a receipt of a negative balance",
        [_with([{**row, "claim": "-30"}])],
        '"claim" is no amount: a negative one, or not a whole number.',
    )


def _with(rows: list[Document]) -> Document:
    return signed_receipt({**receipt()["receipt"], "claims": rows}, KEY)

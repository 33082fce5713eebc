"""Proofs that were kept over time, and an exchange that later tells another story."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from fullreserve.reserves.statement import hash_of
from tests.unit.reserves.forge import (
    HOUSE,
    NOW_MS,
    USERS,
    Document,
    Tree,
    bundle_of,
    logged,
    statement_of,
)
from tests.unit.reserves.vector import Vector

TREE = Tree((HOUSE, *USERS))
MINUTE_MS = 60_000


def history(length: int, first_reserves: int = 1_000, tree: Tree = TREE) -> list[Document]:
    """Statements that follow each other, with what was shown in the first."""
    made: list[Document] = []
    for epoch in range(1, length + 1):
        made.append(
            statement_of(
                tree,
                (first_reserves if epoch == 1 else 1_000, 20_000),
                epoch=epoch,
                ts=NOW_MS + epoch * MINUTE_MS,
                expires=NOW_MS + (epoch + 3) * MINUTE_MS,
                previous=hash_of(made[-1]) if made else "",
            )
        )
        made[-1]["reserves"]["read"] = made[-1]["ts"] - 1_000
    return made


def bundle(told: list[Document], epoch: int, tree: Tree = TREE) -> Document:
    return bundle_of(tree, told[epoch - 1], before=told[: epoch - 1])


def vectors() -> Iterator[Vector]:
    """Of them only counts whether they contradict anything."""
    honest, lying = history(4), history(4, 999)
    kept = {"receipts": [bundle(honest, 1), bundle(honest, 2)]}
    newest = bundle(honest, 4)
    yield Vector("receipts of one history", [newest, kept], "")
    yield Vector("receipts alone", [kept], "")
    short = {"receipts": [bundle(history(1, 10), 1)]}
    yield Vector("a receipt of a bad day is kept too", [short], "")
    again = {"receipts": [bundle(honest, 1), bundle(lying, 1)]}
    yield Vector(
        "equivocation: a receipt and what is said today",
        [newest, again],
        "The exchange made two different statements for epoch 1: keep both files, they are the "
        "proof.",
    )
    yield Vector(
        "equivocation: a new statement follows another than was kept",
        [bundle(lying, 3), kept],
        "Statement 3 does not follow statement 2.",
    )
    other = copy.deepcopy(bundle(honest, 3))
    other["log"] = {**logged([lying[0], *honest[1:3]], 2)}
    yield Vector(
        "equivocation: the log before is another than was kept",
        [other, kept],
        "The exchange shows two different logs of 2 entries.",
    )
    forged = copy.deepcopy(kept)
    forged["receipts"][0]["statement"]["ts"] += 1
    yield Vector(
        "a receipt that the exchange never signed",
        [newest, forged],
        "The statement is not signed by the exchange's key.",
    )
    yield Vector(
        "receipts that are none", [{"receipts": "none"}], 'The file has no proper "receipts".'
    )

"""Coins that were borrowed for the picture: there at one look, gone at the next.

No signature can rule it out; a history without gaps makes each gap in the cover visible to whoever
kept the statements, and nothing can be left out of it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from fullreserve.reserves.keys import Signer
from fullreserve.reserves.statement import hash_of, signed
from tests.unit.reserves import coins
from tests.unit.reserves.forge import logged, lowest
from tests.unit.reserves.receipts import bundle, history
from tests.unit.reserves.vector import Vector

OTHER = Signer(bytes((7,)) * 32)


def vectors() -> Iterator[Vector]:
    """Over three epochs: the coins are there, are not, are there again."""
    told = history(3)
    lacks = {"reserves": "100", "ratio": "0.1818", "lowest": lowest("0.1818", 100)}
    told[1]["assets"][0] |= lacks
    told[2]["assets"][0]["lowest"] = lowest("0.1818", 100)
    told[2]["previous"] = hash_of(told[1])
    yield Vector(
        "borrowed across epochs: gone in the one between",
        [bundle(told, 1), bundle(told, 2), bundle(told, 3)],
        "BTC: reserves of 0.000001 do not cover 0.0000055 owed to users.",
    )
    hidden = {**bundle(told, 3), "log": logged([told[0], told[2]], 1)}
    yield Vector(
        "borrowed across epochs: the one between is left out of the log",
        [bundle(told, 1), hidden],
        "The statement stands at another epoch's place in the log.",
    )
    retold = history(3)
    yield Vector(
        "borrowed across epochs: the one between is told anew to who kept the first telling",
        [bundle(retold, 3), {"receipts": [bundle(told, 2), bundle(retold, 2)]}],
        "The exchange made two different statements for epoch 2: keep both files, they are the "
        "proof.",
    )
    mine, evidence = coins.files()
    theirs = {**mine["statement"], "exchange": OTHER.public.hex()}
    lent = {**mine, **signed(theirs, OTHER), "log": logged([theirs], 0, OTHER)}
    yield Vector(
        "lent to another exchange: its evidence is signed for the lender alone",
        [lent, evidence],
        f"{coins.address_of(coins.SCRIPT)}: the signature is for something else.",
    )

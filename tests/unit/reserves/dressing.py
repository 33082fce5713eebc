"""Windows that are dressed: coins that are there for a look, another's addresses, old words.

What a statement says of the past has to bear comparison with the statements of then; a wallet's
address counts once it was published for a time; a signature says until when it may be believed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from fullreserve.reserves.canonical import digest
from fullreserve.reserves.places import read_message
from fullreserve.reserves.statement import hash_of
from tests.unit.reserves import chain
from tests.unit.reserves.accounts_control import recoverable, typed
from tests.unit.reserves.chain import OURS, STATED
from tests.unit.reserves.forge import (
    FOUNDED_MS,
    NOW_MS,
    Document,
    again,
    honest,
    lowest,
)
from tests.unit.reserves.receipts import bundle, history
from tests.unit.reserves.vector import Vector

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LATE = NOW_MS - 71 * HOUR_MS
NAME = OURS.address


def vectors() -> Iterator[Vector]:
    """By what is dressed."""
    first = {**honest()["statement"], "v": 1}
    rows = [{name: row[name] for name in _FIRST} for row in first["assets"]]
    yield Vector("a statement of the first version", [again(honest(), v=1, assets=rows)], "")
    yield from beginnings()
    yield from lows()
    yield from payments()
    yield from addresses()
    yield from lists()
    yield from ends()


_FIRST = (*("symbol", "decimals", "claims", "house", "users", "reserves", "shortfall", "ratio"),)


def asset(**changes: object) -> list[Document]:
    """The assets of an honest statement, the first one changed."""
    rows = honest()["statement"]["assets"]
    return [{**rows[0], **changes}, *rows[1:]]


def lows() -> Iterator[Vector]:
    """What was the lowest."""
    higher = "BTC: the lowest that was there is said to be more than there is."
    yield Vector(
        "lowest: more than is there now",
        [again(honest(), assets=asset(lowest=lowest("2.0000", 1_000)))],
        higher,
    )
    yield Vector(
        "lowest: a month's is above a week's",
        [
            again(
                honest(), assets=asset(lowest={**lowest("1.0000", 900), "30": _low("1.5000", 900)})
            )
        ],
        higher,
    )
    yield Vector(
        "lowest: no ratio where there is one",
        [again(honest(), assets=asset(lowest=lowest("", 1_000)))],
        higher,
    )
    was = lowest("1.2000", 600)
    yield Vector("lowest: it was less", [again(honest(), assets=asset(lowest=was))], "")
    hides = "BTC: statement 3 hides that less was there in the last day: see statement 2."
    told = history(3)
    told[1]["assets"][0] |= {"reserves": "600", "ratio": "1.0909", "lowest": lowest("1.0909", 600)}
    told[2]["previous"] = hash_of(told[1])
    yield Vector(
        "borrowed for a picture: a low is hidden", [bundle(told, 2), bundle(told, 3)], hides
    )
    yield Vector(
        "borrowed for a picture: a low is hidden from who kept it",
        [bundle(told, 3), {"receipts": [bundle(told, 2)]}],
        hides,
    )
    told = copy.deepcopy(told)
    told[2]["assets"][0]["lowest"] = lowest("1.0909", 600)
    yield Vector("a low that is told", [bundle(told, 2), bundle(told, 3)], "")


def beginnings() -> Iterator[Vector]:
    """Statements that say less than one before, or that they began at another time."""
    told = history(2)
    rows = [{name: row[name] for name in _FIRST} for row in told[1]["assets"]]
    told[1] |= {"v": 1, "assets": rows}
    yield Vector(
        "a statement of the first version after one of the second",
        [bundle(told, 1), bundle(told, 2)],
        "Statement 2 is of an older version than 1, and says less.",
    )
    told = history(2)
    told[1]["addresses"] = known(founded=told[1]["ts"])
    yield Vector(
        "statements that began later than one of them",
        [bundle(told, 1), bundle(told, 2)],
        "Statements are said to have begun later than statement 1.",
    )
    told = history(2)
    told[1]["addresses"] = known(founded=FOUNDED_MS + 1)
    yield Vector(
        "statements that began at two times",
        [bundle(told, 1), bundle(told, 2)],
        "Statements 1 and 2 say that they began at different times.",
    )


def _low(ratio: str, reserves: int) -> Document:
    return {"ratio": ratio, "reserves": str(reserves)}


def payments() -> Iterator[Vector]:
    """What a block has paid and the ledger still owes."""

    def paid(*rows: Document, leaving: int = 50, reserves: int = 500) -> list[Document]:
        low = lowest("1.0000", reserves)
        changed = asset(reserves=str(reserves), leaving=str(leaving), ratio="1.0000", lowest=low)
        return [again(honest(), assets=changed, leaving=list(rows))]

    row = {"network": 1, "txid": "77" * 32, "height": 100, "symbol": "BTC", "amount": "50"}
    other = {**row, "txid": "78" * 32, "amount": "0"}
    yield Vector("a payment on its way is covered", paid(row, other), "")
    twice = "The statement names a payment twice, or of an asset that it does not."
    half = {**row, "amount": "25"}
    yield Vector("a payment on its way counts twice", paid(half, half), twice)
    yield Vector("a payment of another asset", paid({**row, "symbol": "XYZ"}), twice)
    not_named = "BTC: the payments on their way are not those that are named."
    yield Vector("a payment on its way that is not named", paid(), not_named)
    elsewhere = "The statement names a payment of a block that it is not about."
    yield Vector("a payment of a later block", paid({**row, "height": 101}), elsewhere)
    yield Vector("a payment in no block", paid({**row, "height": 0}), elsewhere)
    yield Vector("a payment on another chain", paid({**row, "network": 2}), elsewhere)
    yield Vector(
        "a shortfall that is said to be on its way",
        paid({**row, "amount": "138"}, leaving=138, reserves=412),
        "BTC: 0.00000138 is said to be on its way, too much of 0.0000055 to be cover.",
    )
    least = paid({**row, "amount": "137"}, leaving=137, reserves=413)
    yield Vector("a quarter is on its way", least, "")
    uncovered = asset(reserves="500", ratio="0.9090", lowest=lowest("0.9090", 500))
    yield Vector(
        "coins that left without a payment",
        [again(honest(), assets=uncovered)],
        "BTC: reserves of 0.000005 do not cover 0.0000055 owed to users.",
    )


def addresses() -> Iterator[Vector]:
    """Since when they are published."""
    yield Vector(
        "another's address: a wallet's is published too lately",
        chain.files(since=LATE),
        f"{NAME}: the address is published too lately to count.",
    )
    yield Vector(
        "an address that was there on the first day counts at once",
        chain.files(since=LATE, changes={"addresses": known(founded=LATE - HOUR_MS)}),
        "",
    )
    late = chain.files(tier="deposit", since=LATE, young=STATED)
    yield Vector("a new deposit address counts and is told apart", late, "")
    yield Vector(
        "another's address: coins at new deposit addresses are not told apart",
        chain.files(tier="deposit", since=LATE),
        "ETH: other sums than stated are at addresses published lately.",
    )
    yield Vector(
        "an address that is published after the statement",
        chain.files(since=NOW_MS + 1),
        "An address is published later than the statement.",
    )
    yield Vector(
        "a new deposit address, while another chain was read earlier",
        chain.files(tier="deposit", since=NOW_MS, young=STATED),
        "",
    )


def known(**changes: object) -> Document:
    """What a statement says of its list."""
    named = {"founded": FOUNDED_MS, "wait": 72 * HOUR_MS, "list": "12" * 32, "count": 1}
    return {**named, **changes}


def listing(since: int, address: str = NAME) -> Document:
    """A list of one address."""
    row = {"network": 1, "address": address, "since": since}
    head = {"v": 1, "exchange": "", "founded": FOUNDED_MS, "wait": 72 * HOUR_MS}
    return {**head, "addresses": [row]}


def lists() -> Iterator[Vector]:
    """Lists against what is shown, and against each other."""
    listed = listing(FOUNDED_MS)
    named = {"addresses": known(list=digest(listed))}
    yield Vector("the list of addresses", [*chain.files(changes=named), listed], "")
    yield Vector(
        "a list that no statement names",
        [*chain.files(), listed],
        "The list of addresses is not one that a statement names.",
    )
    other = listing(FOUNDED_MS, "0x" + "99" * 20)
    yield Vector(
        "a list without an address that is shown",
        [*chain.files(changes={"addresses": known(list=digest(other))}), other],
        f"{NAME}: the list of addresses does not have it so.",
    )
    counted = {"addresses": known(list=digest(listed), count=2)}
    yield Vector(
        "a list of another length than stated",
        [*chain.files(changes=counted), listed],
        "The list of addresses says something else than its statement.",
    )
    told = history(2)
    told[0]["addresses"] = known(list=digest(other))
    told[1] |= {"addresses": known(list=digest(listed)), "previous": hash_of(told[0])}
    yield Vector(
        "another's address: said to be published before a list that lacks it",
        [bundle(told, 1), bundle(told, 2), other, listed],
        f"{NAME}: the address was not yet in a list of after that time.",
    )


def ends() -> Iterator[Vector]:
    """Until when a signature may be believed."""
    out = f"{NAME}: the signature has run out, or is for more than 30 days."
    signed = NOW_MS - 29 * DAY_MS
    yield Vector(
        "a signature of a month",
        chain.files(signed_ms=signed, until_ms=NOW_MS + DAY_MS),
        "",
    )
    yield Vector(
        "B4: a signature that has run out",
        chain.files(signed_ms=signed, until_ms=NOW_MS - 1),
        out,
    )
    yield Vector(
        "B4: a signature for longer than a month",
        chain.files(until_ms=NOW_MS + 31 * DAY_MS),
        out,
    )
    yield Vector(
        "B4: a signature that does not say when it runs out, of two days ago",
        chain.files(signed_ms=NOW_MS - 2 * DAY_MS),
        out,
    )

    def by_device(message: str) -> list[str]:
        return [recoverable(OURS.key, typed(read_message(message)))]

    yield Vector(
        "a typed message that says when it runs out",
        chain.files(form="eip712", sign=by_device, until_ms=NOW_MS + DAY_MS),
        "",
    )

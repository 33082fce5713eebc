"""What is not there: payments on their way, tokens of the exchange's own, chains that are not read.

Half of what is owed may leave at once, where an earlier statement shows that it was there all day.
An own token covers itself alone and says so (nothing at all, in statements of version 2); it cannot
become one to hide a hole.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from fullreserve.reserves.statement import hash_of, ratio, signed
from tests.unit.reserves import chain
from tests.unit.reserves.forge import (
    HOUSE,
    KEY,
    NOW_MS,
    USERS,
    Account,
    Document,
    Tree,
    again,
    honest,
    logged,
    lowest,
)
from tests.unit.reserves.receipts import MINUTE_MS, TREE, bundle, history
from tests.unit.reserves.state_tree import StateTree, account
from tests.unit.reserves.vector import Vector

HOUR_MS = 3_600_000
GAP_MS = 15 * 60_000
LEAVES = ("house", "proof")
ROW = {"network": 1, "txid": "77" * 32, "height": 100, "symbol": "BTC", "amount": "150"}
TOO_MUCH = "BTC: 0.0000015 is said to be on its way, too much of 0.0000055 to be cover."
OTHER_WORDS = "Statement 3 says something else of statement 1 than it says."


def vectors() -> Iterator[Vector]:
    """By what is away."""
    yield from payments()
    yield from resting()
    yield from own_tokens()
    yield from unshown()


def told(was: int = 1_000, read: int = 99, **named: object) -> list[Document]:
    """Of three statements the last has 400 of 550, and 150 on their way; 1,000 were there."""
    made = history(3)
    first = made[0]
    first["reserves"]["chains"][0]["height"] = read
    first["gaps"] = dict.fromkeys(("1", "7", "30"), GAP_MS)
    made[1]["previous"] = hash_of(first)
    made[2]["previous"] = hash_of(made[1])
    before = {"epoch": 1, "ts": first["ts"], "statement": hash_of(first), "gap": GAP_MS, **named}
    row = {"reserves": "400", "leaving": "150", "ratio": "1.0000", "was": str(was)}
    made[2]["assets"][0] |= row | {"lowest": lowest("1.0000", 400)}
    made[2] |= {"leaving": [ROW], "before": before}
    return made


def payments() -> Iterator[Vector]:
    """More than a quarter leaves."""
    half = told()
    yield Vector("large payments: they were there before", [bundle(half, 1), bundle(half, 3)], "")
    yield Vector("large payments: the statement alone", [bundle(half, 3)], "")
    yield Vector(
        "large payments: coins that went round count twice", [bundle(told(400), 3)], TOO_MUCH
    )
    yield Vector(
        "large payments: more was there than the earlier statement says",
        [bundle(told(1_001), 1), bundle(told(1_001), 3)],
        OTHER_WORDS,
    )
    late = told(read=100)
    yield Vector(
        "large payments: the earlier statement has read their block already",
        [bundle(late, 1), bundle(late, 3)],
        "BTC: statement 1 is not of before the payments that statement 3 names.",
    )
    other = told(statement="ab" * 32)
    yield Vector(
        "large payments: another earlier statement is named",
        [bundle(other, 1), bundle(other, 3)],
        OTHER_WORDS,
    )
    short = told()
    short[0]["assets"][0]["lowest"] = lowest("0.5454", 300)
    short[2]["before"]["statement"] = hash_of(short[0])
    short[1]["assets"][0]["lowest"] = short[2]["assets"][0]["lowest"] = lowest("0.5454", 300)
    short[1]["previous"] = hash_of(short[0])
    short[2]["previous"] = hash_of(short[1])
    yield Vector(
        "large payments: coins that were there for a look are said to have been there all day",
        [bundle(short, 1), bundle(short, 3)],
        OTHER_WORDS,
    )
    yield from gaps()
    nameless = told()
    del nameless[2]["before"]
    yield Vector(
        "large payments: no earlier statement is named",
        [bundle(nameless, 3)],
        "The statement tells of an earlier one that it does not name.",
    )
    old = "What is on its way is covered by a statement that is too old, or later."
    long_ago = told(ts=NOW_MS - 12 * HOUR_MS)
    yield Vector("large payments: covered by a statement of long ago", [bundle(long_ago, 3)], old)
    yield Vector("large payments: covered by itself", [bundle(told(epoch=3), 3)], old)


def gaps() -> Iterator[Vector]:
    """Coins that were there for a look, with no other look for a day."""
    for name, gap in (("a day was not looked at", 24 * HOUR_MS), ("a gap", GAP_MS + 1)):
        yield Vector(f"large payments: {name} before", [bundle(told(gap=gap), 3)], TOO_MUCH)
    unknown = told()
    del unknown[2]["before"]["gap"]
    yield Vector(
        "large payments: not known whether the day before was looked at",
        [bundle(unknown, 3)],
        TOO_MUCH,
    )
    other = told(gap=GAP_MS - 1)
    yield Vector(
        "large payments: the day before was looked at less than is said",
        [bundle(other, 1), bundle(other, 3)],
        OTHER_WORDS,
    )
    hides = "Statement 3 hides for how long none was made in the last day: see statement 1."
    made = told()
    made[2]["gaps"] = dict.fromkeys(("1", "7", "30"), 59_999)
    yield Vector("a gap that is hidden", [bundle(made, 1), bundle(made, 3)], hides)
    made = told()
    made[2]["gaps"] = dict.fromkeys(("1", "7", "30"), 60_000)
    yield Vector("a gap that is told", [bundle(made, 1), bundle(made, 3)], "")
    made = told()
    made[2]["gaps"] = {"1": -1, "7": 0, "30": 0}
    yield Vector("a gap that is none", [bundle(made, 3)], '"1" is negative or too large.')
    made = history(2)
    made[1]["gaps"] = dict.fromkeys(("1", "7", "30"), GAP_MS)
    row = made[0]["assets"][0]
    made[0]["assets"] = [{**row, "claims": row["users"], "house": "0"}]
    made[1]["previous"] = hash_of(made[0])
    older = {name: part for name, part in bundle(made, 1).items() if name not in LEAVES}
    yield Vector(
        "a new asset whose coins are said to have been there all day",
        [older, bundle(made, 2)],
        "USDT: statement 2 hides that less was there in the last day: see statement 1.",
    )


def resting() -> Iterator[Vector]:
    """With its evidence, what was there before is to be shown too."""
    held = chain.BALANCE // 3
    tree = StateTree({chain.OURS.account: account(held)})
    stated: dict[str, Any] = {"state_tree": tree, "claimed": held, "stated": chain.STATED // 3}
    first = copy.deepcopy(chain.files()[0])
    rows = copy.deepcopy(chain.files(**stated)[0]["statement"]["assets"])
    away, row = chain.STATED // 3 * 2, {**ROW, "symbol": "ETH"}
    rows[0] |= {"leaving": str(away), "ratio": "1.0000", "was": str(chain.STATED)}
    rows[0]["lowest"] = lowest("1.0000", chain.STATED // 3)
    gaps = {"gaps": dict.fromkeys(("1", "7", "30"), GAP_MS)}
    first["statement"]["reserves"]["chains"][0]["height"] -= 1
    first = {**first, **signed({**first["statement"], **gaps}, KEY)}
    first["log"] = logged([first["statement"]], 0)
    name = {"epoch": 1, "ts": NOW_MS, "statement": hash_of(first["statement"]), "gap": GAP_MS}
    changes = {
        "epoch": 2,
        "ts": NOW_MS + 1,
        "previous": hash_of(first["statement"]),
        "assets": rows,
        "leaving": [{**row, "amount": str(away)}],
        "before": name,
    }
    second, evidence = chain.files(**stated, changes=changes)
    second["log"] = logged([first["statement"], second["statement"]], 1)
    yield Vector("large payments: shown with what was before", [first, second, evidence], "")
    yield Vector(
        "large payments: what was before is not shown",
        [second, evidence],
        "ETH: cover rests on statement 1, of before payments that are on their way: put "
        "/por/epochs/1.json beside it.",
    )


def own_row(**changes: object) -> list[Document]:
    """The assets of an honest statement, the second one the exchange's own token."""
    rows: list[Document] = copy.deepcopy(honest()["statement"]["assets"])
    rows[1] |= {"reserves": "0", "ratio": "", "lowest": lowest("", 0), "own": 1, **changes}
    return rows


def own_tokens() -> Iterator[Vector]:
    """Tokens that the exchange issues itself."""
    yield Vector(
        "an own token is owed, and covered by nothing", [again(honest(), assets=own_row())], ""
    )
    yield Vector(
        "an own token that counts",
        [again(honest(), assets=own_row(reserves="20000"))],
        "USDT: the exchange's own token is counted as reserves.",
    )
    yield Vector(
        "an own token with a ratio",
        [again(honest(), assets=own_row(ratio="0.0000"))],
        "USDT: the ratio is not reserves over claims.",
    )
    yield Vector(
        "an own token that is none",
        [again(honest(), assets=own_row(own=0))],
        'The file has no proper "own".',
    )
    made = history(2)
    made[1] |= {"assets": own_row()}
    yield Vector(
        "a hole that is called an own token",
        [bundle(made, 1), bundle(made, 2)],
        "USDT: statement 2 calls it the exchange's own token, statement 1 counts coins of it.",
    )
    yield from reclassified()
    yield from own_in_kind()


# An exchange that owes nobody USDT, and has some.
NOT_OWED = Tree((HOUSE, *(Account(one.number, (one.claims[0], 0)) for one in USERS)))


def changing(kinds: str, said: Document | None, tree: Tree = TREE) -> list[Document]:
    """Statements in which USDT counts (c) or is the exchange's own (o); what the last one says."""
    made = history(len(kinds), tree=tree)
    for one, kind in zip(made, kinds, strict=True):
        row = one["assets"][1]
        row |= {"reserves": "0", "ratio": "", "own": 1} if kind == "o" else {}
        row["lowest"] = lowest(row["ratio"], 0 if "o" in kinds else int(row["reserves"]))
    if said is not None:
        made[-1]["assets"][1]["reclassified"] = said
    for before, one in pairwise(made):
        one["previous"] = hash_of(before)
    return made


def reclassified() -> Iterator[Vector]:
    """What counted becomes the exchange's own token, or the other way round."""
    first = {"epoch": 1, "ts": NOW_MS + MINUTE_MS}
    hole = (
        "USDT: nothing covers 0.00010055 owed to users: it counted as reserves until statement 1, "
        "and is called the exchange's own token now."
    )
    hidden = (
        "USDT: statement %d calls it the exchange's own token, statement %d counts coins of it."
    )
    nonsense = "The statement contradicts itself on when an asset was reclassified."
    few = NOT_OWED
    for words, told, epochs, tree, verdict in (
        ("users are owed it", changing("co", first), (2,), TREE, hole),
        ("both are there", changing("co", first), (1, 2), TREE, hole),
        ("nobody is owed it", changing("co", first, few), (1, 2), few, ""),
        ("an own one counts", changing("oc", first), (1, 2), TREE, ""),
        ("an own one counts, unsaid", changing("oc", None), (1, 2), TREE, hidden % (1, 2)),
        ("it counted later", changing("cco", first, few), (2, 3), few, hidden % (3, 2)),
        ("before the first", changing("oc", {**first, "epoch": 0}), (2,), TREE, nonsense),
        ("by itself", changing("oc", {**first, "epoch": 2}), (2,), TREE, nonsense),
        ("tomorrow", changing("oc", {**first, "ts": 2 * NOW_MS}), (2,), TREE, nonsense),
    ):
        files = [bundle(told, epoch, tree) for epoch in epochs]
        yield Vector(f"a reclassified token: {words}", files, verdict)


def in_kind(shown: int = 20_000, **changes: object) -> Document:
    """A statement of the third version, whose second asset the exchange issues itself."""
    rows: list[Document] = copy.deepcopy(honest()["statement"]["assets"])
    text = ratio(shown, int(rows[1]["users"]))
    held = {"reserves": str(shown), "ratio": text, "lowest": lowest(text, shown)}
    rows[1] |= {"own": 1, **held, **changes}
    return again(honest(), v=3, assets=rows)


def own_in_kind() -> Iterator[Vector]:
    """Since the third version what the exchange issues itself covers claims on itself alone."""
    owed = int(honest()["statement"]["assets"][1]["users"])
    yield Vector("an own token in kind", [in_kind()], "")
    yield Vector("an own token in kind, to the unit", [in_kind(owed)], "")
    yield Vector(
        "an own token in kind lacks a unit",
        [in_kind(owed - 1)],
        "USDT: reserves of 0.00010054 do not cover 0.00010055 owed to users.",
    )
    yield Vector(
        "an own token in kind, without its ratio",
        [in_kind(ratio="")],
        "USDT: the ratio is not reserves over claims.",
    )
    lacking = in_kind(10**30)["statement"]["assets"]
    lacking[0] |= {"reserves": "549", "ratio": "0.9981", "lowest": lowest("0.9981", 549)}
    yield Vector(
        "an own token covers no other asset",
        [again(honest(), v=3, assets=lacking)],
        "BTC: reserves of 0.00000549 do not cover 0.0000055 owed to users.",
    )
    first = {"epoch": 1, "ts": NOW_MS + MINUTE_MS}
    hidden = "USDT: statement 2 calls it the exchange's own token, statement 1 counts coins of it."
    for words, said, verdict in (("said", first, ""), ("unsaid", None, hidden)):
        told = history(2)
        told[1] = {**in_kind()["statement"], **{name: told[1][name] for name in SAME}}
        if said:
            told[1]["assets"][1]["reclassified"] = said
        files = [bundle(told, 1), bundle(told, 2)]
        yield Vector(f"an own token in kind counted before, {words}", files, verdict)
    told = history(2)
    told[0] = {**told[0], "v": 3}
    told[1]["previous"] = hash_of(told[0])
    yield Vector(
        "a second version after the third",
        [bundle(told, 1), bundle(told, 2)],
        "Statement 2 is of an older version than 1, and says less.",
    )


# What of a later statement stays when its assets are others.
SAME = ("epoch", "ts", "expires", "previous", "reserves")


def unshown() -> Iterator[Vector]:
    """Networks without a node."""
    row = {"network": 3, "name": "TRC20", "why": "no node"}
    yield Vector("a network that is not shown", [again(honest(), unshown=[row])], "")
    for rows in ([{**row, "network": 1}], [row, row]):
        yield Vector(
            f"a network that is shown and is not, {len(rows)}",
            [again(honest(), unshown=rows)],
            "The statement says of a network twice whether it is shown.",
        )

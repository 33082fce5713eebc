"""What each statement says of those before it: its time, how long it holds, its contracts.

Statements of version 4 name the contracts that count, and when one of them was another.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import pairwise

from fullreserve.custody import rlp
from fullreserve.reserves.accounts_chain import key_of
from fullreserve.reserves.canonical import digest
from fullreserve.reserves.statement import hash_of, signed
from tests.unit.reserves import chain
from tests.unit.reserves.forge import KEY, NOW_MS, Document, again, honest, logged, lowest
from tests.unit.reserves.receipts import MINUTE_MS, bundle, history
from tests.unit.reserves.state_tree import StateTree, account
from tests.unit.reserves.vector import Vector

HOUR_MS = 3_600_000
A, B, C = ("aa" * 20, "bb" * 20, "cc" * 20)
SLOT = 3


def vectors() -> Iterator[Vector]:
    """By what is said."""
    yield from ends()
    yield from times()
    yield from changes()
    yield from rows()
    yield from shown()


def as_fourth(statement: Document, *tokens: Document) -> Document:
    """The same of version 4: its chain was read in half a second, and has these tokens."""
    made = copy.deepcopy(statement) | {"v": 4}
    (row,) = made["reserves"]["chains"]
    row |= {"read": made["reserves"]["read"] + 500, "tokens": list(tokens)}
    return made


def token(contract: str, symbol: str = "USDT", decimals: int = 6, **more: object) -> Document:
    return {"symbol": symbol, "contract": contract, "decimals": decimals, **more}


def fourth(*tokens: Document, **changes: object) -> Document:
    """An honest bundle of version 4."""
    return again({**honest(), "statement": as_fourth(honest()["statement"], *tokens)}, **changes)


def ends() -> Iterator[Vector]:
    """How long a statement is said to hold."""
    late = "The statement expires more than %d hours after it is made."
    for version, make, hours in (("2", again, 72), ("4", lambda _, **more: fourth(**more), 24)):
        longest = NOW_MS + hours * HOUR_MS
        name = f"version {version} expires"
        yield Vector(f"{name} as late as it may", [make(honest(), expires=longest)], "")
        yield Vector(f"{name} too late", [make(honest(), expires=longest + 1)], late % hours)
    yield Vector(
        "expires at its own time", [again(honest(), expires=NOW_MS)],
        "The statement expires before it is made.",
    )  # fmt: skip


def times() -> Iterator[Vector]:
    """When statements are said to be made."""
    back = "Statement 2 is said to be of before statement 1."
    for words, ms, verdict in (("one moment", 0, ""), ("times that go back", -1, back)):
        told = history(2)
        told[1]["ts"] = told[0]["ts"] + ms
        told[1]["reserves"]["read"] = told[1]["ts"] - 1_000
        yield Vector(f"statements of {words}", [bundle(told, 1), bundle(told, 2)], verdict)
        kept = {"receipts": [bundle(told, 1)]}
        yield Vector(f"a kept statement, {words}", [bundle(told, 2), kept], verdict)
    ahead = "Statement 1 is of a time to come, by this computer's clock."
    yield Vector("a clock that is two hours behind", [honest()], "", NOW_MS - 2 * HOUR_MS)
    yield Vector("a statement of a time to come", [honest()], ahead, NOW_MS - 2 * HOUR_MS - 1)
    kept = {"receipts": [honest()]}
    yield Vector("a kept statement of a time to come", [kept], ahead, NOW_MS - 3 * HOUR_MS)


def counting(*tokens: Document) -> list[Document]:
    """Statements, each with its one token."""
    made = [as_fourth(one, by) for one, by in zip(history(len(tokens)), tokens, strict=True)]
    for before, one in pairwise(made):
        one["previous"] = hash_of(before)
    return made


def at(epoch: int) -> Document:
    return {"epoch": epoch, "ts": NOW_MS + epoch * MINUTE_MS}


def changes() -> Iterator[Vector]:
    """Another contract counts as the token than before."""
    hidden = (
        "USDT on ERC20: statement %d counts another contract than statement %d, and does not say "
        "so."
    )
    nonsense = "The statement contradicts itself on when a contract was changed."
    for words, told, epochs, verdict in (
        ("none", counting(token(A), token(A)), (1, 2), ""),
        ("unsaid", counting(token(A), token(B)), (1, 2), hidden % (2, 1)),
        ("said", counting(token(A), token(B, changed=at(1))), (1, 2), ""),
        ("of digits, unsaid", counting(token(A), token(A, decimals=8)), (1, 2), hidden % (2, 1)),
        (
            "said to be earlier than it was",
            counting(token(A), token(A), token(B, changed=at(1))), (2, 3), hidden % (3, 2),
        ),
        (
            "and back",
            counting(token(A), token(B, changed=at(1)), token(A, changed=at(2))), (1, 2, 3), "",
        ),
        (
            "and back, unsaid",
            counting(token(A), token(B, changed=at(1)), token(A)), (2, 3), hidden % (3, 2),
        ),
        ("unsaid a day later", counting(token(A), token(B), token(B)), (1, 3), hidden % (3, 1)),
        ("of before the first", counting(token(A), token(B, changed=at(0))), (2,), nonsense),
        ("of its own", counting(token(A), token(B, changed=at(2))), (2,), nonsense),
        (
            "of tomorrow",
            counting(token(A), token(B, changed={"epoch": 1, "ts": 2 * NOW_MS})), (2,), nonsense,
        ),
    ):  # fmt: skip
        files = [bundle(told, epoch) for epoch in epochs]
        yield Vector(f"a change of contract: {words}", files, verdict)
    told = counting(token(A), token(B))
    kept = {"receipts": [bundle(told, 1)]}
    yield Vector("a change of contract: kept", [bundle(told, 2), kept], hidden % (2, 1))


def rows() -> Iterator[Vector]:
    """What statements of version 4 say of each chain."""
    yield Vector("version 4", [fourth(token(A), token(B, "BTC", 8))], "")
    yield Vector(
        "version 4: a token twice", [fourth(token(A), token(B))],
        "The statement names a token of a chain twice.",
    )  # fmt: skip
    for words, wrong in (("digits", token(A, decimals=61)), ("letters", token(A, "usdt"))):
        yield Vector(
            f"version 4: a token of strange {words}", [fourth(wrong)],
            "The statement names a token that cannot be.",
        )  # fmt: skip
    yield Vector(
        "version 4: a contract that is none", [fourth(token("aa" * 32))],
        '"contract" has another length.',
    )  # fmt: skip
    for name in ("read", "tokens"):
        statement = as_fourth(honest()["statement"])
        del statement["reserves"]["chains"][0][name]
        yield Vector(
            f"version 4: a chain without {name}", [again({**honest(), "statement": statement})],
            f'The file has no proper "{name}".',
        )  # fmt: skip
    for words, read_ms in (("before all were", NOW_MS - 1_001), ("afterwards", NOW_MS + 1)):
        statement = as_fourth(honest()["statement"])
        statement["reserves"]["chains"][0]["read"] = read_ms
        yield Vector(
            f"version 4: a chain that was read {words}",
            [again({**honest(), "statement": statement})],
            "The statement contradicts itself on when its chain was read.",
        )
    told = history(2)
    told[0] = as_fourth(told[0])
    told[1]["previous"] = hash_of(told[0])
    yield Vector(
        "version 4: one of version 2 behind it", [bundle(told, 1), bundle(told, 2)],
        "Statement 2 is of an older version than 1, and says less.",
    )  # fmt: skip


HELD = 20_000
OURS = chain.OURS.account


def with_tokens(
    tokens: Sequence[Document], stated: Sequence[Document] = (), version: int = 4
) -> list[Document]:
    """A statement and its evidence: a contract has HELD units of ours, and counts as each token."""
    storage = StateTree({key_of(OURS, SLOT): rlp.encode(HELD)})
    contract = bytes.fromhex(C)
    tree = StateTree({OURS: account(0), contract: account(0, storage.root)})
    tree.nodes += storage.nodes
    files, evidence = chain.files(state_tree=tree)
    (part,) = evidence["chains"]
    part["coin"] = {"symbol": "GAS", "decimals": 18}
    part["tokens"] = [{**one, "slot": SLOT} for one in tokens]
    part["places"][0]["amounts"] = {one["symbol"]: str(HELD) for one in tokens}
    statement = as_fourth(files["statement"], *(stated or tokens)) | {"v": version}
    statement["reserves"]["evidence"] = digest(evidence)
    for row in statement["assets"]:
        held = HELD if any(one["symbol"] == row["symbol"] for one in tokens) else 0
        row |= {"claims": "0", "house": "0", "users": "0", "ratio": "", "reserves": str(held)}
        row["lowest"] = lowest("", held)
    made = {**signed(statement, KEY), "log": logged([statement], 0)}
    return [made, evidence]


def shown() -> Iterator[Vector]:
    """Contracts of the evidence."""
    usdt, eth = token(C, decimals=8), token(C, "ETH", 8)
    yield Vector("a token is shown", with_tokens([usdt]), "")
    yield Vector("a token is shown, before version 4", with_tokens([usdt], version=3), "")
    twice = "The evidence counts a contract twice."
    yield Vector("one contract counts as two tokens", with_tokens([usdt, eth]), twice)
    yield Vector(
        "one contract counts as two tokens, before version 4",
        with_tokens([usdt, eth], version=3), twice,
    )  # fmt: skip
    other = "ETH: the statement names other contracts than its evidence counts."
    for words, named in (
        ("another contract", token(A, decimals=8)),
        ("other digits", token(C, decimals=9)),
        ("another token", token(C, "BTC", 8)),
    ):
        yield Vector(f"evidence of {words} than its statement", with_tokens([usdt], [named]), other)

"""Every way to cheat that we know of, as files that a verifier has to refuse, and honest ones.

`python -m tests.unit.reserves.attacks` writes `verifier/vectors.json`, which both verifiers run.
Names in brackets are those of published findings: 2018/1139 is Hu, Zhang and Guo's on Merkle sum
trees; the others are of validators of other exchanges that accept what they should not.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.keys import Signer
from fullreserve.reserves.statement import hash_of, signed
from fullreserve.reserves.transparency import Log, leaf_hash
from tests.unit.reserves import (
    accounts_control,
    away,
    borrowed,
    chain,
    coins,
    coins_control,
    dressing,
    following,
    receipts,
    signed_balances,
    two_chains,
)
from tests.unit.reserves.forge import (
    HOUSE,
    KEY,
    NOW_MS,
    USERS,
    Account,
    Document,
    Tree,
    again,
    bundle_of,
    honest,
    logged,
    statement_of,
)
from tests.unit.reserves.vector import Vector

HOUR_MS = 3_600_000
FILE = Path(__file__).resolve().parents[3] / "verifier" / "vectors.json"
ENOUGH = (1_000, 20_000)
OTHER = Signer(bytes(32))


def altered(change: Callable[[Document], Any]) -> Document:
    """An honest bundle with something altered after it was signed."""
    bundle = copy.deepcopy(honest())
    change(bundle)
    return bundle


def resigned(change: Callable[[Document], Any]) -> Document:
    """An honest bundle whose statement the exchange altered and signed again."""
    bundle = copy.deepcopy(honest())
    change(bundle["statement"])
    return again(bundle)


def shown(tree: Tree, **changes: Any) -> Document:
    return bundle_of(tree, statement_of(tree, ENOUGH, **changes))


LEADS_ELSEWHERE = "Your proof does not lead to the statement's root and totals."
NO_AMOUNT = '"claims" is no amount: a negative one, or not a whole number.'


def largest(left: Any, right: Any) -> tuple[int, ...]:
    return tuple(max(pair) for pair in zip(left, right, strict=True))


def wrapping(left: Any, right: Any) -> tuple[int, ...]:
    return tuple((one + other) % 2**128 for one, other in zip(left, right, strict=True))


def claims() -> Iterator[Vector]:
    """About what is owed."""
    yield Vector(
        "A1: parents have the larger of two sums (2018/1139)",
        [shown(Tree((HOUSE, *USERS), largest))],
        "The house's proof does not lead to the statement's root and totals.",
    )

    def smaller(bundle: Document) -> None:
        name, _, _ = bundle["proof"]["path"][1].partition(":")
        bundle["proof"]["path"][1] = name + ":0,0"

    yield Vector("A1: a sibling's sums are made smaller", [altered(smaller)], LEADS_ELSEWHERE)

    def negative_sibling(bundle: Document) -> None:
        name, _, _ = bundle["proof"]["path"][0].partition(":")
        bundle["proof"]["path"][0] = name + ":-4,0"

    yield Vector(
        "A2: a sibling is negative",
        [altered(negative_sibling)],
        "The proof's path holds something that is no amount.",
    )
    # Whoever has nothing beside them but honest users sees nothing of it: the neighbour does.
    wrapped = Tree((HOUSE, *USERS[:3], Account(999, (2**128 - 50, 0)), *USERS[4:]), wrapping)
    yield Vector(
        "A2: a dummy account wraps the sums around",
        [bundle_of(wrapped, statement_of(wrapped, ENOUGH), index=5)],
        "Sums on the proof's path overflow.",
    )
    yield Vector(
        "A3: two users share a leaf",
        [altered(lambda one: one["proof"].update(account="104"))],
        LEADS_ELSEWHERE,
    )
    yield Vector(
        "an account that was left out is shown another's leaf",
        [altered(lambda one: one["proof"].update(account="777"))],
        LEADS_ELSEWHERE,
    )
    yield Vector(
        "A4: digits move from one asset to another",
        [altered(lambda one: one["proof"].update(claims=["301", "003"]))],
        NO_AMOUNT,
    )
    yield Vector(
        "A4: claims change places",
        [altered(lambda one: one["proof"].update(claims=["1003", "30"]))],
        LEADS_ELSEWHERE,
    )
    yield Vector(
        "A5: the own leaf is negative",
        [altered(lambda one: one["proof"].update(claims=["-99", "1003"]))],
        NO_AMOUNT,
    )
    yield from shapes()


def shapes() -> Iterator[Vector]:
    """Proofs of another shape than the tree's."""
    yield Vector(
        "children are swapped",
        [altered(lambda one: one["proof"].update(index=2))],
        LEADS_ELSEWHERE,
    )
    yield Vector(
        "the path is cut",
        [altered(lambda one: one["proof"]["path"].pop())],
        "The proof's path is too short.",
    )
    yield Vector(
        "the path goes on",
        [altered(lambda one: one["proof"]["path"].append(one["proof"]["path"][0]))],
        "The proof's path is too long.",
    )
    hidden = Tree((HOUSE, *USERS, Account(555, (7, 7))))
    visible = Tree((HOUSE, *USERS))
    statement = statement_of(visible, ENOUGH)
    statement["claims"]["root"] = hidden.root.hash.hex()
    bundle = bundle_of(visible, statement, index=10)
    bundle["proof"] = {**hidden.proof(10), "leaves": 11}
    bundle["house"] = {**hidden.proof(0), "leaves": 11}
    yield Vector(
        "an account hides in the place of padding",
        [bundle],
        "The house's proof does not lead to the statement's root and totals.",
    )
    yield Vector(
        "a leaf from a later epoch",
        [altered(lambda one: one["proof"].update(epoch=2))],
        "The leaf is from after the statement.",
    )
    yield Vector(
        "another number of leaves",
        [altered(lambda one: one["proof"].update(leaves=12))],
        "The proof is of a tree with another number of leaves.",
    )


def totals() -> Iterator[Vector]:
    """About the statement's sums."""
    dummies = Tree((HOUSE, *USERS, Account(998, (900, 0))))
    yield Vector(
        "a dummy account can only add to what is owed",
        [bundle_of(dummies, statement_of(dummies, ENOUGH))],
        "BTC: reserves of 0.00001 do not cover 0.0000145 owed to users.",
    )
    yield Vector(
        "one asset's surplus does not cover another's lack",
        [honest((549, 2**100))],
        "BTC: reserves of 0.00000549 do not cover 0.0000055 owed to users.",
    )

    def netted(statement: Document) -> None:
        row = statement["assets"][0]
        row.update(house="600", users="450", ratio="2.2222")

    yield Vector(
        "what users owe is netted as if it were the house's",
        [resigned(netted)],
        "BTC: the house's share is not what its leaf says.",
    )

    def lower(statement: Document) -> None:
        statement["assets"][1].update(claims="17054", users="10054", ratio="1.9892")

    yield Vector(
        "the stated total is lower than the tree's",
        [resigned(lower)],
        "The house's proof does not lead to the statement's root and totals.",
    )
    yield Vector(
        "the ratio is embellished",
        [resigned(lambda one: one["assets"][0].update(ratio="9.0000"))],
        "BTC: the ratio is not reserves over claims.",
    )
    yield Vector(
        "the house's leaf is shown to a user as theirs",
        [altered(lambda one: one.update(proof=one["house"]))],
        "Your leaf is the house's.",
    )
    yield Vector(
        "the house's leaf is withheld",
        [altered(lambda one: one.pop("house"))],
        "BTC: the house's share is not what its leaf says.",
    )
    yield Vector(
        "the proof is passed over: one letter of its name is altered",
        [altered(lambda one: one.update(prooe=one.pop("proof")))],
        "The file has a part beside its statement that this program does not know.",
    )
    yield Vector(
        "a negative total",
        [resigned(lambda one: one["assets"][0].update(claims="-1050"))],
        NO_AMOUNT,
    )


def ages() -> Iterator[Vector]:
    """About freshness."""

    def old_read(statement: Document) -> None:
        statement["reserves"]["read"] = NOW_MS - 16 * 60_000

    yield Vector(
        "reserves were read long before",
        [resigned(old_read)],
        "The reserves were read too long before the statement.",
    )

    def old_signatures(statement: Document) -> None:
        statement["reserves"]["chains"][0]["signed"] = NOW_MS - 31 * 24 * 3_600_000

    yield Vector(
        "the keys signed long ago",
        [resigned(old_signatures)],
        "ERC20: the signatures that show the reserves are too old.",
    )
    yield Vector(
        "reserves without a chain",
        [resigned(lambda one: one["reserves"].update(chains=[]))],
        "The statement names reserves and no chain.",
    )


def signatures() -> Iterator[Vector]:
    """About who says so."""
    not_signed = "The statement is not signed by the exchange's key."

    def raised(bundle: Document) -> None:
        bundle["statement"]["assets"][0].update(reserves="2000")

    yield Vector("one digit of the statement is altered", [altered(raised)], not_signed)
    tree = Tree((HOUSE, *USERS))
    first = statement_of(tree, ENOUGH)
    second = statement_of(tree, ENOUGH, epoch=2, previous=hash_of(first), ts=NOW_MS + 60_000)
    reused = bundle_of(tree, second, before=[first])
    reused["signature"] = signed(first, KEY)["signature"]
    yield Vector("another statement's signature is reused", [reused], not_signed)
    yield Vector(
        "signed by another key",
        [altered(lambda one: one.update(signed(one["statement"], OTHER)))],
        not_signed,
    )
    weak = "01" + "00" * 31
    yield Vector(
        "a key of small order, under which anything is signed",
        [altered(lambda one: one["statement"].update(exchange=weak))],
        not_signed,
    )


def logs() -> Iterator[Vector]:
    """About the log of statements."""
    tree = Tree((HOUSE, *USERS))
    first = statement_of(tree, ENOUGH)
    other = statement_of(tree, (999, 20_000))
    second = statement_of(tree, ENOUGH, epoch=2, previous=hash_of(first), ts=NOW_MS + 60_000)
    yield Vector(
        "equivocation: two statements for one epoch",
        [bundle_of(tree, first), bundle_of(tree, other)],
        "The exchange made two different statements for epoch 1: keep both files, they are the "
        "proof.",
    )
    yield Vector(
        "a statement that follows another one than is shown",
        [bundle_of(tree, other), bundle_of(tree, second, before=[first])],
        "Statement 2 does not follow statement 1.",
    )
    missing = bundle_of(tree, first)
    missing["log"] = logged([other], 0)
    yield Vector(
        "the statement is not in the log",
        [missing],
        "The statement is not in the log of statements.",
    )
    rewritten = bundle_of(tree, second, before=[first])
    rewritten["log"]["before"]["root"] = leaf_hash(canonical(other)).hex()
    yield Vector(
        "the log was rewritten",
        [rewritten],
        "The log was rewritten: it does not begin with the earlier log.",
    )
    truncated = bundle_of(tree, second, before=[first])
    truncated["log"] = logged([second], 0)
    yield Vector(
        "the log was truncated",
        [truncated],
        "The statement stands at another epoch's place in the log.",
    )
    foreign = bundle_of(tree, first)
    foreign["log"] = logged([first], 0, OTHER)
    yield Vector(
        "a checkpoint by another key",
        [foreign],
        "The log's checkpoint is not signed by the exchange's key.",
    )
    yield from consistency(tree, first, second)


def consistency(tree: Tree, first: Document, second: Document) -> Iterator[Vector]:
    """A proof between the logs of two bundles, and a forged one."""
    log = Log()
    for one in (first, second):
        log.append(leaf_hash(canonical(one)))
    proof = {
        "first": 1,
        "second": 2,
        "firstRoot": log.root(1).hex(),
        "secondRoot": log.root(2).hex(),
        "proof": [one.hex() for one in log.consistency(1, 2)],
    }
    bundles = [bundle_of(tree, first), bundle_of(tree, second, before=[first])]
    yield Vector("two statements and their log", [*bundles, proof], "")
    forged = {**proof, "proof": [log.root(1).hex()]}
    yield Vector(
        "a log that does not continue",
        [*bundles, forged],
        "The log was rewritten: it does not begin with the earlier log.",
    )


def reserves() -> Iterator[Vector]:
    """About what is there: signatures of keys and the chain's state."""
    yield Vector("reserves are shown", chain.files(), "")
    yield Vector(
        "B1: a stranger's address, signed for by our key",
        chain.files(address_of=chain.STRANGER),
        f"{chain.STRANGER.address}: the signature is by another key.",
    )
    yield Vector(
        "B2: one signer counts twice",
        chain.files(signatures=2),
        f"{chain.OURS.address}: an account is signed for by its one key.",
    )
    yield Vector(
        "B3: an address that is none",
        chain.files(address="not-an-address"),
        '"address" is not in hexadecimal digits.',
    )
    yield from scripts()
    yield Vector(
        "B4: a message without exchange, block and time",
        chain.files(message="I am an address of an exchange"),
        "An address is signed for with another message than one of ownership.",
    )
    yield Vector(
        "a signature that was made for another exchange",
        chain.files(exchange="11" * 32),
        f"{chain.OURS.address}: the signature is for something else.",
    )
    yield Vector(
        "an old signature passed off as fresh",
        chain.files(signed_ms=NOW_MS - 3_600_000, said_ms=NOW_MS - 1_000),
        f"{chain.OURS.address}: the signature is older than the statement says.",
    )
    yield Vector(
        "an address counts twice",
        chain.files(times=2),
        "The evidence counts an address twice.",
    )
    yield Vector(
        "a balance that the chain does not have",
        chain.files(claimed=2 * chain.BALANCE),
        "ETH: the chain's state has another balance.",
    )
    yield Vector(
        "a state that is no block's",
        chain.files(block="22" * 32),
        "The block's header does not have the block's hash.",
    )
    yield Vector(
        "more is stated than is shown",
        chain.files(stated=chain.STATED + 1),
        "ETH: the evidence shows other reserves than stated.",
    )
    yield Vector(
        "a balance in larger parts than the chain has",
        chain.files(stated=10 * chain.STATED, decimals=17),
        "ETH: the chain has this coin in other parts.",
    )


def scripts() -> Iterator[Vector]:
    """The same on chains of Bitcoin's family, whose addresses are scripts of several keys."""
    address = coins.address_of(coins.SCRIPT)
    by_another = f"{address}: the signature is by another key."
    unknown = "An address is of a kind that this program does not know."
    strange = "An address's script is of a kind that this program does not know."
    yield Vector("coins are shown", coins.files(), "")
    theirs = coins.address_of(coins.script_of([coins.STRANGER, *coins.OURS[:2]]))
    yield Vector(
        "B1: a stranger's script, signed for by our keys",
        coins.files(address=theirs),
        f"{theirs}: the script is another address's.",
    )
    yield Vector(
        "B1: a key that the script does not have",
        coins.files(signers=(coins.OURS[0], coins.STRANGER)),
        by_another,
    )
    yield Vector(
        "signatures that were made for another family's coin",
        coins.files(signed_for="ltc"),
        by_another,
    )
    yield Vector(
        "B2: 2 of 3 by one signer used twice",
        coins.files(signers=(coins.OURS[0], coins.OURS[0])),
        f"{address}: fewer keys signed than the script needs.",
    )
    yield Vector(
        "B2: 2 of 3 by one signer",
        coins.files(signers=(coins.OURS[0],)),
        f"{address}: fewer keys signed than the script needs.",
    )
    yield Vector(
        "B2: a script that anybody can pay from",
        coins.files(script=coins.script_of(coins.OURS, 0), signers=()),
        strange,
    )
    yield Vector(
        "B2: a script that has one key twice",
        coins.files(script=coins.script_of([coins.OURS[0], coins.OURS[0]])),
        strange,
    )
    yield Vector(
        "B3: an address that does not decode",
        coins.files(address=address[:-1] + ("q" if address[-1] != "q" else "p")),
        unknown,
    )
    yield Vector(
        "B3: an address of another kind",
        coins.files(address="bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"),
        "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080: the script is another address's.",
    )
    yield Vector("a chain's beginning that is none", coins.files(hrp="b1"), unknown)
    yield from outpoints()


def outpoints() -> Iterator[Vector]:
    """What such a chain is said to hold."""
    yield Vector(
        "a coin counts twice",
        coins.files(coins=(coins.COINS[0], coins.COINS[0]), amount=4 * 10**8, stated=4 * 10**8),
        "The evidence counts a coin twice.",
    )
    yield Vector(
        "an address's coins are fewer than its amount",
        coins.files(coins=coins.COINS[:1]),
        "BTC: an address has other coins than its amount says.",
    )
    yield Vector(
        "a coin that no transaction made",
        coins.files(coins=(("ab" * 32 + ":-1", coins.OWED),)),
        '"outpoint" names no output of a transaction.',
    )
    yield Vector(
        "a header that is no block's",
        coins.files(header=bytes(80)),
        "The block's header does not have the block's hash.",
    )
    yield Vector(
        "a chain of an unknown kind",
        coins.files(kind="other"),
        "The evidence is of a kind of chain that this program does not know.",
    )
    yield Vector(
        "coins in larger parts than the chain has",
        coins.files(coins=[("ab" * 32 + ":0", 3)], amount=3, decimals=0),
        "BTC: the chain has this coin in other parts.",
    )


def blocks() -> Iterator[Vector]:
    """Blocks of another time than the statement: a node that hangs shows what was there once."""
    old, early = NOW_MS - 4 * HOUR_MS - 1_000, NOW_MS + 2 * HOUR_MS + 1_000
    stale = "%s: the block that was read was made too long before the statement."
    ahead = "ETH: the block that was read is said to be of a later time."
    other = "ETH: the block was made at another time than the statement says."
    alone = chain.files(made_ms=old, told_ms=old)[:1]
    recent = NOW_MS - 4 * HOUR_MS
    for name, files, verdict in (
        ("of four hours ago", chain.files(made_ms=recent, told_ms=recent), ""),
        ("of long ago, by its header", chain.files(made_ms=old), stale % "ETH"),
        ("of long ago, by the statement alone", alone, stale % "ETH"),
        ("of coins of long ago", coins.files(made_ms=old), stale % "Bitcoin"),
        ("of a time to come", chain.files(made_ms=early), ahead),
        ("that is said to be newer", chain.files(made_ms=old, told_ms=NOW_MS), other),
    ):
        yield Vector(f"a block {name}", files, verdict)


def vectors() -> list[Vector]:
    """All of them, the honest bundle first."""
    made = [Vector("an honest bundle", [honest()], "")]
    made += [Vector("exactly covered", [honest((550, 10_055))], "")]
    for part in (claims, totals, ages, signatures, logs, reserves, blocks):
        made += part()
    for more in (
        receipts,
        signed_balances,
        dressing,
        away,
        borrowed,
        coins_control,
        accounts_control,
        two_chains,
        following,
    ):
        made += more.vectors()
    return made


def text() -> str:
    """The file's content."""
    rows = [
        {"name": one.name, "files": [canonical(file).decode() for file in one.files],
         "verdict": one.verdict, **({} if one.now_ms is None else {"now": one.now_ms})}
        for one in vectors()
    ]  # fmt: skip
    return json.dumps(rows, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())

#!/usr/bin/env python3
"""Check that an exchange owes you what you think, and has it: `python verify.py FILE...`.

FILE is a bundle (the saved answer of `/api/v5/x/reserves/proof`, or one of its rows), a statement
that a mirror has (`latest.json`), the evidence that a statement names (`evidence/<hash>.json`), a
receipt (the saved answer of `/api/v5/x/reserves/receipt`), or a consistency proof of the log.
Several files are also checked against each other.

Nothing but Python's standard library is needed, and no network. The exit code is 0 only when
everything in the files holds; else one sentence says what does not.

What is checked, step by step, is described in the exchange's guide to reserves. The formulas are
those of RFC 8032 (Ed25519), RFC 6962 (the log), SEC 1 (secp256k1), EIP-1186 (state proofs).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

FILE_MAX = 256 * 1024 * 1024
INTEGER_MAX = 2**53 - 1
SUM_MAX = 2**128 - 1
ASSETS_MAX = 65_535
RECEIPTS_MAX = 2_000
DEPTH_MAX = 40
RULE = "sum-tree/1"
# A part of another name would be passed over, as if it were not there.
BUNDLE = {"statement", "signature", "log", "house", "proof"}
TAG = b"fullreserve/statement/1\n"
RECEIPT_TAG = b"fullreserve/receipt/1\n"
ORIGIN = "fullreserve/reserves"
# Reserves that were read earlier than this before the statement are not its reserves.
READ_AGE_MAX_MS = 15 * 60 * 1000
# Nor are those of an older block: a node that hangs shows what was there once. Six blocks of
# Bitcoin take longer than this once in a million times.
BLOCK_AGE_MAX_MS = 4 * 3600 * 1000
# Nodes take blocks whose header is ahead of their own time by so much.
BLOCK_AHEAD_MAX_MS = 2 * 3600 * 1000
# Signers of the exchange sign again every six hours: older signatures are by who signs no more, or
# by holders of cold keys. They count, and are told.
SIGNED_OLD_MS = 12 * 3600 * 1000
DAY_MS = 24 * 3600 * 1000
# Of an exchange that is gone nothing looks new for longer; earlier versions may say so for three.
EXPIRES_MAX_MS = DAY_MS
EXPIRED_MAX_MS = 3 * DAY_MS
# Clocks of readers are as far behind as this.
CLOCK_BEHIND_MAX_MS = 2 * 3600 * 1000
# Older signatures of the keys do not count: they could be from a key that is lost by now. Messages
# that say themselves when they run out may be made for a month; others are good for a day.
SIGNED_AGE_MAX_MS = 30 * DAY_MS
WAIT_MS = 3 * DAY_MS
# What was there in the first day of statements had nobody to wait for.
FOUNDING_MS = DAY_MS
LEAVING_BLOCKS_MAX = 1_000
LEAVING_MAX = 10_000
# Nothing of a file shows that a payment is the exchange's: a quarter of what is owed, at most.
# Above that counts what was there all through the day before an earlier statement, and is not now.
LEAVING_PART = 4
BEFORE_MS = 12 * 3600 * 1000
# Of a day with a longer time between two statements nothing says what was there all through it.
GAP_MAX_MS = 15 * 60 * 1000
WINDOWS = ("1", "7", "30")

Document = dict[str, Any]


class Refused(Exception):
    """What does not hold, in one sentence."""


# What each kind of refusal means for the reader: words in its sentence, or at its beginning (^).
MEANINGS = (
    (
        ("Your node",),
        (
            "Your node and the file do not agree. See that it has caught up, and is of this "
            "chain; if so, what this names is not there, and the exchange has to explain it."
        ),
    ),
    (
        (
            "keep both files",
            "keep the files",
            "two different logs",
            "does not follow statement",
            "hides that less",
            "hides for how long",
            "that they began",
            "to have begun later",
            "of an older version",
            "in a list of after",
            "something else of statement",
            "calls it the exchange's own token",
            "to be of before statement",
            "and does not say so",
        ),
        (
            "The exchange has told two stories. Keep all of these files and show them to "
            "others: together they are the proof."
        ),
    ),
    (
        (
            "was rewritten",
            "not in the log of",
            "another epoch's place",
            "of another log than",
        ),
        (
            "The file does not fit the exchange's log: it was altered on its way, or the exchange "
            "rewrote its history. Fetch it again, from a mirror too; what fails again is the proof."
        ),
    ),
    (
        (
            "beside it.",
            "needs a bundle",
        ),
        (
            "A file is missing, and nothing is wrong yet: fetch the one that is named from "
            "the exchange or a mirror, put it beside the others, and check again."
        ),
    ),
    (
        (
            "not signed by the exchange's key",
            "another key than the one you",
            "two different keys",
            "checkpoint has",
        ),
        (
            "The exchange's key did not sign exactly this: the file was altered on its way, "
            "or somebody else made it. Fetch it from another place before you blame the "
            "exchange."
        ),
    ),
    (
        (
            "do not cover",
            "too much of ",
            "own token is counted",
            "own token now",
        ),
        (
            "The exchange owes its users more than it has shown to be there. Ask it why, and "
            "leave nothing there that you cannot lose."
        ),
    ),
    (
        (
            "too old",
            "too long before",
            "of a later time",
            "made at another time",
            "has run out",
            "older than the statement",
            "too lately to count",
            "published later",
            "of a later block",
            "is not of before",
            "expires before",
            "expires more than",
            "of a time to come",
        ),
        (
            "What shows the reserves is too old or too new to be believed. Until newer "
            "statements mend that, take these reserves as not there."
        ),
    ),
    (
        (
            "this program does not know",
            "this program knows",
        ),
        (
            "This verifier does not know the form of the file, or what it names: fetch the "
            "newest verifier from the project, not from the exchange, and check again."
        ),
    ),
    (
        (
            "^Your ",
            "^The house's ",
            "^The proof's path",
            "^The proof is",
            "^The proof has",
            "^The proof hides",
            "proof's path overflow",
            "^The leaf is",
            "^The receipt",
        ),
        (
            "What somebody is owed is not shown to be in the totals that the exchange signed."
            " Fetch the proof anew; if it fails again, keep it and ask the exchange."
        ),
    ),
    (
        (
            "contradicts itself on",
            "is said to be more",
            "ratio is not",
            "house's share",
            "payments on their way are",
            "names a payment",
            "names a token",
            "names other contracts",
            "when its chain was read",
            "names an asset that",
            "^The statement names an asset twice",
            "names no assets",
            "names reserves and",
            "names too many",
            "not follow another",
            "network twice",
            "earlier one that it does not name",
        ),
        (
            "The exchange signed a statement that contradicts itself, so it cannot be true. "
            "Keep the file, and ask the exchange."
        ),
    ),
    (
        (
            "^The file",
            "^None of",
            "^One of",
            '^"',
            "^FILE",
            "^The list of addresses has one",
            "^The list of addresses is not",
            "^The statement names no chain",
            "^The statement has no canonical",
            "^The evidence is not the one",
            "other sizes than",
            "^[Errno",
        ),
        (
            "The file is damaged, is none of those that this checks, or belongs to another "
            "one: fetch it again. This says nothing about the exchange."
        ),
    ),
)
NOT_SHOWN = (
    "What this names is not shown to be the exchange's, or to be there: take the "
    "reserves that rest on it as not there, and ask the exchange."
)


def meaning_of(sentence: str) -> str:
    """What it means, in one sentence or two, that this does not hold."""
    for forms, text in MEANINGS:
        if any(_is_in(form, sentence) for form in forms):
            return text
    return NOT_SHOWN


def _is_in(form: str, sentence: str) -> bool:
    return sentence.startswith(form[1:]) if form[0] == "^" else form in sentence


# Reading: everything that is taken from a file is looked at first.


def load(content: bytes) -> Document:
    """A JSON object; duplicate keys, fractions and huge files are refused."""
    if len(content) > FILE_MAX:
        raise Refused("The file is too large to be a bundle.")
    try:
        found = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_whole_number,
        )
    except (ValueError, RecursionError) as problem:
        msg = f"The file cannot be read as JSON: {problem}."
        raise Refused(msg) from None
    if isinstance(found, dict) and "data" in found and "code" in found:
        rows = found["data"]
        if found["code"] != "0" or not isinstance(rows, list) or len(rows) != 1:
            raise Refused("The file is an answer of the exchange without a bundle in it.")
        found = rows[0]
    if not isinstance(found, dict):
        raise Refused("The file is not a bundle: it holds no JSON object.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> Document:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Refused("The file says the same thing twice: a key is repeated.")
    return made


def _no_fraction(text: str) -> Any:
    msg = f"The file holds {text[:20]}, which is no whole number."
    raise Refused(msg)


def _whole_number(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INTEGER_MAX:
        raise Refused("The file holds a number that is too large.")
    return int(text)


def canonical(value: Any) -> bytes:
    """The one form that is hashed and signed."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return text.encode("ascii")
    except (ValueError, TypeError, RecursionError):
        raise Refused("The statement has no canonical form.") from None


def member(document: Any, name: str, kind: type) -> Any:
    """A member of an object, of this kind."""
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        msg = f'The file has no proper "{name}".'
        raise Refused(msg)
    return value


def whole(document: Any, name: str) -> int:
    """An integer from 0."""
    value: int = member(document, name, int)
    if not 0 <= value <= INTEGER_MAX:
        msg = f'"{name}" is negative or too large.'
        raise Refused(msg)
    return value


def amount(document: Any, name: str) -> int:
    """A decimal string from 0, as amounts are written."""
    return _amount(member(document, name, str), name)


def _amount(text: Any, name: str) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"0|[1-9][0-9]{0,38}", text, re.ASCII):
        msg = f'"{name}" is no amount: a negative one, or not a whole number.'
        raise Refused(msg)
    value = int(text)
    if value > SUM_MAX:
        msg = f'"{name}" is too large.'
        raise Refused(msg)
    return value


def octets(document: Any, name: str, length: int = 32) -> bytes:
    """Lower-case hexadecimal digits of so many bytes."""
    return _octets(member(document, name, str), name, length)


def _octets(text: Any, name: str, length: int | None = 32) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"([0-9a-f]{2})*", text, re.ASCII):
        msg = f'"{name}" is not in hexadecimal digits.'
        raise Refused(msg)
    if length is not None and len(text) != 2 * length:
        msg = f'"{name}" has another length.'
        raise Refused(msg)
    return bytes.fromhex(text)


def texts(document: Any, name: str) -> list[Any]:
    """A list."""
    return list(member(document, name, list))


# Ed25519 (RFC 8032, section 5.1), in extended coordinates.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _decoded(data: bytes) -> _Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return (x, y, 1, x * y % _P)


def _added(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _doubled(one: _Point) -> _Point:
    a, b = one[0] * one[0] % _P, one[1] * one[1] % _P
    c = 2 * one[2] * one[2] % _P
    h = a + b
    e = h - (one[0] + one[1]) ** 2 % _P
    g = a - b
    f = c + g
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


_BASE = _decoded(bytes.fromhex("58" + "66" * 31))


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is by the key; points of small order and large scalars are refused."""
    if len(public) != 32 or len(signature) != 64 or _BASE is None:
        return False
    key, nonce = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _L:
        return False
    eighth = _doubled(_doubled(_doubled(key)))
    if eighth[0] % _P == 0:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    minus: _Point = (_P - key[0], key[1], key[2], _P - key[3])
    both = _added(_BASE, minus)
    found: _Point = (0, 1, 1, 0)
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        found = _doubled(found)
        which = (scalar >> bit & 1) | (challenge >> bit & 1) << 1
        if which:
            found = _added(found, (_BASE, minus, both)[which - 1])
    x_same = (found[0] - nonce[0] * found[2]) % _P == 0
    return x_same and (found[1] - nonce[1] * found[2]) % _P == 0


# The sum tree.


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def _sums(sums: Sequence[int]) -> bytes:
    return b"".join(one.to_bytes(16, "big") for one in sums)


class Leaf(NamedTuple):
    """An account's own part of a proof."""

    account: int
    epoch: int
    claims: list[int]


def check_leaf(proof: Any, statement: Document, whose: str) -> Leaf:
    """That a leaf is in the tree whose root and totals the statement has."""
    claims_of = member(statement, "claims", dict)
    assets = texts(statement, "assets")
    totals = [amount(one, "claims") for one in assets]
    index, leaves = whole(proof, "index"), whole(proof, "leaves")
    epoch, number = whole(proof, "epoch"), amount(proof, "account")
    if number >= 2**64:
        raise Refused("The proof is of an account that cannot be.")
    if leaves != whole(claims_of, "leaves") or not 0 <= index < leaves:
        raise Refused("The proof is of a tree with another number of leaves.")
    if not 0 < epoch <= whole(statement, "epoch"):
        raise Refused("The leaf is from after the statement.")
    claims = [_amount(one, "claims") for one in texts(proof, "claims")]
    if len(claims) != len(totals):
        raise Refused("The proof has another number of assets than the statement.")
    e, n = epoch.to_bytes(8, "big"), number.to_bytes(8, "big")
    user = sha(b"por/user/1", e, octets(proof, "salt"), n)
    count = len(claims).to_bytes(2, "big")
    leaf = sha(b"por/leaf/1", e, user, count, _sums(claims))
    root, sums = _climb(leaf, claims, index, leaves, texts(proof, "path"))
    if root != octets(claims_of, "root") or sums != totals:
        msg = f"{whose} proof does not lead to the statement's root and totals."
        raise Refused(msg)
    return Leaf(number, epoch, claims)


def _climb(
    leaf: bytes, claims: list[int], index: int, leaves: int, path: list[Any]
) -> tuple[bytes, list[int]]:
    own, sums = leaf, list(claims)
    height = 0
    while leaves > 1:
        if height >= len(path):
            raise Refused("The proof's path is too short.")
        other, others = _sibling(path[height], len(claims))
        if index ^ 1 >= leaves:
            place = bytes((height,)) + (index ^ 1).to_bytes(8, "big")
            if other != sha(b"por/pad/1", place) or any(others):
                raise Refused("The proof hides something where the tree has only padding.")
        height += 1
        pair = [(own, sums), (other, others)]
        if index & 1:
            pair.reverse()
        (left, left_sums), (right, right_sums) = pair
        own = sha(b"por/node/1", bytes((height,)), left, _sums(left_sums), right, _sums(right_sums))
        sums = [one + more for one, more in zip(sums, others, strict=False)]
        if max(sums, default=0) > SUM_MAX:
            raise Refused("Sums on the proof's path overflow.")
        index, leaves = index // 2, (leaves + 1) // 2
    if height != len(path):
        raise Refused("The proof's path is too long.")
    return own, sums


def _sibling(text: Any, assets: int) -> tuple[bytes, list[int]]:
    if not isinstance(text, str) or len(text) > 65 + 33 * assets:
        raise Refused("The proof's path has another shape.")
    name, colon, tail = text.partition(":")
    parts = tail.split(",") if tail else []
    if not colon or len(parts) != assets:
        raise Refused("The proof's path has another number of assets.")
    for part in parts:
        if not re.fullmatch(r"0|[1-9a-f][0-9a-f]{0,31}", part, re.ASCII):
            raise Refused("The proof's path holds something that is no amount.")
    return _octets(name, "path"), [int(part, 16) for part in parts]


# The log of statements (RFC 6962, section 2.1; verification as in RFC 9162, 2.1.3 and 2.1.4).


def log_leaf(entry: bytes) -> bytes:
    """RFC 6962: MTH of one entry."""
    return sha(b"\x00", entry)


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether an entry is in the log of this size and root."""
    if not 0 <= index < size:
        return False
    own, last = leaf, size - 1
    for one in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            own = sha(b"\x01", one, own)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            own = sha(b"\x01", own, one)
        index, last = index >> 1, last >> 1
    return last == 0 and own == root


def consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, path: list[bytes]
) -> bool:
    """Whether the smaller log is the beginning of the larger one."""
    if first == second:
        return first_root == second_root and not path
    if first == 0:
        return not path and first_root == sha()
    if not 0 < first < second or not path:
        return False
    nodes = list(path)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)
    index, last = first - 1, second - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = nodes[0]
    for one in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = sha(b"\x01", one, old), sha(b"\x01", one, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = sha(b"\x01", new, one)
        index, last = index >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def check_checkpoint(note: str, public: bytes) -> tuple[int, bytes]:
    """Size and root of a signed checkpoint (https://c2sp.org/tlog-checkpoint)."""
    form = r"(%s\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n— %s ([A-Za-z0-9+/]{91}=)\n"
    found = re.match(form % (ORIGIN, ORIGIN), note, re.ASCII)
    if found is None:
        raise Refused("The log's checkpoint has another form.")
    text, size, root, line = found.groups()
    try:
        signature = base64.b64decode(line, validate=True)
        hash_of_root = base64.b64decode(root, validate=True)
    except binascii.Error:
        raise Refused("The log's checkpoint has another form.") from None
    name = sha(ORIGIN.encode() + b"\n\x01" + public)[:4]
    if signature[:4] != name or not ed25519_holds(public, text.encode(), signature[4:]):
        raise Refused("The log's checkpoint is not signed by the exchange's key.")
    return int(size), hash_of_root


class Logged(NamedTuple):
    size: int
    root: bytes
    earlier: tuple[int, bytes] = (0, b"")  # the same of the log one entry before


def check_log(log: Any, statement: Document, public: bytes) -> Logged:
    """That the statement is in the log, at its own place, and that the log only grew."""
    size, root = check_checkpoint(member(log, "checkpoint", str), public)
    index = whole(log, "index")
    if index != whole(statement, "epoch") - 1:
        raise Refused("The statement stands at another epoch's place in the log.")
    path = [_octets(one, "inclusion") for one in texts(log, "inclusion")]
    if not included(log_leaf(canonical(statement)), index, size, path, root):
        raise Refused("The statement is not in the log of statements.")
    before = member(log, "before", dict)
    earlier, steps = whole(before, "size"), texts(before, "consistency")
    proof = [_octets(one, "consistency") for one in steps]
    if not consistent(earlier, size, octets(before, "root"), root, proof):
        raise Refused("The log was rewritten: it does not begin with the earlier log.")
    return Logged(size, root, (earlier, octets(before, "root")))


# The statement.


class Asset(NamedTuple):
    symbol: str
    decimals: int
    users: int
    reserves: int
    leaving: int = 0  # paid by a block, and still owed: it is not final
    young: int = 0  # at deposit addresses that are published only lately
    lowest: tuple[Low, ...] = ()  # of 1, 7 and 30 days
    was: int = 0  # there all through the day before the payments, by an earlier statement
    own: bool = False  # issued by the exchange itself
    reclassified: int = 0  # the newest statement that took it for the other of these two; 0: none
    uncounted: bool = False  # own, in a statement of version 2: nothing covers it

    @property
    def parts(self) -> int | None:
        """The ratio in parts of 10,000; None where nothing is owed, or nothing can cover it."""
        return None if self.uncounted else _parts(self.reserves + self.leaving, self.users)

    @property
    def unshown(self) -> int:
        """What is counted of payments that no earlier statement shows."""
        lack = max(0, self.users - self.reserves)
        return 0 if self.uncounted else max(0, lack - max(0, self.was - self.reserves))

    @property
    def rests_on_before(self) -> bool:
        """Whether an earlier statement has to show cover."""
        return not self.uncounted and self.reserves + self.users // LEAVING_PART < self.users


class Low(NamedTuple):
    """The lowest of some days; the ratio is in parts of 10,000, None where nothing was owed."""

    ratio: int | None
    reserves: int


class Checked(NamedTuple):
    """What a bundle has come to."""

    statement: Document
    public: bytes
    assets: list[Asset]
    leaf: Leaf | None
    logged: Logged


def check_statement(bundle: Document, key: bytes | None = None) -> Checked:
    """That the exchange made a statement, and logged it; nothing of what it says. Refused."""
    statement = member(bundle, "statement", dict)
    if not set(bundle) <= BUNDLE:
        raise Refused("The file has a part beside its statement that this program does not know.")
    if whole(statement, "v") not in (1, 2, 3, 4):
        raise Refused("The statement is of a version that this program does not know.")
    public = octets(statement, "exchange")
    if key is not None and public != key:
        raise Refused("The statement is by another key than the one you gave.")
    if not ed25519_holds(public, TAG + canonical(statement), octets(bundle, "signature", 64)):
        raise Refused("The statement is not signed by the exchange's key.")
    if member(member(statement, "claims", dict), "rule", str) != RULE:
        raise Refused("The claims are proven by a rule that this program does not know.")
    _check_chain_of_statements(statement)
    logged = check_log(member(bundle, "log", dict), statement, public)
    return Checked(statement, public, [], None, logged)


def check_bundle(bundle: Document, key: bytes | None = None) -> Checked:
    """Everything about a bundle that needs no other file; Refused."""
    said = check_statement(bundle, key)
    statement, public, logged = said.statement, said.public, said.logged
    house = bundle.get("house")
    own = check_leaf(house, statement, "The house's") if house is not None else None
    assets = check_assets(statement, own.claims if own else None)
    proof = bundle.get("proof")
    leaf = check_leaf(proof, statement, "Your") if proof is not None else None
    if leaf and own and leaf.account == own.account:
        raise Refused("Your leaf is the house's.")
    return Checked(statement, public, assets, leaf, logged)


def _check_chain_of_statements(statement: Document) -> None:
    epoch, previous = whole(statement, "epoch"), member(statement, "previous", str)
    if epoch == 0 or (epoch == 1) != (previous == ""):
        raise Refused("The statement does not follow another one.")
    if previous:
        _octets(previous, "previous")
    lasts_ms = whole(statement, "expires") - whole(statement, "ts")
    if lasts_ms <= 0:
        raise Refused("The statement expires before it is made.")
    lasts_max_ms = EXPIRES_MAX_MS if whole(statement, "v") > 3 else EXPIRED_MAX_MS
    if lasts_ms > lasts_max_ms:
        hours = lasts_max_ms // 3_600_000
        raise Refused(f"The statement expires more than {hours} hours after it is made.")


class Contract(NamedTuple):
    """A token that counts on a chain, by a statement."""

    network: int
    chain: str
    symbol: str
    contract: str
    decimals: int
    changed: int  # the newest statement that counted another contract; 0: none did


def contracts_of(statement: Document) -> list[Contract]:
    """All that a statement names, which statements do since version 4; Refused."""
    if whole(statement, "v") < 4:
        return []
    found = [
        _contract(token, row, statement)
        for row in texts(member(statement, "reserves", dict), "chains")
        for token in texts(row, "tokens")
    ]
    if len({(one.network, one.symbol) for one in found}) != len(found):
        raise Refused("The statement names a token of a chain twice.")
    return found


def _contract(token: Document, row: Document, statement: Document) -> Contract:
    symbol, decimals = member(token, "symbol", str), whole(token, "decimals")
    if not re.fullmatch(r"[A-Z0-9]{1,20}", symbol, re.ASCII) or decimals > 60:
        raise Refused("The statement names a token that cannot be.")
    contract, changed = octets(token, "contract", 20).hex(), 0
    if "changed" in token:
        then = member(token, "changed", dict)
        changed = whole(then, "epoch")
        is_before = 0 < changed < whole(statement, "epoch")
        if not is_before or whole(then, "ts") > whole(statement, "ts"):
            raise Refused("The statement contradicts itself on when a contract was changed.")
    name = member(row, "name", str)[:40]
    return Contract(whole(row, "network"), name, symbol, contract, decimals, changed)


def spread_of(statement: Document) -> int | None:
    """In how many ms all chains were read; None before version 4, and where none was. Refused."""
    reserves = member(statement, "reserves", dict)
    rows = texts(reserves, "chains")
    if whole(statement, "v") < 4 or not rows:
        return None
    began, done = whole(reserves, "read"), [whole(row, "read") for row in rows]
    if not began <= min(done) or max(done) > whole(statement, "ts"):
        raise Refused("The statement contradicts itself on when its chain was read.")
    return max(done) - began


def assets_of(statement: Document) -> list[Asset]:
    """What a statement says of each asset, nothing of it checked against anything."""
    return [
        Asset(
            member(row, "symbol", str),
            whole(row, "decimals"),
            amount(row, "users"),
            amount(row, "reserves"),
            *_more_of(row, statement),
        )
        for row in texts(statement, "assets")
    ]


_More = tuple[int, int, tuple[Low, ...], int, bool, int, bool]


def _more_of(row: Document, statement: Document) -> _More:
    """What statements say since their second version."""
    if whole(statement, "v") == 1:
        return 0, 0, (), 0, False, 0, False
    lowest = member(row, "lowest", dict)
    lows = tuple(_low(member(lowest, days, dict)) for days in WINDOWS)
    if "own" in row and whole(row, "own") != 1:
        raise Refused('The file has no proper "own".')
    was = amount(row, "was") if "was" in row else 0
    if "before" in statement and not _was_looked_at(member(statement, "before", dict)):
        was = 0
    leaving, young, own = amount(row, "leaving"), amount(row, "young"), "own" in row
    uncounted = own and whole(statement, "v") == 2
    return leaving, young, lows, was, own, _reclassified(row, statement), uncounted


def _reclassified(row: Document, statement: Document) -> int:
    """The statement that took an asset for the other kind last, own token or not; 0: none did."""
    if "reclassified" not in row:
        return 0
    then = member(row, "reclassified", dict)
    epoch = whole(then, "epoch")
    if not 0 < epoch < whole(statement, "epoch") or whole(then, "ts") > whole(statement, "ts"):
        raise Refused("The statement contradicts itself on when an asset was reclassified.")
    return epoch


def _was_looked_at(before: Document) -> bool:
    """Whether there were statements all through the day before an earlier one."""
    return "gap" in before and whole(before, "gap") <= GAP_MAX_MS


def _low(row: Document) -> Low:
    text = member(row, "ratio", str)
    if text and not re.fullmatch(r"(0|[1-9][0-9]{0,38})\.[0-9]{4}", text, re.ASCII):
        raise Refused('"ratio" is no ratio.')
    return Low(int(text.replace(".", "")) if text else None, amount(row, "reserves"))


def check_assets(statement: Document, house: list[int] | None) -> list[Asset]:
    """That the statement's sums add up and that every asset is covered."""
    rows = texts(statement, "assets")
    if not 0 < len(rows) <= ASSETS_MAX:
        raise Refused("The statement names no assets.")
    if house is None:
        house = [0] * len(rows)
    made, ts = [], whole(statement, "ts")
    reserves_of = member(statement, "reserves", dict)
    read = whole(reserves_of, "read")
    for row, own in zip(rows, house, strict=False):
        symbol, decimals = member(row, "symbol", str), whole(row, "decimals")
        if not re.fullmatch(r"[A-Z0-9]{1,20}", symbol, re.ASCII) or decimals > 30:
            raise Refused("The statement names an asset that cannot be.")
        claims, users, there = (amount(row, name) for name in ("claims", "users", "reserves"))
        amount(row, "shortfall")
        if amount(row, "house") != own or users != claims - own:
            msg = f"{symbol}: the house's share is not what its leaf says."
            raise Refused(msg)
        one = Asset(symbol, decimals, users, there, *_more_of(row, statement))
        stated = "" if one.uncounted else ratio(there + one.leaving, users)
        if member(row, "ratio", str) != stated:
            msg = f"{symbol}: the ratio is not reserves over claims."
            raise Refused(msg)
        made.append(one)
    if len({one.symbol for one in made}) != len(made):
        raise Refused("The statement names an asset twice.")
    signed_max = SIGNED_AGE_MAX_MS if whole(statement, "v") > 1 else DAY_MS
    _check_ages(reserves_of, ts, read, any(one.reserves for one in made), signed_max)
    if whole(statement, "v") > 1:
        _check_leaving(statement, made)
        _check_before(statement, made)
        _gaps_of(statement)
        _check_unshown(statement)
        for one in made:
            _check_lowest(one)
    spread_of(statement)
    contracts_of(statement)
    for one in made:
        check_cover(one)
    return made


def check_cover(asset: Asset) -> None:
    """That what is there covers what is owed, with a part of it that is on its way at most.

    More of that counts as far as it was there before. What the exchange issues itself covers claims
    on itself as any asset does, since version 3; in version 2 it counts never, and what counted
    before cannot become that while users are owed it.
    """
    sums = (asset.reserves + asset.leaving, asset.users, asset.leaving)
    held, owed, leaving = (decimal(units, asset.decimals) for units in sums)
    if asset.uncounted:
        if asset.reserves or asset.leaving:
            raise Refused(f"{asset.symbol}: the exchange's own token is counted as reserves.")
        if asset.reclassified and asset.users:
            raise Refused(
                "%s: nothing covers %s owed to users: it counted as reserves until statement %d, "
                "and is called the exchange's own token now."
                % (asset.symbol, owed, asset.reclassified)
            )
        return
    if asset.reserves + asset.leaving < asset.users:
        raise Refused(f"{asset.symbol}: reserves of {held} do not cover {owed} owed to users.")
    if asset.unshown > asset.users // LEAVING_PART:
        msg = f"{asset.symbol}: {leaving} is said to be on its way, too much of {owed} to be cover."
        raise Refused(msg)


def _check_lowest(asset: Asset) -> None:
    """That longer times have no higher lows, and none is above what is there now."""
    higher = Low(asset.parts, asset.reserves)
    for low in asset.lowest:
        both = low.ratio is not None and higher.ratio is not None
        missing = low.ratio is None and higher.ratio is not None
        if missing or low.reserves > higher.reserves or (both and _above(low, higher)):
            msg = f"{asset.symbol}: the lowest that was there is said to be more than there is."
            raise Refused(msg)
        higher = low


def _above(one: Low, other: Low) -> bool:
    return one.ratio is not None and other.ratio is not None and one.ratio > other.ratio


def _parts(reserves: int, users: int) -> int | None:
    return reserves * 10_000 // users if users else None


def _check_before(statement: Document, assets: Sequence[Asset]) -> None:
    """That an earlier statement is named where sums of before it are."""
    if "before" not in statement:
        if any(one.was for one in assets):
            raise Refused("The statement tells of an earlier one that it does not name.")
        return
    before, ts = member(statement, "before", dict), whole(statement, "ts")
    octets(before, "statement")
    epoch, made = whole(before, "epoch"), whole(before, "ts")
    if not 0 < epoch < whole(statement, "epoch") or not ts - BEFORE_MS <= made <= ts:
        raise Refused("What is on its way is covered by a statement that is too old, or later.")


def _gaps_of(statement: Document) -> dict[str, int]:
    """The longest times without a statement, by days; older ones do not say them."""
    if "gaps" not in statement:
        return {}
    gaps = member(statement, "gaps", dict)
    return {days: whole(gaps, days) for days in WINDOWS}


def _check_unshown(statement: Document) -> None:
    """That no network is both shown and not."""
    rows = texts(statement, "unshown") if "unshown" in statement else []
    chains = texts(member(statement, "reserves", dict), "chains")
    seen = {whole(one, "network") for one in chains}
    for row in rows:
        network = whole(row, "network")
        member(row, "name", str), member(row, "why", str)
        if network in seen:
            raise Refused("The statement says of a network twice whether it is shown.")
        seen.add(network)


def _check_leaving(statement: Document, assets: Sequence[Asset]) -> None:
    """That payments on their way are named, each once and in a block that was read."""
    heights = {
        whole(one, "network"): whole(one, "height")
        for one in texts(member(statement, "reserves", dict), "chains")
    }
    rows = texts(statement, "leaving")
    if len(rows) > LEAVING_MAX:
        raise Refused("The statement names too many payments.")
    sums = dict.fromkeys((one.symbol for one in assets), 0)
    seen = set()
    for row in rows:
        network, height = whole(row, "network"), whole(row, "height")
        symbol = member(row, "symbol", str)
        name = network, octets(row, "txid"), symbol
        if name in seen or symbol not in sums:
            raise Refused("The statement names a payment twice, or of an asset that it does not.")
        seen.add(name)
        top = heights.get(network, 0)
        if not top - LEAVING_BLOCKS_MAX < height <= top or not height:
            raise Refused("The statement names a payment of a block that it is not about.")
        sums[symbol] += amount(row, "amount")
    for one in assets:
        if sums[one.symbol] != one.leaving:
            msg = f"{one.symbol}: the payments on their way are not those that are named."
            raise Refused(msg)


def _check_ages(reserves: Document, ts: int, read: int, shows: bool, signed_max_ms: int) -> None:
    chains = texts(reserves, "chains")
    if not shows:
        return
    octets(reserves, "evidence")
    if not read <= ts or ts - read > READ_AGE_MAX_MS:
        raise Refused("The reserves were read too long before the statement.")
    if not chains:
        raise Refused("The statement names reserves and no chain.")
    for chain in chains:
        signed, name = whole(chain, "signed"), member(chain, "name", str)[:40]
        octets(chain, "block")
        whole(chain, "height")
        if not signed <= ts or ts - signed > signed_max_ms:
            raise Refused(f"{name}: the signatures that show the reserves are too old.")
        if "time" in chain:
            check_time(whole(chain, "time"), chain, ts)


def check_time(made: int, row: Document, ts: int) -> None:
    """That a chain's block is of about the statement's time, by the block's own header.

    `made` and `ts` are ms since 1970; `row` is what the statement says of the chain.
    """
    name = member(row, "name", str)[:40]
    if "time" in row and whole(row, "time") != made:
        raise Refused(f"{name}: the block was made at another time than the statement says.")
    if made < ts - BLOCK_AGE_MAX_MS:
        raise Refused(f"{name}: the block that was read was made too long before the statement.")
    if made > ts + BLOCK_AHEAD_MAX_MS:
        raise Refused(f"{name}: the block that was read is said to be of a later time.")


def ratio(reserves: int, users: int) -> str:
    """Rounded down; empty where nothing is owed."""
    if not users:
        return ""
    parts = reserves * 10_000 // users
    return "%d.%04d" % (parts // 10_000, parts % 10_000)


def decimal(units: int, decimals: int) -> str:
    """An amount in whole coins."""
    whole_part, part = divmod(units, 10**decimals)
    tail = str(part).rjust(decimals, "0").rstrip("0") if decimals else ""
    return "%d.%s" % (whole_part, tail) if tail else str(whole_part)


# Receipts: what the exchange signed that an account is owed, at one place of its journal.


class Receipt(NamedTuple):
    public: bytes
    account: int
    sequence: int
    time: int  # the exchange's, at that place
    since: int  # when the account last changed
    epoch: int  # of a statement of this place, or an earlier one
    claims: list[tuple[str, int, int]]  # symbol, decimals, units


def check_receipt(document: Document, key: bytes | None = None) -> Receipt:
    """That the exchange signed a receipt; Refused."""
    receipt = member(document, "receipt", dict)
    if whole(receipt, "v") != 1:
        raise Refused("The receipt is of a version that this program does not know.")
    public = octets(receipt, "exchange")
    if key is not None and public != key:
        raise Refused("The receipt is by another key than the one you gave.")
    signature = octets(document, "signature", 64)
    if not ed25519_holds(public, RECEIPT_TAG + canonical(receipt), signature):
        raise Refused("The receipt is not signed by the exchange's key.")
    claims = [
        (member(one, "symbol", str), whole(one, "decimals"), amount(one, "claim"))
        for one in texts(receipt, "claims")
    ]
    for symbol, decimals, _ in claims:
        if not re.fullmatch(r"[A-Z0-9]{1,20}", symbol, re.ASCII) or decimals > 30:
            raise Refused("The receipt names an asset that cannot be.")
    if len({symbol for symbol, _, _ in claims}) != len(claims):
        raise Refused("The receipt names an asset twice.")
    sequence, time_ms, since, epoch = (
        whole(receipt, name) for name in ("sequence", "time", "since", "epoch")
    )
    if since > time_ms:
        raise Refused("The receipt is of an account that changed after it.")
    number = amount(receipt, "account")
    return Receipt(public, number, sequence, time_ms, since, epoch, claims)


def check_receipts(receipts: Sequence[Receipt], checked: Sequence[Checked]) -> None:
    """That receipts and leaves of an account say the same wherever it did not change between."""
    keys = {one.public for one in receipts} | {one.public for one in checked}
    if len(keys) > 1:
        raise Refused("The files are by two different keys.")
    ordered = sorted(receipts, key=lambda one: one.sequence)
    for place, one in enumerate(ordered):
        for later in ordered[place + 1 :]:
            same = later.sequence == one.sequence or later.since < one.time
            if later.account == one.account and same:
                _check_same(one, later.claims)
        for bundle in checked:
            _check_order(one, bundle.statement)
            if bundle.leaf and bundle.leaf.account == one.account and _must_agree(one, bundle):
                rows = texts(bundle.statement, "assets")
                names = [(member(row, "symbol", str), whole(row, "decimals")) for row in rows]
                pairs = zip(names, bundle.leaf.claims, strict=False)
                _check_same(one, ((*name, units) for name, units in pairs))


def _check_order(receipt: Receipt, statement: Document) -> None:
    """That a receipt names the newest statement of its place, or the one before that.

    The next one may be in the making while a receipt is signed.
    """
    epoch = whole(statement, "epoch")
    sequence = whole(member(statement, "journal", dict), "sequence")
    is_later = epoch <= receipt.epoch and sequence > receipt.sequence
    if is_later or (epoch >= receipt.epoch + 2 and sequence < receipt.sequence):
        raise Refused(
            "The exchange signed a receipt and statement %d in two different orders: keep the "
            "files, they are the proof." % epoch
        )


def _must_agree(receipt: Receipt, bundle: Checked) -> bool:
    """Whether the account did not change between a receipt and a leaf, by what both say."""
    journal, leaf = member(bundle.statement, "journal", dict), bundle.leaf
    sequence, epoch = whole(journal, "sequence"), whole(bundle.statement, "epoch")
    if sequence <= receipt.sequence:
        return sequence == receipt.sequence or receipt.since < whole(journal, "time")
    return leaf is not None and leaf.epoch <= receipt.epoch < epoch


def _check_same(receipt: Receipt, other: Iterable[tuple[str, int, int]]) -> None:
    first, second = ({row for row in rows if row[2]} for rows in (receipt.claims, other))
    if first != second:
        raise Refused(
            "The exchange signed two different balances of account %d: keep the files, they are "
            "the proof." % receipt.account
        )


# Several files.


def check_pair(one: Checked, other: Checked) -> None:
    """That two bundles are of one history."""
    if one.public != other.public:
        raise Refused("The files are by two different keys.")
    first, second = whole(one.statement, "epoch"), whole(other.statement, "epoch")
    if first == second and one.statement != other.statement:
        raise Refused(
            "The exchange made two different statements for epoch %d: keep both files, they are "
            "the proof." % first
        )
    follows = member(other.statement, "previous", str) == sha(canonical(one.statement)).hex()
    if first + 1 == second and not follows:
        raise Refused(f"Statement {second} does not follow statement {first}.")
    _check_versions(one.statement, other.statement)
    check_following(one.statement, other.statement)
    _check_named_before(one.statement, other.statement)
    _check_own(one.statement, other.statement)
    _check_lows(one.statement, other.statement)
    _check_gaps(one.statement, other.statement)
    for here, there in ((one.logged, other.logged), (other.logged, one.logged)):
        for size, root in (there[:2], there.earlier):
            if here.size == size and here.root != root:
                raise Refused("The exchange shows two different logs of %d entries." % size)


def _check_versions(older: Document, newer: Document) -> None:
    """That a later statement says no less than an earlier one, and both of one beginning."""
    first, second = whole(older, "epoch"), whole(newer, "epoch")
    if whole(older, "v") > whole(newer, "v") and first < second:
        raise Refused(f"Statement {second} is of an older version than {first}, and says less.")
    began = [one["addresses"] for one in (older, newer) if isinstance(one.get("addresses"), dict)]
    if any(whole(one, "founded") > whole(older, "ts") for one in began):
        raise Refused(f"Statements are said to have begun later than statement {first}.")
    if len({whole(one, "founded") for one in began}) > 1:
        raise Refused(f"Statements {first} and {second} say that they began at different times.")


def check_following(older: Document, newer: Document) -> None:
    """That a later statement is of a later time, and says so where it counts another contract."""
    first, second = whole(older, "epoch"), whole(newer, "epoch")
    if first >= second:
        return
    if whole(newer, "ts") < whole(older, "ts"):
        raise Refused(f"Statement {second} is said to be of before statement {first}.")
    was = {(one.network, one.symbol): one for one in contracts_of(older)}
    for one in contracts_of(newer):
        then = was.get((one.network, one.symbol), one)
        if one[3:5] != then[3:5] and one.changed < first:
            raise Refused(
                "%s on %s: statement %d counts another contract than statement %d, and does not "
                "say so." % (one.symbol, one.chain, second, first)
            )


def _check_named_before(older: Document, newer: Document) -> None:
    """That an earlier statement has said what a later one says of it."""
    named, first = newer.get("before"), whole(older, "epoch")
    if not isinstance(named, dict) or whole(named, "epoch") != first:
        return
    lowest = {one.symbol: one.lowest[0].reserves for one in assets_of(older) if one.lowest}
    same = octets(named, "statement") == sha(canonical(older))
    same = same and whole(named, "ts") == whole(older, "ts")
    same = same and ("gap" not in named or whole(named, "gap") == _gaps_of(older).get("1"))
    if not same or any(one.was != lowest.get(one.symbol) for one in assets_of(newer) if one.was):
        second = whole(newer, "epoch")
        raise Refused(f"Statement {second} says something else of statement {first} than it says.")
    _check_read_before(older, newer)


def _check_read_before(older: Document, newer: Document) -> None:
    """That chains were read below the payments of what an earlier statement is named for."""
    rows = texts(member(older, "reserves", dict), "chains")
    read = {whole(one, "network"): whole(one, "height") for one in rows}
    resting = {one.symbol for one in assets_of(newer) if one.was}
    for row in texts(newer, "leaving"):
        height, symbol = whole(row, "height"), member(row, "symbol", str)
        if symbol in resting and read.get(whole(row, "network"), height) >= height:
            raise Refused(
                "%s: statement %d is not of before the payments that statement %d names."
                % (symbol[:20], older["epoch"], newer["epoch"])
            )


def _check_own(older: Document, newer: Document) -> None:
    """That what is called the exchange's own token, and what counts, changes in the open only."""
    first, second = whole(older, "epoch"), whole(newer, "epoch")
    was = {one.symbol: one for one in assets_of(older)}
    for one in assets_of(newer):
        then = was.get(one.symbol, one)
        counts = then.reserves if one.own else one.reserves
        if one.own == then.own or one.reclassified >= first or not counts:
            continue
        numbers = (second, first) if one.own else (first, second)
        raise Refused(
            "%s: statement %d calls it the exchange's own token, statement %d counts coins of it."
            % (one.symbol[:20], *numbers)
        )


def _check_lows(older: Document, newer: Document) -> None:
    """That a statement does not hide that less was there in one of the days that it tells of."""
    if whole(newer, "v") == 1 or whole(older, "epoch") >= whole(newer, "epoch"):
        return
    was = {one.symbol: one for one in assets_of(older)}
    for one in assets_of(newer):
        before = was.get(one.symbol)
        if before is None and "gaps" not in newer:
            continue
        then = Low(before.parts, before.reserves) if before else Low(None, 0)
        for days, low in zip(WINDOWS, one.lowest, strict=False):
            if whole(newer, "ts") - whole(older, "ts") > int(days) * DAY_MS:
                continue
            missing = low.ratio is None and then.ratio is not None and not one.uncounted
            if missing or low.reserves > then.reserves or _above(low, then):
                raise Refused(
                    "%s: statement %d hides that less was there %s: see statement %d."
                    % (one.symbol[:20], newer["epoch"], _within(days), older["epoch"])
                )


def _check_gaps(older: Document, newer: Document) -> None:
    """That a statement does not hide for how long there was none in its days.

    Their numbers say how many there were between two, so how long one time at least was.
    """
    steps = whole(newer, "epoch") - whole(older, "epoch")
    between = whole(newer, "ts") - whole(older, "ts")
    for days, gap in _gaps_of(newer).items() if steps > 0 else ():
        if min(between, int(days) * DAY_MS) > gap * steps:
            raise Refused(
                "Statement %d hides for how long none was made %s: see statement %d."
                % (newer["epoch"], _within(days), older["epoch"])
            )


def _within(days: str) -> str:
    return "in the last day" if days == "1" else f"in the last {days} days"


def check_consistency(document: Document, checked: Sequence[Checked]) -> None:
    """That the logs of two bundles are one, by a proof that the exchange or a mirror gave."""
    first, second = whole(document, "first"), whole(document, "second")
    old, new = octets(document, "firstRoot"), octets(document, "secondRoot")
    path = [_octets(one, "proof") for one in texts(document, "proof")]
    if not consistent(first, second, old, new, path):
        raise Refused("The log was rewritten: it does not begin with the earlier log.")
    known = {one.logged.size: one.logged.root for one in checked}
    if known.get(first, old) != old or known.get(second, new) != new:
        raise Refused("The consistency proof is of another log than the bundles'.")
    if first not in known or second not in known:
        raise Refused("The consistency proof is of other sizes than the bundles' logs.")


# Reserves: signatures of keys, and what chains say of them.

_ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
_TURNS = (1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44)
_LANES = (10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1)
_MASK = 2**64 - 1


def _keccak_f(a: list[int]) -> None:
    for constant in _ROUNDS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        for x in range(5):
            one = c[(x + 1) % 5]
            d = c[(x + 4) % 5] ^ ((one << 1 | one >> 63) & _MASK)
            for y in range(x, 25, 5):
                a[y] ^= d
        last = a[1]
        for turn, lane in zip(_TURNS, _LANES, strict=False):
            a[lane], last = (last << turn | last >> (64 - turn)) & _MASK, a[lane]
        for y in range(0, 25, 5):
            row = a[y : y + 5]
            for x in range(5):
                a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5] & _MASK)
        a[0] ^= constant


def keccak256(data: bytes) -> bytes:
    """As Ethereum uses it."""
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % 136)
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), 136):
        for lane in range(17):
            at = start + 8 * lane
            state[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        _keccak_f(state)
    return b"".join(one.to_bytes(8, "little") for one in state[:4])


_Q = 2**256 - 2**32 - 977
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_GX = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
_GY = 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8
_Jacobian = tuple[int, int, int]
_NONE = "A signature over an address is none."


def _plus(one: _Jacobian, other: _Jacobian) -> _Jacobian:
    if not one[2]:
        return other
    if not other[2]:
        return one
    zz1, zz2 = one[2] * one[2] % _Q, other[2] * other[2] % _Q
    u1, u2 = one[0] * zz2 % _Q, other[0] * zz1 % _Q
    s1, s2 = one[1] * zz2 * other[2] % _Q, other[1] * zz1 * one[2] % _Q
    if u1 == u2:
        return _twice(one) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % _Q
    hhh, v = h * hh % _Q, u1 * hh % _Q
    x = (r * r - hhh - 2 * v) % _Q
    return (x, (r * (v - x) - s1 * hhh) % _Q, h * one[2] * other[2] % _Q)


def _twice(one: _Jacobian) -> _Jacobian:
    x, y, z = one
    yy = y * y % _Q
    s, m = 4 * x * yy % _Q, 3 * x * x % _Q
    x3 = (m * m - 2 * s) % _Q
    return (x3, (m * (s - x3) - 8 * yy * yy) % _Q, 2 * y * z % _Q)


def _lifted(x: int, parity: int) -> tuple[int, int] | None:
    """The point of the curve with this x; None where there is none."""
    square = (pow(x, 3, _Q) + 7) % _Q
    y = pow(square, (_Q + 1) // 4, _Q)
    if not 0 <= x < _Q or y * y % _Q != square:
        return None
    return x, y if y & 1 == parity else _Q - y


def _added_up(u1: int, u2: int, point: tuple[int, int]) -> tuple[int, int] | None:
    """u1 * G + u2 * point; None for the point at infinity."""
    g, p = (_GX, _GY, 1), (point[0], point[1], 1)
    both, found = _plus(g, p), (0, 1, 0)
    for bit in range(255, -1, -1):
        found = _twice(found)
        which = (u1 >> bit & 1) | (u2 >> bit & 1) << 1
        if which:
            found = _plus(found, (g, p, both)[which - 1])
    if not found[2]:
        return None
    z = pow(found[2], _Q - 2, _Q)
    return found[0] * z * z % _Q, found[1] * z * z * z % _Q


def signer_of(digest: bytes, r: int, s: int, parity: int) -> tuple[int, int]:
    """The public key that made a signature (SEC 1, 4.1.6); Refused."""
    point = _lifted(r, parity) if 0 < r < _N and 0 < s < _N else None
    if point is None:
        raise Refused(_NONE)
    inverse = pow(r, _N - 2, _N)
    u1 = -int.from_bytes(digest, "big") * inverse % _N
    found = _added_up(u1, s * inverse % _N, point)
    if found is None:
        raise Refused(_NONE)
    return found


_SAID = re.compile(
    r"Fullreserve reserves/([12]) exchange=([0-9a-f]{64}) address=([!-~]{1,128}) "
    r"network=(\d{1,20}) height=(\d{1,20}) block=([0-9a-f]{64}) at=(\d{1,20})"
    r"(?: until=([1-9]\d{0,19}))?",
    re.ASCII,
)
_OTHER_MESSAGE = "An address is signed for with another message than one of ownership."


class _Said(NamedTuple):
    exchange: str
    address: str
    network: int
    height: int
    block: str
    at: int
    until: int | None  # only since the second form


def _read_said(message: str) -> _Said:
    """What a message of ownership says; Refused for another."""
    found = _SAID.fullmatch(message)
    if found is None or (found[1] == "2") != (found[8] is not None):
        raise Refused(_OTHER_MESSAGE)
    _, exchange, address, network, height, block, at, until = found.groups()
    ends = None if until is None else int(until)
    return _Said(exchange, address, int(network), int(height), block, int(at), ends)


class Chain(NamedTuple):
    """A chain of the evidence, with the statement's row of it."""

    document: Document
    network: int
    height: int
    signed: int
    ts: int
    public: bytes
    nodes: dict[bytes, bytes]
    root: bytes = b""  # of its state


def check_evidence(document: Document, checked: Checked) -> None:
    """That the reserves of a statement are shown, coin by coin."""
    statement = checked.statement
    reserves = member(statement, "reserves", dict)
    if sha(canonical(document)) != octets(reserves, "evidence"):
        raise Refused("The evidence is not the one that the statement names.")
    rows = texts(reserves, "chains")
    chains = texts(document, "chains")
    if [whole(one, "network") for one in rows] != [whole(one, "network") for one in chains]:
        raise Refused("The evidence is of other chains than the statement.")
    decimals = {one.symbol: one.decimals for one in checked.assets}
    totals, young = dict.fromkeys(decimals, 0), dict.fromkeys(decimals, 0)
    seen: set[tuple[Any, bytes]] = set()
    for row, one in zip(rows, chains, strict=False):
        of_chain = _decimals_on(one)
        _check_contracts(row, one, statement)
        shown = check_chain(one, row, statement, checked.public, seen)
        late = check_announced(one, statement)
        for sums, found in ((totals, shown), (young, late)):
            for symbol, units in found.items():
                if symbol not in decimals:
                    raise Refused("The evidence is of an asset that the statement does not name.")
                sums[symbol] += units * 10 ** decimals[symbol] // 10 ** of_chain[symbol]
    for asset in checked.assets:
        if totals[asset.symbol] != asset.reserves:
            msg = f"{asset.symbol}: the evidence shows other reserves than stated."
            raise Refused(msg)
        if young[asset.symbol] != asset.young:
            msg = f"{asset.symbol}: other sums than stated are at addresses published lately."
            raise Refused(msg)


def _check_contracts(row: Document, chain: Document, statement: Document) -> None:
    """That the contracts of the evidence are each counted once, and those that its statement names.

    One contract under two names would be there twice.
    """
    shown, stated = (
        [
            (octets(one, "contract", 20), member(one, "symbol", str), whole(one, "decimals"))
            for one in tokens
        ]
        for tokens in (
            texts(chain, "tokens"),
            texts(row, "tokens") if whole(statement, "v") > 3 else (),
        )
    )
    if len({contract for contract, *_ in shown}) != len(shown):
        raise Refused("The evidence counts a contract twice.")
    if whole(statement, "v") > 3 and stated != shown:
        name = member(row, "name", str)[:40]
        raise Refused(f"{name}: the statement names other contracts than its evidence counts.")


def check_announced(chain: Document, statement: Document) -> dict[str, int]:
    """What stands at deposit addresses that are published only lately; no wallet's may count."""
    late: dict[str, int] = {}
    if whole(statement, "v") == 1:
        return late
    known = member(statement, "addresses", dict)
    read = whole(member(statement, "reserves", dict), "read")
    old = max(read - whole(known, "wait"), whole(known, "founded") + FOUNDING_MS)
    for place in texts(chain, "places"):
        since = whole(place, "since")
        # Not held against `read`, which is that of the chain that was read first.
        if since > whole(statement, "ts"):
            raise Refused("An address is published later than the statement.")
        for coin in texts(place, "coins") if "coins" in place else ():
            if not whole(coin, "height") <= whole(chain, "height"):
                raise Refused("A coin is of a later block than the statement.")
        if since <= old:
            continue
        if member(place, "tier", str) != "deposit":
            msg = f"{place['address']}: the address is published too lately to count."
            raise Refused(msg)
        for symbol, text in member(place, "amounts", dict).items():
            late[symbol] = late.get(symbol, 0) + _amount(text, "amounts")
    return late


def check_addresses(document: Document, checked: Sequence[Checked]) -> Checked:
    """That a list of addresses is the one that a statement names; Refused."""
    name, rows = sha(canonical(document)).hex(), texts(document, "addresses")
    for one in checked:
        said = one.statement.get("addresses")
        if isinstance(said, dict) and said.get("list") == name:
            same = all(whole(said, key) == whole(document, key) for key in ("founded", "wait"))
            if not same or whole(said, "count") != len(rows):
                raise Refused("The list of addresses says something else than its statement.")
            return one
    raise Refused("The list of addresses is not one that a statement names.")


def since_by_address(document: Document) -> dict[tuple[int, str], int]:
    """When each address of a list was first published; Refused."""
    found = {}
    for row in texts(document, "addresses"):
        name = whole(row, "network"), member(row, "address", str)
        if name in found:
            raise Refused("The list of addresses has one twice.")
        found[name] = whole(row, "since")
    return found


def check_lists(lists: Sequence[tuple[Checked, Document]], evidence: Sequence[Document]) -> None:
    """That lists of addresses tell one story, and what is shown was published when it is said."""
    ordered = sorted(lists, key=lambda one: whole(one[0].statement, "epoch"))
    for place, (of, document) in enumerate(ordered):
        before, ts = since_by_address(document), whole(of.statement, "ts")
        for _, later in ordered[place + 1 :]:
            for name, since in since_by_address(later).items():
                if since < ts and before.get(name, ts) > since:
                    msg = f"{name[1][:100]}: the address was not yet in a list of after that time."
                    raise Refused(msg)
        for one in evidence:
            if sha(canonical(one)).hex() == member(of.statement, "reserves", dict).get("evidence"):
                _check_listed(one, before)


def _check_listed(evidence: Document, since: dict[tuple[int, str], int]) -> None:
    for chain in texts(evidence, "chains"):
        for place in texts(chain, "places"):
            name = whole(chain, "network"), member(place, "address", str)
            if since.get(name) != whole(place, "since"):
                msg = f"{name[1][:100]}: the list of addresses does not have it so."
                raise Refused(msg)


# In how many parts chains themselves have their coins; of tokens only a node tells.
_COIN_DECIMALS = {"utxo": 8, "evm": 18}


def _decimals_on(chain: Document) -> dict[str, int]:
    coin, tokens = member(chain, "coin", dict), texts(chain, "tokens")
    digits = whole(coin, "decimals")
    if _COIN_DECIMALS.get(member(chain, "kind", str), digits) != digits:
        msg = f"{member(coin, 'symbol', str)[:20]}: the chain has this coin in other parts."
        raise Refused(msg)
    listed = [(member(one, "symbol", str), whole(one, "decimals")) for one in (coin, *tokens)]
    made = dict(listed)
    if len(made) != len(listed) or any(digits > 60 for digits in made.values()):
        raise Refused("The evidence names an asset of a chain twice.")
    return made


def check_chain(
    chain: Document, row: Document, statement: Document, public: bytes, seen: set[tuple[Any, bytes]]
) -> dict[str, int]:
    """What a chain's places hold, in its own units, each shown to be the exchange's."""
    header = _octets(member(chain, "header", str), "header", None)
    height, block = whole(chain, "height"), octets(chain, "block")
    if height != whole(row, "height") or block != octets(row, "block"):
        raise Refused("The evidence is of another block than the statement.")
    kind = member(chain, "kind", str)
    if kind == "utxo":
        return check_coins(chain, row, statement, public, seen)
    if kind != "evm":
        raise Refused("The evidence is of a kind of chain that this program does not know.")
    fields = rlp(header)
    if keccak256(header) != block or not isinstance(fields, list) or len(fields) < 15:
        raise Refused("The block's header does not have the block's hash.")
    if fields[8] != _big_endian(height):
        raise Refused("The block is of another height.")
    seconds = fields[11] if isinstance(fields[11], bytes) else b""
    check_time(int.from_bytes(seconds[:6], "big") * 1000, row, whole(statement, "ts"))
    nodes = {keccak256(one): one for one in _nodes(chain)}
    network = whole(chain, "network")
    root = fields[3] if isinstance(fields[3], bytes) else b""
    times = whole(row, "signed"), whole(statement, "ts")
    of = Chain(chain, network, height, *times, public, nodes, root)
    totals: dict[str, int] = {}
    for place in texts(chain, "places"):
        account = check_place(place, of)
        # Two networks may be one chain: its own number counts, and its block, which is proven.
        keys = {(whole(chain, "chainId"), account), (block, account)}
        if keys & seen:
            raise Refused("The evidence counts an address twice.")
        seen |= keys
        for symbol, units in _held(place, of, root, account):
            totals[symbol] = totals.get(symbol, 0) + units
    return totals


def _nodes(chain: Document) -> list[bytes]:
    return [_octets(one, "nodes", None) for one in texts(chain, "nodes")]


def _big_endian(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def check_said(place: Document, chain: Chain) -> str:
    """A place's message, which names this exchange, this address and a recent block."""
    address = member(place, "address", str)
    message: str = member(place, "message", str)
    said = _read_said(message)
    ours = (chain.public.hex(), address, chain.network)
    if (said.exchange, said.address, said.network) != ours:
        msg = f"{address}: the signature is for something else."
        raise Refused(msg)
    if said.height > chain.height or not chain.signed <= said.at <= chain.ts:
        msg = f"{address}: the signature is older than the statement says."
        raise Refused(msg)
    until = said.at + DAY_MS if said.until is None else said.until
    if not chain.ts <= until <= said.at + SIGNED_AGE_MAX_MS:
        msg = f"{address}: the signature has run out, or is for more than 30 days."
        raise Refused(msg)
    return message


def check_place(place: Document, chain: Chain) -> bytes:
    """The account of a place, whose key signed a fresh message that can be for nothing else."""
    address = member(place, "address", str)
    account = _octets(address[2:].lower(), "address", 20)
    if not address.startswith("0x"):
        raise Refused("An address is of a kind that this program does not know.")
    message = check_said(place, chain)
    form = place.get("form", "eip191")
    if form == "eip1271":
        _check_safe(place, chain, account, message)
        return account
    if form not in ("eip191", "eip712"):
        raise Refused("An address is signed for in a form that this program does not know.")
    signatures = texts(place, "signatures")
    if len(signatures) != 1:
        msg = f"{address}: an account is signed for by its one key."
        raise Refused(msg)
    digest = said_digest(message) if form == "eip191" else typed_digest(message, chain.document)
    if account_signer(signatures[0], digest, address) != account:
        msg = f"{address}: the signature is by another key."
        raise Refused(msg)
    return account


def said_digest(message: str) -> bytes:
    """EIP-191, version 0x45."""
    text = message.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(text) + text)


_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId)"
_OWNERSHIP = (
    b"Ownership(bytes32 exchange,address account,uint256 network,uint256 height,bytes32 block,"
    b"uint256 at"
)
_SAFE_DOMAIN = b"EIP712Domain(uint256 chainId,address verifyingContract)"


def typed_digest(message: str, chain: Document) -> bytes:
    """EIP-712: what the message says, as fields that a signer's device shows."""
    said = _read_said(message)
    number = b"1" if said.until is None else b"2"
    domain = keccak256(b"Fullreserve reserves") + keccak256(number)
    account = _octets(said.address[2:].lower(), "address", 20).rjust(32, b"\0")
    kind = _OWNERSHIP + (b")" if said.until is None else b",uint256 until)")
    fields = bytes.fromhex(said.exchange) + account + _word(said.network) + _word(said.height)
    fields += bytes.fromhex(said.block) + _word(said.at)
    fields += b"" if said.until is None else _word(said.until)
    return _typed(
        keccak256(keccak256(_DOMAIN) + domain + _word(whole(chain, "chainId"))),
        keccak256(keccak256(kind) + fields),
    )


def _typed(domain: bytes, struct: bytes) -> bytes:
    return keccak256(b"\x19\x01" + domain + struct)


def _word(value: int) -> bytes:
    if value >= 1 << 256:
        raise Refused(_OTHER_MESSAGE)
    return value.to_bytes(32, "big")


def account_signer(text: Any, digest: bytes, address: str) -> bytes:
    """The account whose key made a signature of r, s and 27 or 28; Refused."""
    made = _octets(text, "signatures", 65)
    if made[64] not in (27, 28):
        msg = f"{address}: the signature is none."
        raise Refused(msg)
    r, s = int.from_bytes(made[:32], "big"), int.from_bytes(made[32:64], "big")
    x, y = signer_of(digest, r, s, made[64] - 27)
    return keccak256(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


# Hashes of the code of Safe 1.5.0, 1.4.1 and 1.3.0, as their packages have it: the proxy, and what
# proxies run, each with its variant that logs more. All keep owners in the same slots.
_SAFE_PROXIES = (
    "4e381985ca68b3e5d27b4425fa581c19cf33146d3f887a3cfca96f55528ea46f",
    "d7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c",
    "b89c1b3bdf2cf8827818646bce9a8f6e372885f8c55e5c07acbd307cb133b000",
)
_SAFES = (
    "dda019cbd7c867a533a2a86e5c53434fdc50b13122b5a5ddb4a8df61b31c20f2",
    "180193227186ccb85316c94db1f0d156ed932b14712cfaac78901899178572dc",
    "1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4",
    "b1f926978a0f44a2c0ec8fe822418ae969bd8c3f18d61e5103100339894f81ff",
    "bba688fbdb21ad2bb58bc320638b43d94e7d100f6f3ebaab0a4e4de6304b1c2e",
    "21842597390c4c6e3c1239e434a682b054bd9548eee5e9b1d6a4482731023c0f",
)


def safe_digest(message: str, account: bytes, chain: Document) -> bytes:
    """What a Safe's owners sign for it to say yes, by EIP-1271, to the message's EIP-191 hash."""
    name = account.rjust(32, b"\0")
    domain = keccak256(keccak256(_SAFE_DOMAIN) + _word(whole(chain, "chainId")) + name)
    said = keccak256(b"SafeMessage(bytes message)") + keccak256(said_digest(message))
    return _typed(domain, keccak256(said))


def _check_safe(place: Document, chain: Chain, account: bytes, message: str) -> None:
    """That as many owners signed as the Safe asks for, by its state after the block."""
    address = member(place, "address", str)
    fields = _account_of(chain, chain.root, account)
    run = _slot(chain, fields[2], _word(0)).to_bytes(32, "big")[12:]
    known = fields[3].hex() in _SAFE_PROXIES
    if not known or _account_of(chain, chain.root, run)[3].hex() not in _SAFES:
        msg = f"{address}: the account is no Safe that this program knows."
        raise Refused(msg)
    digest, owners = safe_digest(message, account, chain.document), set()
    for one in texts(place, "signatures"):
        owner = account_signer(one, digest, address)
        if not _slot(chain, fields[2], keccak256(owner.rjust(32, b"\0") + _word(2))):
            msg = f"{address}: the signature is by another key."
            raise Refused(msg)
        owners.add(owner)
    if not 1 <= _slot(chain, fields[2], _word(4)) <= len(owners):
        msg = f"{address}: fewer owners signed than the Safe needs."
        raise Refused(msg)


def _slot(chain: Chain, storage: bytes, key: bytes) -> int:
    """What a contract's storage has at a key; Refused where it is not shown."""
    value = rlp(walk(chain.nodes, storage, keccak256(key)))
    return int.from_bytes(_bytes(value), "big")


# Chains of Bitcoin's family. That the exchange holds the keys is shown here; that the coins are
# there, and unspent, only a node tells (`--node`): no block has a root of what is unspent.

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32M = 0x2BC830A3
_COMPACT = (
    31  # the first byte of a signature by a compressed key, plus which of four keys (BIP 137)
)


def check_coins(
    chain: Document, row: Document, statement: Document, public: bytes, seen: set[tuple[Any, bytes]]
) -> dict[str, int]:
    """What a chain's coins come to, each at an address whose keys signed."""
    header = octets(chain, "header", 80)
    if _twice_sha(header)[::-1] != octets(chain, "block"):
        raise Refused("The block's header does not have the block's hash.")
    check_time(int.from_bytes(header[68:72], "little") * 1000, row, whole(statement, "ts"))
    hrp = member(chain, "hrp", str)
    coin = member(member(chain, "coin", dict), "symbol", str)
    height, signed = whole(chain, "height"), whole(row, "signed")
    of = Chain(chain, whole(chain, "network"), height, signed, whole(statement, "ts"), public, {})
    total = 0
    for place in texts(chain, "places"):
        check_script_place(place, of, hrp)
        held = 0
        for name, units in coins_of(place):
            # By the outpoint alone: nothing shows which chain's the beginnings of addresses are.
            if ("", name) in seen:
                raise Refused("The evidence counts a coin twice.")
            seen.add(("", name))
            held += units
        if member(place, "amounts", dict) != {coin: str(held)}:
            msg = f"{coin[:20]}: an address has other coins than its amount says."
            raise Refused(msg)
        total += held
    return {coin: total}


def coins_of(place: Document) -> list[tuple[bytes, int]]:
    """Outpoints (hash of the transaction and number of the output) with what they are worth."""
    found = []
    for one in texts(place, "coins"):
        outpoint = member(one, "outpoint", str)
        if not re.fullmatch(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,8})", outpoint, re.ASCII):
            raise Refused('"outpoint" names no output of a transaction.')
        found.append((outpoint.encode(), amount(one, "amount")))
    return found


def check_script_place(place: Document, chain: Chain, hrp: str) -> None:
    """That an address's keys signed: as many as its script needs to pay."""
    address, message = member(place, "address", str), check_said(place, chain)
    form = place.get("form", "keys")
    if form == "keys":
        _check_keys(place, address, hrp, message)
    elif form == "bip137":
        _check_bip137(place, address, hrp, message)
    elif form == "bip322":
        _check_bip322(place, address, hrp, message)
    else:
        raise Refused("An address is signed for in a form that this program does not know.")


def _check_keys(place: Document, address: str, hrp: str, message: str) -> None:
    """Each key of a script signs by itself, in the form of BIP 137."""
    script = _octets(member(place, "script", str), "script", None)
    if script_of(hrp, address) != b"\x00\x20" + sha(script):
        msg = f"{address[:100]}: the script is another address's."
        raise Refused(msg)
    needed, keys = keys_of(script)
    digest = _twice_sha(_message_of(hrp, message))
    made = {_compact_signer(one, digest) for one in texts(place, "signatures")}
    if not made <= set(keys):
        msg = f"{address}: the signature is by another key."
        raise Refused(msg)
    if len(made) < needed:
        msg = f"{address}: fewer keys signed than the script needs."
        raise Refused(msg)


def _the_one(place: Document, address: str) -> Any:
    signatures = texts(place, "signatures")
    if len(signatures) != 1:
        msg = f"{address}: this form has one signature."
        raise Refused(msg)
    return signatures[0]


def _check_bip137(place: Document, address: str, hrp: str, message: str) -> None:
    """One key: the first byte says of which kind its address is (BIP 137)."""
    made = _octets(_the_one(place, address), "signatures", 65)
    kind, number = divmod(made[0] - 27, 4)
    if not 0 <= kind <= 3 or number > 1:
        raise Refused(_NONE)
    r, s = int.from_bytes(made[1:33], "big"), int.from_bytes(made[33:], "big")
    x, y = signer_of(_twice_sha(_message_of(hrp, message)), r, s, number)
    long = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    name = hash160(long if kind == 0 else bytes((2 + y % 2,)) + long[1:33])
    to_key, to_witness = b"\x76\xa9\x14" + name + b"\x88\xac", b"\x00\x14" + name
    wrapped = b"\xa9\x14" + hash160(to_witness) + b"\x87"
    if script_of(hrp, address) != (to_key, to_key, wrapped, to_witness)[kind]:
        msg = f"{address}: the signature is by another key."
        raise Refused(msg)


def _check_bip322(place: Document, address: str, hrp: str, message: str) -> None:
    """Whatever can pay from an address can sign for it, but not only later."""
    proof = _the_one(place, address)
    if not isinstance(proof, str):
        raise Refused(_NONE)
    signing = bip322(script_of(hrp, address), message.encode(), proof)
    if signing is None:
        msg = f"{address}: the signature does not hold."
        raise Refused(msg)
    if signing.sequence or signing.lock:
        msg = f"{address}: who signed could pay from it only later."
        raise Refused(msg)


def _compact_signer(text: Any, digest: bytes) -> bytes:
    made = _octets(text, "signatures", 65)
    if not _COMPACT <= made[0] < _COMPACT + 2:
        raise Refused(_NONE)
    r, s = int.from_bytes(made[1:33], "big"), int.from_bytes(made[33:], "big")
    x, y = signer_of(digest, r, s, made[0] - _COMPACT)
    return bytes((2 + y % 2,)) + x.to_bytes(32, "big")


def _message_of(hrp: str, message: str) -> bytes:
    name = b"Litecoin" if hrp in ("ltc", "tltc", "rltc") else b"Bitcoin"
    magic, text = name + b" Signed Message:\n", message.encode()
    return _sized(magic) + _sized(text)


def _twice_sha(data: bytes) -> bytes:
    return sha(sha(data))


def keys_of(script: bytes) -> tuple[int, list[bytes]]:
    """How many of which keys `m <keys> n CHECKMULTISIG` needs; each key once."""
    count = (len(script) - 3) // 34
    keys = [script[2 + 34 * n : 35 + 34 * n] for n in range(count)]
    needed = script[0] - 0x50 if script else 0
    tail = bytes((0x50 + count, 0xAE)) if 0 < count <= 16 else b""
    written = script[:1] + b"".join(b"\x21" + one for one in keys) + tail
    if not tail or script != written or not 1 <= needed <= len(set(keys)) == count:
        raise Refused("An address's script is of a kind that this program does not know.")
    return needed, keys


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# First bytes of addresses to a key and to a script, by how segregated addresses begin.
_VERSIONS = {
    "bc": (0, 5), "tb": (111, 196), "bcrt": (111, 196),
    "ltc": (48, 50), "tltc": (111, 58), "rltc": (111, 58),
}  # fmt: skip
_STRANGE = "An address is of a kind that this program does not know."


def script_of(hrp: str, address: str) -> bytes:
    """The output script that an address names (BIP 173, BIP 350, Base58Check)."""
    if re.fullmatch("[a-z]{1,10}", hrp, re.ASCII) and address.startswith(hrp + "1"):
        version, program = _segregated(hrp, address[len(hrp) + 1 :])
        return bytes((version and 0x50 + version, len(program))) + program
    kind, name = _of_base58(address)
    to_key, to_script = _VERSIONS.get(hrp, (None, None))
    if kind == to_key:
        return b"\x76\xa9\x14" + name + b"\x88\xac"
    if kind == to_script:
        return b"\xa9\x14" + name + b"\x87"
    raise Refused(_STRANGE)


def _segregated(hrp: str, text: str) -> tuple[int, bytes]:
    """Version and program of a witness address."""
    if not 8 <= len(text) <= 80 or not set(text) <= set(_BECH32):
        raise Refused(_STRANGE)
    values = [_BECH32.index(one) for one in text]
    expanded = [ord(one) >> 5 for one in hrp] + [0] + [ord(one) & 31 for one in hrp]
    check = 1
    for value in expanded + values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, mask in enumerate(_GENERATOR):
            check ^= mask if top >> bit & 1 else 0
    number, bits = 0, 5 * (len(values) - 7)
    for value in values[1:-6]:
        number = number << 5 | value
    length, spare = bits // 8, bits % 8
    kinds = ((0, 1, 20), (0, 1, 32), (1, _BECH32M, 32))
    if (values[0], check, length) not in kinds or spare > 4 or number & ((1 << spare) - 1):
        raise Refused(_STRANGE)
    return values[0], (number >> spare).to_bytes(length, "big")


def _of_base58(text: str) -> tuple[int, bytes]:
    """First byte and hash of an older address."""
    if not 26 <= len(text) <= 35 or not set(text) <= set(_BASE58):
        raise Refused(_STRANGE)
    number = 0
    for letter in text:
        number = number * 58 + _BASE58.index(letter)
    if number >= 1 << 200:
        raise Refused(_STRANGE)
    data = number.to_bytes(25, "big")
    zeros = len(text) - len(text.lstrip("1"))
    if len(data) - len(data.lstrip(b"\0")) != zeros or _twice_sha(data[:21])[:4] != data[21:]:
        raise Refused(_STRANGE)
    return data[0], data[1:21]


# RIPEMD-160, which not every build of hashlib has.

_RHO = (7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8)
_SHIFTS = (
    (11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8),
    (7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12),
    (11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5),
    (11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12),
    (9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6),
)
_OTHER_SHIFTS = (
    (8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6),
    (9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11),
    (9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5),
    (15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8),
    (8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11),
)
_LEFT = (0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_RIGHT = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0)


def _mixed(kind: int, x: int, y: int, z: int) -> int:
    if kind == 0:
        return x ^ y ^ z
    if kind == 1:
        return x & y | ~x & z
    if kind == 2:
        return (x | ~y) ^ z
    return x & z | y & ~z if kind == 3 else x ^ (y | ~z)


def _ripemd_line(
    state: Sequence[int], words: Sequence[int], shifts: Any, constants: Any, is_right: bool
) -> list[int]:
    a, b, c, d, e = state
    order = [(9 * n + 5) % 16 if is_right else n for n in range(16)]
    for turn in range(5):
        for place, word in enumerate(order):
            kind = 4 - turn if is_right else turn
            t = (a + _mixed(kind, b, c, d) + words[word] + constants[turn]) & 0xFFFFFFFF
            by = shifts[turn][place]
            t = ((t << by | t >> (32 - by)) + e) & 0xFFFFFFFF
            a, e, d, c, b = e, d, (c << 10 | c >> 22) & 0xFFFFFFFF, b, t
        order = [_RHO[word] for word in order]
    return [a, b, c, d, e]


def ripemd160(data: bytes) -> bytes:
    """https://homes.esat.kuleuven.be/~bosselae/ripemd160.html."""
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + (8 * len(data)).to_bytes(8, "little")
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    for start in range(0, len(padded), 64):
        words = [
            int.from_bytes(padded[at : at + 4], "little") for at in range(start, start + 64, 4)
        ]
        left = _ripemd_line(state, words, _SHIFTS, _LEFT, False)
        right = _ripemd_line(state, words, _OTHER_SHIFTS, _RIGHT, True)
        state = [
            (state[(n + 1) % 5] + left[(n + 2) % 5] + right[(n + 3) % 5]) & 0xFFFFFFFF
            for n in range(5)
        ]
    return b"".join(one.to_bytes(4, "little") for one in state)


def hash160(data: bytes) -> bytes:
    """How addresses name a key or a script."""
    return ripemd160(sha(data))


# BIP 322: keys sign a transaction that can never be mined, so that whatever can pay can sign. The
# digests are those of BIP 143 and BIP 341, signatures those of BIP 66, BIP 146 and BIP 340.

_OUTPUT = bytes(8) + b"\x01\x6a"  # nothing, to OP_RETURN
_PROOF_MAX = 20_000
_OPERATIONS_MAX = 201


class _Unpaid(Exception):
    """The script would not pay."""


class Signing(NamedTuple):
    """The transaction `to_sign`; `script` is that of the output it spends."""

    version: int
    sequence: int
    lock: int
    outpoint: bytes
    script: bytes
    unlocking: bytes
    witness: list[bytes]


class _Reader:
    """Takes the parts of something serialised one after the other; Refused."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        if len(taken) != count:
            raise Refused(_NONE)
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def size(self) -> int:
        first = self.number(1)
        return first if first < 0xFD else self.number(1 << (first - 0xFC))

    def sized(self) -> bytes:
        return self.take(self.size())

    def stack(self) -> list[bytes]:
        return [self.sized() for _ in range(self.size())]


def _sized(data: bytes) -> bytes:
    length = len(data)
    head = bytes((length,)) if length < 0xFD else b"\xfd" + length.to_bytes(2, "little")
    return head + data


def tagged(tag: str, *parts: bytes) -> bytes:
    """BIP 340's tagged hash."""
    name = sha(tag.encode())
    return sha(name, name, *parts)


def bip322(script: bytes, message: bytes, proof: str) -> Signing | None:
    """The transaction of a proof that holds, None for one that does not; Refused."""
    of = _to_sign(script, message, proof)
    try:
        return of if _pays(of) else None
    except _Unpaid:
        return None


def message_outpoint(script: bytes, message: bytes) -> bytes:
    """The only output of `to_spend`, which binds script and message."""
    said = tagged("BIP0322-signed-message", message)
    spends = bytes(32) + b"\xff" * 4 + b"\x22\x00\x20" + said + bytes(4)
    pays = bytes(8) + _sized(script)
    return _twice_sha(bytes(4) + b"\x01" + spends + b"\x01" + pays + bytes(4)) + bytes(4)


def _to_sign(script: bytes, message: bytes, proof: str) -> Signing:
    kind, text = (proof[:3], proof[3:]) if proof[:3] in ("smp", "ful") else ("smp", proof)
    form = r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
    if len(text) > _PROOF_MAX or not re.fullmatch(form, text, re.ASCII):
        raise Refused(_NONE)
    reader, outpoint = _Reader(base64.b64decode(text)), message_outpoint(script, message)
    if kind == "smp":
        made = Signing(0, 0, 0, outpoint, script, b"", reader.stack())
    else:
        made = _whole(reader, script)
    if reader.rest or made.outpoint != outpoint or made.version not in (0, 2):
        raise Refused(_NONE)
    return made


def _whole(reader: _Reader, script: bytes) -> Signing:
    """A transaction of one input and one output."""
    version, inputs = reader.number(4), reader.size()
    has_witness = inputs == 0
    if has_witness:
        inputs = reader.size() and reader.size()
    if inputs != 1:
        raise Refused(_NONE)
    outpoint, unlocking, sequence = reader.take(36), reader.sized(), reader.number(4)
    if reader.size() != 1 or reader.take(len(_OUTPUT)) != _OUTPUT:
        raise Refused(_NONE)
    witness = reader.stack() if has_witness else []
    return Signing(version, sequence, reader.number(4), outpoint, script, unlocking, witness)


def _pays(of: Signing) -> bool:
    script, stack = of.script, list(of.witness)
    if script[:2] == b"\xa9\x14":  # the hash of a script
        pushed = _pushed(of.unlocking)
        script = pushed.pop() if pushed else b""
        if hash160(script) != of.script[2:22] or (script[:1] == b"\0" and pushed):
            return False
        if script[:1] != b"\0":
            return not stack and _Machine(of, pushed, _by_ecdsa(of, script, False)).pays(script)
    elif script[:2] == b"\x76\xa9":  # the hash of a key
        machine = _Machine(of, _pushed(of.unlocking), _by_ecdsa(of, script, False))
        return not stack and machine.pays(script)
    elif of.unlocking:
        return False
    if script[:2] == b"\x51\x20":
        return _pays_taproot(of, script[2:], stack)
    if script[:2] == b"\x00\x14" and len(script) == 22:
        code = b"\x76\xa9" + script[1:] + b"\x88\xac"
    else:
        code = stack.pop() if stack else b""
        if script != b"\x00\x20" + sha(code):
            return False
    return _Machine(of, stack, _by_ecdsa(of, code, True)).pays(code)


def _pays_taproot(of: Signing, key: bytes, stack: list[bytes]) -> bool:
    """By the key itself, or by a script of its tree (BIP 341, BIP 342)."""
    if not stack or (len(stack) > 1 and stack[-1][:1] == b"\x50"):
        return False
    if len(stack) == 1:
        return _by_schnorr(of, b"")(stack[0], key)
    control, code = stack.pop(), stack.pop()
    if len(control) % 32 != 1 or not 33 <= len(control) <= 33 + 128 * 32:
        return False
    if control[0] & 0xFE != 0xC0:
        raise Refused(_STRANGE_SCRIPT)
    leaf = name = tagged("TapLeaf", b"\xc0", _sized(code))
    for at in range(33, len(control), 32):
        name = tagged("TapBranch", *sorted((name, control[at : at + 32])))
    inner = _lifted(int.from_bytes(control[1:33], "big"), 0)
    tweak = int.from_bytes(tagged("TapTweak", control[1:33], name), "big")
    outer = _added_up(tweak, 1, inner) if inner and tweak < _N else None
    if outer is None or outer[0].to_bytes(32, "big") != key or outer[1] & 1 != control[0] & 1:
        return False
    return _Machine(of, stack, _by_schnorr(of, leaf), is_taproot=True).pays(code)


_Holds = Callable[[bytes, bytes], bool]


def _by_ecdsa(of: Signing, code: bytes, is_segregated: bool) -> _Holds:
    """Whether a signature of a key is over this transaction, as a script of this code pays."""
    start, sequence = of.version.to_bytes(4, "little"), of.sequence.to_bytes(4, "little")
    end = of.lock.to_bytes(4, "little") + b"\x01\0\0\0"
    if is_segregated:
        inputs = _twice_sha(of.outpoint) + _twice_sha(sequence) + of.outpoint
        spends = inputs + _sized(code) + bytes(8) + sequence + _twice_sha(_OUTPUT)
    else:
        spends = b"\x01" + of.outpoint + _sized(code) + sequence + b"\x01" + _OUTPUT
    digest = _twice_sha(start + spends + end)
    lengths = (33,) if is_segregated else (33, 65)
    return lambda made, key: len(key) in lengths and ecdsa_holds(key, digest, made)


def _by_schnorr(of: Signing, leaf: bytes) -> _Holds:
    sequence = of.sequence.to_bytes(4, "little")
    start = of.version.to_bytes(4, "little") + of.lock.to_bytes(4, "little")
    parts = (of.outpoint, bytes(8), _sized(of.script), sequence, _OUTPUT)
    end = bytes(5) if not leaf else b"\x02" + bytes(4) + leaf + b"\0" + b"\xff" * 4

    def holds(made: bytes, key: bytes) -> bool:
        kind = made[64:]
        if len(key) != 32 or kind not in (b"", b"\x01"):
            return False
        head = b"\0" + (kind or b"\0") + start
        digest = tagged("TapSighash", head, *map(sha, parts), end)
        return schnorr_holds(key, digest, made[:64])

    return holds


def ecdsa_holds(key: bytes, digest: bytes, made: bytes) -> bool:
    """A signature in strict DER form, of low s, for all of a transaction."""
    if not 9 <= len(made) <= 73 or len(made) < 7 + made[3]:
        return False
    r = int.from_bytes(made[4 : 4 + made[3]], "big")
    s = int.from_bytes(made[6 + made[3] : -1], "big")
    both = b"".join(b"\x02" + bytes((len(one),)) + one for one in map(_signed_octets, (r, s)))
    if made != b"\x30" + bytes((len(both),)) + both + b"\x01":
        return False
    point = _point_of(key)
    if point is None or not (0 < r < _N and 0 < s <= _N // 2):
        return False
    inverse = pow(s, _N - 2, _N)
    found = _added_up(int.from_bytes(digest, "big") * inverse % _N, r * inverse % _N, point)
    return found is not None and found[0] % _N == r


def _signed_octets(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big")


def _point_of(key: bytes) -> tuple[int, int] | None:
    x, y = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
    if len(key) == 33 and key[0] in (2, 3):
        return _lifted(x, key[0] & 1)
    if len(key) == 65 and key[0] == 4 and _lifted(x, y & 1) == (x, y):
        return x, y
    return None


def schnorr_holds(key: bytes, message: bytes, made: bytes) -> bool:
    """BIP 340."""
    point = _lifted(int.from_bytes(key, "big"), 0)
    r, s = int.from_bytes(made[:32], "big"), int.from_bytes(made[32:], "big")
    if point is None or len(made) != 64 or r >= _Q or s >= _N:
        return False
    challenge = int.from_bytes(tagged("BIP0340/challenge", made[:32], key, message), "big") % _N
    found = _added_up(s, _N - challenge, point)
    return found is not None and not found[1] & 1 and found[0] == r


_STRANGE_SCRIPT = "An address's script is of a kind that this program does not know."


def _operations(code: bytes) -> list[tuple[int, bytes | None]]:
    """Numbers of operations, and what they push."""
    reader, found = _Reader(code), list[tuple[int, bytes | None]]()
    while reader.rest:
        number = reader.number(1)
        if number <= 75:
            found.append((number, reader.take(number)))
        elif number in (76, 77):
            found.append((number, reader.take(reader.number(number - 75))))
        elif 0x51 <= number <= 0x60:
            found.append((number, bytes((number - 0x50,))))
        else:
            found.append((number, None))
    return found


def _pushed(code: bytes) -> list[bytes]:
    """What code that does nothing else pushes."""
    pushed = [data for _, data in _operations(code)]
    if None in pushed:
        raise _Unpaid
    return [data for data in pushed if data is not None]


class _Machine:
    """As much of Script as single keys, several keys and timed branches need."""

    def __init__(
        self, of: Signing, stack: list[bytes], holds: _Holds, *, is_taproot: bool = False
    ) -> None:
        self._of = of
        self._stack = stack
        self._holds = holds
        self._is_taproot = is_taproot
        self._ways: list[bool] = []  # of the branches that are open
        self._signed = 0

    def pays(self, code: bytes) -> bool:
        """Whether the code ends well, and not without any signature; Refused, _Unpaid."""
        operations = _operations(code)
        if sum(data is None for _, data in operations) > _OPERATIONS_MAX:
            raise Refused(_STRANGE_SCRIPT)
        for number, data in operations:
            if number in (0x63, 0x64, 0x67, 0x68):
                self._branch(number)
            elif all(self._ways):
                self._do(number, data)
        if self._ways or len(self._stack) != 1:
            return False
        return _is_true(self._stack[0]) and self._signed > 0

    def _branch(self, number: int) -> None:
        if number in (0x63, 0x64):  # IF, NOTIF
            told = self._pop() if all(self._ways) else b""
            if told not in (b"", b"\x01"):
                raise _Unpaid
            self._ways.append((told == b"\x01") == (number == 0x63))
        elif not self._ways:
            raise _Unpaid
        elif number == 0x67:  # ELSE
            self._ways[-1] = not self._ways[-1]
        else:
            self._ways.pop()

    def _do(self, number: int, data: bytes | None) -> None:
        stack = self._stack
        if data is not None:
            stack.append(data)
        elif number == 0x69:
            self._verify()
        elif number == 0x73:  # IFDUP
            stack.extend([stack[-1]] if stack and _is_true(stack[-1]) else [])
        elif number == 0x75:
            self._pop()
        elif number == 0x76:
            one = self._pop()
            stack.extend((one, one))
        elif number in (0x87, 0x88):
            self._put(self._pop() == self._pop(), number == 0x88)
        elif number == 0xA9:
            stack.append(hash160(self._pop()))
        elif number in (0xAC, 0xAD):
            key, made = self._pop(), self._pop()
            self._put(self._has_signed(made, key), number == 0xAD)
        elif number in (0xAE, 0xAF) and not self._is_taproot:
            self._put(self._have_signed(), number == 0xAF)
        elif number in (0xB1, 0xB2):
            self._wait(number)
        else:
            raise Refused(_STRANGE_SCRIPT)

    def _pop(self) -> bytes:
        if not self._stack:
            raise _Unpaid
        return self._stack.pop()

    def _put(self, is_so: bool, verifies: bool) -> None:
        self._stack.append(b"\x01" if is_so else b"")
        if verifies:
            self._verify()

    def _verify(self) -> None:
        if not _is_true(self._pop()):
            raise _Unpaid

    def _number(self, most: int = 4) -> int:
        data = self._pop()
        if len(data) > most or (data and data[-1] & 0x80):
            raise _Unpaid
        return int.from_bytes(data, "little")

    def _has_signed(self, made: bytes, key: bytes) -> bool:
        if made and not self._holds(made, key):
            raise _Unpaid
        self._signed += bool(made)
        return bool(made)

    def _have_signed(self) -> bool:
        """CHECKMULTISIG: signatures in the order of the keys."""
        keys = [self._pop() for _ in range(min(self._number(), 20))][::-1]
        signatures = [self._pop() for _ in range(min(self._number(), 20))][::-1]
        if self._pop() or len(signatures) > len(keys):
            raise _Unpaid
        if signatures and not any(signatures):
            return False
        for made in signatures:
            while not self._holds(made, keys.pop(0) if keys else b""):
                if not keys:
                    raise _Unpaid
            self._signed += 1
        return True

    def _wait(self, number: int) -> None:
        """CHECKLOCKTIMEVERIFY and CHECKSEQUENCEVERIFY (BIP 65, BIP 112)."""
        wanted, of = self._number(5), self._of
        self._stack.append(_as_number(wanted))
        if number == 0xB1:
            is_time = wanted >= 500_000_000
            due = (of.lock >= 500_000_000) == is_time and of.lock >= wanted
            due = due and of.sequence != 0xFFFFFFFF
        else:
            same = not (of.sequence ^ wanted) & (1 << 22) and not of.sequence >> 31
            due = of.version >= 2 and same and of.sequence & 0xFFFF >= wanted & 0xFFFF
            due = due or bool(wanted >> 31)
        if not due:
            raise _Unpaid


def _is_true(data: bytes) -> bool:
    return any(data[:-1]) or data[-1:] not in (b"", b"\0", b"\x80")


def _as_number(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "little") if value else b""


def _held(place: Document, chain: Chain, root: bytes, account: bytes) -> list[tuple[str, int]]:
    held = []
    coin = member(member(chain.document, "coin", dict), "symbol", str)
    tokens = {member(one, "symbol", str): one for one in texts(chain.document, "tokens")}
    for symbol, text in member(place, "amounts", dict).items():
        units = _amount(text, "amounts")
        if symbol == coin:
            shown = _account_of(chain, root, account)[1]
        elif symbol in tokens:
            contract = octets(tokens[symbol], "contract", 20)
            storage = _account_of(chain, root, contract)[2]
            slot = whole(tokens[symbol], "slot").to_bytes(32, "big")
            key = keccak256(keccak256(account.rjust(32, b"\0") + slot))
            shown = rlp(walk(chain.nodes, storage, key)) if storage else b""
        else:
            raise Refused("The evidence is of an asset that its chain does not name.")
        if not isinstance(shown, bytes) or int.from_bytes(shown, "big") != units:
            msg = f"{symbol[:20]}: the chain's state has another balance."
            raise Refused(msg)
        held.append((symbol, units))
    return held


def _account_of(chain: Chain, root: bytes, account: bytes) -> list[bytes]:
    """Nonce, balance, root of the storage, hash of the code."""
    fields = rlp(walk(chain.nodes, root, keccak256(account)))
    if not isinstance(fields, list) or len(fields) != 4:
        raise Refused("An account of the evidence is not in the chain's state.")
    if not all(isinstance(one, bytes) for one in fields):
        raise Refused("An account of the evidence is not in the chain's state.")
    return [one for one in fields if isinstance(one, bytes)]


def walk(nodes: dict[bytes, bytes], root: bytes, key: bytes) -> bytes:
    """The value at a key of a Merkle Patricia tree; Refused where the nodes do not lead there."""
    way = "".join(f"{byte:02x}" for byte in key)
    node: Any = rlp(_node(nodes, root))
    while True:
        if not isinstance(node, list) or len(node) not in (2, 17):
            raise Refused("The proof of a chain's state is broken.")
        if len(node) == 2:
            path, is_leaf = _path(node[0])
            if not way.startswith(path) or is_leaf != (way == path):
                raise Refused("The proof of a chain's state leads elsewhere.")
            way, following = way[len(path) :], node[1]
            if is_leaf:
                return _bytes(following)
        else:
            if not way:
                raise Refused("The proof of a chain's state leads elsewhere.")
            following, way = node[int(way[0], 16)], way[1:]
        node = following if isinstance(following, list) else rlp(_node(nodes, following))


def _node(nodes: dict[bytes, bytes], name: Any) -> bytes:
    found = nodes.get(_bytes(name))
    if found is None:
        raise Refused("The proof of a chain's state is incomplete.")
    return found


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise Refused("The proof of a chain's state is broken.")
    return value


def _path(data: Any) -> tuple[str, bool]:
    """Nibbles in hexadecimal digits, and whether they lead to a value."""
    text = _bytes(data).hex()
    if not text or text[0] not in "0123" or (text[0] in "02" and text[1] != "0"):
        raise Refused("The proof of a chain's state is broken.")
    return (text[1:] if text[0] in "13" else text[2:]), text[0] in "23"


def rlp(data: bytes) -> Any:
    """Decodes Recursive Length Prefix: bytes or a list."""
    value, rest = _rlp(data, 0)
    if rest:
        raise Refused("The proof of a chain's state is broken.")
    return value


def _rlp(data: bytes, depth: int) -> tuple[Any, bytes]:
    if not data or depth > DEPTH_MAX:
        raise Refused("The proof of a chain's state is broken.")
    head = data[0]
    if head < 0x80:
        return data[:1], data[1:]
    base = 0x80 if head < 0xC0 else 0xC0
    length, start = head - base, 1
    if length > 55:
        start = 1 + length - 55
        length = int.from_bytes(data[1:start], "big")
    content, rest = data[start : start + length], data[start + length :]
    if len(content) != length:
        raise Refused("The proof of a chain's state is broken.")
    if base == 0x80:
        return content, rest
    items = []
    while content:
        item, content = _rlp(content, depth + 1)
        items.append(item)
    return items, rest


# The command.


def check_files(
    contents: Sequence[bytes], key: bytes | None = None, now_ms: int | None = None
) -> list[Checked]:
    """Everything that the files say, and that they say it together; Refused.

    What comes back are the bundles, or the receipts where there is nothing else. `now_ms` is the
    reader's clock, if that is to be believed.
    """
    documents = [load(content) for content in contents]
    bundles = [one for one in documents if "statement" in one]
    kept = [one for document in documents for one in receipts_in(document)]
    signed = [check_receipt(one, key) for one in [*documents, *kept] if is_receipt(one)]
    kept = [one for one in kept if not is_receipt(one)]
    if not bundles and not kept and not signed:
        raise Refused("None of the files is a bundle or a statement.")
    checked = [check_bundle(one, key) for one in bundles]
    receipts = [_check_kept(one, key, bool(signed)) for one in kept]
    everything = sorted([*checked, *receipts], key=lambda one: whole(one.statement, "epoch"))
    for place, one in enumerate(everything):
        for other in everything[place + 1 :]:
            check_pair(one, other)
    if now_ms is not None:
        for one in everything:
            _check_now(one.statement, now_ms)
    check_receipts(signed, everything)
    evidence = [one for one in documents if "chains" in one and "statement" not in one]
    lists = [one for one in documents if "addresses" in one and "statement" not in one]
    for document in documents:
        if "firstRoot" in document:
            check_consistency(document, everything)
        elif "chains" in document:
            named = _named_by(document, checked)
            check_evidence(document, named)
            _check_shown_before(named, checked)
        elif document in lists:
            check_addresses(document, checked)
        elif not is_receipt(document) and not {"statement", "receipts"} & set(document):
            raise Refused("One of the files is neither bundle, evidence nor consistency proof.")
    check_lists([(check_addresses(one, checked), one) for one in lists], evidence)
    return sorted(checked, key=lambda one: whole(one.statement, "epoch")) or receipts


def _check_now(statement: Document, now_ms: int) -> None:
    """That a statement is not dated ahead, so that it looks new when the exchange is gone."""
    if whole(statement, "ts") > now_ms + CLOCK_BEHIND_MAX_MS:
        raise Refused(
            "Statement %d is of a time to come, by this computer's clock."
            % whole(statement, "epoch")
        )


def _check_shown_before(one: Checked, checked: Sequence[Checked]) -> None:
    """That the earlier statement, on which cover rests, is there to be compared."""
    resting = [asset.symbol for asset in one.assets if asset.rests_on_before]
    if not resting:
        return
    before = member(one.statement, "before", dict)
    epoch = whole(before, "epoch")
    if not any(whole(other.statement, "epoch") == epoch for other in checked):
        raise Refused(
            "%s: cover rests on statement %d, of before payments that are on their way: put "
            "/por/epochs/%d.json beside it." % (resting[0], epoch, epoch)
        )


def is_receipt(document: Any) -> bool:
    """Whether a document is a receipt, and no statement."""
    return isinstance(document, dict) and "receipt" in document and "statement" not in document


def _check_kept(bundle: Document, key: bytes | None, has_receipts: bool) -> Checked:
    """With its leaf where that is to be compared with receipts."""
    said = check_statement(bundle, key)
    if not has_receipts or bundle.get("proof") is None:
        return said
    return said._replace(leaf=check_leaf(bundle["proof"], said.statement, "Your"))


def receipts_in(document: Document) -> list[Any]:
    """Bundles and receipts that were kept: of them only counts whether they contradict anything."""
    if "receipts" not in document or "statement" in document:
        return []
    kept = texts(document, "receipts")
    if len(kept) > RECEIPTS_MAX:
        raise Refused("The file holds too many receipts.")
    return kept


def _named_by(evidence: Document, checked: Sequence[Checked]) -> Checked:
    name = sha(canonical(evidence)).hex()
    for one in checked:
        if member(one.statement, "reserves", dict).get("evidence") == name:
            return one
    raise Refused("The evidence is not the one that the statement names.")


def check_node(
    spec: str,
    checked: Checked,
    evidence: Sequence[Document] = (),
    lists: Sequence[Document] = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """That the reader's own node has a chain's block, and its coins where they are of this kind.

    And that it has the payments that are on their way: with the evidence also that an address of
    the exchange paid as much to others. `spec` is NETWORK=URL; it may have a password. `progress`
    is told how many coins were asked for, of how many.
    """
    number, _, url = spec.partition("=")
    for row in texts(member(checked.statement, "reserves", dict), "chains"):
        if str(whole(row, "network")) != number:
            continue
        chains = [one for document in evidence for one in texts(document, "chains")]
        shown = [one for one in chains if whole(one, "network") == whole(row, "network")]
        is_coins = bool(shown) and member(shown[0], "kind", str) == "utxo"
        for chain in shown:
            _check_said_at(url, chain, is_coins=is_coins)
        if is_coins:
            _check_coins_at(url, shown[0], progress)
        ours = ours_on(whole(row, "network"), shown, lists)
        for payment in checked.statement.get("leaving", ()):
            if whole(payment, "network") == whole(row, "network"):
                if is_coins:
                    paid = _ask_spend(url, payment, ours)
                else:
                    paid = _ask_payment(url, payment, shown, ours)
                _check_paid(paid, payment, checked, shown)
        if is_coins:
            return
        block = _ask(url, "eth_getBlockByNumber", hex(whole(row, "height")), False)
        if not isinstance(block, dict) or block.get("hash") != "0x" + octets(row, "block").hex():
            raise Refused("Your node has another block at this height.")
        for chain in shown:
            _check_tokens_at(url, chain, progress)
        return
    msg = f"The statement names no chain {number[:20]}."
    raise Refused(msg)


def _check_said_at(url: str, chain: Document, *, is_coins: bool) -> None:
    """That signatures were made after the blocks that they name, and not long before: by its hash.

    No key can name a block that is not there yet, so nobody has signed for next year today.
    """
    made: dict[str, tuple[int, int]] = {}
    for place in texts(chain, "places"):
        said, address = _read_said(member(place, "message", str)), member(place, "address", str)
        if said.block not in made:
            made[said.block] = _made_at(url, said.block, is_coins=is_coins)
        height, made_ms = made[said.block]
        is_then = said.at - BLOCK_AGE_MAX_MS <= made_ms <= said.at + BLOCK_AHEAD_MAX_MS
        if height != said.height or not is_then:
            raise Refused(f"Your node says that the signature over {address} names an old block.")


def _made_at(url: str, block: str, *, is_coins: bool) -> tuple[int, int]:
    """Height of a block and when it was made, in ms."""
    method = ("getblockheader", block) if is_coins else ("eth_getBlockByHash", "0x" + block)
    found = _ask(url, *method, is_coins)
    try:
        if is_coins:
            return int(found["height"]), 1000 * int(found["time"])
        return int(found["number"], 16), 1000 * int(found["timestamp"], 16)
    except (KeyError, TypeError, ValueError):
        raise Refused(f"Your node does not know the block {block} that signatures name.") from None


_DECIMALS, _BALANCE_OF = "0x313ce567", "0x70a08231"


def _check_tokens_at(url: str, chain: Document, progress: Callable[[int, int], None]) -> None:
    """That contracts say of themselves what is counted: no state proof says which slot is what."""
    at, tokens = hex(whole(chain, "height")), {one["symbol"]: one for one in tokens_of(chain)}
    for symbol, one in tokens.items():
        if _called(url, octets(one, "contract", 20), _DECIMALS, at) != whole(one, "decimals"):
            raise Refused(f"Your node says that the contract of {symbol} has other decimals.")
    held = [
        (member(place, "address", str), symbol, _amount(text, "amounts"))
        for place in texts(chain, "places")
        for symbol, text in member(place, "amounts", dict).items()
        if symbol in tokens
    ]
    for done, (address, symbol, units) in enumerate(held, 1):
        asked = _BALANCE_OF + address[2:].lower().rjust(64, "0")
        if _called(url, octets(tokens[symbol], "contract", 20), asked, at) != units:
            raise Refused(f"Your node says that {address} has another balance of {symbol}.")
        progress(done, len(held))


def _called(url: str, contract: bytes, data: str, at: str) -> int:
    """The number that a contract answers."""
    found = _ask(url, "eth_call", {"to": "0x" + contract.hex(), "data": data}, at)
    try:
        return int(found, 16)
    except (TypeError, ValueError):
        raise Refused("Your node has no such contract as the evidence names.") from None


def tokens_of(chain: Document) -> list[Document]:
    """The contracts of a chain of which something is counted; Refused."""
    held = [member(place, "amounts", dict) for place in texts(chain, "places")]
    rows = texts(chain, "tokens") if "tokens" in chain else []
    return [row for row in rows if any(member(row, "symbol", str) in one for one in held)]


_NO_PAYMENT = "Your node does not have the payment %s in block %d."
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


class _Paid(NamedTuple):
    """What a node says of a payment: whether an address of ours paid, and what others got."""

    is_ours: bool
    units: Decimal | None  # of the chain; None where it cannot be told which asset this was


def ours_on(
    network: int, shown: Sequence[Document], lists: Sequence[Document]
) -> Callable[[str], bool]:
    """Whether an address is the exchange's, by the evidence and the list of addresses."""
    rows = [member(place, "address", str) for one in shown for place in texts(one, "places")]
    for one in lists:
        rows += [address for number, address in since_by_address(one) if number == network]
    if not shown or member(shown[0], "kind", str) != "utxo":
        accounts = {one.lower() for one in rows}
        return lambda address: address.lower() in accounts
    scripts = {script_of(member(shown[0], "hrp", str), one).hex() for one in rows}
    return lambda script: script in scripts


def _check_paid(
    paid: _Paid, payment: Document, checked: Checked, shown: Sequence[Document]
) -> None:
    if not shown:
        return
    txid, symbol = octets(payment, "txid").hex(), member(payment, "symbol", str)
    if not paid.is_ours:
        raise Refused(
            "Your node says that no address of the exchange, of those in the files, made the "
            f"payment {txid}."
        )
    decimals = {one.symbol: one.decimals for one in checked.assets}
    of_chain = _decimals_on(shown[0])
    if paid.units is None or symbol not in decimals or symbol not in of_chain:
        return
    stated = amount(payment, "amount") * 10 ** of_chain[symbol]
    if paid.units * 10 ** decimals[symbol] < stated:
        raise Refused(f"Your node says that the payment {txid} paid less {symbol[:20]} than that.")


def _ask_payment(
    url: str, payment: Document, shown: Sequence[Document], ours: Callable[[str], bool]
) -> _Paid:
    txid, height = octets(payment, "txid").hex(), whole(payment, "height")
    told = _ask(url, "eth_getTransactionReceipt", "0x" + txid)
    if not isinstance(told, dict) or (told.get("blockNumber"), told.get("status")) != (
        hex(height),
        "0x1",
    ):
        raise Refused(_NO_PAYMENT % (txid, height))
    if not shown:
        return _Paid(False, None)
    made = _ask(url, "eth_getTransactionByHash", "0x" + txid)
    try:
        is_ours = ours(made["from"])
        symbol = member(payment, "symbol", str)
        if symbol == member(member(shown[0], "coin", dict), "symbol", str):
            units = 0 if ours(made["to"]) else int(made["value"], 16)
            return _Paid(is_ours, Decimal(units))
        tokens = {one["contract"]: one["symbol"] for one in texts(shown[0], "tokens")}
        if symbol not in tokens.values():
            return _Paid(is_ours, None)
        logs = [one for one in told["logs"] if tokens.get(one["address"][2:].lower()) == symbol]
        return _Paid(is_ours, Decimal(sum(_moved(one, ours) for one in logs)))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused(_NO_PAYMENT % (txid, height)) from None


def _moved(entry: Document, ours: Callable[[str], bool]) -> int:
    """What a token's event says that left for others."""
    topics = entry["topics"]
    if len(topics) != 3 or topics[0] != _TRANSFER:
        return 0
    source, target = ("0x" + one[-40:] for one in topics[1:])
    return int(entry["data"], 16) if ours(source) and not ours(target) else 0


def _ask_spend(url: str, payment: Document, ours: Callable[[str], bool]) -> _Paid:
    txid, height = octets(payment, "txid").hex(), whole(payment, "height")
    block = _ask(url, "getblock", _ask(url, "getblockhash", height), 2)
    try:
        rows = block.get("tx") or block.get("rawtx") or ()
        made = next(one for one in rows if one["txid"] == txid)
        # A block's witnesses were checked by the node: whose script is there has signed.
        spent = {one for entry in made["vin"] for one in _scripts_of(entry)}
        outputs = [(one["scriptPubKey"]["hex"], one["value"]) for one in made["vout"]]
        units = sum(Decimal(value) * 10**8 for script, value in outputs if not ours(script))
        return _Paid(any(ours(one) for one in spent), Decimal(units))
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError):
        raise Refused(_NO_PAYMENT % (txid, height)) from None


def _scripts_of(entry: Document) -> list[str]:
    """What an input may have spent, by its witness: of a script, or of a key."""
    witness = entry.get("txinwitness") or entry.get("witness") or ()
    last = bytes.fromhex(witness[-1]) if witness else b""
    return [(b"\0\x20" + sha(last)).hex(), (b"\0\x14" + hash160(last)).hex()]


def coins_in(evidence: Sequence[Document]) -> list[Document]:
    """The chains of an evidence whose coins only a node can confirm."""
    chains = [one for document in evidence for one in texts(document, "chains")]
    return [one for one in chains if member(one, "kind", str) == "utxo"]


def _check_coins_at(url: str, chain: Document, progress: Callable[[int, int], None]) -> None:
    told = _ask(url, "getblockheader", octets(chain, "block").hex(), True)
    if not isinstance(told, dict) or not told.get("confirmations", 0) > 0:
        raise Refused("Your node has another block at this height.")
    done, of = 0, sum(len(texts(one, "coins")) for one in texts(chain, "places"))
    for place in texts(chain, "places"):
        script = script_of(member(chain, "hrp", str), member(place, "address", str)).hex()
        for coin, (name, units) in zip(texts(place, "coins"), coins_of(place), strict=False):
            txid, _, output = name.decode().partition(":")
            there = _ask(url, "gettxout", txid, int(output), False)
            if there is None:
                msg = (
                    f"Your node does not have the coin {txid}:{output}: it was spent, or never was."
                )
                raise Refused(msg)
            try:
                same = int(there["value"] * 10**8) == units
                same = same and there["scriptPubKey"]["hex"] == script
                # Blocks may have come since: the coin's own is no earlier than this says.
                earliest = whole(chain, "height") + told["confirmations"] - there["confirmations"]
            except (KeyError, TypeError, ArithmeticError):
                same = False
            if not same:
                msg = f"The coin {txid}:{output} is of another amount or another address."
                raise Refused(msg)
            if "height" in coin and whole(coin, "height") < earliest:
                msg = f"The coin {txid}:{output} is younger than it is said to be."
                raise Refused(msg)
            done += 1
            progress(done, of)


def _ask(url: str, method: str, *params: Any) -> Any:
    """A node's answer, amounts as exact decimals; Refused where it does not answer."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Content-Type": "application/json"}
    parts = urllib.parse.urlsplit(url)
    if parts.username is not None:
        pair = f"{parts.username}:{parts.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    request = urllib.request.Request(url, json.dumps(asked).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read(), parse_float=Decimal)["result"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("Your node does not answer, or does not have the block.") from None


def _written(parts: int | None) -> str:
    return "-" if parts is None else "%d.%04d" % (parts // 10_000, parts % 10_000)


def told(checked: Checked, say: Callable[[str], None], now_ms: int) -> None:
    """What was checked, in words."""
    statement = checked.statement
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(whole(statement, "ts") // 1000))
    say("Statement %d of %s" % (whole(statement, "epoch"), made))
    say(f"  signed by the key {checked.public.hex()}")
    say("  in the exchange's log of %d statements, which only grew" % checked.logged.size)
    for one in checked.assets:
        there, owed = decimal(one.reserves, one.decimals), decimal(one.users, one.decimals)
        if one.reclassified:
            how = "counted coins of it" if one.own else "called it the exchange's own token"
            say(f"  RECLASSIFIED: {one.symbol}, of which statement {one.reclassified} {how}")
        if one.uncounted:
            if one.users:
                say(f"  {one.symbol:6} owed to users {owed}: the EXCHANGE'S OWN TOKEN.")
                say("         Nothing is held for it, none of it counts, and nobody can check more")
            continue
        percent = ratio(one.reserves + one.leaving, one.users)
        way = f", on its way {decimal(one.leaving, one.decimals)}" if one.leaving else ""
        say(
            "  %-6s owed to users %s, there %s%s %s"
            % (one.symbol, owed, there, way, percent and f"({percent})")
        )
        if one.own:
            say("         It is the EXCHANGE'S OWN TOKEN, of which it can make as much as it")
            say("         wants: it covers claims on itself alone")
        if one.reserves < one.users:
            say(f"         COVERED ONLY with {decimal(one.leaving, one.decimals)} that is said to")
            say("         be on its way to users; no file shows that the exchange sent it")
            if one.was > one.reserves:
                was = decimal(one.was, one.decimals)
                say("         By statement %d %s were there" % (statement["before"]["epoch"], was))
                say("         all through the day before")
        if one.lowest and one.users:
            lows = zip(WINDOWS, one.lowest, strict=False)
            parts = [f"{_written(low.ratio)} of {days}" for days, low in lows]
            say(f"         lowest {', '.join(parts)} days")
        if one.young:
            late = decimal(one.young, one.decimals)
            say(f"         {late} of it at deposit addresses that are published only lately")
    if any(one.reserves for one in checked.assets):
        for row in texts(member(statement, "reserves", dict), "chains"):
            _told_ages(row, whole(statement, "ts"), say)
        spread_ms = spread_of(statement)
        if spread_ms is not None:
            say("  All chains were read within %d seconds" % -(-spread_ms // 1000))
    _told_contracts(statement, say)
    _told_limits(statement, say)
    if checked.leaf is None:
        say("  There is no account's proof in this file.")
    else:
        say("  Account %d is owed, in these totals:" % checked.leaf.account)
        for one, units in zip(checked.assets, checked.leaf.claims, strict=False):
            if units:
                mark = " (the exchange's own token%s)" if one.own else ""
                mark = mark and mark % (": not covered" if one.uncounted else "")
                say(f"    {decimal(units, one.decimals)} {one.symbol}{mark}")
    if now_ms > whole(statement, "expires"):
        say("  It was true then; a newer statement should be there by now.")


def _told_ages(row: Document, ts: int, say: Callable[[str], None]) -> None:
    """How old a chain's block and signatures were when the statement was made."""
    name, signed = ascii(row["name"][:40])[1:-1], ts - whole(row, "signed")
    if "time" in row:
        minutes = max(0, ts - whole(row, "time")) // 60_000
        say("  %s: block %d, %d minutes old then" % (name, whole(row, "height"), minutes))
    if signed > SIGNED_OLD_MS:
        say("  OLD SIGNATURES: of %s, by %d hours. Does who signs" % (name, signed // 3_600_000))
        say("  hold the keys still? After a day, or what they say, they count no more.")


def _told_contracts(statement: Document, say: Callable[[str], None]) -> None:
    """Which contracts count as which asset: whether it is the real one only the reader can know."""
    for one in contracts_of(statement):
        name = ascii(one.chain)[1:-1]
        if one.changed:
            said = f"{one.symbol} on {name}, of which statement {one.changed} counted another"
            say(f"  CONTRACT CHANGED: {said}")
        say(f"  {one.symbol} on {name}: contract 0x{one.contract}, {one.decimals} decimals")


def _told_limits(statement: Document, say: Callable[[str], None]) -> None:
    """What of a statement could not be checked, or is checked by less than usual."""
    if whole(statement, "v") == 1:
        say("  It is of version 1: lowest of 30 days and ages of addresses are NOT checked.")
        return
    known = statement.get("addresses")
    if isinstance(known, dict) and whole(known, "wait") < WAIT_MS:
        hours = whole(known, "wait") // 3_600_000
        say("  NOTE: new addresses count after %d hours, where 72 are usual." % hours)
    for row in statement.get("unshown", ()):
        name, why = (ascii(row[key][:40])[1:-1] for key in ("name", "why"))
        say(f"  NOT SHOWN, and not counted: what is on {name} ({why})")


def told_tokens(evidence: Document, say: Callable[[str], None]) -> None:
    """The same by the evidence, of statements that do not name them themselves."""
    for chain in texts(evidence, "chains"):
        name = ascii(str(chain.get("name"))[:40])[1:-1]
        for one in tokens_of(chain):
            contract, digits = octets(one, "contract", 20).hex(), whole(one, "decimals")
            say(f"  {one['symbol']} on {name}: contract 0x{contract}, {digits} decimals")


def told_receipt(receipt: Receipt, say: Callable[[str], None]) -> None:
    """What a receipt says, in words."""
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(receipt.time // 1000))
    say("Receipt of %s, at place %d of the exchange's journal" % (made, receipt.sequence))
    say(f"  signed by the key {receipt.public.hex()}")
    say("  Account %d is owed:" % receipt.account)
    for symbol, decimals, units in receipt.claims:
        say(f"    {decimal(units, decimals)} {symbol}")


_NO_PROOF = (
    "; no account's proof is there: whether what you are owed is in the totals was NOT checked."
)


def verdict_of(checked: Sequence[Checked], files: int) -> str:
    """The last sentence where everything holds.

    Own tokens that users are owed are in it, and that no claim was looked for where none was.
    """
    holds = f"Everything in {'this file' if files == 1 else 'these files'} holds"
    end = "." if any(one.leaf for one in checked) else _NO_PROOF
    assets = [asset for one in checked for asset in one.assets]
    bare = sorted({one.symbol for one in assets if one.uncounted and one.users})
    kind = sorted({one.symbol for one in assets if one.own and one.users} - set(bare))
    if bare:
        return f"{holds}; of the exchange's own {', '.join(bare)} nothing is covered{end}"
    if kind:
        return f"{holds}; the exchange's own {', '.join(kind)} covers itself alone{end}"
    return holds + end


def _evidence_of(one: Checked, evidence: Sequence[Document]) -> list[Document]:
    """Of several the one that a statement names."""
    name = member(one.statement, "reserves", dict).get("evidence")
    return [document for document in evidence if sha(canonical(document)).hex() == name]


def _newest(checked: Sequence[Checked]) -> Checked:
    if not checked:
        raise Refused("--node needs a bundle.")
    return checked[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 when everything holds, 1 when something does not."""
    parser = argparse.ArgumentParser(description="Check statements and proofs of reserves.")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--key", help="the exchange's public key, as you know it from elsewhere")
    parser.add_argument("--node", action="append", default=[], metavar="NETWORK=URL")
    given = parser.parse_args(arguments)
    try:
        key = _octets(given.key, "--key") if given.key else None
        contents = []
        for name in given.files:
            with open(name, "rb") as file:
                contents.append(file.read(FILE_MAX + 1))
        checked = check_files(contents, key, int(time.time() * 1000))
        evidence = [one for one in map(load, contents) if "chains" in one]
        lists = [one for one in map(load, contents) if "addresses" in one and "v" in one]
        lists = [one for one in lists if "statement" not in one]
        for spec in given.node:
            newest = _newest(checked)
            check_node(spec, newest, _evidence_of(newest, evidence), lists)
    except (Refused, OSError) as problem:
        print(f"What the next line means: {meaning_of(str(problem))}")
        print(f"FAILED: {problem}")
        return 1
    documents = [load(content) for content in contents]
    kept = [one for document in documents for one in receipts_in(document)]
    for one in checked:
        if one.assets:
            told(one, print, int(time.time() * 1000))
    for document in filter(is_receipt, documents):
        told_receipt(check_receipt(document, key), print)
    if kept:
        print(f"{len(kept)} statements that were kept over time are of one history.")
    for document in evidence:
        if whole(_named_by(document, checked).statement, "v") < 4:
            told_tokens(document, print)
    for chain in coins_in(evidence) if not given.node else ():
        number, coins = whole(chain, "network"), sum(len(one["coins"]) for one in chain["places"])
        print(f"  {coins} coins are the exchange's, if a node has them: --node {number}=URL")
    print(verdict_of(checked, len(contents)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

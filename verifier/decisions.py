#!/usr/bin/env python3
"""Works out again the chain of the policy's decisions, from the pages that operators are given.

    python3 decisions.py PAGE.json [PAGE.json ...] [--head HEX] [--digest HEX ...] [--begin HEX]

Each file is an answer of `GET /api/v5/x/operator/policy/chain`, or a list of its rows; pages in
their order. Nothing but Python's standard library is needed, and nothing of the exchange is
believed: every decision is encoded again from what is shown of it, hashed over the digest before
it, and compared. `docs/reference/policy-chain.md` says what is hashed, byte for byte.

`--head` is the digest at which the chain ended when somebody else saw it: the pages have to come to
it, and decisions behind it are checked as well. `--digest` is one that a user was shown for a
withdrawal: it has to be in the chain. Without one of these, what was left out at the end is not
noticed. `--begin` is the digest before the first row, for pages that do not begin with the first
decision. Ends with 0 when all is as it says, 1 with the decision that is wrong when not, 2 when
the file is unreadable.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

ID_BASE = 10**18  # what a withdrawal's id is above its number
FIRST = "00" * 32  # the digest before the first decision

FACTS = (
    *("request", "initiator", "owner", "source", "network", "asset", "category"),
    *("ageMs", "usd", "share", "webhook", "isReviewed"),
)
EXPLAINED = ("verb", "rule", "group", "needed", "trace")
RISK = ("score", "reasons", "outcome", "met", "untilTs", "besideUsd", "place")
ROW = (
    *("wdId", "digestBefore", "number", "facts", "explained", "version", "ts", "state"),
    *("risk", "reviewers", "digest"),
)

_NUMBER = re.compile(r"0|-?[1-9][0-9]*")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class Wrong(Exception):
    """A decision is not what it says."""


class Malformed(ValueError):
    """What is shown is no decision, or no page of them."""


def check(rows: list[Any], begin: str = FIRST) -> list[str]:
    """Raises Wrong; the digests, one for each decision."""
    digests: list[str] = []
    before, number = begin, 0
    for at, row in enumerate(rows, 1):
        where = f"decision {at} of {len(rows)}"
        if isinstance(row, dict) and isinstance(row.get("number"), str):
            where += f", number {row['number']}"
        try:
            content = encoded(row)
        except ValueError as problem:
            raise Wrong(f"{where}: {problem}") from None
        if row["digestBefore"] != before:
            what = "the digest behind which the chain is to begin" if at == 1 else "the one before"
            raise Wrong(
                f"{where}: stands behind {row['digestBefore']}, and {what} is {before}: "
                "something was left out, put in or moved"
            )
        if int(row["number"]) <= number:
            raise Wrong(f"{where}: its number is not above the one before it, {number}")
        if int(row["wdId"]) != ID_BASE + int(row["facts"]["request"]):
            raise Wrong(f"{where}: is shown for another withdrawal than the one that is hashed")
        before = sha256(bytes.fromhex(before) + content).hexdigest()
        if row["digest"] != before:
            raise Wrong(f"{where}: comes to {before}, and says {row['digest']}")
        number = int(row["number"])
        digests.append(before)
    return digests


def encoded(row: Any) -> bytes:
    """What is hashed of a decision; Malformed where the row is none."""
    _named(row, ROW, "a decision")
    _named(row["facts"], FACTS, "facts")
    _named(row["explained"], EXPLAINED, "explained")
    _hex(row["digestBefore"], 32)
    _hex(row["digest"], 32)
    _number(row["wdId"])
    facts = [_fact(row["facts"], name) for name in FACTS]
    explained = [*(_number(row["explained"][name]) for name in EXPLAINED[:-1])]
    trace = []
    for step in _listed(row["explained"]["trace"]):
        _named(step, ("rule", "failed"), "a step of the trace")
        trace.append([_number(step["rule"]), _text(step["failed"])])
    decision = [
        *(_number(row["number"]), facts, [*explained, trace]),
        *(_number(row["version"]), _number(row["ts"]), _number(row["state"])),
        *(b"", []),  # the digest to be made, and who has approved it
    ]
    reviewers = row["reviewers"]
    return (
        _pack(decision)
        + (_pack(_risk(row["risk"])) if row["risk"] != {} else b"")
        + (_pack([_number(reviewers), {}]) if reviewers != "" else b"")
    )


def _fact(facts: dict[str, Any], name: str) -> int | bool:
    value = facts[name]
    if name != "isReviewed":
        return _number(value)
    if not isinstance(value, bool):
        raise Malformed("isReviewed is true or false")
    return value


def _risk(risk: Any) -> list[Any]:
    _named(risk, RISK, "risk")
    reasons = []
    for reason in _listed(risk["reasons"]):
        _named(reason, ("reason", "points"), "a reason")
        reasons.append([_number(reason["reason"]), _number(reason["points"])])
    return [
        *(_number(risk["score"]), reasons, _number(risk["outcome"]), _number(risk["met"])),
        *(_number(risk["untilTs"]), _number(risk["besideUsd"]), _hex(risk["place"])),
    ]


def _named(value: Any, names: tuple[str, ...], what: str) -> None:
    """Exactly these: what is shown beside would be under no hash."""
    if not isinstance(value, dict) or sorted(value) != sorted(names):
        raise Malformed(f"{what} has {', '.join(names)}, and nothing else")


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("trace and reasons are lists")
    return value


def _number(text: Any) -> int:
    """Of a text that is written in one way alone."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Malformed(f"{text!r} is no number in decimal")
    return int(text)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed(f"{value!r} is no text")
    return value


def _hex(text: Any, size: int | None = None) -> bytes:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise Malformed(f"{text!r} is not in hex, in small letters")
    if size is not None and len(text) != 2 * size:
        raise Malformed(f"a digest has {size} bytes")
    return bytes.fromhex(text)


def _pack(value: Any) -> bytes:
    """MessagePack, each value in its shortest form. https://msgpack.org/"""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _packed_number(value)
    if isinstance(value, str):
        data = value.encode()
        return _head(len(data), (0xA0, 32), {1: 0xD9, 2: 0xDA, 4: 0xDB}) + data
    if isinstance(value, bytes):
        return _head(len(value), None, {1: 0xC4, 2: 0xC5, 4: 0xC6}) + value
    if isinstance(value, dict):
        return b"\x80"  # nobody has looked at it yet
    parts = b"".join(_pack(item) for item in value)
    return _head(len(value), (0x90, 16), {2: 0xDC, 4: 0xDD}) + parts


def _packed_number(value: int) -> bytes:
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    for at, size in enumerate((1, 2, 4, 8)):
        if 0 <= value < 1 << 8 * size:
            return bytes((0xCC + at,)) + value.to_bytes(size, "big")
        if -(1 << 8 * size - 1) <= value < 0:
            return bytes((0xD0 + at,)) + value.to_bytes(size, "big", signed=True)
    raise Malformed(f"{value} is larger than any number of the log")


def _head(size: int, short: tuple[int, int] | None, longer: dict[int, int]) -> bytes:
    """`short`: the byte of an empty one, and from which size on there is none."""
    if short is not None and size < short[1]:
        return bytes((short[0] + size,))
    for width, first in longer.items():
        if size < 1 << 8 * width:
            return bytes((first,)) + size.to_bytes(width, "big")
    raise Malformed("larger than anything of the log")


def main(words: list[str]) -> int:
    """0: right; 1: wrong, on stderr what; 2: unreadable."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("page", type=Path, nargs="+")
    parser.add_argument("--head", default="", help="at which the chain ended for somebody else")
    parser.add_argument("--digest", action="append", default=[], help="that a user was shown")
    parser.add_argument("--begin", default=FIRST, help="before the first row")
    given = parser.parse_args(words)
    published = [*given.digest, *([given.head] if given.head else [])]
    try:
        rows = [row for path in given.page for row in _page(path)]
        for digest in (given.begin, *published):
            _hex(digest, 32)
    except (OSError, ValueError, RecursionError) as problem:
        print(f"unreadable: {problem}", file=sys.stderr)
        return 2
    try:
        digests = check(rows, given.begin)
    except Wrong as problem:
        print(f"WRONG: {problem}", file=sys.stderr)
        return 1
    missing = [digest for digest in published if digest not in digests]
    if missing:
        print(f"WRONG: no decision of these pages has the digest {missing[0]}", file=sys.stderr)
        return 1
    print(f"RIGHT: {len(digests)} decisions, each over the one before; the last is {digests[-1]}")
    return 0


def _page(path: Path) -> list[Any]:
    """The rows of an answer of the API, or of a list of rows; Malformed."""
    page = json.loads(path.read_text(encoding="utf-8"))
    rows = page.get("data") if isinstance(page, dict) else page
    if not isinstance(rows, list) or not rows:
        raise Malformed(f"{path} holds no decisions")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

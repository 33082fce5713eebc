#!/usr/bin/env python3
"""Follow an exchange's log of statements from outside: `python witness.py SOURCE...`.

SOURCE is the address of the published files (`https://exchange.example/por`), a mirror's, or a
folder with a copy of them. Run it again and again, by a timer: it remembers the newest checkpoint
that it has seen (`--state`, `witness.json` by default) and says in one sentence what it found.

Exit codes: 0 the log only grew; 1 the exchange, or a mirror, told two stories: entries that were
rewritten or taken away, two logs, two statements for one epoch, a signature that is none; 2 nothing
could be read, or an argument is wrong. After a 1 it keeps what it knew and puts the two
contradicting files beside its state: show them to others, they are the proof.

Nothing but Python's standard library is needed, and no other file of ours. The log is the Merkle
tree of RFC 6962, section 2.1; a checkpoint is a signed note (https://c2sp.org/tlog-checkpoint).
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
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ORIGIN = "fullreserve/reserves"
TAG = b"fullreserve/statement/1\n"
HASH_BYTES = 32
FILE_MAX = 256 * 1024 * 1024
ANSWER_S = 20
# Statements that are read one by one at a run; of a longer absence the log's hashes speak.
CATCH_UP_MAX = 5_000


class Contradiction(Exception):
    """What the exchange cannot have said honestly, in one sentence."""


class Unread(Exception):
    """Nothing can be said: a source does not answer, or has none of these files."""


# Ed25519 (RFC 8032, section 5.1), in extended coordinates; as in verify.py, which this file does
# without, so that who runs it has few lines to read.

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


def _times(scalar: int, point: _Point) -> _Point:
    found: _Point = (0, 1, 1, 0)
    for bit in range(scalar.bit_length() - 1, -1, -1):
        found = _added(found, found)
        if scalar >> bit & 1:
            found = _added(found, point)
    return found


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature is by the key; points of small order and large scalars are refused."""
    base = _decoded(bytes.fromhex("58" + "66" * 31))
    if len(public) != 32 or len(signature) != 64 or base is None:
        return False
    key, nonce = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or nonce is None or scalar >= _L or _times(8, key)[0] % _P == 0:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = _times(scalar, base)
    right = _added(nonce, _times(int.from_bytes(digest, "little") % _L, key))
    x_same = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return x_same and (left[1] * right[2] - right[1] * left[2]) % _P == 0


# The log.


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962: MTH over leaf hashes; of none, SHA-256 of nothing."""
    level = list(leaves)
    if not level:
        return sha()
    while len(level) > 1:
        # A node without a neighbour goes up as it is, which is the tree that the RFC defines.
        odd = level[len(level) & ~1 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha(b"\x01", left, right) for left, right in pairs] + odd
    return level[0]


class Checkpoint(NamedTuple):
    size: int
    root: bytes
    note: str  # as it was signed


def checkpoint_of(note: str, public: bytes) -> Checkpoint:
    """A signed checkpoint's size and root; Contradiction where the key did not sign it."""
    form = r"(%s\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n— %s ([A-Za-z0-9+/]{91}=)\n"
    found = re.match(form % (ORIGIN, ORIGIN), note, re.ASCII)
    if found is None:
        raise Unread("The log's checkpoint has another form.")
    text, size, root, line = found.groups()
    try:
        signature, root_hash = (base64.b64decode(one, validate=True) for one in (line, root))
    except binascii.Error:
        raise Unread("The log's checkpoint has another form.") from None
    name = sha(ORIGIN.encode() + b"\n\x01" + public)[:4]
    if signature[:4] != name or not ed25519_holds(public, text.encode(), signature[4:]):
        raise Contradiction("The log's checkpoint is not signed by the key of the exchange.")
    return Checkpoint(int(size), root_hash, note)


def canonical(value: Any) -> bytes:
    """The one form of JSON that is hashed and signed."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


# Sources.


class Source:
    """A folder or a web server with the published files."""

    def __init__(self, name: str) -> None:
        self.name = name.rstrip("/")
        self.is_web = bool(re.match(r"https?://", name))

    def read(self, path: str) -> bytes:
        """A published file; Unread."""
        try:
            if not self.is_web:
                return (Path(self.name) / path).read_bytes()
            request = urllib.request.Request(f"{self.name}/{path}")
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                content: bytes = answer.read(FILE_MAX + 1)
        except (OSError, ValueError) as problem:
            raise Unread(f"{self.name} does not give {path}: {problem}") from None
        if len(content) > FILE_MAX:
            raise Unread(f"{self.name}: {path} is too large.")
        return content

    def document(self, path: str) -> dict[str, Any]:
        """A published file of JSON; Unread."""
        try:
            found = json.loads(self.read(path))
        except (ValueError, RecursionError):
            raise Unread(f"{self.name}: {path} is no JSON.") from None
        if not isinstance(found, dict):
            raise Unread(f"{self.name}: {path} has another shape.")
        return found


class Told(NamedTuple):
    """What a source says of the log now."""

    source: Source
    checkpoint: Checkpoint
    leaves: list[bytes]


def told_by(source: Source, public: bytes) -> Told:
    """Its checkpoint, and the leaves that lead to it; Contradiction where others do."""
    # The checkpoint first: entries that come meanwhile stand behind those that it is of.
    checkpoint = checkpoint_of(source.read("log/checkpoint").decode("utf-8", "replace"), public)
    content = source.read("log/hashes")
    entries = range(0, len(content) - len(content) % HASH_BYTES, HASH_BYTES)
    leaves = [content[at : at + HASH_BYTES] for at in entries]
    if len(leaves) < checkpoint.size:
        raise Contradiction(
            "%s: the checkpoint is of %d entries and only %d are there: the log was truncated."
            % (source.name, checkpoint.size, len(leaves))
        )
    leaves = leaves[: checkpoint.size]
    if root_of(leaves) != checkpoint.root:
        raise Contradiction(f"{source.name}: the entries of the log do not lead to its checkpoint.")
    return Told(source, checkpoint, leaves)


def check_grown(known: Checkpoint, told: Told) -> None:
    """That the log only grew since a checkpoint; Contradiction."""
    size, name = told.checkpoint.size, told.source.name
    if size < known.size:
        raise Contradiction(
            f"{name}: the log has {size} entries where it had {known.size}: it was truncated."
        )
    if root_of(told.leaves[: known.size]) == known.root:
        return
    if size == known.size:
        raise Contradiction(f"{name}: there are two different logs of {size} entries.")
    raise Contradiction(
        f"{name}: the log was rewritten: its first {known.size} entries are not what they were."
    )


def check_same(one: Told, other: Told) -> None:
    """That two sources tell one log, however far each has come; Contradiction."""
    size = min(one.checkpoint.size, other.checkpoint.size)
    if one.leaves[:size] != other.leaves[:size]:
        raise Contradiction(
            f"{one.source.name} and {other.source.name} tell two different logs: of their first "
            f"{size} entries some differ."
        )


class Before(NamedTuple):
    """Of the statement before: its hash and time in ms.

    And, by chain and symbol, which contract counted last, in which statement.
    """

    statement: str = ""
    ts: int = 0
    contracts: Mapping[str, tuple[str, int]] = {}


def check_statement(told: Told, epoch: int, before: Before, public: bytes) -> Before:
    """That an epoch's statement is signed, logged, and follows the one before; what the next does.

    Contradiction, Unread.
    """
    name = told.source.name
    row = told.source.document(f"epochs/{epoch}.json")
    statement, signature = row.get("statement"), row.get("signature")
    if not isinstance(statement, dict) or not isinstance(signature, str):
        raise Unread(f"{name}: statement {epoch} has another shape.")
    try:
        content, made = canonical(statement), bytes.fromhex(signature)
    except (ValueError, RecursionError):
        raise Unread(f"{name}: statement {epoch} has another shape.") from None
    if sha(b"\x00", content) != told.leaves[epoch - 1]:
        raise Contradiction(f"{name}: there are two different statements for epoch {epoch}.")
    if statement.get("epoch") != epoch or not ed25519_holds(public, TAG + content, made):
        raise Contradiction(f"{name}: statement {epoch} is not signed by the key of the exchange.")
    if before.statement and statement.get("previous") != before.statement:
        raise Contradiction(f"{name}: statement {epoch} does not follow the one before it.")
    try:
        return check_following(name, statement, before, sha(content).hex())
    except (KeyError, TypeError, AttributeError):
        raise Unread(f"{name}: statement {epoch} has another shape.") from None


def check_following(name: str, statement: dict[str, Any], before: Before, own: str) -> Before:
    """That it is of no earlier time, and that another contract of a token is said; Contradiction.

    Statements name their contracts since version 4.
    """
    epoch, ts = statement["epoch"], statement["ts"]
    if ts < before.ts:
        raise Contradiction(f"{name}: statement {epoch} is said to be of before the one before it.")
    contracts = dict(before.contracts)
    for chain in statement["reserves"]["chains"] if statement["v"] > 3 else ():
        for one in chain["tokens"]:
            token, now = f"{chain['network']} {one['symbol']}", f"0x{one['contract']}"
            was, newest = contracts.get(token, (now, 0))
            if was != now and one.get("changed", {}).get("epoch", 0) < newest:
                raise Contradiction(
                    f"{name}: statement {epoch} counts {now} as {one['symbol']} on "
                    f"{chain['name']} instead of {was}, and does not say so."
                )
            contracts[token] = now, epoch
    return Before(own, ts, contracts)


# What a witness remembers.


class Memory(NamedTuple):
    """The key, the newest checkpoint, the newest statement, and since when it watches."""

    key: bytes
    checkpoint: Checkpoint | None = None
    newest: Before = Before()
    since: int = 0


def recalled(place: Path, key: bytes | None) -> Memory | None:
    """What was kept; None at the first run. Unread where the file is damaged or of another key."""
    try:
        kept = json.loads(place.read_bytes())
        public = bytes.fromhex(kept["key"])
        known = checkpoint_of(kept["checkpoint"], public)
        contracts = {
            str(name): (str(one), int(epoch))
            for name, (one, epoch) in kept.get("contracts", {}).items()
        }
        newest = Before(str(kept["statement"]), int(kept.get("ts", 0)), contracts)
        memory = Memory(public, known, newest, int(kept["since"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Contradiction) as problem:
        raise Unread(f"{place} is damaged, or none of a witness: {problem}") from None
    if key is not None and key != public:
        raise Unread(f"{place} is of another key than the one you gave.")
    return memory


def keep(place: Path, memory: Memory) -> None:
    """Whole, or as it was."""
    assert memory.checkpoint is not None
    kept = {
        "key": memory.key.hex(),
        "checkpoint": memory.checkpoint.note,
        "statement": memory.newest.statement,
        "ts": memory.newest.ts,
        "contracts": memory.newest.contracts,
        "since": memory.since,
    }
    fresh = place.with_name(place.name + ".new")
    fresh.write_text(json.dumps(kept, indent=1) + "\n")
    fresh.replace(place)


def keep_proof(place: Path, known: Checkpoint | None, sources: Sequence[Source]) -> None:
    """Both sides of a contradiction, as far as they can be had."""
    sides: dict[str, Any] = {"kept": known.note if known else ""}
    for one in sources:
        try:
            note = one.read("log/checkpoint").decode("utf-8", "replace")
            hashes = one.read("log/hashes").hex()
            sides[one.name] = {"checkpoint": note, "hashes": hashes}
        except Unread as problem:
            sides[one.name] = {"unread": str(problem)}
    place.with_name(place.name + ".proof").write_text(json.dumps(sides, indent=1) + "\n")


def witnessed(sources: Sequence[Source], memory: Memory, now_s: int) -> tuple[Memory, str]:
    """One look at all sources: what to remember, and a sentence; Contradiction, Unread."""
    told = [told_by(one, memory.key) for one in sources]
    newest = max(told, key=lambda one: one.checkpoint.size)
    for one in told:
        if one is not newest:
            check_same(one, newest)
    known = memory.checkpoint
    if known is not None:
        check_grown(known, newest)
    size = newest.checkpoint.size
    first = known.size + 1 if known else size
    before = memory.newest
    if size - first >= CATCH_UP_MAX:
        first, before = size - CATCH_UP_MAX + 1, before._replace(statement="")
    for epoch in range(first, size + 1):
        before = check_statement(newest, epoch, before, memory.key)
    more = size - known.size if known else 0
    seen = Memory(memory.key, newest.checkpoint, before, memory.since or now_s)
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seen.since))
    if known is None:
        return seen, f"From here on the log of {size} statements is watched."
    return seen, f"The log of {size} statements only grew, by {more}; it is watched since {since}."


def key_of(source: Source) -> bytes:
    """The key that a source itself names; Unread."""
    try:
        key = bytes.fromhex(source.document("key.json")["exchange"])
    except (KeyError, TypeError, ValueError):
        raise Unread(f"{source.name}: key.json has another shape.") from None
    if len(key) != HASH_BYTES:
        raise Unread(f"{source.name}: key.json has another shape.")
    return key


def _key(text: str) -> bytes:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise Unread("--key is 64 hexadecimal digits.")
    return bytes.fromhex(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Watch an exchange's log of statements from outside.",
        epilog="exit codes: 0 the log only grew; 1 it tells two stories; 2 it could not be read",
    )
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="an address or a folder")
    parser.add_argument("--state", type=Path, default=Path("witness.json"))
    parser.add_argument("--key", help="the exchange's public key, as you know it from elsewhere")
    given = parser.parse_args(arguments)
    sources = [Source(one) for one in given.sources]
    memory = None
    try:
        key = _key(given.key) if given.key else None
        memory = recalled(given.state, key) or Memory(key or key_of(sources[0]))
        seen, sentence = witnessed(sources, memory, int(time.time()))
        keep(given.state, seen)
    except Contradiction as problem:
        keep_proof(given.state, memory.checkpoint if memory else None, sources)
        print(f"TWO STORIES: {problem} Keep {given.state}.proof and show it to others.")
        return 1
    except (Unread, OSError) as problem:
        print(f"NOT READ: {problem}")
        return 2
    print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())

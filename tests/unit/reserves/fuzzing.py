"""A fuzzer for verifiers: alters files as a forger would, and keeps what reaches new lines.

It knows the files' structure: it alters a value, a digit, a place, moves parts between files, and
then may sign, log and hash what it made again with the exchange's own key, because only such files
reach behind the first checks. Which pairs of lines of `verify.py` followed each other is its guide
(`sys.settrace`), and, where it is given the verifier of the pages, which blocks of that ran; the
arithmetic of curves and hashes is left out, as it has no ways to miss.
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections.abc import Callable
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

from fullreserve.reserves.canonical import canonical, digest
from fullreserve.reserves.statement import signed
from tests.unit.reserves.forge import KEY, Document, logged
from tests.unit.reserves.pages_verifier import Arc, PagesVerifier
from tests.unit.reserves.vector import Vector
from verifier import verify

Files = list[Any]

_ARITHMETIC = {"ed25519_holds", "_added", "_doubled", "_decoded", "_keccak_f", "_plus", "_twice"}
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53, 2**63, "", "0", "1", "-1", "00", "١", "0x", "é", [], {},
    "f" * 64, "0" * 64, str(2**128 - 1), str(2**128), [None], {"": 0}, 10**400,
)  # fmt: skip


class Found(NamedTuple):
    """What became of one input: a sentence, or the name of whatever else was thrown.

    `page` is the sentence of the pages' verifier, where that was asked.
    """

    files: Files
    verdict: str
    thrown: str
    page: str | None = None

    @property
    def is_divided(self) -> bool:
        """Whether one verifier accepts what the other does not, or the pages' one crashes."""
        if self.page is None:
            return False
        return self.page.startswith("THROWN") or (self.page == "") != (self.verdict == "")


class Fuzzer:
    """Deterministic: the same seed alters the same."""

    def __init__(
        self, seed: int, vectors: list[Vector], pages: PagesVerifier | None = None
    ) -> None:
        self._draws = random.Random(seed)
        self._pages = pages
        self.parts: set[Arc] = set()  # of the pages' verifier
        self.by_page = 0  # inputs that were kept for what they reach there alone
        self._corpus: list[Files] = []
        self.arcs: set[Arc] = set()
        # The same signature is looked at again and again.
        self._holds = lru_cache(maxsize=4096)(verify.ed25519_holds)
        self.kept: list[Found] = []
        for vector in vectors:
            self._try([copy.deepcopy(one) for one in vector.files])

    def run(self, times: int) -> list[Found]:
        """What was accepted or thrown, or divides the verifiers, of so many inputs."""
        found = []
        for _ in range(times):
            one = self._try(self._altered())
            if one.thrown or not one.verdict or one.is_divided:
                found.append(one)
        return found

    def _try(self, files: Files) -> Found:
        arcs, parts = len(self.arcs), len(self.parts)
        found = traced(files, self.arcs, self._holds)
        if self._pages is not None:
            said, reached = self._pages.judge(files)
            self.parts |= reached
            found = found._replace(page=said)
            self.by_page += len(self.parts) > parts and len(self.arcs) == arcs
        if len(self.arcs) > arcs or len(self.parts) > parts:
            self._corpus.append(files)
            self.kept.append(found)
        return found

    def _altered(self) -> Files:
        draws = self._draws
        files = copy.deepcopy(draws.choice(self._corpus))
        for _ in range(draws.choice((1, 1, 1, 2, 4))):
            self._alter(files)
        if draws.random() < 0.6:
            sealed(files)
        return files

    def _alter(self, files: Files) -> None:
        draws = self._draws
        holder, key = self._place(files)
        value = holder[key]
        kind = draws.randrange(8)
        if kind == 0:
            holder[key] = copy.deepcopy(draws.choice(_VALUES))
        elif kind == 1:
            other, there = self._place(copy.deepcopy(draws.choice(self._corpus)))
            holder[key] = other[there]
        elif kind == 2 and len(holder) > 1:
            del holder[key]
        elif kind == 3 and isinstance(holder, list):
            holder.insert(draws.randrange(len(holder) + 1), copy.deepcopy(value))
        elif kind == 4 and isinstance(holder, list):
            draws.shuffle(holder)
        else:
            holder[key] = self._nudged(value)

    def _nudged(self, value: Any) -> Any:
        draws = self._draws
        if isinstance(value, bool) or value is None or isinstance(value, list | dict):
            return copy.deepcopy(draws.choice(_VALUES))
        if isinstance(value, int):
            return value + draws.choice((-1, 1, 60_000, -(10**9), 2**40))
        at = draws.randrange(len(value) + 1)
        if value.isdigit() and draws.random() < 0.5:
            return str(max(0, int(value[:60]) + draws.choice((-1, 1, 10**6))))
        letter = draws.choice("0123456789abcdef:,-+ \n/=Z")
        return draws.choice((value[:at] + letter + value[at + 1 :], value[:at], letter + value))

    def _place(self, files: Files) -> tuple[Any, Any]:
        """Somewhere in the files: what holds it, and its name there."""
        holder: Any = files
        key: Any = self._draws.randrange(len(files))
        while isinstance(holder[key], list | dict) and holder[key] and self._draws.random() < 0.85:
            holder = holder[key]
            key = self._draws.choice(list(holder)) if isinstance(holder, dict) else (
                self._draws.randrange(len(holder))
            )  # fmt: skip
        return holder, key


def sealed(files: Files) -> None:
    """Hashes, signs and logs what was altered as the exchange itself would; what can be."""
    evidence = [one for one in files if isinstance(one, dict) and "chains" in one]
    for one in files:
        try:
            statement = one["statement"]
            if evidence:
                statement["reserves"]["evidence"] = digest(evidence[0])
            one.update(signed(statement, KEY), log=logged([statement], 0))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            continue


def traced(files: Files, arcs: set[Arc], holds: Callable[..., bool]) -> Found:
    """What verify.py makes of files; the pairs of its lines that followed each other are added."""
    here = verify.__file__

    def begin(frame: FrameType, _event: str, _arg: object) -> Any:
        code: CodeType = frame.f_code
        if code.co_filename != here or code.co_name in _ARITHMETIC:
            return None
        name, last = code.co_name, 0

        def line(frame: FrameType, _event: str, _arg: object) -> Any:
            nonlocal last
            arcs.add((name, last, frame.f_lineno))
            last = frame.f_lineno
            return line

        return line

    contents = [json.dumps(one).encode() for one in files]
    verdict, thrown = "", ""
    real, before = verify.ed25519_holds, sys.gettrace()
    verify.ed25519_holds = holds
    sys.settrace(begin)
    try:
        verify.check_files(contents)
    except verify.Refused as refused:
        verdict = str(refused)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is what is looked for
        thrown = repr(problem)
    finally:
        sys.settrace(before)
        verify.ed25519_holds = real
    return Found(files, verdict, thrown)


def lies(files: Files) -> list[str]:
    """What is untrue in files that were accepted, worked out another way than verifiers do."""
    said = []
    for one in files:
        if isinstance(one, dict) and "statement" in one:
            said += _lies_of(one)
    return said


def _lies_of(bundle: Document) -> list[str]:
    statement, said = bundle["statement"], []
    if KEY.public.hex() != statement["exchange"]:
        said.append("another key than any that signed")
    if signed(statement, KEY)["signature"] != bundle["signature"]:
        said.append(f"never signed: {canonical(statement)[:80]!r}")
    house = bundle.get("house") or {"claims": ["0"] * len(statement["assets"])}
    for place, row in enumerate(statement["assets"]):
        claims, own = int(row["claims"]), int(house["claims"][place])
        paid = statement["leaving"] if statement["v"] > 1 else ()
        way = sum(int(one["amount"]) for one in paid if one["symbol"] == row["symbol"])
        there, is_own = int(row["reserves"]), statement["v"] == 2 and "own" in row
        # What the exchange issues itself had no cover then, and says that it has none.
        if (there + way if is_own else there + way < claims - own) or own < 0 or claims < own:
            said.append(f"{row['symbol']} is not covered")
        if is_own and claims > own and "reclassified" in row:
            said.append(f"{row['symbol']} counted before, and covers nothing now")
        if bundle.get("proof") and not 0 <= int(bundle["proof"]["claims"][place]) <= claims:
            said.append(f"{row['symbol']}: a claim is not in its total")
    return said

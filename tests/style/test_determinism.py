"""Goal: the same log gives the same bytes everywhere. Method: ban, in the syntax tree and in the
Rust text, whatever reads a clock, draws randomness, iterates in hash order or rounds in binary.

The ban has three widths: Python's folds (`exchange/products/`) and the Rust core may have none of
it; `exchange/` no clock and no randomness; everywhere else the clock is read in `clock.py` alone,
and randomness comes from a seeded generator, or from the system where secrets are made.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from scripts.lengths import without_text
from scripts.source import name, with_suffix

PACKAGE = "src/fullreserve"
CLOCK = f"{PACKAGE}/clock.py"
MAKES_SECRETS = (
    f"{PACKAGE}/identity/",
    f"{PACKAGE}/custody/",
    f"{PACKAGE}/reserves/keys.py",
)

CLOCK_READS = frozenset(
    f"time.{function}{unit}"
    for function in ("time", "monotonic", "perf_counter", "process_time", "thread_time")
    for unit in ("", "_ns")
) | {
    "time.sleep",
    "time.localtime",
    "time.gmtime",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
}
SECRET_SOURCES = ("secrets", "os.urandom", "uuid.uuid", "random.SystemRandom")
SEEDED = "random.Random"
AMBIENT_MODULES = frozenset({"time", "random", "secrets", "uuid", "datetime"})


def dotted(node: ast.expr) -> tuple[str, ...]:
    """Return the words of `first.second.third`; nothing for what is no such chain."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (words := dotted(node.value)):
        return (*words, node.attr)
    return ()


def uses(source: str) -> Iterator[tuple[str, int]]:
    """Yield each imported thing that a file uses, by its full dotted name, with the line."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}", node.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, *rest = dotted(node) or ("",)
            if first in known:
                yield ".".join([known[first], *rest]), node.lineno


def is_ambient_randomness(used: str) -> bool:
    """Tell whether a use draws from a generator that nobody seeded."""
    if used == SEEDED or used.startswith(f"{SEEDED}."):
        return False
    return used.startswith((*SECRET_SOURCES, "random."))


def test_the_clock_is_read_in_one_file_alone() -> None:
    """Criterion: HOUSE-PURE-1."""
    reads = [
        f"{name(path)}:{line} {used}"
        for path in with_suffix(".py", under=PACKAGE)
        if name(path) != CLOCK
        for used, line in uses(path.read_text(encoding="utf-8"))
        if used in CLOCK_READS
    ]
    assert not reads


def test_randomness_is_seeded_or_makes_secrets() -> None:
    """Criterion: HOUSE-PURE-2."""
    drawn = [
        f"{name(path)}:{line} {used}"
        for path in with_suffix(".py", under=PACKAGE)
        if not name(path).startswith(MAKES_SECRETS)
        for used, line in uses(path.read_text(encoding="utf-8"))
        if is_ambient_randomness(used)
    ]
    assert not drawn


def test_the_exchange_knows_no_clock_and_no_randomness() -> None:
    """Criterion: HOUSE-PURE-3."""
    known = [
        f"{name(path)}:{line} {used}"
        for path in with_suffix(".py", under=f"{PACKAGE}/exchange")
        for used, line in uses(path.read_text(encoding="utf-8"))
        if used.partition(".")[0] in AMBIENT_MODULES
    ]
    assert not known


def impure(source: str) -> Iterator[tuple[str, int]]:
    """Yield each set, float and use of memory addresses or hash order in a Python file."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Set | ast.SetComp):
            yield "a set", line
        elif isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield "a float", line
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield "a division that rounds in binary", line
        elif isinstance(node, ast.Name) and node.id in {"set", "frozenset", "float", "hash", "id"}:
            yield node.id, line


def test_folds_hold_no_sets_and_no_floats() -> None:
    """Criterion: HOUSE-PURE-4."""
    found = [
        f"{name(path)}:{line} {what}"
        for path in with_suffix(".py", under=f"{PACKAGE}/exchange/products")
        for what, line in impure(path.read_text(encoding="utf-8"))
    ]
    assert not found


RUST_BANNED = re.compile(
    r"\bstd::(?:time|thread|env|fs|net|process|io)\b|\b(?:SystemTime|Instant)\b"
    r"|\brand::|\bgetrandom\b"
    r"|(?<![A-Za-z0-9])f(?:32|64)\b|(?<![\w.])\d+\.\d|\bRandomState\b|\bDefaultHasher\b"
    r"|\bHash(?:Map|Set)::(?:new|with_capacity)\b"
)
RUST_HASHED = re.compile(r"\bHash(Map|Set)(?:::)?<")


def top_level_parameters(code: str, position: int) -> int:
    """Count the generic parameters that open before `position`."""
    depth, count = 1, 1
    for character in code[position:]:
        depth += {"<": 1, "(": 1, "[": 1, ">": -1, ")": -1, "]": -1}.get(character, 0)
        if depth == 0:
            break
        count += depth == 1 and character == ","
    return count


def rust_impure(source: str) -> Iterator[tuple[str, int]]:
    """Yield each banned word, and each hash table that does not name a fixed hasher."""
    code = without_text(source)
    for found in RUST_BANNED.finditer(code):
        yield found[0], code.count("\n", 0, found.start()) + 1
    for found in RUST_HASHED.finditer(code):
        with_hasher = 3 if found[1] == "Map" else 2
        if top_level_parameters(code, found.end()) < with_hasher:
            yield f"Hash{found[1]} without a hasher", code.count("\n", 0, found.start()) + 1


def test_the_core_is_pure() -> None:
    """Criterion: HOUSE-PURE-5."""
    found = [
        f"{name(path)}:{line} {what}"
        for path in with_suffix(".rs", under="crates/core/src")
        for what, line in rust_impure(path.read_text(encoding="utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nt.monotonic_ns()",
        "from time import perf_counter\nperf_counter()",
        "from datetime import datetime as d\nd.now()",
        "import datetime\ndatetime.datetime.utcnow()",
    ],
)
def test_a_clock_read_is_seen_however_it_is_spelled(source: str) -> None:
    assert CLOCK_READS & {used for used, _ in uses(source)}


@pytest.mark.parametrize(
    ("source", "ambient"),
    [
        ("import random\nrandom.random()", True),
        ("from random import shuffle\nshuffle([])", True),
        ("import os\nos.urandom(8)", True),
        ("import secrets\nsecrets.token_hex()", True),
        ("import random\nrandom.Random(7).random()", False),
        ("from random import Random\nRandom(7).shuffle([])", False),
    ],
)
def test_ambient_randomness_is_told_from_seeded(source: str, ambient: bool) -> None:
    assert any(is_ambient_randomness(used) for used, _ in uses(source)) is ambient


@pytest.mark.parametrize("source", ["{1, 2}", "{x for x in y}", "set()", "a / b", "a /= 2", "1.5"])
def test_what_a_fold_may_not_hold_is_seen(source: str) -> None:
    assert list(impure(source))


def test_what_a_fold_may_hold_passes() -> None:
    assert not list(impure("{'a': 1, **other}; a // b; [*items]; x: dict[str, int] = {}"))


@pytest.mark.parametrize(
    ("source", "pure"),
    [
        ("let t = std::time::Instant::now();", False),
        ("struct A { m: HashMap<u64, Vec<(u8, u8)>> }", False),
        ("struct A { m: HashMap<u64, Vec<(u8, u8)>, Fixed> }", True),
        ("let s: HashSet<u64> = HashSet::default();", False),
        ("let s: HashSet<u64, Fixed> = HashSet::default();", True),
        ("let x = 1.0_f64;", False),
        ("let x = 2.5;", False),
        ("fn price(x: f64) {}", False),
        ("let x = pair.0.1; let y = 0..1; let z = &a[..];", True),
        ('// f64 and std::time in a comment; \nlet s = "f64";', True),
    ],
)
def test_impurity_in_rust_is_seen(source: str, pure: bool) -> None:
    assert (not list(rust_impure(source))) is pure

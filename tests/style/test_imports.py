"""Goal: imports between rooms run one way. Method: read every import from the syntax tree.

A room is a folder or file of the package. The table says which other rooms it may know; a new room
is added to it with a reason. That the table has no circle is a test of its own.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

from scripts.source import ROOT, name, with_suffix

PACKAGE = "fullreserve"

MAY_IMPORT: dict[str, set[str]] = {
    "clock": set(),
    "until_terminated": set(),
    "after_trading": set(),
    "real_time": set(),
    "threads": set(),
    "collector": set(),
    "faults": set(),
    "config": set(),
    "logs": {"config"},
    # The fold knows the core and nobody else.
    "exchange": {"_core"},
    "door": {"exchange", "clock", "config", "logs"},
    "journal": {
        "_core", "exchange", "door", "after_trading", "real_time", "clock", "config", "logs",
    },
    "marketdata": {"exchange", "door", "clock", "logs"},
    "records": {
        "_core", "exchange", "door", "journal", "marketdata", "clock", "config", "logs",
        "after_trading", "until_terminated",
    },
    "identity": {"exchange", "door", "clock", "config", "logs", "threads"},
    # Workers beside the exchange; they act on events and report by command.
    "custody": {
        "exchange", "door", "identity", "clock", "config", "logs", "after_trading",
        "until_terminated", "faults",
    },
    # Follows the log as the records do, with a tree of its own; asks custody where the coins are.
    "reserves": {
        "_core", "exchange", "door", "journal", "custody", "clock", "config", "logs",
        "after_trading", "until_terminated",
    },
    # The gateway reaches the exchange through the door only: not the core, not the journal.
    "gateway": {
        "exchange", "door", "marketdata", "records", "identity", "clock", "config", "logs",
        "threads",
    },
    # Wiring: what puts the rooms together.
    "app": {
        "_core", "exchange", "door", "journal", "marketdata", "records", "identity", "gateway",
        "custody", "clock", "config", "logs", "collector", "faults", "real_time",
        "threads",
    },
    # It notes how far chains were followed: what was paid since is not to be paid again.
    "backup": {
        "_core", "exchange", "journal", "records", "identity", "custody", "clock", "config", "logs",
    },
    # The demo's traders are ordinary clients; its command starts the exchange they trade on.
    # It also fills the records with the candles of the days before the first start.
    "simulation": {
        "app", "exchange", "door", "journal", "records", "identity", "clock", "config", "logs",
        "custody",
    },
    # Commands are imported when called, by name; see `cli.in_room`.
    "cli": {"_core", "config", "collector"},
    # The package's face: the engine as a library.
    "__init__": {"exchange"},
}  # fmt: skip


def room_of(path: Path) -> str:
    """Return the room that a file of the package stands in."""
    first = path.relative_to(ROOT / "src" / PACKAGE).parts[0]
    return first.partition(".")[0]


def imported_modules(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield the absolute name and the line of each import of a file that stands in a package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def imported_rooms(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield the rooms that a file imports from, with the line."""
    for module, line in imported_modules(source, package):
        parts = module.split(".")
        if parts[0] == PACKAGE and len(parts) > 1 and not parts[1].startswith("__"):
            yield parts[1], line


def test_rooms_import_only_what_they_may_know() -> None:
    """Criterion: HOUSE-STYLE-5."""
    wrong = []
    for path in with_suffix(".py", under=f"src/{PACKAGE}"):
        room = room_of(path)
        package = path.relative_to(ROOT / "src").parts[:-1]
        allowed = MAY_IMPORT.get(room, set()) | {room}
        wrong += [
            f"{name(path)}:{line} {room} → {other}"
            for other, line in imported_rooms(path.read_text(encoding="utf-8"), package)
            if other not in allowed
        ]
    assert not wrong


def test_every_room_is_in_the_table() -> None:
    """Criterion: HOUSE-STYLE-5."""
    rooms = {room_of(path) for path in with_suffix(".py", under=f"src/{PACKAGE}")}
    assert rooms <= MAY_IMPORT.keys()


def test_the_table_has_no_circle() -> None:
    """Criterion: HOUSE-STYLE-5."""
    order = list(TopologicalSorter(MAY_IMPORT).static_order())
    assert order.index("_core") < order.index("exchange") < order.index("gateway")


def test_relative_and_nested_imports_are_seen() -> None:
    """The walk would otherwise miss what a function imports when it is called."""
    source = "def late():\n    from ..gateway import rest\n    import fullreserve.records\n"
    rooms = imported_rooms(source, (PACKAGE, "exchange", "products"))
    assert [room for room, _ in rooms] == ["exchange", "records"]
    rooms = imported_rooms(source, (PACKAGE, "exchange"))
    assert [room for room, _ in rooms] == ["gateway", "records"]


def test_what_is_imported_at_the_start_is_installed_to_run() -> None:
    """Criterion: HOUSE-RUN-1. Tests install more than `make run` does and would not notice."""
    pinned = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    installed = {line.partition("==")[0] for line in pinned.splitlines() if "==" in line}
    owners = packages_distributions()
    missing = {
        f"{name(path)}: {module}"
        for path in with_suffix(".py", under=f"src/{PACKAGE}")
        for module in _imported_at_once(path)
        if module in owners and not installed & {_normal(one) for one in owners[module]}
    }
    assert not missing


def _imported_at_once(path: Path) -> Iterator[str]:
    """The first names of modules that a file imports outside of functions and conditions."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _normal(distribution: str) -> str:
    """A distribution's name as requirement files write it."""
    return distribution.lower().replace("_", "-")

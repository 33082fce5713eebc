"""`python -m benchmarks [name ...]`: measures, prints a table, and keeps the figures as JSON.

`--readme` also writes the table into README.md between its markers, with what earlier runs kept of
the measures that this one leaves out.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import (
    against,
    chains,
    custody,
    demo,
    fanout,
    history,
    idle,
    journal,
    lag,
    memory,
    orders,
    page,
    reads,
    records,
    recovery,
    reserves,
    rust,
    shared_nothing,
    statements,
)
from benchmarks.figure import Figure, Measure, decode, encode, table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"

MEASURES: dict[str, Measure] = {
    "rust": rust.measure,
    "journal": journal.measure,
    "orders": orders.measure,
    "reads": reads.measure,
    "fanout": fanout.measure,
    "idle": idle.measure,
    "records": records.measure,
    "lag": lag.measure,
    "recovery": recovery.measure,
    "memory": memory.measure,
    "demo": demo.measure,
    "chains": chains.measure,
    "custody": custody.measure,
    "reserves": reserves.measure,
    "statements": statements.measure,
    "page-view": page.view,
    "page-orders": page.orders,
    "page-books": page.books,
    "page-four": page.four,
    "page-memory": page.memory,
    "history": history.measure,
    "shared-nothing": shared_nothing.measure,
    "against": against.measure,
}
# Measured when they are named alone: they take minutes, or need another checkout.
BY_NAME = ("history", "shared-nothing", "against")


def machine() -> str:
    """What the figures were measured on, in a line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    cores = len([line for line in Path("/proc/stat").read_text().splitlines() if "cpu" in line]) - 1
    return f"{model}, {cores} cores, {platform.system()} {platform.release()}"


def write_readme(figures: Sequence[Figure]) -> None:
    """Put the figures into the table; rows of others, measured elsewhere or earlier, stay."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    kept, _, after = rest.partition(END)
    today = datetime.now(UTC).date().isoformat()
    head, rule, *rows = table(figures).splitlines()
    names = tuple(f"| {figure.name} " for figure in figures)
    others = [line for line in kept.splitlines() if line.startswith("| ")][1:]
    rows = [line for line in others if not line.startswith(names)] + rows
    content = "\n".join((f"Measured up to {today}: {machine()}.", "", head, rule, *rows))
    readme.write_text(f"{before}{BEGIN}\n\n{content}\n\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], help="all, if none is given")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    parser.add_argument("--minutes", type=float, help="how long the page's memory is watched")
    arguments = parser.parse_args()
    print(machine())
    RESULTS.mkdir(exist_ok=True)
    for name in arguments.names or [name for name in MEASURES if name not in BY_NAME]:
        figures: list[Figure] = []
        measure = MEASURES[name]
        if name == "page-memory" and arguments.minutes:
            measure = partial(page.memory, arguments.minutes)
        for figure in measure():
            print(table([figure]).splitlines()[-1], flush=True)
            figures.append(figure)
        _kept(name).write_bytes(encode(figures))
    if arguments.readme:
        kept = [_kept(name) for name in MEASURES if _kept(name).exists()]
        write_readme([figure for path in kept for figure in decode(path.read_bytes())])


def _kept(name: str) -> Path:
    return RESULTS / f"{name}.json"


if __name__ == "__main__":
    main()

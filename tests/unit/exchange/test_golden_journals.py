"""Goal: old logs replay for ever. Method: the committed journals, to their recorded hashes.

The format is described in `tests/journals/README.md`; Rust replays the same files.
"""

from pathlib import Path

import pytest

from fullreserve._core import Core
from fullreserve.exchange.wire.commands import batch, decode_batch, encode

JOURNALS = sorted((Path(__file__).resolve().parents[2] / "journals").glob("*.journal"))


def entries(path: Path) -> list[list[str]]:
    lines = path.read_text().splitlines()
    return [line.split(" ") for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.stem)
def test_journal_replays_to_its_hashes(path: Path) -> None:
    """Criterion: PROP-14."""
    core = Core()
    compared = 0
    for kind, sequence, *rest in entries(path):
        if kind == "row":
            time_ms, commands = rest
            core.apply(int(sequence), int(time_ms), bytes.fromhex(commands), events=False)
        else:
            assert (core.sequence, core.state_hash().hex()) == (int(sequence), rest[0])
            compared += 1
    assert compared >= 5


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.stem)
def test_rows_come_back_byte_for_byte(path: Path) -> None:
    """Python reads every command of an old log and writes it the same. Criterion: PROP-14."""
    rows = [bytes.fromhex(rest[1]) for kind, _, *rest in entries(path) if kind == "row"]
    assert rows
    for row in rows:
        assert batch([encode(command) for command in decode_batch(row)]) == row


def test_there_are_journals() -> None:
    """Criterion: PROP-14."""
    assert JOURNALS

"""How far the records in the data folder are, read before their database's modules are loaded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

FILE = "records.sqlite3"
PROJECTION = "records"


def reached(data: Path) -> tuple[int, int]:
    """The last command whose rows are there, and orders finished by then; 0 and 0 without them."""
    uri = f"{(data / FILE).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            found = database.execute("SELECT sequence, finished_total FROM progress").fetchone()
    except sqlite3.Error:
        # There are none, or of another version: they are made anew.
        return 0, 0
    return (found[0], found[1]) if found else (0, 0)

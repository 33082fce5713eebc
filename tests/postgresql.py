"""A PostgreSQL of Debian's for tests: its own cluster in a folder, on a Unix socket alone."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")
USER = "postgres"


def programs() -> Path:
    """Where initdb and pg_ctl are; installs them when this may."""
    if not list(INSTALLED.glob("*/bin/initdb")):
        if os.geteuid():
            raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
        for command in (["update"], ["install", "--no-install-recommends", "postgresql"]):
            subprocess.run(["apt-get", "--yes", "--quiet", *command], check=True)
    return max(INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])).parent


def run(*command: str | Path) -> None:
    """Runs a program as a user that PostgreSQL accepts: it refuses root."""
    prefix = [] if os.geteuid() else ["runuser", "-u", USER, "--"]
    done = subprocess.run(
        [*prefix, *map(str, command)], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database."""
    place = programs()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else USER
    try:
        shutil.chown(folder, user)
        data = folder / "data"
        run(place / "initdb", "-D", data, "-U", user, "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        log = folder / "log"
        run(place / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://{user}@/postgres?host={folder}"
        finally:
            run(place / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)

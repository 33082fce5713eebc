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


class Cluster:
    """A server in a folder that it can be stopped and started over; `url` is an empty database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._place = programs()
        user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else USER
        shutil.chown(folder, user)
        options = ("-U", user, "-A", "trust", "--no-sync", "-E", "UTF8")
        run(self._place / "initdb", "-D", self._data, *options)
        self.url = f"postgresql://{user}@/postgres?host={folder}"

    def start(self) -> None:
        """Returns once it answers."""
        options = f"-c listen_addresses='' -c fsync=off -k {self._folder}"
        self._control("-l", self._folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """Ends it as a crash would."""
        self._control("-m", "immediate", "stop")

    def _control(self, *command: str | Path) -> None:
        run(self._place / "pg_ctl", "-D", self._data, "-w", *command)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running server."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        made = Cluster(folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database."""
    with cluster() as made:
        yield made.url

"""Opening the records database: SQLite in the data folder by default, or PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from itertools import count
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from fullreserve.records import schema, statistics
from fullreserve.records.reached import FILE, PROJECTION

log = structlog.get_logger(__name__)

# How long a reader waits for a database before a client is told, and a writer before it says so in
# the log and tries again. PostgreSQL ends a reader's question itself.
READER_BUSY_S, WRITER_BUSY_S = 1.0, 2.0
CONNECT_S = 2
CHECKPOINT_PAGES = 8_000  # 32 MB
READER_OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=5s"

DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


class WrongDatabase(ValueError):
    """The setting names no database that records can be kept in."""


class Progress(NamedTuple):
    """How far the records have come."""

    sequence: int  # the last command whose rows are here, 0 before the first
    time_ms: int  # exchange time of that command
    hash: str = ""  # of the row of the log that ends there, in hex
    finished_total: int = 0  # orders that had ever finished there


def database_url(setting: str, data: Path) -> URL:
    """The database that the setting `records` names; empty: SQLite in the data folder.

    Raises WrongDatabase, without showing a password.
    """
    if not setting:
        return URL.create(DRIVERS["sqlite"], database=str(data / FILE))
    try:
        url = make_url(setting)
    except ArgumentError as problem:
        raise WrongDatabase("the records setting is not a database URL") from problem
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        allowed = " or ".join(sorted(DRIVERS))
        raise WrongDatabase(f"records are kept in {allowed}, not in {backend}")
    if url.password is not None:
        raise WrongDatabase("a database password belongs in PGPASSFILE, not in the records setting")
    return url.set(drivername=DRIVERS[backend])


def open_database(url: URL, *, read_only: bool = False) -> Engine:
    """An engine; the file of a read-only SQLite database must exist.

    WrongDatabase when the driver is not installed.
    """
    schema.leave_out_for(url.get_backend_name())
    if url.get_backend_name() != "sqlite":
        options = {"options": READER_OPTIONS} if read_only else {}
        arguments = {"connect_timeout": CONNECT_S, **options}
        # What a reader asks in turn need not be of one moment: it saves two rounds a question.
        level = {"isolation_level": "AUTOCOMMIT"} if read_only else {}
        try:
            return create_engine(url, connect_args=arguments, pool_pre_ping=True, **level)
        except ModuleNotFoundError as problem:
            raise WrongDatabase(
                "records in PostgreSQL need its driver: install fullreserve[postgresql]"
            ) from problem
    path, busy_s = Path(url.database or ""), WRITER_BUSY_S
    if read_only:
        busy_s = READER_BUSY_S
        uri = f"file:{Path(url.database or '').absolute()}"
        url = url.set(database=uri, query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": busy_s})
    event.listen(engine, "connect", _read_settings if read_only else _write_settings)
    _leave_replaced(engine, path)
    return engine


def _leave_replaced(engine: Engine, path: Path) -> None:
    """Drops connections to a file that is not there any more: they would serve it for ever."""

    def remember(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        del connection
        entry.info["file"] = _identity(path)

    def compare(connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: object) -> None:
        del connection, proxy
        if entry.info["file"] != _identity(path):
            raise DisconnectionError(f"{path} is gone or another file")

    event.listen(engine, "connect", remember)
    event.listen(engine, "checkout", compare)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _write_settings(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    # Whole after a crash, and what a power cut takes from the end is folded again: that is enough
    # for a projection, and it saves a wait for the disk at each commit. Pages that many commits
    # change are written back once for them all.
    settings = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536")
    for pragma in (*settings, f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _read_settings(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def passes(problem: OperationalError) -> bool:
    """Whether a database that refused may answer again as it is: busy, full, stopped.

    Not SQLite's general error: it is that of tables that are not there.
    """
    return getattr(problem.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR


def prepare(engine: Engine) -> Progress:
    """Makes the tables, anew if they are of another version; says how far the records are.

    WrongDatabase when nobody answers.
    """
    try:
        return _prepare(engine)
    except OperationalError as problem:
        raise WrongDatabase(f"the records database does not answer: {problem.orig}") from problem


def prepare_anew(url: URL) -> None:
    """Prepares a database; one of SQLite whose file is none is set aside, and begun again.

    Nothing is lost by that: the records are told again from the log. WrongDatabase.
    """
    try:
        _prepare_once(url)
    except (DatabaseError, sqlite3.DatabaseError) as problem:
        said = problem.orig if isinstance(problem, DatabaseError) else problem
        code = getattr(said, "sqlite_errorcode", None)
        if code not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
        kept = _set_aside(Path(url.database or ""))
        log.warning("records are damaged and rebuilt", problem=str(said), kept_in=str(kept))
        _prepare_once(url)


def _prepare_once(url: URL) -> None:
    engine = open_database(url)
    try:
        prepare(engine)
    finally:
        engine.dispose()


def _set_aside(path: Path) -> Path:
    """Renames a database with what belongs to it; where it is now."""
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(kept.with_name(kept.name + ending))
    return path.rename(kept)


def _prepare(engine: Engine) -> Progress:
    with engine.begin() as connection:
        if inspect(connection).has_table(schema.progress.name):
            version = connection.scalar(select(schema.progress.c.version))
            if version == schema.VERSION:
                return progress(connection)
        drop(connection)
        schema.metadata.create_all(connection)
        if engine.dialect.name == "sqlite":
            statistics.tell(connection)
        start = Progress(0, 0)
        names = {"projection": PROJECTION, "version": schema.VERSION}
        connection.execute(schema.progress.insert(), {**names, **start._asdict()})
        return start


def drop(connection: Connection) -> None:
    """Drops all records. The next start of the follower rebuilds them from the log."""
    schema.metadata.drop_all(connection)


def progress(connection: Connection) -> Progress:
    """How far the records have come."""
    columns = (schema.progress.c[name] for name in Progress._fields)
    return Progress(*connection.execute(select(*columns)).one())

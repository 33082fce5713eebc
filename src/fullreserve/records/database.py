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
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from fullreserve.records import schema
from fullreserve.records.reached import FILE, PROJECTION

log = structlog.get_logger(__name__)

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
        options = {"options": "-c default_transaction_read_only=on"} if read_only else {}
        try:
            return create_engine(url, connect_args=options, pool_pre_ping=True)
        except ModuleNotFoundError as problem:
            raise WrongDatabase(
                "records in PostgreSQL need its driver: install fullreserve[postgresql]"
            ) from problem
    if read_only:
        uri = f"file:{Path(url.database or '').absolute()}"
        url = url.set(database=uri, query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _read_settings if read_only else _write_settings)
    return engine


def _write_settings(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    # Whole after a crash, and what a power cut takes from the end is folded again: that is enough
    # for a projection, and it saves a wait for the disk at each commit.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _read_settings(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


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

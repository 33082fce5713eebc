"""`fullreserve backup` and `restore`: all durable stores at one consistent point.

While the exchange runs, the order of copying makes the point: first what may be behind the log, and
must not be before it; then the log, whose last row is the point; then everything else, which the
log refers to and which therefore has to be as new: users and keys exist in the vault before the log
names them, and plans in the payer's store before it binds anything to them.

Behind the log are the records, and the watcher's store: what it has reported it says again, and
what it holds as reported is never said by anybody else. That store is also how a restore knows from
which block on to look for what the payer's, which is copied later, does not know. Signers come
last: they remember all that any copied plan was signed by.

What is in SQLite is copied through SQLite, so that each file is whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from fullreserve import logs
from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.custody.restore_mark import MARK, mark_of
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.journal.archive import POINTER_SUFFIX, pointer_path, read_pointer
from fullreserve.journal.durable_file import sync_folder, write_file
from fullreserve.journal.errors import JournalError
from fullreserve.journal.folder import LOCK_NAME, PRUNED_NAME, UNFINISHED_NAME, Folder, Part
from fullreserve.journal.reader import JournalReader
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.snapshots import snapshots
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.journal.sqlite import check_end

MANIFEST = "backup.json"
STORES = "data"
FORMAT = 1
DONE = 0
FAILED = 1

_RECORDS = "records."
_SIGNERS = ("custody-signer-", "custody-tier-")
# Folders of the demo's chain nodes: their blocks are no store of the exchange's, and change while
# they are read.
_NODES = "-node"
_SQLITE_MAGIC = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-shm", "-journal", ".new", ".sock")
_CHUNK_BYTES = 1 << 20
_PASSES_MAX = 3


class BadBackup(JournalError):
    """The folder is no backup, or not a whole one."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a backup holds; hashes are BLAKE2b-256."""

    format: int
    sequence: int
    log_hash: str
    state_hash: str
    files: dict[str, str]  # path below the data folder: hash of the file


def backup(settings: Settings, destination: Path) -> int:
    """Copy all durable stores into a new folder; the exchange may be running."""
    logs.configure(settings.log)
    try:
        manifest = write_backup(settings.data, destination)
    except (JournalError, OSError, sqlite3.Error) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    sys.stdout.write(
        f"{len(manifest.files)} files up to sequence {manifest.sequence} in {destination}; "
        f"state hash {manifest.state_hash}\n"
    )
    return DONE


def restore(settings: Settings, source: Path) -> int:
    """Put a backup into an empty data folder."""
    logs.configure(settings.log)
    try:
        manifest = read_backup(source, settings.data)
    except (JournalError, OSError, sqlite3.Error) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED
    sys.stdout.write(
        f"{settings.data} stands at sequence {manifest.sequence}; "
        f"state hash {manifest.state_hash}\n"
    )
    return DONE


def write_backup(data: Path, destination: Path) -> Manifest:
    """Copies the stores of `data`, replays the copy, and seals it with a manifest."""
    if not (data / JOURNAL).is_dir():
        raise JournalError(f"There is no exchange in {data}.")
    if destination.resolve().is_relative_to(data.resolve()):
        raise JournalError(f"A backup below {data} would be lost with it; name another place.")
    check_end(data / JOURNAL)
    if destination.exists():
        raise JournalError(f"{destination} is there already; name a folder that is not.")
    destination.mkdir(parents=True, mode=0o700)
    stores = destination / STORES
    stores.mkdir(mode=0o700)
    others = [path for path in _files(data) if path.parts[0] not in (JOURNAL, SNAPSHOTS)]
    for path in filter(_is_behind, others):
        _copy(data / path, stores / path)
    _copy_journal(data / JOURNAL, stores / JOURNAL)
    head = JournalReader(stores / JOURNAL).head
    for path in sorted(others, key=lambda path: path.name.startswith(_SIGNERS)):
        if not _is_behind(path):
            _copy(data / path, stores / path)
    for sequence, place in snapshots(data / SNAPSHOTS):
        if sequence <= head.sequence:
            _copy_snapshot(place, stores / SNAPSHOTS / place.name)
    recovered = recover(JournalReader(stores / JOURNAL), stores / SNAPSHOTS)
    manifest = Manifest(
        format=FORMAT,
        sequence=head.sequence,
        log_hash=head.hash.hex(),
        state_hash=recovered.replica.machine.core.state_hash().hex(),
        files={str(path): _hash(stores / path) for path in _files(stores)},
    )
    write_file(destination / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    _sync(destination)
    return manifest


def read_backup(source: Path, data: Path) -> Manifest:
    """Checks a backup, copies it into `data`, and compares the state hash of a replay."""
    try:
        manifest = msgspec.json.decode((source / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as problem:
        raise BadBackup(f"{source} is no backup: {problem}") from problem
    if data.exists() and any(data.iterdir()):
        raise JournalError(f"{data} is not empty; restore into an empty folder.")
    stores = source / STORES
    for name, digest in manifest.files.items():
        if not (stores / name).is_file() or _hash(stores / name) != digest:
            raise BadBackup(f"{name} in {source} is missing or altered; nothing was restored.")
    (data / JOURNAL).mkdir(parents=True, exist_ok=True, mode=0o700)
    data.chmod(0o700)
    unfinished = data / JOURNAL / UNFINISHED_NAME
    write_file(unfinished, b"")
    sync_folder(data / JOURNAL)
    sync_folder(data)
    for name in manifest.files:
        target = data / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(stores / name, target)
        target.chmod(0o600)
    _point_to_archives(data / JOURNAL)
    _sync(data)
    recovered = recover(JournalReader(data / JOURNAL), data / SNAPSHOTS)
    if recovered.replica.machine.core.state_hash().hex() != manifest.state_hash:
        raise BadBackup("The restored log replays to another state than the backup says.")
    # Before the folder can be started: what was paid since is not to be paid again.
    write_file(data / MARK, mark_of(data, SystemClock().wall_ms()))
    sync_folder(data)
    unfinished.unlink()
    sync_folder(data / JOURNAL)
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, relative to it, without what belongs to running processes."""
    for path in sorted(folder.rglob("*")):
        if path.relative_to(folder).parts[0].endswith(_NODES):
            continue
        if path.is_file() and path.name != LOCK_NAME and not path.name.endswith(_COMPANIONS):
            yield path.relative_to(folder)


def _is_behind(path: Path) -> bool:
    return path.name.startswith(_RECORDS) or path.name == WATCHER_STORE


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    if is_database:
        _copy_database(source, target)
    else:
        shutil.copyfile(source, target)
    target.chmod(0o600)


def _copy_database(source: Path, target: Path) -> None:
    read = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    write = sqlite3.connect(target)
    try:
        read.backup(write)
        # One file, without a write-ahead log beside it.
        write.execute("PRAGMA journal_mode = DELETE")
    finally:
        write.close()
        read.close()


def _copy_journal(source: Path, target: Path) -> None:
    """Segments oldest first: whatever is written meanwhile, the copy is a prefix of the log.

    A segment that is archived while this copies is found in the next pass.
    """
    target.mkdir(mode=0o700)
    for attempt in range(_PASSES_MAX):
        try:
            for part in Folder(source).parts():
                _copy_part(part, target)
            break
        except (FileNotFoundError, sqlite3.OperationalError):
            if attempt + 1 == _PASSES_MAX:
                raise
    for path in source.iterdir():
        if path.name == PRUNED_NAME or path.name.startswith("cut-"):
            shutil.copyfile(path, target / path.name)


def _copy_snapshot(source: Path, target: Path) -> None:
    """One that is let go meanwhile is left out: newer ones and the log stand for it."""
    try:
        shutil.copytree(source, target)
    except (FileNotFoundError, shutil.Error):
        if source.exists():
            raise
        shutil.rmtree(target, ignore_errors=True)


def _copy_part(part: Part, target: Path) -> None:
    if part.pointer is None:
        if not (target / part.path.name).exists():
            _copy(part.path, target / part.path.name)
        return
    archived = Path(part.pointer.file)
    copied = target / archived.name
    if not copied.exists():
        shutil.copyfile(archived, copied)
    pointer = msgspec.structs.replace(part.pointer, file=str(copied.absolute()))
    write_file(pointer_path(target, part.first), msgspec.json.encode(pointer))


def _point_to_archives(folder: Path) -> None:
    """The pointers of a restored journal name the archives beside them."""
    for path in folder.glob(f"*{POINTER_SUFFIX}"):
        pointer = read_pointer(path)
        beside = folder / Path(pointer.file).name
        moved = msgspec.structs.replace(pointer, file=str(beside.absolute()))
        write_file(path, msgspec.json.encode(moved))


def _hash(path: Path) -> str:
    hasher = blake2b(digest_size=32)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()


def _sync(folder: Path) -> None:
    """Makes all below a folder durable and its owner's alone."""
    for path in folder.rglob("*"):
        if path.is_dir():
            path.chmod(0o700)
            sync_folder(path)
        else:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    sync_folder(folder)

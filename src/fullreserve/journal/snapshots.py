"""Snapshots: the whole fold at one sequence in a folder, with a manifest that vouches for it.

A snapshot is an accelerator and never the truth: one that cannot be read is passed over for an
older one or for the log. It is written beside its place, synced, and renamed, so that it is whole
or not there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import structlog
import zstandard

from fullreserve._core import Core
from fullreserve.exchange.folds import Fold
from fullreserve.exchange.machine import Machine
from fullreserve.journal.durable_file import sync_folder, write_file, write_over
from fullreserve.journal.entry import HASH_BYTES, Head
from fullreserve.journal.replica import Replica

FOLDER_NAME = "snapshots"
MANIFEST = "manifest.json"
FORMAT = 1
KEEP = 3
UNFINISHED = ".new"  # what a folder's name ends with that may be written over

# The core's bytes are mostly small integers: the fastest level already halves them.
_LEVEL = 1
_CHUNK_BYTES = 1 << 20

log = structlog.get_logger(__name__)

Folds = Callable[[], Sequence[Fold[Any]]]


class Unreadable(Exception):
    """A snapshot cannot be used; the message says why."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a snapshot; the hash is BLAKE2b-256 of the file."""

    file: str
    size_bytes: int
    hash: bytes


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a snapshot holds, at which place in the log."""

    format: int
    head: Head
    core: Part
    folds: dict[int, Part]
    components: dict[str, str]  # name of a component: its state hash in hex
    quarantined: list[int]  # what the replay that made it skipped


def write_snapshot(replica: Replica, folder: Path, *, slowest: int | None = None) -> Path:
    """Writes a snapshot of `replica` under `folder` and lets old ones go; returns its folder.

    `slowest` is the sequence that the slowest projection has committed; the newest snapshot at or
    before it is always kept.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = folder / f"{replica.sequence:020d}"
    if place.exists():
        return place
    fresh = _written_over(folder, place.name + UNFINISHED)
    machine = replica.machine
    manifest = Manifest(
        format=FORMAT,
        head=replica.head,
        core=_write_core(fresh / "core.zst", machine.core.snapshot()),
        folds={
            fold.number: _write_part(fresh / f"fold-{fold.number}.msgpack", fold.encode())
            for fold in machine.folds
        },
        components={one.name: one.hash.hex() for one in machine.hashes()},
        quarantined=[at for at in machine.skip if at <= replica.sequence],
    )
    write_file(fresh / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    sync_folder(fresh)
    fresh.rename(place)
    sync_folder(folder)
    prune_snapshots(folder, slowest=slowest)
    return place


def _written_over(folder: Path, name: str) -> Path:
    """The folder to write into: one that was let go or never finished, or a new one."""
    fresh = folder / name
    left = sorted(folder.glob("*" + UNFINISHED))
    for other in left[1:]:
        shutil.rmtree(other)
    if left:
        left[0].rename(fresh)
    else:
        fresh.mkdir(mode=0o700)
    # Until there is a new one: what is half written over must not look whole.
    (fresh / MANIFEST).unlink(missing_ok=True)
    return fresh


def _write_part(path: Path, data: bytes) -> Part:
    write_over(path, data)
    return Part(path.name, len(data), blake2b(data, digest_size=HASH_BYTES).digest())


def _write_core(path: Path, data: bytes) -> Part:
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(data)
    return _write_part(path, packed)


def snapshots(folder: Path) -> list[tuple[int, Path]]:
    """(sequence, folder) of the snapshots that are there, newest first."""
    if not folder.is_dir():
        return []
    found = [(int(path.name), path) for path in folder.iterdir() if path.name.isdigit()]
    return sorted(found, reverse=True)


def prune_snapshots(folder: Path, *, keep: int = KEEP, slowest: int | None = None) -> None:
    """Lets go all but the newest `keep` and the newest at or before the slowest projection.

    What is let go stays on the disk to be written over by the next one.
    """
    found = snapshots(folder)
    held = next((at for at, _ in found if slowest is not None and at <= slowest), None)
    for at, path in found[keep:]:
        if at != held:
            path.rename(path.with_name(path.name + UNFINISHED))


def read_manifest(place: Path) -> Manifest:
    """The manifest of a snapshot; Unreadable."""
    try:
        manifest = msgspec.json.decode((place / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as problem:
        raise Unreadable(f"its manifest cannot be read: {problem}") from problem
    if manifest.format != FORMAT:
        raise Unreadable(f"its format {manifest.format} is not known")
    return manifest


def read_snapshot(place: Path, folds: Sequence[Fold[Any]], skip: Sequence[int] = ()) -> Replica:
    """The replica that a snapshot holds; `folds` are fresh ones that take its states.

    Unreadable when a file is missing or altered, when a fold is not in it that was there from the
    first, or when it was made without passing over what is quarantined since.
    """
    manifest = read_manifest(place)
    if [at for at in skip if at <= manifest.head.sequence] != manifest.quarantined:
        raise Unreadable("it was made before a command that it holds was quarantined")
    try:
        packed = _read_part(place, manifest.core)
        core = Core.restore(zstandard.ZstdDecompressor().decompress(packed))
        for fold in folds:
            if fold.number not in manifest.folds:
                if fold.is_late:
                    continue
                raise Unreadable(f"it does not hold the fold {fold.name}")
            fold.restore(_read_part(place, manifest.folds[fold.number]))
    except (zstandard.ZstdError, ValueError, OSError) as problem:
        raise Unreadable(str(problem)) from problem
    if core.sequence != manifest.head.sequence:
        raise Unreadable(f"its core stands at {core.sequence}")
    return Replica(Machine(core, folds, skip), manifest.head)


def _read_part(place: Path, part: Part) -> bytes:
    hasher = blake2b(digest_size=HASH_BYTES)
    chunks = []
    # The file may be longer: it was written over another one.
    left = part.size_bytes
    with (place / part.file).open("rb") as file:
        while chunk := file.read(min(left, _CHUNK_BYTES)):
            left -= len(chunk)
            hasher.update(chunk)
            chunks.append(chunk)
    if hasher.digest() != part.hash:
        raise Unreadable(f"{part.file} does not match its hash")
    return b"".join(chunks)


def verify_snapshot(replica: Replica, manifest: Manifest) -> list[str]:
    """Names of the components whose state hash is not what the manifest says."""
    found = {one.name: one.hash.hex() for one in replica.machine.hashes()}
    late = [fold.name for fold in replica.machine.folds if fold.is_late]
    # One from before such a fold says nothing of it.
    unsaid = [name for name in late if name not in manifest.components]
    names = sorted({*found, *manifest.components} - {*unsaid})
    return [name for name in names if found.get(name) != manifest.components.get(name)]


def readable(folder: Path, folds: Folds, skip: Sequence[int]) -> Iterator[Replica]:
    """Replicas from the snapshots that can be read, newest first; says which cannot."""
    for sequence, place in snapshots(folder):
        try:
            yield read_snapshot(place, folds(), skip)
        except Unreadable as problem:
            log.warning("snapshot passed over", sequence=sequence, problem=str(problem))

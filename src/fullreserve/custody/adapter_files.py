"""Families of chains that are not in this source: each is one Python file of the data folder.

What such a file says runs with the rights of the process that reads it, a signer's too. So only
this file runs: the one below `adapters/` whose hash the folder's own `custody.json` names, that is
its owner's alone to write. What was read is what is hashed and what runs, and a signer elsewhere
goes by its own folder: nobody sends code to it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec

from fullreserve.custody.chains.families import FAMILIES
from fullreserve.custody.chains.family import Family

FOLDER: Final = "adapters"
VARIABLE: Final = "FAMILY"  # of a file: an instance of its family
SIZE_MAX: Final = 1 << 20
NAMED: Final = "allowed are 1 to 64 letters, digits, _ and -, then .py"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\.py", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

# What has run in this process, by the hash of its file: it runs once.
_known: dict[str, Family] = {}


class BadAdapter(ValueError):
    """The file does not run here; the message says why, and what is allowed."""


class Adapter(msgspec.Struct, frozen=True):
    """A file below `adapters/` in the data folder; `hash` is its SHA-256, in small letters."""

    file: str
    hash: str


def read(data: Path, adapter: Adapter) -> Family:
    """The family of a file, which runs if it has not yet; BadAdapter."""
    check_name(adapter.file)
    if not _HASH.fullmatch(adapter.hash):
        raise BadAdapter(f"{adapter.file}: its hash is 64 hexadecimal digits in small letters")
    content = _content(data / FOLDER, adapter.file)
    found = hash_of(content)
    if found != adapter.hash:
        raise BadAdapter(
            f"{data / FOLDER / adapter.file} was altered: its SHA-256 is {found}, and the file of "
            f"networks names {adapter.hash}; put back what was checked, or take what is there by "
            "`fullreserve custody take-adapter`"
        )
    return family_of(content, adapter.file)


def check_name(file: str) -> None:
    """BadAdapter for what is no name of a file below `adapters/`."""
    if not _NAME.fullmatch(file):
        raise BadAdapter(f"{file!r} is no name of an adapter: {NAMED}")


def known(adapter: Adapter) -> Family:
    """The family of a file that was read in this process; BadAdapter."""
    found = _known.get(adapter.hash)
    if found is None:
        raise BadAdapter(f"{adapter.file} has not been read")
    return found


def hash_of(content: bytes) -> str:
    """As `Adapter.hash` has it."""
    return hashlib.sha256(content).hexdigest()


def family_of(content: bytes, file: str) -> Family:
    """Runs a file's content, unless it has run here; BadAdapter."""
    name = hash_of(content)
    if name not in _known:
        _known[name] = _run(content, name, file)
    return _known[name]


def _run(content: bytes, name: str, file: str) -> Family:
    module = ModuleType(f"fullreserve_adapter_{name}")
    module.__file__ = file
    # Types of its own structures are looked up by their module's name.
    sys.modules[module.__name__] = module
    try:
        exec(compile(content, file, "exec"), module.__dict__)  # noqa: S102 - by its hash
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - whatever a file does is its fault
        del sys.modules[module.__name__]
        raise BadAdapter(f"{file} cannot be loaded: {type(problem).__name__}: {problem}") from None
    found = getattr(module, VARIABLE, None)
    if not isinstance(found, Family):
        del sys.modules[module.__name__]
        raise BadAdapter(f"{file} names no {VARIABLE}, an instance of a class of `Family`")
    if found.name in FAMILIES:
        raise BadAdapter(f"{file}: {found.name} is a family of the exchange's own source")
    return found


def _content(folder: Path, file: str) -> bytes:
    """What a file holds that nobody but its owner, who is ours, can write; BadAdapter."""
    try:
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _check_owner(folder, os.fstat(inside))
            # It may be a pipe, which nobody is to wait for.
            opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside)
        finally:
            os.close(inside)
        with os.fdopen(opened, "rb") as content:
            found = os.fstat(content.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > SIZE_MAX:
                raise BadAdapter(f"{folder / file} is no plain file of at most {SIZE_MAX} bytes")
            _check_owner(folder / file, found)
            return content.read(SIZE_MAX + 1)
    except OSError as problem:
        raise BadAdapter(
            f"{folder / file} cannot be read: {problem.strerror}; it is a plain file of its own, "
            "no link"
        ) from None


def _check_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        raise BadAdapter(
            f"{path} belongs to user {found.st_uid}; allowed: {os.geteuid()}, this process's, or 0"
        )
    if found.st_mode & _OTHERS_WRITE:
        raise BadAdapter(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}: others may write it; allowed: 0644"
            " and less, 0755 of the folder"
        )


def keep(data: Path, file: str, content: bytes) -> Adapter:
    """Puts a file into the data folder in one step; BadAdapter, OSError."""
    check_name(file)
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    fresh = folder / f"{file}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    fresh.replace(folder / file)
    return Adapter(file, hash_of(content))

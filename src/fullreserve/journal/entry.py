"""One entry of the log: a batch of commands, chained to the one before it by its hash."""

from __future__ import annotations

import struct
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from fullreserve.door.protocol import Row

HASH_BYTES = 32
GENESIS_HASH = bytes(HASH_BYTES)

_HEADER = struct.Struct(">QIQQI")


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A sealed batch; the order of the fields is the order of the columns on disk."""

    sequence: int  # of the first command; the first of the log is 1
    count: int
    time_ms: int
    epoch: int
    wire_version: int
    prev_hash: bytes
    hash: bytes
    commands: bytes  # MessagePack array of `count` commands

    @property
    def last(self) -> int:
        """Sequence of the last command."""
        return self.sequence + self.count - 1


class Head(NamedTuple):
    """Where the log ends: what the next entry is chained to."""

    sequence: int  # of the last command, 0 in an empty log
    time_ms: int
    hash: bytes


EMPTY = Head(0, 0, GENESIS_HASH)


def seal(
    head: Head, count: int, time_ms: int, epoch: int, wire_version: int, commands: bytes
) -> Entry:
    """The entry behind `head`. Its hash is BLAKE2b-256 over header, previous hash, commands."""
    sequence = head.sequence + 1
    digest = _digest(sequence, count, time_ms, epoch, wire_version, head.hash, commands)
    return Entry(sequence, count, time_ms, epoch, wire_version, head.hash, digest, commands)


def head_of(entry: Entry) -> Head:
    """The head of a log that ends with `entry`."""
    return Head(entry.sequence + entry.count - 1, entry.time_ms, entry.hash)


def fault(entry: Entry) -> str | None:
    """What is wrong with an entry by itself; None when its hash is right."""
    try:
        digest = _digest(
            entry.sequence,
            entry.count,
            entry.time_ms,
            entry.epoch,
            entry.wire_version,
            entry.prev_hash,
            entry.commands,
        )
    except (TypeError, struct.error):
        return "a field has an impossible value"
    return None if digest == entry.hash else "its content does not match its hash"


def hash_after(head: Head, row: Row | Entry) -> bytes:
    """The hash that a row has if it stands behind `head`."""
    return _digest(
        row.sequence,
        row.count,
        row.time_ms,
        row.epoch,
        row.wire_version,
        head.hash,
        row.commands,
    )


def break_after(head: Head, entry: Entry) -> str | None:
    """Why `entry` does not follow `head`; None when it does. Its own hash is not checked."""
    if entry.sequence != head.sequence + 1:
        return f"rows are missing, the next one begins at {entry.sequence}"
    if entry.prev_hash != head.hash:
        return "it is not chained to the row before it"
    if entry.time_ms < head.time_ms:
        return "its time is before that of the row before it"
    if entry.count < 1:
        return "it holds no commands"
    return None


def _digest(
    sequence: int,
    count: int,
    time_ms: int,
    epoch: int,
    wire_version: int,
    prev_hash: bytes,
    commands: bytes,
) -> bytes:
    hasher = blake2b(
        _HEADER.pack(sequence, count, time_ms, epoch, wire_version), digest_size=HASH_BYTES
    )
    hasher.update(prev_hash)
    hasher.update(commands)
    return hasher.digest()

"""Keys in a file, encrypted under a passphrase: Argon2id, then AES-256-GCM.

For demos, tests and machines that hold little. Parameters stand in the file, so that a later
version may ask for more; the least that is taken is RFC 9106's second recommendation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from argon2.low_level import Type, hash_secret_raw
from coincurve import PrivateKey
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fullreserve.custody import keyfile
from fullreserve.custody.hd import Private, Public
from fullreserve.custody.keys.device import Device, DeviceProblem, NoSuchKey, checked

_MAGIC = b"fullreserve device 1\n"
_SALT, _NONCE, _SECRET = 16, 12, 32
_MEMORY_MAX = 4 * 1024 * 1024  # KiB; a file that asks for more is no file of ours
_PASSES_MAX = 100


class Hardness(msgspec.Struct, array_like=True, frozen=True):
    """What a guess costs: https://www.rfc-editor.org/rfc/rfc9106#section-4."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


class _Head(msgspec.Struct, array_like=True, frozen=True):
    hardness: Hardness
    salt: bytes
    nonce: bytes


class FileDevice(Device):
    """The keys of one file, opened."""

    def __init__(self, path: Path, branches: Mapping[str, Private]) -> None:
        self._path = path
        self._branches = dict(branches)

    def __repr__(self) -> str:
        return f"FileDevice({self._path.name}, {len(self._branches)} keys)"

    @classmethod
    def create(cls, path: Path, passphrase: bytes, names: Sequence[str]) -> FileDevice:
        """Makes new keys and their file, readable by its owner alone; FileExistsError."""
        branches = {
            name: Private(_valid(os.urandom(_SECRET)), os.urandom(_SECRET)) for name in names
        }
        _write(path, branches, passphrase, Hardness())
        return cls(path, branches)

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> FileDevice:
        """DeviceProblem for a wrong passphrase, a changed file, or one that others may read."""
        try:
            data, mode = path.read_bytes(), path.stat().st_mode
        except OSError as problem:
            raise DeviceProblem(f"{path.name}: {problem.strerror}") from None
        if mode & 0o077:
            raise DeviceProblem(f"{path.name} can be read by others: chmod 600 it")
        if data.startswith(keyfile.MAGIC):
            return cls(path, _read_signer(path, passphrase))
        return cls(path, _read(path, data, passphrase))

    def names(self) -> Sequence[str]:
        return tuple(self._branches)

    def public(self, name: str, path: Sequence[int] = ()) -> bytes:
        return self._private(name, path).public().key

    def branch(self, name: str) -> Public:
        return self._private(name).public()

    def sign(self, name: str, digest: bytes, path: Sequence[int] = ()) -> bytes:
        # RFC 6979 nonces and low s, both by libsecp256k1.
        key = PrivateKey(self._private(name, path).secret)
        return key.sign_recoverable(checked(digest), hasher=None)

    def close(self) -> None:
        self._branches.clear()

    def _private(self, name: str, path: Sequence[int] = ()) -> Private:
        found = self._branches.get(name)
        if found is None:
            raise NoSuchKey(f"{self._path.name} holds no key {name!r}")
        return found.at(*path)


def _valid(secret: bytes) -> bytes:
    return PrivateKey(secret).secret


def _write(
    path: Path, branches: Mapping[str, Private], passphrase: bytes, hardness: Hardness
) -> None:
    head = _Head(hardness, os.urandom(_SALT), os.urandom(_NONCE))
    first = msgspec.msgpack.encode(head)
    start = _MAGIC + len(first).to_bytes(2, "big") + first
    content = msgspec.msgpack.encode(
        {name: one.secret + one.code for name, one in branches.items()}
    )
    body = AESGCM(_key(passphrase, head)).encrypt(head.nonce, content, start)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(start + body)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, data: bytes, passphrase: bytes) -> dict[str, Private]:
    if not data.startswith(_MAGIC):
        raise DeviceProblem(f"{path.name} is no file of keys")
    at = len(_MAGIC) + 2
    end = at + int.from_bytes(data[at - 2 : at], "big")
    try:
        head = msgspec.msgpack.decode(data[at:end], type=_Head)
        content = AESGCM(_key(passphrase, head)).decrypt(head.nonce, data[end:], data[:end])
        kept = msgspec.msgpack.decode(content, type=dict[str, bytes])
    except (InvalidTag, ValueError, msgspec.DecodeError):
        raise DeviceProblem(f"{path.name}: the passphrase is wrong, or the file changed") from None
    return {name: Private(one[:_SECRET], one[_SECRET:]) for name, one in kept.items()}


def _read_signer(path: Path, passphrase: bytes) -> dict[str, Private]:
    """The branches of a file as signers have it: those of the demo's holders are in one."""
    try:
        kept = keyfile.unseal(path, passphrase)
    except keyfile.KeyFileError as problem:
        raise DeviceProblem(str(problem)) from None
    whole = {name: one for name, one in kept.items() if len(one) == 2 * _SECRET}
    return {name: Private(one[:_SECRET], one[_SECRET:]) for name, one in whole.items()}


def _key(passphrase: bytes, head: _Head) -> bytes:
    asked, least = head.hardness, Hardness()
    if not (
        least.memory_kib <= asked.memory_kib <= _MEMORY_MAX
        and least.passes <= asked.passes <= _PASSES_MAX
        and asked.lanes == least.lanes
    ):
        raise ValueError("no parameters of ours")
    return hash_secret_raw(
        passphrase, head.salt, asked.passes, asked.memory_kib, asked.lanes, 32, Type.ID
    )

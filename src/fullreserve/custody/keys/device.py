"""What holds private keys and signs with them: a file, a token, a machine that is never connected.

A device signs digests and never shows a key. What may be signed is decided above it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NoReturn

from fullreserve.custody.hd import Public
from fullreserve.custody.keys.signature import DIGEST


class DeviceProblem(Exception):
    """The device cannot be used; the message holds nothing of what it keeps."""


class NoSuchKey(DeviceProblem):
    """The device has no key of that name."""


class Device(ABC):
    """Keys by name. `path` leads below a branch; a key that is no branch has none below it."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Names of the keys that it holds."""

    @abstractmethod
    def public(self, name: str, path: Sequence[int] = ()) -> bytes:
        """The compressed public key, 33 bytes; DeviceProblem."""

    @abstractmethod
    def branch(self, name: str) -> Public | None:
        """The public branch; None for a single key. DeviceProblem."""

    @abstractmethod
    def sign(self, name: str, digest: bytes, path: Sequence[int] = ()) -> bytes:
        """r, low s and the recovery number over 32 bytes; DeviceProblem."""

    @abstractmethod
    def close(self) -> None:
        """Forgets what it was opened with."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a device of keys is not copied")


def checked(digest: bytes) -> bytes:
    """The digest; DeviceProblem for another length, which would be cut or padded silently."""
    if len(digest) != DIGEST:
        raise DeviceProblem(f"a digest has {DIGEST} bytes, not {len(digest)}")
    return digest


def no_path(path: Sequence[int]) -> None:
    """DeviceProblem where a path is asked of a single key."""
    if path:
        raise DeviceProblem("the key is a single one: nothing is below it")

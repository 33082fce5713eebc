"""Who of which quorum can be asked by a machine, and by which key its answer is known.

`custody-holders.json` below the data folder, a list of objects: `quorum`, and `holders` with
`person`, `signer` (a socket below the folder, or `tls:name@host:port`) and `key`, the public key of
its presence, which each signer says when it starts. Holders who answer by hand are not in it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from coincurve import PrivateKey

FILE = "custody-holders.json"
_MAGIC = b"Fullreserve presence\n"


class BadHolders(ValueError):
    """The file cannot be used; the message says why."""


class Holder(msgspec.Struct, frozen=True):
    """One that answers by itself."""

    person: int
    signer: str
    key: str  # compressed, in hexadecimal digits


class Online(msgspec.Struct, frozen=True):
    """Those of a quorum."""

    quorum: int
    holders: tuple[Holder, ...]


def key_of(secrets: Mapping[str, bytes]) -> PrivateKey:
    """The key of a signer's presence, which signs nothing else.

    It follows from all of its secrets, so that who has some of them, as another signer of the same
    lane, does not have it.
    """
    digest = hashlib.sha256(_MAGIC)
    for name in sorted(secrets):
        for part in (name.encode(), secrets[name]):
            digest.update(len(part).to_bytes(4, "big") + part)
    return PrivateKey(digest.digest())


def load(data: Path) -> list[Online]:
    """None without the file; BadHolders."""
    path = data / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Online])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as problem:
        raise BadHolders(f"{path} cannot be read: {problem}") from None


def keep(data: Path, online: Sequence[Online]) -> None:
    """Replaces the file in one step."""
    fresh = data / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(list(online)), indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(data / FILE)

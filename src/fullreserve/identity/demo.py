"""Keys for the demo market's accounts, kept readable in `<data>/demo-keys.json`."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullreserve.identity import keyring
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import Personal, Vault

FILE_NAME = "demo-keys.json"
# A list that holds every address: a demo may stand still for longer than a key may idle.
ANYWHERE = ("0.0.0.0/0", "::/0")


class DamagedKeys(ValueError):
    """The file of the demo accounts cannot be read; the message names it."""


class DemoKey(msgspec.Struct, rename="camel"):
    """One account of the demo market, with everything a client needs to log in."""

    name: str
    uid: str
    api_key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return f"DemoKey({self.name}, uid={self.uid})"


def read(folder: Path) -> list[DemoKey]:
    """The demo accounts of a data folder; empty when there are none. DamagedKeys."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[DemoKey])
    except msgspec.DecodeError as problem:
        raise DamagedKeys(
            f"{path} is damaged: {problem}; put it back from your backup, or remove it: "
            "the demo then makes new accounts"
        ) from None


def open_accounts(
    vault: Vault, folder: Path, names: Sequence[str], seed: int | None = None
) -> list[DemoKey]:
    """The demo accounts of these names, made where they do not exist yet.

    With a `seed` their keys are the same on every machine, for tests that need it. Each uid must
    also be opened in the core, by an OpenOwner command.
    """
    known = {account.name: account for account in read(folder)}
    accounts = []
    for name in names:
        account = known.get(name)
        key = vault.api_key(account.api_key.encode()) if account else None
        if account is None or key is None:
            account = _make(vault, name, seed)
        elif not key.may_idle():
            vault.edit_key(key.name, addresses=ANYWHERE)
        accounts.append(account)
    others = [account for account in known.values() if account.name not in names]
    write(folder / FILE_NAME, accounts + others)
    return accounts


def _make(vault: Vault, name: str, seed: int | None) -> DemoKey:
    user = vault.create_user(personal=Personal(name=name))
    passphrase = "Demo-" + _digits(name, seed, "passphrase", 12)
    fixed = None
    if seed is not None:
        digits = _digits(name, seed, "key", 32)
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        fixed = ("-".join(parts), _digits(name, seed, "secret", 32).upper())
    permissions = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    key = vault.create_key(user.uid, passphrase, permissions, name, ANYWHERE, fixed=fixed)
    return DemoKey(name, str(user.uid), key.key, key.secret, passphrase)


def _digits(name: str, seed: int | None, what: str, count: int) -> str:
    if seed is None:
        return secrets.token_hex(count // 2)
    return hashlib.sha256(f"{seed}/{name}/{what}".encode()).hexdigest()[:count]


def write(path: Path, accounts: Sequence[msgspec.Struct]) -> None:
    """Puts secrets into a file that its owner alone may read, whole or not at all."""
    content = msgspec.json.format(msgspec.json.encode(accounts), indent=2) + b"\n"
    if path.exists() and path.read_bytes() == content:
        return
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    keyring.sync_folder(path.parent)

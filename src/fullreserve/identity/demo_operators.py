"""The demo's operators, kept readable in `<data>/demo-operators.json` so that one can sign in."""

from __future__ import annotations

import secrets
from base64 import b32encode
from pathlib import Path

import msgspec

from fullreserve.identity import passwords, totp
from fullreserve.identity.demo import DamagedKeys, write
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role
from fullreserve.identity.vault import Personal, Vault

FILE_NAME = "demo-operators.json"
# Any one may be gone for ever, of those too who alone approve members and limits.
ROLES = (Role.ADMIN, Role.ADMIN, Role.SUPPORT, Role.ADMIN)
PASSWORD_BYTES = 9


class DemoOperator(msgspec.Struct, rename="camel"):
    """One operator, with everything needed to sign in: address, password, authenticator."""

    uid: str
    role: str
    email: str
    password: str
    totp_secret: str  # Base32, as an authenticator takes it

    def __repr__(self) -> str:
        return f"DemoOperator({self.email}, uid={self.uid})"


def read(folder: Path) -> list[DemoOperator]:
    """The demo's operators of a data folder; empty when there are none. DamagedKeys."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[DemoOperator])
    except msgspec.DecodeError as problem:
        raise DamagedKeys(
            f"{path} is damaged: {problem}; put it back from your backup, or remove it: "
            "the demo then makes new operators"
        ) from None


def open_operators(vault: Vault, folder: Path) -> list[DemoOperator]:
    """Four operators, made where they do not exist yet. Slow the first time: it hashes."""
    rooms = Rooms(vault)
    known = [one for one in read(folder) if vault.user(int(one.uid))]
    if len(known) < len(ROLES):
        wanted = list(enumerate(ROLES, 1))
        known += [_make(rooms, at, role) for at, role in wanted[len(known) :]]
    write(folder / FILE_NAME, known)
    return known


def _make(rooms: Rooms, number: int, role: Role) -> DemoOperator:
    password, secret = secrets.token_urlsafe(PASSWORD_BYTES), totp.new_secret()
    phc = passwords.hashed(password, rooms.rules.hashing)
    email = f"operator{number}@demo.example"
    if rooms.emails.find(email):  # the file was removed: their passwords are known to nobody
        email = f"operator{number}-{secrets.token_hex(3)}@demo.example"
    with rooms.store.change():
        uid = rooms.vault.create_user(personal=Personal(email=email)).uid
        rooms.emails.put(uid, email)
        rooms.vault.set_password_hash(uid, phc)
        rooms.factors.put(uid, secret)
        rooms.roles.grant(uid, role)
    return DemoOperator(str(uid), role, email, password, b32encode(secret).decode())

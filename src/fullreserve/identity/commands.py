"""`fullreserve user …`: operators and users, from the command line, also of a running exchange."""

from __future__ import annotations

import asyncio
import getpass
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from fullreserve.clock import SystemClock
from fullreserve.config import Settings
from fullreserve.door.protocol import Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.identity import emails, password_policy, passwords
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.enrolment import NotEnrolled, enrol
from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.roles import Role
from fullreserve.identity.vault import Personal, User, Vault

DONE = 0
FAILED = 1
USAGE = 2

# The gateway id under which commands of the command line enter the log.
COMMAND_GATEWAY = 2


def create_operator(settings: Settings, email: str, role: str) -> int:
    """Give the user of an e-mail address a role; who is new gets a password, asked for here."""
    if role not in set(Role):
        sys.stderr.write(f"fullreserve: {role!r} is no role; allowed are {', '.join(Role)}\n")
        return USAGE
    try:
        address = emails.normal(email)
    except ValueError as allowed:
        sys.stderr.write(f"fullreserve: {email!r} is not {allowed}\n")
        return USAGE
    made: list[int] = []
    code = in_vault(settings, lambda rooms: _operator(rooms, address, Role(role), made))
    if made and role != Role.AUDITOR:
        _enrol(settings, made[0])
    return code


def _enrol(settings: Settings, uid: int) -> None:
    """Let a running exchange know of the operator; one that does not run learns it at its start."""
    try:
        asyncio.run(_enrolled(settings, uid))
    except (Unavailable, OSError, NotEnrolled) as problem:
        sys.stdout.write(f"Approvals of user {uid} count from the next start on ({problem}).\n")
    else:
        sys.stdout.write(f"Approvals of user {uid} count.\n")


async def _enrolled(settings: Settings, uid: int) -> None:
    door = await SocketDoor.open(settings.data / SOCKET_NAME, COMMAND_GATEWAY, SystemClock())
    try:
        await enrol(door, uid)
    finally:
        await door.close()


def _operator(rooms: Rooms, email: str, role: Role, made: list[int]) -> int:
    uid = rooms.emails.find(email)
    if uid:
        rooms.roles.grant(uid, role)
        made.append(uid)
        sys.stdout.write(f"User {uid} has the role {role}.\n")
        return DONE
    password = _password()
    password_policy.check(password, email, rooms.rules)
    phc = passwords.hashed(password, rooms.rules.hashing)
    with rooms.store.change():
        uid = rooms.vault.create_user(personal=Personal(email=email)).uid
        rooms.emails.put(uid, email)
        rooms.vault.set_password_hash(uid, phc)
        rooms.roles.grant(uid, role)
    made.append(uid)
    sys.stdout.write(
        f"User {uid} was made, with the role {role}. Sign in and set up an authenticator.\n"
    )
    return DONE


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def list_users(settings: Settings, *, emails: bool) -> int:
    """Print a line for each user that is no sub-account."""
    return in_vault(settings, lambda rooms: _list(rooms, in_full=emails))


def _list(rooms: Rooms, *, in_full: bool) -> int:
    subs: dict[int, int] = {}
    users = rooms.vault.users()
    for user in users:
        if user.main_uid != user.uid:
            subs[user.main_uid] = subs.get(user.main_uid, 0) + 1
    roles = rooms.roles.operators()
    sys.stdout.write("uid       since       state   subs  roles     e-mail\n")
    for user in users:
        if user.main_uid == user.uid:
            held = ",".join(sorted(roles.get(user.uid, ()))) or "-"
            email = _email(rooms, user, in_full=in_full)
            since = datetime.fromtimestamp(user.created_ms // 1000, UTC)
            state = "closed" if user.erased_ms else "open"
            count = subs.get(user.uid, 0)
            sys.stdout.write(
                f"{user.uid:<9} {since:%Y-%m-%d}  {state:<6} {count:>5}  {held:<8}  {email}\n"
            )
    return DONE


def _email(rooms: Rooms, user: User, *, in_full: bool) -> str:
    email = "" if user.erased_ms else rooms.vault.personal(user.uid).email
    if not email:
        return "-"
    return email if in_full else emails.masked(email)


def in_vault(settings: Settings, work: Callable[[Rooms], int]) -> int:
    """What some work on the vault of a data folder returns; FAILED with a sentence."""
    if not (settings.data / "identity.db").exists():
        sys.stderr.write(f"fullreserve: There is no exchange in {settings.data}.\n")
        return FAILED
    try:
        vault = Vault(settings.data, SystemClock().wall_ms)
        try:
            return work(Rooms(vault))
        finally:
            vault.close()
    except Denied as denied:
        sys.stderr.write(f"fullreserve: {denied.allowed or denied}\n")
    except (sqlite3.Error, KeyringError, OSError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
    return FAILED

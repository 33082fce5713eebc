"""Finding users, for operators: by uid, by e-mail address, by a part of a label."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.identity import emails
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role
from fullreserve.identity.sessions import SessionRow
from fullreserve.identity.store import UnknownUser
from fullreserve.identity.vault import KeyRow, Personal, User

PAGE_MAX = 100
DIGITS_MAX = 18
# Labels are sealed one by one, so that looking for a part of one opens them all.
LABELS_MAX = 20_000


class Listed(NamedTuple):
    """A user as lists show one."""

    user: User
    email: str
    label: str
    roles: frozenset[Role]
    subs: int


class Known(NamedTuple):
    """All that the vault has of a user, without a secret."""

    listed: Listed
    subs: list[Listed]
    keys: list[KeyRow]
    sessions: list[SessionRow]
    totp: bool


def find(rooms: Rooms, query: str, after: int, limit: int) -> list[Listed]:
    """Users above uid `after`, ascending; all of them without a query. In the writing thread."""
    query, limit = query.strip(), min(limit, PAGE_MAX)
    if not query:
        return [_listed(rooms, one) for one in _users(rooms, after, limit)]
    found = _named(rooms, query)
    if found is not None:
        return [_listed(rooms, one) for one in found if one.uid > after]
    part, rows = query.casefold(), []
    for user in _users(rooms, after, LABELS_MAX):
        personal = _personal(rooms, user)
        if part in personal.label.casefold() or part in personal.name.casefold():
            rows.append(_listed(rooms, user))
            if len(rows) == limit:
                break
    return rows


def known(rooms: Rooms, uid: int) -> Known | None:
    """One user; None for nobody. In the writing thread."""
    user = rooms.vault.user(uid)
    if user is None:
        return None
    is_open = not user.erased_ms
    return Known(
        _listed(rooms, user),
        [_listed(rooms, one) for one in rooms.vault.sub_accounts(uid)],
        rooms.vault.keys_of(uid) if is_open else [],
        rooms.sessions.of(uid) if is_open else [],
        rooms.factors.has_totp(uid),
    )


def _named(rooms: Rooms, query: str) -> list[User] | None:
    """The user of a uid or an address; None when the query is neither."""
    if query.isascii() and query.isdigit() and len(query) <= DIGITS_MAX:
        user = rooms.vault.user(int(query))
        return [user] if user else []
    try:
        uid = rooms.emails.find(emails.normal(query))
    except ValueError:
        return None
    user = rooms.vault.user(uid) if uid else None
    return [user] if user else []


def _users(rooms: Rooms, after: int, limit: int) -> list[User]:
    rows = rooms.store.db.execute(
        "SELECT uid, main_uid, created_ms, erased_ms, keys_off_ms FROM users "
        "WHERE uid > ? ORDER BY uid LIMIT ?",
        (after, limit),
    ).fetchall()
    return [User(*row) for row in rows]


def _personal(rooms: Rooms, user: User) -> Personal:
    try:
        return rooms.vault.personal(user.uid)
    except UnknownUser:
        return Personal()


def _listed(rooms: Rooms, user: User) -> Listed:
    personal = _personal(rooms, user)
    subs = rooms.store.db.execute(
        "SELECT count(*) FROM users WHERE main_uid = ? AND uid <> main_uid", (user.uid,)
    ).fetchone()[0]
    label = personal.label or personal.name
    return Listed(user, personal.email, label, rooms.roles.of(user.uid), subs)

"""Tickets: what ties the steps of a dialogue together, for a short time and once.

A ticket is a random token in the hands of who began; the store keeps its hash, what it is for, and
what the next step needs to know, sealed.
"""

from __future__ import annotations

import hmac
import secrets
from enum import StrEnum
from typing import NamedTuple

from fullreserve.identity.store import Store, UnknownUser, mark_of

TOKEN_BYTES = 24
CODE_DIGITS = 8


class Purpose(StrEnum):
    """What a ticket opens, and nothing else."""

    SIGN_UP = "sign-up"
    RESET = "reset"
    # These answer like those above and open nothing.
    SIGN_UP_VOID = "sign-up-void"
    RESET_VOID = "reset-void"
    SECOND_FACTOR = "second-factor"
    TOTP = "totp"
    PASSKEY_NEW = "passkey-new"
    PASSKEY = "passkey"
    DEED = "deed"
    WEBSOCKET = "websocket"


class Ticket(NamedTuple):
    """A ticket in force."""

    mark: bytes
    uid: int
    content: bytes

    def __repr__(self) -> str:
        return f"Ticket(uid={self.uid})"


class Tickets:
    """All tickets; use it from the thread that writes."""

    def __init__(self, store: Store, failures_max: int) -> None:
        self._store = store
        self._db = store.db
        self._failures_max = failures_max

    def issue(self, purpose: Purpose, uid: int, content: bytes, lasts_ms: int) -> str:
        """A new ticket's token; UnknownUser."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        mark = mark_of(token.encode())
        sealed = self._store.seal(uid, _place(mark), content)
        expires = self._store.wall_ms() + lasts_ms
        with self._store.change():
            self._db.execute(
                "INSERT INTO tickets (mark, purpose, uid, expires_ms, sealed) "
                "VALUES (?, ?, ?, ?, ?)",
                (mark, purpose, uid, expires, sealed),
            )
        return token

    def look(self, token: str, *purposes: Purpose) -> Ticket | None:
        """A ticket for one of these purposes, if it is in force."""
        mark = mark_of(token.encode())
        row = self._db.execute(
            "SELECT uid, purpose, sealed FROM tickets WHERE mark = ? AND expires_ms > ? "
            "AND failures < ?",
            (mark, self._store.wall_ms(), self._failures_max),
        ).fetchone()
        if row is None or row[1] not in purposes:
            return None
        try:
            return Ticket(mark, row[0], self._store.unseal(row[0], _place(mark), row[2]))
        except UnknownUser:
            return None

    def fail(self, ticket: Ticket) -> None:
        """Count a wrong answer to a ticket; after a few of them it is void."""
        with self._store.change():
            self._db.execute(
                "UPDATE tickets SET failures = failures + 1 WHERE mark = ?", (ticket.mark,)
            )

    def spend(self, ticket: Ticket) -> bool:
        """Use a ticket up; False when somebody else just did."""
        with self._store.change():
            spent = self._db.execute("DELETE FROM tickets WHERE mark = ?", (ticket.mark,))
        return spent.rowcount > 0

    def take(self, token: str, purpose: Purpose) -> Ticket | None:
        """Use the ticket of a token up."""
        ticket = self.look(token, purpose)
        return ticket if ticket is not None and self.spend(ticket) else None

    def sweep(self) -> None:
        """Delete what has expired."""
        with self._store.change():
            self._db.execute("DELETE FROM tickets WHERE expires_ms <= ?", (self._store.wall_ms(),))


def new_code() -> str:
    """A code for a person to type, as it is sent in a message."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def same(first: str, second: str) -> bool:
    """Whether two codes are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(first.encode(), second.encode())


def _place(mark: bytes) -> str:
    return f"ticket:{mark.hex()}"

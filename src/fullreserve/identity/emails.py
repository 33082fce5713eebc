"""E-mail addresses: how they are read, and how one is found that the store does not show."""

from __future__ import annotations

import re

from fullreserve.identity.store import Store

EMAIL_MAX = 254  # RFC 5321's limit of a path, less its brackets
_SHAPE = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+\.[^\s@.]{2,63}")


def normal(text: str) -> str:
    """The form that is compared: no blanks around, no capitals; ValueError for no address."""
    email = text.strip().casefold()
    if len(email) > EMAIL_MAX or not _SHAPE.fullmatch(email) or not email.isprintable():
        raise ValueError("an e-mail address such as name@example.com")
    return email


def masked(email: str) -> str:
    """An address as its owner recognises it and others do not."""
    name, _, host = email.partition("@")
    return f"{name[:2]}…@{host}"


class Emails:
    """Which user an address belongs to; use it from the thread that writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mark(self, email: str) -> bytes:
        """The keyed hash that an address is found by."""
        return self._store.keyed("email", email)

    def find(self, email: str) -> int:
        """The user with a (normal) address; 0 for none."""
        row = self._store.db.execute(
            "SELECT uid FROM emails WHERE mark = ?", (self.mark(email),)
        ).fetchone()
        return row[0] if row else 0

    def put(self, uid: int, email: str) -> bool:
        """Give a user an address; False when another has it. Within a `change` of the store."""
        done = self._store.db.execute(
            "INSERT INTO emails VALUES (?, ?) ON CONFLICT DO NOTHING", (self.mark(email), uid)
        )
        return done.rowcount > 0

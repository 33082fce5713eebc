"""Messages to people, kept until they are delivered.

A message is stored with the change that causes it and delivered afterwards by a courier, so that a
crash between the two loses nothing; one may then come twice. It is deleted once it is delivered.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from fullreserve.identity.rules import DAY_MS, MINUTE_MS
from fullreserve.identity.store import Store, UnknownUser

RETRY_FIRST_MS = MINUTE_MS // 6
RETRY_LONGEST_MS = 60 * MINUTE_MS
KEPT_MS = DAY_MS  # a code or an alert that is older helps nobody


class Kind(StrEnum):
    """What a message says; its words are the channel's matter."""

    SIGN_UP = "sign-up"
    ALREADY_REGISTERED = "already-registered"
    RESET = "reset"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a message, not a password
    NEW_SIGN_IN = "new-sign-in"
    SECOND_FACTOR_ON = "second-factor-on"
    SECOND_FACTOR_OFF = "second-factor-off"
    RECOVERY_CODES = "recovery-codes"
    RECOVERY_CODE_USED = "recovery-code-used"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    OPERATOR_PASSKEY = "operator-passkey"
    APPROVALS_WAIT = "approvals-wait"
    KEY_CREATED = "key-created"
    KEYS_OFF = "keys-off"
    SETTINGS_LOCKED = "settings-locked"
    ACCOUNT_CLOSED = "account-closed"
    CLAIM_DECIDED = "claim-decided"
    DELISTING = "delisting"
    WITHDRAWAL_CONFIRM = "withdrawal-confirm"
    WITHDRAWAL_DELAY = "withdrawal-delay"
    WITHDRAWAL_REVIEW = "withdrawal-review"
    DEPOSIT_OWED = "deposit-owed"
    VOID = "void"  # stored where a message would be, and never sent


class Message(msgspec.Struct, array_like=True):
    """One message; `values` fill the words of its kind."""

    kind: Kind
    email: str
    values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Message({self.kind})"


class Due(msgspec.Struct):
    """A message whose time has come."""

    number: int
    attempts: int
    message: Message


class Outbox:
    """All undelivered messages; use it from the thread that writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._news = False

    def take_news(self) -> bool:
        """Whether something was put here since this was asked last."""
        news, self._news = self._news, False
        return news

    def put(self, uid: int, message: Message) -> None:
        """Store a message to a user, or with uid 0 to somebody who is none yet."""
        with self._store.change():
            now = self._store.wall_ms()
            added = self._db.execute(
                "INSERT INTO outbox (uid, created_ms, due_ms, sealed) VALUES (?, ?, ?, ?)",
                (uid, now, now, b""),
            )
            number = added.lastrowid
            sealed = self._store.seal(uid, f"outbox:{number}", msgspec.msgpack.encode(message))
            self._db.execute("UPDATE outbox SET sealed = ? WHERE number = ?", (sealed, number))
        self._news = True

    def told(self, what: str) -> int:
        """Up to which number of the log messages about something were put here."""
        row = self._db.execute("SELECT number FROM told WHERE what = ?", (what,)).fetchone()
        return row[0] if row else 0

    def tell_up_to(self, what: str, number: int) -> None:
        """Note it, in the `change` that puts the messages."""
        self._db.execute(
            "INSERT INTO told VALUES (?, ?) ON CONFLICT DO UPDATE SET number = excluded.number",
            (what, number),
        )

    def due(self, most: int) -> list[Due]:
        """The oldest messages whose time has come."""
        rows = self._db.execute(
            "SELECT number, uid, attempts, sealed FROM outbox WHERE due_ms <= ? "
            "ORDER BY due_ms, number LIMIT ?",
            (self._store.wall_ms(), most),
        ).fetchall()
        found = []
        for number, uid, attempts, sealed in rows:
            try:
                opened = self._store.unseal(uid, f"outbox:{number}", sealed)
            except UnknownUser:
                continue
            found.append(Due(number, attempts, msgspec.msgpack.decode(opened, type=Message)))
        return found

    def delivered(self, number: int) -> None:
        """Delete a message that has arrived."""
        with self._store.change():
            self._db.execute("DELETE FROM outbox WHERE number = ?", (number,))

    def failed(self, due: Due) -> None:
        """Try a message again later, each time after a longer wait."""
        wait = min(RETRY_LONGEST_MS, RETRY_FIRST_MS << min(due.attempts, 16))
        with self._store.change():
            self._db.execute(
                "UPDATE outbox SET attempts = attempts + 1, due_ms = ? WHERE number = ?",
                (self._store.wall_ms() + wait, due.number),
            )

    def sweep(self) -> None:
        """Delete what is too old to help."""
        with self._store.change():
            end = self._store.wall_ms() - KEPT_MS
            self._db.execute("DELETE FROM outbox WHERE created_ms <= ?", (end,))

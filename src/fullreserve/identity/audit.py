"""The audit log: what operators did and were denied, on disk before they are answered.

Entries are only added; triggers of the store refuse anything else. Each is chained to the one
before by a hash over what stands in the store, sealed parts included: so the chain holds when a
person's key is deleted and the sealed parts can be read no more. Where an operator was is sealed
for the operator; what was asked for, and why, for whom it was about.

An act has two entries: one before it, and one that says how it ended. Only the first may be alone,
when the exchange stopped in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from fullreserve.identity.keyring import KeyringError
from fullreserve.identity.session import Device
from fullreserve.identity.store import NOBODY, Store, UnknownUser

HASH_BYTES = 32
PENDING = -1
DONE = 0
PAGE_MAX = 100

_encode = msgspec.msgpack.Encoder().encode
_COLUMNS = "entry, at_ms, actor, action, subject, ended, code, sealer, place, what, hash"


class What(msgspec.Struct, array_like=True):
    """What was asked for, in the endpoint's own names, and why."""

    terms: dict[str, str]
    note: str = ""

    def __repr__(self) -> str:
        return "What(…)"


class Act(NamedTuple):
    """What an operator is about to do or was denied; `subject` is the user it is about, or 0."""

    actor: int
    action: str
    subject: int
    place: Device
    what: What


class Entry(NamedTuple):
    """One act as it is shown; `code` PENDING when its end is not known."""

    entry: int
    at_ms: int
    actor: int
    action: str
    subject: int
    code: int
    place: Device
    what: What
    hash: bytes


class Stored(NamedTuple):
    """A row as it is stored; `ended` is the act that it ends."""

    entry: int
    at_ms: int
    actor: int
    action: str
    subject: int
    ended: int
    code: int
    sealer: int
    place: bytes
    what: bytes
    hash: bytes


class Wanted(NamedTuple):
    """Which entries; zeros and "" are no bound. `result` is done, denied or unknown."""

    actor: int = 0
    subject: int = 0
    action: str = ""
    result: str = ""
    begin_ms: int = 0
    end_ms: int = 0
    after: int = 0
    limit: int = PAGE_MAX


class Chain(NamedTuple):
    """How far the chain is whole; `broken_at` 0 when all of it is."""

    entries: int
    broken_at: int


_CODE = "coalesce(b.code, a.code)"
_RESULTS = {"done": f"{_CODE} = 0", "denied": f"{_CODE} > 0", "unknown": f"{_CODE} < 0"}
# Acts with the code of their end; what only ends one is no act.
_ACTS = f"""SELECT a.entry, a.at_ms, a.actor, a.action, a.subject, {_CODE},
    a.sealer, a.place, a.what, a.hash
FROM audit a LEFT JOIN audit b ON b.ended = a.entry AND b.ended > 0
WHERE a.ended = 0 AND {{where}} ORDER BY a.entry DESC LIMIT ?"""  # noqa: S608 - our own names


class AuditLog:
    """All entries; use it from the thread that writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- adding

    def begin(self, act: Act) -> int:
        """Note that an act begins; its entry, for `end`."""
        return self.add(act, PENDING)

    def add(self, act: Act, code: int = DONE) -> int:
        """Note an act that was denied, or that is over with its entry; the entry."""
        with self._store.change():
            sealer, place, what = self._sealed(act)
            row = (act.actor, act.action, act.subject, 0, code, sealer, place, what)
            return self._append(row)

    def end(self, entry: int, code: int) -> None:
        """Note how an act ended."""
        with self._store.change():
            found = self._store.db.execute(
                "SELECT actor, action, subject FROM audit WHERE entry = ?", (entry,)
            ).fetchone()
            self._append((*found, entry, code, NOBODY, b"", b""))

    def _sealed(self, act: Act) -> tuple[int, bytes, bytes]:
        last = self._last()[0] + 1
        what = _encode(act.what)
        place = self._seal(act.actor, f"audit-place:{last}", _encode(act.place))[1]
        sealer, sealed = self._seal(act.subject or act.actor, f"audit-what:{last}", what)
        return sealer, place, sealed

    def _seal(self, uid: int, where: str, plain: bytes) -> tuple[int, bytes]:
        try:
            return uid, self._store.seal(uid, where, plain)
        except UnknownUser:
            return NOBODY, self._store.seal(NOBODY, where, plain)

    def _append(self, row: tuple[Any, ...]) -> int:
        last, before = self._last()
        content = (last + 1, self._store.wall_ms(), *row)
        marks = ", ".join("?" * (len(content) + 1))
        insert = f"INSERT INTO audit ({_COLUMNS}) VALUES ({marks})"  # noqa: S608 - our own names
        self._store.db.execute(insert, (*content, chained(before, content)))
        return last + 1

    def _last(self) -> tuple[int, bytes]:
        row = self._store.db.execute(
            "SELECT entry, hash FROM audit ORDER BY entry DESC LIMIT 1"
        ).fetchone()
        return row or (0, bytes(HASH_BYTES))

    # --- reading

    def page(self, wanted: Wanted) -> list[Entry]:
        """Acts, newest first."""
        where: list[str] = ["a.entry < ?"]
        values: list[int | str] = [wanted.after or 2**62]
        for condition, value in (
            ("a.actor = ?", wanted.actor),
            ("a.subject = ?", wanted.subject),
            ("a.action = ?", wanted.action),
            ("a.at_ms >= ?", wanted.begin_ms),
            ("a.at_ms <= ?", wanted.end_ms),
        ):
            if value:
                where.append(condition)
                values.append(value)
        if wanted.result:
            where.append(_RESULTS[wanted.result])
        rows = self._store.db.execute(
            _ACTS.format(where=" AND ".join(where)),
            (*values, min(wanted.limit, PAGE_MAX)),
        ).fetchall()
        return [self._entry(*row) for row in rows]

    def note(self, entry: int) -> str:
        """Why an act was done; "" when there is none, or when it is sealed for ever."""
        return self.what(entry).note

    def what(self, entry: int) -> What:
        """What an act asked for, and why; empty where `note` is."""
        row = self._store.db.execute(
            "SELECT sealer, what FROM audit WHERE entry = ? AND ended = 0", (entry,)
        ).fetchone()
        return What({}) if row is None else self._what(entry, *row)

    def at_ms(self, entry: int) -> int:
        """When an entry was made; 0 when there is none."""
        row = self._store.db.execute("SELECT at_ms FROM audit WHERE entry = ?", (entry,)).fetchone()
        return 0 if row is None else int(row[0])

    def _entry(
        self, entry: int, at_ms: int, actor: int, action: str, subject: int, code: int,
        sealer: int, place: bytes, what: bytes, linked: bytes,
    ) -> Entry:  # fmt: skip
        seen, told = self._place(entry, actor, place), self._what(entry, sealer, what)
        return Entry(entry, at_ms, actor, action, subject, code, seen, told, linked)

    def _place(self, entry: int, actor: int, place: bytes) -> Device:
        opened = self._open((actor, NOBODY), f"audit-place:{entry}", place) if place else b""
        return msgspec.msgpack.decode(opened, type=Device) if opened else Device("", "")

    def _what(self, entry: int, sealer: int, what: bytes) -> What:
        opened = self._open((sealer,), f"audit-what:{entry}", what)
        return msgspec.msgpack.decode(opened, type=What) if opened else What({})

    def _open(self, sealers: tuple[int, ...], where: str, sealed: bytes) -> bytes:
        for uid in sealers:
            try:
                return self._store.unseal(uid, where, sealed)
            except (UnknownUser, KeyringError):
                continue
        return b""

    # --- proving

    def verify(self) -> Chain:
        """Follow the chain from its beginning."""
        before, expected = bytes(HASH_BYTES), 1
        for stored in self._stored():
            if stored.entry != expected or chained(before, stored[:-1]) != stored.hash:
                return Chain(expected - 1, expected)
            before, expected = stored.hash, expected + 1
        return Chain(expected - 1, 0)

    def entries(self) -> Iterator[tuple[Stored, Device, What]]:
        """All rows, oldest first, with what of them can be opened."""
        for stored in self._stored():
            what = (
                What({}) if stored.ended else self._what(stored.entry, stored.sealer, stored.what)
            )
            yield stored, self._place(stored.entry, stored.actor, stored.place), what

    def _stored(self) -> Iterator[Stored]:
        select = f"SELECT {_COLUMNS} FROM audit ORDER BY entry"  # noqa: S608 - our own names
        return (Stored(*row) for row in self._store.db.execute(select))


def chained(before: bytes, content: tuple[Any, ...]) -> bytes:
    """BLAKE2b-256 over the hash before and all columns of an entry as one MessagePack array."""
    return blake2b(before + _encode(content), digest_size=HASH_BYTES).digest()

"""Addresses that a user may withdraw to, sealed; the log knows them by number.

An address that was just added is locked for a while: who takes a session over cannot send coins
away before its owner, who is told, has had time to look.
"""

from __future__ import annotations

import msgspec

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.vault import Vault

LOCK_MS = 24 * 3_600_000
ADDRESSES_MAX = 200
LABEL_MAX = 50


class Kept(msgspec.Struct, array_like=True):
    """What is sealed; `network_name` is for people."""

    text: str
    label: str


class Address(msgspec.Struct, frozen=True):
    """An entry of a user's book."""

    number: int
    network: int
    text: str
    label: str
    added_ms: int

    @property
    def usable_ms(self) -> int:
        return self.added_ms + LOCK_MS


class AddressBook:
    """The books of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._store = vault.store

    def add(self, uid: int, network: int, text: str, label: str, age_ms: int = 0) -> Address:
        """A new entry, locked from now on; the one there is, where the address is known. Denied.

        `age_ms` is for entries that were known before, as those that a demo begins with.
        """
        if not 1 <= len(label) <= LABEL_MAX or not label.isprintable():
            raise Denied(Reason.BAD_PARAMETER, f"1 to {LABEL_MAX} printable characters", "label")
        self._vault.require(uid)
        known = self.find(uid, network, text)
        if known is not None:
            return known
        if len(self.of(uid)) >= ADDRESSES_MAX:
            raise Denied(Reason.NOT_NOW, f"at most {ADDRESSES_MAX} addresses")
        now = self._store.wall_ms() - age_ms
        plain = msgspec.msgpack.encode(Kept(text, label))
        mark = self._mark(uid, network, text)
        sealed = self._store.seal(uid, _place(mark), plain)
        with self._store.change():
            number = self._store.db.execute(
                "INSERT INTO withdrawal_addresses (uid, network, mark, added_ms, sealed) "
                "VALUES (?, ?, ?, ?, ?)",
                (uid, network, mark, now, sealed),
            ).lastrowid
        assert number is not None
        return Address(number, network, text, label, now)

    def of(self, uid: int) -> list[Address]:
        """A user's entries, oldest first."""
        rows = self._store.db.execute(
            "SELECT number, network, mark, added_ms, sealed FROM withdrawal_addresses "
            "WHERE uid = ? AND removed_ms = 0 ORDER BY number",
            (uid,),
        ).fetchall()
        return [self._read(uid, *row) for row in rows]

    def find(self, uid: int, network: int, text: str) -> Address | None:
        """The entry with an address."""
        row = self._store.db.execute(
            "SELECT number, network, mark, added_ms, sealed FROM withdrawal_addresses "
            "WHERE uid = ? AND mark = ? AND removed_ms = 0",
            (uid, self._mark(uid, network, text)),
        ).fetchone()
        return None if row is None else self._read(uid, *row)

    def text(self, uid: int, number: int) -> str:
        """The address of an entry, also of one that was removed; "" for none."""
        found = self.entry(uid, number)
        return "" if found is None else found.text

    def entry(self, uid: int, number: int) -> Address | None:
        """An entry by its number, also one that was removed."""
        row = self._store.db.execute(
            "SELECT network, mark, added_ms, sealed FROM withdrawal_addresses "
            "WHERE uid = ? AND number = ?",
            (uid, number),
        ).fetchone()
        return None if row is None else self._read(uid, number, *row)

    def older(self, uid: int, entry: Address) -> list[int]:
        """The numbers of a user's entries on the same network that were there before one."""
        rows = self._store.db.execute(
            "SELECT number FROM withdrawal_addresses WHERE uid = ? AND network = ? "
            "AND removed_ms = 0 AND added_ms < ? ORDER BY number",
            (uid, entry.network, entry.added_ms),
        ).fetchall()
        return [int(row[0]) for row in rows]

    def remove(self, uid: int, number: int) -> None:
        """Takes an entry out at once; Denied for none."""
        with self._store.change():
            done = self._store.db.execute(
                "UPDATE withdrawal_addresses SET removed_ms = ? "
                "WHERE uid = ? AND number = ? AND removed_ms = 0",
                (self._store.wall_ms(), uid, number),
            )
        if not done.rowcount:
            raise Denied(Reason.BAD_PARAMETER, "the id of an address of yours", "addrId")

    def _mark(self, uid: int, network: int, text: str) -> bytes:
        return self._store.keyed("withdrawal address", f"{uid}:{network}:{text}")

    def _read(
        self, uid: int, number: int, network: int, mark: bytes, added_ms: int, sealed: bytes
    ) -> Address:
        plain = self._store.unseal(uid, _place(mark), sealed)
        kept = msgspec.msgpack.decode(plain, type=Kept)
        return Address(number, network, kept.text, kept.label, added_ms)


def _place(mark: bytes) -> str:
    return f"withdrawal_address:{mark.hex()}"

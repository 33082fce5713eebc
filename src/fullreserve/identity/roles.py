"""Roles of those who run the exchange; who has none is a customer."""

from __future__ import annotations

from enum import StrEnum

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.vault import Vault


class Role(StrEnum):
    """What an operator may do; each may read all that the console shows."""

    ADMIN = "admin"  # everything, other operators' roles too
    TRADING = "trading"  # instruments, fees, halts
    SUPPORT = "support"  # users: search, freeze, end sessions and keys
    AUDITOR = "auditor"  # reads alone


class Roles:
    """Roles of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._store = vault.store

    def of(self, uid: int) -> frozenset[Role]:
        """A user's roles."""
        rows = self._store.db.execute("SELECT role FROM roles WHERE uid = ?", (uid,))
        return frozenset(Role(row[0]) for row in rows)

    def operators(self) -> dict[int, frozenset[Role]]:
        """Everybody with a role."""
        rows = self._store.db.execute("SELECT DISTINCT uid FROM roles ORDER BY uid").fetchall()
        return {row[0]: self.of(row[0]) for row in rows}

    def grant(self, uid: int, role: Role) -> None:
        """Give a user a role; sub-accounts take none."""
        with self._store.change():
            self._vault.require(uid)
            user = self._vault.user(uid)
            if user is None or user.main_uid != uid:
                raise Denied(Reason.NOT_NOW, "a sub-account takes no role")
            self._store.db.execute(
                "INSERT OR IGNORE INTO roles VALUES (?, ?, ?)", (uid, role, self._store.wall_ms())
            )

    def withdraw(self, uid: int, role: Role) -> bool:
        """Take a role; False when the user had it not."""
        with self._store.change():
            taken = self._store.db.execute(
                "DELETE FROM roles WHERE uid = ? AND role = ?", (uid, role)
            )
        return taken.rowcount > 0

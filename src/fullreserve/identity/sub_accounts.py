"""Sub-accounts by the names that their master gave them."""

from __future__ import annotations

import re
from typing import NamedTuple

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.vault import Personal, User, Vault

# As on OKX: 6 to 20 letters and digits, case-sensitive.
NAME = re.compile(r"[A-Za-z0-9]{6,20}")
LABEL_MAX = 50


class SubAccount(NamedTuple):
    """A sub-account as its master sees it."""

    uid: int
    name: str
    label: str
    created_ms: int


class SubAccounts:
    """Sub-accounts of all masters. The names are sealed, so a master's few are read to find one."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, main_uid: int) -> list[SubAccount]:
        """A master's sub-accounts, newest first."""
        users = self._vault.sub_accounts(main_uid)
        return [self._shown(user) for user in reversed(users) if not user.erased_ms]

    def _shown(self, user: User) -> SubAccount:
        personal = self._vault.personal(user.uid)
        return SubAccount(user.uid, personal.name, personal.label, user.created_ms)

    def find(self, main_uid: int, name: str) -> SubAccount | None:
        """A master's sub-account of a name."""
        return next((sub for sub in self.of(main_uid) if sub.name == name), None)

    def require(self, main_uid: int, name: str) -> SubAccount:
        """A master's sub-account of a name; Denied for none."""
        found = self.find(main_uid, name)
        if found is None:
            raise Denied(Reason.UNKNOWN_SUB_ACCOUNT, name=name[:20])
        return found

    def create(self, main_uid: int, name: str, label: str) -> SubAccount:
        """A new one; the account in the core is opened by a command. Denied."""
        if not NAME.fullmatch(name):
            raise Denied(Reason.BAD_PARAMETER, "6 to 20 letters and digits", "subAcct")
        if len(label) > LABEL_MAX:
            raise Denied(Reason.BAD_PARAMETER, f"at most {LABEL_MAX} characters", "label")
        with self._vault.store.change():
            known = self.of(main_uid)
            if any(sub.name == name for sub in known):
                raise Denied(Reason.NAME_TAKEN, name=name)
            if len(known) >= self._vault.rules.sub_accounts_max:
                most = str(self._vault.rules.sub_accounts_max)
                raise Denied(Reason.TOO_MANY_SUB_ACCOUNTS, most)
            user = self._vault.create_user(main_uid, Personal(name=name, label=label))
        return SubAccount(user.uid, name, label, user.created_ms)

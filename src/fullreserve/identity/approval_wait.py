"""From when on what an operator proves himself with counts for approvals.

Whoever gets hold of a proven session could add a passkey and approve with it, or take the last one
away so that less is asked for. So a new passkey of an operator opens and approves nothing for a
while; and who takes away the last one that approves, or an authenticator, approves nothing for as
long. So it is when anything else of a proof becomes another: the password, the recovery codes, or
an authenticator that is not the account's first; and when a recovery code has served, so that it
opens the account and never approves. It is announced meanwhile, and others can act. Who never had
a passkey approves by a fresh proof with the authenticator, until one has waited: an operator is
not locked out by adding one. A passkey waits from its own making on, whatever is lost meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.passkeys import Passkey, Passkeys
from fullreserve.identity.roles import Roles
from fullreserve.identity.vault import Vault

LOST = "approval-lost"  # a kind of credential: when the last one was lost, in ms


class ApprovalWait:
    """Of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault, passkeys: Passkeys, roles: Roles) -> None:
        self._vault = vault
        self._store = vault.store
        self._wait_ms = vault.rules.approval_wait_ms
        self._passkeys = passkeys
        self._roles = roles

    def ready_ms(self, one: Passkey) -> int:
        """From when on an operator's passkey counts."""
        return one.created_ms + self._wait_ms

    def approving(self, uid: int) -> list[Passkey]:
        """A user's passkeys that have waited."""
        now_ms = self._store.wall_ms()
        return [one for one in self._passkeys.of(uid) if self.ready_ms(one) <= now_ms]

    def first_ms(self, uid: int) -> int:
        """When the first of a user's passkeys counts; 0 where there is none."""
        return min((self.ready_ms(one) for one in self._passkeys.of(uid)), default=0)

    def stopped_until_ms(self, uid: int) -> int:
        """Until when a user approves nothing, after a loss and without a passkey; 0: not."""
        kept = self._vault.credential(uid, LOST)
        until_ms = int.from_bytes(kept) + self._wait_ms if kept is not None else 0
        return until_ms if until_ms > self._store.wall_ms() else 0

    def remove(self, uid: int, identifier: str) -> None:
        """Takes a passkey away; it is remembered if it was the last that approves. Denied."""
        with self._store.change():
            before = self.approving(uid)
            self._passkeys.remove(uid, identifier)
            if before and not self.approving(uid):
                self.lose(uid)

    def has_lost(self, uid: int) -> bool:
        """Whether a user has ever lost something: an authenticator is then not the first."""
        return self._vault.credential(uid, LOST) is not None

    def lose(self, uid: int) -> None:
        """From now on nothing is approved for a while without a passkey that has waited."""
        with self._store.change():
            now = self._store.wall_ms().to_bytes(8)
            self._vault.put_credential(uid, LOST, now)

    def require(self, uid: int, credential: str) -> None:
        """Denied for an operator's passkey that has not waited; `credential` names it."""
        identifier = self._passkeys.named_by(uid, credential)
        found = next((one for one in self._passkeys.of(uid) if one.id == identifier), None)
        if found is None or not self._roles.of(uid):
            return
        ready_ms = self.ready_ms(found)
        if self._store.wall_ms() < ready_ms:
            raise Denied(Reason.PASSKEY_WAITS, moment(ready_ms))


def moment(time_ms: int) -> str:
    """A time as people read it."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"

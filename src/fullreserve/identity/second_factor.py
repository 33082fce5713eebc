"""A user's second factor: an authenticator's codes, and recovery codes for when it is lost."""

from __future__ import annotations

import secrets

import msgspec

from fullreserve.identity import totp
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.tickets import Purpose, Tickets, same
from fullreserve.identity.vault import Vault

TOTP = "totp"
RECOVERY = "recovery"
RECOVERY_CODES = 10
RECOVERY_BYTES = 5
ISSUER = "Fullreserve"


class _Totp(msgspec.Struct, array_like=True):
    secret: bytes
    last_step: int  # codes up to this one are spent


class SecondFactors:
    """Second factors of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault, tickets: Tickets) -> None:
        self._vault = vault
        self._store = vault.store
        self._tickets = tickets

    def has_totp(self, uid: int) -> bool:
        """Whether a user's sign-in asks for a code."""
        return self._vault.credential(uid, TOTP) is not None

    def begin(self, uid: int) -> tuple[str, bytes]:
        """A ticket for `confirm`, and the secret to put into an authenticator."""
        if self.has_totp(uid):
            raise Denied(Reason.NOT_NOW, "an authenticator is set up; remove it first")
        secret = totp.new_secret()
        lasts = self._vault.rules.ticket_ms
        return self._tickets.issue(Purpose.TOTP, uid, secret, lasts), secret

    def confirm(self, uid: int, token: str, given: str) -> list[str]:
        """Turn the second factor on, with a code that shows that it works; the recovery codes."""
        ticket = self._tickets.look(token, Purpose.TOTP)
        if ticket is None or ticket.uid != uid:
            raise Denied(Reason.WRONG_CODE)
        step = totp.matching_step(ticket.content, given, self._store.wall_ms())
        if step is None:
            self._tickets.fail(ticket)
            raise Denied(Reason.WRONG_CODE)
        with self._store.change():
            if not self._tickets.spend(ticket) or self.has_totp(uid):
                raise Denied(Reason.WRONG_CODE)
            kept = msgspec.msgpack.encode(_Totp(ticket.content, step))
            self._vault.put_credential(uid, TOTP, kept)
            return self._new_recovery_codes(uid)

    def put(self, uid: int, secret: bytes) -> None:
        """Turn the second factor on with a secret that its user has; within a `change`."""
        self._vault.put_credential(uid, TOTP, msgspec.msgpack.encode(_Totp(secret, 0)))

    def remove(self, uid: int) -> None:
        """Turn the second factor off; its recovery codes go with it."""
        if not self.has_totp(uid):
            raise Denied(Reason.NOT_NOW, "no authenticator is set up")
        with self._store.change():
            self._vault.drop_credential(uid, TOTP)
            self._vault.drop_credential(uid, RECOVERY)

    def new_recovery_codes(self, uid: int) -> list[str]:
        """Recovery codes in the place of those before, which then open nothing."""
        if not self.has_totp(uid):
            raise Denied(Reason.NOT_NOW, "no authenticator is set up")
        with self._store.change():
            return self._new_recovery_codes(uid)

    def _new_recovery_codes(self, uid: int) -> list[str]:
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        self._put_recovery(uid, [self._mark(uid, one) for one in codes])
        return codes

    def recovery_left(self, uid: int) -> int:
        """How many recovery codes are unused."""
        return len(self._recovery(uid))

    def accept(self, uid: int, given: str) -> bool:
        """Whether a code is right; an authenticator's and a recovery code serve once each."""
        given = given.strip()
        if self.is_recovery(given):
            return self._accept_recovery(uid, given)
        return self._accept_totp(uid, given)

    @staticmethod
    def is_recovery(given: str) -> bool:
        """Whether a code that is right is a recovery code, and not an authenticator's."""
        code = given.strip()
        return not (len(code) == totp.DIGITS and code.isascii() and code.isdigit())

    def _accept_totp(self, uid: int, given: str) -> bool:
        with self._store.change():
            kept = self._vault.credential(uid, TOTP)
            if kept is None:
                return False
            known = msgspec.msgpack.decode(kept, type=_Totp)
            now = self._store.wall_ms()
            step = totp.matching_step(known.secret, given, now, after=known.last_step)
            if step is None:
                return False
            known.last_step = step
            self._vault.put_credential(uid, TOTP, msgspec.msgpack.encode(known))
        return True

    def _accept_recovery(self, uid: int, given: str) -> bool:
        mark = self._mark(uid, given)
        with self._store.change():
            marks = self._recovery(uid)
            left = [one for one in marks if not same(one, mark)]
            if len(left) == len(marks):
                return False
            self._put_recovery(uid, left)
        return True

    def _mark(self, uid: int, given: str) -> str:
        letters = given.replace("-", "").casefold()
        return self._store.keyed("recovery", f"{uid}:{letters}").hex()

    def _recovery(self, uid: int) -> list[str]:
        kept = self._vault.credential(uid, RECOVERY)
        return [] if kept is None else msgspec.msgpack.decode(kept, type=list[str])

    def _put_recovery(self, uid: int, marks: list[str]) -> None:
        self._vault.put_credential(uid, RECOVERY, msgspec.msgpack.encode(marks))


def _recovery_code() -> str:
    digits = secrets.token_hex(RECOVERY_BYTES)
    return f"{digits[:5]}-{digits[5:]}"

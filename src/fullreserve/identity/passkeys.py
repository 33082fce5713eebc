"""Passkeys (WebAuthn): registration, sign-in without a password, and consent to one deed.

The library that verifies them takes long to load and is loaded when the first passkey is used.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

import msgspec

from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.store import NOBODY, mark_of
from fullreserve.identity.tickets import Purpose, Ticket, Tickets
from fullreserve.identity.vault import Vault

CHALLENGE_BYTES = 32
PASSKEYS_MAX = 20
NAME_MAX = 64
RELYING_PARTY = "Fullreserve"
# EdDSA, ES256 and RS256 in COSE's numbers: what authenticators offer.
ALGORITHMS = (-8, -7, -257)


class Passkey(NamedTuple):
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_ms: int
    used_ms: int


class _Kept(msgspec.Struct, array_like=True):
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str


class Passkeys:
    """Passkeys of all users; use it from the thread that writes."""

    def __init__(self, vault: Vault, tickets: Tickets) -> None:
        self._vault = vault
        self._store = vault.store
        self._db = vault.store.db
        self._rules = vault.rules
        self._tickets = tickets

    def of(self, uid: int) -> list[Passkey]:
        """A user's passkeys, oldest first."""
        return [
            Passkey(identifier, kept.name, created, used)
            for identifier, created, used, kept in self._rows(uid)
        ]

    def _rows(self, uid: int) -> list[tuple[str, int, int, _Kept]]:
        rows = self._db.execute(
            "SELECT id, created_ms, used_ms, sealed FROM passkeys WHERE uid = ? "
            "ORDER BY created_ms, rowid",
            (uid,),
        ).fetchall()
        return [(row[0], row[1], row[2], self._unseal(uid, row[0], row[3])) for row in rows]

    def _unseal(self, uid: int, identifier: str, sealed: bytes) -> _Kept:
        opened = self._store.unseal(uid, f"passkey:{identifier}", sealed)
        return msgspec.msgpack.decode(opened, type=_Kept)

    def _seal(self, uid: int, identifier: str, kept: _Kept) -> bytes:
        return self._store.seal(uid, f"passkey:{identifier}", msgspec.msgpack.encode(kept))

    # --- registration

    def begin(self, uid: int, email: str) -> tuple[str, Any]:
        """A ticket for `finish`, and the options for the browser's `credentials.create`."""
        known = self._rows(uid)
        if len(known) >= PASSKEYS_MAX:
            raise Denied(Reason.NOT_NOW, f"a user has at most {PASSKEYS_MAX} passkeys")
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        options = {
            "rp": {"id": self._rules.host, "name": RELYING_PARTY},
            "user": {"id": _base64url(self._handle(uid)), "name": email, "displayName": email},
            "challenge": _base64url(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in ALGORITHMS],
            "timeout": self._rules.ticket_ms,
            "excludeCredentials": [_descriptor(kept.credential_id) for *_, kept in known],
            "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
            "attestation": "none",
        }
        lasts = self._rules.ticket_ms
        return self._tickets.issue(Purpose.PASSKEY_NEW, uid, challenge, lasts), options

    def _handle(self, uid: int) -> bytes:
        """How authenticators know the user: a number that tells nobody anything."""
        return self._store.keyed("passkey-handle", str(uid))

    def finish(self, uid: int, token: str, credential: str, name: str) -> Passkey:
        """Keep a passkey that a browser made; `credential` is its JSON."""
        from webauthn import verify_registration_response

        ticket = self._tickets.take(token, Purpose.PASSKEY_NEW)
        if ticket is None or ticket.uid != uid:
            raise Denied(Reason.WRONG_CODE)
        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=ticket.content,
                expected_rp_id=self._rules.host,
                expected_origin=self._rules.origin,
                require_user_verification=True,
            )
        except Exception as problem:
            # Whatever a client sends that cannot be read is a wrong passkey, not a fault of ours.
            raise Denied(Reason.WRONG_PASSKEY) from problem
        identifier = secrets.token_hex(8)
        kept = _Kept(
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            _named(name),
        )
        now = self._store.wall_ms()
        sealed = self._seal(uid, identifier, kept)
        with self._store.change():
            added = self._db.execute(
                "INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (mark_of(kept.credential_id), identifier, uid, now, 0, sealed),
            )
        if not added.rowcount:
            raise Denied(Reason.NOT_NOW, "this passkey is registered")
        return Passkey(identifier, kept.name, now, 0)

    def rename(self, uid: int, identifier: str, name: str) -> Passkey:
        """Call a passkey by another name."""
        with self._store.change():
            found = next((row for row in self._rows(uid) if row[0] == identifier), None)
            if found is None:
                raise Denied(Reason.BAD_PARAMETER, "the id of a passkey of yours", "id")
            _, created, used, kept = found
            kept.name = _named(name)
            self._db.execute(
                "UPDATE passkeys SET sealed = ? WHERE uid = ? AND id = ?",
                (self._seal(uid, identifier, kept), uid, identifier),
            )
        return Passkey(identifier, kept.name, created, used)

    def remove(self, uid: int, identifier: str) -> None:
        """Forget a passkey."""
        with self._store.change():
            removed = self._db.execute(
                "DELETE FROM passkeys WHERE uid = ? AND id = ?", (uid, identifier)
            )
        if not removed.rowcount:
            raise Denied(Reason.BAD_PARAMETER, "the id of a passkey of yours", "id")

    # --- sign-in

    def challenge(self, uid: int = NOBODY) -> tuple[str, Any]:
        """A ticket for `accept`, and the options for the browser's `credentials.get`.

        Without a user any passkey of this exchange will do: it says itself whose it is.
        """
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        ticket = self._tickets.issue(Purpose.PASSKEY, uid, challenge, self._rules.ticket_ms)
        return ticket, self._options(uid, challenge)

    def _options(self, uid: int, challenge: bytes) -> Any:
        known = self._rows(uid) if uid != NOBODY else []
        return {
            "rpId": self._rules.host,
            "challenge": _base64url(challenge),
            "timeout": self._rules.ticket_ms,
            "allowCredentials": [_descriptor(kept.credential_id) for *_, kept in known],
            "userVerification": "required",
        }

    def accept(self, token: str, credential: str) -> int:
        """The user that a passkey's answer proves; a challenge serves once."""
        ticket = self._tickets.take(token, Purpose.PASSKEY)
        if ticket is None:
            raise Denied(Reason.WRONG_CODE)
        return self._accepted(ticket, ticket.content, credential)

    # --- consent to a deed

    def challenge_for(self, uid: int, deed: bytes) -> tuple[str, Any]:
        """A ticket for `consent`, and the options for the browser: what is signed is of the deed.

        `deed` is a digest of what is to be done; the challenge is SHA-256 of random bytes and it.
        """
        salt = secrets.token_bytes(CHALLENGE_BYTES)
        ticket = self._tickets.issue(Purpose.DEED, uid, salt, self._rules.ticket_ms)
        return ticket, self._options(uid, _challenge_of(salt, deed))

    def consent(self, uid: int, deed: bytes, token: str, credential: str) -> None:
        """Takes a user's consent to this deed and no other, once; Denied."""
        ticket = self._tickets.take(token, Purpose.DEED)
        if ticket is None or ticket.uid != uid:
            raise Denied(Reason.WRONG_CODE)
        self._accepted(ticket, _challenge_of(ticket.content, deed), credential)

    def named_by(self, uid: int, credential: str) -> str:
        """The id of the user's passkey that an answer says it is of; "" for none."""
        try:
            mark = mark_of(_credential_id(credential))
        except (ValueError, msgspec.DecodeError):
            return ""
        row = self._db.execute(
            "SELECT id FROM passkeys WHERE mark = ? AND uid = ?", (mark, uid)
        ).fetchone()
        return str(row[0]) if row else ""

    # --- answers

    def _accepted(self, ticket: Ticket, challenge: bytes, credential: str) -> int:
        try:
            credential_id = _credential_id(credential)
        except (ValueError, msgspec.DecodeError) as problem:
            raise Denied(Reason.WRONG_PASSKEY) from problem
        row = self._db.execute(
            "SELECT uid, id, sealed FROM passkeys WHERE mark = ?", (mark_of(credential_id),)
        ).fetchone()
        if row is None or ticket.uid not in (NOBODY, row[0]):
            raise Denied(Reason.WRONG_PASSKEY)
        uid, identifier, sealed = row
        kept = self._unseal(uid, identifier, sealed)
        self._verify(challenge, credential, kept)
        with self._store.change():
            self._db.execute(
                "UPDATE passkeys SET used_ms = ?, sealed = ? WHERE id = ?",
                (self._store.wall_ms(), self._seal(uid, identifier, kept), identifier),
            )
        return int(uid)

    def _verify(self, challenge: bytes, credential: str, kept: _Kept) -> None:
        from webauthn import verify_authentication_response

        try:
            proven = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._rules.host,
                expected_origin=self._rules.origin,
                credential_public_key=kept.public_key,
                credential_current_sign_count=kept.sign_count,
                require_user_verification=True,
            )
        except Exception as problem:
            raise Denied(Reason.WRONG_PASSKEY) from problem
        kept.sign_count = proven.new_sign_count


def _named(name: str) -> str:
    return name.strip()[:NAME_MAX] or "Passkey"


def _challenge_of(salt: bytes, deed: bytes) -> bytes:
    return hashlib.sha256(salt + deed).digest()


class _Sent(msgspec.Struct):
    id: str


def _credential_id(credential: str) -> bytes:
    sent = msgspec.json.decode(credential, type=_Sent).id
    return urlsafe_b64decode(sent + "=" * (-len(sent) % 4))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _descriptor(credential_id: bytes) -> dict[str, str]:
    return {"type": "public-key", "id": _base64url(credential_id)}

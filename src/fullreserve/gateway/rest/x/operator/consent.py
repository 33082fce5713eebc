"""Consent by passkey: what an operator's passkey signs is what the operator approves.

Who has a passkey that has waited (identity/approval_wait) approves with it alone. The challenge is
of the endpoint and all that it is sent, so that a consent to one thing, or to other terms, is no
consent to this one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from fullreserve.gateway.errors import Problem
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.desk import Rooms

TICKET, CREDENTIAL = CONSENT = ("ticket", "credential")

PASSKEY_NEEDED = 91025
STOPPED = 91027


def deed_of(name: str, fields: Mapping[str, str]) -> bytes:
    """The digest of an endpoint's name and what it is sent, in any order."""
    terms = sorted((key, text) for key, text in fields.items() if key not in CONSENT)
    return hashlib.sha256(msgspec.msgpack.encode((name, terms))).digest()


def has_consented(rooms: Rooms, uid: int, name: str, fields: Mapping[str, str]) -> bool:
    """Whether a passkey of the operator's signed this deed; False for who has none that may.

    Problem 91025 where it has yet to be asked, 91027 where what the operator approved with was
    removed a while ago; Denied for a signature of anything else, or by a passkey that is too new.
    """
    if not rooms.approval_wait.approving(uid):
        until_ms = rooms.approval_wait.stopped_until_ms(uid)
        if until_ms:
            raise Problem(STOPPED, allowed=moment(until_ms))
        return False
    if not fields.get(TICKET):
        raise Problem(PASSKEY_NEEDED)
    signed = fields.get(CREDENTIAL, "")
    rooms.approval_wait.require(uid, signed)
    rooms.passkeys.consent(uid, deed_of(name, fields), fields[TICKET], signed)
    return True


def signer_of(rooms: Rooms, uid: int, fields: Mapping[str, str]) -> str:
    """The id of the passkey that is said to have signed; "" for none, or one of somebody else."""
    signed = fields.get(CREDENTIAL, "")
    return rooms.passkeys.named_by(uid, signed) if signed else ""

"""What people are told of changes to their accounts, and the other operators of an operator's."""

from __future__ import annotations

from fullreserve.identity.approval_wait import moment
from fullreserve.identity.audit import Act, What
from fullreserve.identity.desk import Rooms
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.session import Device


def tell(rooms: Rooms, uid: int, kind: Kind, **values: str) -> None:
    """Put a message to a user into the outbox; users without an address get none."""
    email = rooms.vault.personal(uid).email
    if email:
        rooms.outbox.put(uid, Message(kind, email, values))


def note(rooms: Rooms, uid: int, action: str, place: Device, terms: dict[str, str]) -> None:
    """Into the audit log, as the user's own act."""
    rooms.audit.add(Act(uid, action, uid, place, What(terms)))


def announce_loss(
    rooms: Rooms, uid: int, action: str, place: Device, terms: dict[str, str] | None = None
) -> None:
    """To the operator who may approve nothing by it, and in the audit log to the others."""
    if not rooms.roles.of(uid):
        return
    terms = terms or {}
    has_another = bool(rooms.approval_wait.approving(uid))
    until_ms = 0 if has_another else rooms.approval_wait.stopped_until_ms(uid)
    if until_ms:
        tell(rooms, uid, Kind.APPROVALS_WAIT, until=moment(until_ms))
        terms = terms | {"until": moment(until_ms)}
    note(rooms, uid, action, place, terms)


def begin_wait(rooms: Rooms, uid: int, action: str, place: Device) -> None:
    """What a user proves himself with is another from now on: it approves nothing for a while.

    Who has no authenticator yet approves nothing as it is, and loses nothing: a new operator may
    choose a password and set up the first one on the day when the exchange begins.
    """
    if not rooms.factors.has_totp(uid):
        return
    with rooms.store.change():
        rooms.approval_wait.lose(uid)
        announce_loss(rooms, uid, action, place)

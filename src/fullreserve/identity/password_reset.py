"""New passwords: by a code to the e-mail address, or from a session.

A reset opens no session: the second factor still stands behind it.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fullreserve.identity import password_policy
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.desk import Desk, Rooms
from fullreserve.identity.notices import begin_wait, tell
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.session import Device, Session
from fullreserve.identity.sessions import NewSession
from fullreserve.identity.sign_up import link, may_send
from fullreserve.identity.store import NOBODY
from fullreserve.identity.tickets import Purpose, Ticket, new_code, same


class _Asked(msgspec.Struct, array_like=True):
    email: str
    code: str


class Reset(NamedTuple):
    """Whose password was set anew, and the cookie of a known device."""

    uid: int
    known: str


class Passwords:
    """Setting a new password, by message or from a session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, email: str) -> str:
        """A ticket for `reset`; the code goes to the (normal) address if a user has it."""
        desk = self._desk
        return await desk.act(_ask, desk.rooms, email)

    async def reset(self, ticket: str, code: str, password: str, place: Device) -> Reset:
        """Set a new password, end all sessions; the device's cookie. Denied WRONG_CODE.

        Signing in afterwards asks for the second factor as always. The device that did this counts
        as known, so that a lock-out that strangers caused ends here.
        """
        desk = self._desk
        asked = await desk.act(_checked, desk.rooms, ticket, code)
        password_policy.check(password, asked.email, desk.rules)
        phc = await desk.hashed(password)
        return await desk.act(_reset, desk.rooms, ticket, code, phc, place)

    async def change(self, session: Session, password: str, place: Device) -> NewSession:
        """Set a new password from a proven session, which goes on alone and under a new token."""
        desk = self._desk
        personal = await desk.act(desk.rooms.vault.personal, session.uid)
        password_policy.check(password, personal.email, desk.rules)
        phc = await desk.hashed(password)
        return await desk.act(_change, desk.rooms, session, phc, place)


def _ask(rooms: Rooms, email: str) -> str:
    code = new_code()
    asked = msgspec.msgpack.encode(_Asked(email, code))
    with rooms.store.change():
        uid = rooms.emails.find(email)
        purpose = Purpose.RESET if uid else Purpose.RESET_VOID
        ticket = rooms.tickets.issue(purpose, uid, asked, rooms.rules.ticket_ms)
        values = {"code": code, "link": link(rooms, "reset", ticket, code)}
        sends = may_send(rooms, email) and uid
        rooms.outbox.put(uid, Message(Kind.RESET if sends else Kind.VOID, email, values))
    return ticket


def _opened(rooms: Rooms, token: str, code: str) -> tuple[Ticket, _Asked]:
    ticket = rooms.tickets.look(token, Purpose.RESET, Purpose.RESET_VOID)
    if ticket is None:
        raise Denied(Reason.WRONG_CODE)
    asked = msgspec.msgpack.decode(ticket.content, type=_Asked)
    if not same(asked.code, code):
        rooms.tickets.fail(ticket)
        raise Denied(Reason.WRONG_CODE)
    return ticket, asked


def _checked(rooms: Rooms, token: str, code: str) -> _Asked:
    return _opened(rooms, token, code)[1]


def _reset(rooms: Rooms, token: str, code: str, phc: str, place: Device) -> Reset:
    ticket, asked = _opened(rooms, token, code)
    with rooms.store.change():
        if ticket.uid == NOBODY or not rooms.tickets.spend(ticket):
            raise Denied(Reason.WRONG_CODE)
        rooms.vault.set_password_hash(ticket.uid, phc)
        rooms.sessions.end_all(ticket.uid)
        rooms.devices.forget_all(ticket.uid)
        rooms.failures.clear(f"account:{asked.email}")
        tell(rooms, ticket.uid, Kind.PASSWORD_CHANGED)
        begin_wait(rooms, ticket.uid, "password-reset", place)
        return Reset(ticket.uid, rooms.devices.remember(ticket.uid))


def _change(rooms: Rooms, session: Session, phc: str, place: Device) -> NewSession:
    with rooms.store.change():
        rooms.vault.set_password_hash(session.uid, phc)
        rooms.sessions.end_all(session.uid, but=session.id)
        rooms.devices.forget_all(session.uid)
        fresh = rooms.sessions.rotate(session.mark)
        if fresh is None:
            raise Denied(Reason.SESSION_ENDED)
        tell(rooms, session.uid, Kind.PASSWORD_CHANGED)
        begin_wait(rooms, session.uid, "password-changed", place)
    return fresh

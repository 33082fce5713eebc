"""Signing up: no user exists until the e-mail address has answered.

Both steps answer the same whether or not the address has an account; its owner is told by message.
"""

from __future__ import annotations

import msgspec

from fullreserve.identity import password_policy
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.desk import Desk, Rooms
from fullreserve.identity.outbox import Kind, Message
from fullreserve.identity.rules import HOUR_MS
from fullreserve.identity.sign_in import SignIn
from fullreserve.identity.store import NOBODY
from fullreserve.identity.tickets import Purpose, new_code, same
from fullreserve.identity.vault import Personal
from fullreserve.identity.visit import SignedIn, Visit


class _Wanted(msgspec.Struct, array_like=True):
    email: str
    phc: str
    code: str


class SignUp:
    """The two steps of becoming a user."""

    def __init__(self, desk: Desk, sign_in: SignIn) -> None:
        self._desk = desk
        self._sign_in = sign_in

    async def begin(self, email: str, password: str) -> str:
        """A ticket for `confirm`; the code goes to the (normal) address. Denied BAD_PASSWORD."""
        desk = self._desk
        password_policy.check(password, email, desk.rules)
        phc = await desk.hashed(password)
        return await desk.act(_begin, desk.rooms, email, phc)

    async def confirm(self, ticket: str, code: str, visit: Visit) -> SignedIn:
        """The user's first session; Denied WRONG_CODE."""
        desk = self._desk
        uid = await desk.act(_confirm, desk.rooms, ticket, code)
        return await self._sign_in.enter(uid, visit)


def may_send(rooms: Rooms, email: str) -> bool:
    """Whether an address gets another message on a stranger's wish; counts it."""
    return rooms.failures.allows(f"mail:{email}", rooms.rules.messages_an_hour, HOUR_MS)


def link(rooms: Rooms, page: str, ticket: str, code: str) -> str:
    """Where a message leads; behind the `#`, so that no server's log holds it."""
    return f"{rooms.rules.origin}/{page}#ticket={ticket}&code={code}"


def _begin(rooms: Rooms, email: str, phc: str) -> str:
    code = new_code()
    wanted = msgspec.msgpack.encode(_Wanted(email, phc, code))
    with rooms.store.change():
        uid = rooms.emails.find(email)
        purpose = Purpose.SIGN_UP_VOID if uid else Purpose.SIGN_UP
        ticket = rooms.tickets.issue(purpose, NOBODY, wanted, rooms.rules.ticket_ms)
        values = {"code": code, "link": link(rooms, "sign-up", ticket, code)}
        message = Message(Kind.SIGN_UP, email, values)
        if uid:
            message = Message(Kind.ALREADY_REGISTERED, email, {"link": rooms.rules.origin})
        if not may_send(rooms, email):
            message = Message(Kind.VOID, email)
        rooms.outbox.put(uid, message)
    return ticket


def _confirm(rooms: Rooms, token: str, code: str) -> int:
    ticket = rooms.tickets.look(token, Purpose.SIGN_UP, Purpose.SIGN_UP_VOID)
    if ticket is None:
        raise Denied(Reason.WRONG_CODE)
    wanted = msgspec.msgpack.decode(ticket.content, type=_Wanted)
    if not same(wanted.code, code):
        rooms.tickets.fail(ticket)
        raise Denied(Reason.WRONG_CODE)
    with rooms.store.change():
        user = rooms.vault.create_user(personal=Personal(email=wanted.email))
        # Somebody else may have confirmed the same address first.
        if not (rooms.emails.put(user.uid, wanted.email) and rooms.tickets.spend(ticket)):
            raise Denied(Reason.WRONG_CODE)
        rooms.vault.set_password_hash(user.uid, wanted.phc)
    return user.uid

"""Signing in: by password and second factor, or by passkey; and proving oneself again."""

from __future__ import annotations

from typing import Any, NamedTuple

import structlog

from fullreserve.door.protocol import Door, Unavailable
from fullreserve.identity import passwords
from fullreserve.identity.account_opening import NotOpened, ensure_open
from fullreserve.identity.denied import Denied, Reason
from fullreserve.identity.desk import Desk, Rooms
from fullreserve.identity.failures import neighbourhood
from fullreserve.identity.notices import begin_wait, tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.session import Device, Session
from fullreserve.identity.sessions import ADDRESS_MAX, AGENT_MAX, NewSession
from fullreserve.identity.store import mark_of
from fullreserve.identity.tickets import Purpose, Ticket
from fullreserve.identity.vault import PASSWORD
from fullreserve.identity.visit import Pending, SignedIn, Visit

log = structlog.get_logger(__name__)


class _Candidate(NamedTuple):
    uid: int  # 0: nobody has the address
    phc: str
    bucket: str  # where its attempts are counted


class SignIn:
    """The ways in. `door` leads to the core, where each user has an account."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk = desk
        self._door = door

    async def password(self, email: str, password: str, visit: Visit) -> SignedIn | Pending:
        """By (normal) e-mail address and password; Denied WRONG_PASSWORD, TOO_MANY.

        It takes as long and answers the same whether or not there is such a user.
        """
        desk = self._desk
        candidate = await desk.act(_candidate, desk.rooms, email, visit)
        while True:
            if not await desk.matches(candidate.phc, password):
                raise Denied(Reason.WRONG_PASSWORD)
            phc = candidate.phc
            if passwords.is_outdated(phc, desk.rules.hashing):
                phc = await desk.hashed(password)
            answer = await desk.act(_password_right, desk.rooms, candidate, phc, visit)
            if not isinstance(answer, _Candidate):
                break
            # Another hash is stored by now; the password has to be right for that one.
            candidate = answer
        return await self._entered(answer) if isinstance(answer, SignedIn) else answer

    async def second(self, ticket: str, code: str, visit: Visit) -> SignedIn:
        """The second step, with an authenticator's or a recovery code; Denied WRONG_CODE."""
        desk = self._desk
        return await self._entered(await desk.act(_second, desk.rooms, ticket, code, visit))

    async def passkey_options(self) -> tuple[str, Any]:
        """A ticket and the options for the browser, for any user."""
        return await self._desk.act(self._desk.rooms.passkeys.challenge)

    async def passkey(self, ticket: str, credential: str, visit: Visit) -> SignedIn:
        """By passkey alone: it holds the user's presence and PIN; Denied WRONG_PASSKEY."""
        desk = self._desk
        return await self._entered(await desk.act(_passkey, desk.rooms, ticket, credential, visit))

    async def enter(self, uid: int, visit: Visit) -> SignedIn:
        """A first session, for somebody who has just signed up."""
        desk = self._desk
        opened = await desk.act(open_session, desk.rooms, uid, visit, alert=False)
        return await self._entered(opened)

    async def _entered(self, signed_in: SignedIn) -> SignedIn:
        uid = signed_in.session.uid
        try:
            await ensure_open(self._door, uid, uid, self._desk.rules.opening_kyc)
        except (NotOpened, Unavailable) as problem:
            # The person is in and sees why nothing can be done; the next sign-in opens it.
            log.warning("account not opened yet", uid=uid, problem=str(problem))
        return signed_in

    # --- stepping up

    async def step_up(
        self, session: Session, password: str, code: str, place: Device
    ) -> NewSession:
        """Prove oneself again; the session goes on under a new token. Denied."""
        desk = self._desk
        phc = await desk.act(_step_up_begins, desk.rooms, session)
        if not await desk.matches(phc, password):
            raise Denied(Reason.WRONG_PASSWORD)
        return await desk.act(_step_up_ends, desk.rooms, session, code, place)

    async def step_up_options(self, session: Session) -> tuple[str, Any]:
        """A ticket and the options for the browser, for this user's passkeys."""
        return await self._desk.act(self._desk.rooms.passkeys.challenge, session.uid)

    async def step_up_passkey(self, session: Session, ticket: str, credential: str) -> NewSession:
        """Prove oneself again by passkey; Denied WRONG_PASSKEY."""
        desk = self._desk
        return await desk.act(_step_up_passkey, desk.rooms, session, ticket, credential)


def open_session(rooms: Rooms, uid: int, visit: Visit, *, alert: bool = True) -> SignedIn:
    """A session on this device; on one that is new to the user, with a message to the user."""
    with rooms.store.change():
        rooms.sessions.end_token(visit.session)
        session = rooms.sessions.open(uid, Device(visit.address, visit.agent))
        if rooms.devices.is_known(uid, visit.known):
            return SignedIn(session, visit.known)
        if alert:
            where = {"address": visit.address, "agent": visit.agent}
            tell(rooms, uid, Kind.NEW_SIGN_IN, **where)
        return SignedIn(session, rooms.devices.remember(uid))


def _candidate(rooms: Rooms, email: str, visit: Visit) -> _Candidate:
    with rooms.store.change():
        address = neighbourhood(visit.address)
        rooms.failures.attempt(f"address:{address}", rooms.rules.failures_of_address_max)
        uid = rooms.emails.find(email)
        known = uid and rooms.devices.is_known(uid, visit.known)
        bucket = f"device:{visit.known}" if known else f"account:{email}"
        rooms.failures.attempt(bucket, rooms.rules.failures_max)
        phc = _stored_hash(rooms, uid) if uid else ""
    return _Candidate(uid, phc, bucket)


def _password_right(
    rooms: Rooms, candidate: _Candidate, phc: str, visit: Visit
) -> SignedIn | Pending | _Candidate:
    """In, with `phc` stored; who is to be checked again where another hash came in between."""
    uid = candidate.uid
    with rooms.store.change():
        stored = _stored_hash(rooms, uid)
        if stored != candidate.phc:
            return candidate._replace(phc=stored)
        if phc != stored:
            rooms.vault.set_password_hash(uid, phc)
        rooms.failures.forgive(f"address:{neighbourhood(visit.address)}")
        rooms.failures.clear(candidate.bucket)
        if not rooms.factors.has_totp(uid):
            return open_session(rooms, uid, visit)
        ways = ("totp", "recovery", "passkey") if rooms.passkeys.of(uid) else ("totp", "recovery")
        lasts = rooms.rules.ticket_ms
        ticket = rooms.tickets.issue(Purpose.SECOND_FACTOR, uid, mark_of(phc.encode()), lasts)
        return Pending(ticket, ways)


def _stored_hash(rooms: Rooms, uid: int) -> str:
    """A user's password hash; "" where there is none."""
    return (rooms.vault.credential(uid, PASSWORD) or b"").decode()


def _second(rooms: Rooms, token: str, code: str, visit: Visit) -> SignedIn:
    ticket = rooms.tickets.look(token, Purpose.SECOND_FACTOR)
    if ticket is None:
        raise Denied(Reason.WRONG_CODE)
    known = visit.known if rooms.devices.is_known(ticket.uid, visit.known) else ""
    bucket = f"second:{ticket.uid}:{known}"
    rooms.failures.attempt(bucket, rooms.rules.failures_max)
    if not rooms.factors.accept(ticket.uid, code):
        rooms.tickets.fail(ticket)
        raise Denied(Reason.WRONG_CODE)
    with rooms.store.change():
        if not rooms.tickets.spend(ticket) or not _is_first_step_good(rooms, ticket):
            raise Denied(Reason.WRONG_CODE)
        rooms.failures.clear(bucket)
        if rooms.factors.is_recovery(code):
            place = Device(visit.address[:ADDRESS_MAX], visit.agent[:AGENT_MAX])
            _recovered(rooms, ticket.uid, place)
        return open_session(rooms, ticket.uid, visit)


def _recovered(rooms: Rooms, uid: int, place: Device) -> None:
    """A recovery code has served: the proof by it lasts minutes, and approves nothing for longer.

    So whoever draws new ones in a session of somebody else's cannot approve by them later either.
    """
    left = str(rooms.factors.recovery_left(uid))
    tell(rooms, uid, Kind.RECOVERY_CODE_USED, left=left)
    begin_wait(rooms, uid, "recovery-code-used", place)


def _is_first_step_good(rooms: Rooms, ticket: Ticket) -> bool:
    """Whether the password that a second step follows on is still the user's."""
    return ticket.content == mark_of(_stored_hash(rooms, ticket.uid).encode())


def _passkey(rooms: Rooms, token: str, credential: str, visit: Visit) -> SignedIn:
    uid = rooms.passkeys.accept(token, credential)
    rooms.approval_wait.require(uid, credential)
    return open_session(rooms, uid, visit)


def _step_up_begins(rooms: Rooms, session: Session) -> str:
    rooms.failures.attempt(_step_up_bucket(session), rooms.rules.failures_max)
    return _stored_hash(rooms, session.uid)


def _step_up_ends(rooms: Rooms, session: Session, code: str, place: Device) -> NewSession:
    uid = session.uid
    has_totp = rooms.factors.has_totp(uid)
    if has_totp and not rooms.factors.accept(uid, code):
        raise Denied(Reason.WRONG_CODE)
    with rooms.store.change():
        rooms.failures.clear(_step_up_bucket(session))
        if has_totp and rooms.factors.is_recovery(code):
            _recovered(rooms, uid, place)
        return _rotated(rooms, session)


def _step_up_bucket(session: Session) -> str:
    return f"step-up:{session.id}"


def _step_up_passkey(rooms: Rooms, session: Session, token: str, credential: str) -> NewSession:
    if rooms.passkeys.accept(token, credential) != session.uid:
        raise Denied(Reason.WRONG_PASSKEY)
    rooms.approval_wait.require(session.uid, credential)
    return _rotated(rooms, session)


def _rotated(rooms: Rooms, session: Session) -> NewSession:
    fresh = rooms.sessions.rotate(session.mark)
    if fresh is None:
        raise Denied(Reason.SESSION_ENDED)
    return fresh

"""Who may call what of the operator's API, and that all of it is in the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeVar

from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import Allowance
from fullreserve.gateway.rest.denial import denied_as_problem
from fullreserve.gateway.rest.params import Params, reader
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import ANY, Handler, Route
from fullreserve.gateway.rest.x.browser import JSON, place_of, proven, signed_in
from fullreserve.gateway.rest.x.operator.consent import CONSENT, has_consented, signer_of
from fullreserve.identity.audit import DONE, Act, What
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role
from fullreserve.identity.rules import HOUR_MS, SECOND_MS

P = TypeVar("P", bound=Params)
Acting = Callable[["Operator", P], Awaitable[bytes]]
Named = tuple[tuple[str, str], Route]

PREFIX = "x/operator/"

INTERNAL = 50026
# What a request cannot say of itself: PASSKEY is noted of the one that has signed.
PASSKEY = "passkey"
UNSAID = (*CONSENT, PASSKEY)
# Texts of a request that the log keeps, each cut to this length.
TERMS_MAX = 24
TEXT_MAX = 600
# Denials of people who are no operators, each hour and user: they may not fill the disk.
STRANGERS_MAX = 30


class Operator(NamedTuple):
    """Who calls; `entry` is the act's in the audit log, 0 for what only reads."""

    uid: int
    roles: frozenset[Role]
    session: str
    entry: int = 0

    def may(self, *roles: Role) -> bool:
        return Role.ADMIN in self.roles or not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Problem 91020."""
        if not self.may(*roles):
            raise Problem(91020, allowed=" or ".join(dict.fromkeys((*roles, Role.ADMIN))))


class Guard:
    """Makes the routes of one gateway's operator endpoints."""

    def __init__(self, context: Context) -> None:
        self._desk = context.desk
        self._wall_ms = context.clock.wall_ms
        self._strangers: dict[int, list[int]] = {}

    def reads(
        self,
        name: str,
        shape: type[P],
        handler: Acting[P],
        calls: int = 20,
        *,
        is_noted: bool = False,
        is_post: bool = False,
    ) -> Named:
        """An endpoint that every operator may call; `is_noted`: it shows what is personal."""
        call = _reading(shape, handler)

        async def guarded(request: Request) -> bytes:
            who = await self._admitted(request, name)
            if is_noted:
                await self._add(self._act(request, who.uid, name), DONE)
            return await call(request, who)

        method = "POST" if is_post else "GET"
        return (method, PREFIX + name), _route(guarded, shape, handler, calls)

    def acts(
        self,
        name: str,
        shape: type[P],
        handler: Acting[P],
        *roles: Role,
        calls: int = 10,
        wants_proof: bool = False,
        wants_consent: bool = False,
    ) -> Named:
        """An endpoint for some roles (none: any), noted before it acts and when it has.

        `wants_consent`: who has a passkey signs just this with it, which is proof too.
        """
        call = _reading(shape, handler)

        async def guarded(request: Request) -> bytes:
            who = await self._admitted(request, name)
            audit = self._desk.rooms.audit
            act = self._act(request, who.uid, name)
            if wants_consent:
                act = await self._signed(request, act)
            entry = await self._desk.act(audit.begin, act)
            code = INTERNAL
            try:
                if roles:
                    who.require(*roles)
                has_signed = wants_consent and await self._has_consented(request, who.uid, name)
                if wants_proof and not has_signed:
                    proven(request)
                content = await call(request, who._replace(entry=entry))
                code = DONE
            except Problem as problem:
                code = problem.code
                raise
            finally:
                await self._desk.act(audit.end, entry, code)
            return content

        return ("POST", PREFIX + name), _route(guarded, shape, handler, calls)

    async def _has_consented(self, request: Request, uid: int, name: str) -> bool:
        consented = self._desk.act(has_consented, self._desk.rooms, uid, name, request.fields())
        return await denied_as_problem(consented)

    async def _signed(self, request: Request, act: Act) -> Act:
        """An act with the passkey that is said to have signed it; the log's end says if it did."""
        try:
            fields = request.fields()
        except Problem:
            return act
        passkey = await self._desk.act(signer_of, self._desk.rooms, act.actor, fields)
        if not passkey:
            return act
        return act._replace(what=What(act.what.terms | {PASSKEY: passkey}, act.what.note))

    async def _admitted(self, request: Request, name: str) -> Operator:
        """The operator who calls; Problem 90011, 91020, 91021."""
        session = signed_in(request)
        roles, has_totp = await self._desk.act(_standing, self._desk.rooms, session.uid)
        code = 91020 if not roles else 91021 if not has_totp else 0
        if code:
            if self._may_note(session.uid):
                await self._add(self._act(request, session.uid, name), code)
            raise Problem(code)
        return Operator(session.uid, roles, session.id)

    def _may_note(self, uid: int) -> bool:
        now = self._wall_ms()
        if len(self._strangers) > 10_000:
            self._strangers.clear()
        recent = [at for at in self._strangers.get(uid, ()) if at > now - HOUR_MS]
        self._strangers[uid] = recent
        if len(recent) >= STRANGERS_MAX:
            return False
        recent.append(now)
        return True

    async def _add(self, act: Act, code: int) -> None:
        await self._desk.act(self._desk.rooms.audit.add, act, code)

    @staticmethod
    def _act(request: Request, uid: int, name: str) -> Act:
        try:
            fields = request.fields()
        except Problem:  # the caller will be told; what cannot be read was not asked for
            fields = {}
        return Act(uid, name, _subject(fields), place_of(request), what_of(fields))


def _reading(shape: type[P], handler: Acting[P]) -> Callable[[Request, Operator], Awaitable[bytes]]:
    read = reader(shape)

    async def call(request: Request, who: Operator) -> bytes:
        return await denied_as_problem(handler(who, read(request.fields())))

    return call


def _route(guarded: Handler, shape: type[P], handler: Acting[P], calls: int) -> Route:
    async def answered(request: Request) -> bytes:
        request.answer_headers.append((b"cache-control", b"no-store"))
        kind = request.headers.get(b"content-type", b"")
        if request.is_post and kind.partition(b";")[0].strip().lower() != JSON:
            raise Problem(50006)
        return await denied_as_problem(guarded(request))

    about = (handler.__doc__ or "").strip()
    return Route(answered, ANY, Allowance(calls, 2 * SECOND_MS), shape, about)


def what_of(fields: Mapping[str, str]) -> What:
    """What a request asks for, as the log keeps it."""
    asked = [(name, text) for name, text in fields.items() if text and name not in UNSAID]
    kept = {name[:40]: text[:TEXT_MAX] for name, text in asked[:TERMS_MAX]}
    note = kept.pop("note", "")
    return What(kept, note)


def _subject(fields: Mapping[str, str]) -> int:
    text = fields.get("uid", "")
    is_uid = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if is_uid else 0


def _standing(rooms: Rooms, uid: int) -> tuple[frozenset[Role], bool]:
    return rooms.roles.of(uid), rooms.factors.has_totp(uid)

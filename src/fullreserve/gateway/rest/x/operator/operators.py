"""`x/operator/operators`, `audit`: who runs the exchange, and what they did."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta

from fullreserve.exchange.products.approval_acts import Dismiss
from fullreserve.exchange.products.approval_state import CONSOLE, Refused
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import BeginMs, EndMs, Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator import fold, sparing
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import NotedOfUser
from fullreserve.gateway.rest.x.operator.terms_json import TEAM_WORDS
from fullreserve.identity.audit import Entry, Wanted
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role
from fullreserve.identity.store import UnknownUser

UNKNOWN = "unknown"


Anyway = Annotated[
    bool, Meta(description="Also where approvals then hang on each of those who are left")
]


class DismissParams(NotedOfUser):
    """An operator to dismiss."""

    anyway: Anyway = False


class RevokeParams(NotedOfUser, kw_only=True):
    """A role to take."""

    role: Annotated[
        Literal["admin", "trading", "support", "auditor"], Meta(description="One they have")
    ]
    anyway: Anyway = False


class AuditParams(Params):
    """Which entries."""

    actor: Annotated[int, Meta(ge=0, description="Who acted")] = 0
    subject: Annotated[int, Meta(ge=0, description="Whom it was about")] = 0
    action: Annotated[str, Meta(description="An endpoint's name behind x/operator/")] = ""
    result: Annotated[
        Literal["done", "denied", "unknown", ""], Meta(description="How it ended")
    ] = ""
    begin: BeginMs = 0
    end: EndMs = 0
    after: Annotated[int, Meta(ge=0, description="Only what is older than this entry")] = 0
    limit: Hundred = 100


class _Person(NamedTuple):
    email: str
    roles: list[str]
    totp: bool
    passkey: bool


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    operators = _Operators(context)
    return dict(
        (
            guard.reads("operators", Params, operators.listed),
            guard.acts(
                "operators/dismiss", DismissParams, operators.dismiss, Role.ADMIN, wants_proof=True
            ),
            guard.acts(
                "operators/revoke", RevokeParams, operators.revoke, Role.ADMIN, wants_proof=True
            ),
            guard.reads("audit", AuditParams, operators.audit),
            guard.reads("audit/verify", Params, operators.verify, 4),
        )
    )


class _Operators:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._desk = context.desk

    async def listed(self, _who: Operator, _params: Params) -> bytes:
        """Operators, and whether their words count."""
        return wire.envelope([await self._row()])

    async def _row(self) -> dict[str, Any]:
        state = await fold.approvals(self._context)
        group, teams = fold.console(state), state.teams.get(CONSOLE, {})
        people = await self._desk.act(_people, self._desk.rooms, tuple(group.members))
        admins = sum(Role.ADMIN in one.roles and group.counts(uid) for uid, one in people.items())
        return {
            "setUp": not group.is_set_up,
            "group": str(CONSOLE),
            "threshold": str(group.threshold),
            "enabled": str(group.enabled),
            "founded": group.is_founded,
            "spare": str(max(0, group.enabled - group.threshold - 1)),
            "spareAdmins": str(max(0, admins - group.threshold - 1)),
            "members": [
                {
                    "uid": str(uid),
                    "email": one.email,
                    "roles": one.roles,
                    "totp": one.totp,
                    "passkey": one.passkey,
                    "member": uid in group.members,
                    "enabled": group.counts(uid),
                    "team": TEAM_WORDS[teams.get(uid, 0)],
                }
                for uid, one in sorted(people.items())
            ],
        }

    async def dismiss(self, who: Operator, params: DismissParams) -> bytes:
        """Take an operator's word, roles and sessions away, at once."""
        uid = params.uid
        if uid == who.uid:
            raise Problem(51000, "uid", "another operator")
        if not params.anyway:
            (await sparing.voices(self._context)).require_spare_without(uid)
        reply = await fold.ask(self._context, who.uid, Dismiss(CONSOLE, uid))
        # Who counts no more may still have roles: a crash came in between.
        if reply.code not in (0, Refused.NO_CHANGE):
            raise await fold.problem_of(self._context, reply.code)
        if not await self._desk.act(_take_roles, self._desk.rooms, uid) and reply.code:
            raise Problem(91023, name=f"operator: {uid}")
        return wire.envelope([await self._row()])

    async def revoke(self, who: Operator, params: RevokeParams) -> bytes:
        """Take a role at once; who has none left has no sessions either, and does not count."""
        uid, role = params.uid, Role(params.role)
        if uid == who.uid:
            raise Problem(51000, "uid", "another operator")
        held = await self._desk.act(self._desk.rooms.roles.of, uid)
        if role not in held:
            raise Problem(91012)
        if not params.anyway:
            (await sparing.voices(self._context)).require_spare_without(uid, role)
        if not held - {role, Role.AUDITOR}:
            reply = await fold.ask(self._context, who.uid, Dismiss(CONSOLE, uid))
            if reply.code not in (0, Refused.NO_CHANGE):
                raise await fold.problem_of(self._context, reply.code)
        await self._desk.act(_take_role, self._desk.rooms, uid, role)
        return wire.envelope([await self._row()])

    async def audit(self, _who: Operator, params: AuditParams) -> bytes:
        """What operators did and were denied, newest first."""
        wanted = Wanted(
            params.actor,
            params.subject,
            params.action,
            params.result,
            params.begin,
            params.end,
            params.after,
            params.limit,
        )
        return wire.envelope(await self._desk.act(_audit_rows, self._desk.rooms, wanted))

    async def verify(self, _who: Operator, _params: Params) -> bytes:
        """Follow the chain of the audit log from its beginning."""
        chain = await self._desk.act(self._desk.rooms.audit.verify)
        row = {
            "entries": str(chain.entries),
            "whole": not chain.broken_at,
            "brokenAt": str(chain.broken_at) if chain.broken_at else "",
        }
        return wire.envelope([row])


def _person(rooms: Rooms, uid: int) -> _Person:
    has_totp, has_passkey = rooms.factors.has_totp(uid), bool(rooms.passkeys.of(uid))
    return _Person(_email(rooms, uid), sorted(rooms.roles.of(uid)), has_totp, has_passkey)


def _email(rooms: Rooms, uid: int) -> str:
    try:
        return rooms.vault.personal(uid).email
    except UnknownUser:
        return ""


def _people(rooms: Rooms, members: tuple[int, ...]) -> dict[int, _Person]:
    return {uid: _person(rooms, uid) for uid in (*members, *rooms.roles.operators())}


def _take_roles(rooms: Rooms, uid: int) -> bool:
    taken = [rooms.roles.withdraw(uid, role) for role in rooms.roles.of(uid)]
    rooms.sessions.end_all(uid)
    return any(taken)


def _take_role(rooms: Rooms, uid: int, role: Role) -> None:
    rooms.roles.withdraw(uid, role)
    if not rooms.roles.of(uid):
        rooms.sessions.end_all(uid)


def _audit_rows(rooms: Rooms, wanted: Wanted) -> list[dict[str, Any]]:
    entries = rooms.audit.page(wanted)
    addresses = {uid: _email(rooms, uid) for uid in {one.actor for one in entries}}
    return [_entry(one, addresses[one.actor]) for one in entries]


def _entry(one: Entry, email: str) -> dict[str, Any]:
    return {
        "entry": str(one.entry),
        "ts": str(one.at_ms),
        "actor": str(one.actor),
        "actorEmail": email,
        "ip": one.place.address,
        "agent": one.place.agent,
        "action": one.action,
        "subject": str(one.subject) if one.subject else "",
        "result": UNKNOWN if one.code < 0 else "denied" if one.code else "done",
        "code": str(one.code) if one.code >= 0 else "",
        "terms": one.what.terms,
        "note": one.what.note,
        "hash": one.hash.hex(),
    }

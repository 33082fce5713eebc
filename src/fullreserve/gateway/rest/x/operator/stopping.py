"""`x/operator/users/…`: stopping a user, at once and by one operator."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from fullreserve.door.protocol import Refused
from fullreserve.exchange.wire.commands import CancelAll
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import (
    Flags,
    NotedOfUser,
    flag_words,
)
from fullreserve.gateway.submission import refused
from fullreserve.identity.desk import Rooms
from fullreserve.identity.owner_flags import change_flags
from fullreserve.identity.roles import Role

NOTHING_PENDING = 51405


class FreezeParams(NotedOfUser):
    """A user to stop."""

    flags: Flags = 1
    sub_accounts: Annotated[bool, Meta(description="Those of a master too")] = True
    cancel_orders: Annotated[bool, Meta(description="Take open orders out of the books")] = False


class KeysParams(NotedOfUser):
    """Keys to take out of force."""

    api_key: Annotated[str, Meta(description="One key; all without")] = ""


class SessionsParams(NotedOfUser):
    """A user whose sessions end."""


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    stopping = _Stopping(context)
    support = Role.SUPPORT
    return dict(
        (
            guard.acts("users/freeze", FreezeParams, stopping.freeze, support),
            guard.acts("users/revoke-keys", KeysParams, stopping.revoke_keys, support),
            guard.acts("users/end-sessions", SessionsParams, stopping.end_sessions, support),
        )
    )


class _Stopping:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._desk = context.desk

    async def freeze(self, _who: Operator, params: FreezeParams) -> bytes:
        """Stop a user's account, and sub-accounts."""
        family = await self._desk.act(_family, self._desk.rooms, params.uid)
        stopped = family if params.sub_accounts else [params.uid]
        rows = [await self._freeze(uid, params.flags) for uid in stopped]
        if params.cancel_orders:
            for uid in stopped:
                await self._cancel(uid)
        return wire.envelope([row for row in rows if row])

    async def _freeze(self, uid: int, flags: int) -> dict[str, Any] | None:
        before, result = await change_flags(self._desk, self._door, uid, flags)
        if before is None:
            # An account that was never opened has nothing to stop but its keys and sessions.
            return None
        if isinstance(result, Refused):
            raise refused(result)
        if result and result.code:
            raise Problem(result.code)
        return {"uid": str(uid), "flags": flag_words(before.flags | flags)}

    async def _cancel(self, uid: int) -> None:
        if await self._door.query(GetOwner(uid)) is None:
            return
        command = CancelAll(self._door.gateway, self._door.numbers(1), uid)
        reply = await submitted(self._context, command)
        if reply.code not in (0, NOTHING_PENDING):
            raise Problem(reply.code)

    async def revoke_keys(self, _who: Operator, params: KeysParams) -> bytes:
        """Take a user's API keys out of force."""
        revoked = await self._desk.act(_revoke, self._desk.rooms, params.uid, params.api_key)
        return wire.envelope([{"revoked": str(revoked)}])

    async def end_sessions(self, _who: Operator, params: SessionsParams) -> bytes:
        """End all sessions of a user."""
        ended = await self._desk.act(_end_sessions, self._desk.rooms, params.uid)
        return wire.envelope([{"ended": str(ended)}])


def _require(rooms: Rooms, uid: int) -> None:
    if rooms.vault.user(uid) is None:
        raise Problem(91023, name=f"user: {uid}")


def _family(rooms: Rooms, uid: int) -> list[int]:
    _require(rooms, uid)
    return [uid, *(sub.uid for sub in rooms.vault.sub_accounts(uid))]


def _revoke(rooms: Rooms, uid: int, key: str) -> int:
    _require(rooms, uid)
    names = [one.key for one in rooms.vault.keys_of(uid) if key in ("", one.key)]
    if key and not names:
        raise Problem(59506)
    return sum(rooms.vault.revoke_key(name) for name in names)


def _end_sessions(rooms: Rooms, uid: int) -> int:
    _require(rooms, uid)
    return rooms.sessions.end_all(uid)

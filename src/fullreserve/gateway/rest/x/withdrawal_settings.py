"""`x/withdrawal-settings`: what users do not allow themselves, and the lock on it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.exchange import decimals
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, LimitOwn, LockSettings, Payload
from fullreserve.exchange.products.withdrawal_settings import LIMIT_USD_MAX, LOCK_DAYS_MAX
from fullreserve.exchange.products.withdrawal_state import GetQuota, Quota
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.browser import in_session, proven, signed_in
from fullreserve.gateway.withdrawal_lock import LOCKED, is_locked, locked, own_settings
from fullreserve.identity.notices import tell
from fullreserve.identity.outbox import Kind
from fullreserve.identity.session import Session

USD_DIGITS = 8
USD = 10**USD_DIGITS
QUOTA_MAX = LIMIT_USD_MAX // USD


class SettingsParams(Params):
    """What changes; what is left out stays."""

    book_only: (
        Annotated[bool, Meta(description="Nothing to users by their id, only to the address book")]
        | None
    ) = None
    quota: (
        Annotated[
            int,
            Meta(ge=0, le=QUOTA_MAX, description="Whole USD in 24 hours; 0: no limit of one's own"),
        ]
        | None
    ) = None


class LockParams(Params):
    """For how long."""

    days: Annotated[int, Meta(ge=1, le=LOCK_DAYS_MAX, description="Whole days")]


def routes(context: Context) -> Routes:
    """Endpoints by method and path; a change wants a proven session."""
    settings = _Settings(context)
    return {
        ("GET", "x/withdrawal-settings"): in_session(Params, settings.shown),
        ("POST", "x/withdrawal-settings/set"): in_session(SettingsParams, settings.set, 2),
        ("POST", "x/withdrawal-settings/lock"): in_session(LockParams, settings.lock, 2),
    }


class _Settings:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def shown(self, request: Request, _params: Params) -> bytes:
        """The user's own settings, until when they are locked, and until when nothing can leave."""
        return await self._answer(signed_in(request))

    async def set(self, request: Request, params: SettingsParams) -> bytes:
        """Change them; while they are locked, only to stricter ones."""
        session = proven(request)
        usd = None if params.quota is None else params.quota * USD
        return await self._said(session, LimitOwn(params.book_only, usd))

    async def lock(self, request: Request, params: LockParams) -> bytes:
        """Lock them for so many days from now; a lock that lasts longer stays."""
        session = proven(request)
        answer = await self._said(session, LockSettings(params.days))
        desk, days = self._context.desk, str(params.days)
        await desk.act(tell, desk.rooms, session.uid, Kind.SETTINGS_LOCKED, days=days)
        return answer

    async def _said(self, session: Session, payload: Payload) -> bytes:
        reply = await say(self._context, WITHDRAWALS, payload, session.uid)
        if reply.code == LOCKED:
            raise locked(await own_settings(self._context, session.uid))
        if reply.code:
            raise Problem(reply.code)
        return await self._answer(session)

    async def _answer(self, session: Session) -> bytes:
        own = await own_settings(self._context, session.uid)
        now = (await self._context.door.health()).time_ms
        quota: Quota = await ask(self._context, WITHDRAWALS, GetQuota(session.uid, now))
        is_stopped = quota.stopped_until_ms > self._context.clock.exchange_ms()
        row = {
            "bookOnly": own.book_only,
            "quota": decimals.text(own.usd, USD_DIGITS) if own.usd else "",
            "lockedUntilTs": str(own.locked_until_ms) if is_locked(self._context, own) else "",
            "stoppedUntilTs": str(quota.stopped_until_ms) if is_stopped else "",
        }
        return wire.envelope([row])

"""Who asks for a withdrawal, as far as its risk score looks at it: ages of device, place and key.

Ages alone go into the log: nothing of them says where a person is.
"""

from __future__ import annotations

from fullreserve.exchange.products.risk_rules import Whence
from fullreserve.gateway.auth import cookie
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.request import Request
from fullreserve.identity.api_key import ApiKey
from fullreserve.identity.desk import Rooms
from fullreserve.identity.session import Session


async def whence_of(context: Context, request: Request) -> Whence:
    """Of a request, by key or session."""
    key = request.key
    if isinstance(key, ApiKey):
        return Whence(key_ms=max(0, context.clock.wall_ms() - key.created_ms))
    if not isinstance(key, Session):
        return Whence()
    desk = context.desk
    device = cookie(request.headers, desk.rules.device_cookie).decode("latin-1")
    return await desk.act(_of_session, desk.rooms, key.uid, device, request.address)


def _of_session(rooms: Rooms, uid: int, device: str, address: str) -> Whence:
    device_ms = rooms.devices.age_ms(uid, device)
    place_ms = rooms.sessions.place_age_ms(uid, address)
    # Whoever ended all other sessions has the oldest one: its place is known as long as its device.
    return Whence(device_ms, device_ms if place_ms < 0 else place_ms)

"""`system/status` and `support/*`: what the operator says."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import Number, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, public

ANNOUNCEMENTS = {
    "announcements-new-listings": "New listings",
    "announcements-delistings": "Delistings",
    "announcements-trading-updates": "Trading updates",
    "announcements-deposit-withdrawal-suspension-resumption": "Deposits and withdrawals",
    "announcements-api": "API",
    "announcements-others": "Others",
}


class StatusParams(Params):
    """Maintenance in one state, or in any."""

    state: (
        Annotated[
            Literal["scheduled", "ongoing", "pre_open", "completed", "canceled"],
            Meta(description="State of the maintenance"),
        ]
        | None
    ) = None


class AnnouncementsParams(Params):
    """A page of the announcements of one type, or of all."""

    ann_type: Annotated[str, Meta(description="Of `support/announcement-types`")] = ""
    page: Number = 1


def routes(_context: Context) -> Routes:
    """Endpoints by method and path."""
    return {
        ("GET", "system/status"): public(Taking(StatusParams, _status), 1, 5000),
        ("GET", "support/announcements"): public(Taking(AnnouncementsParams, _announcements), 5),
        ("GET", "support/announcement-types"): public(Taking(Params, _types), 1),
        # ccxt's spelling.
        ("GET", "support/announcements-types"): public(Taking(Params, _types), 1),
    }


async def _status(_request: Request, _params: StatusParams) -> bytes:
    """Planned maintenance: none, since a restart takes seconds and is announced to connections."""
    return wire.envelope([])


async def _announcements(_request: Request, _params: AnnouncementsParams) -> bytes:
    """What the operator announced; nothing yet."""
    return wire.envelope([{"details": [], "totalPage": "0"}])


async def _types(_request: Request, _params: Params) -> bytes:
    """The types of announcements."""
    rows = [{"annType": kind, "annTypeDesc": text} for kind, text in ANNOUNCEMENTS.items()]
    return wire.envelope(rows)

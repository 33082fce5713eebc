"""`users/subaccount/list`, `create-subaccount`, `set-transfer-out`."""

from __future__ import annotations

from typing import Any

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Refused
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading, trading
from fullreserve.gateway.rest.users.master import Family, fresh_master, guarded, master, sure_master
from fullreserve.gateway.submission import refused
from fullreserve.identity.account_opening import ensure_open
from fullreserve.identity.sub_accounts import SubAccount

STANDARD = "1"
BOOLEANS = ("true", "false")


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    subs = _SubAccounts(context)
    return {
        ("GET", "users/subaccount/list"): reading(guarded(subs.listed), 20),
        ("POST", "users/subaccount/create-subaccount"): trading(guarded(subs.create), 1, 1000),
        ("POST", "users/subaccount/set-transfer-out"): trading(guarded(subs.set_out), 1, 1000),
        # Kinds of sub-accounts that do not exist here.
        ("GET", "users/entrust-subaccount-list"): reading(_none, 1, 1000),
        ("GET", "asset/subaccount/managed-subaccount-bills"): reading(_none, 6, 1000),
    }


async def _none(request: Request) -> bytes:
    master(request)
    return wire.envelope([])


class _SubAccounts:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._desk = context.desk
        self._family = Family(context)

    async def listed(self, request: Request) -> bytes:
        """Newest first; `after` and `before` are exclusive bounds of the creation time in ms."""
        name, enabled = request.text("subAcct"), request.choice("enable", BOOLEANS)
        page = request.time_page(100, 100)
        rows: list[dict[str, Any]] = []
        for sub in await self._family.all(master(request)):
            if (name and sub.name != name) or (page.after and sub.created_ms >= page.after):
                continue
            if page.before and sub.created_ms <= page.before:
                continue
            row = _row(sub, await self._door.query(GetOwner(sub.uid)))
            if not enabled or row["enable"] == (enabled == "true"):
                rows.append(row)
        return wire.envelope(rows[: page.limit])

    async def create(self, request: Request) -> bytes:
        """A standard sub-account, with an account in the core."""
        main = sure_master(request)
        request.choice("type", (STANDARD,), STANDARD)
        name, label = request.required("subAcct"), request.text("label")
        made = await self._desk.act(self._desk.rooms.subs.create, main, name, label)
        await ensure_open(self._door, made.uid, main)
        row = {
            "label": made.label,
            "subAcct": made.name,
            "ts": str(made.created_ms),
            "uid": str(made.uid),
        }
        return wire.envelope([row])

    async def set_out(self, request: Request) -> bytes:
        """Whether sub-accounts may transfer out; `subAcct` is a comma list."""
        main = fresh_master(request)
        request.required("subAcct")
        may = request.choice("canTransOut", BOOLEANS, "true") == "true"
        subs = [await self._family.named(main, name) for name in request.names("subAcct")]
        for sub in subs:
            await self._set_out(sub.uid, may=may)
        return wire.envelope([{"subAcct": sub.name, "canTransOut": may} for sub in subs])

    async def _set_out(self, uid: int, *, may: bool) -> None:
        owner: OwnerChanged = await self._door.query(GetOwner(uid))
        flags = owner.flags & ~OwnerFlag.NO_TRANSFER_OUT
        if not may:
            flags |= OwnerFlag.NO_TRANSFER_OUT
        gateway, number = self._door.gateway, self._door.numbers(1)
        command = SetOwner(gateway, number, uid, owner.segment, owner.tier, flags, owner.kyc)
        result = await outcome(self._door, command)
        if isinstance(result, Refused):
            raise refused(result)
        if result.code:
            raise Problem(result.code)


def _row(sub: SubAccount, owner: OwnerChanged | None) -> dict[str, Any]:
    flags = owner.flags if owner else 0
    return {
        "canTransOut": not flags & (OwnerFlag.NO_TRANSFER_OUT | OwnerFlag.FROZEN),
        "enable": not flags & OwnerFlag.FROZEN,
        "firstLvSubAcct": sub.name,
        "frozenFunc": [],
        "gAuth": False,
        "ifDma": False,
        "label": sub.label,
        "mobile": "",
        "subAcct": sub.name,
        "subAcctLv": "1",
        "ts": str(sub.created_ms),
        "type": STANDARD,
        "uid": str(sub.uid),
    }

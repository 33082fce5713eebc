"""`users/subaccount/list`, `create-subaccount`, `set-transfer-out`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.door.protocol import Refused
from fullreserve.exchange.wire.commands import OwnerFlag
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import OfTime, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading, trading
from fullreserve.gateway.rest.users.master import Family, fresh_master, master, sure_master, taking
from fullreserve.gateway.submission import refused
from fullreserve.identity.account_opening import ensure_open
from fullreserve.identity.owner_flags import change_flags
from fullreserve.identity.sub_accounts import SubAccount

STANDARD = "1"


class ListParams(OfTime):
    """Which sub-accounts, by creation time."""

    enable: Annotated[bool | None, Meta(description="Only those that are or are not frozen")] = None
    sub_acct: Annotated[str, Meta(description="Only the one of this name")] = ""


class CreateParams(Params):
    """A new sub-account."""

    sub_acct: Annotated[str, Meta(description="Its name: 6 to 20 letters and digits")]
    type: Annotated[Literal["1"], Meta(description="1: standard")] = "1"
    label: Annotated[str, Meta(description="A note, at most 50 characters")] = ""


class OutParams(Params):
    """A right of sub-accounts."""

    sub_acct: Annotated[tuple[str, ...], Meta(description="Names, at most 20")]
    can_trans_out: Annotated[bool, Meta(description="Whether they may send to others")] = True


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    subs = _SubAccounts(context)
    return {
        ("GET", "users/subaccount/list"): reading(taking(ListParams, subs.listed), 20),
        ("POST", "users/subaccount/create-subaccount"): trading(
            taking(CreateParams, subs.create), 1, 1000
        ),
        ("POST", "users/subaccount/set-transfer-out"): trading(
            taking(OutParams, subs.set_out), 1, 1000
        ),
        # Kinds of sub-accounts that do not exist here.
        ("GET", "users/entrust-subaccount-list"): reading(_none, 1, 1000),
        ("GET", "asset/subaccount/managed-subaccount-bills"): reading(_none, 6, 1000),
    }


async def _none(request: Request) -> bytes:
    """Empty: there is no such kind of sub-account here."""
    master(request)
    return wire.envelope([])


class _SubAccounts:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._desk = context.desk
        self._family = Family(context)

    async def listed(self, request: Request, params: ListParams) -> bytes:
        """The master's sub-accounts, newest first."""
        name, enabled = params.sub_acct, params.enable
        rows: list[dict[str, Any]] = []
        for sub in await self._family.all(master(request)):
            if (name and sub.name != name) or (params.after and sub.created_ms >= params.after):
                continue
            if params.before and sub.created_ms <= params.before:
                continue
            row = _row(sub, await self._door.query(GetOwner(sub.uid)))
            if enabled is None or row["enable"] == enabled:
                rows.append(row)
        return wire.envelope(rows[: params.limit])

    async def create(self, request: Request, params: CreateParams) -> bytes:
        """Make a standard sub-account."""
        main = sure_master(request)
        act = self._desk.rooms.subs.create
        made = await self._desk.act(act, main, params.sub_acct, params.label)
        await ensure_open(self._door, made.uid, main, self._desk.rules.opening_kyc)
        row = {
            "label": made.label,
            "subAcct": made.name,
            "ts": str(made.created_ms),
            "uid": str(made.uid),
        }
        return wire.envelope([row])

    async def set_out(self, request: Request, params: OutParams) -> bytes:
        """Say whether sub-accounts may transfer out."""
        main, may = fresh_master(request), params.can_trans_out
        subs = [await self._family.named(main, name) for name in params.sub_acct]
        for sub in subs:
            await self._set_out(sub.uid, may=may)
        return wire.envelope([{"subAcct": sub.name, "canTransOut": may} for sub in subs])

    async def _set_out(self, uid: int, *, may: bool) -> None:
        flag = OwnerFlag.NO_TRANSFER_OUT
        add, drop = (0, flag) if may else (flag, 0)
        before, result = await change_flags(self._desk, self._door, uid, add, drop)
        if before is None:
            raise Problem(50026)
        if isinstance(result, Refused):
            raise refused(result)
        if result and result.code:
            raise Problem(result.code)


def _row(sub: SubAccount, owner: OwnerChanged | None) -> dict[str, Any]:
    flags = owner.flags if owner else 0
    frozen = flags & (OwnerFlag.FROZEN | OwnerFlag.MASTER_FROZEN)
    return {
        "canTransOut": not frozen and not flags & OwnerFlag.NO_TRANSFER_OUT,
        "enable": not frozen,
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

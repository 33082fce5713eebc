"""`asset/transfer` and `asset/transfer-state`: moving money among accounts of one family.

That is a user's own two accounts, and those of a master and its sub-accounts.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.gateway import ids, wire
from fullreserve.gateway.client_ids import Note
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.amounts import parse_amount
from fullreserve.gateway.rest.asset.sender import Sender, place
from fullreserve.gateway.rest.once import Once
from fullreserve.gateway.rest.params import Ccy, Params, label
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, trading
from fullreserve.gateway.rest.users.master import Family
from fullreserve.records.record import TransferRecord

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
ROOM_NAMES = {kind: number for number, kind in ROOMS.items()}
# Who sends to whom; the last two are asked for by a sub-account.
OWN_ACCOUNTS, TO_SUB, FROM_SUB, TO_MASTER, TO_OTHER = "0", "1", "2", "3", "4"

Room = Annotated[Literal["6", "18"], Meta(description="6 funding account, 18 trading account")]
ClientId = Annotated[
    str,
    Meta(
        description="1 to 32 letters and digits; a repeat of it moves nothing again",
        extra={"read": label(32)},
    ),
]


class TransferParams(Params):
    """A movement between two accounts of one family."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount")]
    from_: Room = msgspec.field(name="from")
    to: Room
    type: Annotated[
        Literal["0", "1", "2", "3", "4"],
        Meta(
            description="0: between own accounts, 1: from master to sub-account, 2: from "
            "sub-account to master, 3: the same by the sub-account's key, 4: from sub-account to "
            "sub-account by the key of the first"
        ),
    ] = "0"
    sub_acct: Annotated[str, Meta(description="The sub-account of types 1, 2 and 4")] = ""
    client_id: ClientId = ""


class StateParams(Params):
    """A transfer by one of its ids; `transId` wins."""

    trans_id: Annotated[str, Meta(description="The transfer's id here")] = ""
    client_id: ClientId = ""
    type: Annotated[Literal["0", "1", "2", "3", "4"], Meta(description="Type of transfer")] = "0"


def routes(context: Context, sender: Sender) -> Routes:
    """Endpoints by method and path."""
    funds = _Funds(context, sender)
    return {
        ("POST", "asset/transfer"): trading(Taking(TransferParams, funds.transfer)),
        ("GET", "asset/transfer-state"): reading(Taking(StateParams, funds.state), 10, 1000),
    }


class _Funds:
    def __init__(self, context: Context, sender: Sender) -> None:
        self._context = context
        self._door = context.door
        self._catalog = context.catalog
        self._now = context.clock.exchange_ms
        self._sender = sender
        self._once = Once(context.began_ms)
        self._family = Family(context)

    async def transfer(self, request: Request, params: TransferParams) -> bytes:
        """Move money between the funding and the trading account, or within a family."""
        asset = currency(self._catalog, params.ccy)
        amount = parse_amount(asset, params.amt)
        sender, receiver = await self._sides(request, params)
        source = place(request.owner, sender, ROOMS[params.from_])
        target = place(request.owner, receiver, ROOMS[params.to])
        if source == target:
            raise Problem(58123)
        if not params.client_id:
            self._once.take(request)
        note = Note(
            request.owner,
            params.client_id,
            self._door.gateway,
            self._door.numbers(1),
            asset.id,
            str(amount),
            source,
            target,
            self._now(),
        )
        transfer = await self._sender.moved(note)
        row = {
            "amt": asset.text(amount),
            "ccy": asset.symbol,
            "clientId": params.client_id,
            "from": params.from_,
            "to": params.to,
            "transId": ids.text(transfer),
        }
        return wire.envelope([row])

    async def _sides(self, request: Request, params: TransferParams) -> tuple[int, int]:
        """Who sends and who receives; Problem 50014, 58127, 58128, 59510."""
        key = request.key
        if params.type == OWN_ACCOUNTS:
            return key.uid, key.uid
        is_master = key.uid == key.main_uid
        if is_master != (params.type in (TO_SUB, FROM_SUB)):
            if not is_master:
                raise Problem(58128, allowed=f"{OWN_ACCOUNTS}, {TO_MASTER}, {TO_OTHER}")
            raise Problem(58127, allowed=f"{OWN_ACCOUNTS}, {TO_SUB}, {FROM_SUB}")
        if params.type == TO_MASTER:
            return key.uid, key.main_uid
        if not params.sub_acct:
            raise Problem(50014, name="subAcct")
        other = (await self._family.named(key.main_uid, params.sub_acct)).uid
        return (other, key.uid) if params.type == FROM_SUB else (key.uid, other)

    async def state(self, request: Request, params: StateParams) -> bytes:
        """What became of a transfer."""
        name, client = "transId", params.client_id
        number = ids.number(params.trans_id)
        if not params.trans_id:
            if not client:
                raise Problem(50015, name="transId or clientId")
            name = "clientId"
            number = await self._sender.named(request.owner, client)
        found = await self._sender.found(number) if number else None
        if found is None or request.owner not in (found.source_owner, found.target_owner):
            raise Problem(51000, name, "the id of a transfer of yours")
        asset = self._catalog.assets[found.asset]
        kind, name_of_sub = await self._seen(request, found)
        if params.trans_id:
            client = await self._sender.client(request.owner, number)
        row = {
            "amt": asset.text(found.amount),
            "ccy": asset.symbol,
            "clientId": client,
            "from": ROOM_NAMES.get(found.source_kind, ""),
            "instId": "",
            "state": "success",
            "subAcct": name_of_sub,
            "to": ROOM_NAMES.get(found.target_kind, ""),
            "toInstId": "",
            "transId": ids.text(number),
            "type": kind,
        }
        return wire.envelope([row])

    async def _seen(self, request: Request, found: TransferRecord) -> tuple[str, str]:
        """The type of a transfer as who asks sees it, and the sub-account on its other side."""
        source, target = found.source_owner, found.target_owner
        main = request.key.main_uid
        if source == target:
            return OWN_ACCOUNTS, ""
        names = {sub.uid: sub.name for sub in await self._family.all(main)}
        if request.owner == main:
            return (
                (TO_SUB, names.get(target, ""))
                if source == main
                else (FROM_SUB, names.get(source, ""))
            )
        if main in (source, target):
            return (TO_MASTER if target == main else TO_SUB), ""
        return TO_OTHER, names.get(target if source == request.owner else source, "")

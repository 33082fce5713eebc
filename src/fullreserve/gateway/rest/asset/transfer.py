"""`asset/transfer` and `asset/transfer-state`: moving money among accounts of one family.

That is a user's own two accounts, and those of a master and its sub-accounts.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fullreserve.door.protocol import Gone, Limit
from fullreserve.exchange import chart, decimals
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes, amount_int
from fullreserve.exchange.wire.events import Posted, Reply
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.client_ids import ClientIds, Note
from fullreserve.gateway.rest.params import Ccy, Params, label
from fullreserve.gateway.rest.past import recorded
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, trading
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.gateway.rest.users.master import Family
from fullreserve.records.record import TransferRecord

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
ROOM_NAMES = {kind: number for number, kind in ROOMS.items()}
# Who sends to whom; the last two are asked for by a sub-account.
OWN_ACCOUNTS, TO_SUB, FROM_SUB, TO_MASTER, TO_OTHER = "0", "1", "2", "3", "4"
AMOUNT_MAX = 2**127 - 1
KIND_BITS = 8

Room = Annotated[Literal["6", "18"], Meta(description="6 funding account, 18 trading account")]
ClientId = Annotated[
    str,
    Meta(
        description="1 to 32 letters and digits; a repeat of it moves nothing again",
        extra={"read": label(32)},
    ),
]
# The core's code for a number from so long ago that its outcome is forgotten.
FORGOTTEN = 50071


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


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    funds = _Funds(context)
    return {
        ("POST", "asset/transfer"): trading(Taking(TransferParams, funds.transfer)),
        ("GET", "asset/transfer-state"): reading(Taking(StateParams, funds.state), 10, 1000),
    }


def parse_amount(asset: Asset, text: str, name: str = "amt") -> int:
    """An amount in ledger units; Problem 51000, 58114, 58350."""
    try:
        amount = asset.parse(text)
    except decimals.TooPrecise:
        allowed = f"at most {asset.scale} digits after the point"
        raise Problem(51000, name, allowed) from None
    except decimals.NotANumber:
        raise Problem(51000, name, "a plain decimal number more than 0, as a string") from None
    if not amount:
        raise Problem(58114)
    if amount > AMOUNT_MAX:
        raise Problem(58350)
    return amount


class _Funds:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._catalog = context.catalog
        self._now = context.clock.exchange_ms
        self._client_ids = ClientIds(context.folder)
        self._client_ids.forget(self._now())
        self._family = Family(context)

    async def transfer(self, request: Request, params: TransferParams) -> bytes:
        """Move money between the funding and the trading account, or within a family."""
        asset = currency(self._catalog, params.ccy)
        amount = parse_amount(asset, params.amt)
        sender, receiver = await self._sides(request, params)
        source = _place(request.owner, sender, ROOMS[params.from_])
        target = _place(request.owner, receiver, ROOMS[params.to])
        if source == target:
            raise Problem(58123)
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
        transfer = await (self._once(note) if note.client else self._submit(note))
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
        """Who sends and who receives; Problem 50014, 59500, 59510."""
        key = request.key
        if params.type == OWN_ACCOUNTS:
            return key.uid, key.uid
        is_master = key.uid == key.main_uid
        if is_master != (params.type in (TO_SUB, FROM_SUB)):
            if not is_master:
                raise Problem(59500)
            raise Problem(51000, "type", f"{OWN_ACCOUNTS}, {TO_SUB}, {FROM_SUB}")
        if params.type == TO_MASTER:
            return key.uid, key.main_uid
        if not params.sub_acct:
            raise Problem(50014, name="subAcct")
        other = (await self._family.named(key.main_uid, params.sub_acct)).uid
        return (other, key.uid) if params.type == FROM_SUB else (key.uid, other)

    async def _once(self, note: Note) -> int:
        """The id of the transfer that a `clientId` stands for, made now or before."""
        known = await asyncio.to_thread(self._client_ids.take, note)
        if not known.is_same(note):
            raise Problem(50071, name="clientId")
        if known.transfer:
            return known.transfer
        if known.gateway != note.gateway:
            # Only the gateway that numbered it can ask what became of it.
            raise Problem(58124, name=known.client)
        return await self._submit(known)

    async def _submit(self, note: Note) -> int:
        owner = note.owner
        command = Transfer(
            note.gateway,
            note.number,
            owner,
            _account(owner, note.source),
            _account(owner, note.target),
            note.asset,
            amount_bytes(int(note.amount)),
        )
        limits: tuple[Limit, ...] = ()
        if self._context.limits:
            limits = (Limit(("transfer", owner, note.asset), 2, 1000),)
        reply = await submitted(self._context, command, limits)
        if reply.code == FORGOTTEN:
            raise Problem(58124, name=note.client)
        if note.client:
            moved = 0 if reply.code else reply.order
            await asyncio.to_thread(self._client_ids.settle, note, moved)
        self._check(reply, note)
        return reply.order

    def _check(self, reply: Reply, note: Note) -> None:
        if reply.code:
            asset = self._catalog.assets[note.asset]
            allowed = f"{asset.text(reply.allowed)} {asset.symbol}"
            raise Problem(reply.code, name=asset.symbol, allowed=allowed)

    async def state(self, request: Request, params: StateParams) -> bytes:
        """What became of a transfer."""
        name, client = "transId", params.client_id
        number = ids.number(params.trans_id)
        if not params.trans_id:
            if not client:
                raise Problem(50015, name="transId or clientId")
            name = "clientId"
            note = await asyncio.to_thread(self._client_ids.find, request.owner, client)
            number = note.transfer if note else 0
        found = await self._found(number) if number else None
        if found is None or request.owner not in (found.source_owner, found.target_owner):
            raise Problem(51000, name, "the id of a transfer of yours")
        asset = self._catalog.assets[found.asset]
        kind, name_of_sub = await self._seen(request, found)
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

    async def _found(self, number: int) -> TransferRecord | None:
        """From the records, or from the log itself when they lag."""
        record = await recorded(self._context, lambda history: history.transfer(number))
        return record or await self._logged(number)

    async def _logged(self, sequence: int) -> TransferRecord | None:
        """The transfer that a recent command made, from its event."""
        if sequence > self._context.market.sequence:
            return None
        try:
            async for row in self._door.stream(sequence):
                for event in row.decoded():
                    if isinstance(event, Posted) and event.sequence == sequence:
                        return _record(event)
                return None
        except Gone:
            pass
        return None


def _place(asking: int, owner: int, kind: int) -> int:
    """An account as one number, as notes keep it: the kind alone where it is one's own."""
    return kind if owner == asking else owner << KIND_BITS | kind


def _account(asking: int, place: int) -> AccountKey:
    """The account of a `_place`."""
    return AccountKey(place >> KIND_BITS or asking, place & (1 << KIND_BITS) - 1, 0)


def _record(event: Posted) -> TransferRecord | None:
    """A posting with one leg out and one leg in."""
    if len(event.legs) != 2:
        return None
    first, second = sorted(event.legs, key=lambda leg: amount_int(leg.change))
    return TransferRecord(
        0,
        event.sequence,
        event.time_ms,
        event.reason,
        second.asset,
        amount_int(second.change),
        first.account.owner,
        first.account.kind,
        first.account.instance,
        second.account.owner,
        second.account.kind,
        second.account.instance,
    )

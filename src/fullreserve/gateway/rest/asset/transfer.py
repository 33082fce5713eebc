"""`asset/transfer` and `asset/transfer-state`: moving money among a user's own accounts."""

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
from fullreserve.records.record import TransferRecord

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
ROOM_NAMES = {kind: number for number, kind in ROOMS.items()}
OWN_ACCOUNTS = "0"
AMOUNT_MAX = 2**127 - 1

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
    """A movement between two accounts of one user."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount")]
    from_: Room = msgspec.field(name="from")
    to: Room
    type: Annotated[Literal["0"], Meta(description="0: between own accounts")] = "0"
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

    async def transfer(self, request: Request, params: TransferParams) -> bytes:
        """Move money between the funding and the trading account."""
        asset = currency(self._catalog, params.ccy)
        amount = parse_amount(asset, params.amt)
        source, target = ROOMS[params.from_], ROOMS[params.to]
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
            AccountKey(owner, note.source, 0),
            AccountKey(owner, note.target, 0),
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
        row = {
            "amt": asset.text(found.amount),
            "ccy": asset.symbol,
            "clientId": client,
            "from": ROOM_NAMES.get(found.source_kind, ""),
            "instId": "",
            "state": "success",
            "subAcct": "",
            "to": ROOM_NAMES.get(found.target_kind, ""),
            "toInstId": "",
            "transId": ids.text(number),
            "type": OWN_ACCOUNTS,
        }
        return wire.envelope([row])

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

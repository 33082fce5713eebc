"""`asset/transfer` and `asset/transfer-state`: moving money among a user's own accounts."""

from __future__ import annotations

import asyncio

from fullreserve.door.protocol import Gone, Limit
from fullreserve.exchange import chart, decimals
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes, amount_int
from fullreserve.exchange.wire.events import Posted
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import check_client_id
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading, trading
from fullreserve.gateway.rest.trade import submitted
from fullreserve.records.record import TransferRecord

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
ROOM_NAMES = {kind: number for number, kind in ROOMS.items()}
OWN_ACCOUNTS = "0"
AMOUNT_MAX = 2**127 - 1


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    funds = _Funds(context)
    return {
        ("POST", "asset/transfer"): trading(funds.transfer),
        ("GET", "asset/transfer-state"): reading(funds.state, 10, 1000),
    }


def parse_amount(asset: Asset, text: str) -> int:
    """An amount in ledger units; Problem 51000, 58114."""
    try:
        amount = asset.parse(text)
    except decimals.TooPrecise:
        allowed = f"at most {asset.scale} digits after the point"
        raise Problem(51000, "amt", allowed) from None
    except decimals.NotANumber:
        raise Problem(51000, "amt", "a plain decimal number more than 0, as a string") from None
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

    async def transfer(self, request: Request) -> bytes:
        asset = self._asset(request.required("ccy"))
        amount = parse_amount(asset, request.required("amt"))
        source, target = self._rooms(request)
        if request.choice("type", (OWN_ACCOUNTS,), OWN_ACCOUNTS) != OWN_ACCOUNTS:
            raise Problem(51000, "type", OWN_ACCOUNTS)
        client = request.text("clientId")
        check_client_id(client)
        owner = request.owner
        command = Transfer(
            self._door.gateway,
            self._door.numbers(1),
            owner,
            AccountKey(owner, source, 0),
            AccountKey(owner, target, 0),
            asset.id,
            amount_bytes(amount),
        )
        limits: tuple[Limit, ...] = ()
        if self._context.limits:
            limits = (Limit(("transfer", owner, asset.id), 2, 1000),)
        reply = await submitted(self._context, command, limits)
        if reply.code:
            allowed = f"{asset.text(reply.allowed)} {asset.symbol}"
            raise Problem(reply.code, name=asset.symbol, allowed=allowed)
        row = {
            "amt": asset.text(amount),
            "ccy": asset.symbol,
            "clientId": client,
            "from": ROOM_NAMES[source],
            "to": ROOM_NAMES[target],
            "transId": ids.text(reply.order),
        }
        return wire.envelope([row])

    def _asset(self, symbol: str) -> Asset:
        asset = self._catalog.asset_named.get(symbol)
        if asset is None:
            raise Problem(51012, name=symbol[:40])
        return asset

    @staticmethod
    def _rooms(request: Request) -> tuple[int, int]:
        names = ", ".join(ROOMS)
        source, target = (ROOMS.get(request.required(name)) for name in ("from", "to"))
        if source is None or target is None:
            raise Problem(51000, "from" if source is None else "to", names)
        if source == target:
            raise Problem(58123)
        return source, target

    def _recorded(self, transfer: int) -> TransferRecord | None:
        return self._context.history().transfer(transfer)

    async def state(self, request: Request) -> bytes:
        """By `transId`: from the records, or from the log itself when they lag."""
        number = ids.number(request.required("transId"))
        record = await asyncio.to_thread(self._recorded, number) if number else None
        found = record or (await self._logged(number) if number else None)
        if found is None or request.owner not in (found.source_owner, found.target_owner):
            raise Problem(51000, "transId", "the id of a transfer of yours")
        asset = self._catalog.assets[found.asset]
        row = {
            "amt": asset.text(found.amount),
            "ccy": asset.symbol,
            "clientId": "",
            "from": ROOM_NAMES.get(found.source_kind, ""),
            "instId": "",
            "state": "success",
            "subAcct": "",
            "to": ROOM_NAMES.get(found.target_kind, ""),
            "toInstId": "",
            "transId": request.text("transId"),
            "type": OWN_ACCOUNTS,
        }
        return wire.envelope([row])

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

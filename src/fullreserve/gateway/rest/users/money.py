"""Balances, transfers and bills of a master's sub-accounts."""

from __future__ import annotations

import asyncio
from typing import Any

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Limit, Refused
from fullreserve.exchange import chart, decimals
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import ids, wire
from fullreserve.gateway.balances import balance_row, trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.request import PageBounds, Request
from fullreserve.gateway.rest.route import Routes, reading
from fullreserve.gateway.rest.route import trading as changing
from fullreserve.gateway.rest.users.master import Family, guarded, master
from fullreserve.gateway.submission import refused
from fullreserve.gateway.valuation import Valuation
from fullreserve.identity.sub_accounts import SubAccount
from fullreserve.records.record import Bill

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
TO_SUB, TO_MASTER = "0", "1"
AMOUNT_MAX = 2**127 - 1


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    money = _Money(context)
    return {
        ("GET", "account/subaccount/balances"): reading(guarded(money.trading), 6),
        ("GET", "asset/subaccount/balances"): reading(guarded(money.funding), 6),
        ("GET", "account/subaccount/max-withdrawal"): reading(guarded(money.most), 20),
        ("GET", "asset/subaccount/bills"): reading(guarded(money.bills), 6, 1000),
        ("POST", "asset/subaccount/transfer"): changing(guarded(money.transfer), 0),
    }


class _Money:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._catalog = context.catalog
        self._family = Family(context)
        self._valuation = Valuation(context.catalog, context.market)

    async def _states(self, request: Request) -> list[AccountState]:
        sub = await self._family.named(master(request), request.required("subAcct"))
        states: list[AccountState] = await self._door.query(ListBalances(sub.uid))
        return states

    async def trading(self, request: Request) -> bytes:
        """As `account/balance`."""
        states = await self._states(request)
        now = self._context.clock.exchange_ms()
        return wire.envelope([balance_row(self._catalog, states, self._valuation, now)])

    async def funding(self, request: Request) -> bytes:
        """As `asset/balances`."""
        wanted = request.names("ccy")
        rows = []
        for state in await self._states(request):
            asset = self._catalog.assets[state.asset]
            total, hold = amount_int(state.balance), amount_int(state.hold)
            if state.kind != chart.FUND or not total or (wanted and asset.symbol not in wanted):
                continue
            free = {"availBal": asset.text(total - hold), "frozenBal": asset.text(hold)}
            rows.append({"ccy": asset.symbol, "bal": asset.text(total), **free})
        return wire.envelope(rows)

    async def most(self, request: Request) -> bytes:
        """What may leave each trading account: all that no order holds."""
        wanted = request.names("ccy")
        rows = []
        for state in trading(await self._states(request)):
            asset = self._catalog.assets[state.asset]
            if not wanted or asset.symbol in wanted:
                free = asset.text(amount_int(state.balance) - amount_int(state.hold))
                row = {"ccy": asset.symbol, "maxWd": free, "maxWdEx": free}
                rows.append({**row, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": ""})
        return wire.envelope(rows)

    # --- between two sub-accounts

    async def transfer(self, request: Request) -> bytes:
        main = master(request)
        asset = self._asset(request.required("ccy"))
        amount = _amount(asset, request.required("amt"))
        source = await self._place(request, main, "from", "fromSubAccount")
        target = await self._place(request, main, "to", "toSubAccount")
        if source.owner == target.owner:
            raise Problem(59507)
        gateway, number = self._door.gateway, self._door.numbers(1)
        command = Transfer(gateway, number, main, source, target, asset.id, amount_bytes(amount))
        limits = (Limit(("sub-transfer", main), 1, 1000),) if self._context.limits else ()
        reply = await outcome(self._door, command, limits)
        if isinstance(reply, Refused):
            raise refused(reply)
        if reply.code:
            allowed = f"{asset.text(reply.allowed)} {asset.symbol}"
            raise Problem(reply.code, name=asset.symbol, allowed=allowed)
        return wire.envelope([{"transId": ids.text(reply.order)}])

    async def _place(self, request: Request, main: int, room: str, owner: str) -> AccountKey:
        kind = ROOMS.get(request.required(room))
        if kind is None:
            raise Problem(51000, room, ", ".join(ROOMS))
        sub = await self._family.named(main, request.required(owner))
        return AccountKey(sub.uid, kind, 0)

    def _asset(self, symbol: str) -> Asset:
        asset = self._catalog.asset_named.get(symbol)
        if asset is None:
            raise Problem(51012, name=symbol[:40])
        return asset

    # --- between the master and its sub-accounts

    async def bills(self, request: Request) -> bytes:
        """Transfers between master and sub-accounts; `after` and `before` are times in ms."""
        main = master(request)
        name, kind = request.text("subAcct"), request.choice("type", (TO_SUB, TO_MASTER))
        symbol = request.text("ccy")
        asset = self._asset(symbol).id if symbol else 0
        page = request.time_page(100, 100)
        subs = await self._family.all(main)
        if name:
            subs = [await self._family.named(main, name)]
        by_uid = {sub.uid: sub for sub in subs}
        found = await asyncio.to_thread(self._bills, main, tuple(by_uid), asset, kind, page)
        return wire.envelope([self._bill(bill, by_uid[bill.other_owner]) for bill in found])

    def _bills(
        self, main: int, subs: tuple[int, ...], asset: int, kind: str, page: PageBounds
    ) -> list[Bill]:
        leaving = {TO_SUB: True, TO_MASTER: False}.get(kind)
        return self._context.history().family_bills(
            main,
            subs,
            asset=asset,
            leaving=leaving,
            after_ms=page.after,
            before_ms=page.before,
            limit=page.limit,
        )

    def _bill(self, bill: Bill, sub: SubAccount) -> dict[str, Any]:
        asset = self._catalog.assets[bill.asset]
        return {
            "amt": asset.text(abs(bill.change)),
            "billId": str(bill.bill_id),
            "ccy": asset.symbol,
            "subAcct": sub.name,
            "ts": str(bill.time_ms),
            "type": TO_SUB if bill.change < 0 else TO_MASTER,
        }


def _amount(asset: Asset, text: str) -> int:
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

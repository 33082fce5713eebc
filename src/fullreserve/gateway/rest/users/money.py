"""Balances, transfers and bills of a master's sub-accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Limit, Refused
from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import ids, wire
from fullreserve.gateway.balances import balance_row, trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.amounts import parse_amount
from fullreserve.gateway.rest.asset.not_moved import not_moved
from fullreserve.gateway.rest.once import Once
from fullreserve.gateway.rest.params import Ccy, Ccys, OfTime, Params
from fullreserve.gateway.rest.past import ledger_caught_up, recorded
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, reading
from fullreserve.gateway.rest.route import trading as changing
from fullreserve.gateway.rest.users.master import Family, OfSubAccount, master, taking
from fullreserve.gateway.submission import refused
from fullreserve.gateway.valuation import Valuation
from fullreserve.identity.sub_accounts import SubAccount
from fullreserve.records.record import Bill

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

# OKX's numbers of the two accounts.
ROOMS = {"6": chart.FUND, "18": chart.TRADE}
TO_SUB, TO_MASTER = "0", "1"

Room = Annotated[Literal["6", "18"], Meta(description="6 funding account, 18 trading account")]


class BalanceParams(OfSubAccount):
    """Some currencies of a sub-account, all without `ccy`."""

    ccy: Ccys = ()


class BillsParams(OfTime):
    """Which transfers, by time."""

    ccy: Ccy = ""
    type: Annotated[
        Literal["0", "1"] | None,
        Meta(description="0: from master to sub-account, 1: from sub-account to master"),
    ] = None
    sub_acct: Annotated[str, Meta(description="Only those with this one")] = ""


class SubTransferParams(Params):
    """A movement between two sub-accounts."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount")]
    from_: Room = msgspec.field(name="from")
    to: Room
    from_sub_account: Annotated[str, Meta(description="Name of the sender")]
    to_sub_account: Annotated[str, Meta(description="Name of the receiver")]


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    money = _Money(context)
    return {
        ("GET", "account/subaccount/balances"): reading(taking(OfSubAccount, money.trading), 6),
        ("GET", "asset/subaccount/balances"): reading(taking(BalanceParams, money.funding), 6),
        ("GET", "account/subaccount/max-withdrawal"): reading(
            taking(BalanceParams, money.most), 20
        ),
        ("GET", "asset/subaccount/bills"): reading(taking(BillsParams, money.bills), 6, 1000),
        ("POST", "asset/subaccount/transfer"): changing(
            taking(SubTransferParams, money.transfer), 0
        ),
    }


class _Money:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._catalog = context.catalog
        self._family = Family(context)
        self._once = Once(context.began_ms)
        self._valuation = Valuation(context.catalog, context.market)

    async def _states(self, request: Request, name: str) -> list[AccountState]:
        sub = await self._family.named(master(request), name)
        states: list[AccountState] = await self._door.query(ListBalances(sub.uid))
        return states

    async def trading(self, request: Request, params: OfSubAccount) -> bytes:
        """A sub-account's trading account, as `account/balance`."""
        states = await self._states(request, params.sub_acct)
        now = self._context.clock.exchange_ms()
        return wire.envelope([balance_row(self._catalog, states, self._valuation, now)])

    async def funding(self, request: Request, params: BalanceParams) -> bytes:
        """A sub-account's funding account, as `asset/balances`."""
        rows = []
        for state in await self._states(request, params.sub_acct):
            asset = self._catalog.assets[state.asset]
            total, hold = amount_int(state.balance), amount_int(state.hold)
            if (
                state.kind != chart.FUND
                or not total
                or (params.ccy and asset.symbol not in params.ccy)
            ):
                continue
            free = {"availBal": asset.text(total - hold), "frozenBal": asset.text(hold)}
            rows.append({"ccy": asset.symbol, "bal": asset.text(total), **free})
        return wire.envelope(rows)

    async def most(self, request: Request, params: BalanceParams) -> bytes:
        """What may leave a sub-account's trading account: all that no order holds."""
        rows = []
        for state in trading(await self._states(request, params.sub_acct)):
            asset = self._catalog.assets[state.asset]
            if not params.ccy or asset.symbol in params.ccy:
                free = asset.text(amount_int(state.balance) - amount_int(state.hold))
                row = {"ccy": asset.symbol, "maxWd": free, "maxWdEx": free}
                rows.append({**row, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": ""})
        return wire.envelope(rows)

    # --- between two sub-accounts

    async def transfer(self, request: Request, params: SubTransferParams) -> bytes:
        """Move money between two sub-accounts."""
        main = master(request)
        asset = self._asset(params.ccy)
        amount = parse_amount(asset, params.amt)
        sender = await self._family.named(main, params.from_sub_account)
        receiver = await self._family.named(main, params.to_sub_account)
        if sender.uid == receiver.uid:
            raise Problem(59507)
        self._once.take(request)
        source = AccountKey(sender.uid, ROOMS[params.from_], 0)
        target = AccountKey(receiver.uid, ROOMS[params.to], 0)
        gateway, number = self._door.gateway, self._door.numbers(1)
        command = Transfer(gateway, number, main, source, target, asset.id, amount_bytes(amount))
        limits = (Limit(("sub-transfer", main), 1, 1000),) if self._context.limits else ()
        reply = await outcome(self._door, command, limits)
        if isinstance(reply, Refused):
            raise refused(reply)
        if reply.code:
            raise await not_moved(self._context, reply, asset, sender.uid)
        return wire.envelope([{"transId": ids.text(reply.order)}])

    def _asset(self, symbol: str) -> Asset:
        asset = self._catalog.asset_named.get(symbol)
        if asset is None:
            raise Problem(51012, name=symbol[:40])
        return asset

    # --- between the master and its sub-accounts

    async def bills(self, request: Request, params: BillsParams) -> bytes:
        """Transfers between the master and its sub-accounts, newest first."""
        main = master(request)
        subs = await self._family.all(main)
        if params.sub_acct:
            subs = [await self._family.named(main, params.sub_acct)]
        by_uid = {sub.uid: sub for sub in subs}
        asset = self._asset(params.ccy).id if params.ccy else 0
        await ledger_caught_up(self._context)

        def ask(history: History) -> list[Bill]:
            return history.family_bills(
                main,
                tuple(by_uid),
                asset=asset,
                leaving=None if params.type is None else params.type == TO_SUB,
                after_ms=params.after,
                before_ms=params.before,
                limit=params.limit,
            )

        found = await recorded(self._context, ask)
        return wire.envelope([self._bill(bill, by_uid[bill.other_owner]) for bill in found])

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

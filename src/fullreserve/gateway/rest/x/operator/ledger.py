"""`x/operator/accounts`, `bills`, `command`: any account, and any posting back to its command."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from msgspec import Meta

from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import AfterId, BeforeId, Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.accounts_json import (
    KIND_CODES,
    account_code,
    account_rows,
    amount_text,
    symbol_of,
)
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.parameters import OfUser, SequenceId
from fullreserve.gateway.rest.x.operator.rows import Rows
from fullreserve.marketdata import trade_ids
from fullreserve.records.record import Bill, Page


class BillsParams(OfUser):
    """Bills of one account."""

    account: Annotated[str, Meta(description="A code of the chart, for example L.u.trade")]
    ccy: Annotated[str, Meta(description="Currency; all without")] = ""
    after: AfterId = 0
    before: BeforeId = 0
    limit: Hundred = 100


class CommandParams(Params):
    """One command."""

    sequence: SequenceId


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    ledger = _Ledger(context)
    return dict(
        (
            guard.reads("accounts", OfUser, ledger.accounts),
            guard.reads("bills", BillsParams, ledger.bills),
            guard.reads("command", CommandParams, ledger.command, 4),
        )
    )


class _Ledger:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._rows = Rows(context)

    async def accounts(self, _who: Operator, params: OfUser) -> bytes:
        """All accounts of an owner; 1 is the house."""
        held: list[AccountState] = await self._context.door.query(ListBalances(params.uid))
        return wire.envelope(account_rows(self._catalog, held))

    async def bills(self, _who: Operator, params: BillsParams) -> bytes:
        """Bills of an account, newest first."""
        if params.account not in KIND_CODES:
            raise Problem(51000, "account", ", ".join(KIND_CODES))
        asset = self._catalog.asset_named.get(params.ccy)
        if params.ccy and asset is None:
            raise Problem(51012, name=params.ccy)
        page = Page(params.after, params.before, limit=params.limit)
        kind = KIND_CODES[params.account]
        rows = await asyncio.to_thread(
            lambda: self._context.history().bills(
                params.uid, kind, page, asset=asset.id if asset else 0
            )
        )
        return wire.envelope([self._bill(row) for row in rows])

    def _bill(self, one: Bill) -> dict[str, Any]:
        catalog = self._catalog
        instrument = catalog.instruments.get(one.instrument)
        return {
            "billId": str(one.bill_id),
            "sequence": str(one.sequence),
            "ts": str(one.time_ms),
            "account": account_code(one.kind),
            "instance": str(one.instance),
            "ccy": symbol_of(catalog, one.asset),
            "type": str(one.type),
            "change": amount_text(catalog, one.asset, one.change),
            "balance": amount_text(catalog, one.asset, one.balance),
            "fee": amount_text(catalog, one.asset, one.fee),
            "instId": instrument.symbol if instrument else "",
            "ordId": ids.text(one.order),
            "tradeId": trade_ids.text(one.trade),
            "px": instrument.price_text(one.price) if instrument else "",
            "sz": instrument.size_text(one.size) if instrument else "",
            "otherUid": str(one.other_owner) if one.other_owner else "",
        }

    async def command(self, _who: Operator, params: CommandParams) -> bytes:
        """One command, with all that it caused."""
        return wire.envelope([await self._rows.command(params.sequence)])

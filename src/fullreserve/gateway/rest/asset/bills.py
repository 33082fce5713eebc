"""The ledger of the funding account."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import AfterMs, BeforeMs, Ccy, Hundred, Number, Params
from fullreserve.gateway.rest.past import ledger_caught_up, recorded
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.marketdata.bars import DAY
from fullreserve.records.bills import TRANSFER
from fullreserve.records.record import Bill, Page

MONTH_MS = 30 * DAY
BY_ID = "2"

# OKX's numbers: between a user's own accounts, and between a master account and its sub-accounts.
# What is no transfer has its number from the log: 1 a deposit, 2 a withdrawal, 13 one canceled.
FROM_TRADING, TO_TRADING = 130, 131
TO_SUB, FROM_SUB, TO_MASTER, FROM_MASTER = 20, 21, 22, 23
TRANSFERS = (FROM_TRADING, TO_TRADING, TO_SUB, FROM_SUB, TO_MASTER, FROM_MASTER)
DEPOSIT = 1


class AssetBillsParams(Params):
    """A page of bills by time."""

    ccy: Ccy = ""
    type: Annotated[int, Meta(ge=0, description="Type of bill")] = 0
    client_id: Annotated[str, Meta(description="The transfer's id of the client")] = ""
    after: AfterMs = 0
    before: BeforeMs = 0
    limit: Hundred = 100


class AssetHistoryParams(AssetBillsParams):
    """A page of bills by time or by id."""

    after: Number = 0
    before: Number = 0
    paging_type: Annotated[
        Literal["1", "2"], Meta(description="What `after` and `before` are: 1 time, 2 billId")
    ] = "1"


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    bills = _Bills(context)
    return {
        ("GET", "asset/bills"): reading(Taking(AssetBillsParams, bills.recent), 6, 1000),
        ("GET", "asset/bills-history"): reading(Taking(AssetHistoryParams, bills.all), 1, 1000),
    }


class _Bills:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog

    async def recent(self, request: Request, params: AssetBillsParams) -> bytes:
        """Changes of the funding account's balances in a month, newest first."""
        oldest = max(0, self._context.clock.exchange_ms() - MONTH_MS)
        return await self._page(request, params, _by_time(params, oldest))

    async def all(self, request: Request, params: AssetHistoryParams) -> bytes:
        """Changes of the funding account's balances of any age, newest first."""
        if params.paging_type == BY_ID:
            page = Page(params.after, params.before, limit=params.limit)
        else:
            page = _by_time(params, 0)
        return await self._page(request, params, page)

    async def _page(self, request: Request, params: AssetBillsParams, page: Page) -> bytes:
        asset = currency(self._catalog, params.ccy).id if params.ccy else 0
        if params.client_id:
            return wire.envelope([])
        await ledger_caught_up(self._context)
        is_master = request.key.main_uid == request.owner
        rows: list[dict[str, object]] = []
        # The records do not know OKX's types of transfers: pages are read until enough are of one.
        while len(rows) < page.limit:
            found = await self._read(request.owner, page, asset, _types(params.type))
            rows += [
                self._row(bill, kind)
                for bill in found
                for kind in (_type(bill, is_master=is_master),)
                if not params.type or kind == params.type
            ]
            if len(found) < page.limit:
                break
            page = Page(found[-1].bill_id, page.before, page.begin_ms, page.end_ms, page.limit)
        return wire.envelope(rows[: page.limit])

    async def _read(self, owner: int, page: Page, asset: int, types: tuple[int, ...]) -> list[Bill]:
        return await recorded(
            self._context,
            lambda history: history.bills(owner, chart.FUND, page, asset=asset, types=types),
        )

    def _row(self, bill: Bill, kind: int) -> dict[str, object]:
        asset = self._catalog.assets[bill.asset]
        return {
            "bal": asset.text(bill.balance),
            "balChg": asset.text(bill.change),
            "billId": str(bill.bill_id),
            "ccy": asset.symbol,
            "clientId": "",
            "notes": "",
            "ts": str(bill.time_ms),
            "type": str(kind),
        }


def _by_time(params: AssetBillsParams, oldest: int) -> Page:
    begin = max(params.before + 1, oldest) if params.before else oldest
    return Page(begin_ms=begin, end_ms=max(params.after - 1, 0), limit=params.limit)


def _types(kind: int) -> tuple[int, ...]:
    """The log's numbers of the bills among which those of a type are; none for any."""
    if not kind:
        return ()
    return (TRANSFER,) if kind in (DEPOSIT, *TRANSFERS) else (kind,)


def _type(bill: Bill, *, is_master: bool) -> int:
    incoming = bill.change > 0
    if bill.type != TRANSFER:
        return bill.type
    if bill.other_owner == bill.owner:
        return FROM_TRADING if incoming else TO_TRADING
    # A deposit has the log's number of a transfer; it comes through the exchange's own accounts.
    if bill.other_owner in (0, chart.HOUSE):
        return DEPOSIT
    if is_master:
        return FROM_SUB if incoming else TO_SUB
    return FROM_MASTER if incoming else TO_MASTER

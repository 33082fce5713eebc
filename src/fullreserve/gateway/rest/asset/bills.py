"""The ledger of the funding account."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import CANCELED, WITHDRAWAL
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import (
    FindWithdrawal,
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, changed, client_hash
from fullreserve.gateway.rest.asset.sender import Sender
from fullreserve.gateway.rest.params import AfterMs, BeforeMs, Ccy, Hundred, Number, Params
from fullreserve.gateway.rest.past import kept, ledger_caught_up, recorded
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.marketdata.bars import DAY
from fullreserve.records.bills import FIRST_ID, IDS_PER_COMMAND, TRANSFER
from fullreserve.records.record import Bill, Filters, Page, Span

MONTH_MS = 30 * DAY
BY_ID = "2"

# OKX's numbers: between a user's own accounts, and between a master account and its sub-accounts.
# What is no transfer has its number from the log: 1 a deposit, 2 a withdrawal, 13 one canceled.
FROM_TRADING, TO_TRADING = 130, 131
TO_SUB, FROM_SUB, TO_MASTER, FROM_MASTER = 20, 21, 22, 23
TRANSFERS = (FROM_TRADING, TO_TRADING, TO_SUB, FROM_SUB, TO_MASTER, FROM_MASTER)
DEPOSIT = 1
LISTED_MAX = 10_000
REFUNDED = (WithdrawalState.CANCELED, WithdrawalState.FAILED)


class AssetBillsParams(Params):
    """A page of bills by time."""

    ccy: Ccy = ""
    type: Annotated[int, Meta(ge=0, description="Type of bill")] = 0
    client_id: Annotated[
        str, Meta(description="The client's own id of a transfer or a withdrawal")
    ] = ""
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


def routes(context: Context, sender: Sender) -> Routes:
    """Endpoints by method and path."""
    bills = _Bills(context, sender)
    return {
        ("GET", "asset/bills"): reading(Taking(AssetBillsParams, bills.recent), 6, 1000),
        ("GET", "asset/bills-history"): reading(Taking(AssetHistoryParams, bills.all), 1, 1000),
    }


class _Bills:
    def __init__(self, context: Context, sender: Sender) -> None:
        self._context = context
        self._sender = sender
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
        await ledger_caught_up(self._context)
        is_master = request.key.main_uid == request.owner
        if params.client_id:
            rows = [
                self._row(bill, kind, params.client_id)
                for bill in await self._named(request.owner, params.client_id)
                for kind in (_type(bill, is_master=is_master),)
                if asset in (0, bill.asset) and params.type in (0, kind) and _is_within(bill, page)
            ]
            return wire.envelope(rows[: page.limit])
        rows = []
        # The records do not know OKX's types of transfers: pages are read until enough are of one.
        while len(rows) < page.limit:
            found = await self._read(request.owner, page, asset, _types(params.type))
            clients = await self._clients(request.owner, found)
            rows += [
                self._row(bill, kind, clients.get(bill.bill_id, ""))
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

    async def _named(self, owner: int, client: str) -> list[Bill]:
        """Those of what an owner asked for under a `clientId`, newest first.

        A withdrawal's are of the command behind it: its fold has decided by then. So is what was
        paid back, of the one behind its last change.
        """
        sent = await self._sent(owner, client_hash(self._context, owner, client))
        commands = [await self._sender.named(owner, client)]
        if sent is not None:
            commands.append(sent.number + 1)
        if sent is not None and sent.state in REFUNDED:
            commands.append(sent.version + 1)
        found: list[Bill] = []
        for sequence in filter(None, commands):
            found += await self._of_command(owner, sequence)
        return sorted(found, key=lambda bill: -bill.bill_id)

    async def _sent(self, owner: int, hashed: bytes) -> Withdrawal | None:
        """The withdrawal of a client id, also one that the fold has forgotten."""
        question = FindWithdrawal(owner, hashed)
        sent: Withdrawal | None = await ask(self._context, WITHDRAWALS, question)
        filters = Filters(client=hashed)
        older = await kept(
            self._context,
            WITHDRAWALS,
            lambda history: history.withdrawals(owner, Span(0, 0, 1), filters),
            is_found=sent is not None,
            is_cut=False,
        )
        return next(iter(older), sent)

    async def _clients(self, owner: int, bills: list[Bill]) -> dict[int, str]:
        """The `clientId` of what bills are of, by their ids, where it is still known."""
        behind = (WITHDRAWAL, CANCELED)
        asked = {bill.bill_id: _sequence(bill) - (bill.type in behind) for bill in bills}
        refunds = {bill.bill_id: asked[bill.bill_id] for bill in bills if bill.type == CANCELED}
        if refunds:
            asked |= await self._refunded(owner, refunds)
        moved_under = self._context.client_ids.moved_under
        known = await asyncio.to_thread(moved_under, owner, set(asked.values()))
        return {one: known[number] for one, number in asked.items() if number in known}

    async def _refunded(self, owner: int, refunds: dict[int, int]) -> dict[int, int]:
        """The withdrawals whose last change paid back, by the bill of that."""
        question = partial(ListWithdrawals, owner, min(refunds.values()) - 1)
        found: list[Withdrawal] = await changed(self._context, WITHDRAWALS, question, LISTED_MAX)
        ended = {one.version: one.number for one in found if one.state in REFUNDED}
        return {bill: ended[version] for bill, version in refunds.items() if version in ended}

    async def _of_command(self, owner: int, sequence: int) -> list[Bill]:
        first = FIRST_ID + sequence * IDS_PER_COMMAND
        return await recorded(
            self._context,
            lambda history: history.bills_from(owner, chart.FUND, first, IDS_PER_COMMAND),
        )

    def _row(self, bill: Bill, kind: int, client: str) -> dict[str, object]:
        asset = self._catalog.assets[bill.asset]
        return {
            "bal": asset.text(bill.balance),
            "balChg": asset.text(bill.change),
            "billId": str(bill.bill_id),
            "ccy": asset.symbol,
            "clientId": client,
            "notes": "",
            "ts": str(bill.time_ms),
            "type": str(kind),
        }


def _sequence(bill: Bill) -> int:
    """The command that a bill is of; one of a fold's is right behind what it decided on."""
    return (bill.bill_id - FIRST_ID) // IDS_PER_COMMAND


def _by_time(params: AssetBillsParams, oldest: int) -> Page:
    begin = max(params.before + 1, oldest) if params.before else oldest
    return Page(begin_ms=begin, end_ms=max(params.after - 1, 0), limit=params.limit)


def _is_within(bill: Bill, page: Page) -> bool:
    return (
        (not page.after or bill.bill_id < page.after)
        and bill.bill_id > page.before
        and bill.time_ms >= page.begin_ms
        and (not page.end_ms or bill.time_ms <= page.end_ms)
    )


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

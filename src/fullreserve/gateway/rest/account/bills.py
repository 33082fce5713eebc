"""The ledger of the trading account: every change of a balance, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.orders_json import EXECUTIONS, fee_text
from fullreserve.gateway.rest import bill_types
from fullreserve.gateway.rest.asset.transfer import ROOM_NAMES
from fullreserve.gateway.rest.params import (
    AfterId,
    BeforeId,
    BeginMs,
    Ccy,
    EndMs,
    Hundred,
    InstId,
    InstType,
    Number,
    Params,
)
from fullreserve.gateway.rest.past import ledger_caught_up, recorded
from fullreserve.gateway.rest.public.instruments import currency, spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.marketdata import trade_ids
from fullreserve.records.bills import TRADE
from fullreserve.records.record import Bill, Page
from fullreserve.records.retention import ARCHIVE_MS, BILLS_RECENT_MS

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

# What bills of spot trades and transfers do not have.
_BLANKS: dict[str, object] = dict.fromkeys(
    (
        "earnAmt",
        "earnApr",
        "fillFwdPx",
        "fillIdxPx",
        "fillMarkPx",
        "fillMarkVol",
        "fillPxUsd",
        "fillPxVol",
        "notes",
    ),
    "",
)
_ZEROS: dict[str, object] = dict.fromkeys(("interest", "pnl", "posBal", "posBalChg"), "0")


class BillsParams(Params):
    """A page of bills."""

    inst_type: InstType | None = None
    inst_id: InstId = ""
    ccy: Ccy = ""
    mgn_mode: Annotated[str, Meta(description="Of positions, which spot mode has not")] = ""
    ct_type: Annotated[str, Meta(description="Of contracts, which are not traded here")] = ""
    type: Number = 0
    sub_type: Number = 0
    after: AfterId = 0
    before: BeforeId = 0
    begin: BeginMs = 0
    end: EndMs = 0
    limit: Hundred = 100


class SubTypesParams(Params):
    """Some types, or all."""

    type: Annotated[tuple[str, ...], Meta(description="Types, separated by commas")] = ()


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    bills = _Bills(context)
    return {
        ("GET", "account/bills"): reading(Taking(BillsParams, bills.recent), 5, 1000),
        ("GET", "account/bills-archive"): reading(Taking(BillsParams, bills.archive), 5),
        ("GET", "account/subtypes"): reading(Taking(SubTypesParams, _sub_types), 20),
    }


async def _sub_types(_request: Request, params: SubTypesParams) -> bytes:
    """The types and subtypes of bills."""
    rows = []
    for number, kind in bill_types.TYPES.items():
        if not params.type or str(number) in params.type:
            details = [
                {"subType": str(sub_type), "subTypeDesc": words}
                for sub_type, words in kind.sub_types.items()
            ]
            rows.append({"type": str(number), "typeDesc": kind.words, "subTypeDetails": details})
    return wire.envelope(rows)


class _Bills:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog

    async def recent(self, request: Request, params: BillsParams) -> bytes:
        """Changes of the trading account's balances in 7 days, newest first."""
        return await self._page(request, params, BILLS_RECENT_MS)

    async def archive(self, request: Request, params: BillsParams) -> bytes:
        """Changes of the trading account's balances in 3 months, newest first."""
        return await self._page(request, params, ARCHIVE_MS)

    async def _page(self, request: Request, params: BillsParams, window_ms: int) -> bytes:
        instrument = spot(self._catalog, params.inst_id).id if params.inst_id else 0
        asset = currency(self._catalog, params.ccy).id if params.ccy else 0
        kinds, sub_type = bill_types.wanted(params.type, params.sub_type)
        if (params.inst_type or "SPOT") != "SPOT" or params.mgn_mode or params.ct_type:
            return wire.envelope([])
        oldest = max(0, self._context.clock.exchange_ms() - window_ms)
        page = Page(
            params.after, params.before, max(params.begin, oldest), params.end, params.limit
        )
        await ledger_caught_up(self._context)

        def ask(history: History) -> list[Bill]:
            return history.bills(
                request.owner,
                chart.TRADE,
                page,
                asset=asset,
                instrument=instrument,
                types=(TRADE,) if params.inst_type and not kinds else kinds,
                sub_type=sub_type,
            )

        found = await recorded(self._context, ask)
        return wire.envelope([self._row(bill) for bill in found])

    def _row(self, bill: Bill) -> dict[str, object]:
        asset = self._catalog.assets[bill.asset]
        kind, sub_type = bill_types.shown(bill.type, bill.sub_type)
        instrument = self._catalog.instruments.get(bill.instrument)
        # The size of a trade is in the bill's currency, before the fee.
        row = {
            **_BLANKS,
            **_ZEROS,
            "bal": asset.text(bill.balance),
            "balChg": asset.text(bill.change),
            "billId": str(bill.bill_id),
            "ccy": asset.symbol,
            "clOrdId": bill.client_order_id,
            "execType": EXECUTIONS[bill.liquidity],
            "fee": fee_text(asset, bill.fee),
            "fillTime": str(bill.time_ms) if instrument else "",
            "instId": instrument.symbol if instrument else "",
            "instType": "SPOT" if instrument else "",
            "mgnMode": "cash" if instrument else "",
            "ordId": ids.text(bill.order),
            "px": instrument.price_text(bill.price) if instrument else "",
            "subType": str(sub_type),
            "sz": asset.text(abs(bill.change + bill.fee)),
            "tag": bill.tag,
            "tradeId": trade_ids.text(bill.trade),
            "ts": str(bill.time_ms),
            "type": str(kind),
        }
        return {**row, **_rooms(bill)}


def _rooms(bill: Bill) -> dict[str, object]:
    """From and to, of a movement between two accounts that clients have numbers for."""
    here, there = ROOM_NAMES[bill.kind], ROOM_NAMES.get(bill.other_kind, "")
    if not there:
        return {"from": "", "to": ""}
    return {"from": there, "to": here} if bill.change > 0 else {"from": here, "to": there}

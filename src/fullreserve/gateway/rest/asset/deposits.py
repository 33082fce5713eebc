"""`asset/deposit-address` and `asset/deposit-history`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from fullreserve.exchange.products.custody_wire import DEPOSITS, AssignAddress
from fullreserve.exchange.products.deposit_state import (
    Deposit,
    DepositState,
    GetAddress,
    ListDeposits,
    Phase,
)
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, changed, lines, names_of, say
from fullreserve.gateway.deposit_waits import NOT_SMALL, waits_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.no_withdraw import no_withdraw
from fullreserve.gateway.rest.asset.history_page import whole_page
from fullreserve.gateway.rest.asset.receipts import receipt_row, received
from fullreserve.gateway.rest.params import Ccy, HowSent, OfTime, Params
from fullreserve.gateway.rest.past import kept
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.stopped import Stopped
from fullreserve.identity.session import Session
from fullreserve.records.record import Filters, Span

LISTED_MAX = 10_000
STATE_DIGITS_MAX = 2
FUNDING = "6"
CONTRACT_SHOWN = 6  # of a contract's address, its last digits, as on OKX
INTERNAL, ON_A_CHAIN = "3", "4"
# OKX's codes and -1, of what its chain took back; those that nothing has here find nothing.
DEPOSIT_STATES = ("-1", "0", "1", "2", "8", "11", "12", "13", "14", "17")
# While these last, confirmations are counted on with every block.
CONFIRMING = (DepositState.WAITING, DepositState.CREDITED, DepositState.SUSPENDED)


class DepositsParams(OfTime):
    """A page of deposits."""

    ccy: Ccy = ""
    dep_id: Annotated[str, Meta(description="A deposit's id")] = ""
    from_wd_id: Annotated[str, Meta(description="The sender's withdrawal, of type 3")] = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    type: HowSent = ""
    state: Annotated[
        str, Meta(description="State of the deposit", extra={"words": DEPOSIT_STATES})
    ] = ""


class AddressParams(Params):
    """A currency; in a session, whether its user knows that withdrawals are suspended."""

    ccy: Ccy
    x_ack_no_withdraw: Annotated[
        bool, Meta(description="Show addresses though withdrawals are suspended; in a session")
    ] = False


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    deposits = _Deposits(context)
    return {
        ("GET", "asset/deposit-history"): reading(
            Taking(DepositsParams, deposits.history), 6, 1000
        ),
        ("GET", "asset/deposit-address"): reading(Taking(AddressParams, deposits.address), 6, 1000),
    }


class _Deposits:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def address(self, request: Request, params: AddressParams) -> bytes:
        """The user's addresses of a currency, one on each chain; given on first use.

        Where withdrawals are suspended, a session has `addr` "" until it says that it knows.
        """
        asset = currency(self._context.catalog, params.ccy)
        here = [one for one in await lines(self._context) if one.asset is asset]
        offered = [one for one in here if one.network.network in self._context.addresses]
        if not offered:
            raise Problem(58014, name=asset.symbol)
        stopped = await Stopped.of(self._context, request.owner)
        now_ms = self._context.clock.exchange_ms()
        # Programs made for OKX know no such parameter; what they get says it.
        knows = params.x_ack_no_withdraw or not isinstance(request.key, Session)
        rows = []
        for one in offered:
            told = no_withdraw(one, stopped, now_ms)
            is_shown = knows or not told["xNoWithdraw"]
            place = await self._place(request.owner, one) if is_shown else ("", "")
            token = self._context.tokens.get((one.network.network, asset.id), "")
            contract = {"ctAddr": token[-CONTRACT_SHOWN:]}
            rows.append(_address_row(one, *place) | contract | told)
        return wire.envelope(rows)

    async def _place(self, owner: int, one: Line) -> tuple[str, str]:
        """The user's address and memo, "" for none; given on first use."""
        network = one.network.network
        index: int = await ask(self._context, DEPOSITS, GetAddress(network, owner))
        if not index:
            reply = await say(self._context, DEPOSITS, AssignAddress(network), owner)
            if reply.code:
                raise Problem(reply.code, name="ccy", allowed="an open account")
            index = await ask(self._context, DEPOSITS, GetAddress(network, owner))
        text, _, memo = self._context.addresses[network].address(index).partition(":")
        return text, memo

    async def history(self, request: Request, params: DepositsParams) -> bytes:
        """Deposits, newest first: from chains, and what other users sent."""
        if params.ccy:
            currency(self._context.catalog, params.ccy)
        known = {(one.network.network, one.asset.id): one for one in await lines(self._context)}

        async def rows_of(most: int) -> list[Deposit | Withdrawal]:
            return await self._asked(request.owner, params, known, most)

        page = await whole_page(rows_of, params.limit, _time_ms)
        names = await names_of(self._context, _transfers(page))
        on_chains = [one for one in page if isinstance(one, Deposit)]
        waits = await waits_of(self._context, request.owner, known, on_chains)
        rows = [
            deposit_row(known[one.network, one.asset], one, self._to(known, one), names)
            | waits.get(one.number, {})
            if isinstance(one, Deposit)
            else receipt_row(self._context, one)
            for one in page
        ]
        return wire.envelope(rows)

    async def _asked(
        self, owner: int, params: DepositsParams, known: Container[tuple[int, int]], most: int
    ) -> list[Deposit | Withdrawal]:
        """What is asked for, newest first; of the first `most` none lacks."""
        asked: list[Deposit | Withdrawal] = [
            one
            for one in await self._on_chains(owner, params, most)
            if (one.network, one.asset) in known
        ]
        if params.tx_id:
            names = await names_of(self._context, _transfers(asked))
            asked = [one for one in asked if names[one.transfer] == params.tx_id]
        asked += await self._within(owner, params, most)
        return sorted(asked, key=lambda one: (-_time_ms(one), -one.number))

    async def _within(self, owner: int, params: DepositsParams, most: int) -> list[Withdrawal]:
        """What other users sent; it is complete at once, and has no transaction."""
        named = {params.dep_id, params.from_wd_id} - {""}
        if params.type not in ("", INTERNAL) or params.tx_id or len(named) > 1:
            return []
        asset = self._context.catalog.asset_named.get(params.ccy)
        filters = Filters(
            ids.number(*named) if named else 0,
            asset.id if asset else 0,
            number_of(params.state),
        )
        span = Span(params.after, params.before, most)
        return [
            one
            for one in await received(self._context, owner, span, filters, LISTED_MAX)
            if params.ccy in ("", self._context.catalog.assets[one.asset].symbol)
            and params.state in ("", str(one.state))
            and (not named or ids.text(one.number) in named)
            and (not params.after or one.requested_ms < params.after)
            and one.requested_ms > params.before
        ]

    async def _on_chains(self, owner: int, params: DepositsParams, most: int) -> list[Deposit]:
        """Those of the fold, and of the records those that it has forgotten."""
        if params.type not in ("", ON_A_CHAIN) or params.from_wd_id:
            return []
        found: list[Deposit] = await changed(
            self._context, DEPOSITS, partial(ListDeposits, owner, 0), LISTED_MAX
        )
        newest = {one.number: one for one in found}
        # Of what the records have, the fold may know some better: there is room for these too.
        limit = LISTED_MAX if params.tx_id else most + len(newest)
        span = Span(params.after, params.before, limit)
        asset = self._context.catalog.asset_named.get(params.ccy)
        filters = Filters(
            ids.number(params.dep_id), asset.id if asset else 0, number_of(params.state)
        )
        older = await kept(
            self._context,
            DEPOSITS,
            lambda history: history.deposits(owner, span, filters),
            is_found=filters.number in newest,
            is_cut=len(found) >= LISTED_MAX,
        )
        merged = {one.number: one for one in older} | newest
        return [one for one in merged.values() if self._is_asked(one, params)]

    def _to(self, known: dict[tuple[int, int], Line], one: Deposit) -> str:
        addresses = self._context.addresses.get(one.network)
        needs_memo = known[one.network, one.asset].network.needs_memo
        number = one.memo_number if needs_memo else one.index
        return addresses.address(number).partition(":")[0] if addresses else ""

    def _is_asked(self, one: Deposit, params: DepositsParams) -> bool:
        asset = self._context.catalog.assets[one.asset]
        return (
            params.ccy in ("", asset.symbol)
            and params.state in ("", str(one.state))
            and params.dep_id in ("", ids.text(one.number))
            and (not params.after or one.seen_ms < params.after)
            and one.seen_ms > params.before
        )


def _address_row(one: Line, text: str, memo: str) -> dict[str, object]:
    row: dict[str, object] = {
        "addr": text,
        "ccy": one.asset.symbol,
        "chain": one.chain,
        "ctAddr": "",
        "selected": True,
        "to": FUNDING,
        "verifiedName": "",
    }
    if one.network.needs_memo:
        row["tag"] = memo
    return row


def _transfers(found: Iterable[Deposit | Withdrawal]) -> Iterable[bytes]:
    return (one.transfer for one in found if isinstance(one, Deposit))


def _time_ms(one: Deposit | Withdrawal) -> int:
    return one.seen_ms if isinstance(one, Deposit) else one.requested_ms


def number_of(state: str) -> int | None:
    """A state's number; None for none, and for what cannot be one."""
    is_one = len(state) <= STATE_DIGITS_MAX and state.isascii() and state.lstrip("-").isdigit()
    return int(state) if is_one else None


def deposit_row(line: Line, one: Deposit, to: str, names: Mapping[bytes, str]) -> dict[str, object]:
    """A deposit as clients see it; `names` are the chain's own of transactions.

    `xOwed` is what its owner had spent before its chain took it back, as far as he still owes it.
    """
    owed = amount_int(one.lost) if one.phase == Phase.SEEN else 0
    counted = line.confirmations(one.height) if one.state in CONFIRMING else 0
    return {
        "actualDepBlkConfirm": str(max(one.confirmations, counted)),
        "amt": line.asset.text(one.value),
        "areaCodeFrom": "",
        "ccy": line.asset.symbol,
        "chain": line.chain,
        "depId": ids.text(one.number),
        "from": "",
        "fromWdId": "",
        "state": str(one.state),
        "to": to,
        "ts": str(one.seen_ms),
        "txId": names.get(one.transfer, ""),
        "xHeight": str(one.height) if one.height else "",
        "xBlock": one.block_hash.hex(),
        "xOwed": line.asset.text(owed) if owed else "",
        **NOT_SMALL,
    }

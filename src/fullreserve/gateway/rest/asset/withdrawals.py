"""`asset/withdrawal`, `asset/cancel-withdrawal`, `asset/withdrawal-history`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.products.calendar_wire import CALENDAR, ListPlans, Plans
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AgreeToFee,
    Cancel,
    Destination,
)
from fullreserve.exchange.products.custody_wire import (
    Request as Asked,
)
from fullreserve.exchange.products.withdrawal_state import (
    DAY_MS,
    OPEN_PER_OWNER,
    REVERTED,
    Demand,
    FindWithdrawal,
    GetDemand,
    GetQuota,
    GetWithdrawal,
    ListWithdrawals,
    Quota,
    Refused,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.events import OwnerChanged, Reply
from fullreserve.exchange.wire.queries import AccountState, GetOwner, ListBalances
from fullreserve.gateway import ids, suspension_desk, wire
from fullreserve.gateway.chain_addresses import written
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, changed, client_hash, lines, names_of, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.own_addresses import OwnAddresses
from fullreserve.gateway.queue_places import QueuePlaces
from fullreserve.gateway.rest.asset.amounts import parse_amount
from fullreserve.gateway.rest.asset.deposits import number_of
from fullreserve.gateway.rest.asset.history_page import whole_page
from fullreserve.gateway.rest.asset.transfer import ClientId
from fullreserve.gateway.rest.once import Once
from fullreserve.gateway.rest.params import Ccy, HowSent, OfTime, Params
from fullreserve.gateway.rest.past import kept
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, withdrawing
from fullreserve.gateway.risk_desk import wait_row
from fullreserve.gateway.tranches import parts_of, tranche_row
from fullreserve.gateway.whence import whence_of
from fullreserve.identity.address_book import Address
from fullreserve.identity.session import Session
from fullreserve.records.record import Filters, Span

INTERNAL, ON_A_CHAIN = "3", "4"
BY_ADDRESS, BY_ID = "1", "2"
LISTED_MAX = 10_000
USD = 10**8
DELISTED = 58_226
REFUSED_BY_CONTRACT = 92_013

WdId = Annotated[str, Meta(description="A withdrawal's id")]


# OKX's codes; those that nothing has here find nothing.
WITHDRAWAL_STATES = tuple(str(one) for one in (*range(-3, 3), *range(4, 11), 12, 15, 16, 17, 19))


class WithdrawParams(Params):
    """A withdrawal."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount without the fee")]
    dest: Annotated[Literal["3", "4"], Meta(description="3 internal, 4 on a chain")]
    to_addr: Annotated[str, Meta(description="A verified address, or a user's id for dest 3")]
    to_addr_type: Annotated[
        Literal["", "1", "2"], Meta(description="1 an address (dest 4), 2 a user's id (dest 3)")
    ] = ""
    chain: Annotated[
        str, Meta(description="Chain, where the currency is on several; of dest 4 alone")
    ] = ""
    fee: Annotated[str, Meta(description="The chain's fee; another is refused")] = ""
    client_id: ClientId = ""
    x_allow_split: Annotated[
        bool,
        Meta(
            description="A drain may pay it in tranches, for its one fee; of dest 4 alone. "
            "Without, a withdrawal is paid whole"
        ),
    ] = False


class CancelParams(Params):
    """A withdrawal."""

    wd_id: WdId


class AgreeParams(CancelParams):
    """A withdrawal whose fee rose while it waited; of one in tranches, the request or any."""

    fee: Annotated[str, Meta(description="The whole fee, as `xFeeNow` says; another is refused")]


class WithdrawalsParams(OfTime):
    """A page of withdrawals."""

    ccy: Ccy = ""
    wd_id: WdId = ""
    client_id: Annotated[str, Meta(description="The withdrawal's id of the client")] = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    type: HowSent = ""
    state: Annotated[
        str, Meta(description="State of the withdrawal", extra={"words": WITHDRAWAL_STATES})
    ] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    table = _Withdrawals(context)
    return {
        ("POST", "asset/withdrawal"): withdrawing(Taking(WithdrawParams, table.withdraw), 6, 1000),
        ("POST", "asset/cancel-withdrawal"): withdrawing(
            Taking(CancelParams, table.cancel), 6, 1000
        ),
        ("POST", "x/withdrawal-fee/agree"): withdrawing(Taking(AgreeParams, table.agree), 6, 1000),
        ("GET", "asset/withdrawal-history"): reading(
            Taking(WithdrawalsParams, table.history), 6, 1000
        ),
    }


class _Withdrawals:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._catalog = context.catalog
        self._own = OwnAddresses(context)
        self._clients = context.client_ids
        self._once = Once(context.began_ms)

    async def withdraw(self, request: Request, params: WithdrawParams) -> bytes:
        """Withdraw to a verified address, or to another user by id."""
        if request.key.uid != request.key.main_uid:
            raise Problem(Refused.SUB_ACCOUNT)
        asset = currency(self._catalog, params.ccy)
        amount = parse_amount(asset, params.amt)
        takes = BY_ID if params.dest == INTERNAL else BY_ADDRESS
        if params.to_addr_type not in ("", takes):
            raise Problem(51000, "toAddrType", f"{takes} for dest {params.dest}")
        if params.x_allow_split and params.dest == INTERNAL:
            raise Problem(51000, "xAllowSplit", "false for dest 3, which is paid at once")
        client = client_hash(self._context, request.owner, params.client_id)
        if params.dest == INTERNAL:
            line, asked = None, self._to_user(asset, amount, params, client)
        else:
            line = await self._line(asset, params.chain)
            asked = await self._to_address(request, line, amount, params, client)
        if not client:
            self._once.take(request)
        reply = await self._said(request.owner, asked, params.client_id)
        if reply.code:
            if reply.code == Refused.NO_ROUTE and asked.kind == Destination.OWNER:
                raise await self._no_receiver(request.owner, asked.destination)
            if reply.code == Refused.ALL_STOPPED and asked.kind == Destination.OWNER:
                raise Problem(58110)
            raise await self._problem(request.owner, asset, line, reply.code, amount)
        number = await self._number(request.owner, client, reply.sequence)
        if client:
            await asyncio.to_thread(self._clients.made, request.owner, client, number)
        row = {
            "amt": asset.text(amount),
            "ccy": asset.symbol,
            "chain": line.chain if line else "",
            "clientId": params.client_id,
            "wdId": ids.text(number),
        }
        return wire.envelope([row])

    async def _said(self, owner: int, asked: Asked, client: str) -> Reply:
        """The fold's reply; a `clientId` is written down first, so that the first push shows it."""
        if not client:
            return await say(self._context, WITHDRAWALS, asked, owner)
        noted = (owner, asked.client, client, self._context.clock.exchange_ms())
        await asyncio.to_thread(self._clients.ask, *noted)
        reply = await say(self._context, WITHDRAWALS, asked, owner)
        if reply.code:
            await asyncio.to_thread(self._clients.made, owner, asked.client, 0)
        return reply

    def _to_user(self, asset: Asset, amount: int, params: WithdrawParams, client: bytes) -> Asked:
        text = params.to_addr.partition(":")[0]
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Problem(58213, allowed="the id of a user of this exchange")
        nothing = amount_bytes(0)
        return Asked(
            *(0, asset.id, amount_bytes(amount), nothing, Destination.OWNER, int(text), client)
        )

    async def _line(self, asset: Asset, chain: str) -> Line:
        here = [one for one in await lines(self._context) if one.asset is asset]
        if not here:
            raise Problem(58013, name=asset.symbol)
        named = [one for one in here if chain in ("", one.chain)]
        if len(named) != 1:
            raise Problem(51000, "chain", "one of " + ", ".join(one.chain for one in here))
        return named[0]

    async def _to_address(
        self, request: Request, line: Line, amount: int, params: WithdrawParams, client: bytes
    ) -> Asked:
        owner = request.owner
        network = line.network.network
        addresses = self._context.addresses.get(network)
        if addresses is None:
            raise Problem(58013, name=line.asset.symbol)
        if line.network.needs_memo and not params.to_addr.partition(":")[2]:
            raise Problem(58221, allowed="address:memo")
        try:
            text = written(addresses, params.to_addr)
        except ValueError as problem:
            raise Problem(58222, allowed=str(problem)) from None
        _, fee, _ = line.fees
        if params.fee and _fee(line.asset, params.fee) != fee:
            raise Problem(51000, "fee", line.asset.text(fee))
        inside = await self._own.require_not_house(network, text)
        desk = self._context.desk
        known: Address | None = await desk.act(desk.rooms.addresses.find, owner, network, text)
        if known is None:
            raise Problem(58207, allowed="add it to the address book of the web app first")
        if self._context.clock.wall_ms() < known.usable_ms:
            raise Problem(58207, allowed=f"it can be used from {known.usable_ms} on")
        if inside:
            # 58224 elsewhere too: what is asked for is done, without a chain and its fee.
            nothing = amount_bytes(0)
            return Asked(
                *(0, line.asset.id, amount_bytes(amount), nothing, Destination.OWNER, inside),
                client,
                from_book=True,
            )
        return Asked(
            *(network, line.asset.id, amount_bytes(amount), amount_bytes(fee)),
            *(Destination.ADDRESS_BOOK, known.number, client),
            by_api=not isinstance(request.key, Session),
            whence=await whence_of(self._context, request),
            allow_split=params.x_allow_split,
        )

    async def _number(self, owner: int, client: bytes, sequence: int) -> int:
        """The withdrawal that a request made, or that an earlier one with its client id did."""
        if not client:
            return sequence
        question = FindWithdrawal(owner, client)
        found: Withdrawal | None = await ask(self._context, WITHDRAWALS, question)
        return found.number if found is not None else sequence

    async def _problem(
        self, owner: int, asset: Asset, line: Line | None, code: int, amount: int = 0
    ) -> Problem:
        """A refusal of the fold, with what it would have taken."""
        allowed = ""
        if code == Refused.QUOTA:
            allowed = await self._left(owner, asset, line)
        elif code == Refused.CREDENTIALS:
            allowed = await self._stop_ends(owner)
        elif code == Refused.BELOW and line is not None:
            allowed = f"{asset.text(amount_int(line.terms.minimum))} {asset.symbol}"
        elif code == Refused.ABOVE and line is not None:
            allowed = await self._most(owner, line, amount)
        elif code == Refused.NOT_IN_BOOK:
            allowed = "your settings allow the addresses of your book alone"
        elif code == Refused.TOO_MANY:
            allowed = str(OPEN_PER_OWNER)
        elif code == Refused.BALANCE:
            allowed = _affordable(asset, line, await self._available(owner, asset))
        elif code == Refused.CLIENT_ID_TAKEN:
            return Problem(code, "clientId")
        elif code == Refused.CHAIN_STOPPED and line is not None and await self._is_gone(line):
            return Problem(DELISTED, line.chain)
        elif code == Refused.PARAMETER and line is not None:
            if await self._is_quoted_anew(line):
                return Problem(code, "fee", "that of now, which has just changed")
            return Problem(code, "amt", f"at most {line.terms.digits} digits after the point")
        name = line.chain if line is not None else asset.symbol
        return Problem(code, name=name, allowed=allowed)

    async def _is_gone(self, line: Line) -> bool:
        """Whether withdrawals have ended, as the asset was delisted."""
        stop = line.withdrawals
        if stop is None or not (stop.refuses and stop.asset == line.asset.id):
            return False
        plans: Plans = await ask(self._context, CALENDAR, ListPlans())
        mine = [one for one in plans.delistings if one.terms.asset == line.asset.id]
        return any(one.is_over and not one.called_off for one in mine)

    async def _stop_ends(self, owner: int) -> str:
        """When an owner may withdraw again."""
        now = (await self._context.door.health()).time_ms
        quota: Quota = await ask(self._context, WITHDRAWALS, GetQuota(owner, now))
        ends = datetime.fromtimestamp(quota.stopped_until_ms // 1000, UTC)
        return f"{ends:%Y-%m-%dT%H:%M:%SZ}"

    async def _left(self, owner: int, asset: Asset, line: Line | None) -> str:
        """What is left of the day's limit, or of the cap that a suspension sets."""
        context = self._context
        now = (await context.door.health()).time_ms
        quota: Quota = await ask(context, WITHDRAWALS, GetQuota(owner, now))
        network = line.network.network if line is not None else 0
        cap = (await suspension_desk.ruled(context, owner, network, asset.id)).per_user_usd
        limit = min(quota.limit, cap or quota.limit)
        left = f"{max(0, limit - quota.used) // USD} USD of {limit // USD}"
        return f"{left} while withdrawals are capped" if limit < quota.limit else left

    async def _most(self, owner: int, line: Line, amount: int) -> str:
        """The most of one withdrawal, or what is left of the cap that a suspension sets for all.

        What refused it may have been lifted, or have room, by now.
        """
        most, asset = amount_int(line.terms.maximum), line.asset
        if amount > most:
            return f"{asset.text(most)} {asset.symbol}"
        context, place = self._context, (line.network.network, asset.id)
        found = await suspension_desk.ruled(context, owner, *place)
        cap = amount_int(found.per_asset) if found.per_asset else 0
        now = (await context.door.health()).time_ms
        demand: Demand = await ask(context, WITHDRAWALS, GetDemand(*place, now - DAY_MS))
        left = max(0, min(most, cap - amount_int(demand.taken)))
        if not cap or amount <= left:
            return "a moment ago, which is another by now; ask again"
        return (
            f"{asset.text(left)} {asset.symbol}, which is left of the {asset.text(cap)} that all "
            "users together may withdraw in 24 hours while withdrawals are capped"
        )

    async def _is_quoted_anew(self, line: Line) -> bool:
        return (await self._line(line.asset, line.chain)).fees != line.fees

    async def _no_receiver(self, owner: int, receiver: int) -> Problem:
        """Why somebody cannot be paid by id."""
        known: OwnerChanged | None = await self._context.door.query(GetOwner(receiver))
        if known is not None and known.master == owner:
            return Problem(58218, allowed="toAddr is of your own accounts; use asset/transfer")
        return Problem(58213, allowed="the id of a user of this exchange")

    async def _available(self, owner: int, asset: Asset) -> int:
        held: list[AccountState] = await self._context.door.query(ListBalances(owner))
        found = {one.kind: one for one in held if one.asset == asset.id}
        fund, locked = found.get(chart.FUND), found.get(chart.PROTECTED)
        free = amount_int(fund.balance) - amount_int(fund.hold) if fund is not None else 0
        return max(0, free - (amount_int(locked.balance) if locked is not None else 0))

    async def cancel(self, request: Request, params: CancelParams) -> bytes:
        """Cancel a withdrawal that waits."""
        number = ids.number(params.wd_id)
        one = await withdrawal_of(self._context, request.owner, number)
        # It may have been paid since the backup: who cancels it then has it twice.
        if not await asyncio.to_thread(self._context.is_compared, one.network):
            raise Problem(50001, allowed="a backup was put back, and the chain is still read")
        reply = await say(self._context, WITHDRAWALS, Cancel(number), request.owner)
        if reply.code:
            raise Problem(reply.code)
        return wire.envelope([{"wdId": params.wd_id}])

    async def agree(self, request: Request, params: AgreeParams) -> bytes:
        """Agree to the fee of now, which rose while the withdrawal waited; of all tranches."""
        one = await withdrawal_of(self._context, request.owner, ids.number(params.wd_id))
        asset = self._catalog.assets[one.asset]
        fee = max(0, _fee(asset, params.fee))
        asked = AgreeToFee(one.number, amount_bytes(fee))
        reply = await say(self._context, WITHDRAWALS, asked, request.owner)
        if reply.code == Refused.PARAMETER:
            parts = await parts_of(self._context, [one])
            now = tranche_row(asset, parts[one.number])["xFeeNow"]
            raise Problem(51000, "fee", str(now) or "that of now")
        if reply.code == Refused.TOO_LATE:
            raise Problem(51000, "wdId", "one whose fee waits for your word, which this does not")
        if reply.code == Refused.BALANCE:
            raise await self._problem(request.owner, asset, None, reply.code)
        if reply.code:
            raise Problem(reply.code)
        return wire.envelope([{"wdId": params.wd_id}])

    async def history(self, request: Request, params: WithdrawalsParams) -> bytes:
        """Withdrawals, newest first."""
        if params.ccy:
            currency(self._catalog, params.ccy)

        async def rows_of(most: int) -> list[Withdrawal]:
            return await self._asked(request.owner, params, most)

        page = await whole_page(rows_of, params.limit, lambda one: one.requested_ms)
        names = await names_of(self._context, (one.transfer for one in page))
        known = {(one.network.network, one.asset.id): one for one in await lines(self._context)}
        clients = await clients_of(self._context, request.owner, page)
        # Of an old one the log has no more than lets it be found.
        places, parts = QueuePlaces(self._context), await parts_of(self._context, page)
        rows = [
            await self._row(request.owner, known.get((one.network, one.asset)), one, names)
            | await places.row(one)
            | tranche_row(self._catalog.assets[one.asset], parts[one.number])
            | {"clientId": params.client_id or clients.get(one.client, "")}
            for one in page
        ]
        return wire.envelope(rows)

    async def _asked(self, owner: int, params: WithdrawalsParams, most: int) -> list[Withdrawal]:
        """Those of the fold, and of the records those that it has forgotten; newest first.

        Of the first `most` none lacks.
        """
        found: list[Withdrawal] = await changed(
            self._context, WITHDRAWALS, partial(ListWithdrawals, owner, 0), LISTED_MAX
        )
        newest = {one.number: one for one in found}
        client = client_hash(self._context, owner, params.client_id)
        # Of what the records have, the fold may know some better: there is room for these too.
        limit = LISTED_MAX if params.tx_id else most + len(newest)
        span = Span(params.after, params.before, limit)
        asset = self._catalog.asset_named.get(params.ccy)
        filters = Filters(
            ids.number(params.wd_id),
            asset.id if asset else 0,
            number_of(params.state),
            _kinds(params.type),
            client,
        )
        older = await kept(
            self._context,
            WITHDRAWALS,
            lambda history: history.withdrawals(owner, span, filters),
            is_found=filters.number in newest or client in {one.client for one in found} - {b""},
            is_cut=len(found) >= LISTED_MAX,
        )
        merged = {one.number: one for one in older} | newest
        asked = [one for one in merged.values() if self._is_asked(one, params, client)]
        if params.tx_id:
            named = await names_of(self._context, (one.transfer for one in asked))
            asked = [one for one in asked if named.get(one.transfer) == params.tx_id]
        return sorted(asked, key=lambda one: (-one.requested_ms, -one.number))

    def _is_asked(self, one: Withdrawal, params: WithdrawalsParams, client: bytes) -> bool:
        kind = INTERNAL if one.kind == Destination.OWNER else ON_A_CHAIN
        return (
            params.ccy in ("", self._catalog.assets[one.asset].symbol)
            and params.state in ("", str(WithdrawalState(one.state).shown))
            and params.type in ("", kind)
            and params.wd_id in ("", ids.text(one.number))
            and client in (b"", one.client)
            and (not params.after or one.requested_ms < params.after)
            and one.requested_ms > params.before
        )

    async def _row(
        self, owner: int, line: Line | None, one: Withdrawal, names: Mapping[bytes, str]
    ) -> dict[str, object]:
        to = str(one.destination)
        if one.kind == Destination.ADDRESS_BOOK:
            desk = self._context.desk
            to = await desk.act(desk.rooms.addresses.text, owner, one.destination)
        row = withdrawal_row(self._catalog.assets[one.asset], line, one, to, names)
        return row | await wait_row(self._context, one)


async def clients_of(context: Context, owner: int, found: Iterable[Withdrawal]) -> dict[bytes, str]:
    """The `clientId` of withdrawals by its hash, where it is still known."""
    hashes = {one.client for one in found} - {b""}
    return await asyncio.to_thread(context.client_ids.texts, owner, hashes) if hashes else {}


def _kinds(kind: str) -> tuple[int, ...]:
    """The destinations that are of a type; none for any."""
    if kind == INTERNAL:
        return (int(Destination.OWNER),)
    others = [int(one) for one in Destination if one is not Destination.OWNER]
    return tuple(others) if kind == ON_A_CHAIN else ()


def withdrawal_row(
    asset: Asset, line: Line | None, one: Withdrawal, to: str, names: Mapping[bytes, str]
) -> dict[str, object]:
    """A withdrawal as REST shows it; `names` are the chain's own of transactions.

    What a withdrawal has not (`tag`, `memo`, `pmtId`, `addrEx`) is left out, as OKX does.
    """
    text, _, memo = to.partition(":")
    row: dict[str, object] = {
        "amt": asset.text(one.value),
        "areaCodeFrom": "",
        "areaCodeTo": "",
        "ccy": asset.symbol,
        "chain": line.chain if line is not None else "",
        "clientId": "",
        "fee": asset.text(amount_int(one.fee)),
        "feeCcy": asset.symbol,
        "from": "",
        "nonTradableAsset": False,
        "note": "",
        "state": str(WithdrawalState(one.state).shown),
        "to": text,
        "toAddrType": BY_ID if one.kind == Destination.OWNER else BY_ADDRESS,
        "ts": str(one.requested_ms),
        "txId": names.get(one.transfer, ""),
        "wdId": ids.text(one.number),
        "xChangedTs": str(one.changed_ms),
        "xConfirm": str(line.confirmations(one.height)) if line is not None else "0",
        # Always there, also empty: pages lay what is pushed over what they have.
        "xHeight": str(one.height) if one.height else "",
    }
    if memo:
        row["tag"] = memo
    if reason := _refused_by(one):
        row["xReason"] = str(reason)
    return row


def _refused_by(one: Withdrawal) -> int:
    """The code of what refused one that failed; 0 where that is not said."""
    if one.state != WithdrawalState.FAILED:
        return 0
    if one.reason == REVERTED:
        return REFUSED_BY_CONTRACT
    return one.reason if one.reason in tuple(Refused) else 0


async def withdrawal_of(context: Context, owner: int, number: int) -> Withdrawal:
    """A user's own withdrawal; Problem 58215."""
    found: Withdrawal | None = await ask(context, WITHDRAWALS, GetWithdrawal(number))
    if found is None or found.owner != owner:
        raise Problem(Refused.UNKNOWN)
    return found


def _affordable(asset: Asset, line: Line | None, available: int) -> str:
    """What there is, and to a chain what of it can be withdrawn, as the fee comes on top."""
    there = f"{asset.text(available)} {asset.symbol}"
    if line is None:
        return there
    fee, step = line.fees[1], 10 ** (asset.scale - line.terms.digits)
    most = max(0, available - fee) // step * step
    fee_text, most_text = asset.text(fee), asset.text(most)
    return f"{there}; a fee of {fee_text} comes on top, so at most {most_text} can be withdrawn"


def _fee(asset: Asset, text: str) -> int:
    try:
        return asset.parse(text)
    except ValueError:
        return -1

"""`account/demo-adjust-balance`: the demo's faucet. Money comes from the treasury and goes back.

All currencies of a request move or none. How often a user was topped up today, on the master
account and all its sub-accounts together, is read from the records, so it holds over restarts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Group,
    Leg,
    Posting,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.balances import trading as trading_accounts
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.amounts import parse_amount
from fullreserve.gateway.rest.bill_types import FAUCET_IN, FAUCET_OUT
from fullreserve.gateway.rest.once import Once
from fullreserve.gateway.rest.params import Ccy, Params
from fullreserve.gateway.rest.past import ledger_caught_up, recorded
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, trading
from fullreserve.gateway.rest.submitted import submitted
from fullreserve.marketdata.bars import DAY
from fullreserve.records.record import Page

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.history import History

A_DAY = 3
# The most of a currency in one increase, in whole units.
MOST = {"BTC": 1, "ETH": 1, "USDT": 5000, "FRT": 100}

TREASURY = AccountKey(chart.HOUSE, chart.TREASURY, 0)


class Adjustment(msgspec.Struct):
    """An amount of a currency."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount")]


def _adjustments(name: str, text: str) -> tuple[Adjustment, ...]:
    if not text.startswith("["):
        raise Problem(51000, name, "a list of ccy and amt")
    rows = [wire.shaped(_Loose, item) for item in wire.text_list(text.encode())]
    for row in rows:
        for field in ("ccy", "amt"):
            if not getattr(row, field):
                raise Problem(50014, name=field)
    return tuple(Adjustment(row.ccy, row.amt) for row in rows)


class _Loose(msgspec.Struct):
    ccy: str = ""
    amt: str = ""


class FaucetParams(Params):
    """What to add or take away; a currency stands in the list once."""

    type: Annotated[Literal["increase", "reduce"], Meta(description="Direction")]
    adjustments: Annotated[
        tuple[Adjustment, ...],
        Meta(description="Amounts by currency: " + ", ".join(MOST), extra={"read": _adjustments}),
    ]


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    faucet = _Faucet(context)
    return {
        ("POST", "account/demo-adjust-balance"): trading(Taking(FaucetParams, faucet.adjust), 5)
    }


async def welcome(context: Context, owner: int) -> None:
    """A new account's first money in the demo: the most of each currency. Problem."""
    assets = context.catalog.asset_named
    wanted = {
        assets[symbol]: units * 10 ** assets[symbol].scale
        for symbol, units in MOST.items()
        if symbol in assets
    }
    await _move(context, owner, wanted, FAUCET_IN)


class _Faucet:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._catalog = context.catalog
        self._once = Once(context.began_ms)
        # One at a time: the next one counts with this one.
        self._lock = asyncio.Lock()

    async def adjust(self, request: Request, params: FaucetParams) -> bytes:
        """Demo only: add to balances, three times a day for each user, or take away from them."""
        if not self._context.demo:
            raise Problem(50053)
        wanted = self._amounts(params)
        self._once.take(request)
        async with self._lock:
            used = await self._used(request.key.main_uid)
            if params.type == "increase":
                if used >= A_DAY:
                    raise Problem(59691, allowed=str(A_DAY))
                used += 1
                await _move(self._context, request.owner, wanted, FAUCET_IN)
            else:
                await self._check_held(request.owner, wanted)
                await _move(self._context, request.owner, wanted, FAUCET_OUT)
        balances = {state.asset: state for state in await self._states(request.owner)}
        details = []
        for asset, amount in wanted.items():
            state = balances.get(asset.id)
            held = amount_int(state.balance) if state else 0
            row = {"ccy": asset.symbol, "amt": asset.text(amount), "bal": asset.text(held)}
            details.append(row)
        counts = {"remainCnt": str(A_DAY - used), "totalCnt": str(A_DAY)}
        return wire.envelope([{**counts, "details": details}])

    def _amounts(self, params: FaucetParams) -> dict[Asset, int]:
        if not params.adjustments:
            raise Problem(50014, name="adjustments")
        amounts: dict[Asset, int] = {}
        for each in params.adjustments:
            asset = currency(self._catalog, each.ccy)
            most = MOST.get(asset.symbol)
            if most is None or asset in amounts:
                raise Problem(51000, "ccy", "each once: " + ", ".join(MOST))
            amount = parse_amount(asset, each.amt)
            if params.type == "increase" and amount > most * 10**asset.scale:
                raise Problem(51000, "amt", f"at most {most} {asset.symbol}")
            amounts[asset] = amount
        return amounts

    async def _states(self, owner: int) -> list[AccountState]:
        states: list[AccountState] = await self._door.query(ListBalances(owner))
        return trading_accounts(states)

    async def _used(self, master: int) -> int:
        """Increases of a user's accounts on this UTC day, by exchange time."""
        desk = self._context.desk
        # Closed ones count too: a new one in their place is no new allowance.
        subs = await desk.act(self._context.vault.sub_accounts, master)
        await ledger_caught_up(self._context)
        now = self._context.clock.exchange_ms()
        page = Page(begin_ms=now - now % DAY)
        owners = [master, *(sub.uid for sub in subs)]

        def ask(history: History) -> set[int]:
            return {
                bill.sequence
                for owner in owners
                for bill in history.bills(owner, chart.TRADE, page, types=(FAUCET_IN,))
            }

        return len(await recorded(self._context, ask))

    async def _check_held(self, owner: int, wanted: dict[Asset, int]) -> None:
        states = {state.asset: state for state in await self._states(owner)}
        for asset, amount in wanted.items():
            state = states.get(asset.id)
            total = amount_int(state.balance) if state else 0
            if amount > total:
                raise Problem(59692, name=asset.symbol)
            if state and amount > total - amount_int(state.hold):
                raise Problem(59693, name=asset.symbol)


async def _move(context: Context, owner: int, wanted: dict[Asset, int], reason: int) -> None:
    account = AccountKey(owner, chart.TRADE, 0)
    sign = 1 if reason == FAUCET_IN else -1
    postings = tuple(
        Posting(
            reason,
            (
                Leg(TREASURY, asset.id, amount_bytes(-sign * amount)),
                Leg(account, asset.id, amount_bytes(sign * amount)),
            ),
        )
        for asset, amount in wanted.items()
    )
    door = context.door
    reply = await submitted(context, Group(door.gateway, door.numbers(1), 0, 0, postings, ()))
    if reply.code:
        # Orders took the money meanwhile, or the treasury ran dry.
        raise Problem(59693, name=", ".join(asset.symbol for asset in wanted))

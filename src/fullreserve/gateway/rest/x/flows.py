"""What came in and what went out on chains since a moment: gross each way, and net."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Destination
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits, Phase
from fullreserve.exchange.products.withdrawal_state import (
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import changed
from fullreserve.gateway.rest.x.suspension_rows import Places, Row

LOOKED_AT_MAX = 20_000  # the newest


class Flow(NamedTuple):
    """At the ledger's scale."""

    gross_in: int
    gross_out: int

    @property
    def net_out(self) -> int:
        return self.gross_out - self.gross_in


def flows(
    deposits: Iterable[Deposit], withdrawals: Iterable[Withdrawal], since_ms: int
) -> dict[int, Flow]:
    """By asset: deposits credited and withdrawals final since a moment."""
    found: dict[int, Flow] = {}
    for coming in deposits:
        if coming.phase >= Phase.CREDITED and coming.changed_ms >= since_ms:
            had = found.get(coming.asset, Flow(0, 0))
            found[coming.asset] = had._replace(gross_in=had.gross_in + coming.value)
    for going in withdrawals:
        final = going.state == WithdrawalState.SUCCESS and going.kind == Destination.ADDRESS_BOOK
        if final and going.changed_ms >= since_ms:
            had = found.get(going.asset, Flow(0, 0))
            found[going.asset] = had._replace(gross_out=had.gross_out + going.value)
    return found


async def flow_rows(context: Context, names: Places, since_ms: int) -> list[Row]:
    """The three figures of each asset, apart."""
    bounds = (LOOKED_AT_MAX, since_ms)
    deposits: list[Deposit] = await changed(context, DEPOSITS, partial(ListDeposits, 0, 0), *bounds)
    withdrawals: list[Withdrawal] = await changed(
        context, WITHDRAWALS, partial(ListWithdrawals, 0, 0), *bounds
    )
    return [
        {
            "ccy": names.asset(asset),
            "grossIn": _text(context, asset, flow.gross_in),
            "grossOut": _text(context, asset, flow.gross_out),
            "netOut": _text(context, asset, flow.net_out),
        }
        for asset, flow in sorted(flows(deposits, withdrawals, since_ms).items())
    ]


def _text(context: Context, asset: int, amount: int) -> str:
    known = context.catalog.assets.get(asset)
    sign = "-" if amount < 0 else ""
    return sign + (known.text(abs(amount)) if known is not None else str(abs(amount)))

"""Deposits and withdrawals over a chain: not offered here, so there are none and none can be made.

The refusals are those that OKX gives while a currency's deposits or withdrawals are suspended.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Ccy, OfCurrencies, OfTime, Params
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading, withdrawing

WdId = Annotated[str, Meta(description="A withdrawal's id")]


class DepositsParams(OfTime):
    """A page of deposits."""

    ccy: Ccy = ""
    dep_id: Annotated[str, Meta(description="A deposit's id")] = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    type: Annotated[str, Meta(description="3 internal, 4 on a chain")] = ""
    state: Annotated[str, Meta(description="State of the deposit")] = ""


class WithdrawalsParams(OfTime):
    """A page of withdrawals."""

    ccy: Ccy = ""
    wd_id: WdId = ""
    client_id: Annotated[str, Meta(description="The withdrawal's id of the client")] = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    type: Annotated[str, Meta(description="3 internal, 4 on a chain")] = ""
    state: Annotated[str, Meta(description="State of the withdrawal")] = ""


class AddressParams(Params):
    """A currency."""

    ccy: Ccy


class WithdrawParams(Params):
    """A withdrawal."""

    ccy: Ccy
    amt: Annotated[str, Meta(description="Amount without the fee")]
    dest: Annotated[Literal["3", "4"], Meta(description="3 internal, 4 on a chain")]
    to_addr: Annotated[str, Meta(description="Address, or e-mail for an internal one")]
    chain: Annotated[str, Meta(description="Chain")] = ""
    client_id: Annotated[str, Meta(description="The withdrawal's id of the client")] = ""


class CancelParams(Params):
    """A withdrawal."""

    wd_id: WdId


class ProgressParams(Params):
    """A withdrawal by its id, or a deposit by its transaction."""

    wd_id: WdId = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    ccy: Ccy = ""
    to: Annotated[str, Meta(description="Address of the deposit")] = ""
    chain: Annotated[str, Meta(description="Chain of the deposit")] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    catalog = context.catalog

    async def deposits(_request: Request, _params: DepositsParams) -> bytes:
        """Deposits: none."""
        return wire.envelope([])

    async def withdrawals(_request: Request, _params: WithdrawalsParams) -> bytes:
        """Withdrawals: none."""
        return wire.envelope([])

    async def address(_request: Request, params: AddressParams) -> bytes:
        """Deposit addresses: refused with 58014."""
        raise Problem(58014, name=currency(catalog, params.ccy).symbol)

    async def withdraw(_request: Request, params: WithdrawParams) -> bytes:
        """Withdraw: refused with 58013."""
        raise Problem(58013, name=currency(catalog, params.ccy).symbol)

    async def cancel(_request: Request, _params: CancelParams) -> bytes:
        """Cancel a withdrawal: none exists (58215)."""
        raise Problem(58215)

    async def progress(_request: Request, params: ProgressParams) -> bytes:
        """How far a deposit or withdrawal is: none exists."""
        if not params.wd_id and not params.tx_id:
            raise Problem(50015, name="wdId or txId")
        if params.wd_id and params.tx_id:
            raise Problem(50024, name="wdId and txId")
        if params.wd_id:
            raise Problem(58215)
        return wire.envelope([])

    async def non_tradable(_request: Request, _params: OfCurrencies) -> bytes:
        """Assets that can be held and not traded: none."""
        return wire.envelope([])

    return {
        ("GET", "asset/deposit-history"): reading(Taking(DepositsParams, deposits), 6, 1000),
        ("GET", "asset/withdrawal-history"): reading(
            Taking(WithdrawalsParams, withdrawals), 6, 1000
        ),
        ("GET", "asset/deposit-address"): reading(Taking(AddressParams, address), 6, 1000),
        ("POST", "asset/withdrawal"): withdrawing(Taking(WithdrawParams, withdraw), 6, 1000),
        ("POST", "asset/cancel-withdrawal"): withdrawing(Taking(CancelParams, cancel), 6, 1000),
        ("GET", "asset/deposit-withdraw-status"): reading(Taking(ProgressParams, progress), 1),
        ("GET", "asset/non-tradable-assets"): reading(Taking(OfCurrencies, non_tradable), 6, 1000),
    }

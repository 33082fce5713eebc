"""`asset/deposit-withdraw-status` and `asset/non-tradable-assets`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from msgspec import Meta

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Deposit, DepositState, ListDeposits
from fullreserve.exchange.products.withdrawal_state import REVERTED, Refused, WithdrawalState
from fullreserve.gateway import ids, wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import changed, lines, names_of
from fullreserve.gateway.deposit_waits import waits_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.queue_places import QueuePlaces
from fullreserve.gateway.rest.asset.deposits import LISTED_MAX
from fullreserve.gateway.rest.asset.withdrawals import WdId, withdrawal_of
from fullreserve.gateway.rest.params import Ccy, OfCurrencies, Params
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading

WORDS = {
    WithdrawalState.CANCELED: "Canceled",
    WithdrawalState.FAILED: "Failed; the amount and the fee were returned",
    WithdrawalState.QUEUED: "Waiting for withdrawals to go on",
    WithdrawalState.BROADCASTING: "Sent to the network",
    WithdrawalState.SUCCESS: "Complete",
    WithdrawalState.REVIEW_2: "Under review; the first of several people has approved it",
    WithdrawalState.COMPLIANCE: "Under review by compliance",
    WithdrawalState.APPROVED: "Approved",
    WithdrawalState.WAITING: "Waiting to be sent",
    WithdrawalState.PENDING: "In a block, not final yet",
    WithdrawalState.TRAVEL_RULE: "Waiting for the receiving institution's answer",
    WithdrawalState.SHORT: "Waiting until the wallet can send it",
    WithdrawalState.FEE_ROSE: "Waiting for its user to agree to a fee that rose",
    WithdrawalState.COOLING: "Waiting to be confirmed in the web app, or for a delay to end",
}
REFUSED_ON_CHAIN = "Refused by a contract on the chain; the amount and the fee were returned"
STOPPED = "Stopped by risk control; what was held came back, less what the account owes"
DEPOSIT_WORDS = {
    DepositState.GONE: "Taken back by its chain",
    DepositState.WAITING: "Waiting for confirmations",
    DepositState.CREDITED: "Credited; it cannot be withdrawn yet",
    DepositState.DONE: "Complete",
    DepositState.SUSPENDED: "Waiting for deposits to go on",
}


class ProgressParams(Params):
    """A withdrawal by its id, or a deposit by its transaction."""

    wd_id: WdId = ""
    tx_id: Annotated[str, Meta(description="Hash of the transaction")] = ""
    ccy: Ccy = ""
    to: Annotated[str, Meta(description="Address of the deposit")] = ""
    chain: Annotated[str, Meta(description="Chain of the deposit")] = ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def progress(request: Request, params: ProgressParams) -> bytes:
        """How far a deposit or withdrawal is."""
        if not params.wd_id and not params.tx_id:
            raise Problem(50015, name="wdId or txId")
        if params.wd_id and params.tx_id:
            raise Problem(50024, name="wdId and txId")
        if params.wd_id:
            one = await withdrawal_of(context, request.owner, ids.number(params.wd_id))
            words = WORDS.get(WithdrawalState(one.state), "Under review")
            if one.state == WithdrawalState.FAILED and one.reason == REVERTED:
                words = REFUSED_ON_CHAIN
            if one.state == WithdrawalState.FAILED and one.reason == Refused.RISK:
                words = STOPPED
            named = await names_of(context, (one.transfer,))
            row = _row(ids.text(one.number), words, named.get(one.transfer, ""))
            place = await QueuePlaces(context).row(one)
            return wire.envelope([row | {"estCompleteTime": place.get("xEtaMs", "")}])
        found: list[Deposit] = await changed(
            context, DEPOSITS, partial(ListDeposits, request.owner, 0), LISTED_MAX
        )
        names = await names_of(context, (one.transfer for one in found))
        meant = [one for one in found if names[one.transfer] == params.tx_id]
        known = {(one.network.network, one.asset.id): one for one in await lines(context)}
        waits = await waits_of(context, request.owner, known, meant)
        rows = [
            _row("", _deposit_words(one, waits.get(one.number, {})), params.tx_id) for one in meant
        ]
        return wire.envelope(rows)

    async def non_tradable(_request: Request, _params: OfCurrencies) -> bytes:
        """Assets that can be held and not traded: none."""
        return wire.envelope([])

    return {
        ("GET", "asset/deposit-withdraw-status"): reading(Taking(ProgressParams, progress), 1),
        ("GET", "asset/non-tradable-assets"): reading(Taking(OfCurrencies, non_tradable), 6, 1000),
    }


def _deposit_words(one: Deposit, waits: Mapping[str, object]) -> str:
    # Of one that its chain took back too, which waits for nothing but that.
    if waits.get("xMissing") or (one.state == DepositState.WAITING and waits.get("xMsg")):
        return str(waits["xMsg"])
    return DEPOSIT_WORDS.get(DepositState(one.state), "On hold")


def _row(number: str, words: str, transaction: str) -> dict[str, str]:
    return {"estCompleteTime": "", "state": words, "txId": transaction, "wdId": number}

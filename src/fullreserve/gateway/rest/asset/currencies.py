"""`asset/currencies`: what can be held here, one line for each currency and chain, its own first.

Terms and switches are the log's; a currency that is on no chain has one line, the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable

from fullreserve.exchange import decimals
from fullreserve.exchange.catalog import Asset
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Hold
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.withdrawal_state import GetQuota, Quota
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines
from fullreserve.gateway.rest.params import OfCurrencies
from fullreserve.gateway.rest.public.instruments import currency
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.stopped import Stopped

LEDGER = "Ledger"
USD_DIGITS = 8

_CURRENCY_BLANKS: dict[str, object] = dict.fromkeys(
    (
        "ctAddr",
        "depEstOpenTime",
        "depQuotaFixed",
        "depQuoteDailyLayer2",
        "logoLink",
        "usedDepQuotaFixed",
        "wdEstOpenTime",
    ),
    "",
)
_CURRENCY_ZEROS: dict[str, object] = dict.fromkeys(
    (
        "burningFeeRate",
        "fee",
        "maxFee",
        "maxFeeForCtAddr",
        "maxWd",
        "minDep",
        "minDepArrivalConfirm",
        "minFee",
        "minFeeForCtAddr",
        "minWd",
        "minWdUnlockConfirm",
        "usedWdQuota",
        "wdQuota",
    ),
    "0",
)

# While withdrawals are capped: USD of 24 hours and what is left, and what all users may take of the
# asset; and whether people look at each.
_FREE: dict[str, object] = {
    "xWdCapUsd": "",
    "xWdCapLeftUsd": "",
    "xWdCapAll": "",
    "xWdReviewed": False,
}


def currency_row(asset: Asset) -> dict[str, object]:
    """One currency on one chain."""
    return {
        **_CURRENCY_BLANKS,
        **_CURRENCY_ZEROS,
        "canDep": False,
        "canInternal": True,
        "canWd": False,
        "ccy": asset.symbol,
        "chain": f"{asset.symbol}-{LEDGER}",
        "mainNet": True,
        "minInternal": asset.text(1),
        "name": asset.symbol,
        "needTag": False,
        "wdTickSz": str(asset.scale),
        **_FREE,
    }


def _held_up(line: Line, quota: Quota, stopped: Stopped) -> dict[str, object]:
    """What a stop in mode `cap` or `review` makes of withdrawals; nothing of a stricter one."""
    found = stopped.leaving(line)
    if found.mode == Mode.REVIEW:
        return {"xWdReviewed": True}
    if found.mode != Mode.CAP:
        return {}
    told: dict[str, object] = {}
    if found.per_user_usd:
        left = max(0, min(found.per_user_usd, quota.limit) - quota.used)
        told["xWdCapUsd"] = decimals.text(found.per_user_usd, USD_DIGITS)
        told["xWdCapLeftUsd"] = decimals.text(left, USD_DIGITS)
    if found.per_asset and amount_int(found.per_asset):
        told["xWdCapAll"] = line.asset.text(amount_int(found.per_asset))
    return told


def chain_row(context: Context, line: Line, quota: Quota, stopped: Stopped) -> dict[str, object]:
    """One currency on a chain that the log has defined."""
    asset, terms, network = line.asset, line.terms, line.network
    is_served = network.network in context.addresses and line.is_well
    no_deposits, no_withdrawals = stopped.deposits(line), stopped.withdrawals(line)
    can_deposit = line.deposits is None and no_deposits is None
    now_ms = context.clock.exchange_ms()
    can_withdraw = line.withdrawals is None and no_withdrawals is None and context.pays()

    least, fee, most = line.fees

    def amount(value: bytes) -> str:
        return asset.text(amount_int(value))

    return currency_row(asset) | {
        "canDep": is_served and can_deposit,
        "canWd": is_served and can_withdraw,
        "chain": line.chain,
        "ctAddr": context.tokens.get((network.network, asset.id), ""),
        "depEstOpenTime": _opens(line.deposits, no_deposits, now_ms),
        "fee": asset.text(fee),
        "maxFee": asset.text(most),
        "maxWd": amount(terms.maximum),
        "minDep": amount(terms.minimum_deposit),
        "minDepArrivalConfirm": str(network.credit_after),
        "minFee": asset.text(least),
        "minWd": amount(terms.minimum),
        "minWdUnlockConfirm": str(network.unlock_after),
        "needTag": network.needs_memo,
        "usedWdQuota": decimals.text(quota.used, USD_DIGITS),
        "wdEstOpenTime": _opens(line.withdrawals, no_withdrawals, now_ms),
        "wdQuota": decimals.text(quota.limit, USD_DIGITS),
        "wdTickSz": str(terms.digits),
        **_held_up(line, quota, stopped),
    }


def own_first(here: Iterable[Line]) -> list[Line]:
    """A currency's lines, the chain first whose fees are paid in it, else as they are."""
    return sorted(here, key=lambda one: one.network.gas_asset != one.asset.id)


def _opens(hold: Hold | None, stop: Suspension | None, now_ms: int) -> str:
    """When all that stops it is expected to be over; "" where nobody can say, or it has passed."""
    times = [hold.until_ms] if hold is not None else []
    times += [stop.terms.est_open_ms] if stop is not None else []
    return str(max(times)) if times and min(times) > now_ms else ""


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""

    async def currencies(request: Request, params: OfCurrencies) -> bytes:
        """Currencies, and whether they can be deposited and withdrawn."""
        asked = dict.fromkeys(params.ccy)
        wanted = [currency(context.catalog, symbol) for symbol in asked]
        wanted = wanted or list(context.catalog.assets.values())
        on_chains = await lines(context)
        rows: list[dict[str, object]] = []
        quota = Quota(0, 0, 0)
        stopped = await Stopped.of(context, request.owner)
        if on_chains:
            now = context.clock.exchange_ms()
            quota = await ask(context, WITHDRAWALS, GetQuota(request.owner, now))
        for asset in wanted:
            within = {"canInternal": stopped.moves_within(asset.id)}
            here = own_first(one for one in on_chains if one.asset is asset)
            for place, one in enumerate(here):
                row = chain_row(context, one, quota, stopped)
                rows.append(row | within | {"mainNet": place == 0})
            rows += [] if here else [currency_row(asset) | within]
        return wire.envelope(rows)

    return {("GET", "asset/currencies"): reading(Taking(OfCurrencies, currencies), 6, 1000)}

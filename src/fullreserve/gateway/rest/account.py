"""`account/*`: balances and settings of an account in spot mode."""

from __future__ import annotations

from fullreserve.exchange import decimals
from fullreserve.exchange.wire.commands import Side, amount_int
from fullreserve.exchange.wire.events import FeeTierSet, OwnerChanged
from fullreserve.exchange.wire.queries import AccountState, GetOwner, ListBalances, ListFeeTiers
from fullreserve.gateway import wire
from fullreserve.gateway.balances import balance_row, trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.order_entry import parse_price
from fullreserve.gateway.rest.public import INSTRUMENT_TYPES, instruments_of, spot
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Route, Routes, reading
from fullreserve.gateway.rest.route import trading as changing
from fullreserve.gateway.valuation import Valuation
from fullreserve.identity.api_key import permission_text

RATE_SCALE = 8
# Settings that spot mode has in one state only: body parameter, the state, endpoint.
FIXED_SETTINGS = (
    ("set-account-level", "acctLv", "1"),
    ("set-position-mode", "posMode", "net_mode"),
    ("set-auto-loan", "autoLoan", "false"),
    ("set-fee-type", "feeType", "0"),
)
GREEKS = ("PA", "BS")


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    account = _Account(context)
    table: Routes = {
        ("GET", "account/balance"): reading(account.balance, 10),
        ("GET", "account/config"): reading(account.config, 5),
        ("GET", "account/instruments"): reading(account.instruments, 20),
        ("GET", "account/trade-fee"): reading(account.trade_fee, 5),
        ("GET", "account/max-size"): reading(account.max_size, 20),
        ("GET", "account/max-avail-size"): reading(account.max_avail_size, 20),
        ("GET", "account/max-withdrawal"): reading(account.max_withdrawal, 20),
        ("GET", "account/positions"): reading(_none, 10),
        ("GET", "account/positions-history"): reading(_none, 10),
        ("GET", "account/leverage-info"): reading(_not_in_spot_mode, 20),
        ("POST", "account/set-leverage"): changing(_not_in_spot_mode, 20),
        ("POST", "account/set-isolated-mode"): changing(_not_in_spot_mode, 5),
        ("POST", "account/set-greeks"): changing(_set_greeks, 5),
    }
    for name, parameter, only in FIXED_SETTINGS:
        table[("POST", f"account/{name}")] = _fixed(parameter, only)
    return table


async def _none(_request: Request) -> bytes:
    """Spot mode has no positions."""
    return wire.envelope([])


async def _not_in_spot_mode(request: Request) -> bytes:
    raise Problem(51010, name=request.text("mgnMode") or "of this setting")


async def _set_greeks(request: Request) -> bytes:
    request.required("greeksType")
    return wire.envelope([{"greeksType": request.choice("greeksType", GREEKS)}])


def _fixed(parameter: str, only: str) -> Route:
    async def handler(request: Request) -> bytes:
        if request.required(parameter) != only:
            raise Problem(59000, allowed=f"{parameter} is {only} for every account for now")
        value = False if only == "false" else only
        return wire.envelope([{parameter: value}])

    return changing(handler, 5)


class _Account:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._catalog = context.catalog
        self._valuation = Valuation(context.catalog, context.market)
        self._now = context.clock.exchange_ms
        self._wall = context.clock.wall_ms

    async def _states(self, request: Request) -> list[AccountState]:
        states: list[AccountState] = await self._door.query(ListBalances(request.owner))
        return states

    async def balance(self, request: Request) -> bytes:
        wanted = request.names("ccy")
        states = await self._states(request)
        row = balance_row(self._catalog, states, self._valuation, self._now(), wanted)
        return wire.envelope([row])

    async def _owner(self, request: Request) -> OwnerChanged:
        owner: OwnerChanged | None = await self._door.query(GetOwner(request.owner))
        if owner is None:
            raise Problem(50008)
        return owner

    async def config(self, request: Request) -> bytes:
        owner = await self._owner(request)
        key = request.key
        row = {
            "acctLv": "1",
            "acctStpMode": "cancel_maker",
            "autoLoan": False,
            "ctIsoMode": "automatic",
            "enableSpotBorrow": False,
            "feeType": "0",
            "greeksType": "PA",
            "ip": ",".join(key.network_texts),
            "kycLv": str(owner.kyc),
            "label": key.label,
            "level": f"Lv{owner.tier}",
            "levelTmp": "",
            "liquidationGear": "-1",
            "mainUid": str(key.main_uid),
            "mgnIsoMode": "automatic",
            "opAuth": "0",
            "perm": permission_text(key.permissions),
            "posMode": "net_mode",
            "roleType": "0",
            "settleCcy": "",
            "settleCcyList": [],
            "spotBorrowAutoRepay": False,
            "spotOffsetType": "",
            "spotRoleType": "0",
            "spotTraderInsts": [],
            "stgyType": "0",
            "traderInsts": [],
            "type": "0" if key.main_uid == key.uid else "1",
            "uid": str(key.uid),
        }
        return wire.envelope([row])

    async def instruments(self, request: Request) -> bytes:
        return instruments_of(self._catalog, request)

    async def trade_fee(self, request: Request) -> bytes:
        """Rates in OKX's sign: negative is paid, positive is a rebate."""
        kind = request.choice("instType", INSTRUMENT_TYPES) or request.required("instType")
        if request.text("instId"):
            spot(self._catalog, request.text("instId"))
        owner = await self._owner(request)
        tiers: list[FeeTierSet] = await self._door.query(ListFeeTiers())
        tier = next((tier for tier in tiers if tier.tier == owner.tier), None)
        maker, taker = (tier.maker, tier.taker) if tier else (0, 0)
        maker_text, taker_text = (decimals.text(-rate, RATE_SCALE) for rate in (maker, taker))
        spot_fees = {"maker": maker_text, "taker": taker_text}
        row = {
            **spot_fees,
            "makerU": "",
            "takerU": "",
            "makerUSDC": maker_text,
            "takerUSDC": taker_text,
            "category": "1",
            "delivery": "",
            "exercise": "",
            "feeGroup": [{"groupId": "1", **spot_fees}],
            "fiat": [],
            "instType": kind,
            "level": f"Lv{owner.tier}",
            "ruleType": "normal",
            "ts": str(self._wall()),
        }
        return wire.envelope([row])

    async def max_size(self, request: Request) -> bytes:
        """What all of the balance buys at a price (the best ask where none is given) or sells."""
        rows = []
        free = {s.asset: _free(s) for s in trading(await self._states(request))}
        for name in request.names("instId") or [request.required("instId")]:
            instrument = spot(self._catalog, name)
            given = request.text("px")
            price = parse_price(instrument, "px", given) if given else self._ask(instrument.id)
            quote = free.get(instrument.quote.id, 0)
            buy = 0
            if price:
                up = 10 ** (instrument.price_scale + instrument.size_scale)
                buy = quote * up // (price * 10**instrument.quote.scale)
            lot = instrument.spec.lot
            row = {
                "ccy": "",
                "instId": name,
                "maxBuy": instrument.size_text(buy // lot * lot),
                "maxSell": instrument.base.text(free.get(instrument.base.id, 0)),
            }
            rows.append(row)
        return wire.envelope(rows)

    def _ask(self, instrument: int) -> int:
        best = self._valuation.market.of(instrument).book.asks.best
        return best.price if best else 0

    async def max_avail_size(self, request: Request) -> bytes:
        rows = []
        free = {s.asset: _free(s) for s in trading(await self._states(request))}
        for name in request.names("instId") or [request.required("instId")]:
            instrument = spot(self._catalog, name)
            sides = {Side.BUY: instrument.quote, Side.SELL: instrument.base}
            texts = {side: asset.text(free.get(asset.id, 0)) for side, asset in sides.items()}
            row = {"instId": name, "availBuy": texts[Side.BUY], "availSell": texts[Side.SELL]}
            rows.append(row)
        return wire.envelope(rows)

    async def max_withdrawal(self, request: Request) -> bytes:
        wanted = request.names("ccy")
        rows = []
        for state in trading(await self._states(request)):
            asset = self._catalog.assets[state.asset]
            if not wanted or asset.symbol in wanted:
                free = asset.text(_free(state))
                row = {"ccy": asset.symbol, "maxWd": free, "maxWdEx": free}
                rows.append({**row, "spotOffsetMaxWd": "", "spotOffsetMaxWdEx": ""})
        return wire.envelope(rows)


def _free(state: AccountState) -> int:
    return amount_int(state.balance) - amount_int(state.hold)

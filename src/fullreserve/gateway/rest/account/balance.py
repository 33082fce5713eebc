"""What the trading account holds, and its risk: none, in spot mode."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.balances import balance_row, trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.params import InstId, InstType, OfCurrencies, Params
from fullreserve.gateway.rest.public.instruments import InstrumentsParams, instruments_of
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import Routes, Taking, reading
from fullreserve.gateway.valuation import Valuation, last_prices, usd_text
from fullreserve.marketdata.trades import Tape

# Rendered balances, of the owners who ask; some kilobytes each.
SHOWN_KEPT = 4_096


class PositionsParams(Params):
    """Positions of a product or an instrument."""

    inst_type: InstType | None = None
    inst_id: InstId = ""
    pos_id: str = ""


class RiskParams(Params):
    """Balances and positions of a product."""

    inst_type: InstType | None = None


def routes(context: Context) -> Routes:
    """Endpoints by method and path."""
    account = _Account(context)
    return {
        ("GET", "account/balance"): reading(Taking(OfCurrencies, account.balance), 10),
        ("GET", "account/positions"): reading(Taking(PositionsParams, _positions), 10),
        ("GET", "account/positions-history"): reading(Taking(PositionsParams, _positions), 10),
        ("GET", "account/account-position-risk"): reading(Taking(RiskParams, account.risk), 10),
        ("GET", "account/risk-state"): reading(Taking(Params, account.state), 10),
        ("GET", "account/instruments"): reading(
            Taking(InstrumentsParams, account.instruments), 20, by="instType"
        ),
    }


async def _positions(_request: Request, _params: PositionsParams) -> bytes:
    """Positions: spot mode has none."""
    return wire.envelope([])


class _Shown(NamedTuple):
    """An owner's balance as JSON up to its time, for as long as states and prices are the same."""

    states: list[AccountState]
    listed: int  # instruments
    sources: list[Tape]
    prices: list[int]
    until_time: bytes

    def is_of(self, states: list[AccountState], listed: int) -> bool:
        """Whether it would be rendered so again."""
        return (
            states is self.states
            and listed == self.listed
            and last_prices(self.sources) == self.prices
        )


class _Account:
    def __init__(self, context: Context) -> None:
        self._door = context.door
        self._catalog = context.catalog
        self._valuation = Valuation(context.catalog, context.market)
        self._now = context.clock.exchange_ms
        self._shown: dict[int, _Shown] = {}

    async def _states(self, owner: int) -> list[AccountState]:
        states: list[AccountState] = await self._door.query(ListBalances(owner))
        return states

    async def balance(self, request: Request, params: OfCurrencies) -> bytes:
        """What the trading account holds."""
        owner = request.owner
        states = await self._states(owner)
        if params.ccy:
            row = balance_row(self._catalog, states, self._valuation, self._now(), params.ccy)
            return wire.envelope([row])
        known = self._shown.get(owner)
        if known is None or not known.is_of(states, len(self._catalog.instruments)):
            known = self._show(owner, states)
        return b'%b"%d"}]}' % (known.until_time, self._now())

    def _show(self, owner: int, states: list[AccountState]) -> _Shown:
        row = balance_row(self._catalog, states, self._valuation, 0)
        until_time = wire.envelope([row]).removesuffix(b'"0"}]}')
        assets = [self._catalog.assets[state.asset] for state in trading(states)]
        sources = self._valuation.sources(assets)
        listed = len(self._catalog.instruments)
        shown = _Shown(states, listed, sources, last_prices(sources), until_time)
        if len(self._shown) >= SHOWN_KEPT:
            self._shown.clear()
        self._shown[owner] = shown
        return shown

    async def risk(self, request: Request, _params: RiskParams) -> bytes:
        """Balances and positions at one moment."""
        rows = []
        for state in trading(await self._states(request.owner)):
            asset, total = self._catalog.assets[state.asset], amount_int(state.balance)
            value = usd_text(self._valuation.usd(asset, total))
            rows.append({"ccy": asset.symbol, "eq": asset.text(total), "disEq": value})
        row = {"adjEq": "", "balData": rows, "posData": [], "ts": str(self._now())}
        return wire.envelope([row])

    async def state(self, _request: Request, _params: Params) -> bytes:
        """Whether the account is at risk: never, in spot mode."""
        row = {"atRisk": False, "atRiskIdx": [], "atRiskMgn": [], "ts": str(self._now())}
        return wire.envelope([row])

    async def instruments(self, _request: Request, params: InstrumentsParams) -> bytes:
        """The instruments that this account can trade."""
        return instruments_of(self._catalog, params)

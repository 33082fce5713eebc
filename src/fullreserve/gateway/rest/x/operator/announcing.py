"""`x/operator/tiers/announced`: moves between tiers by hand, said before anything is signed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from fullreserve.exchange import chart
from fullreserve.exchange.decimals import text as decimal_text
from fullreserve.exchange.products.announced_moves import (
    LASTS_MAX_MS,
    Announced,
    AnnouncedState,
    fee_most,
    least,
)
from fullreserve.exchange.products.approval_acts import AnnounceMove
from fullreserve.exchange.products.custody_ledger import TIERS, Unsound
from fullreserve.exchange.products.custody_wire import DEPOSITS, EndAnnounced, Tier
from fullreserve.exchange.products.deposit_state import ListAnnounced
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines, names_of, say
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Hundred, Params
from fullreserve.gateway.rest.route import Routes
from fullreserve.gateway.rest.x.operator.guard import Guard, Operator
from fullreserve.gateway.rest.x.operator.numbers import AMOUNT_MAX, amount_of, decimal
from fullreserve.gateway.rest.x.operator.parameters import NotedParams, ProposalParams
from fullreserve.identity.roles import Role

HOUR_MS = 3_600_000
KNOWN = 1_000
OTHERWISE = 91_012  # it counts no more, or is posted: nothing would change

Place = Annotated[Literal["hot", "warm", "cold"], Meta(description="A tier")]


class AnnouncedParams(Params):
    """How many moves."""

    limit: Hundred = 20


class EndParams(NotedParams):
    """An announced move that is not to be made, or is not to be waited for."""

    move: Annotated[int, Meta(ge=1, description="One of x/operator/tiers/announced that is open")]


class AnnounceParams(ProposalParams):
    """A move by hand."""

    chain: Annotated[str, Meta(description="For example BTC-Bitcoin")]
    source: Place
    target: Place
    amount: Annotated[str, Meta(description="What arrives, in the currency")]
    fee_least: Annotated[
        str, Meta(description="What the source itself pays the network at least, in its coin")
    ] = "0"
    fee_most: Annotated[str, Meta(description="And at most; 0 where others pay it")] = "0"
    within_h: Annotated[
        int,
        Meta(ge=1, le=LASTS_MAX_MS // HOUR_MS, description="Hours from the last approval on"),
    ] = 24


def routes(context: Context, guard: Guard) -> Routes:
    """Endpoints by method and path."""
    desk = _Announced(context)
    return dict(
        (
            guard.reads("tiers/announced", AnnouncedParams, desk.listed),
            guard.acts("tiers/end-announced", EndParams, desk.end, Role.TRADING),
        )
    )


async def act_of(context: Context, params: AnnounceParams) -> AnnounceMove:
    """What is proposed; Problem."""
    found = [one for one in await lines(context) if one.chain == params.chain]
    if not found:
        raise Problem(51000, "chain", "a chain of x/operator/custody")
    if params.source == params.target:
        raise Problem(51000, "target", "another tier than source")
    line = found[0]
    asset, amount = amount_of(context.catalog, line.asset.symbol, params.amount)
    coin = context.catalog.assets[line.network.gas_asset]
    if amount < least(asset, coin.id):
        # Less could be there or not, as far as a comparison can tell.
        raise Problem(51000, "amount", f"at least {line.asset.text(least(asset, coin.id))}")
    lowest = decimal("feeLeast", params.fee_least, coin.scale, AMOUNT_MAX)
    most = decimal("feeMost", params.fee_most, coin.scale, AMOUNT_MAX)
    largest = fee_most(asset, coin.id, amount)
    if not lowest <= most <= largest:
        highest = f"{decimal_text(largest, coin.scale)} {coin.symbol}"
        raise Problem(51000, "feeMost", f"at least feeLeast, and at most {highest}")
    return AnnounceMove(
        *(line.network.network, asset, Tier[params.source.upper()], Tier[params.target.upper()]),
        *(amount_bytes(amount), amount_bytes(lowest), amount_bytes(most)),
        params.within_h * HOUR_MS,
    )


async def require_held(context: Context, act: AnnounceMove) -> None:
    """Problem 51000 for more than the ledger has at the source, less what is announced there."""
    house: list[AccountState] = await context.door.query(ListBalances(chart.HOUSE))
    place = (TIERS[act.source], act.network, act.asset)
    held = -sum(
        amount_int(one.balance) for one in house if (one.kind, one.instance, one.asset) == place
    )
    asked = ListAnnounced(is_open=True, limit=KNOWN)
    others: list[Announced] = await ask(context, DEPOSITS, asked)
    way = (act.network, act.asset, act.source)
    held -= sum(
        amount_int(one.amount) for one in others if (one.network, one.asset, one.source) == way
    )
    if amount_int(act.amount) > held:
        asset = context.catalog.assets[act.asset]
        most = f"{asset.text(max(0, held))} {asset.symbol}"
        tier = Tier(act.source).name.lower()
        raise Problem(
            51000, "amount", f"at most {most}: {tier} holds no more that is not announced"
        )


async def terms_of(context: Context, act: AnnounceMove) -> dict[str, str]:
    """What is proposed, for those who decide about it, in the endpoint's own names."""
    places = {(one.network.network, one.asset.id): one for one in await lines(context)}
    line = places.get((act.network, act.asset))
    return {} if line is None else _way(context, line, act) | _hours(act.lasts_ms)


def _hours(lasts_ms: int) -> dict[str, str]:
    return {"withinH": str(lasts_ms // HOUR_MS)}


def _way(context: Context, line: Line, one: AnnounceMove | Announced) -> dict[str, str]:
    coin = context.catalog.assets[line.network.gas_asset]

    def fee(amount: Amount) -> str:
        return decimal_text(amount_int(amount), coin.scale)

    return {
        "chain": line.chain,
        "source": Tier(one.source).name.lower(),
        "target": Tier(one.target).name.lower(),
        "amount": line.asset.text(amount_int(one.amount)),
        "feeLeast": fee(one.fee_least),
        "feeMost": fee(one.fee_most),
        "feeCcy": coin.symbol,
    }


class _Announced:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def listed(self, _who: Operator, params: AnnouncedParams) -> bytes:
        """Announced moves by hand, newest first: whether the chain shows each, and until when."""
        return wire.envelope(await self._rows(params.limit))

    async def end(self, _who: Operator, params: EndParams) -> bytes:
        """An announced move counts no more, from now on; one operator may."""
        found = [one for one in await self._known(KNOWN) if one.number == params.move]
        if not found:
            raise Problem(91023, name=f"announced move: {params.move}")
        word = EndAnnounced(found[0].network, params.move)
        reply = await say(self._context, DEPOSITS, word)
        if reply.code:
            raise Problem(OTHERWISE if reply.code == Unsound.CONTRADICTS else reply.code)
        rows = await self._rows(KNOWN)
        return wire.envelope([one for one in rows if one["move"] == str(params.move)])

    async def _known(self, limit: int) -> list[Announced]:
        asked = ListAnnounced(is_open=False, limit=limit)
        found: list[Announced] = await ask(self._context, DEPOSITS, asked)
        return found

    async def _rows(self, limit: int) -> list[dict[str, Any]]:
        known = {(one.network.network, one.asset.id): one for one in await lines(self._context)}
        found = [one for one in await self._known(limit) if (one.network, one.asset) in known]
        names = await names_of(self._context, [one.transfer for one in found])
        now_ms = self._context.clock.exchange_ms()
        return [
            {"move": str(one.number), "ccy": line.asset.symbol}
            | _way(self._context, line, one)
            | _state(one, now_ms)
            | {"txId": names.get(one.transfer, "")}
            for one in found
            for line in (known[one.network, one.asset],)
        ]


def _state(one: Announced, now_ms: int) -> dict[str, str]:
    """`overdue`: seen, and its time is over without a posting."""
    is_overdue = one.state == AnnouncedState.SEEN and now_ms >= one.expires_ms
    is_late = one.is_open and not one.is_allowed(now_ms)
    state = "overdue" if is_overdue else AnnouncedState(one.state).name.lower()
    return {
        "state": "expired" if is_late else state,
        "height": str(one.height) if one.height else "",
        "announcedTs": str(one.announced_ms),
        "expiresTs": str(one.expires_ms),
        "endedTs": str(one.ended_ms) if one.ended_ms else "",
    }

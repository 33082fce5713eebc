"""Quotes what a withdrawal costs, from what nodes say of fees now, within bounds of the file.

A quote is said again when it has moved by more than a twentieth, or is half over; when its node
cannot be asked none is said, and from the last one's end the fixed fee of the terms holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from fullreserve.clock import Clock
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.house import House
from fullreserve.custody.networks import FeeBounds, Network
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.withdrawal_state import Fee, FeeQuote, ListFees
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

LASTS_MS = 10 * 60_000
MOVED_PERCENT = 5
LEDGER_DIGITS = 8


class Quoted(NamedTuple):
    """A network whose fees move; `cost` of a payment is in its coin's own units. NodeProblem."""

    network: int
    coin: int
    scale: Scale  # of the coin
    bounds: Mapping[int, FeeBounds]  # by asset
    cost: Callable[[int], int]


def quoted(networks: Sequence[Network]) -> list[Quoted]:
    """Those of the file that have bounds for fees."""
    return [
        Quoted(one.network, one.coin, one.scales[one.coin], one.fees, one.chains()[0].payment_cost)
        for one in networks
        if one.fees
    ]


class FeeQuotes:
    """Of every asset that has bounds."""

    def __init__(self, networks: Sequence[Quoted], house: House, clock: Clock) -> None:
        self._networks = networks
        self._house = house
        self._clock = clock

    async def round(self) -> None:
        """Says what has changed; Unavailable, ValueError where something cannot be quoted."""
        if not self._networks:
            return
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        told: list[Fee] = await self._house.ask(wire.WITHDRAWALS, ListFees(now_ms))
        before = {(one.network, one.asset): one.quote for one in told}
        digits = await self._digits()
        payloads, problems = list[wire.QuoteFee](), list[str]()
        for one in self._networks:
            for asset, bounds in one.bounds.items():
                place = (one.network, asset)
                if place not in digits:
                    continue
                try:
                    fee = _up(await self._cost(one, asset), digits[place])
                except (NodeProblem, ValueError) as problem:
                    problems.append(f"network {one.network}: {problem}")
                    continue
                fee = min(max(fee, bounds.least), bounds.most)
                if _is_due(before.get(place), fee, now_ms):
                    least, now, most = map(amount_bytes, (bounds.least, fee, bounds.most))
                    until_ms = now_ms + LASTS_MS
                    payloads.append(wire.QuoteFee(*place, least, now, most, until_ms))
        codes = await self._house.report(wire.WITHDRAWALS, *payloads) if payloads else []
        problems += [f"a quote was refused with {code}" for code in codes if code]
        if problems:
            raise ValueError("; ".join(problems))

    async def _cost(self, one: Quoted, asset: int) -> int:
        """In the ledger's units of the asset, rounded up; NodeProblem, ValueError."""
        fee = one.scale.cost(await asyncio.to_thread(one.cost, asset))
        if asset == one.coin:
            return fee
        rates = await self._house.usd_rates([one.coin, asset])
        if len(rates) < 2:
            raise ValueError(f"no price to quote asset {asset}'s fee in")
        coin, other = rates[one.coin], rates[asset]
        return -(-fee * coin.usd * other.units // (coin.units * other.usd))

    async def _digits(self) -> dict[tuple[int, int], int]:
        """Digits after the point, by network and asset, of what the log lets withdraw."""
        states: list[NetworkState] = await self._house.ask(wire.WITHDRAWALS, ListNetworks())
        return {
            (one.terms.network, each.asset): each.digits
            for one in states
            for each in one.terms.assets
        }


def _up(fee: int, digits: int) -> int:
    unit: int = 10 ** (LEDGER_DIGITS - digits)
    return -(-fee // unit) * unit


def _is_due(before: FeeQuote | None, fee: int, now_ms: int) -> bool:
    if before is None or before.until_ms - now_ms < LASTS_MS // 2:
        return True
    was = amount_int(before.fee)
    return abs(fee - was) * 100 > was * MOVED_PERCENT

"""A seeded stream of orders of many traders on one market: some rest, some trade, some change."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from fullreserve.exchange import chart
from fullreserve.exchange.wire import commands as c

OWNERS = range(10_000_001, 10_000_201)
MARKET, BTC, USDT = 1, 1, 6
PRICE, SPREAD = 420_000, 40


def traders() -> list[c.AnyCommand]:
    """200 accounts with money from the treasury."""
    treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
    commands: list[c.AnyCommand] = []
    for owner in OWNERS:
        commands.append(c.OpenOwner(0, 0, owner, owner, 0, 1))
        for asset, units in ((BTC, 50), (USDT, 2_000_000)):
            target = c.AccountKey(owner, chart.TRADE, 0)
            amount = c.amount_bytes(units * 10**8)
            commands.append(c.Transfer(0, 0, chart.HOUSE, treasury, target, asset, amount))
    return commands


class Flow:
    """The stream; orders are named, so that they can be found again.

    A share `changes` of the commands amends or cancels; of the orders half rest, an eighth are
    market orders and the others IOC.
    """

    def __init__(self, gateway: int, number: Callable[[], int], changes: float) -> None:
        self._random = Random(1)
        self._gateway = gateway
        self._number = number
        self._changes = changes
        self._named = 0
        self._resting: list[tuple[int, str]] = []

    def command(self) -> c.AnyCommand:
        draw = self._random
        if draw.random() < self._changes and self._resting:
            return self._change()
        self._named += 1
        owner, side = draw.choice(OWNERS), draw.choice((c.Side.BUY, c.Side.SELL))
        name, size = f"n{self._named}", draw.randint(1, 100)
        away = draw.randint(1, SPREAD) * (1 if side == c.Side.SELL else -1)
        kind, price = c.OrderType.LIMIT, PRICE + away
        dice = draw.random()
        if dice < 1 / 8:
            kind, price = c.OrderType.MARKET, 0
        elif dice < 1 / 2:
            kind, price = c.OrderType.IOC, PRICE - away
        else:
            self._resting.append((owner, name))
        what = (MARKET, side, kind, price, size, c.SizeUnit.BASE)
        return c.PlaceOrder(self._gateway, self._number(), owner, *what, client_order_id=name)

    def _change(self) -> c.AnyCommand:
        draw, gateway = self._random, self._gateway
        place = draw.randrange(len(self._resting))
        owner, name = self._resting[place]
        if draw.random() < 0.5:
            size = draw.randint(1, 100)
            return c.AmendOrder(gateway, self._number(), owner, MARKET, 0, name, size, 0)
        self._resting[place] = self._resting[-1]
        self._resting.pop()
        return c.CancelOrder(gateway, self._number(), owner, MARKET, 0, name)

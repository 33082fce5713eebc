"""Random commands of two traders on one market."""

from __future__ import annotations

import random

from fullreserve.exchange.wire.commands import (
    AmendOrder,
    AnyCommand,
    CancelAll,
    CancelAllAfter,
    OrderType,
    PlaceOrder,
    Side,
)
from tests.bed import ALICE, BOB, BTC_USDT


def random_command(draws: random.Random, number: int) -> AnyCommand:
    """Orders, amends, dead man's switches and cancels in a lively mix."""
    owner = draws.choice((ALICE, BOB))
    kind = draws.random()
    if kind < 0.75:
        price = 400_000 + draws.randrange(-40, 40) * 10
        style = draws.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.IOC, OrderType.POST_ONLY))
        side = draws.choice((Side.BUY, Side.SELL))
        size = draws.randrange(1, 500)
        name = f"n{draws.randrange(50)}"
        return PlaceOrder(
            1, number, owner, BTC_USDT, side, style, price, size, client_order_id=name
        )
    if kind < 0.9:
        name = f"n{draws.randrange(50)}"
        return AmendOrder(1, number, owner, BTC_USDT, 0, name, draws.randrange(1, 500), 0)
    if kind < 0.97:
        return CancelAllAfter(1, number, owner, draws.choice((0, 10_000, 15_000)))
    return CancelAll(1, number, owner)

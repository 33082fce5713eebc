"""Shapes taken from recorded markets: how deep a book is and how large takers trade."""

from __future__ import annotations

from functools import cache
from statistics import median

from fullreserve.simulation.recorded_data import eth_trades, xrp_book, xrp_eth_trades


@cache
def depth_shape(levels: int) -> tuple[float, ...]:
    """Relative size of each level by distance from the touch, median 1.

    The recorded 500 levels a side are pooled into `levels` bands of equal distance and averaged
    over both sides.
    """
    book = xrp_book()
    mid = (book.bids[0][0] + book.asks[0][0]) / 2
    reach = min(mid - book.bids[-1][0], book.asks[-1][0] - mid)
    bands = [0.0] * levels
    for price, size in book.bids + book.asks:
        band = int(abs(price - mid) / reach * levels)
        if band < levels:
            bands[band] += size
    middle = median(bands) or 1.0
    return tuple(min(max(size / middle, 0.2), 5.0) for size in bands)


@cache
def taker_notionals() -> tuple[float, ...]:
    """Sizes of recorded taker trades relative to their median, ascending.

    Trades of one millisecond and side are one taker order, as the venues print a row a match.
    """
    sizes: list[float] = []
    for trades in (eth_trades(), xrp_eth_trades()):
        orders: dict[tuple[int, str], float] = {}
        for trade in trades:
            key = (trade.time_ms, trade.side)
            orders[key] = orders.get(key, 0.0) + trade.price * trade.size
        middle = median(orders.values())
        sizes.extend(value / middle for value in orders.values())
    return tuple(sorted(sizes))

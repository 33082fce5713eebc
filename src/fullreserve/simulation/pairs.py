"""The demo's pairs: how tightly they are quoted and how large a median level is."""

from __future__ import annotations

from typing import NamedTuple


class Quoting(NamedTuple):
    """`spread` (half) and `step` are relative to the price; `level_usd` is a median level."""

    spread: float
    step: float
    level_usd: float
    weight: float  # share of takers' orders


QUOTING: dict[str, Quoting] = {
    "BTC-USDT": Quoting(0.00004, 0.0001, 25_000, 6.0),
    "ETH-USDT": Quoting(0.00005, 0.0001, 18_000, 5.0),
    "XRP-USDT": Quoting(0.00012, 0.0002, 6_000, 2.5),
    "LTC-USDT": Quoting(0.00015, 0.0002, 4_000, 1.5),
    "SOL-USDT": Quoting(0.00008, 0.00015, 9_000, 3.0),
    "FRT-USDT": Quoting(0.0004, 0.0005, 1_500, 1.5),
    "USDC-USDT": Quoting(0.00005, 0.0001, 20_000, 1.0),
    "BTC-USDC": Quoting(0.00006, 0.00015, 12_000, 2.0),
    "ETH-USDC": Quoting(0.00008, 0.00015, 8_000, 1.5),
    "SOL-USDC": Quoting(0.00015, 0.0003, 3_000, 1.0),
    "ETH-BTC": Quoting(0.0001, 0.0002, 8_000, 1.5),
    "SOL-BTC": Quoting(0.0002, 0.0004, 3_000, 0.7),
    "LTC-BTC": Quoting(0.0003, 0.0005, 2_000, 0.6),
    "XRP-BTC": Quoting(0.0003, 0.0005, 2_000, 0.6),
    "XRP-ETH": Quoting(0.0003, 0.0005, 1_500, 0.5),
}
OTHER = Quoting(0.0005, 0.001, 1_000, 0.5)


def quoting(symbol: str) -> Quoting:
    """How a pair is quoted; pairs that an operator adds get wide, small quotes."""
    return QUOTING.get(symbol, OTHER)

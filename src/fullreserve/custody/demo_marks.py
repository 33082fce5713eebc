"""When the demo refills hot from warm and sweeps hot to it: each chain's marks, and the policy.

On each chain hot begins with too little of something or too much, so that a refill or a sweep is
seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fullreserve.custody.demo_terms import BITCOIN, LITECOIN, MEMO, NETWORK
from fullreserve.custody.house import House
from fullreserve.custody.keys.intent import Rule, TierPolicy
from fullreserve.custody.networks import Network
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, ListMarks, Marks, SetMarks
from fullreserve.exchange.wire.commands import amount_bytes

UNIT = 10**8
LARGE = 10**30  # in a chain's units: the log's marks bound what moves
FEE_MAX = 10**7  # of a script wallet's move, in the chain's units


class Marked(NamedTuple):
    """In whole units."""

    low: int
    target: int
    cap: int
    most: int
    day_most: int


# Hot begins with 9,000 ETH, 15,000,000 of each dollar and of XRP, and 2,000 BTC and LTC.
MARKED: dict[int, dict[str, Marked]] = {
    NETWORK: {
        "ETH": Marked(9_500, 10_500, 20_000, 2_000, 10_000),
        "USDC": Marked(3_000_000, 11_000_000, 14_000_000, 4_000_000, 20_000_000),
        "USDT": Marked(3_000_000, 8_000_000, 30_000_000, 4_000_000, 20_000_000),
    },
    BITCOIN: {"BTC": Marked(2_050, 2_200, 3_000, 200, 1_000)},
    LITECOIN: {"LTC": Marked(500, 1_700, 1_900, 300, 1_000)},
    MEMO: {"XRP": Marked(16_000_000, 17_000_000, 30_000_000, 2_000_000, 10_000_000)},
}


async def told(house: House, network: Network, numbers: Mapping[str, int]) -> None:
    """Tells the log the marks of assets that have none yet."""
    known: list[Marks] = await house.ask(TIER_MOVES, ListMarks())
    marked = {one.asset for one in known if one.network == network.network}
    for symbol, one in MARKED[network.network].items():
        if numbers[symbol] not in marked:
            await house.report(TIER_MOVES, SetMarks(_marks(network.network, numbers[symbol], one)))


def _marks(network: int, asset: int, one: Marked) -> Marks:
    low, target, cap, most, day_most = (amount_bytes(units * UNIT) for units in one)
    return Marks(network, asset, low, target, cap, amount_bytes(UNIT), most, day_most)


def policy_of(networks: Sequence[Network], approvers: Mapping[str, str]) -> TierPolicy:
    """What each warm holder's signer goes by: warm pays hot, as the log has decided."""
    rules = tuple(rule for one in networks for rule in _rules(one))
    return TierPolicy(1, 2, dict(approvers), rules)


def _rules(network: Network) -> list[Rule]:
    is_script, of = network.is_script, network.addresses()
    hot = [of.place(of.own[0])] if is_script else [bytes.fromhex(lane) for lane in network.lanes]
    return [
        Rule(
            network.network, "warm", "hot", asset, place, LARGE, LARGE, FEE_MAX if is_script else 0,
            bytes.fromhex(network.tokens.get(asset, "")), standing=True,
        )
        for asset in network.decimals
        for place in hot
    ]  # fmt: skip

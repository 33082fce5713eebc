"""A campaign of the points fold on BTC-USDT, with a budget from the treasury."""

from __future__ import annotations

import msgspec

from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange import chart
from fullreserve.exchange.products.points import Points, StartCampaign
from fullreserve.exchange.wire.commands import AccountKey, Product, Transfer, amount_bytes
from tests.bed import BTC_USDT, USDT, submit

CAMPAIGN_KIND = 21
POOL = AccountKey(chart.HOUSE, CAMPAIGN_KIND, 1)
UNIT = 100  # base at size scale for a point
REWARD = 5 * 10**8
BONUS = 50 * 10**8
MILESTONE = 10
BUDGET = 1_000 * 10**8


def product(door: Door, owner: int, payload: msgspec.Struct) -> Product:
    """A product command of an owner with the door's next number."""
    encoded = msgspec.msgpack.encode(payload)
    return Product(door.gateway, door.numbers(1), Points.number, owner, encoded)


def start(door: Door, owner: int = chart.HOUSE) -> Product:
    """Starts the campaign, as the house by default."""
    campaign = StartCampaign(BTC_USDT, UNIT, POOL, chart.FUND, USDT, REWARD, MILESTONE, BONUS)
    return product(door, owner, campaign)


async def start_campaign(door: Door) -> None:
    """Funds the campaign's account and starts it."""
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    amount = amount_bytes(BUDGET)
    number = door.numbers(1)
    fund = Transfer(door.gateway, number, chart.HOUSE, treasury, POOL, USDT, amount)
    replies = await submit(door, [fund, start(door)])
    assert not isinstance(replies, Refused)
    assert [reply.code for reply in replies] == [0, 0]

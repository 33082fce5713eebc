"""The demo's accounts and how the treasury funds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fullreserve.door.outcome import outcomes
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import queries as q

BILL_TRANSFER = 1


class Account(NamedTuple):
    """A demo account; `scale` multiplies the amounts of `FUNDS`."""

    name: str
    scale: int
    flags: c.OwnerFlag


FUNDS: dict[str, int] = {
    "BTC": 10,
    "ETH": 200,
    "XRP": 500_000,
    "LTC": 3_000,
    "SOL": 3_000,
    "USDT": 1_000_000,
    "USDC": 500_000,
    "FRT": 300_000,
}

ACCOUNTS: tuple[Account, ...] = (
    Account("trader", 1, c.OwnerFlag.NONE),
    Account("trader2", 1, c.OwnerFlag.NONE),
    # Makers keep thousands of orders: the caps on pending orders are for customers.
    Account("maker1", 300, c.OwnerFlag.HOUSE),
    Account("maker2", 300, c.OwnerFlag.HOUSE),
    Account("taker1", 100, c.OwnerFlag.NONE),
    Account("taker2", 100, c.OwnerFlag.NONE),
)

TIER = 1
# As whoever signs up in the demo: others can pay them by their uid.
KYC = 1


class FundingFailed(RuntimeError):
    """The treasury could not fund the demo's accounts."""


async def fund(door: Door, uids: dict[str, int]) -> int:
    """Opens and funds the accounts that the exchange does not know yet; how many those were.

    Opening and funding of an account is one contiguous run of the log: after a crash it is there
    whole or not at all.
    """
    catalog = Catalog()
    catalog.apply(await door.query(q.ListAssets()))
    opened = 0
    for account in ACCOUNTS:
        owner = uids[account.name]
        if await door.query(q.GetOwner(owner)) is None:
            await _submit(door, list(_opening(door, account, owner, catalog)))
            opened += 1
    return opened


def _opening(door: Door, account: Account, owner: int, catalog: Catalog) -> Iterator[bytes]:
    first = door.numbers(1 + len(FUNDS))
    gateway = door.gateway
    yield c.encode(c.OpenOwner(gateway, first, owner, owner, 0, TIER, account.flags, KYC))
    treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
    for number, (symbol, units) in enumerate(FUNDS.items(), first + 1):
        asset = catalog.asset_named[symbol]
        amount = c.amount_bytes(units * account.scale * 10**asset.scale)
        target = c.AccountKey(owner, chart.TRADE, 0)
        yield c.encode(
            c.Transfer(
                gateway, number, chart.HOUSE, treasury, target, asset.id, amount, BILL_TRANSFER
            )
        )


async def _submit(door: Door, commands: list[bytes]) -> None:
    result = await outcomes(door, commands)
    if isinstance(result, Refused):
        raise FundingFailed(result.message)
    for reply in result:
        if reply.code:
            raise FundingFailed(f"command {reply.sequence} was refused with code {reply.code}")

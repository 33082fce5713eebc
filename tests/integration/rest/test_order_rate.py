"""Order limits by fill ratio, from the orders of one week to the refusals of the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from fullreserve.exchange.wire.commands import AnyCommand, OpenOwner, SetFeeTier, SetOwner
from fullreserve.gateway.fill_ratio import DAY_MS, EFFECTIVE_MS, next_at
from fullreserve.gateway.levels import VIP5_TIER
from fullreserve.gateway.rest.trade import rating
from fullreserve.marketdata.bars import HOUR
from tests.bed import ALICE, BOB, START_MS, submit, until
from tests.integration.rest.bed import HandClock, RestBed

KID = 10_000_003
PAIRS = ("BTC-USDT", "ETH-USDT", "XRP-USDT", "SOL-USDT", "LTC-USDT")


@pytest_asyncio.fixture
async def rest(tmp_path: Path) -> AsyncIterator[RestBed]:
    opened = await RestBed.open(tmp_path, limits=True, clock=HandClock(START_MS))
    yield opened
    await opened.close()


async def raised(rest: RestBed, tier: int, *more: AnyCommand) -> None:
    """Alice is put into a tier."""
    door = rest.door
    rates = SetFeeTier(door.gateway, door.numbers(1), tier, 80_000, 100_000)
    owner = SetOwner(door.gateway, door.numbers(1), ALICE, 0, tier, 0, 0)
    replies = await submit(door, [rates, owner, *more])
    assert isinstance(replies, list)
    assert {reply.code for reply in replies} == {0}


async def eight(rest: RestBed) -> int:
    """Passes time to the next 08:00 UTC; that moment."""
    now = rest.clock.exchange_ms()
    await rest.pass_time(next_at(now) - now)
    return rest.clock.exchange_ms()


async def rate(rest: RestBed, name: str = "alice") -> dict[str, str]:
    await rest.pass_time(1000)  # it is asked once a second
    answer = await rest.get("trade/account-rate-limit", getattr(rest, name))
    assert answer.code == "0", answer.json
    row: dict[str, str] = answer.row
    return row


def figures(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[k] for k in ("accRateLimit", "nextAccRateLimit", "fillRatio", "mainFillRatio"))


async def trade_a_little(rest: RestBed) -> None:
    """Alice buys 0.00002 BTC at 40,000 with one order: 0.8 USDT over a half."""
    await rest.place(rest.bob, "sell", "40000", "0.00002")
    await rest.place(rest.alice, "buy", "40000", "0.00002")


async def test_a_ratio_sets_the_limit_of_the_next_days(rest: RestBed) -> None:
    """Criterion: REST-LIM-3. It counts for seven days, and a lower limit holds a day later."""
    await raised(rest, VIP5_TIER)
    await trade_a_little(rest)
    before = await rate(rest)
    assert figures(before) == ("1000", "", "", "")
    assert before["ts"] == str(rest.clock.exchange_ms())
    now = await eight(rest)
    first = await rate(rest)
    assert figures(first) == ("1250", "1250", "1.6", "1.6")
    assert first["ts"] == str(now)
    assert figures(await rate(rest, "bob")) == ("1000", "", "", "")
    await rest.pass_time(6 * DAY_MS)
    assert figures(await rate(rest)) == ("1250", "1250", "1.6", "1.6")
    await eight(rest)
    assert figures(await rate(rest)) == ("1250", "1000", "0", "0")
    await eight(rest)
    assert figures(await rate(rest)) == ("1000", "1000", "0", "0")


async def test_who_falls_below_vip_5_keeps_the_limit_for_a_day(rest: RestBed) -> None:
    """Criterion: REST-LIM-3"""
    await raised(rest, VIP5_TIER)
    await trade_a_little(rest)
    await eight(rest)
    await raised(rest, VIP5_TIER - 1)
    assert (await rest.get("account/config", rest.alice)).row["level"] == "VIP4"
    assert figures(await rate(rest)) == ("1250", "1250", "1.6", "1.6")
    await eight(rest)
    assert figures(await rate(rest)) == ("1250", "1000", "", "")
    await eight(rest)
    assert figures(await rate(rest)) == ("1000", "", "", "")


async def test_a_new_sub_account_has_the_lowest_limit_until_the_second_morning(
    rest: RestBed,
) -> None:
    """Criterion: REST-LIM-3. Made after midnight it is no part of the figures of this morning."""
    await raised(rest, VIP5_TIER)
    await trade_a_little(rest)
    now = rest.clock.exchange_ms()
    await rest.pass_time(next_at(now) - EFFECTIVE_MS - now + HOUR)
    door = rest.door
    await submit(door, [OpenOwner(door.gateway, door.numbers(1), KID, ALICE, 0, VIP5_TIER)])
    await eight(rest)
    await rate(rest)
    assert rest.context.rates.limit(KID) == 1000
    assert rest.context.rates.limit(ALICE) == 1250
    await eight(rest)
    await rate(rest)
    assert rest.context.rates.limit(KID) == 1250


async def test_the_limit_is_in_force_at_eight_without_being_asked_for(rest: RestBed) -> None:
    """Criterion: REST-LIM-3"""
    await raised(rest, VIP5_TIER)
    await trade_a_little(rest)
    keeper = rating.keeper(rest.context)
    keeper.start()
    try:
        await until(lambda: rest.context.rates.edition)
        assert rest.context.rates.limit(ALICE) == 1000
        for _ in range(100):  # to the clock, wherever the keeper is about to wait for it
            await asyncio.sleep(0)
        await eight(rest)
        await until(lambda: rest.context.rates.limit(ALICE) == 1250)
        assert rest.context.rates.limit(BOB) == 1000
    finally:
        keeper.stop()


async def entered(rest: RestBed, batches: int) -> list[str]:
    """Batches of 20, spread over instruments, of which each has a limit of 300; their codes."""
    order = {"tdMode": "cash", "side": "buy", "ordType": "limit", "px": "1", "sz": "1"}
    codes = []
    for number in range(batches):
        batch = [{**order, "instId": PAIRS[number % len(PAIRS)]}] * 20
        codes.append((await rest.post("trade/batch-orders", rest.alice, batch)).data[0]["sCode"])
    return codes


async def test_a_raised_limit_lets_as_many_orders_through_as_it_says(rest: RestBed) -> None:
    """Criterion: REST-LIM-3. 1,250 in 2 s from 08:00 on, then 50061."""
    await raised(rest, VIP5_TIER)
    await trade_a_little(rest)
    await eight(rest)
    assert figures(await rate(rest))[0] == "1250"
    codes = await entered(rest, 64)
    assert "50061" not in codes[:62]
    assert codes[62:] == ["50061", "50061"]

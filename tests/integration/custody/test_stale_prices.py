"""Goal: limits are not counted by a price of yesterday. Method: a real exchange, at its clock."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fullreserve.custody.stale_prices import HOUR_MS, StalePrices
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    ListAll,
    Reason,
    Scope,
    Trigger,
)
from fullreserve.exchange.wire.commands import Side, amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from tests.bed import ALICE, BOB, BTC, USDT, place
from tests.integration.custody.withdrawing import NOTHING, Withdrawing

CHAIN, UNTRADED = 1, 2
HOURS = 2


@pytest.mark.parametrize("hours", [HOURS, 0])
async def test_an_asset_of_an_old_price_is_stopped(tmp_path: Path, hours: int) -> None:
    """Once for each price, and not where none is set. Criterion: CUST-PRICE-1."""
    lines = tuple(
        wire.NetworkAsset(one, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
        for one in (BTC, UNTRADED, USDT)
    )
    network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, lines)
    exchange = await Withdrawing.open(tmp_path, network)
    worker = StalePrices(exchange.house, exchange.bed.clock, hours)

    async def looked(after_ms: int) -> list[Suspension]:
        exchange.bed.clock.advance(after_ms)  # type: ignore[attr-defined]
        await worker.round()
        asked = AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListAll()))
        answer = await exchange.door.query(asked)
        return msgspec.msgpack.decode(answer, type=list[Suspension])

    assert await looked(0) == []
    assert await looked(HOURS * HOUR_MS) == []
    await place(exchange.door, BOB, Side.SELL, 400_000, 10_000)
    await place(exchange.door, ALICE, Side.BUY, 400_000, 10_000)
    assert await looked(1) == []
    assert await looked(HOURS * HOUR_MS) == []
    found = await looked(1)
    if hours:
        (one,) = found
        assert (one.trigger, one.terms.scope) == (Trigger.STALE_PRICE, Scope(Level.ASSET, 0, BTC))
        assert (one.terms.actions, one.terms.reason) == (Action.WITHDRAW, Reason.MARKET_DISLOCATION)
        assert len(one.seen) == 32
    assert await looked(HOURS * HOUR_MS) == found
    await exchange.close()

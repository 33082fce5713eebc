"""Goal: limits are not counted by a price of yesterday. Method: a real exchange, at its clock."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from fullreserve.custody.stale_prices import FILE, HOUR_MS, StalePrices
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspensions
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
from fullreserve.exchange.wire.commands import (
    InstrumentState,
    SetInstrumentState,
    SetSuspension,
    Side,
    Suspended,
    SuspensionLevel,
    amount_bytes,
)
from fullreserve.exchange.wire.queries import AskFold
from tests.bed import ALICE, BOB, BTC, BTC_USDT, USDT, place, submit
from tests.integration.custody.withdrawing import GATEWAY, NOTHING, Withdrawing

CHAIN, UNTRADED = 1, 2
HOURS = 2


class SuspensionSetting(NamedTuple):
    """What of the core's table is set."""

    actions: Suspended
    level: SuspensionLevel
    key: int


async def opened(folder: Path) -> Withdrawing:
    lines = tuple(
        wire.NetworkAsset(one, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
        for one in (BTC, UNTRADED, USDT)
    )
    network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, lines)
    return await Withdrawing.open(folder, network)


async def looked(exchange: Withdrawing, worker: StalePrices, after_ms: int) -> list[Suspension]:
    """All suspensions once a worker has looked, after a while."""
    exchange.bed.clock.advance(after_ms)  # type: ignore[attr-defined]
    await worker.round()
    asked = AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListAll()))
    answer = await exchange.door.query(asked)
    return msgspec.msgpack.decode(answer, type=list[Suspension])


@pytest.mark.parametrize("hours", [HOURS, 0])
async def test_an_asset_of_an_old_price_is_stopped(tmp_path: Path, hours: int) -> None:
    """Once for each price, and not where none is set. Criterion: CUST-PRICE-1."""
    exchange = await opened(tmp_path)
    worker = StalePrices(tmp_path, exchange.house, exchange.bed.clock, hours)
    assert await looked(exchange, worker, 0) == []
    assert await looked(exchange, worker, HOURS * HOUR_MS) == []
    await place(exchange.door, BOB, Side.SELL, 400_000, 10_000)
    await place(exchange.door, ALICE, Side.BUY, 400_000, 10_000)
    assert await looked(exchange, worker, 1) == []
    assert await looked(exchange, worker, HOURS * HOUR_MS) == []
    found = await looked(exchange, worker, 1)
    if hours:
        (one,) = found
        assert (one.trigger, one.terms.scope) == (Trigger.STALE_PRICE, Scope(Level.ASSET, 0, BTC))
        assert (one.terms.actions, one.terms.reason) == (Action.WITHDRAW, Reason.MARKET_DISLOCATION)
        assert len(one.seen) == 32
    assert await looked(exchange, worker, HOURS * HOUR_MS) == found
    await exchange.close()


async def test_a_stop_that_was_refused_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where too many were open. Criterion: CUST-PRICE-1."""
    exchange = await opened(tmp_path)
    worker = StalePrices(tmp_path, exchange.house, exchange.bed.clock, HOURS)
    await looked(exchange, worker, 0)
    with monkeypatch.context() as full:
        full.setattr(suspensions, "OPEN_MAX", 0)
        assert await looked(exchange, worker, HOURS * HOUR_MS + 1) == []
    assert len(await looked(exchange, worker, 0)) == 1
    await exchange.close()


async def test_where_nobody_may_trade_no_price_is_awaited(tmp_path: Path) -> None:
    """As behind a delisting, whose withdrawals go on for days. Criterion: CUST-PRICE-1."""
    exchange = await opened(tmp_path)
    worker = StalePrices(tmp_path, exchange.house, exchange.bed.clock, HOURS)
    await looked(exchange, worker, 0)
    for state, is_stopped in ((InstrumentState.SUSPEND, False), (InstrumentState.LIVE, True)):
        number = exchange.door.numbers(1)
        await submit(exchange.door, [SetInstrumentState(GATEWAY, number, BTC_USDT, state)])
        assert await looked(exchange, worker, HOURS * HOUR_MS + 1) == []
        found = await looked(exchange, worker, HOURS * HOUR_MS + 1)
        assert bool(found) == is_stopped
    await exchange.close()


@pytest.mark.parametrize("action", [Suspended.TRADE_OPEN, Suspended.TRADE_ALL])
@pytest.mark.parametrize(
    ("level", "key"),
    [
        (SuspensionLevel.GLOBAL, 0),
        (SuspensionLevel.ASSET, BTC),
        (SuspensionLevel.ASSET, USDT),
        (SuspensionLevel.INSTRUMENT, BTC_USDT),
    ],
)
async def test_no_stop_of_trading_stops_withdrawals(
    tmp_path: Path, action: Suspended, level: SuspensionLevel, key: int
) -> None:
    """And once it is over the age begins anew. Criterion: CUST-PRICE-10."""
    found = await stopped_and_free_again(tmp_path, SuspensionSetting(action, level, key))
    assert found == [0, 0, 0, 1]


@pytest.mark.parametrize(
    "setting",
    [
        SuspensionSetting(Suspended.WITHDRAW, SuspensionLevel.GLOBAL, 0),
        SuspensionSetting(Suspended.TRADE_ALL, SuspensionLevel.ASSET, UNTRADED),
        SuspensionSetting(Suspended.TRADE_ALL, SuspensionLevel.SEGMENT, 0),
        SuspensionSetting(Suspended.TRADE_ALL, SuspensionLevel.OWNER, ALICE),
    ],
)
async def test_what_others_may_trade_has_to_have_a_price_of_now(
    tmp_path: Path, setting: SuspensionSetting
) -> None:
    """Criterion: CUST-PRICE-10."""
    assert await stopped_and_free_again(tmp_path, setting) == [0, 1, 1, 1]


async def stopped_and_free_again(folder: Path, setting: SuspensionSetting) -> list[int]:
    """How many stops there are: at once, after the age under it, once that is over, and later."""
    exchange = await opened(folder)
    worker = StalePrices(folder, exchange.house, exchange.bed.clock, HOURS)
    counts = []
    for actions in (setting.actions, Suspended.NONE):
        number = exchange.door.numbers(1)
        word = SetSuspension(GATEWAY, number, 1, actions, setting.level, setting.key)
        await submit(exchange.door, [word])
        counts += [
            len(await looked(exchange, worker, after_ms)) for after_ms in (0, HOURS * HOUR_MS + 1)
        ]
    await exchange.close()
    return counts


async def test_a_price_is_as_old_after_a_restart(tmp_path: Path) -> None:
    """Whatever is left of the file, nothing fails. Criterion: CUST-PRICE-9."""
    line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
    network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
    exchange = await Withdrawing.open(tmp_path, network)

    async def begun_after(after_ms: int) -> int:
        """How many stops there are once a worker that has just started has looked."""
        exchange.bed.clock.advance(after_ms)  # type: ignore[attr-defined]
        await StalePrices(tmp_path, exchange.house, exchange.bed.clock, HOURS).round()
        asked = AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListAll()))
        answer = await exchange.door.query(asked)
        return len(msgspec.msgpack.decode(answer, type=list[Suspension]))

    assert await begun_after(0) == 0
    assert await begun_after(HOURS * HOUR_MS) == 0
    await place(exchange.door, BOB, Side.SELL, 400_000, 10_000)
    await place(exchange.door, ALICE, Side.BUY, 400_000, 10_000)
    assert await begun_after(1) == 0
    (tmp_path / FILE).write_text("no ages")
    assert await begun_after(HOURS * HOUR_MS) == 0
    assert await begun_after(HOURS * HOUR_MS) == 0
    assert await begun_after(1) == 1
    await exchange.close()

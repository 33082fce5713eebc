"""When the market has opened: every pair is quoted by this life's makers and has its candles."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.clock import Clock
from fullreserve.door.protocol import Door
from fullreserve.exchange.wire.commands import InstrumentState
from fullreserve.exchange.wire.queries import GetDepth, ListInstruments, ListOpenOrders

LOOK_MS = 20
RECORDS = "records"


async def quoted(door: Door, clock: Clock, makers: Sequence[int], since_ms: int) -> None:
    """Returns once each live instrument has bids and asks, and an order placed after `since_ms`.

    What a restarted exchange shows first are the orders of the makers' life before, which they are
    about to take back: hence the time.
    """
    listed = await door.query(ListInstruments())
    waiting = [one.instrument for one in listed if one.state == InstrumentState.LIVE]
    while waiting:
        waiting = [one for one in waiting if not await _is_quoted(door, one, makers, since_ms)]
        if waiting:
            await clock.wait_ms(LOOK_MS)


async def _is_quoted(door: Door, instrument: int, makers: Sequence[int], since_ms: int) -> bool:
    depth = await door.query(GetDepth(instrument, 1))
    if depth is None or not (depth.bids and depth.asks):
        return False
    for maker in makers:
        newest = await door.query(ListOpenOrders(maker, instrument, limit=1))
        if newest and newest[0].created_ms > since_ms:
            return True
    return False


async def recorded(door: Door, clock: Clock, sequence: int) -> None:
    """Returns once the records have reached `sequence`; the imported candles precede all of it."""
    while (await door.health()).projections.get(RECORDS, 0) < sequence:
        await clock.wait_ms(LOOK_MS)

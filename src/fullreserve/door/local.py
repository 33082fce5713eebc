"""The door within the exchange's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from fullreserve.door.exchange_side import ExchangeSide
from fullreserve.door.protocol import Health, Row
from fullreserve.door.remembered import Remembered
from fullreserve.exchange.wire.queries import AnyQuestion, GetGateway

GATEWAY_MAX = (1 << 32) - 1

_encode = msgspec.msgpack.Encoder().encode


class LocalDoor:
    """`door.protocol.Door` in process. Use `open`: it continues the gateway's numbers."""

    def __init__(self, exchange: ExchangeSide, gateway: int, highest: int) -> None:
        self._exchange = exchange
        self._gateway = gateway
        self._next = highest + 1
        self._remembered = Remembered()
        self.submit = exchange.submit  # one call less on the hot path
        self.follow = exchange.follow

    @classmethod
    async def open(cls, exchange: ExchangeSide, gateway: int) -> LocalDoor:
        """A door for a gateway id, 1 to 2^32 - 1; its numbers go on where the log has them."""
        if not 1 <= gateway <= GATEWAY_MAX:
            raise ValueError(f"a gateway's id is from 1 to {GATEWAY_MAX}")
        await exchange.taken()
        answer = await exchange.query(_encode(GetGateway(gateway=gateway)))
        return cls(exchange, gateway, msgspec.msgpack.decode(answer, type=int))

    @property
    def gateway(self) -> int:
        return self._gateway

    def numbers(self, count: int) -> int:
        first = self._next
        self._next += count
        return first

    async def query(self, query: AnyQuestion) -> Any:
        return self._remembered.decode(query, await self._exchange.query(_encode(query)))

    def stream(self, from_sequence: int, events: bool = True) -> AsyncIterator[Row]:
        return self._exchange.stream(from_sequence, events)

    async def health(self) -> Health:
        return await self._exchange.health()

    async def report(self, projection: str, sequence: int, finished_total: int) -> None:
        await self._exchange.report(projection, sequence, finished_total)

    async def moved(self, after: int) -> int:
        return await self._exchange.moved(after)

    async def skips(self) -> list[int]:
        return await self._exchange.skips()

    async def confirm_time(self) -> int:
        return await self._exchange.confirm_time()

"""The exchange as a signer on another machine sees it: over TLS, by certificates of a ceremony.

Who answers has the certificate that the signer's own record names for the exchange, and no other's:
the payer's does not do. Each question has a connection of its own, so that either side may be
started again at any time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from fullreserve.custody.exchange_view import Due
from fullreserve.custody.house import Rate
from fullreserve.custody.keys import tls
from fullreserve.custody.keys.tls import Endpoint, NotTrusted
from fullreserve.custody.keys.tls_door import Side
from fullreserve.custody.keys.view_wire import (
    EXCHANGE,
    NUMBERS_MAX,
    AnyAsked,
    AskMove,
    AskRates,
    AskWithdrawals,
    Told,
    decode_told,
)
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products.tier_moves_wire import Move

# Less than the payer waits for a signer.
WAIT_S = 4.0


class RemoteView:
    """`exchange_view.ExchangeView` at `tls:exchange@host:port`; NotTrusted for another name."""

    def __init__(self, side: Side, place: str) -> None:
        try:
            self._where = Endpoint.read(place)
        except ValueError as bad:
            raise NotTrusted(str(bad)) from None
        if self._where.name != EXCHANGE:
            raise NotTrusted(f"{place!r}: signers ask {EXCHANGE} alone what was approved")
        self._side = side

    async def withdrawals(self, numbers: Sequence[int]) -> list[Due | None]:
        if len(numbers) > NUMBERS_MAX:
            raise Unavailable(f"no more than {NUMBERS_MAX} withdrawals are asked for at once")
        told = (await self._told(AskWithdrawals(tuple(numbers)))).withdrawals
        pairs = list(zip(told, numbers, strict=False))
        sound = all(due is None or due.number == number for due, number in pairs)
        if len(told) != len(numbers) or not sound:
            raise Unavailable("the exchange answers what was not asked")
        return list(told)

    async def move(self, number: int) -> Move | None:
        found = (await self._told(AskMove(number))).move
        if found is not None and found.number != number:
            raise Unavailable("the exchange answers what was not asked")
        return found

    async def rates(self, assets: Sequence[int]) -> Mapping[int, Rate]:
        return (await self._told(AskRates(tuple(assets)))).rates

    async def _told(self, question: AnyAsked) -> Told:
        try:
            known = await asyncio.to_thread(self._side.now)
        except OSError as problem:
            raise Unavailable(f"this side does not know the exchange: {problem}") from None
        try:
            asked = msgspec.json.encode(question)
            content = await asyncio.to_thread(
                tls.ask, self._where, known.trust, known.context, asked, WAIT_S
            )
            told = decode_told(content)
        except (OSError, msgspec.DecodeError) as problem:
            where = f"{self._where.host}:{self._where.port}"
            raise Unavailable(f"no exchange answers at {where}: {problem}") from None
        if told.refusal:
            raise Unavailable(f"the exchange refuses to tell it: {told.refusal}")
        return told

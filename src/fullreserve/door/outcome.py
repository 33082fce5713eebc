"""What became of one command, for who can wait for it."""

from __future__ import annotations

import asyncio

from fullreserve.door.protocol import Door, Limit, Refused, Result
from fullreserve.exchange.wire.commands import AnyCommand, encode
from fullreserve.exchange.wire.events import Reply


async def outcome(
    door: Door, command: AnyCommand, limits: tuple[Limit, ...] = ()
) -> Reply | Refused:
    """The core's reply, or why there is none, once it is durable."""
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def done(result: Result) -> None:
        # The wait may have been canceled before the answer comes.
        if not answer.done():
            answer.set_result(result)

    door.submit([encode(command)], done, limits)
    result = await answer
    return result if isinstance(result, Refused) else result[0]

"""What became of commands, for who can wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fullreserve.door.protocol import Door, Limit, Refused, Result
from fullreserve.exchange.wire.commands import AnyCommand, encode
from fullreserve.exchange.wire.events import Reply


async def outcome(
    door: Door, command: AnyCommand, limits: tuple[Limit, ...] = ()
) -> Reply | Refused:
    """The core's reply, or why there is none, once it is durable."""
    result = await outcomes(door, [encode(command)], limits)
    return result if isinstance(result, Refused) else result[0]


async def outcomes(door: Door, commands: Sequence[bytes], limits: Sequence[Limit] = ()) -> Result:
    """The same of a run of encoded commands."""
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def done(result: Result) -> None:
        # The wait may have been canceled before the answer comes.
        if not answer.done():
            answer.set_result(result)

    door.submit(commands, done, limits)
    return await answer

"""One command through the door, and its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fullreserve.door.protocol import Limit, Refused, Result
from fullreserve.exchange.wire.commands import AnyCommand, encode
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway.context import Context
from fullreserve.gateway.submission import refused


async def submitted(context: Context, command: AnyCommand, limits: Sequence[Limit] = ()) -> Reply:
    """The reply to a command; Problem when it was not taken."""
    replies = await submitted_all(context, [command], limits)
    return replies[0]


async def submitted_all(
    context: Context, commands: Sequence[AnyCommand], limits: Sequence[Limit] = ()
) -> Sequence[Reply]:
    """The replies to commands that enter the log as one run."""
    answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

    def done(result: Result) -> None:
        # A client's hanging up may have canceled the wait before the answer comes.
        if not answer.done():
            answer.set_result(result)

    context.door.submit([encode(command) for command in commands], done, limits)
    result = await answer
    if isinstance(result, Refused):
        raise refused(result)
    return result

"""Walks of queues, a few requests a word: those that follow, and those that are surveyed.

Whoever has changed what stops withdrawals sees to it that those that wait follow.

The fold looks at a few for each word, so that orders go in between; the words go on until all have
been looked at. Whoever is killed in between leaves some behind: the payer's slow walk finds them,
and none of them is paid meanwhile, as the fold asks once more before each payment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fullreserve.exchange.products.custody_wire import Settle
from fullreserve.exchange.products.deposit_state import NextOpen
from fullreserve.exchange.products.suspension_state import Refused, Surveyed
from fullreserve.exchange.products.suspension_wire import GetSurvey, Survey
from fullreserve.exchange.products.withdrawal_state import NextSettled

AT_ONCE = 50


async def settle_withdrawals(
    ask: Callable[[NextSettled], Awaitable[int]],
    say: Callable[[Settle], Awaitable[Any]],
    left: tuple[int, ...],
) -> None:
    """Has every withdrawal that waits looked at once, but for those on networks that are `left`."""
    after = 0
    while last := await ask(NextSettled(after, AT_ONCE)):
        await say(Settle(after, AT_ONCE, left))
        after = last


async def settle_deposits(
    ask: Callable[[NextOpen], Awaitable[int]], say: Callable[[Settle], Awaitable[Any]]
) -> None:
    """Has every deposit that is open looked at once, in the order of its block."""
    after = 0
    while last := await ask(NextOpen(after, AT_ONCE)):
        await say(Settle(after, AT_ONCE))
        after = last


async def survey_queue(
    suspension: int,
    ask: Callable[[GetSurvey], Awaitable[Surveyed | None]],
    say: Callable[[Survey], Awaitable[int]],
) -> int:
    """Has the queue of a suspension read from its first request to its last; the code, 0 for done.

    As many words as it takes, each of a few requests.
    """
    code = await say(Survey(suspension, is_new=True))
    while not code:
        found = await ask(GetSurvey(suspension))
        if found is None or found.ended_ms:
            break
        code = await say(Survey(suspension))
    return code


async def said_as_read(
    suspension: int,
    ask: Callable[[GetSurvey], Awaitable[Surveyed | None]],
    say: Callable[[Survey], Awaitable[int]],
) -> int:
    """Has a queue read for a word that is refused (SURVEY) until that is done; the word's code.

    `say` says a look and the word behind it in one submission, and gives the word's code. What is
    submitted together is of one moment, so that the word finds the queue as it has just been read
    however fast exchange time runs.
    """
    code = await say(Survey(suspension, is_new=True))
    while code == Refused.SURVEY:
        found = await ask(GetSurvey(suspension))
        if found is None or found.ended_ms:
            break
        code = await say(Survey(suspension))
    return code

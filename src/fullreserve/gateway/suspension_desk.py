"""The fold of suspensions, as the gateway reads it and speaks to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, Queued, SplitLog
from fullreserve.exchange.products.settling import (
    said_as_read,
    settle_deposits,
    settle_withdrawals,
    survey_queue,
)
from fullreserve.exchange.products.suspension_state import (
    SURVEY_KEPT_MS,
    Broken,
    Kept,
    Measured,
    Reading,
    Refused,
    Surveyed,
    Suspension,
)
from fullreserve.exchange.products.suspension_wire import (
    FREE,
    SUSPENSIONS,
    Asked,
    GetEdition,
    GetKept,
    GetMaxWait,
    GetMeasured,
    GetOne,
    Level,
    ListAll,
    ListBroken,
    ListInForce,
    ListReadings,
    ListRoll,
    Ruling,
    Said,
    Scope,
    Survey,
    Verdict,
)
from fullreserve.exchange.products.withdrawal_rulings import LEAVING_BY_API
from fullreserve.exchange.products.withdrawal_state import (
    GetDrains,
    GetSplits,
    ListQueue,
    ListSums,
    Sum,
    SumDrains,
)
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int
from fullreserve.exchange.wire.events import OwnerChanged, Reply
from fullreserve.exchange.wire.queries import AskFold, GetOwner
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask, say, say_all

D = TypeVar("D")
Rolled = tuple[int, Amount, int]  # number, amount, USD
ROLL_PAGE = 1_000  # requests
QUEUE_PAGE = 200

_encode = msgspec.msgpack.Encoder().encode
_one = msgspec.msgpack.Decoder(Suspension | None).decode
_surveyed = msgspec.msgpack.Decoder(Surveyed | None).decode
_roll = msgspec.msgpack.Decoder(list[Rolled] | None).decode
_broken = msgspec.msgpack.Decoder(list[Broken]).decode
_kept = msgspec.msgpack.Decoder(dict[int, Kept]).decode
_measured = msgspec.msgpack.Decoder(Measured | None).decode
_verdict = msgspec.msgpack.Decoder(Verdict).decode
_readings = msgspec.msgpack.Decoder(list[Reading]).decode
_all = msgspec.msgpack.Decoder(list[Suspension]).decode
_number = msgspec.msgpack.Decoder(int).decode


async def suspensions(context: Context) -> list[Suspension]:
    """All that the fold remembers, the newest last; without the queues that were paid out."""
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, _encode(ListAll())))
    return [] if answer is None else _all(answer)


async def edition(context: Context) -> int:
    """Which edition of the fold's rules the log goes by."""
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, _encode(GetEdition())))
    return 0 if answer is None else _number(answer)


async def in_force(context: Context) -> list[Suspension]:
    """Those that stop something now, as far as a verdict needs them."""
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, _encode(ListInForce())))
    return [] if answer is None else _all(answer)


async def ruled(context: Context, owner: int, network: int, asset: int) -> Verdict:
    """What holds an owner's withdrawals of an asset on a network, those by the API too."""
    known: OwnerChanged | None = await context.door.query(GetOwner(owner))
    if known is None:
        return FREE
    asked = Ruling(*(LEAVING_BY_API, known.owner, known.master, known.segment), *(network, asset))
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, _encode(asked)))
    return FREE if answer is None else _verdict(answer)


async def max_wait(context: Context, suspension: int) -> int:
    """The ticks that its plan lets a request wait at most; 0: any number."""
    asked = _encode(GetMaxWait(suspension))
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, asked))
    return 0 if answer is None else _number(answer)


async def queues(context: Context, scope: Scope) -> list[Sum]:
    """How many withdrawals wait in a scope and for how much, the longest waiting first."""
    found: list[Sum] = await ask(context, WITHDRAWALS, ListSums(bound=False))
    return [
        one for one in found if scope.network in (0, one.network) and scope.asset in (0, one.asset)
    ]


async def own_queues(context: Context, scope: Scope) -> list[Sum]:
    """The same of a segment's or a user's own requests alone, read a page at a time."""
    if scope.level not in (Level.SEGMENT, Level.USER):
        return await queues(context, scope)
    owners: dict[int, OwnerChanged | None] = {}
    found: dict[tuple[int, int], Sum] = {}
    after, is_last = 0, False
    while not is_last:
        page: list[Queued] = await ask(context, WITHDRAWALS, ListQueue(after, QUEUE_PAGE))
        for one in page:
            if one.owner not in owners:
                owners[one.owner] = await context.door.query(GetOwner(one.owner))
            if _is_of(scope, owners[one.owner]):
                place = (one.network, one.asset)
                had = found.get(place, Sum(*place, 0, amount_bytes(0), one.number))
                amount = amount_bytes(amount_int(had.amount) + amount_int(one.amount))
                found[place] = Sum(*place, had.count + 1, amount, had.oldest)
        is_last = len(page) < QUEUE_PAGE
        after = page[-1].number if page else 0
    return list(found.values())


def _is_of(scope: Scope, owner: OwnerChanged | None) -> bool:
    if owner is None:
        return False
    named = (owner.segment,) if scope.level == Level.SEGMENT else (owner.owner, owner.master)
    return scope.key in named


async def whole(context: Context, suspension: int) -> Suspension | None:
    """One, with the queue that its drain began with."""
    answer: bytes | None = await context.door.query(
        AskFold(SUSPENSIONS, _encode(GetOne(suspension)))
    )
    return None if answer is None else _one(answer)


async def measured(context: Context, network: int) -> Measured | None:
    """What the watcher told last of a network's coins."""
    return await _asked(context, GetMeasured(network), _measured)


async def drained(context: Context, suspension: int) -> list[DrainSum]:
    """How far a suspension's drain is, by network and asset."""
    found: list[DrainSum] = await ask(context, WITHDRAWALS, SumDrains(suspension))
    return found


async def drains(context: Context, suspension: int) -> dict[int, dict[int, DrainLog]]:
    """What a suspension's drain did, by network and asset."""
    found: dict[int, dict[int, DrainLog]] = await ask(context, WITHDRAWALS, GetDrains(suspension))
    return found


async def splits(context: Context, suspension: int) -> SplitLog:
    """What these logs have of tranches."""
    found: SplitLog = await ask(context, WITHDRAWALS, GetSplits(suspension))
    return found


async def tell(context: Context, uid: int, said: Said) -> Reply:
    """What the fold says to an operator; then what waits is looked at again."""
    reply = await say(context, SUSPENSIONS, said, uid)
    if reply.code == Refused.SURVEY:
        reply = await _tell_as_read(context, uid, said)
    if not reply.code:
        # Were the process to die before this, payments would still be refused one by one.
        await settle_all_deposits(context)
        await settle(context)
    return reply


async def _tell_as_read(context: Context, uid: int, said: Said) -> Reply:
    """The same of a queue that is read for it."""
    number: int = getattr(said, "suspension", 0)
    replies: list[Reply] = []

    async def told(look: Survey) -> int:
        words = ((look, chart.HOUSE), (said, uid))
        replies[:] = await say_all(context, SUSPENSIONS, words)
        return replies[-1].code

    await said_as_read(number, lambda question: _asked(context, question, _surveyed), told)
    return replies[-1]


async def survey(context: Context, suspension: int) -> int:
    """Has the queue of a suspension read, a few requests at a time; the code, 0 for done."""

    async def said(word: Survey) -> int:
        return (await say(context, SUSPENSIONS, word)).code

    return await survey_queue(
        suspension, lambda question: _asked(context, question, _surveyed), said
    )


async def reading(context: Context, suspension: int) -> Reading | None:
    """What the newest whole survey found of a queue, as long as gate 5 may name it."""
    found = await _asked(context, ListReadings(suspension), _readings)
    now_ms = context.clock.exchange_ms()
    return found[-1] if found and now_ms - found[-1].ended_ms <= SURVEY_KEPT_MS else None


async def kept(context: Context, suspension: int) -> dict[int, Kept]:
    """The newest evidence of a suspension itself, by gate."""
    return await _asked(context, GetKept(suspension), _kept)


async def broken(context: Context, suspension: int) -> list[Broken]:
    """Its drains that were broken off, the newest last, without the queues they began with."""
    return await _asked(context, ListBroken(suspension), _broken)


async def roll(context: Context, suspension: int, began: int = 0) -> list[Rolled] | None:
    """Those that a drain began with, page by page; None: the suspension itself has them.

    `began`: of a drain that was broken off.
    """
    asked = ListRoll(suspension, 0, ROLL_PAGE, began)
    page: list[Rolled] | None = await _asked(context, asked, _roll)
    found = page
    while found is not None and page and len(page) == ROLL_PAGE:
        asked = ListRoll(suspension, page[-1][0], ROLL_PAGE, began)
        page = await _asked(context, asked, _roll)
        found = [*found, *(page or ())]
    return found


async def _asked(context: Context, question: Asked, decode: Callable[[bytes], D]) -> D:
    answer: bytes | None = await context.door.query(AskFold(SUSPENSIONS, _encode(question)))
    assert answer is not None
    return decode(answer)


async def settle_all_deposits(context: Context) -> None:
    """Has deposits that wait follow what stops them now, a few at a time."""
    await settle_deposits(
        lambda asked: ask(context, DEPOSITS, asked),
        lambda word: say(context, DEPOSITS, word),
    )


async def settle(context: Context) -> None:
    """Has withdrawals that wait follow what stops them now, a few at a time."""
    await settle_withdrawals(
        lambda asked: ask(context, WITHDRAWALS, asked),
        lambda word: say(context, WITHDRAWALS, word),
        await asyncio.to_thread(context.uncompared),
    )

"""What each tick of a drain did, so that anyone can work its order out again.

Only what changes is kept: who came into the queue since the last tick, who left it unpaid, who was
paid. Owners are named by their first request in the log, so that the log tells nobody apart from
those who know their own. Each tick is chained to the one before by a hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int

LOGS_KEPT = 20  # suspensions


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """A request as it came into the queue; `share` is its owner's first request."""

    number: int
    share: int
    amount: Amount
    usd: int


class DrainTick(msgspec.Struct, array_like=True, frozen=True):
    sequence: int
    time_ms: int
    budget: Amount
    slots: int
    entered: tuple[Entry, ...]
    left: tuple[int, ...]
    paid: tuple[int, ...]
    digest: bytes


class DrainLog(msgspec.Struct, array_like=True, frozen=True):
    """The ticks of one asset on one network; `opening` are credits from before, by share.

    With that of `drain.LANE_S`, 0, lane S saves for its first request; with that of
    `drain.OVERDUE`, 0, who has waited for long comes first.
    """

    opening: dict[int, Amount] = msgspec.field(default_factory=dict)
    shares: dict[int, int] = msgspec.field(default_factory=dict)  # owner: share
    waiting: tuple[int, ...] = ()  # after the last tick
    ticks: list[DrainTick] = msgspec.field(default_factory=list)


class Pass(msgspec.Struct, array_like=True):
    """What the ticks of a log that goes by a few come to so far. `credits` are by share.

    `cursor` is the last request that was looked at since the last payment; 0: none.
    """

    cursor: int = 0
    queue: dict[int, Entry] = msgspec.field(default_factory=dict)
    credits: dict[int, Amount] = msgspec.field(default_factory=dict)


class Cut(msgspec.Struct, array_like=True, frozen=True):
    """How a request may be paid in tranches; as of `drain.Waiting`."""

    least: Amount
    step: Amount


class Tranche(msgspec.Struct, array_like=True, frozen=True):
    """What of a request a tick paid; it is a withdrawal itself, by the tick's sequence."""

    request: int
    amount: Amount


class SplitLog(msgspec.Struct, array_like=True):
    """What the logs of a suspension have beside: `cuts` by request, `tranches` by tick."""

    cuts: dict[int, Cut] = msgspec.field(default_factory=dict)
    tranches: dict[int, Tranche] = msgspec.field(default_factory=dict)


SplitLogs = dict[int, SplitLog]  # by suspension
NO_SPLITS = SplitLog()

# By suspension, network and asset.
Passes = dict[int, dict[int, dict[int, Pass]]]


class DrainSum(msgspec.Struct, array_like=True, frozen=True):
    """How far the drain of an asset on a network is; `digest` and `time_ms` are its last tick's.

    `is_by_a_few`: each word looks at a few requests. Then `cursor` is how far they are towards the
    next payment; 0: the last word paid. `max_wait`: as of `Drain`.
    """

    network: int
    asset: int
    ticks: int
    paid: int
    amount: Amount
    waiting: int
    digest: bytes
    time_ms: int
    is_by_a_few: bool = False
    cursor: int = 0
    max_wait: int = 0


class Queued(msgspec.Struct, array_like=True, frozen=True):
    """A request in the queue."""

    number: int
    owner: int
    network: int
    asset: int
    amount: Amount
    usd: int
    by_api: bool = False
    released: tuple[int, ...] = ()  # by which drains: the sequences at which these opened


class Request(Protocol):
    """What the log says of a request."""

    number: int
    owner: int
    amount: Amount
    usd: int


# By suspension, network and asset.
DrainLogs = dict[int, dict[int, dict[int, DrainLog]]]


def noted(
    log: DrainLog,
    queue: Sequence[Request],
    tick: DrainTick,
    carried: Mapping[int, int],
) -> DrainLog:
    """The log with one more tick, which has its figures and not yet who came, left and how."""
    shares = dict(log.shares)
    for one in queue:
        shares.setdefault(one.owner, one.number)
    opening = log.opening
    if not log.ticks:
        opening = {
            shares[owner]: amount_bytes(credit)
            for owner, credit in carried.items()
            if credit and owner in shares
        }
    before = dict.fromkeys(log.waiting)
    now = {one.number: one for one in queue}
    entered = tuple(
        Entry(one.number, shares[one.owner], one.amount, one.usd)
        for one in queue
        if one.number not in before
    )
    left = tuple(number for number in log.waiting if number not in now)
    whole = chained(log, msgspec.structs.replace(tick, entered=entered, left=left))
    paid = dict.fromkeys(tick.paid)
    return DrainLog(
        opening,
        shares,
        tuple(number for number in now if number not in paid),
        [*log.ticks, whole],
    )


def chained(log: DrainLog, tick: DrainTick, splits: SplitLog = NO_SPLITS) -> DrainTick:
    """A tick with its hash, behind the log's last."""
    last = log.ticks[-1].digest if log.ticks else bytes(32)
    return msgspec.structs.replace(tick, digest=sha256(last + text_of(tick, splits)).digest())


def summed(network: int, asset: int, log: DrainLog, splits: SplitLog = NO_SPLITS) -> DrainSum:
    """Over all ticks, of which there is one at least."""
    amounts: dict[int, int] = {}
    paid: list[int] = []
    for tick in log.ticks:
        amounts |= {one.number: amount_int(one.amount) for one in tick.entered}
        paid += (amounts[number] for number in tick.paid)
        part = splits.tranches.get(tick.sequence)
        if part is not None:
            amounts[part.request] -= amount_int(part.amount)
            paid.append(amount_int(part.amount))
    last = log.ticks[-1]
    return DrainSum(
        *(network, asset, len(log.ticks), len(paid), amount_bytes(sum(paid))),
        *(len(log.waiting), last.digest, last.time_ms),
    )


def plus(before: DrainSum, log: DrainLog, amount: int, tranches: int = 0) -> DrainSum:
    """With the log's last tick, which paid an amount, so many tranches in it."""
    last = log.ticks[-1]
    return DrainSum(
        *(before.network, before.asset, len(log.ticks), before.paid + len(last.paid) + tranches),
        *(amount_bytes(amount_int(before.amount) + amount), len(log.waiting)),
        *(last.digest, last.time_ms),
    )


def columns(one: Entry, splits: SplitLog = NO_SPLITS) -> list[str]:
    """A request as its line's log has it; how it may be paid in tranches, where it may."""
    found = [str(each) for each in (one.number, one.share, amount_int(one.amount), one.usd)]
    cut = splits.cuts.get(one.number)
    return (
        found
        if cut is None
        else [*found, *(str(amount_int(each)) for each in (cut.least, cut.step))]
    )


def text_of(tick: DrainTick, splits: SplitLog = NO_SPLITS) -> bytes:
    """A tick as the text that its hash is over: numbers by comma, parts by line."""
    parts = [
        f"{tick.sequence},{tick.time_ms},{amount_int(tick.budget)},{tick.slots}",
        ",".join(":".join(columns(one, splits)) for one in tick.entered),
        ",".join(map(str, tick.left)),
        ",".join(map(str, tick.paid)),
    ]
    part = splits.tranches.get(tick.sequence)
    if part is not None:
        parts.append(f"{part.request}:{amount_int(part.amount)}")
    return "\n".join(parts).encode()

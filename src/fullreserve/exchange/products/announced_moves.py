"""Moves between tiers by hand that operators have announced, before anything of them is signed.

From its announcement until it is posted or has ended, the chain may differ from the ledger by
exactly such a move; what a token's contract takes of it is part of it. One that was seen on the
chain in its time is waited for a day longer, until it is posted; one that was not allows nothing
from its time on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec

from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products.custody_wire import Announce, Moved, Tier
from fullreserve.exchange.wire.commands import Amount, amount_int

# Of a network: whoever compares tries each set of those that may have been carried out.
OPEN_MAX = 4
CLOSED_KEPT = 1_000
LASTS_MIN_MS, LASTS_MAX_MS = 10 * 60_000, 7 * 86_400_000
POSTED_WITHIN_MS = 86_400_000  # of its time's end, once it was seen
# In units of the ledger, 10^-8: less could be there or not, by what a comparison tolerates.
LEAST, COIN_LEAST = 2_001, 100_001
# What any network takes at the caps of those who sign: 100 inputs of 105 vB each at 500 sats a
# vB, or 200,000 units of gas at 500 gwei. It is what an announced move can hide at most.
FEE_MOST = 10_000_000
BY_PEOPLE = (Tier.HOT, Tier.WARM, Tier.COLD)

_replace = msgspec.structs.replace


class AnnouncedState(IntEnum):
    ANNOUNCED = 0
    SEEN = 1  # on the chain, in its time
    POSTED = 2
    ENDED = 3  # by an operator
    EXPIRED = 4  # and it was not seen in its time, or not posted in the time for that


class Announced(msgspec.Struct, array_like=True, frozen=True):
    """Amounts at the ledger's scale, times of the exchange in ms."""

    number: int
    network: int
    asset: int
    source: int
    target: int
    amount: Amount
    fee_least: Amount
    fee_most: Amount
    announced_ms: int
    expires_ms: int
    state: int = AnnouncedState.ANNOUNCED
    height: int = 0  # of the first block after which it was seen
    transfer: bytes = b""
    ended_ms: int = 0
    sequence: int = 0  # of the command that announced it

    @property
    def is_open(self) -> bool:
        return self.state in (AnnouncedState.ANNOUNCED, AnnouncedState.SEEN)

    def is_allowed(self, now_ms: int) -> bool:
        """Whether the chain may differ by it."""
        is_seen = self.state == AnnouncedState.SEEN
        return self.is_open and now_ms < self.expires_ms + is_seen * POSTED_WITHIN_MS

    def is_told_by(self, asked: Announce) -> bool:
        """Whether it has the terms of a word."""
        return (*_terms(self), self.expires_ms - self.announced_ms) == (
            *_terms(asked), asked.lasts_ms,
        )  # fmt: skip


def _terms(one: Announce | Announced) -> tuple[int | bytes, ...]:
    ways = (one.network, one.asset, one.source, one.target)
    return (*ways, one.amount, one.fee_least, one.fee_most)


def least(asset: int, coin: int) -> int:
    """What is moved at least, of an asset on a network whose fees are paid in `coin`."""
    return COIN_LEAST if asset == coin else LEAST


def fee_most(asset: int, coin: int, amount: int) -> int:
    """What may be said to be paid for it at most: in what is moved, no more than that."""
    return min(FEE_MOST, amount) if asset == coin else FEE_MOST


def is_sound(asked: Announce, coin: int) -> bool:
    """Whether a word means something, on a network whose fees are paid in `coin`."""
    amounts = (asked.amount, asked.fee_least, asked.fee_most)
    if asked.number < 1 or any(len(one) != 16 for one in amounts):
        return False
    amount, lowest, most = map(amount_int, amounts)
    return (
        asked.source in BY_PEOPLE
        and asked.target in BY_PEOPLE
        and asked.source != asked.target
        and amount >= least(asked.asset, coin)
        and 0 <= lowest <= most <= fee_most(asked.asset, coin, amount)
        and LASTS_MIN_MS <= asked.lasts_ms <= LASTS_MAX_MS
    )


def begun(asked: Announce, moment: Moment) -> Announced:
    """A new one."""
    ways = (asked.number, asked.network, asked.asset, asked.source, asked.target)
    amounts = (asked.amount, asked.fee_least, asked.fee_most)
    times = (moment.time_ms, moment.time_ms + asked.lasts_ms)
    return Announced(*ways, *amounts, *times, sequence=moment.sequence)


def seen(one: Announced, height: int, moment: Moment) -> Announced | None:
    """It is on the chain; None for one that counts no more."""
    if one.state == AnnouncedState.SEEN:
        return one
    if not one.is_allowed(moment.time_ms) or height < 0:
        return None
    return _replace(one, state=AnnouncedState.SEEN, height=height)


def ended(one: Announced, moment: Moment, *, expired: bool) -> Announced | None:
    """It counts no more; None where that is not so, or it was posted."""
    state = AnnouncedState.EXPIRED if expired else AnnouncedState.ENDED
    if not one.is_open:
        return one if one.state == state else None
    if expired and one.is_allowed(moment.time_ms):
        return None
    return _replace(one, state=state, ended_ms=moment.time_ms)


def posted(
    table: Mapping[int, Announced], said: Moved, had: int, moment: Moment
) -> Announced | None:
    """The ledger has it, also after its time; None where the word is of another move.

    At whatever fee: what the chain has taken is posted, within the band or not. `had` is the
    sequence of the command by which the ledger has that transfer already, 0 for none: what it
    had before the announcement was not announced.
    """
    one = table.get(said.announced)
    if one is None or not is_of(one, said):
        return None
    if one.state == AnnouncedState.POSTED:
        return one if one.transfer == said.transfer else None
    if 0 < had < one.sequence or any(other.transfer == said.transfer for other in table.values()):
        return None
    return _replace(
        one, state=AnnouncedState.POSTED, transfer=said.transfer, ended_ms=moment.time_ms
    )


def is_of(one: Announced, said: Moved) -> bool:
    """Whether a word of what was moved has an announcement's terms, whatever its fee was."""
    return _way(one) == _way(said)


def _way(one: Announced | Moved) -> tuple[int, ...]:
    # A contract may have taken some of what was announced.
    amount = amount_int(one.amount) + (amount_int(one.taken) if isinstance(one, Moved) else 0)
    return (one.network, one.asset, one.source, one.target, amount)


def forgotten(table: Mapping[int, Announced]) -> list[int]:
    """The oldest that are over; records keep them."""
    closed = [number for number, one in table.items() if not one.is_open]
    return closed[: max(0, len(closed) - CLOSED_KEPT)]


def newest(known: Iterable[Announced], limit: int, *, is_open: bool) -> list[Announced]:
    """The last announced first."""
    found = [one for one in known if one.is_open or not is_open]
    return sorted(found, key=lambda one: -one.number)[: max(0, limit)]

"""What is said to the fold of the calendar, and what it answers.

All words are the house's: who takes the last approval of a plan says it, and a keeper of the
exchange's own process goes on with what is due. Times are exchange time in ms.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

CALENDAR = 23  # number of the fold
DAY_MS = 86_400_000
# Days before withdrawals of an asset end on which its holders are told.
NOTICES = (60, 30, 7, 1)


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_THE_HOUSE = 96_001
    UNKNOWN = 96_002
    NOT_DUE = 96_003
    TOO_MANY = 96_004


class Stage(IntEnum):
    """How far a window of maintenance is, of instruments or of a network."""

    PLANNED = 0
    CLOSED = 1  # no orders, no cancels; of a network no credits and no payments
    PREOPEN = 2  # post-only orders and cancels; of a network credits
    OVER = 3
    CALLED_OFF = 4


class Deed(IntEnum):
    """What is to be done next of a delisting, by whom the fold cannot do it itself for."""

    STOP_DEPOSITS = 1
    CLEAR = 2  # an instrument's orders go, in one batch, and it with them
    NOTIFY = 3  # holders, so many days before
    STOP_WITHDRAWALS = 4


class Said(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads."""


class Maintain(Said, frozen=True, tag=1):
    """A window: instruments close at `begin_ms`, pre-open, and are at the end as they were."""

    begin_ms: int
    preopen_ms: int  # as `end_ms`: without a pre-opening
    end_ms: int
    instruments: tuple[int, ...]


class CallOff(Said, frozen=True, tag=2):
    """A window or delisting that has not begun comes to nothing."""

    plan: int


class Delist(Said, frozen=True, tag=3):
    """An asset goes: deposits first, then its instruments, withdrawals at last."""

    asset: int
    deposits_ms: int
    trading_ms: int
    withdrawals_ms: int


class Go(Said, frozen=True, tag=4):
    """Goes on by one step of what is due and the fold can do itself; NOT_DUE for nothing."""


class Clear(Said, frozen=True, tag=5):
    """Of a delisting: cancels the orders of these owners on an instrument and suspends it.

    It takes no orders any more by then; the owners are all who have some.
    """

    plan: int
    instrument: int
    owners: tuple[int, ...]


class Done(Said, frozen=True, tag=6):
    """A deed that the fold could not do itself is done."""

    plan: int
    deed: int
    days: int = 0  # of a notice


class MaintainNetwork(Said, frozen=True, tag=7):
    """A window of a network: nothing comes or goes on it from `begin_ms` on.

    Deposits are credited again from `preopen_ms` on, withdrawals are paid again from `end_ms` on.
    """

    network: int
    begin_ms: int
    preopen_ms: int  # as `end_ms`: without a pre-opening
    end_ms: int


class Reached(Said, frozen=True, tag=8):
    """A network's window is in the stage that is due: what its folds have to stop is stopped."""

    plan: int
    stage: int


AnySaid = Maintain | CallOff | Delist | Go | Clear | Done | MaintainNetwork | Reached


class Window(msgspec.Struct, array_like=True, frozen=True):
    """`before` are the states that its instruments had, `at` the stage that each has come to."""

    number: int
    terms: Maintain
    stage: int = Stage.PLANNED
    before: dict[int, int] = {}
    at: dict[int, int] = {}


class NetworkWindow(msgspec.Struct, array_like=True, frozen=True):
    """`stage` is the one that its network was brought to."""

    number: int
    terms: MaintainNetwork
    stage: int = Stage.PLANNED


class Delisting(msgspec.Struct, array_like=True, frozen=True):
    """`notices` are the days of those that were given, with when."""

    number: int
    terms: Delist
    deposits_stopped: bool = False
    cleared: tuple[int, ...] = ()  # instruments
    notices: dict[int, int] = {}
    is_over: bool = False
    called_off: bool = False


class Due(msgspec.Struct, array_like=True, frozen=True):
    """A deed that waits for somebody outside of the fold."""

    plan: int
    deed: int
    asset: int
    instrument: int = 0
    days: int = 0


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the questions."""


class ListPlans(Asked, frozen=True, tag=1):
    """-> Plans"""


class Plans(msgspec.Struct, array_like=True, frozen=True):
    windows: list[Window]
    delistings: list[Delisting]
    networks: list[NetworkWindow] = []


ANSWERS: dict[type[Asked], object] = {ListPlans: Plans}

decode_said = msgspec.msgpack.Decoder(AnySaid).decode
decode_asked = msgspec.msgpack.Decoder(ListPlans).decode

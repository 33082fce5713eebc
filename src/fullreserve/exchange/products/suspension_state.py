"""What the fold of suspensions remembers."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.folds import State
from fullreserve.exchange.products.drain_log import DrainSum
from fullreserve.exchange.products.suspension_wire import (
    LEAVING,
    Action,
    Budget,
    Coins,
    Figure,
    Gate,
    Level,
    Terms,
)
from fullreserve.exchange.wire.commands import Amount

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RATIFY_MS = HOUR_MS
NOTICE_MS = HOUR_MS  # how long before a restart its notice stands
OPEN_MAX = 1000
CLOSED_KEPT = 500
EVIDENCE_KEPT = 200
HASH_BYTES = 32
EDITION = 13  # of the fold's rules, that this version knows
SURVEYED = 1  # the edition from which on queues are read by surveys, a few requests a word
SCOPED = 1  # the edition from which on a drain releases what its own suspension holds, alone
EVIDENCED = 2  # the edition from which on gates rest on what is measured, and evidence is kept
LIFTED_PAST = 3  # the edition from which on a stop ends though something else holds requests
# The edition from which on somebody has to be measured who signs, no canary waits for its owner,
# and a stop ends only while those whom a survey found stopped themselves still are.
HELD_STILL = 4
SILENT_GO = 5  # the edition from which on a canary that its risk score holds is replaced
# The edition from which on a sign-off is of all that was shown, and a document says something.
SIGNED_LAST = 6
SPARED = 7  # the edition from which on no reopening hangs on each of those who may decide it
# The edition from which on a network where nobody waits has no canary, what else holds a request
# is asked by what that is (by the API, or not), and a plan has a budget for each line of its scope.
OF_WAITING = 8
# The edition from which on what several drains hold waits for each of them, as none lets go for
# another: a stop ends once its own drain has let everybody go. And the bound on how long a request
# waits is that of the drain's first word, also when it was broken off and is planned again.
EACH_LETS_GO = 9
# The edition from which on a canary that people or rules refused keeps no network's stop.
REFUSED_GO = 10
# The edition from which on what a drain that was broken off was committed to is kept.
KEEPS_BROKEN = 11
# The edition from which on gate 5 is of the requests that a named reading of the queue found, and a
# drain's list and what a segment asks for are read as they are needed.
READ_ANEW = 12
# The edition from which on the board opens a drain by hand where no canary is wanted, and a plan
# without a line has no budget: what stops withdrawals of what no network has is ended too.
OF_NOTHING = 13
BROKEN_KEPT = 20  # of a suspension, the newest
LETTERS_MIN, LETTERS_DIFFERENT = 12, 6  # what a document has at least, of letters and digits
STOPPED_KEPT = 64  # owners who are looked at again as it ends; of more it is a fresh survey's word
STOPPED_KEPT_MS = 10_000
MEASURED_MS = 1_800_000  # how long what was measured of a network is gone by
SURVEY_KEPT_MS = 600_000  # how long what a survey found is gone by
FRESH_MS = 10_000  # since its end, where a survey is of the queue as it is now
READINGS_KEPT = 20  # of a suspension, the newest


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_A_MEMBER = 93_001
    SET_UP = 93_002
    UNKNOWN = 93_003
    WRONG_STATE = 93_004
    OWN = 93_005
    TWICE = 93_006
    GATES = 93_007
    RESERVE_SHORTFALL = 93_008
    QUEUE = 93_009
    TOO_MANY = 93_010
    SURVEY = 93_011
    MEASURE = 93_012  # the coins of a currency were not measured on each of its chains
    ROUND = 93_013  # no round of challenges was put for the gate
    DOCUMENT = 93_014  # the gate rests on a document
    QUORUM = 93_015  # nobody who signs for hot is measured
    UNSEEN = 93_016  # the sign-off is of less than what was shown by now
    BUDGETS = 93_017  # a line of the scope has no budget
    TOO_SOON = 93_018  # a tick, behind the one before it
    WAITS = 93_019  # the drain began with another bound on how long a request waits
    SCREENED = 93_020  # as many were screened as did not wait


class SuspensionState(IntEnum):
    """A suspension's way; in force from ACTIVE to DRAINING."""

    DRAFT = 0
    ACTIVE = 1
    REOPEN_PLANNED = 2
    GATE_CHECK = 3
    CANARY = 4
    DRAINING = 5
    LIFTED = 6
    REPORTED = 7
    DISCARDED = 8


IN_FORCE = (
    SuspensionState.ACTIVE,
    SuspensionState.REOPEN_PLANNED,
    SuspensionState.GATE_CHECK,
    SuspensionState.CANARY,
    SuspensionState.DRAINING,
)
REOPENING = IN_FORCE[1:]


class Voice(msgspec.Struct, array_like=True, frozen=True):
    """Who said so, and when."""

    who: int
    time_ms: int


class Step(msgspec.Struct, array_like=True, frozen=True):
    """A change of state; `who` is the house for what a worker saw."""

    state: int
    who: int
    time_ms: int
    sequence: int


class Evidence(msgspec.Struct, array_like=True, frozen=True):
    """What was shown for a gate."""

    gate: int
    digest: bytes
    who: int
    time_ms: int
    sequence: int
    passed: bool
    figures: tuple[Figure, ...] = ()
    count: int = 0


class Suspension(msgspec.Struct, array_like=True, frozen=True):
    """`number` is the sequence of the command that made it."""

    number: int
    terms: Terms
    state: int
    creator: int
    created_ms: int
    changed_ms: int
    version: int
    trigger: int = 0
    seen: bytes = b""
    is_ratified: bool = False
    ratify_by_ms: int = 0  # 0: it never was in force unratified
    approvals: tuple[Voice, ...] = ()
    planner: int = 0
    planned_ms: int = 0
    sign_offs: tuple[Voice, ...] = ()
    budgets: tuple[Budget, ...] = ()
    interval_ms: int = 60_000
    evidence: tuple[Evidence, ...] = ()
    canaries: dict[int, int] = msgspec.field(default_factory=dict)  # by network
    seed: bytes = b""
    queue_digest: bytes = b""
    queue: tuple[tuple[int, bytes, int], ...] = ()  # number, amount, USD when the drain opened
    insiders: tuple[int, ...] = ()
    history: tuple[Step, ...] = ()
    report: bytes = b""

    @property
    def is_in_force(self) -> bool:
        return self.state in IN_FORCE

    @property
    def began(self) -> int:
        """The sequence from which on it is in force; 0: not yet."""
        return next((each.sequence for each in self.history if each.state in IN_FORCE), 0)

    @property
    def drain_began(self) -> int:
        """The sequence at which the drain that is under way opened; 0: none is."""
        is_draining = self.state == SuspensionState.DRAINING
        return self.history[-1].sequence if is_draining else 0

    @property
    def stops_leaving(self) -> bool:
        return bool(self.terms.actions & LEAVING)


class Measured(msgspec.Struct, array_like=True, frozen=True):
    """What a network's tiers hold after a block, and when the log was told."""

    height: int
    block: bytes
    coins: tuple[Coins, ...]
    time_ms: int
    sequence: int


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """A gate's evidence itself: `record` is JSON, of the SHA-256 that `Evidence.digest` is.

    Everybody may read it; it names no person. It has the SHA-256 of `document` in it, which is for
    everybody where `is_public`.
    """

    sequence: int
    record: bytes
    document: bytes
    is_public: bool


# Of those that wait, by number: amount and USD.
Roll = dict[int, tuple[Amount, int]]


class Broken(msgspec.Struct, array_like=True, frozen=True):
    """A drain that was broken off: what it was committed to as it began, and how far it came.

    `began` is the sequence at which it opened. `lines` are of all of its suspension's drains until
    then; those that have begun.
    """

    began: int
    began_ms: int
    ended_ms: int
    seed: bytes
    queue_digest: bytes
    lines: tuple[DrainSum, ...] = ()
    roll: Roll = msgspec.field(default_factory=dict)


class Surveyed(msgspec.Struct, array_like=True, frozen=True):
    """What a walk of a suspension's queue has found so far; of those asked for before it began.

    `alone` is the first that waits for this suspension and for no other, looked for while it
    drains; then the walk ends there. `digest` is over the roll, number by number.
    """

    began: int  # sequence
    ended_ms: int = 0  # 0: it is under way
    cursor: int = 0
    waiting: int = 0
    unfit: int = 0  # of owners who are stopped
    alone: int = 0
    sums: dict[int, dict[int, Amount]] = msgspec.field(default_factory=dict)  # network, asset
    smallest: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)  # USD, number
    digest: bytes = bytes(HASH_BYTES)
    roll: Roll = msgspec.field(default_factory=dict)


class Reading(msgspec.Struct, array_like=True, frozen=True):
    """What a whole survey found: how many waited who had asked before the sequence `began`."""

    began: int
    ended_ms: int
    waiting: int
    unfit: int  # of owners who are stopped


class SuspensionsState(State):
    """`surveys` and `rolls`, of those whose queue was opened, by suspension.

    `grounds`: what held requests back elsewhere when a survey began. `measured` by network; `kept`
    by suspension and gate, the newest of each. `stopped`: owners whom a survey at the end of a
    drain found stopped themselves, each with a request that waits. `waits`: the ticks that a plan
    lets a request wait at most. `broken`: drains that were broken off, by suspension, the newest
    last. `readings`: what surveys found before a drain, by suspension, the newest last.
    """

    suspensions: dict[int, Suspension] = msgspec.field(default_factory=dict)
    edition: int = 0
    surveys: dict[int, Surveyed] = msgspec.field(default_factory=dict)
    rolls: dict[int, Roll] = msgspec.field(default_factory=dict)
    measured: dict[int, Measured] = msgspec.field(default_factory=dict)
    kept: dict[int, dict[int, Kept]] = msgspec.field(default_factory=dict)
    grounds: dict[int, bytes] = msgspec.field(default_factory=dict)
    stopped: dict[int, dict[int, int]] = msgspec.field(default_factory=dict)
    waits: dict[int, int] = msgspec.field(default_factory=dict)
    broken: dict[int, tuple[Broken, ...]] = msgspec.field(default_factory=dict)
    readings: dict[int, tuple[Reading, ...]] = msgspec.field(default_factory=dict)


def opened(one: Suspension) -> int:
    """The sequence at which the gates of its plan were opened last; 0: they are not."""
    for step in reversed(one.history if one.state in REOPENING else ()):
        if step.state == SuspensionState.GATE_CHECK:
            return step.sequence
        if step.state == SuspensionState.REOPEN_PLANNED:
            return 0
    return 0


def gates_of(one: Suspension) -> tuple[Gate, ...]:
    """What must be shown before it is lifted: all where coins leave, less where none do."""
    if one.terms.scope.level == Level.USER:
        return ()
    if one.stops_leaving:
        return tuple(Gate)
    if one.terms.actions & Action.DEPOSIT_CREDIT:
        return (Gate.COVERAGE, Gate.COMMUNICATION)
    return (Gate.COMMUNICATION,)


def newest(one: Suspension, gate: Gate) -> Evidence | None:
    """The last that was shown for a gate since the reopening was planned."""
    for shown in reversed(one.evidence):
        if shown.gate == gate and shown.time_ms >= one.planned_ms:
            return shown
    return None


def is_shown(one: Suspension, gate: Gate, now_ms: int) -> bool:
    """Whether a gate is passed, or will be by itself: G6 waits for its hour."""
    shown = newest(one, gate)
    is_waiting = gate is Gate.COMMUNICATION and shown is not None and shown.passed
    return is_waiting or is_green(one, gate, now_ms)


def shown_last(one: Suspension) -> int:
    """The sequence of the newest evidence of its plan but the canaries'; 0: there is none."""
    of_gates = (newest(one, gate) for gate in gates_of(one) if gate is not Gate.CANARY)
    return max((shown.sequence for shown in of_gates if shown is not None), default=0)


def says_something(document: bytes) -> bool:
    """Whether a text is a document at all: UTF-8 with some letters or digits, not all the same.

    What is not ASCII counts as a letter, whatever it is: a log is read alike by every version.
    """
    try:
        text = document.decode()
    except UnicodeDecodeError:
        return False
    letters = [one for one in text if one.isalnum() or not one.isascii()]
    return len(letters) >= LETTERS_MIN and len(dict.fromkeys(letters)) >= LETTERS_DIFFERENT


def is_green(one: Suspension, gate: Gate, now_ms: int) -> bool:
    """Whether a gate is passed: G1 for a day, G6 an hour after its notice."""
    shown = newest(one, gate)
    if shown is None or not shown.passed:
        return False
    if gate is Gate.SIGNABILITY:
        return now_ms - shown.time_ms <= DAY_MS
    if gate is Gate.COMMUNICATION:
        return now_ms - shown.time_ms >= NOTICE_MS
    return True

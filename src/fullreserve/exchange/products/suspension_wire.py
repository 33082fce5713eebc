"""What operators, detectors and folds say to the fold of suspensions.

A suspension has one scope and any number of actions; an incident that touches several scopes is
several suspensions with one incident number. Everything is numbers and hashes: words for people
and sealed reasons stand elsewhere, under the suspension's number or the note's.

Units: USD at 10^-8; amounts at the asset's ledger scale (`amount_bytes`).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import msgspec

from fullreserve.exchange.wire.commands import Amount, Suspended

SUSPENSIONS = 20  # number of the fold
# Numbers of the core's table from here on are the fold's: its own plus the suspension's.
CORE_FIRST = 1 << 32
DOCUMENT_MAX = 8_192  # bytes of a gate's document
COINS_MAX = 1_000  # of a network that is measured
BOARD = 2  # the approval group that reopens; the console's group where it is not set up


class Action(IntFlag):
    """What a suspension stops."""

    WITHDRAW = 1
    DEPOSIT_CREDIT = 2
    INTERNAL_TRANSFER = 4  # from user to user
    TRANSFER = 8  # among a user's own accounts
    SUB_TRANSFER = 16  # among a master and its sub-accounts
    TRADE_OPEN = 32
    TRADE_ALL = 64
    EARN_SUBSCRIBE = 128
    EARN_REDEEM = 256
    API_WITHDRAW = 512
    CONVERT = 1024
    BOT = 2048
    LOAN_OUT = 4096
    FIAT = 8192


LEAVING = Action.WITHDRAW | Action.API_WITHDRAW
ON_CHAIN = LEAVING | Action.DEPOSIT_CREDIT
# What of the actions the core's own table stops. WITHDRAW is not among them: its modes differ; and
# nothing maps to the core's PRODUCT, which would stop the word that lifts it too.
IN_CORE = {
    Action.DEPOSIT_CREDIT: Suspended.DEPOSIT_CREDIT,
    Action.TRANSFER: Suspended.TRANSFER,
    Action.SUB_TRANSFER: Suspended.SUB_TRANSFER,
    Action.TRADE_OPEN: Suspended.TRADE_OPEN,
    Action.TRADE_ALL: Suspended.TRADE_ALL,
}


class Level(IntEnum):
    """How wide a scope is."""

    GLOBAL = 0
    CHAIN = 1
    ASSET = 2
    ASSET_CHAIN = 3
    SEGMENT = 4
    USER = 5


class Mode(IntEnum):
    """What becomes of a withdrawal that is asked for; other actions are stopped in any mode."""

    QUEUE = 1
    REJECT = 2
    REVIEW = 3
    CAP = 4


class Reason(IntEnum):
    """Public reasons."""

    KEY_HOLDER_UNREACHABLE = 1
    SIGNER_DEVICE_LOST = 2
    CHAIN_HALT = 3
    CHAIN_FORK = 4
    CHAIN_REORG = 5
    NODE_DOWN = 6
    WALLET_MAINT = 7
    TOKEN_CONTRACT_UPGRADE = 8
    HOT_WALLET_LOW = 9
    SECURITY_INCIDENT = 10
    RECONCILIATION_BREAK = 11
    RESERVE_SHORTFALL = 12
    REGULATORY_ORDER = 13
    SANCTIONS = 14
    MARKET_DISLOCATION = 15
    VENDOR_DOWN = 16


class Trigger(IntEnum):
    """What a worker saw that stops something by itself."""

    LEDGER_MISMATCH = 1
    UNKNOWN_SPEND = 2
    DEEP_REORG = 3
    NODE_SPLIT = 4
    VELOCITY = 5
    NEGATIVE_MARGIN = 6
    STALE_PRICE = 7
    RESERVE_SHORTFALL = 8


class Gate(IntEnum):
    """What must be shown before withdrawals go on."""

    SIGNABILITY = 1
    COVERAGE = 2
    LIQUIDITY = 3
    CANARY = 4
    QUEUE_HYGIENE = 5
    COMMUNICATION = 6
    LIMITS = 7
    SUPPORT = 8


class Scope(msgspec.Struct, array_like=True, frozen=True):
    """Where: `network` and `asset` as the level says; `key` a segment or an owner."""

    level: int
    network: int = 0
    asset: int = 0
    key: int = 0


class Terms(msgspec.Struct, array_like=True, frozen=True):
    """What is stopped, where, how and why; `note` is the audit entry that says it in words."""

    actions: int
    scope: Scope
    mode: int
    reason: int
    est_open_ms: int = 0  # 0: not known
    per_user_usd: int = 0  # CAP: of one owner in 24 hours; 0: no such cap
    per_asset: Amount = b""  # CAP: of the scope's asset in 24 hours
    incident: int = 0
    note: int = 0


class Budget(msgspec.Struct, array_like=True, frozen=True):
    """What one tick of a drain may pay of an asset on a network."""

    network: int
    asset: int
    amount: Amount
    slots: int  # transactions


class Figure(msgspec.Struct, array_like=True, frozen=True):
    """A number of a gate's evidence: what there is and what it must come to."""

    network: int  # 0: on all
    asset: int
    have: Amount
    need: Amount = b""


class Said(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads; the command's owner is who says it."""


class Draft(Said, frozen=True, tag=1):
    """By a member: to come into force when others have approved it."""

    terms: Terms


class Suspend(Said, frozen=True, tag=2):
    """By one member or the house: in force at once, to be ratified within the hour."""

    terms: Terms


class Trip(Said, frozen=True, tag=3):
    """By the house, for a worker: what it saw. Again while it is in force, it changes nothing."""

    trigger: int
    scope: Scope
    digest: bytes = b""  # of what was seen


class Ratify(Said, frozen=True, tag=4):
    """By a member who is not its creator: approves a draft or a stop by one."""

    suspension: int


class Discard(Said, frozen=True, tag=5):
    """By a member: a draft that never came into force."""

    suspension: int


class Extend(Said, frozen=True, tag=6):
    """By a member: another estimate of when it ends (0: not known)."""

    suspension: int
    est_open_ms: int


class Plan(Said, frozen=True, tag=7):
    """By a member of the board: reopening is planned; what was shown before counts no more.

    `max_wait`: ticks after which a request comes before both lanes of the drain; 0: never, as in
    logs from before plans had it.
    """

    suspension: int
    est_open_ms: int
    budgets: tuple[Budget, ...] = ()
    interval_ms: int = 60_000
    max_wait: int = 0


class Check(Said, frozen=True, tag=8):
    """By a member of the board: the gates are being looked at."""

    suspension: int


class Show(Said, frozen=True, tag=9):
    """By a member of the board or the house: evidence for a gate.

    Figures of LIQUIDITY are forecasts of a day, which the fold holds against the ledger. `count` is
    how many requests were screened; from edition 12 on all that a reading of the queue found, which
    is named by `up_to`, the sequence at which it began: who asked from there on is behind them.

    Before edition 2 `digest` was the SHA-256 of a document that stood elsewhere, and figures of
    COVERAGE were coins on chains by asset. From then on `document` is UTF-8 of at most
    DOCUMENT_MAX bytes, `digest` its SHA-256, and both are empty where there is none; everybody may
    read it where `is_public`. Figures of COVERAGE are added to what was measured (`Measure`), as
    far as the ledger has coins where nobody measures.
    """

    suspension: int
    gate: int
    digest: bytes
    passed: bool
    figures: tuple[Figure, ...] = ()
    count: int = 0
    document: bytes = b""
    is_public: bool = False
    up_to: int = 0


class SignOff(Said, frozen=True, tag=10):
    """By a member of the board who did not plan it: the restart may go on as planned then.

    `planned_ms` is the plan's, as the suspension has it; 0, of logs from before, is any plan.
    `shown` is the sequence of the newest evidence of its gates, G4's aside, that was looked at (0:
    there is none to look at). From edition 6 on every gate has to be shown by then, and what is
    shown later takes all sign-offs away.
    """

    suspension: int
    planned_ms: int = 0
    shown: int = 0


class Canary(Said, frozen=True, tag=11):
    """By a member of the board: this queued withdrawal is paid first, as a test of its network."""

    suspension: int
    withdrawal: int


class OpenDrain(Said, frozen=True, tag=12):
    """By a member of the board: the queue is paid out; `seed` blinds the commitment to it."""

    suspension: int
    seed: bytes


class Lift(Said, frozen=True, tag=13):
    """By a member of the board: over; of withdrawals only when nobody waits any more."""

    suspension: int


class Fall(Said, frozen=True, tag=14):
    """By a member or the house: the reopening is broken off; everybody keeps the old place."""

    suspension: int
    note: int = 0


class Report(Said, frozen=True, tag=15):
    """By a member of the board: the report is published."""

    suspension: int
    digest: bytes


class Advance(Said, frozen=True, tag=16):
    """By the house, for a worker: the next step of a restart that the board has signed off.

    Canaries are chosen, the drain is opened (`seed` blinds the commitment to the queue), the end is
    noted: whichever is due. Refused while what the board has to show is not shown.
    """

    suspension: int
    seed: bytes


class Survey(Said, frozen=True, tag=17):
    """By the house: a look at the next few that wait; `is_new` begins again with the first.

    Said again and again until `GetSurvey` tells that the end was reached; then it changes nothing.
    """

    suspension: int
    is_new: bool = False


class Adopt(Said, frozen=True, tag=18):
    """By the house: from here on the fold goes by an edition of its rules, and never by less."""

    edition: int


class Coins(msgspec.Struct, array_like=True, frozen=True):
    """What a tier holds on a chain, at the ledger's scale."""

    tier: int
    asset: int
    amount: Amount


class Measure(Said, frozen=True, tag=19):
    """By the house, for the watcher: what a network's tiers hold after a block.

    Of tiers and assets that were compared with the ledger and did not differ from it. Said while a
    reopening is under way; the newest of a network counts.
    """

    network: int
    height: int
    block: bytes  # its hash
    coins: tuple[Coins, ...]


AnySaid = (
    Draft
    | Suspend
    | Trip
    | Ratify
    | Discard
    | Extend
    | Plan
    | Check
    | Show
    | SignOff
    | Canary
    | OpenDrain
    | Lift
    | Fall
    | Report
    | Advance
    | Survey
    | Adopt
    | Measure
)


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the questions."""


class ListAll(Asked, frozen=True, tag=1):
    """-> list[Suspension], the newest last; without their queues."""


class Ruling(Asked, frozen=True, tag=2):
    """-> Verdict on an action of an owner, or on a withdrawal that was asked for already."""

    action: int
    owner: int
    master: int
    segment: int
    network: int = 0
    asset: int = 0
    withdrawal: int = 0
    is_released: bool = False  # by a drain: none stops it
    released: tuple[int, ...] = ()  # by which drains: the sequences at which these opened


class DrainOf(Asked, frozen=True, tag=3):
    """-> int, the suspension whose drain pays an asset on a network; 0 for none.

    `suspension`: no other than this one; 0 is any, in logs from before words named theirs.
    """

    network: int
    asset: int
    suspension: int = 0


class ListReopening(Asked, frozen=True, tag=4):
    """-> list[Suspension] whose restart is under way, with their last steps, without queues."""


class ListStops(Asked, frozen=True, tag=5):
    """-> list[Suspension] that may stop an action on an asset on a network, of some owner or all.

    Without what no verdict needs, but for their first two steps, one of which put them in force,
    and the last.
    `suspension_rules.verdict` over them says what a `Ruling` would.
    """

    action: int
    network: int
    asset: int


class GetOne(Asked, frozen=True, tag=6):
    """-> Suspension | None, whole."""

    suspension: int


class GetSurvey(Asked, frozen=True, tag=7):
    """-> Surveyed | None, the newest of a suspension's queue, without the list of its requests."""

    suspension: int


class ListRoll(Asked, frozen=True, tag=8):
    """-> list[tuple[int, Amount, int]] | None: number, amount, USD of those a drain began with.

    By number, at most `limit` behind the number `after`. None of a drain from before edition 1:
    `Suspension` has its queue then. `began`: of a drain that was broken off; 0: of the last.
    """

    suspension: int
    after: int
    limit: int
    began: int = 0  # sequence


class GetEdition(Asked, frozen=True, tag=9):
    """-> int, the edition of the rules that the log goes by."""


class GetKept(Asked, frozen=True, tag=10):
    """-> dict[int, Kept], a suspension's newest evidence whole, by gate; of edition 2 and later."""

    suspension: int


class GetMeasured(Asked, frozen=True, tag=11):
    """-> Measured | None, the newest of a network."""

    network: int


class ListInForce(Asked, frozen=True, tag=12):
    """-> list[Suspension] in force, without what no verdict needs, and none that has ended."""


class IsCanary(Asked, frozen=True, tag=13):
    """-> bool, whether a withdrawal is a canary that waits for nobody; none is before edition 4."""

    withdrawal: int


class GetMaxWait(Asked, frozen=True, tag=14):
    """-> int, the ticks that a suspension's plan lets a request wait at most; 0: any number."""

    suspension: int


class ListBroken(Asked, frozen=True, tag=15):
    """-> list[Broken] of a suspension, the newest last, without their rolls; of edition 11 on."""

    suspension: int


class ListReadings(Asked, frozen=True, tag=16):
    """-> list[Reading] of a suspension's queue, the newest last; of edition 12 on."""

    suspension: int


class Verdict(msgspec.Struct, array_like=True, frozen=True):
    """What stops an action; mode 0: nothing."""

    mode: int = 0
    suspension: int = 0
    level: int = 0
    per_user_usd: int = 0
    per_asset: Amount = b""


FREE = Verdict()
AnyAsked = (
    ListAll
    | Ruling
    | DrainOf
    | ListReopening
    | ListStops
    | GetOne
    | GetSurvey
    | ListRoll
    | GetEdition
    | GetKept
    | GetMeasured
    | ListInForce
    | IsCanary
    | GetMaxWait
    | ListBroken
    | ListReadings
)

decode_said = msgspec.msgpack.Decoder(AnySaid).decode
decode_asked = msgspec.msgpack.Decoder(AnyAsked).decode

"""Commands: what the journal stores and the core consumes.

A command is one MessagePack array `[tag, gateway, number, ...fields]`. `(gateway, number)` names a
submission, so that it can be retried after a lost reply: the core answers a repeated pair with the
outcome of the first. The Rust side of this schema is `crates/core/src/wire/`; a golden file that
both sides read and write (`tests/golden/`) proves that they agree.

Rules of change: fields are appended with defaults, tags are never reused.

Units: prices and sizes are unsigned 64-bit integers at the instrument's price and size scale;
`Amount` is a signed 128-bit integer at the asset's ledger scale as 16 bytes, big-endian, two's
complement (`amount_bytes`, `amount_int`); rates are parts per 10^8; times are ms since the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, IntFlag

import msgspec

Amount = bytes


class Side(IntEnum):
    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    LIMIT = 0
    MARKET = 1
    POST_ONLY = 2
    IOC = 3
    FOK = 4
    OPTIMAL_LIMIT_IOC = 5


class SizeUnit(IntEnum):
    """What the size of a market order counts (`tgtCcy`)."""

    BASE = 0
    QUOTE = 1


class SelfTrade(IntEnum):
    """Self-trade prevention; the taker's mode decides, the scope is the master account."""

    CANCEL_MAKER = 0
    CANCEL_TAKER = 1
    CANCEL_BOTH = 2


class OrderFlag(IntFlag):
    NONE = 0
    BAN_AMEND = 1  # refuse a market order that the balance cannot cover instead of shrinking it
    CLAMP_PRICE = 2  # pxAmendType 1: move a price outside the band to its edge


class AmendFlag(IntFlag):
    NONE = 0
    CANCEL_ON_FAIL = 1
    CLAMP_PRICE = 2


class InstrumentState(IntEnum):
    PREOPEN = 0  # nothing accepted
    LIVE = 1
    POST_ONLY = 2  # post-only orders, amends that do not take, cancels
    CANCEL_ONLY = 3
    SUSPEND = 4  # nothing, not even cancels


class SignRule(IntEnum):
    """Which balances an account may have; positive is what the exchange owes (credit)."""

    CREDIT = 0  # balance >= 0
    DEBIT = 1  # balance <= 0
    EITHER = 2


class ClaimClass(IntEnum):
    """How a balance counts in the proof of reserves."""

    NOT_A_CLAIM = 0
    ON_DEMAND = 1
    TERM = 2


class OwnerFlag(IntFlag):
    NONE = 0
    FROZEN = 1  # nothing leaves, no orders; cancels stay possible
    NO_TRADE = 2
    NO_TRANSFER_OUT = 4
    NO_WITHDRAW = 8
    HOUSE = 16  # the exchange's own: exempt from pending-order caps
    MASTER_FROZEN = 32  # by its master: no orders, sends nothing itself; the master moves its money


class HouseRole(IntEnum):
    TRADE_FEE = 0
    ROUNDING = 1


class Parameter(IntEnum):
    """Keys of SetParameter; the defaults stand in the core's `parameters.rs`."""

    FINISHED_MAX = 0  # finished orders (and fills) kept for queries
    FINISHED_MS = 1  # and for how long
    PENDING_PER_INSTRUMENT = 2
    PENDING_PER_OWNER = 3
    WORK_UNITS = 4  # units of resumable work done at each advance of time
    WALK_MAX = 5  # makers that one taker may match


class Suspended(IntFlag):
    """Actions that a suspension stops."""

    NONE = 0
    WITHDRAW = 1
    DEPOSIT_CREDIT = 2
    TRANSFER = 4  # among a user's own rooms
    SUB_TRANSFER = 8  # between different owners
    TRADE_OPEN = 16  # new orders and amends
    TRADE_ALL = 32  # cancels too
    PRODUCT = 64


class SuspensionLevel(IntEnum):
    GLOBAL = 0
    ASSET = 1  # key: asset
    INSTRUMENT = 2  # key: instrument
    SEGMENT = 3  # key: segment
    OWNER = 4  # key: owner


class WeightSource(IntEnum):
    EXPLICIT = 0  # the command's own list
    BALANCES = 1  # balances of (weight_kind, weight_asset) when the command is applied


class Rounding(IntEnum):
    FLOOR = 0  # each share down, the remainder to the ROUNDING house account
    LARGEST_REMAINDER = 1  # the remainder unit by unit to the largest remainders, then lowest owner


class Command(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Common head of every command."""

    gateway: int
    number: int


class PlaceOrder(Command, frozen=True, tag=1):
    owner: int
    instrument: int
    side: int
    type: int
    price: int  # 0 for MARKET and OPTIMAL_LIMIT_IOC
    size: int  # base at size scale; with unit QUOTE: quote at the quote asset's ledger scale
    unit: int = 0
    self_trade: int = 0
    flags: int = 0
    client_order_id: str = ""  # at most 32 ASCII letters and digits
    tag: str = ""  # at most 16 ASCII letters and digits
    expires_ms: int = 0  # 0: never; a later batch refuses it with 50037


class CancelOrder(Command, frozen=True, tag=2):
    owner: int
    instrument: int
    order: int  # 0: by client_order_id
    client_order_id: str = ""


class AmendOrder(Command, frozen=True, tag=3):
    owner: int
    instrument: int
    order: int  # 0: by client_order_id
    client_order_id: str
    new_size: int  # total incl. filled; 0: unchanged
    new_price: int  # 0: unchanged
    flags: int = 0
    request_id: str = ""
    expires_ms: int = 0


class CancelAll(Command, frozen=True, tag=4):
    owner: int
    instrument: int = 0  # 0: all


class CancelAllAfter(Command, frozen=True, tag=5):
    """Dead man's switch: cancels the owner's orders (of one tag, if given) when it runs out."""

    owner: int
    timeout_ms: int  # 0: off
    tag: str = ""


class AccountKey(msgspec.Struct, array_like=True, frozen=True):
    """One account of an asset: (owner, kind, instance)."""

    owner: int
    kind: int
    instance: int


class Transfer(Command, frozen=True, tag=6):
    actor: int  # the owner who asks
    source: AccountKey
    target: AccountKey
    asset: int
    amount: Amount
    reason: int = 1  # bill type


class Deposit(Command, frozen=True, tag=7):
    """The only way, with Withdraw, that the supply of an asset changes."""

    account: AccountKey
    asset: int
    amount: Amount
    reference: bytes = b""  # salted hash, at most 32 bytes


class Withdraw(Command, frozen=True, tag=8):
    account: AccountKey
    asset: int
    amount: Amount
    reference: bytes = b""


class Leg(msgspec.Struct, array_like=True, frozen=True):
    """One line of a posting; the legs of a posting balance per asset."""

    account: AccountKey
    asset: int
    change: Amount


class Posting(msgspec.Struct, array_like=True, frozen=True):
    reason: int  # bill type
    legs: tuple[Leg, ...]


class Group(Command, frozen=True, tag=9):
    """A fold's output: all of it or nothing.

    `commands` may hold OpenOwner, SetOwner, CancelOrder, CancelAll and PlaceOrder, and definitions,
    each kind of them at most once; they are applied in the order owners, cancels, postings, orders,
    definitions, whatever their order here.
    `code` other than 0 is the fold's refusal; then postings and commands are empty.
    """

    cause: int  # sequence of the product command
    code: int
    postings: tuple[Posting, ...]
    commands: tuple[GroupCommand, ...]


class Product(Command, frozen=True, tag=10):
    """A command for a fold outside the core; `payload` is the fold's own MessagePack."""

    fold: int
    owner: int
    payload: bytes
    cause: int = 0  # idempotency key of money that an event causes: (fold, cause, index)
    index: int = 0


class Tick(Command, frozen=True, tag=11):
    """Lets time pass on an idle exchange; logged only when the agenda needs it."""


class Weight(msgspec.Struct, array_like=True, frozen=True):
    owner: int
    weight: int  # unsigned 64 bit


class Distribute(Command, frozen=True, tag=12):
    """Pays `amount` from a pool to many accounts by weight, in slices from the agenda."""

    pool: AccountKey
    asset: int
    amount: Amount
    target_kind: int
    target_instance: int
    rounding: int
    source: int
    weight_kind: int
    weight_asset: int
    weights: tuple[Weight, ...]
    reason: int = 0  # bill type


class DefineAsset(Command, frozen=True, tag=20):
    asset: int
    symbol: str
    scale: int  # digits after the point, for ever
    supply_cap: Amount


class DefineKind(Command, frozen=True, tag=21):
    kind: int
    code: str  # name in the chart of accounts, e.g. "L.u.trade"
    sign: int
    claim: int


class DefineHouse(Command, frozen=True, tag=22):
    role: int
    account: AccountKey


class SetFeeTier(Command, frozen=True, tag=23):
    """Rates in parts per 10^8 of the amount received; negative is a rebate (makers only)."""

    tier: int
    maker: int
    taker: int


class OpenOwner(Command, frozen=True, tag=24):
    owner: int
    master: int  # itself for a master account
    segment: int
    tier: int
    flags: int = 0
    kyc: int = 0


class SetOwner(Command, frozen=True, tag=25):
    owner: int
    segment: int
    tier: int
    flags: int
    kyc: int


class TickBand(msgspec.Struct, array_like=True, frozen=True):
    """From this price upward the price must be a multiple of `tick`."""

    from_price: int
    tick: int


class ListInstrument(Command, frozen=True, tag=26):
    instrument: int
    symbol: str
    base: int
    quote: int
    price_scale: int
    size_scale: int
    ticks: tuple[TickBand, ...]  # ascending, the first from 0
    lot: int
    min_size: int
    max_limit_size: int
    max_market_size: int
    max_market_amount: int  # quote at its ledger scale, for market orders sized in quote
    max_price: int
    band: int  # allowed distance from the reference price, parts per 10^8; 0: none
    state: int


class SetInstrument(Command, frozen=True, tag=27):
    instrument: int
    ticks: tuple[TickBand, ...]
    lot: int
    min_size: int
    max_limit_size: int
    max_market_size: int
    max_market_amount: int
    max_price: int
    band: int


class SetInstrumentState(Command, frozen=True, tag=28):
    instrument: int
    state: int


class SetParameter(Command, frozen=True, tag=29):
    parameter: int
    value: int


class SetSuspension(Command, frozen=True, tag=30):
    suspension: int
    actions: int  # Suspended bits; 0 lifts it
    level: int
    key: int


# Rules from which the core guards lending by what is liquid.
RULES_GUARD = 2
# Rules from which a master moves what its sub-account may not send.
RULES_MASTER_SENDS = 3
# Rules from which a market order whose funds give less than the least size is refused.
RULES_FUNDS_FOR_LEAST = 4
# Rules from which a stop of a main account is its sub-accounts' too, and a dead man's switch
# cancels whatever is stopped.
RULES_STOPS_OF_PEOPLE = 5
RULES_KNOWN = RULES_STOPS_OF_PEOPLE


class ActivateRules(Command, frozen=True, tag=31):
    """Switches rule semantics; a binary that does not know `rules` refuses the log."""

    rules: int


class Quarantine(Command, frozen=True, tag=32):
    """Says that the command at `sequence` is skipped on every replay."""

    sequence: int


class ConfirmTime(Command, frozen=True, tag=33):
    """An operator's leave for a forward jump of the clock above the limit."""

    jump_ms: int


class SetLiquid(Command, frozen=True, tag=34):
    """How much of an asset can be paid out, as it was shown; needs rules 2."""

    asset: int
    liquid: Amount
    booked: Amount  # what the ledger had there then: `ReserveState.coins`
    expires_ms: int  # exchange time from which it says nothing any more


Definition = (
    SetFeeTier | ListInstrument | SetInstrument | SetInstrumentState | SetParameter | SetSuspension
)

GroupCommand = OpenOwner | SetOwner | CancelOrder | CancelAll | PlaceOrder | Definition

AnyCommand = (
    PlaceOrder
    | CancelOrder
    | AmendOrder
    | CancelAll
    | CancelAllAfter
    | Transfer
    | Deposit
    | Withdraw
    | Group
    | Product
    | Tick
    | Distribute
    | DefineAsset
    | DefineKind
    | DefineHouse
    | SetFeeTier
    | OpenOwner
    | SetOwner
    | ListInstrument
    | SetInstrument
    | SetInstrumentState
    | SetParameter
    | SetSuspension
    | ActivateRules
    | Quarantine
    | ConfirmTime
    | SetLiquid
)

WIRE_VERSION = 1

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[list[AnyCommand]] | None = None


def amount_bytes(value: int) -> Amount:
    """An amount in ledger units as its 16 wire bytes; OverflowError outside 128 bits."""
    return value.to_bytes(16, "big", signed=True)


def amount_int(data: Amount) -> int:
    """The amount in ledger units that 16 wire bytes hold."""
    return int.from_bytes(data, "big", signed=True)


def encode(command: AnyCommand) -> bytes:
    """One command's wire bytes."""
    return _encoder.encode(command)


def batch(commands: Sequence[bytes]) -> bytes:
    """Encoded commands as the MessagePack array that a journal row holds."""
    count = len(commands)
    if count < 16:
        head = bytes((0x90 | count,))
    elif count < 65536:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return head + b"".join(commands)


def decode_batch(data: bytes) -> list[AnyCommand]:
    """The commands of a row; msgspec.DecodeError on anything that is not one."""
    global _decoder
    if _decoder is None:
        _decoder = msgspec.msgpack.Decoder(list[AnyCommand])
    return _decoder.decode(data)

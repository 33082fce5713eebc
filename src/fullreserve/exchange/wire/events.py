"""Events: what the core says about a batch, as one MessagePack array of tagged arrays.

All events of a command come before its `Reply`. Events of the agenda (timers, resumable work) come
before those of the batch's first command and have no reply. Units as in `commands`.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve._core import select_events
from fullreserve.exchange.wire.commands import AccountKey, Amount, Leg, TickBand


class OrderCause(IntEnum):
    """Why an order event was emitted; its other fields are the order's state afterwards."""

    PLACED = 0  # accepted; a taker's fills follow
    FILLED = 1
    CANCELED = 2
    AMENDED = 3
    AMEND_FAILED = 4  # state unchanged; code of the refusal in `amend_code`


class OrderState(IntEnum):
    LIVE = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELED = 3


class Liquidity(IntEnum):
    NONE = 0
    MAKER = 1
    TAKER = 2


class CancelSource(IntEnum):
    """OKX's numbers."""

    SYSTEM = 0
    USER = 1
    FOK = 13
    IOC = 14
    PRICE_BAND = 15
    CANCEL_ALL_AFTER = 20
    POST_ONLY = 31
    SELF_TRADE = 32
    WALK_LIMIT = 33


# Events hold no events but in tuples and lists of their own, so they form no cycles to look for.
class Event(msgspec.Struct, array_like=True, frozen=True, tag_field="message", gc=False):
    """Common base of every event."""


class Reply(Event, frozen=True, tag=1):
    """Outcome of one command; `code` is the OKX code, 0 for success."""

    sequence: int
    gateway: int
    number: int
    code: int
    allowed: int  # the limit that was broken, in the field's own unit; 0 where there is none
    order: int  # order id, transfer id (the sequence) or 0
    duplicate_of: int = 0  # sequence of the first submission with this (gateway, number)


class Order(Event, frozen=True, tag=2):
    """Whole state of an order after a change, plus what this change did."""

    sequence: int
    time_ms: int
    cause: int
    owner: int
    instrument: int
    order: int
    client_order_id: str
    tag: str
    side: int
    type: int
    unit: int
    self_trade: int
    price: int
    size: int
    filled: int  # base at size scale
    filled_quote: Amount  # sum of price x size of the fills, quote ledger units, exact value down
    fee: Amount  # accumulated; positive: the user paid; in the asset received
    state: int
    cancel_source: int
    created_ms: int
    fill_price: int  # this change only; 0 when it is not a fill
    fill_size: int
    trade: int
    fill_fee: Amount
    liquidity: int
    request_id: str
    amend_code: int


class Trade(Event, frozen=True, tag=3):
    """One match, public."""

    sequence: int
    time_ms: int
    instrument: int
    trade: int  # counts up from 1 for each instrument
    price: int
    size: int
    side: int  # the taker's


class Level(Event, frozen=True, tag=4):
    """State of a price level after the command; size 0 when it is gone."""

    instrument: int
    side: int
    price: int
    size: int
    orders: int


class Balance(Event, frozen=True, tag=5):
    """An account after the command; at most one for each account and command."""

    owner: int
    kind: int
    instance: int
    asset: int
    balance: Amount
    hold: Amount


class Posted(Event, frozen=True, tag=6):
    """A posting that is not a trade: deposit, withdrawal, transfer, group, distribution."""

    sequence: int
    time_ms: int
    reason: int
    legs: tuple[Leg, ...]
    reference: bytes


class InstrumentChanged(Event, frozen=True, tag=7):
    instrument: int
    symbol: str
    base: int
    quote: int
    price_scale: int
    size_scale: int
    ticks: tuple[TickBand, ...]
    lot: int
    min_size: int
    max_limit_size: int
    max_market_size: int
    max_market_amount: int
    max_price: int
    band: int
    state: int
    listed_ms: int


class OwnerChanged(Event, frozen=True, tag=8):
    owner: int
    master: int
    segment: int
    tier: int
    flags: int
    kyc: int


class AssetDefined(Event, frozen=True, tag=9):
    asset: int
    symbol: str
    scale: int
    supply_cap: Amount


class FeeTierSet(Event, frozen=True, tag=10):
    tier: int
    maker: int
    taker: int


class KindDefined(Event, frozen=True, tag=11):
    kind: int
    code: str
    sign: int
    claim: int


class HouseDefined(Event, frozen=True, tag=12):
    role: int
    account: AccountKey


class ParameterSet(Event, frozen=True, tag=13):
    parameter: int
    value: int


class SuspensionSet(Event, frozen=True, tag=14):
    suspension: int
    actions: int
    level: int
    key: int


class RulesActivated(Event, frozen=True, tag=15):
    rules: int


class Quarantined(Event, frozen=True, tag=16):
    sequence: int


class ProductHandled(Event, frozen=True, tag=17):
    """A product command passed; the fold's Group follows as the next command."""

    sequence: int
    fold: int
    owner: int


class GroupApplied(Event, frozen=True, tag=18):
    sequence: int
    cause: int
    code: int


class DeadMan(Event, frozen=True, tag=19):
    """State of a cancel-all-after timer; trigger_ms 0 when it is off or has fired."""

    owner: int
    tag: str
    trigger_ms: int
    fired: bool


class Distributed(Event, frozen=True, tag=20):
    """Progress of a distribution; done when `remaining` is 0."""

    distribution: int  # sequence of the command
    remaining: int  # accounts not paid yet


class TimeConfirmed(Event, frozen=True, tag=21):
    jump_ms: int


class LiquidSet(Event, frozen=True, tag=22):
    """What was shown to be liquid."""

    asset: int
    liquid: Amount
    booked: Amount
    expires_ms: int


class ReserveShort(Event, frozen=True, tag=23):
    """Claims on demand have come to be more than is liquid, or (nothing missing) no longer are."""

    sequence: int
    time_ms: int
    asset: int
    missing: Amount


AnyEvent = (
    Reply
    | Order
    | Trade
    | Level
    | Balance
    | Posted
    | InstrumentChanged
    | OwnerChanged
    | AssetDefined
    | FeeTierSet
    | KindDefined
    | HouseDefined
    | ParameterSet
    | SuspensionSet
    | RulesActivated
    | Quarantined
    | ProductHandled
    | GroupApplied
    | DeadMan
    | Distributed
    | TimeConfirmed
    | LiquidSet
    | ReserveShort
)

_decoder: msgspec.msgpack.Decoder[list[AnyEvent]] | None = None


# What a gateway needs of every row: the submitters' replies, and what is public.
_SHOWN = (Reply, Trade, Level, InstrumentChanged, AssetDefined)
_SHOWN_TAGS = sum(1 << int(str(kind.__struct_config__.tag)) for kind in _SHOWN)


def decode_shown(data: bytes) -> list[AnyEvent]:
    """Replies and public events of a batch, in order; the others are passed over undecoded."""
    return decode_events(select_events(data, _SHOWN_TAGS))


def decode_events(data: bytes) -> list[AnyEvent]:
    """The events of a batch, in order."""
    global _decoder
    if _decoder is None:
        _decoder = msgspec.msgpack.Decoder(list[AnyEvent])
    return _decoder.decode(data)

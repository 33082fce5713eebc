"""Queries: questions to the core's present state, and the shapes of their answers.

A query is a tagged MessagePack array; the answer is the MessagePack of the type named beside it.
A query changes nothing. An unknown id gives an empty list or nil, never an error; a malformed query
raises ValueError at the binding.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.wire.commands import AccountKey, Amount
from fullreserve.exchange.wire.events import (
    AssetDefined,
    DeadMan,
    FeeTierSet,
    HouseDefined,
    InstrumentChanged,
    KindDefined,
    Order,
    OwnerChanged,
    ParameterSet,
    SuspensionSet,
)


class Query(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Common base of every query."""


class GetDepth(Query, frozen=True, tag=1):
    """-> Depth | None"""

    instrument: int
    levels: int


class GetOrder(Query, frozen=True, tag=2):
    """-> Order | None. By order id, else the newest with the client order id."""

    owner: int
    instrument: int  # 0: any
    order: int
    client_order_id: str = ""


class ListOpenOrders(Query, frozen=True, tag=3):
    """-> list[Order], highest id first, ids in (newer_than, older_than), 0 for no bound."""

    owner: int
    instrument: int = 0
    older_than: int = 0
    newer_than: int = 0
    limit: int = 100


class ListFinishedOrders(Query, frozen=True, tag=4):
    """-> list[Order], retained finished orders, newest id first; bounds as ListOpenOrders."""

    owner: int
    instrument: int = 0
    older_than: int = 0
    newer_than: int = 0
    limit: int = 100


class ListFills(Query, frozen=True, tag=5):
    """-> list[Order], the retained FILLED order events of an owner, newest first."""

    owner: int
    instrument: int = 0
    order: int = 0  # 0: of all orders
    limit: int = 100


class ListBalances(Query, frozen=True, tag=6):
    """-> list[AccountState] of an owner, ascending by (kind, instance, asset)."""

    owner: int


class ListInstruments(Query, frozen=True, tag=7):
    """-> list[InstrumentChanged]"""


class ListAssets(Query, frozen=True, tag=8):
    """-> list[AssetDefined]"""


class GetOwner(Query, frozen=True, tag=9):
    """-> OwnerChanged | None"""

    owner: int


class ListFeeTiers(Query, frozen=True, tag=10):
    """-> list[FeeTierSet]"""


class ListKinds(Query, frozen=True, tag=11):
    """-> list[KindDefined]"""


class ListHouses(Query, frozen=True, tag=12):
    """-> list[HouseDefined]"""


class ListParameters(Query, frozen=True, tag=13):
    """-> list[ParameterSet]"""


class ListSuspensions(Query, frozen=True, tag=14):
    """-> list[SuspensionSet]"""


class GetStatus(Query, frozen=True, tag=15):
    """-> Status"""


class GetStateHash(Query, frozen=True, tag=16):
    """-> list[ComponentHash]; the last is named "state" and covers the others."""


class ListAccounts(Query, frozen=True, tag=17):
    """-> list[AccountState] of all owners, ascending by (asset, owner, kind, instance)."""

    after_asset: int
    after: AccountKey
    limit: int


class ListSupplies(Query, frozen=True, tag=18):
    """-> list[Supply]"""


class GetGateway(Query, frozen=True, tag=19):
    """-> int, the highest number seen from a gateway (0: none)."""

    gateway: int


class ListDeadMen(Query, frozen=True, tag=20):
    """-> list[DeadMan] that are armed."""

    owner: int


class GetReference(Query, frozen=True, tag=21):
    """-> Reference | None: last price and price band of an instrument."""

    instrument: int


class ListOwners(Query, frozen=True, tag=22):
    """-> list[OwnerChanged], ascending."""

    after: int
    limit: int


class ListClaims(Query, frozen=True, tag=23):
    """-> Claims: what is owed to owners whose accounts changed at `changed_since` or later.

    `equity` are kinds that are no claims of users and count all the same: the house's own money.
    """

    changed_since: int
    after: int
    limit: int
    equity: tuple[int, ...]


class ListReserves(Query, frozen=True, tag=24):
    """-> list[ReserveState], ascending by asset; empty before rules 2."""


class GetFold(Query, frozen=True, tag=100):
    """-> bytes | None, the whole state of a fold outside the core; None for an unknown one.

    The core does not know this query: it is answered beside it.
    """

    fold: int


class AskFold(Query, frozen=True, tag=101):
    """-> bytes | None, a fold's answer to a question of its own; None for an unknown fold.

    The core does not know this query: it is answered beside it.
    """

    fold: int
    question: bytes


class DepthLevel(msgspec.Struct, array_like=True, frozen=True):
    price: int
    size: int
    orders: int


class Depth(msgspec.Struct, array_like=True, frozen=True):
    sequence: int
    time_ms: int
    bids: tuple[DepthLevel, ...]  # best first
    asks: tuple[DepthLevel, ...]


class AccountState(msgspec.Struct, array_like=True, frozen=True):
    owner: int
    kind: int
    instance: int
    asset: int
    balance: Amount
    hold: Amount
    updated_ms: int


class Status(msgspec.Struct, array_like=True, frozen=True):
    sequence: int  # last applied command, 0 before the first
    time_ms: int
    next_due_ms: int  # 0: the agenda is empty; earlier than time_ms + 1 when work is pending
    rules: int
    owners: int
    accounts: int
    open_orders: int
    finished_orders: int  # retained
    finished_total: int  # since genesis
    memory_bytes: int  # estimate of the core's own


class ComponentHash(msgspec.Struct, array_like=True, frozen=True):
    name: str
    hash: bytes  # 32 bytes


class Supply(msgspec.Struct, array_like=True, frozen=True):
    asset: int
    supply: Amount  # deposits - withdrawals
    total: Amount  # sum over all accounts; equal to supply


class Shortfall(msgspec.Struct, array_like=True, frozen=True):
    asset: int
    amount: Amount  # what accounts lack, above 0


class Claims(msgspec.Struct, array_like=True, frozen=True):
    """What owners are owed.

    `owners` is ascending by owner: u64 owner, u8 whether it is the house, u16 count, then count
    times u32 asset and u128 amount, all big-endian. An owner who changed and is owed nothing is
    there with a count of 0.
    """

    sequence: int
    time_ms: int
    next_owner: int  # the owner after which the rest begins, 0: there is none
    owners: bytes
    shortfalls: tuple[Shortfall, ...]  # of all owners, ascending by asset


class ReserveState(msgspec.Struct, array_like=True, frozen=True):
    """Where an asset stands between what is claimed and what can be paid."""

    asset: int
    coins: Amount  # by the ledger: supply, and what is booked on chains and with custodians
    demand: Amount  # claims on demand
    liquid: Amount  # what was shown, with what the ledger moved since; 0 without a figure
    expires_ms: int  # 0: there is no figure
    is_short: bool


class Reference(msgspec.Struct, array_like=True, frozen=True):
    last_price: int  # 0: no trade yet
    last_trade: int
    lowest: int  # band for sells; 0: none
    highest: int  # band for buys; 0: none


AnyQuery = (
    GetDepth
    | GetOrder
    | ListOpenOrders
    | ListFinishedOrders
    | ListFills
    | ListBalances
    | ListInstruments
    | ListAssets
    | GetOwner
    | ListFeeTiers
    | ListKinds
    | ListHouses
    | ListParameters
    | ListSuspensions
    | GetStatus
    | GetStateHash
    | ListAccounts
    | ListSupplies
    | GetGateway
    | ListDeadMen
    | GetReference
    | ListOwners
    | ListClaims
    | ListReserves
)

# What a door takes.
AnyQuestion = AnyQuery | GetFold | AskFold

ANSWERS: dict[type[Query], object] = {
    GetDepth: Depth | None,
    GetOrder: Order | None,
    ListOpenOrders: list[Order],
    ListFinishedOrders: list[Order],
    ListFills: list[Order],
    ListBalances: list[AccountState],
    ListInstruments: list[InstrumentChanged],
    ListAssets: list[AssetDefined],
    GetOwner: OwnerChanged | None,
    ListFeeTiers: list[FeeTierSet],
    ListKinds: list[KindDefined],
    ListHouses: list[HouseDefined],
    ListParameters: list[ParameterSet],
    ListSuspensions: list[SuspensionSet],
    GetStatus: Status,
    GetStateHash: list[ComponentHash],
    ListAccounts: list[AccountState],
    ListSupplies: list[Supply],
    GetGateway: int,
    ListDeadMen: list[DeadMan],
    GetReference: Reference | None,
    ListOwners: list[OwnerChanged],
    ListClaims: Claims,
    ListReserves: list[ReserveState],
    GetFold: bytes | None,
    AskFold: bytes | None,
}

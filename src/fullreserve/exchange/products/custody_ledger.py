"""What the folds of deposits and withdrawals share: reading the core, legs of postings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from fullreserve.exchange import chart
from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.suspension_wire import CORE_FIRST
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Leg,
    OwnerFlag,
    Posting,
    Suspended,
    SuspensionLevel,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import (
    AssetDefined,
    InstrumentChanged,
    OwnerChanged,
    SuspensionSet,
)
from fullreserve.exchange.wire.queries import (
    AccountState,
    GetOwner,
    GetReference,
    ListAssets,
    ListBalances,
    ListInstruments,
    ListSuspensions,
    Reference,
)

USD_DIGITS = 8
USD = "USDT"  # what values are in

# Bill types (OKX's, but for the last, which no bill shows).
DEPOSIT = 1
WITHDRAWAL = 2
CANCELED = 13
REVERSAL = 47
FEE_REFUND = 222
MEMO = 9100

TIERS: dict[int, int] = {
    Tier.DEPOSIT: chart.CHAIN_DEPOSIT,
    Tier.HOT: chart.CHAIN_HOT,
    Tier.WARM: chart.CHAIN_WARM,
    Tier.COLD: chart.CHAIN_COLD,
}


class Unsound(IntEnum):
    """Why a report or an operator's word is refused; clients never meet these."""

    NOT_THE_HOUSE = 92_001
    UNKNOWN_NETWORK = 92_002
    UNKNOWN = 92_003  # no such transfer or withdrawal
    CONTRADICTS = 92_004  # what was reported before
    TOO_OLD = 92_005  # in a block so deep that what it held was forgotten
    NOT_DUE = 92_006  # more confirmations than the newest block can give
    STOPPED = 92_007  # by a suspension
    NOT_PAYABLE = 92_008  # not approved, canceled, or paid already
    TOO_MANY = 92_009  # moves are announced on the network already


class Holding(NamedTuple):
    balance: int
    free: int  # not set aside for orders


class Balances:
    """What an owner has, by (kind, instance, asset)."""

    def __init__(self, owner: int, view: View) -> None:
        self.owner = owner
        held: list[AccountState] = view.query(ListBalances(owner=owner))
        self._held = {
            (one.kind, one.instance, one.asset): Holding(
                amount_int(one.balance), amount_int(one.balance) - amount_int(one.hold)
            )
            for one in held
        }

    def of(self, kind: int, asset: int, instance: int = 0) -> Holding:
        return self._held.get((kind, instance, asset), Holding(0, 0))

    def items(self, kind: int) -> list[tuple[int, int]]:
        """(asset, balance) over all instances of a kind."""
        return [(key[2], one.balance) for key, one in self._held.items() if key[0] == kind]

    def take(self, kind: int, asset: int, instance: int, change: int) -> None:
        """Notes a change that an earlier posting of the same group makes."""
        balance, free = self.of(kind, asset, instance)
        self._held[kind, instance, asset] = Holding(balance + change, free + change)


def leg(owner: int, kind: int, instance: int, asset: int, change: int) -> Leg:
    """A line of a posting; `change` is positive where the exchange comes to owe more."""
    return Leg(AccountKey(owner, kind, instance), asset, amount_bytes(change))


def posting(reason: int, *legs: Leg) -> tuple[Posting, ...]:
    """One posting without its empty legs; none when nothing moves."""
    moved = tuple(one for one in legs if amount_int(one.change))
    return (Posting(reason, moved),) if moved else ()


class Wallets:
    """The house's coins on chains: what leaves a tier, also where the ledger has too little."""

    def __init__(self, view: View) -> None:
        self._held = Balances(chart.HOUSE, view)

    def out(self, kind: int, network: int, asset: int, amount: int) -> tuple[Leg, ...]:
        """Legs for coins that left a tier; what it did not have shows as a break."""
        had = max(0, -self._held.of(kind, asset, network).balance)
        from_tier = min(amount, had)
        self._held.take(kind, asset, network, from_tier)
        return (
            leg(chart.HOUSE, kind, network, asset, from_tier),
            leg(chart.HOUSE, chart.BREAK, network, asset, amount - from_tier),
        )

    def into(self, kind: int, network: int, asset: int, amount: int) -> Leg:
        self._held.take(kind, asset, network, -amount)
        return leg(chart.HOUSE, kind, network, asset, -amount)

    def of(self, kind: int, network: int, asset: int) -> int:
        return -self._held.of(kind, asset, network).balance


def is_house(owner: int, view: View) -> bool:
    """Whether an owner is the exchange itself, for whom operators and workers speak."""
    found: OwnerChanged | None = view.query(GetOwner(owner=owner))
    return found is not None and bool(found.flags & OwnerFlag.HOUSE)


def suspended(action: Suspended, asset: int, owner: OwnerChanged, view: View) -> bool:
    """Whether the core's table stops an action; what it says of instruments does not matter."""
    return is_in_table(core_table(action, view), asset, owner)


def core_table(action: Suspended, view: View) -> list[SuspensionSet]:
    """What of the core's table stops an action of some, or of all.

    What the fold of suspensions has set there, it is asked for itself.
    """
    return [
        one
        for one in view.query(ListSuspensions())
        if one.suspension < CORE_FIRST and one.actions & action
    ]


def is_in_table(table: Iterable[SuspensionSet], asset: int, owner: OwnerChanged) -> bool:
    """Whether any of it has an owner's action in an asset."""
    return any(
        one.level == SuspensionLevel.GLOBAL
        or (one.level == SuspensionLevel.ASSET and one.key == asset)
        or (one.level == SuspensionLevel.SEGMENT and one.key == owner.segment)
        or (one.level == SuspensionLevel.OWNER and one.key in (owner.owner, owner.master))
        for one in table
    )


def known_owner(owner: int, view: View) -> OwnerChanged | None:
    """An owner as the core has it."""
    found: OwnerChanged | None = view.query(GetOwner(owner=owner))
    return found


class Prices:
    """Values at last prices against `USD`; nothing where there was no trade."""

    def __init__(self, view: View) -> None:
        assets: list[AssetDefined] = view.query(ListAssets())
        self._view = view
        self._scales = {one.asset: one.scale for one in assets}
        self._usd = next((one.asset for one in assets if one.symbol == USD), 0)
        instruments: list[InstrumentChanged] = view.query(ListInstruments())
        self._pairs = {one.base: one for one in instruments if one.quote == self._usd}

    def value(self, asset: int, amount: int) -> int | None:
        """An amount in 10^-8 USD, down; None without a price."""
        scale = self._scales.get(asset)
        if scale is None:
            return None
        if asset == self._usd:
            return int(amount * 10**USD_DIGITS // 10**scale)
        pair = self._pairs.get(asset)
        if pair is None:
            return None
        reference: Reference | None = self._view.query(GetReference(instrument=pair.instrument))
        if reference is None or not reference.last_price:
            return None
        return int(
            amount * reference.last_price * 10**USD_DIGITS // 10 ** (scale + pair.price_scale)
        )


def is_unprotected(asset: int, total: int, balances: Balances, prices: Prices) -> bool:
    """Whether what stays covers in value what was credited and cannot be withdrawn yet."""
    protected = [one for one in balances.items(chart.PROTECTED) if one[1]]
    if not protected:
        return True
    held: dict[int, int] = {}
    for kind in (chart.FUND, chart.TRADE):
        for key, balance in balances.items(kind):
            held[key] = held.get(key, 0) + balance
    held[asset] = held.get(asset, 0) - total
    if all(held.get(key, 0) >= amount for key, amount in protected):
        return True
    needed = [prices.value(key, amount) for key, amount in protected]
    left = [prices.value(key, amount) for key, amount in held.items()]
    if any(value is None for value in needed):
        return False
    return sum(value or 0 for value in left) >= sum(value or 0 for value in needed)

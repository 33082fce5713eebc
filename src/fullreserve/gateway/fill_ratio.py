"""The order limit of each account of a high level, by how much of what it enters is traded.

An account's fill ratio is what it traded in USDT in the seven days before 00:00 UTC, over its new
and amended orders, those of each instrument weighted. The larger of its own and its whole family's
ratio sets its limit from 08:00 UTC on: at once where that is higher, a day later where it is lower.
https://www.okx.com/docs-v5/en/#overview-rate-limits-fill-ratio-based-sub-account-rate-limit
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from fullreserve.gateway.levels import VIP5_TIER

if TYPE_CHECKING:  # a gateway opens its doors before the database is loaded
    from fullreserve.records.activity_history import Traded, Week

DAY_MS = 86_400_000
# Of a midnight's figures, behind it.
EFFECTIVE_MS = 8 * 3_600_000

# New and amended orders in 2 s, from each ratio on.
LOWEST = 1_000
STEPS = (
    (50, 10_000),
    (20, 3_000),
    (10, 2_500),
    (5, 2_000),
    (3, 1_750),
    (2, 1_500),
    (1, 1_250),
)
MULTIPLIER = Fraction(1, 10)
MULTIPLIERS = {"BTC-USDT": Fraction(1, 2), "ETH-USDT": Fraction(1, 2)}
# An account that traded less counts by its family's ratio alone; in units of 10^-8 USDT.
OWN_RATIO_DOLLARS = 1_000_000 * 10**8
# Shown where something was traded with no order entered, as by orders of the days before.
UNBOUNDED = 9999
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Ratio:
    """What was traded, in units of 10^-8 USDT, and the weight of the orders behind it."""

    dollars: int = 0
    weight: Fraction = Fraction(0)

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.dollars + other.dollars, self.weight + other.weight)

    @property
    def value(self) -> Fraction:
        if not self.dollars:
            return Fraction(0)
        if not self.weight:
            return Fraction(UNBOUNDED)
        return Fraction(self.dollars, 10**8) / self.weight

    @property
    def text(self) -> str:
        """Rounded down to four digits after the point; plain, without zeros at the end."""
        scaled = self.value.numerator * 10**DIGITS // self.value.denominator
        whole, rest = divmod(scaled, 10**DIGITS)
        return f"{whole}.{rest:0{DIGITS}}".rstrip("0").rstrip(".")


class Standing(NamedTuple):
    """An account's ratios at a midnight and the limit that they set."""

    own: Ratio
    family: Ratio
    limit: int


class Rating(NamedTuple):
    """What `trade/account-rate-limit` says of an account; no standing is below VIP 5."""

    limit: int
    next_limit: int
    standing: Standing | None


def limit_at(ratio: Fraction) -> int:
    """The limit that a ratio sets."""
    return next((limit for least, limit in STEPS if ratio >= least), LOWEST)


def ratio_of(traded: Iterable[Traded]) -> Ratio:
    """The ratio of what was done on all instruments together."""
    total = Ratio()
    for one in traded:
        weight = one.requests * MULTIPLIERS.get(one.instrument, MULTIPLIER)
        total += Ratio(one.dollars, weight)
    return total


def standings(week: Week) -> dict[int, Standing]:
    """Of each account from VIP 5 on."""
    done: dict[int, list[Traded]] = {}
    for one in week.traded:
        done.setdefault(one.owner, []).append(one)
    own = {member.owner: ratio_of(done.get(member.owner, ())) for member in week.members}
    families: dict[int, Ratio] = {}
    for member in week.members:
        families[member.master] = families.get(member.master, Ratio()) + own[member.owner]
    return {
        member.owner: _standing(own[member.owner], families[member.master])
        for member in week.members
        if member.tier >= VIP5_TIER
    }


def _standing(own: Ratio, family: Ratio) -> Standing:
    counts = family.value
    if own.dollars >= OWN_RATIO_DOLLARS:
        counts = max(own.value, counts)
    return Standing(own, family, limit_at(counts))


def ratings(before: Mapping[int, Standing], now: Mapping[int, Standing]) -> dict[int, Rating]:
    """Of each account from VIP 5 on, from the standings of two midnights in a row.

    A limit that falls, also because the level did, holds for one day more.
    """
    rated = {}
    for owner in before.keys() | now.keys():
        standing = now.get(owner)
        following = standing.limit if standing else LOWEST
        held = before[owner].limit if owner in before else LOWEST
        rated[owner] = Rating(max(held, following), following, standing)
    return rated


def midnight(now_ms: int) -> int:
    """The midnight whose figures hold now."""
    return (now_ms - EFFECTIVE_MS) // DAY_MS * DAY_MS


def next_at(now_ms: int) -> int:
    """When the next figures come to hold."""
    return midnight(now_ms) + DAY_MS + EFFECTIVE_MS

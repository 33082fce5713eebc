"""Quorums: who must agree, and what no quorum may be.

No n-of-n: one person's absence must never stop anything. A person has at most one share; no site,
country or vendor holds more than may be lost, and no vendor as many as it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import msgspec

DAY_MS = 86_400_000
HOLDERS_MAX = 64


class Role(IntEnum):
    """What a quorum is for."""

    HOT = 1
    WARM = 2
    COLD = 3
    RECOVERY = 4
    APPROVERS = 5
    UNLOCK = 6  # cards that open a hardware module
    POLICY_ADMINS = 7
    DEPLOY = 8
    REFILL = 9


# How many may be lost at least.
SPARE: dict[int, int] = {Role.WARM: 2, Role.COLD: 2}
# How often a holder answers a challenge; twice this without an answer is missing.
PERIODS: dict[int, int] = {
    Role.HOT: 300_000,
    Role.WARM: DAY_MS // 2,
    Role.COLD: 30 * DAY_MS,
    Role.RECOVERY: 90 * DAY_MS,
}


class Holder(msgspec.Struct, array_like=True, frozen=True):
    """A share; a person by number, places by the numbers of their names (0: none)."""

    person: int
    site: int = 0
    country: int = 0
    vendor: int = 0


class Quorum(msgspec.Struct, array_like=True, frozen=True):
    """`threshold` of the holders must agree."""

    number: int
    role: int
    threshold: int
    holders: tuple[Holder, ...]
    period_ms: int
    alarm_ms: int = DAY_MS
    backup_ms: int = 2 * DAY_MS

    @property
    def spare(self) -> int:
        return len(self.holders) - self.threshold


def faults(quorum: Quorum) -> list[str]:
    """Why a quorum may not be, in words; none when it may."""
    if quorum.role not in tuple(Role) or quorum.threshold < 1:
        return ["the role is unknown, or the threshold under 1"]
    if not 0 < len(quorum.holders) <= HOLDERS_MAX or quorum.period_ms < 1:
        return [f"it has 1 to {HOLDERS_MAX} holders and a period above 0"]
    m, n = quorum.threshold, len(quorum.holders)
    found = []
    least = SPARE.get(quorum.role, 1)
    if quorum.spare < least:
        kind = "n-of-n" if m == n else f"{m}-of-{n}"
        name = Role(quorum.role).name.lower()
        found.append(
            f"{kind}: a {name} quorum must bear the loss of {least}, so {m}-of-{m + least}"
        )
    persons = [one.person for one in quorum.holders]
    if len(dict.fromkeys(persons)) < n:
        found.append("a person has more than one share")
    if quorum.role in (Role.HOT, Role.WARM, Role.COLD, Role.RECOVERY):
        found += _together(quorum, "site", lambda one: one.site, quorum.spare)
        found += _together(quorum, "country", lambda one: one.country, quorum.spare)
        found += _together(quorum, "vendor", lambda one: one.vendor, min(quorum.spare, m - 1))
    return found


def _together(quorum: Quorum, name: str, place: Callable[[Holder], int], most: int) -> list[str]:
    counts: dict[int, int] = {}
    for one in quorum.holders:
        if place(one):
            counts[place(one)] = counts.get(place(one), 0) + 1
    largest = max(counts.values(), default=0)
    return [f"one {name} holds {largest} shares; allowed are {most}"] if largest > most else []

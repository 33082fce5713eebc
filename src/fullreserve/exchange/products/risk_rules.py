"""The risk score of a withdrawal: points with reasons, and what they ask for.

Whole points for each reason that holds, added up; the sum is held against three thresholds. What is
looked at are the facts that the exchange has: what the log says of the account and its coins, what
the gateway saw of who asked, what the worker found of the destination. Points, bounds and
thresholds are a table in the log; with another table the same facts give another score, and each
assessment says which points it was given.

A score lets nothing through that the rules of the policy do not: it can only ask for more.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import msgspec

HOUR_MS = 3_600_000
USD = 10**8
SHARES = 10_000  # parts of what an owner has that a share is in
POINTS_MAX = 1_000
HOURS_MAX = 24 * 30
# What a table may be, in words.
ALLOWED = (
    "points are 0 to 1000, hours 0 to 720 (of a confirmation or a delay from 1 on), a share 0 to "
    "10000, USD 0 to 10^12, large_times 1 to 10^6, and 0 < step_up <= delay <= review"
)
# The key of each reason in the table of points is its name in small letters.


class Outcome(IntEnum):
    """What a score asks for; the greater the stricter."""

    PASS = 1
    STEP_UP = 2  # the user proves who asks once more
    DELAY = 3  # a time in which the user may cancel
    REVIEW = 4  # people look at it


class Reason(IntEnum):
    """Why points were given."""

    NEW_ADDRESS = 1  # stands in the address book for less than `address_hours`
    NEW_DEVICE = 2  # asked for from a browser that is known for less than `device_hours`
    NEW_PLACE = 3  # from a network address that no older session of the user has
    NEW_KEY = 4  # by an API key that is younger than `key_hours`
    CREDENTIALS = 5  # the stop behind a change of credentials ended less than that ago
    TAKEOVER = 6  # all at once: changed credentials, a new device, a new address
    BY_API = 7
    AMOUNT = 8  # large, and beyond what the owner withdraws at a time
    SHARE = 9  # nearly all that the owner has
    VELOCITY = 10  # what left within the window, by this account and those its coins came by
    PASSED_ON = 11  # coins that another account sent within the window
    RECEIVER = 12  # other accounts withdraw to the same address
    LOOK_ALIKE = 13  # the address begins and ends as another one of the owner's
    ADDRESS_RISK = 14  # a vendor doubts the address
    VENDOR_DOWN = 15  # a vendor could not be asked
    UNTRACED = 16  # more transfers stand behind the coins than are followed


class Mark(IntFlag):
    """What the worker found of a destination."""

    LOOK_ALIKE = 1


class Whence(msgspec.Struct, array_like=True, frozen=True):
    """What the gateway saw of who asked: ages in ms; -1 where there is nothing to say.

    A session has a device and a place, a key its own age. A user's first device and place are
    new to nobody.
    """

    device_ms: int = -1
    place_ms: int = -1
    key_ms: int = -1


class Points(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each reason gives."""

    new_address: int = 15
    new_device: int = 15
    new_place: int = 10
    new_key: int = 10
    credentials: int = 20
    takeover: int = 50
    by_api: int = 5
    amount: int = 15
    share: int = 5
    velocity: int = 15
    passed_on: int = 30
    receiver: int = 20
    look_alike: int = 60
    address_risk: int = 60
    vendor_down: int = 20
    untraced: int = 20


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where on a reason holds. USD in whole ones."""

    address_hours: int = 24 * 7
    device_hours: int = 24 * 3
    place_hours: int = 24 * 3
    key_hours: int = 24 * 7
    credentials_hours: int = 24 * 6  # behind the stop of 24 hours
    least_usd: int = 1_000  # an amount below it is neither large, nor nearly all, nor passed on
    large_usd: int = 10_000  # of an owner without a history
    large_times: int = 5  # as much as what left of the owner's in 30 days on average
    share: int = 9_000  # in parts of 10,000
    velocity_usd: int = 50_000
    window_hours: int = 24  # for `velocity`, `passed_on` and `receiver`


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The score from which on each outcome is asked for, and how long it takes.

    An outcome that is never asked for has a threshold above any score.
    """

    step_up: int = 60
    delay: int = 80
    review: int = 100
    confirm_hours: int = 4  # a step-up; then the withdrawal is refunded
    delay_hours: int = 12


class RiskTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points, bounds and thresholds; the defaults are those of an exchange that says nothing."""

    points: Points = Points()
    bounds: Bounds = Bounds()
    thresholds: Thresholds = Thresholds()


class RiskFacts(msgspec.Struct, array_like=True, frozen=True):
    """A request, as far as the score looks at it. USD at 10^-8, ages in ms.

    Sums over the window are of the table's by which it was judged.
    """

    usd: int
    by_api: bool = False
    address_ms: int = 0
    whence: Whence = Whence()
    calm_ms: int = -1  # since the stop behind a change of credentials ended; -1: there was none
    history_usd: int = 0  # what left of the owner's in 30 days; see `policy_risk.history_of`
    history: int = 0  # in how many requests
    holds_usd: int = 0  # what the owner has beside this withdrawal
    spent_usd: int = 0  # left within the window, by this account and those its coins came by
    passed_usd: int = 0  # came from other accounts within the window
    receiver_usd: int = 0  # other accounts' to the same address within the window
    is_look_alike: bool = False
    is_risky: bool = False
    is_unvetted: bool = False
    is_untraced: bool = False


class Assessment(msgspec.Struct, array_like=True, frozen=True):
    """What was found of a request; kept and chained with its decision."""

    score: int
    reasons: tuple[tuple[int, int], ...]  # Reason and points
    outcome: int
    met: int = Outcome.PASS  # what was asked for before and has been done
    until_ms: int = 0  # a step-up is refunded at, a delay ends at
    beside_usd: int = 0  # what other accounts' requests add to its owner's velocity
    place: bytes = b""  # keyed hash of the address on its network; empty where it is not known

    @property
    def holds(self) -> bool:
        """Whether its owner, or time, has to do something before it goes on."""
        return Outcome.PASS < self.outcome < Outcome.REVIEW and self.outcome > self.met


def is_sound_table(table: RiskTable) -> bool:
    """Whether a table means something: whole points, bounds in reach, thresholds that ascend."""
    points = msgspec.structs.astuple(table.points)
    bounds, limits = table.bounds, table.thresholds
    hours = (
        *(bounds.address_hours, bounds.device_hours, bounds.place_hours, bounds.key_hours),
        *(bounds.credentials_hours, bounds.window_hours),
    )
    amounts = (bounds.least_usd, bounds.large_usd, bounds.velocity_usd)
    return (
        all(0 <= one <= POINTS_MAX for one in points)
        and all(0 <= one <= HOURS_MAX for one in hours)
        and all(0 <= one <= 10**12 for one in amounts)
        and 1 <= bounds.large_times <= 10**6
        and 0 <= bounds.share <= SHARES
        and 0 < limits.step_up <= limits.delay <= limits.review <= len(points) * POINTS_MAX + 1
        and 1 <= limits.confirm_hours <= HOURS_MAX
        and 1 <= limits.delay_hours <= HOURS_MAX
    )


# What of a table lets no more through when it is greater, and when it is smaller.
_GREATER = ("address_hours", "device_hours", "place_hours", "key_hours", "credentials_hours")
_SMALLER = ("least_usd", "large_usd", "large_times", "share", "velocity_usd")


def tightens_table(before: RiskTable, after: RiskTable) -> bool:
    """Whether no facts come to less by another table; False where that is not plain.

    Less is meant in the order of `Outcome`, with no shorter delay and no longer time to confirm.
    Another window is never plain: what other accounts add to the velocity may fall by either.
    """
    limits, others = before.thresholds, after.thresholds
    points = zip(
        msgspec.structs.astuple(before.points), msgspec.structs.astuple(after.points), strict=True
    )
    return (
        all(old <= new for old, new in points)
        and all(getattr(before.bounds, one) <= getattr(after.bounds, one) for one in _GREATER)
        and all(getattr(before.bounds, one) >= getattr(after.bounds, one) for one in _SMALLER)
        and before.bounds.window_hours == after.bounds.window_hours
        and others.step_up <= limits.step_up
        and others.delay <= limits.delay
        and others.review <= limits.review
        and others.confirm_hours <= limits.confirm_hours
        and others.delay_hours >= limits.delay_hours
    )


def score(table: RiskTable, facts: RiskFacts) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The sum, and the points of each reason that holds; reasons of no points are left out."""
    points = msgspec.structs.asdict(table.points)
    given = ((one, points[one.name.lower()]) for one in _reasons(table.bounds, facts))
    found = tuple((int(one), value) for one, value in given if value)
    return sum(value for _, value in found), found


def outcome_of(table: RiskTable, total: int) -> Outcome:
    """What a score asks for."""
    limits = table.thresholds
    steps = (
        (limits.review, Outcome.REVIEW),
        (limits.delay, Outcome.DELAY),
        (limits.step_up, Outcome.STEP_UP),
    )
    return next((outcome for least, outcome in steps if total >= least), Outcome.PASS)


def _reasons(bounds: Bounds, facts: RiskFacts) -> list[Reason]:
    whence, counts = facts.whence, facts.usd >= bounds.least_usd * USD
    is_new_address = facts.address_ms < bounds.address_hours * HOUR_MS
    is_new_device = 0 <= whence.device_ms < bounds.device_hours * HOUR_MS
    has_changed = 0 <= facts.calm_ms < bounds.credentials_hours * HOUR_MS
    held = {
        Reason.NEW_ADDRESS: is_new_address,
        Reason.NEW_DEVICE: is_new_device,
        Reason.NEW_PLACE: 0 <= whence.place_ms < bounds.place_hours * HOUR_MS,
        Reason.NEW_KEY: 0 <= whence.key_ms < bounds.key_hours * HOUR_MS,
        Reason.CREDENTIALS: has_changed,
        Reason.TAKEOVER: has_changed and is_new_address and is_new_device,
        Reason.BY_API: facts.by_api,
        Reason.AMOUNT: counts and facts.usd > _usual(bounds, facts),
        Reason.SHARE: counts and facts.usd * SHARES >= (facts.usd + facts.holds_usd) * bounds.share,
        Reason.VELOCITY: facts.spent_usd + facts.usd > bounds.velocity_usd * USD,
        Reason.PASSED_ON: counts and facts.passed_usd * 2 >= facts.usd,
        Reason.RECEIVER: facts.receiver_usd > 0,
        Reason.LOOK_ALIKE: facts.is_look_alike,
        Reason.ADDRESS_RISK: facts.is_risky,
        Reason.VENDOR_DOWN: facts.is_unvetted,
        Reason.UNTRACED: counts and facts.is_untraced,
    }
    return [reason for reason, holds in held.items() if holds]


def _usual(bounds: Bounds, facts: RiskFacts) -> int:
    """USD that the owner may well withdraw at a time: some times the average, or the bound."""
    if not facts.history:
        return bounds.large_usd * USD
    return bounds.large_times * facts.history_usd // facts.history

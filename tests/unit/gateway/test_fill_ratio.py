"""Order limits by fill ratio: the documented formula, table and days."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fullreserve.gateway.fill_ratio import (
    DAY_MS,
    Rating,
    Ratio,
    Standing,
    limit_at,
    midnight,
    next_at,
    ratings,
    ratio_of,
    standings,
)
from fullreserve.gateway.levels import VIP5_TIER, level
from fullreserve.gateway.limits import OrderLimits
from fullreserve.gateway.order_rates import OrderRates
from fullreserve.identity.api_key import Permission
from fullreserve.identity.caller import Caller
from fullreserve.records.activity_history import Member, Traded, Week

MASTER, SECOND, THIRD, OTHER = 10_000_001, 10_000_002, 10_000_003, 10_000_009
HOUR_MS = 3_600_000
MILLION = 1_000_000 * 10**8


def week(**volumes: int) -> Week:
    """A family of three of VIP 5 and a stranger, with millions of USDT traded on XRP-USDT.

    Each entered a million orders there, of which ten count as one.
    """
    owners = {"master": MASTER, "second": SECOND, "third": THIRD, "other": OTHER}
    members = [Member(one, OTHER if one == OTHER else MASTER, VIP5_TIER) for one in owners.values()]
    traded = [
        Traded(owners[name], "XRP-USDT", 10_000_000, millions * MILLION)
        for name, millions in volumes.items()
    ]
    return Week(members, traded)


def test_orders_of_the_large_pairs_weigh_five_times_as_much() -> None:
    """Criterion: REST-LIM-3. 120 USDT over 10 x 0.5 + 15 x 0.1, the documented sum."""
    done = [
        Traded(MASTER, "BTC-USDT", 10, 100 * 10**8),
        Traded(MASTER, "XRP-USDT", 15, 20 * 10**8),
    ]
    ratio = ratio_of(done)
    assert ratio.value == Fraction(120) / (Fraction(10, 2) + Fraction(15, 10))
    assert ratio.text == "18.4615"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Ratio(), "0"),
        (Ratio(0, Fraction(7)), "0"),
        (Ratio(5 * 10**8, Fraction(0)), "9999"),
        (Ratio(30 * 10**8, Fraction(3)), "10"),
        (Ratio(10**8, Fraction(8)), "0.125"),
        (Ratio(1, Fraction(1)), "0"),
    ],
)
def test_a_ratio_is_told_as_documented(ratio: Ratio, text: str) -> None:
    """Criterion: REST-LIM-3. 0 where nothing was traded, 9999 where nothing was entered."""
    assert ratio.text == text


@pytest.mark.parametrize(
    ("ratio", "limit"),
    [
        (Fraction(0), 1_000),
        (Fraction(999_999, 1_000_000), 1_000),
        (Fraction(1), 1_250),
        (Fraction(2), 1_500),
        (Fraction(3), 1_750),
        (Fraction(5), 2_000),
        (Fraction(10), 2_500),
        (Fraction(20), 3_000),
        (Fraction(50), 10_000),
        (Fraction(9999), 10_000),
    ],
)
def test_each_step_of_the_table_begins_at_its_ratio(ratio: Fraction, limit: int) -> None:
    """Criterion: REST-LIM-3"""
    assert limit_at(ratio) == limit


def test_the_larger_of_the_own_and_the_familys_ratio_counts() -> None:
    """Criterion: REST-LIM-3. 12, 2 and 4 alone are 6 together; the stranger stays outside."""
    found = standings(week(master=12, second=2, third=4, other=1))
    assert {owner: one.limit for owner, one in found.items()} == {
        MASTER: 2_500,
        SECOND: 2_000,
        THIRD: 2_000,
        OTHER: 1_250,
    }
    assert found[SECOND].own.text == "2"
    assert {found[one].family.text for one in (MASTER, SECOND, THIRD)} == {"6"}


def test_who_traded_less_than_a_million_counts_by_the_family_alone() -> None:
    """Criterion: REST-LIM-3. Nine tenths of a million with one order: its own ratio is no use."""
    small = Traded(SECOND, "XRP-USDT", 1, MILLION * 9 // 10)
    whole = week(master=3)
    found = standings(Week(whole.members, [*whole.traded, small]))
    assert found[SECOND].own.text == "9000000"
    assert found[SECOND].limit == found[MASTER].limit == 1_750


def test_below_vip_5_nobody_has_a_ratio_and_all_count_for_the_family() -> None:
    """Criterion: REST-LIM-3"""
    whole = week(master=12, second=2, third=4)
    members = [
        one._replace(tier=VIP5_TIER - 1) if one.owner == SECOND else one for one in whole.members
    ]
    found = standings(Week(members, whole.traded))
    assert SECOND not in found
    assert found[THIRD].family.text == "6"


def test_a_limit_rises_at_once_and_falls_a_day_later() -> None:
    """Criterion: REST-LIM-3. Also when the level falls, or the account is new."""

    def rated(before: int | None, now: int | None) -> Rating:
        standing = [
            {} if limit is None else {MASTER: Standing(Ratio(), Ratio(), limit)}
            for limit in (before, now)
        ]
        return ratings(*standing)[MASTER]

    assert rated(1_250, 2_500)[:2] == (2_500, 2_500)
    assert rated(2_500, 1_250)[:2] == (2_500, 1_250)
    assert rated(2_500, None) == (2_500, 1_000, None)
    assert rated(None, 1_250)[:2] == (1_250, 1_250)
    assert ratings({}, {}) == {}


def test_figures_of_midnight_hold_from_eight() -> None:
    """Criterion: REST-LIM-3"""
    day = 20_000 * DAY_MS
    assert midnight(day + 8 * HOUR_MS) == day
    assert midnight(day + 8 * HOUR_MS - 1) == day - DAY_MS
    assert next_at(day + 8 * HOUR_MS) == day + DAY_MS + 8 * HOUR_MS
    assert next_at(day + 8 * HOUR_MS - 1) == day + 8 * HOUR_MS


def test_levels_are_named_as_on_okx() -> None:
    """Criterion: REST-LIM-3"""
    assert [level(tier) for tier in (0, 1, 5, 6, VIP5_TIER)] == [
        "Lv0",
        "Lv1",
        "Lv5",
        "VIP1",
        "VIP5",
    ]


def test_orders_are_counted_by_the_limit_of_the_day() -> None:
    """Criterion: REST-LIM-3. What a key keeps of its limits is made anew when they change."""
    rates = OrderRates()
    limits = OrderLimits(rates, enabled=True)
    key = Caller("k", MASTER, MASTER, Permission.TRADE)
    assert limits.single(key, "place", 1)[-1].burst == 1_000
    rates.put(1, {MASTER: Rating(2_500, 2_500, None)})
    assert limits.single(key, "place", 1)[-1].burst == 2_500
    assert limits.single(key, "amend", 1)[-1].burst == 2_500
    assert limits.batch(key, "place", {1: 2, 2: 3})[-1].fields[1:] == (2_500, 2_000, 5, 50061)
    assert [limit.key[0] for limit in limits.single(key, "cancel", 1)] == ["cancel"]
    rates.put(2, {})
    assert limits.single(key, "place", 1)[-1].burst == 1_000

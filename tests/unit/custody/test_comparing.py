"""Goal: an announced move by hand explains exactly itself. Method: both sides as numbers."""

from __future__ import annotations

from fullreserve.custody.comparing import (
    Compared,
    Key,
    OnTheWay,
    Sides,
    compared,
    explains,
)
from fullreserve.exchange.products.announced_moves import (
    COIN_LEAST,
    FEE_MOST,
    LEAST,
    Announced,
)
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import COIN_TOLERANCE, TOLERANCE

COIN, TOKEN = 2, 6
TIERS = (Tier.DEPOSIT, Tier.HOT, Tier.WARM, Tier.COLD)
KEYS: list[Key] = [(tier, asset) for tier in TIERS for asset in (COIN, TOKEN)]
HAS = 10 * 10**8
MOVED, LOWEST, MOST = 3 * 10**8, 200_000, 900_000


def move(number: int = 1, source: int = Tier.WARM, target: int = Tier.COLD, *,
         asset: int = COIN, amount: int = MOVED, most: int = MOST) -> Announced:  # fmt: skip
    amounts = (amount_bytes(amount), amount_bytes(LOWEST), amount_bytes(most))
    return Announced(number, 1, asset, source, target, *amounts, 0, 1)


def found(*announced: Announced, way: OnTheWay | None = None, keys: list[Key] = KEYS,
          **changed: int) -> Compared:  # fmt: skip
    """What the chain holds differs from the ledger's `HAS` by what is said of each tier."""
    return compared(keys, _sides(way, changed), announced)


def _sides(way: OnTheWay | None, changed: dict[str, int]) -> Sides:
    chain: dict[Key, int] = dict.fromkeys(KEYS, HAS)
    for name, change in changed.items():
        tier, _, asset = name.partition("_")
        chain[Tier[tier.upper()], TOKEN if asset else COIN] += change
    return Sides(COIN, dict.fromkeys(KEYS, HAS), chain, way or OnTheWay({}, {}))


def is_seen(one: Announced, *others: Announced, way: OnTheWay | None = None,
            **changed: int) -> bool:  # fmt: skip
    sides = _sides(way, changed)
    return explains(sides, compared(KEYS, sides, (one, *others)), one)


def differences(one: Compared) -> dict[Key, int]:
    return {(line.tier, line.asset): line.difference for line in one.lines if line.difference}


def test_none_of_it_or_all_of_it_is_no_difference() -> None:
    """Criterion: CUST-ANNOUNCE-2. The fee is the source's, within its band."""
    assert not differences(found(move()))
    for fee in (LOWEST, MOST):
        whole = found(move(), warm=-MOVED - fee, cold=MOVED)
        assert not differences(whole)
        assert whole.seen == (move(),)
        assert is_seen(move(), warm=-MOVED - fee, cold=MOVED)
    assert not found(move()).seen


def test_anything_between_is_one() -> None:
    """Criterion: CUST-ANNOUNCE-2. Half of it, more of it, elsewhere, or twice."""
    half = MOVED // 2
    assert differences(found(move(), warm=-half, cold=half)) == {
        (Tier.WARM, COIN): -half + COIN_TOLERANCE,
        (Tier.COLD, COIN): half - COIN_TOLERANCE,
    }
    stolen = -MOVED - LOWEST + COIN_TOLERANCE
    assert differences(found(move(), warm=-MOVED - LOWEST)) == {(Tier.WARM, COIN): stolen}
    assert differences(found(move(), warm=-MOVED - LOWEST, hot=MOVED)) == {
        (Tier.WARM, COIN): stolen,
        (Tier.HOT, COIN): MOVED - COIN_TOLERANCE,
    }
    twice = found(move(), warm=-2 * MOVED - LOWEST, cold=2 * MOVED)
    assert set(differences(twice)) == {(Tier.WARM, COIN), (Tier.COLD, COIN)}
    also = found(move(), warm=-MOVED - LOWEST, cold=half)
    assert differences(also) == {(Tier.COLD, COIN): half - MOVED + COIN_TOLERANCE}
    dear = found(move(), warm=-MOVED - MOST - COIN_TOLERANCE - 1, cold=MOVED)
    assert differences(dear) == {(Tier.WARM, COIN): -1}
    assert not is_seen(move(), warm=-MOVED - MOST - COIN_TOLERANCE - 1, cold=MOVED)


def test_a_token_moves_at_a_fee_of_the_coin() -> None:
    """Criterion: CUST-ANNOUNCE-2"""
    token = move(asset=TOKEN)
    whole = found(token, warm_token=-MOVED, cold_token=MOVED, warm=-MOST)
    assert not differences(whole)
    short = found(token, warm_token=-MOVED, cold_token=MOVED - TOLERANCE - 1, warm=-MOST)
    assert differences(short) == {(Tier.COLD, TOKEN): -1}


def test_of_a_token_whose_contract_takes_a_part_what_came_is_all_of_it() -> None:
    """Criterion: CUST-ANNOUNCE-10. Neither more nor less, and its source has lost all of it."""
    token, part = move(asset=TOKEN), MOVED // 100
    whole = {"warm_token": -MOVED, "cold_token": MOVED - part, "warm": -MOST}
    for changed, differs in (
        ({}, {}),
        ({"cold_token": MOVED - part - TOLERANCE - 1}, {(Tier.COLD, TOKEN): -1}),
        ({"cold_token": MOVED}, {(Tier.COLD, TOKEN): part - TOLERANCE}),
        ({"warm_token": -MOVED - TOLERANCE - 1}, {(Tier.WARM, TOKEN): -1}),
    ):
        sides = _sides(None, whole | changed)._replace(came={1: MOVED - part})
        found_ = compared(KEYS, sides, (token,))
        assert differences(found_) == differs
        assert explains(sides, found_, token) == (not differs)
    unknown = compared(KEYS, _sides(None, whole), (token,))
    assert differences(unknown) == {(Tier.COLD, TOKEN): TOLERANCE - part}


def test_each_set_of_several_is_tried() -> None:
    """Criterion: CUST-ANNOUNCE-2. The fewest explain, and what is elsewhere hides none of them."""
    back = move(2, Tier.COLD, Tier.HOT, amount=MOVED // 2)
    assert not found(move(), back).seen
    both = found(move(), back, warm=-MOVED - LOWEST, cold=MOVED // 2 - LOWEST, hot=MOVED // 2)
    assert not differences(both)
    assert both.seen == (move(), back)
    one = found(move(), back, warm=-MOVED - LOWEST, cold=MOVED, deposit_token=-9 * TOLERANCE)
    assert one.seen == (move(),)
    assert differences(one) == {(Tier.DEPOSIT, TOKEN): -8 * TOLERANCE}
    # There and back again is as if nothing had been.
    assert not found(move(), move(3, Tier.COLD, Tier.WARM)).seen


def test_half_of_a_move_is_not_believed() -> None:
    """Criterion: CUST-ANNOUNCE-2. Where one of its tiers is not compared it explains nothing."""
    keys = [key for key in KEYS if key[0] != Tier.COLD]
    unseen = found(move(), keys=keys, warm=-MOVED - LOWEST, cold=MOVED)
    assert set(differences(unseen)) == {(Tier.WARM, COIN)}


def test_what_is_on_its_way_stays_an_interval_beside_it() -> None:
    """Criterion: CUST-ANNOUNCE-2"""
    way = OnTheWay({(Tier.HOT, COIN): 5 * 10**7}, {})
    hot = move(source=Tier.WARM, target=Tier.HOT)
    for paid in (0, 5 * 10**7):
        both = found(hot, way=way, warm=-MOVED - LOWEST, hot=MOVED - paid)
        assert not differences(both)
        assert both.seen == (hot,)


def test_no_fee_hides_more_than_fees_are() -> None:
    """Criterion: CUST-ANNOUNCE-2. Nor does a move of which nothing is on the chain count as seen.

    The least that is announced is more than a comparison tolerates, twice: a tier may be off by
    that much in the other direction.
    """
    assert LEAST > 2 * TOLERANCE
    assert COIN_LEAST > 2 * COIN_TOLERANCE
    small = move(source=Tier.HOT, amount=COIN_LEAST, most=FEE_MOST)
    stolen = -COIN_LEAST - FEE_MOST - COIN_TOLERANCE - 1
    for cold in (0, COIN_TOLERANCE):
        hidden = found(small, hot=stolen, cold=cold)
        assert differences(hidden)
        assert not hidden.seen
    assert differences(found(small, hot=stolen, cold=COIN_LEAST)) == {(Tier.HOT, COIN): -1}
    # As a token whose gas is stolen: the fee alone shows nothing of it.
    token = move(source=Tier.HOT, asset=TOKEN, amount=LEAST, most=FEE_MOST)
    assert differences(found(token, hot=-FEE_MOST))
    assert not is_seen(token, hot=-FEE_MOST, hot_token=-TOLERANCE, cold_token=TOLERANCE)


def test_it_is_seen_where_both_its_tiers_show_it_alone() -> None:
    """Criterion: CUST-ANNOUNCE-3. Withdrawals on their way may be why hot has less: not yet."""
    hot = move(source=Tier.HOT)
    way = OnTheWay({(Tier.HOT, COIN): 2 * MOVED}, {})
    left = -MOVED - LOWEST
    assert not differences(found(hot, way=way, hot=left, cold=MOVED))
    assert not is_seen(hot, way=way, hot=left, cold=MOVED)
    assert is_seen(hot, hot=left, cold=MOVED)
    # Nor may another move be why.
    back = move(2, Tier.HOT, Tier.WARM)
    assert is_seen(hot, back, hot=-2 * MOVED - 2 * LOWEST, cold=MOVED, warm=MOVED)

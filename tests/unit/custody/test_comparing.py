"""Goal: an announced move by hand explains exactly itself. Method: both sides as numbers."""

from __future__ import annotations

from fullreserve.custody.comparing import (
    COIN_TOLERANCE,
    TOLERANCE,
    Compared,
    Key,
    OnTheWay,
    Sides,
    compared,
    explains,
)
from fullreserve.exchange.products.announced_moves import Announced
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.wire.commands import amount_bytes

COIN, TOKEN = 2, 6
TIERS = (Tier.DEPOSIT, Tier.HOT, Tier.WARM, Tier.COLD)
KEYS: list[Key] = [(tier, asset) for tier in TIERS for asset in (COIN, TOKEN)]
HAS = 10 * 10**8
MOVED, LEAST, MOST = 3 * 10**8, 200_000, 900_000


def move(number: int = 1, source: int = Tier.WARM, target: int = Tier.COLD, *,
         asset: int = COIN, amount: int = MOVED) -> Announced:  # fmt: skip
    amounts = (amount_bytes(amount), amount_bytes(LEAST), amount_bytes(MOST))
    return Announced(number, 1, asset, source, target, *amounts, 0, 1)


def found(*announced: Announced, way: OnTheWay | None = None, keys: list[Key] = KEYS,
          **changed: int) -> Compared:  # fmt: skip
    """What the chain holds differs from the ledger's `HAS` by what is said of each tier."""
    chain: dict[Key, int] = dict.fromkeys(KEYS, HAS)
    for name, change in changed.items():
        tier, _, asset = name.partition("_")
        chain[Tier[tier.upper()], TOKEN if asset else COIN] += change
    sides = Sides(COIN, dict.fromkeys(KEYS, HAS), chain, way or OnTheWay({}, {}))
    return compared(keys, sides, announced)


def differences(one: Compared) -> dict[Key, int]:
    return {(line.tier, line.asset): line.difference for line in one.lines if line.difference}


def test_none_of_it_or_all_of_it_is_no_difference() -> None:
    """Criterion: CUST-ANNOUNCE-2. The fee is the source's, within its band."""
    assert not differences(found(move()))
    for fee in (LEAST, MOST):
        whole = found(move(), warm=-MOVED - fee, cold=MOVED)
        assert not differences(whole)
        assert whole.seen == (move(),)
        assert explains(whole, move(), COIN)
    assert not found(move()).seen


def test_anything_between_is_one() -> None:
    """Criterion: CUST-ANNOUNCE-2. Half of it, more of it, elsewhere, or twice."""
    half = MOVED // 2
    assert differences(found(move(), warm=-half, cold=half)) == {
        (Tier.WARM, COIN): -half + COIN_TOLERANCE,
        (Tier.COLD, COIN): half - COIN_TOLERANCE,
    }
    stolen = -MOVED - LEAST + COIN_TOLERANCE
    assert differences(found(move(), warm=-MOVED - LEAST)) == {(Tier.WARM, COIN): stolen}
    assert differences(found(move(), warm=-MOVED - LEAST, hot=MOVED)) == {
        (Tier.WARM, COIN): stolen,
        (Tier.HOT, COIN): MOVED - COIN_TOLERANCE,
    }
    twice = found(move(), warm=-2 * MOVED - LEAST, cold=2 * MOVED)
    assert set(differences(twice)) == {(Tier.WARM, COIN), (Tier.COLD, COIN)}
    also = found(move(), warm=-MOVED - LEAST, cold=half)
    assert differences(also) == {(Tier.COLD, COIN): half - MOVED + COIN_TOLERANCE}
    dear = found(move(), warm=-MOVED - MOST - COIN_TOLERANCE - 1, cold=MOVED)
    assert differences(dear) == {(Tier.WARM, COIN): -1}
    assert not explains(dear, move(), COIN)


def test_a_token_moves_at_a_fee_of_the_coin() -> None:
    """Criterion: CUST-ANNOUNCE-2"""
    token = move(asset=TOKEN)
    whole = found(token, warm_token=-MOVED, cold_token=MOVED, warm=-MOST)
    assert not differences(whole)
    short = found(token, warm_token=-MOVED, cold_token=MOVED - TOLERANCE - 1, warm=-MOST)
    assert differences(short) == {(Tier.COLD, TOKEN): -1}


def test_each_set_of_several_is_tried() -> None:
    """Criterion: CUST-ANNOUNCE-2. The fewest explain, and what is elsewhere hides none of them."""
    back = move(2, Tier.COLD, Tier.HOT, amount=MOVED // 2)
    assert not found(move(), back).seen
    both = found(move(), back, warm=-MOVED - LEAST, cold=MOVED // 2 - LEAST, hot=MOVED // 2)
    assert not differences(both)
    assert both.seen == (move(), back)
    one = found(move(), back, warm=-MOVED - LEAST, cold=MOVED, deposit_token=-9 * TOLERANCE)
    assert one.seen == (move(),)
    assert differences(one) == {(Tier.DEPOSIT, TOKEN): -8 * TOLERANCE}
    # There and back again is as if nothing had been.
    assert not found(move(), move(3, Tier.COLD, Tier.WARM)).seen


def test_half_of_a_move_is_not_believed() -> None:
    """Criterion: CUST-ANNOUNCE-2. Where one of its tiers is not compared it explains nothing."""
    keys = [key for key in KEYS if key[0] != Tier.COLD]
    unseen = found(move(), keys=keys, warm=-MOVED - LEAST, cold=MOVED)
    assert set(differences(unseen)) == {(Tier.WARM, COIN)}


def test_what_is_on_its_way_stays_an_interval_beside_it() -> None:
    """Criterion: CUST-ANNOUNCE-2"""
    way = OnTheWay({(Tier.HOT, COIN): 5 * 10**7}, {})
    hot = move(source=Tier.WARM, target=Tier.HOT)
    for paid in (0, 5 * 10**7):
        both = found(hot, way=way, warm=-MOVED - LEAST, hot=MOVED - paid)
        assert not differences(both)
        assert both.seen == (hot,)

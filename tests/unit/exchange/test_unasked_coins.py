"""Goal: what strangers sent is owed to nobody known, until it is somebody's, once.

Method: the fold of deposits in a core; balances of the house and of users, and a replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    Allotted,
    CameUnasked,
    Funded,
    Tier,
)
from fullreserve.exchange.products.deposit_state import (
    Allotment,
    FindAllotment,
    FindMoved,
    FindUnallotted,
    ListAllotments,
    ListUnallotted,
    Unallotted,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.unallotted_index import KEPT_APART
from fullreserve.exchange.wire.commands import OwnerFlag, SetOwner, amount_bytes, amount_int
from tests.unit.exchange.custody_world import (
    ALICE,
    BOB,
    BTC,
    CHAIN,
    COIN,
    NETWORKS,
    TOKENS,
    USDT,
    World,
    coins,
    transfer,
)

GIFT = transfer("a gift")
CAME = CameUnasked(CHAIN, GIFT, BTC, Tier.HOT, coins(4))
TO_ALICE = Allotted(CHAIN, 77, GIFT, ALICE, coins(3), (11, 12))
REFUSED = 51_000
_change = msgspec.structs.replace


def folds() -> Sequence[Any]:
    return (Deposits(),)


@pytest.fixture
def world() -> World:
    made = World(folds)
    for terms in NETWORKS:
        assert made.say(DEPOSITS, terms) == 0
    return made


def house(world: World) -> tuple[int, int]:
    """Hot and what is unallocated, in coins."""
    kinds = (chart.CHAIN_HOT, chart.UNALLOCATED)
    hot, owed = (world.balance(chart.HOUSE, kind, BTC, CHAIN) // COIN for kind in kinds)
    return -hot, owed


def left(world: World) -> list[int]:
    found: list[Unallotted] = world.ask(DEPOSITS, ListUnallotted(9), list[Unallotted])
    return [amount_int(one.left) // COIN for one in found]


def made(world: World) -> list[Allotment]:
    found: list[Allotment] = world.ask(DEPOSITS, ListAllotments(9), list[Allotment])
    return found


def test_what_came_is_owed_once(world: World) -> None:
    """Criterion: CUST-ALLOT-1. Also where it is told again, or was booked as the house's own."""
    assert [world.say(DEPOSITS, CAME) for _ in range(2)] == [0, 0]
    assert (house(world), left(world)) == ((4, 4), [4])
    assert world.ask(DEPOSITS, FindMoved(GIFT), int) > 0
    own = transfer("own")
    for word in (Funded, CameUnasked):
        assert world.say(DEPOSITS, word(CHAIN, own, BTC, Tier.HOT, coins(2))) == 0
    assert (house(world), left(world)) == ((6, 4), [4])


def test_it_becomes_users_and_the_houses_own(world: World) -> None:
    """Criterion: CUST-ALLOT-2. In parts, each by a proposal of its own, and by that once."""
    treasury = world.balance(chart.HOUSE, chart.TREASURY, BTC)
    assert world.say(DEPOSITS, CAME) == 0
    assert [world.say(DEPOSITS, TO_ALICE) for _ in range(2)] == [0, 0]
    assert (house(world), left(world)) == ((4, 1), [1])
    rest = _change(TO_ALICE, number=78, owner=chart.HOUSE, amount=coins(1))
    assert world.say(DEPOSITS, rest) == 0
    assert (house(world), left(world)) == ((4, 0), [])
    assert world.balance(ALICE, chart.FUND, BTC) == 3 * COIN
    assert world.balance(chart.HOUSE, chart.TREASURY, BTC) == treasury + COIN
    assert [(one.terms, one.came) for one in made(world)] == [(rest, CAME), (TO_ALICE, CAME)]
    # Told again it is not owed again.
    assert (world.say(DEPOSITS, CAME), house(world)) == (0, (4, 0))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"amount": coins(5)}, Unsound.CONTRADICTS), ({"transfer": b"?"}, Unsound.UNKNOWN),
        ({"network": TOKENS}, Unsound.UNKNOWN), ({"amount": coins(0)}, REFUSED),
        ({"amount": coins(-1)}, REFUSED), ({"amount": b"1"}, REFUSED), ({"number": 0}, REFUSED),
        ({"owner": 424_242}, REFUSED), ({"owner": BOB}, REFUSED),
    ],
)  # fmt: skip
def test_no_more_is_given_and_nobody_else_has_it(
    world: World, wrong: dict[str, Any], code: int
) -> None:
    """Criterion: CUST-ALLOT-2. BOB is frozen."""
    world.core(SetOwner(0, 0, BOB, 0, 0, OwnerFlag.FROZEN, 0))
    assert world.say(DEPOSITS, CAME) == 0
    assert world.say(DEPOSITS, _change(TO_ALICE, **wrong)) == code
    assert world.say(DEPOSITS, TO_ALICE, owner=ALICE) == Unsound.NOT_THE_HOUSE
    assert (house(world), left(world), made(world)) == ((4, 4), [4], [])


def test_a_number_says_one_thing(world: World) -> None:
    """Criterion: CUST-ALLOT-2"""
    assert [world.say(DEPOSITS, one) for one in (CAME, TO_ALICE)] == [0, 0]
    assert world.say(DEPOSITS, _change(TO_ALICE, owner=BOB)) == Unsound.CONTRADICTS
    assert (world.balance(BOB, chart.FUND, BTC), left(world)) == (0, [1])


@pytest.mark.parametrize(
    "wrong",
    [{"amount": coins(0)}, {"amount": b"1"}, {"transfer": b"?"}, {"tier": 9}, {"asset": USDT}],
)
def test_what_means_nothing_is_refused(world: World, wrong: dict[str, Any]) -> None:
    """Criterion: CUST-ALLOT-1"""
    assert world.say(DEPOSITS, _change(CAME, **wrong)) == REFUSED
    assert (house(world), left(world)) == ((0, 0), [])


def test_a_log_of_it_replays_and_restarts(world: World) -> None:
    """Criterion: CUST-ALLOT-1"""
    for word in (CAME, TO_ALICE):
        assert world.say(DEPOSITS, word) == 0
    assert world.replayed().hashes() == world.machine.hashes()
    before = world.machine.hashes()
    world.restart()
    assert (world.machine.hashes(), house(world), left(world)) == (before, (4, 1), [1])


def test_dust_hides_nothing_and_is_not_kept_for_ever(world: World) -> None:
    """Criterion: CUST-ALLOT-4. More of it than is kept apart, of two sizes; it stays owed."""
    names = [transfer(f"dust {each}") for each in range(KEPT_APART)]
    for at, name in enumerate(names):
        dust = _change(CAME, transfer=name, amount=amount_bytes(5 if at else 4))
        assert world.say(DEPOSITS, dust) == 0
    assert world.say(DEPOSITS, CAME) == 0
    found = world.ask(DEPOSITS, ListUnallotted(3), list[Unallotted])
    assert [one.transfer for one in found] == [GIFT, *names[1:3]]
    everything = world.ask(DEPOSITS, ListUnallotted(KEPT_APART + 1), list[Unallotted])
    assert {one.transfer for one in everything} == {GIFT, *names[1:]}
    owed = 4 + 5 * (KEPT_APART - 1) + 4 * COIN
    assert world.balance(chart.HOUSE, chart.UNALLOCATED, BTC, CHAIN) == owed
    # Less is left of it than any dust has: nobody's share is taken by that.
    assert world.say(DEPOSITS, _change(TO_ALICE, amount=amount_bytes(4 * COIN - 1))) == 0
    assert world.say(DEPOSITS, _change(CAME, transfer=transfer("more"))) == 0
    assert world.ask(DEPOSITS, FindUnallotted(0, GIFT), Unallotted | None) is None
    assert world.replayed().hashes() == world.machine.hashes()
    world.restart()
    again = world.ask(DEPOSITS, ListUnallotted(2), list[Unallotted])
    assert [one.transfer for one in again] == [transfer("more"), names[1]]


def test_what_came_and_what_became_of_it_is_found(world: World) -> None:
    """Criterion: CUST-ALLOT-4"""
    assert [world.say(DEPOSITS, one) for one in (CAME, TO_ALICE)] == [0, 0]
    one = world.ask(DEPOSITS, FindUnallotted(0, GIFT), Unallotted | None)
    assert world.ask(DEPOSITS, FindUnallotted(one.number), Unallotted | None) == one
    assert world.ask(DEPOSITS, FindUnallotted(one.number + 1), Unallotted | None) is None
    assert world.ask(DEPOSITS, FindAllotment(77), Allotment | None).terms == TO_ALICE
    assert world.ask(DEPOSITS, FindAllotment(78), Allotment | None) is None

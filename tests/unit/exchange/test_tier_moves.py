"""Goal: hot is refilled and swept by its marks, within every cap, each move decided and bound once.

Method: the fold of tier moves beside those of withdrawals, suspensions and liveness; each reason
for a move and against it, each amount that bounds it, and random courses restarted from a snapshot
at every step. Every test ends with a replay of the rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    Bound,
    Destination,
    Funded,
    Hold,
    Moved,
    Request,
    Short,
    Tier,
)
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import LIVENESS, Answered, Challenge, Define, Liveness
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode, Scope
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.tier_moves import TierMoves
from fullreserve.exchange.products.tier_moves_wire import (
    DAY_MS,
    LASTS_MS,
    TIER_MOVES,
    Bind,
    End,
    GetMove,
    GiveUp,
    ListGivenUp,
    ListMarks,
    ListMoves,
    Marks,
    Move,
    MoveState,
    Refused,
    SetMarks,
    Want,
    Why,
    Word,
)
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CHAIN,
    COIN,
    FEE_BTC,
    TOKENS,
    USDT,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import ADA, agree, price, stop

MARKS = Marks(CHAIN, BTC, coins(20), coins(50), coins(80), coins(1), coins(40), coins(70))


def folds() -> Sequence[Any]:
    return [Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), TierMoves()]


class Tiers:
    """Hot and warm coins of BTC, with its marks."""

    def __init__(self) -> None:
        self.world = World(folds)
        for fold in (DEPOSITS, WITHDRAWALS):
            self.world.define(fold)
        price(self.world, 50_000)
        self.fund(Tier.WARM, 1000)
        assert self.say(SetMarks(MARKS)) == 0

    def fund(self, tier: Tier, amount: float, asset: int = BTC, network: int = CHAIN) -> None:
        name = transfer(f"funded {self.world.machine.sequence}")
        word = Funded(network, name, asset, tier, coins(amount))
        assert self.world.say(DEPOSITS, word) == 0

    def say(self, word: Word, who: int = chart.HOUSE) -> int:
        return self.world.say(TIER_MOVES, word, who)

    def want(self, *tiers: Tier, room: bytes = b"", beside: bool = False, **place: int) -> int:
        source, target = tiers or (Tier.WARM, Tier.HOT)
        where: dict[str, Any] = {"network": CHAIN, "asset": BTC} | place
        word = Want(source=source, target=target, room=room, beside=beside, **where)
        return self.say(word)

    def moves(self, *, is_open: bool = True) -> list[Move]:
        found = self.world.ask(TIER_MOVES, ListMoves(is_open, 100), list[Move])
        assert isinstance(found, list)
        return found

    def decided(self, *tiers: Tier, **more: Any) -> Move:
        """A move that is due; the newest."""
        assert self.want(*tiers, **more) == 0
        return self.moves()[0]

    def found(self, number: int) -> Move:
        one = self.world.ask(TIER_MOVES, GetMove(number), Move | None)
        assert isinstance(one, Move)
        return one

    def carry_out(self, one: Move) -> None:
        """Bound, and final on the chain."""
        name = transfer(f"move {one.number}")
        assert self.say(Bind(one.number, transfer(f"coins {one.number}"))) == 0
        tiers = (Tier(one.source), Tier(one.target))
        word = Moved(one.network, name, one.asset, *tiers, one.amount, amount_bytes(0))
        assert self.world.say(DEPOSITS, word) == 0
        assert self.say(End(one.number, MoveState.DONE, name)) == 0

    def ask(self, amount: float) -> int:
        """ALICE asks for a withdrawal; its number."""
        self.world.fund(ALICE, BTC, coins(amount + 1))
        fee = amount_bytes(FEE_BTC)
        kind = Destination.ADDRESS_BOOK
        word = Request(CHAIN, BTC, coins(amount), fee, kind, 1)
        assert self.world.say(WITHDRAWALS, word, ALICE) == 0
        return self.world.machine.sequence - 1

    def short(self) -> None:
        assert self.world.say(WITHDRAWALS, Short(CHAIN, BTC, 64)) == 0

    @property
    def hot(self) -> int:
        return -self.world.balance(chart.HOUSE, chart.CHAIN_HOT, BTC)


@pytest.fixture
def tiers() -> Iterator[Tiers]:
    made = Tiers()
    yield made
    assert made.world.replayed().hashes() == made.world.machine.hashes()


def test_hot_below_its_mark_is_filled_to_its_target(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-1. One move at a time, and none when there is nothing to do."""
    tiers.fund(Tier.HOT, 20)
    assert tiers.want() == Refused.NOT_DUE
    tiers.world.say(DEPOSITS, Moved(CHAIN, transfer("out"), BTC, Tier.HOT, Tier.COLD, coins(5),
                                    amount_bytes(0)))  # fmt: skip
    one = tiers.decided()
    assert (amount_int(one.amount), one.why) == (35 * COIN, Why.LOW)
    assert tiers.want() == Refused.OPEN
    tiers.carry_out(one)
    assert tiers.hot == 50 * COIN
    assert tiers.want() == Refused.NOT_DUE
    assert tiers.found(one.number).state == MoveState.DONE


@pytest.mark.parametrize("role", [Role.HOT, Role.WARM, Role.COLD])
def test_nothing_is_swept_to_a_warm_tier_that_is_black(tiers: Tiers, role: Role) -> None:
    """It could not send it back; its refills wait for who signs them. Criterion: LIVE-23."""
    period_ms = 1_000
    tiers.fund(Tier.HOT, 200)
    quorum = Quorum(1, role, 2, tuple(Holder(n) for n in range(1, 5)), period_ms)
    assert tiers.world.say(LIVENESS, Define(quorum)) == 0
    sweep = Want(CHAIN, BTC, Tier.HOT, Tier.WARM, unless_black=True)
    tiers.world.time_ms += period_ms
    assert tiers.say(sweep) == 0
    (one,) = tiers.moves()
    tiers.carry_out(one)
    tiers.fund(Tier.HOT, 200)
    tiers.world.time_ms += period_ms + 1  # nobody has answered for two of them
    assert tiers.say(sweep) == (Refused.BLACK if role is Role.WARM else 0)
    if role is Role.WARM:
        # As in logs of before, where a stop of all withdrawals held it up.
        assert tiers.say(msgspec.structs.replace(sweep, unless_black=False)) == 0


def test_what_waits_for_coins_is_counted(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-1. What is on its way is not hot's any more; what waits is added."""
    tiers.fund(Tier.HOT, 45)
    on_its_way = tiers.ask(15)
    assert tiers.world.say(WITHDRAWALS, Bound(on_its_way, transfer("inputs"))) == 0
    assert tiers.want() == Refused.NOT_DUE
    tiers.ask(8)
    tiers.short()
    one = tiers.decided()
    # Free are 30, and 8 wait: target + 8 - 30.
    assert (amount_int(one.amount), one.why) == (28 * COIN, Why.WAITING)


def test_accounts_that_are_too_small_one_by_one_are_filled(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-1. Hot has enough in all, and none of its accounts has."""
    tiers.fund(Tier.HOT, 70)
    tiers.ask(6)
    tiers.short()
    one = tiers.decided(room=coins(9), place=2)
    assert (amount_int(one.amount), one.place) == (6 * COIN, 2)


def test_every_cap_holds(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-2. At once, in a day, of hot, of warm, of the place."""
    one = tiers.decided()
    assert amount_int(one.amount) == 40 * COIN  # at once
    tiers.carry_out(one)
    tiers.ask(60)
    tiers.short()
    two = tiers.decided()
    assert amount_int(two.amount) == 30 * COIN  # the rest of the day
    tiers.carry_out(two)
    assert tiers.want() == Refused.CAPPED
    tiers.world.time_ms += DAY_MS
    three = tiers.decided()
    assert amount_int(three.amount) == 10 * COIN  # up to the cap
    tiers.carry_out(three)
    assert tiers.hot == 80 * COIN
    assert tiers.want() == Refused.CAPPED


def test_a_place_and_a_source_have_no_more_than_they_have() -> None:
    """Criterion: CUST-TIER-2."""
    tiers = Tiers()
    assert tiers.want(room=amount_bytes(COIN - 1)) == Refused.CAPPED
    assert amount_int(tiers.decided(room=coins(3)).amount) == 3 * COIN
    poor = Tiers()
    poor.world.say(DEPOSITS, Moved(CHAIN, transfer("away"), BTC, Tier.WARM, Tier.COLD, coins(988),
                                   amount_bytes(0)))  # fmt: skip
    assert amount_int(poor.decided().amount) == 12 * COIN


def test_what_a_chain_cannot_express_is_left(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-2. USDT has six digits on its chain."""
    marks = msgspec.structs.replace(MARKS, network=TOKENS, asset=USDT,
                                    target=amount_bytes(30 * COIN + 77))  # fmt: skip
    assert tiers.say(SetMarks(marks)) == 0
    tiers.fund(Tier.WARM, 500, USDT, TOKENS)
    assert tiers.want(network=TOKENS, asset=USDT) == 0
    assert amount_int(tiers.moves()[0].amount) == 30 * COIN


def test_hot_above_its_cap_is_swept_to_its_target(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-3. What is on its way stays."""
    tiers.fund(Tier.HOT, 80)
    assert tiers.want(Tier.HOT, Tier.WARM) == Refused.NOT_DUE
    tiers.fund(Tier.HOT, 30)
    number = tiers.ask(25)
    tiers.world.say(WITHDRAWALS, Bound(number, transfer("inputs")))
    one = tiers.decided(Tier.HOT, Tier.WARM)
    assert (amount_int(one.amount), one.why) == (35 * COIN, Why.OVER)
    assert tiers.want() == Refused.OPEN
    tiers.carry_out(one)
    assert tiers.hot == 75 * COIN
    for wrong in ((Tier.COLD, Tier.HOT), (Tier.HOT, Tier.COLD), (Tier.HOT, Tier.HOT)):
        assert tiers.want(*wrong) == 51_000


def test_what_withdrawals_wait_for_is_not_swept(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-6. Neither what is to be paid next, nor anything while hot is short."""
    tiers.fund(Tier.HOT, 110)
    tiers.ask(30)
    assert tiers.want(Tier.HOT, Tier.WARM) == Refused.NOT_DUE
    tiers.fund(Tier.HOT, 5)
    one = tiers.decided(Tier.HOT, Tier.WARM)
    assert amount_int(one.amount) == 35 * COIN  # of 115: 30 are to be paid, and 50 stay
    assert tiers.say(End(one.number, MoveState.LAPSED)) == 0
    tiers.short()
    assert tiers.want(Tier.HOT, Tier.WARM) == Refused.NOT_DUE


@pytest.mark.parametrize(
    ("scope", "mode", "is_stopped"),
    [
        (Scope(Level.GLOBAL), Mode.QUEUE, True),
        (Scope(Level.GLOBAL), Mode.REJECT, True),
        (Scope(Level.CHAIN, CHAIN), Mode.QUEUE, True),
        (Scope(Level.ASSET_CHAIN, CHAIN, BTC), Mode.QUEUE, True),
        (Scope(Level.ASSET, asset=BTC), Mode.QUEUE, True),
        (Scope(Level.CHAIN, TOKENS), Mode.QUEUE, False),
        (Scope(Level.USER, key=ALICE), Mode.QUEUE, False),
        (Scope(Level.GLOBAL), Mode.REVIEW, False),
    ],
)
def test_nothing_moves_while_withdrawals_are_stopped(
    tiers: Tiers, scope: Scope, mode: Mode, is_stopped: bool
) -> None:
    """Criterion: CUST-TIER-4. Neither decided nor bound; the marks may say otherwise."""
    one = tiers.decided()
    assert agree(tiers.world, Enrol(CONSOLE, ADA)) == 0
    stop(tiers.world, Action.WITHDRAW, scope, mode=mode)
    told = tiers.say(Bind(one.number, transfer("coins")))
    assert told == (Refused.STOPPED if is_stopped else 0)
    if not is_stopped:
        return
    assert tiers.say(End(one.number, MoveState.LAPSED)) == 0
    assert tiers.want() == Refused.STOPPED
    assert tiers.say(SetMarks(msgspec.structs.replace(MARKS, while_stopped=True))) == 0
    two = tiers.decided()
    assert tiers.say(Bind(two.number, transfer("coins"))) == 0


def test_a_held_network_moves_nothing_until_it_goes_on(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-4. A hold of the network, or of every one, stops as a suspension."""
    for network, asset in ((CHAIN, 0), (CHAIN, BTC), (0, 0)):
        assert tiers.world.say(WITHDRAWALS, Hold(network, asset, stopped=True)) == 0
        assert tiers.want() == Refused.STOPPED
        assert tiers.world.say(WITHDRAWALS, Hold(network, asset, stopped=False)) == 0
    assert tiers.want() == 0


def test_a_move_is_bound_once_and_ends_once(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-5. Whatever is said twice changes nothing; what differs is refused."""
    one = tiers.decided()
    name = transfer("final")
    assert tiers.say(End(one.number, MoveState.DONE, name)) == Refused.CONTRADICTS
    assert tiers.say(Bind(one.number, transfer("coins"))) == 0
    assert tiers.say(Bind(one.number, transfer("coins"))) == 0
    assert tiers.say(Bind(one.number, transfer("others"))) == Refused.CONTRADICTS
    assert tiers.say(End(one.number, MoveState.LAPSED)) == Refused.CONTRADICTS
    for wrong in (End(one.number, MoveState.DONE), End(one.number, MoveState.BOUND),
                  End(one.number, MoveState.LAPSED, name), Bind(one.number, b"short"),
                  End(one.number, 9, name)):  # fmt: skip
        assert tiers.say(wrong) == 51_000
    assert tiers.say(End(one.number, MoveState.DONE, name)) == 0
    assert tiers.say(End(one.number, MoveState.DONE, name)) == 0
    assert tiers.say(End(one.number, MoveState.OVERTAKEN, name)) == Refused.CONTRADICTS
    assert tiers.say(Bind(one.number, transfer("coins"))) == 0
    assert tiers.found(one.number).state == MoveState.DONE
    assert tiers.say(Bind(99, transfer("coins"))) == Refused.UNKNOWN


def test_what_nobody_signed_in_time_lapses(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-5. Its amount does not count for the day; another one may follow."""
    one = tiers.decided()
    assert tiers.say(Bind(one.number, transfer("coins"))) == 0
    tiers.world.time_ms += LASTS_MS
    assert tiers.say(End(one.number, MoveState.LAPSED)) == 0
    two = tiers.decided()
    assert two.amount == one.amount
    tiers.world.time_ms += LASTS_MS
    assert tiers.say(Bind(two.number, transfer("coins"))) == Refused.EXPIRED
    assert tiers.say(End(two.number, MoveState.LAPSED)) == 0
    three = tiers.decided()
    assert tiers.say(Bind(three.number, transfer("coins"))) == 0
    assert tiers.say(End(three.number, MoveState.OVERTAKEN, transfer("other"))) == 0
    assert [each.state for each in tiers.moves(is_open=False)] == [
        MoveState.OVERTAKEN, MoveState.LAPSED, MoveState.LAPSED,
    ]  # fmt: skip


def test_what_was_overtaken_counts_for_the_day(tiers: Tiers) -> None:
    """Criterion: CUST-REFILL-5. It may have been paid, if the nodes were wrong; 70 are the most."""
    for amount in (40, 30):
        one = tiers.decided()
        assert amount_int(one.amount) == amount * COIN
        assert tiers.say(Bind(one.number, transfer(f"coins {one.number}"))) == 0
        assert tiers.say(End(one.number, MoveState.OVERTAKEN, transfer("other"))) == 0
    assert tiers.want() == Refused.CAPPED


def leaves(tiers: Tiers, amount: float) -> None:
    word = Moved(CHAIN, transfer("out"), BTC, Tier.HOT, Tier.COLD, coins(amount), amount_bytes(0))
    assert tiers.world.say(DEPOSITS, word) == 0


def test_a_sweep_that_is_not_bound_gives_way_to_a_refill(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-7. As one that nobody can plan; and the other way round."""
    tiers.fund(Tier.HOT, 110)
    swept = tiers.decided(Tier.HOT, Tier.WARM)
    assert tiers.want(Tier.HOT, Tier.WARM, beside=True) == Refused.OPEN
    leaves(tiers, 95)
    assert tiers.want() == Refused.OPEN  # as logs from before have it
    filled = tiers.decided(beside=True)
    assert tiers.found(swept.number).state == MoveState.LAPSED
    assert tiers.moves() == [filled]
    assert tiers.say(Bind(swept.number, transfer("late"))) == Refused.CONTRADICTS
    tiers.fund(Tier.HOT, 90)
    tiers.decided(Tier.HOT, Tier.WARM, beside=True)
    assert tiers.found(filled.number).state == MoveState.LAPSED


def test_a_sweep_that_is_bound_holds_up_no_refill(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-7. What it takes is not hot's any more."""
    tiers.fund(Tier.HOT, 110)
    swept = tiers.decided(Tier.HOT, Tier.WARM)  # 60 of them, 40 at once
    assert tiers.say(Bind(swept.number, transfer(f"coins {swept.number}"))) == 0
    leaves(tiers, 55)
    filled = tiers.decided(beside=True)
    # 55 are left, and 40 of them leave: 35 lack to the target; the cap leaves 25.
    assert amount_int(filled.amount) == 25 * COIN
    assert {one.number for one in tiers.moves()} == {swept.number, filled.number}
    tiers.carry_out(filled)
    tiers.carry_out(swept)


def test_a_move_ends_by_peoples_word_once_they_agreed(tiers: Tiers) -> None:
    """Criterion: CUST-HANG-4. One that is not bound ends at once, others with a proof alone."""
    one = tiers.decided()
    assert tiers.say(GiveUp(one.number)) == 0
    assert tiers.found(one.number).state == MoveState.LAPSED
    assert tiers.say(GiveUp(one.number)) == Refused.CONTRADICTS
    two, name = tiers.decided(), transfer("other")
    assert tiers.say(Bind(two.number, transfer("coins"))) == 0
    by_people = End(two.number, MoveState.OVERTAKEN, name, by_people=True)
    assert tiers.say(by_people) == Refused.NOT_AGREED
    assert tiers.say(GiveUp(two.number)) == 0
    assert tiers.say(GiveUp(two.number)) == 0
    given_up = tiers.world.ask(TIER_MOVES, ListGivenUp(), dict[int, int])
    assert given_up == {two.number: two.decided_ms}
    assert tiers.found(two.number).state == MoveState.BOUND
    lapsed = End(two.number, MoveState.LAPSED, by_people=True)
    assert tiers.say(lapsed) == Refused.CONTRADICTS  # it may still be signed
    tiers.world.restart()
    assert tiers.say(by_people) == 0
    assert tiers.say(by_people) == 0
    assert tiers.world.ask(TIER_MOVES, ListGivenUp(), dict[int, int]) == {}
    assert tiers.say(GiveUp(99)) == Refused.UNKNOWN
    assert tiers.say(GiveUp(two.number), ALICE) == Refused.NOT_THE_HOUSE


def test_hot_is_filled_to_its_cap_while_a_quorum_could_lose_nobody(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-1. The liveness of holders raises refills."""
    shares = tuple(Holder(person, person) for person in (1, 2, 3))
    quorum = Quorum(1, Role.HOT, 2, shares, DAY_MS)
    assert tiers.world.say(LIVENESS, Define(quorum)) == 0
    tiers.fund(Tier.HOT, 15)
    tiers.world.time_ms += 3 * DAY_MS
    digest = transfer("challenge")
    words: list[Any] = [Challenge(1, digest), Answered(1, 1, digest), Answered(1, 2, digest)]
    for word in words:
        assert tiers.world.say(LIVENESS, word) == 0
    marks = msgspec.structs.replace(MARKS, most=coins(70))
    assert tiers.say(SetMarks(marks)) == 0
    assert amount_int(tiers.decided().amount) == 65 * COIN


def test_marks_that_mean_nothing_are_refused(tiers: Tiers) -> None:
    """Criterion: CUST-TIER-2. And none but the house says anything."""
    change = msgspec.structs.replace
    for wrong in (
        change(MARKS, low=coins(60)), change(MARKS, target=coins(90)), change(MARKS, least=b""),
        change(MARKS, least=coins(0)), change(MARKS, most=coins(0.5)),
        change(MARKS, day_most=coins(30)), change(MARKS, cap=b"1"),
    ):  # fmt: skip
        assert tiers.say(SetMarks(wrong)) == 51_000
    for unknown in (change(MARKS, network=9), change(MARKS, asset=USDT)):
        assert tiers.say(SetMarks(unknown)) == Refused.UNKNOWN
    assert tiers.world.ask(TIER_MOVES, ListMarks(), list[Marks]) == [MARKS]
    words: list[Word] = [SetMarks(MARKS), Want(CHAIN, BTC, Tier.WARM, Tier.HOT)]
    for word in words:
        assert tiers.say(word, ALICE) == Refused.NOT_THE_HOUSE
    assert tiers.say(SetMarks(change(MARKS, cap=coins(0)))) == 0
    assert tiers.want() == Refused.UNKNOWN


class Course:
    """Words of the house at random, and what the chain makes of them."""

    def __init__(self, seed: int) -> None:
        self.chance, self.tiers = random.Random(seed), Tiers()

    def turn(self) -> None:
        tiers, chance = self.tiers, self.chance
        open_now = tiers.moves()
        assert len(open_now) <= 1
        number = open_now[0].number if open_now else 1
        name = transfer(f"name {chance.randrange(3)}")
        ways: list[Word] = [
            Want(CHAIN, BTC, *chance.choice([(Tier.WARM, Tier.HOT), (Tier.HOT, Tier.WARM)])),
            Bind(number, name),
            End(number, MoveState.DONE, name),
            End(number, MoveState.OVERTAKEN, name),
            End(number, MoveState.LAPSED),
        ]
        code = tiers.say(chance.choices(ways, (3, 3, 3, 1, 1))[0])
        if open_now and not code and tiers.found(number).state == MoveState.DONE:
            before = tiers.hot
            self.moved(tiers.found(number), f"{number}")
            assert tiers.hot <= max(80 * COIN, before)
        tiers.world.time_ms += chance.choice([0, 0, 0, 0, LASTS_MS])

    def moved(self, one: Move, name: str) -> None:
        tiers = (one.source, one.target)
        word = Moved(CHAIN, transfer(name), BTC, *tiers, one.amount, amount_bytes(0))
        assert self.tiers.world.say(DEPOSITS, word) == 0

    def leaves(self, name: str) -> None:
        amount = coins(self.chance.randrange(1, 30))
        self.moved(Move(0, CHAIN, BTC, Tier.HOT, Tier.COLD, amount, 0, 0, 0), name)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_said_a_restart_comes_to_the_same(seed: int) -> None:
    """Criterion: CUST-TIER-5. And one move at a time, hot never above its cap by a refill."""
    course = Course(seed)
    for step in range(80):
        course.turn()
        if course.chance.random() < 0.2:
            course.leaves(f"step {step}")
        if step % 8 == 0:
            course.tiers.world.restart()
    world = course.tiers.world
    assert any(one.state == MoveState.DONE for one in course.tiers.moves(is_open=False))
    assert world.replayed().hashes() == world.machine.hashes()

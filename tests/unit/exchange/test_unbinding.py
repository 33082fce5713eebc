"""Goal: a payment that nobody can sign is let go of its lane by two teams, and is paid once.

Method: every word in its place and out of it, with its code; random words of the payer's and of
operators, restarted from a snapshot at each; editions before this one; replay of all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    Approve,
    AssignTeam,
    BoundPayment,
    Propose,
    Report,
    UnbindPayments,
)
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    Bound,
    Broadcast,
    Cancel,
    Decide,
    Failed,
    FoundPaid,
    MayUnbind,
    Paid,
    Payload,
    Settle,
    Unbound,
)
from fullreserve.exchange.products.suspension_wire import Action
from fullreserve.exchange.products.withdrawal_state import (
    EDITION,
    LETS_GO_UNSIGNED,
    Binding,
    ListBindings,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.wire.queries import ListSupplies
from tests.unit.exchange.custody_world import ALICE, BTC, CHAIN, World, coins, transfer
from tests.unit.exchange.suspension_world import (
    ADA,
    BEA,
    CLEO,
    agree,
    ask,
    opened,
    requests,
    stop,
)

OLD, NEW = transfer("lane 1, nonce 7"), transfer("lane 2, nonce 9")
HOUR_MS = 3_600_000
GAS = amount_bytes(10)
REFUSED = 51_000
RUNS = 40


@pytest.fixture
def world() -> Iterator[World]:
    made = opened(edition=EDITION, surveys=True)
    made.fund(ALICE, BTC, coins(200))
    for member, team in ((ADA, 1), (BEA, 1), (CLEO, 2)):
        first, second = (one for one in (ADA, CLEO, BEA) if one != member)
        teams = AssignTeam(CONSOLE, member, team)
        assert agree(made, Propose(teams, HOUR_MS), first) == 0
        assert agree(made, Approve(made.machine.sequence - 1), second) == 0
    yield made
    assert made.replayed().hashes() == made.machine.hashes()
    for supply in made.machine.query(ListSupplies()):
        assert supply.supply == supply.total


def say(world: World, word: Payload) -> int:
    return world.say(WITHDRAWALS, word)


def bound(world: World, binding: bytes = OLD) -> int:
    assert ask(world, 1) == 0
    number = requests(world)[-1].number
    assert say(world, Bound(number, binding)) == 0
    return number


def proposed(world: World, *payments: BoundPayment) -> int:
    """By ADA; its number."""
    assert agree(world, Propose(UnbindPayments(CHAIN, payments), HOUR_MS), ADA) == 0
    return world.machine.sequence - 1


def agreed(world: World, number: int, binding: bytes = OLD) -> int:
    """A proposal of two teams that is being carried out."""
    made = proposed(world, BoundPayment(number, binding))
    assert agree(world, Approve(made, reports=True), CLEO) == 0
    return made


def let_go(world: World, number: int, binding: bytes = OLD) -> None:
    proposal = agreed(world, number, binding)
    assert say(world, MayUnbind(number, binding, proposal)) == 0
    assert agree(world, Report(proposal, 0)) == 0
    assert say(world, Unbound(number, binding)) == 0


def found(world: World, number: int) -> Withdrawal:
    return next(one for one in requests(world) if one.number == number)


def known(world: World, number: int) -> Binding:
    (one,) = world.ask(WITHDRAWALS, ListBindings((number,)), list[Binding])
    assert isinstance(one, Binding)
    return one


def held(world: World) -> int:
    return world.balance(ALICE, chart.HOLD, BTC)


def test_it_is_paid_by_another_lane(world: World) -> None:
    """The old lane's binding is never its own again. Criterion: CUST-UNBIND-1."""
    number = bound(world)
    before = held(world)
    assert known(world, number) == Binding(OLD)
    let_go(world, number)
    assert known(world, number) == Binding(b"", unbound=(OLD,))
    assert found(world, number).state == WithdrawalState.WAITING
    assert held(world) == before
    assert say(world, Unbound(number, OLD)) == 0, "a payer that was killed says it again"
    assert say(world, Bound(number, OLD)) == Unsound.NOT_PAYABLE
    assert say(world, Failed(number, 1, OLD, transfer("x"))) == Unsound.CONTRADICTS
    assert say(world, Broadcast(number, transfer("late"), GAS)) == Unsound.CONTRADICTS
    assert say(world, Bound(number, NEW)) == 0
    assert say(world, FoundPaid(number, OLD)) == Unsound.CONTRADICTS
    assert say(world, Paid(number, transfer("t"), 9, GAS)) == 0
    assert found(world, number).state == WithdrawalState.SUCCESS
    assert held(world) == 0
    assert known(world, number).unbound == (OLD,)


def test_it_is_refused_or_cancelled_as_what_waits(world: World) -> None:
    """Criterion: CUST-UNBIND-1."""
    first, second = bound(world), bound(world, NEW)
    refusal = partial(Decide, state=WithdrawalState.FAILED, reason=5)
    for number, binding in ((first, OLD), (second, NEW)):
        assert say(world, refusal(number)) == Unsound.NOT_PAYABLE
        proposal = agreed(world, number, binding)
        assert say(world, MayUnbind(number, binding, proposal)) == 0
    assert say(world, Unbound(first, OLD)) == 0
    assert say(world, refusal(first)) == 0
    assert found(world, first).state == WithdrawalState.FAILED
    stop(world, Action.WITHDRAW)
    assert say(world, Unbound(second, NEW)) == 0
    assert found(world, second).state == WithdrawalState.QUEUED, "a suspension holds it"
    assert world.say(WITHDRAWALS, Cancel(second), ALICE) == 0
    assert held(world) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == 200 * 10**8


def test_only_two_teams_let_go(world: World) -> None:
    """Of what they named, while their proposal is carried out. Criterion: CUST-UNBIND-2."""
    number, other = bound(world), bound(world, NEW)
    assert say(world, Unbound(number, OLD)) == Unsound.NOT_PAYABLE
    assert say(world, MayUnbind(number, OLD, 5)) == Unsound.NOT_PAYABLE
    made = proposed(world, BoundPayment(number, OLD))
    assert say(world, MayUnbind(number, OLD, made)) == Unsound.NOT_PAYABLE
    assert agree(world, Approve(made, reports=True), BEA) == 91_014, "of the same team"
    assert agree(world, Approve(made, reports=True), CLEO) == 0
    assert say(world, MayUnbind(other, NEW, made)) == Unsound.NOT_PAYABLE
    assert say(world, MayUnbind(number, NEW, made)) == Unsound.CONTRADICTS
    assert world.say(WITHDRAWALS, MayUnbind(number, OLD, made), ALICE) == Unsound.NOT_THE_HOUSE
    assert say(world, MayUnbind(number, OLD, made)) == 0
    assert say(world, MayUnbind(number, OLD, made)) == 0
    assert known(world, number) == Binding(OLD, may_unbind=True)
    assert agree(world, Report(made, 0)) == 0
    assert say(world, Unbound(number, NEW)) == Unsound.CONTRADICTS
    assert say(world, Unbound(number, OLD)) == 0
    assert say(world, Bound(number, NEW)) == 0
    assert say(world, MayUnbind(number, NEW, made)) == Unsound.NOT_PAYABLE, "it is over"
    assert agree(world, Propose(UnbindPayments(CHAIN, ()), HOUR_MS), ADA) == REFUSED
    short = UnbindPayments(CHAIN, (BoundPayment(number, b"x"),))
    assert agree(world, Propose(short, HOUR_MS), ADA) == REFUSED


def test_what_was_given_out_is_never_let_go(world: World) -> None:
    """Criterion: CUST-UNBIND-2."""
    number = bound(world)
    made = agreed(world, number)
    assert say(world, MayUnbind(number, OLD, made)) == 0
    assert say(world, Broadcast(number, transfer("t"), GAS)) == 0
    assert say(world, Unbound(number, OLD)) == Unsound.NOT_PAYABLE
    assert say(world, MayUnbind(number, OLD, made)) == Unsound.NOT_PAYABLE
    assert say(world, Paid(number, transfer("t"), 9, GAS)) == 0
    assert say(world, Unbound(number, OLD)) == Unsound.NOT_PAYABLE
    assert say(world, Unbound(number + 999, OLD)) == Unsound.UNKNOWN


def test_what_the_chain_has_paid_counts_whoever_signed_it(world: World) -> None:
    """A key that comes back: it is paid by it if by nothing else. Criterion: CUST-UNBIND-1."""
    number = bound(world)
    let_go(world, number)
    assert say(world, FoundPaid(number, OLD)) == 0
    assert say(world, Bound(number, NEW)) == Unsound.CONTRADICTS
    assert say(world, Paid(number, transfer("t"), 9, GAS)) == 0
    assert held(world) == 0


def test_before_this_edition_nothing_is_let_go() -> None:
    """Criterion: CUST-UNBIND-2."""
    world = opened(edition=LETS_GO_UNSIGNED - 1, surveys=True)
    world.fund(ALICE, BTC, coins(200))
    number = bound(world)
    made = agreed(world, number)
    assert say(world, MayUnbind(number, OLD, made)) == REFUSED
    assert say(world, Unbound(number, OLD)) == REFUSED
    assert world.replayed().hashes() == world.machine.hashes()


@pytest.mark.parametrize("seed", range(4))
def test_it_ends_once_whatever_is_said_when(world: World, seed: int) -> None:
    """No binding comes back, and money is held until the one end. Criterion: CUST-UNBIND-3."""
    draws = random.Random(seed)
    bindings = [transfer(f"lane {number}") for number in range(4)]
    numbers = [bound(world, draws.choice(bindings)) for _ in range(3)]
    ends: dict[int, int] = {}
    seen: dict[int, list[bytes]] = {number: [] for number in numbers}
    for _ in range(RUNS):
        number, binding = draws.choice(numbers), draws.choice(bindings)
        now = known(world, number).binding
        if now and draws.randrange(3) == 0:
            made = agreed(world, number, now)
            said = say(world, MayUnbind(number, now, made))
            assert agree(world, Report(made, 91_013 if said else 0)) == 0
        word: Payload = draws.choice(
            (
                Bound(number, binding),
                Bound(number, binding),
                Unbound(number, now or binding),
                Unbound(number, now or binding),
                Settle(0, 50),
                Broadcast(number, transfer(f"t {number}"), GAS),
                Paid(number, transfer(f"t {number}"), 9, GAS),
                Failed(number, 1, binding, transfer("conflict")),
            )
        )
        code = say(world, word)
        if isinstance(word, Paid | Failed) and not code:
            ends[number] = ends.get(number, found(world, number).state)
        for one in numbers:
            state, bound_to = found(world, one).state, known(world, one)
            if bound_to.binding and bound_to.binding not in seen[one][-1:]:
                seen[one].append(bound_to.binding)
            assert bound_to.binding not in bound_to.unbound or not bound_to.binding
            if one in ends:
                assert state == ends[one]
        each = 10**8 + 40_000
        assert held(world) == each * sum(one not in ends for one in numbers)
        if not draws.randrange(8):
            world.restart()
    for each_seen in seen.values():
        assert len(set(each_seen)) == len(each_seen)
        assert all(one != two for one, two in pairwise(each_seen))

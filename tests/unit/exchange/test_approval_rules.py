"""Who may approve what, and what becomes of acts that are carried out elsewhere: the fold alone."""

from __future__ import annotations

import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    Admit,
    AllotCoins,
    AnnounceMove,
    AnyAct,
    AnyAsk,
    Approve,
    AssignTeam,
    BookLoss,
    ClaimDeposit,
    Correct,
    Define,
    Dismiss,
    Enrol,
    FreeDeposit,
    Grant,
    Propose,
    Reject,
    Report,
    SetThreshold,
)
from fullreserve.exchange.products.approval_state import CLOSED_KEPT, CONSOLE, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.wire.commands import AccountKey, OpenOwner, SetFeeTier, amount_bytes
from tests.unit.exchange.custody_world import ALICE, BTC, World

ADA, BEA, CLEO, DAN = 10_000_011, 10_000_012, 10_000_013, 10_000_014
FINANCE, PRODUCT = 1, 2
LASTS_MS = 60_000
FEES = Define(SetFeeTier(0, 0, 3, 80_000, 100_000))
FREE = FreeDeposit(ALICE, 3, bytes(32))
CREDIT = Correct(
    AccountKey(ALICE, chart.FUND, 0),
    AccountKey(chart.HOUSE, chart.TREASURY, 0),
    BTC,
    amount_bytes(7),
    5,
)


@pytest.fixture
def world() -> World:
    """Three members, of whom one other has to agree."""
    made = World(lambda: (Approvals(),))
    for member in (ADA, BEA, CLEO):
        assert said(made, Enrol(CONSOLE, member), chart.HOUSE) == 0
    return made


def said(world: World, asked: AnyAsk, who: int) -> int:
    return world.say(Approvals.number, asked, who)


def proposed(world: World, act: AnyAct, who: int = ADA) -> int:
    number = world.machine.sequence + 1
    assert said(world, Propose(act, LASTS_MS), who) == 0
    return number


def state_of(world: World, number: int) -> ProposalState:
    state: ProposalState = world.machine.folds[0].state.proposals[number].state
    return state


def in_teams(world: World) -> None:
    """Ada and Bea in one team, Cleo in another."""
    for member, team in ((ADA, FINANCE), (BEA, FINANCE), (CLEO, PRODUCT)):
        number = proposed(world, AssignTeam(CONSOLE, member, team))
        assert said(world, Approve(number), BEA) == 0
        assert state_of(world, number) is ProposalState.DONE


def test_e9_1_fees_are_two_peoples_and_credits_two_teams(world: World) -> None:
    """Criterion: OP-TEAM-1. E9.1: one of another team agrees to a credit."""
    in_teams(world)
    fees = proposed(world, FEES)
    assert said(world, Approve(fees), ADA) == 91006
    assert said(world, Approve(fees), BEA) == 0
    credit = proposed(world, CREDIT)
    assert said(world, Approve(credit), BEA) == 91014
    assert (state_of(world, credit), world.balance(ALICE, chart.FUND, BTC)) == (
        ProposalState.OPEN, 0,
    )  # fmt: skip
    assert said(world, Approve(credit), CLEO) == 0
    assert world.balance(ALICE, chart.FUND, BTC) == 7
    assert world.replayed().hashes() == world.machine.hashes()
    world.restart()


NONE, ONE = amount_bytes(0), amount_bytes(10**8)


@pytest.mark.parametrize(
    "act",
    [
        AnnounceMove(1, BTC, Tier.WARM, Tier.COLD, ONE, NONE, NONE, LASTS_MS),
        BookLoss(1, BTC, Tier.HOT, ONE, bytes(32), chart.LOSS),
        AllotCoins(ALICE, 1, bytes(32), ONE),
        AllotCoins(chart.HOUSE, 1, bytes(32), ONE),
    ],
)
def test_two_teams_agree_on_what_ledger_and_chain_differ_by(world: World, act: AnyAct) -> None:
    """Criterion: OP-TEAM-1, CUST-LOSS-2, CUST-ALLOT-3. Moves by hand, losses, strangers' coins."""
    in_teams(world)
    number = proposed(world, act)
    assert said(world, Approve(number, reports=True), BEA) == 91014
    assert said(world, Approve(number, reports=True), CLEO) == 0
    assert state_of(world, number) is ProposalState.CARRYING


@pytest.mark.parametrize(
    "act", [AssignTeam(CONSOLE, BEA, PRODUCT), Admit(CONSOLE, DAN), Grant(DAN, 2)]
)
def test_two_of_one_team_cannot_lift_the_rule_of_two(
    world: World, act: AssignTeam | Admit | Grant
) -> None:
    """Criterion: OP-TEAM-2. Neither by another team for one of them, nor by one who comes in."""
    in_teams(world)
    whom = act.owner if isinstance(act, Grant) else act.member
    assert said(world, Propose(act, LASTS_MS, by_teams=True), whom) != 0
    number = world.machine.sequence + 1
    assert said(world, Propose(act, LASTS_MS, by_teams=True), ADA) == 0
    assert said(world, Approve(number), BEA) == (91007 if whom == BEA else 91014)
    assert said(world, Approve(number), CLEO) == 0
    assert state_of(world, number) is ProposalState.DONE
    assert world.replayed().hashes() == world.machine.hashes()


def test_nobody_takes_part_in_moving_oneself(world: World) -> None:
    """Criterion: OP-TEAM-2. Nor with an account of the same person, and with no team at all."""
    world.core(OpenOwner(0, 0, BEA, BEA, 0, 1, 0, 1), OpenOwner(0, 0, DAN, BEA, 0, 1, 0, 1))
    act = Propose(AssignTeam(CONSOLE, BEA, FINANCE), LASTS_MS, by_teams=True)
    assert said(world, act, BEA) == 91007
    other = Propose(Admit(CONSOLE, DAN), LASTS_MS, by_teams=True)
    assert said(world, other, BEA) == 91007
    assert said(world, act, ADA) == 0
    assert said(world, Approve(world.machine.sequence - 1), CLEO) == 0
    assert world.machine.folds[0].state.teams == {CONSOLE: {BEA: FINANCE}}


def test_without_teams_any_other_agrees_and_who_has_none_is_a_team(world: World) -> None:
    """Criterion: OP-TEAM-1"""
    assert said(world, Approve(proposed(world, CREDIT)), BEA) == 0
    before = world.machine.hashes()
    number = proposed(world, AssignTeam(CONSOLE, CLEO, PRODUCT))
    assert said(world, Approve(number), BEA) == 0
    assert world.machine.hashes() != before
    credit = proposed(world, CREDIT)
    assert said(world, Approve(credit), BEA) == 91014
    assert said(world, Approve(credit), CLEO) == 0
    assert said(world, Approve(proposed(world, FREE)), BEA) == 91014
    number = proposed(world, AssignTeam(CONSOLE, CLEO, 0))
    assert said(world, Approve(number), CLEO) == 0
    assert world.machine.folds[0].state.teams == {}
    assert said(world, Approve(proposed(world, CREDIT)), BEA) == 0
    assert said(world, Propose(AssignTeam(CONSOLE, CLEO, 100), LASTS_MS), ADA) == 51000
    stranger = proposed(world, AssignTeam(CONSOLE, ALICE, 1))
    assert said(world, Approve(stranger), BEA) == 91001
    assert state_of(world, stranger) is ProposalState.FAILED


@pytest.mark.parametrize("act", [Grant(ALICE, 2), ClaimDeposit(ALICE, 3, bytes(32)), FREE])
@pytest.mark.parametrize("code", [0, 91013])
def test_an_act_elsewhere_is_over_when_its_outcome_is_told(
    world: World, act: AnyAct, code: int
) -> None:
    """Criterion: OP-APP-14"""
    number = proposed(world, act)
    assert said(world, Report(number, 0), chart.HOUSE) == 0
    assert state_of(world, number) is ProposalState.OPEN
    assert said(world, Approve(number, reports=True), BEA) == 0
    assert state_of(world, number) is ProposalState.CARRYING
    assert said(world, Approve(number, reports=True), CLEO) == 91004
    assert said(world, Reject(number), CLEO) == 91004
    assert said(world, Report(number, code), BEA) == 91001
    assert said(world, Report(number + 9, code), chart.HOUSE) == 91003
    world.restart()
    for _ in range(2):
        assert said(world, Report(number, code), chart.HOUSE) == 0
        wanted = ProposalState.FAILED if code else ProposalState.DONE
        assert state_of(world, number) is wanted
    assert said(world, Report(number, 0), chart.HOUSE) == 0
    assert world.machine.folds[0].state.proposals[number].code == code
    assert world.replayed().hashes() == world.machine.hashes()


def test_what_is_being_carried_out_is_not_forgotten_and_old_words_are_done(world: World) -> None:
    """Criterion: OP-APP-14. Who approved before there were reports said all with the approval."""
    old = proposed(world, Grant(ALICE, 2))
    assert said(world, Approve(old), BEA) == 0
    assert state_of(world, old) is ProposalState.DONE
    number = proposed(world, Grant(ALICE, 2))
    assert said(world, Approve(number, reports=True), BEA) == 0
    for _ in range(CLOSED_KEPT + 1):
        assert said(world, Reject(proposed(world, FEES)), ADA) == 0
    assert old not in world.machine.folds[0].state.proposals
    assert state_of(world, number) is ProposalState.CARRYING


@pytest.mark.parametrize("gone", [ADA, BEA, CLEO])
def test_any_one_operator_may_be_gone_for_ever(world: World, gone: int) -> None:
    """Criterion: LIVE-4. Two of three decide, let the lost one go and another one in."""
    first, second = [one for one in (ADA, BEA, CLEO) if one != gone]
    assert said(world, Approve(proposed(world, FEES, first)), second) == 0
    assert said(world, Dismiss(CONSOLE, gone), first) == 0
    number = proposed(world, Admit(CONSOLE, DAN), first)
    assert said(world, Approve(number), second) == 0
    assert state_of(world, number) is ProposalState.DONE
    assert said(world, Approve(proposed(world, FEES, second)), DAN) == 0
    assert said(world, Approve(proposed(world, FEES, first)), gone) == 91001


def test_no_threshold_is_set_that_hangs_on_each_of_them(world: World) -> None:
    """Criterion: OP-SET-3. Not when it is approved either, if one was dismissed meanwhile."""
    two = Propose(SetThreshold(CONSOLE, 2), LASTS_MS, spares=True)
    assert said(world, two, ADA) == 91015
    assert said(world, Enrol(CONSOLE, DAN), chart.HOUSE) == 0
    number = said_number(world, two)
    assert said(world, Dismiss(CONSOLE, DAN), BEA) == 0
    assert said(world, Approve(number), BEA) == 91015
    assert said(world, Enrol(CONSOLE, DAN), chart.HOUSE) == 0
    number = said_number(world, two)
    assert said(world, Approve(number), BEA) == 0
    # Any one may be away, and fewer approvals are borne by however few.
    assert said(world, Dismiss(CONSOLE, DAN), BEA) == 0
    one = said_number(world, Propose(SetThreshold(CONSOLE, 1), LASTS_MS, spares=True))
    for other in (BEA, CLEO):
        assert said(world, Approve(one), other) == 0
    assert state_of(world, one) is ProposalState.DONE


def said_number(world: World, asked: Propose) -> int:
    """A proposal of ADA's."""
    assert said(world, asked, ADA) == 0
    number: int = max(world.machine.folds[0].state.proposals)
    return number


def test_a_group_that_needs_everybody_is_brought_back_from_the_machine(world: World) -> None:
    """Criterion: LIVE-4. Two have to approve what one of three proposed, and one is gone."""
    number = proposed(world, SetThreshold(CONSOLE, 2))
    assert said(world, Approve(number), BEA) == 0
    assert said(world, Dismiss(CONSOLE, CLEO), ADA) == 0
    assert said(world, Propose(FEES, LASTS_MS), ADA) == 91002
    assert said(world, Enrol(CONSOLE, DAN), chart.HOUSE) == 0
    number = proposed(world, FEES)
    for other in (BEA, DAN):
        assert said(world, Approve(number), other) == 0
    assert state_of(world, number) is ProposalState.DONE

"""Goal: whatever is said to custody's folds of money, or asked, is a bounded share of a batch.

Method: thousands of deposits and withdrawals wait, under the newest editions; every word and every
question of the wires, by enumeration, is said once, and what it reads and asks is counted. A word
that is new and not here fails the test, and so does one that is refused at the door.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple, get_args

import msgspec
import pytest
from msgspec.structs import replace

from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import deposit_state as deposits
from fullreserve.exchange.products import suspension_state, withdrawal_state
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products import withdrawal_state as withdrawals
from fullreserve.exchange.products.announced_moves import LASTS_MIN_MS
from fullreserve.exchange.products.approval_acts import BoundPayment, UnbindPayments
from fullreserve.exchange.products.approval_state import CONSOLE, Proposal, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import SetOwner, amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from tests.unit.exchange.custody_world import (
    ALICE,
    BTC,
    CAROL,
    CHAIN,
    NETWORKS,
    START_MS,
    Chain,
    World,
    coins,
    transfer,
)
from tests.unit.exchange.suspension_world import (
    ADA,
    DOCUMENT,
    SEED,
    opened,
    planned,
    stop,
    terms,
)
from tests.unit.exchange.test_deposit_bounds import crowd as of_deposits
from tests.unit.exchange.test_deposit_bounds import fold_of as deposits_of
from tests.unit.exchange.test_deposit_bounds import named
from tests.unit.exchange.test_withdrawal_bounds import MANY, crowd, fold_of

FIRST = 20_000
DIGEST = sha256(DOCUMENT).digest()
LIMIT = 50
BOUND = (FIRST + MANY + 2, FIRST + MANY + 4, FIRST + MANY + 6)  # of ALICE's
# By the fold: what it has posted, the core may refuse, as these requests have set nothing aside.
DECIDED = {0, 58_350}
SOON = START_MS + 4_000_000
# What wants another state than all else here; `test_suspension_surveys` has those that read queues.
REFUSED_HERE = {
    *(wire.Heed, wire.Bound, wire.AgreeToFee, stops.Ratify, stops.Discard, stops.SignOff),
    *(stops.Canary, stops.OpenDrain, stops.Lift, stops.Report, stops.Advance),
}
# Of the 100 that a word looks at, each a few times; a drain looks at those in turn too.
READ_MOST, ASKED_MOST = 1_500, 1_300
# What is told whole: operators' tables, and a drain's log once it is over, which is kept then.
WHOLE = (withdrawals.GetDrains, stops.ListAll, stops.GetOne)


class Counted(dict[Any, Any]):
    """A table that counts who reads it; nobody is to walk it."""

    read = 0

    def __getitem__(self, key: Any) -> Any:
        Counted.read += 1
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        Counted.read += 1
        return super().get(key, default)

    def values(self) -> Any:
        raise AssertionError("all are walked")

    items = __iter__ = values


@pytest.fixture(scope="module")
def snapshots() -> tuple[World, list[bytes], int]:
    """10,000 withdrawals in each of three states, 4,000 deposits, and a stop that is to end."""
    world = opened(edition=withdrawal_state.EDITION, surveys=True)
    world.core(*(SetOwner(0, 0, CAROL, 0, 1, 0, 1) for _ in range(FIRST + 4 * MANY)))
    number = stop(world, scope=stops.Scope(stops.Level.CHAIN, CHAIN))
    planned(world, number)
    # And one that is draining, of an owner whose requests wait.
    draining = stop(world, scope=stops.Scope(stops.Level.USER, key=ALICE))
    table = next(one.state for one in world.machine.folds if one.number == SUSPENSIONS).suspensions
    table[draining] = replace(table[draining], state=SuspensionState.DRAINING)
    states = (WithdrawalState.QUEUED, WithdrawalState.WAITING, WithdrawalState.SHORT)
    # Of today: what is a day old is forgotten by the next request, each once.
    today = {"requested_ms": world.time_ms}
    crowds = [crowd(state, FIRST + at * MANY, **today) for at, state in enumerate(states)]
    many = {one.number: one for each in crowds for one in each}
    for each in BOUND:
        many[each].binding = transfer("binding")
    fold_of(world).state.withdrawals = many
    agreed(world, BOUND[-1])
    # As from the first start with chains on.
    fold_of(world).state.asks_policy = True
    fold_of(world).state.judged = {FIRST + MANY: int(DecisionState.ALLOWED)}
    # What the ledger has of them before they are credited.
    chain = Chain(world, DEPOSITS, CHAIN, BTC)
    chain.tip()
    assert chain.seen("all", chain.index(ALICE), coins(10_000)) == 0
    deposits_of(world).state.deposits = of_deposits()
    deposits_of(world).state.edition = deposits.EDITION
    world.fund(CAROL, BTC, coins(9))
    return world, [one.encode() for one in world.machine.folds], number


def agreed(world: World, number: int) -> None:
    """Two operators have agreed that a payment is let go of what it is bound to."""
    act = UnbindPayments(CHAIN, (BoundPayment(number, transfer("binding")),))
    made = Proposal(1, CONSOLE, act, ADA, 0, 0, 0, (), state=ProposalState.CARRYING)
    next(one for one in world.machine.folds if isinstance(one, Approvals)).state.proposals[1] = made


@pytest.fixture
def world(snapshots: tuple[World, list[bytes], int], monkeypatch: pytest.MonkeyPatch) -> World:
    made, encoded, _ = snapshots
    for fold, data in zip(made.machine.folds, encoded, strict=True):
        fold.restore(data)
    for table in (fold_of(made), deposits_of(made)):
        name = "withdrawals" if table.number == WITHDRAWALS else "deposits"
        setattr(table.state, name, Counted(getattr(table.state, name)))
    monkeypatch.setattr(Machine, "query", _counting(Machine.query))
    return made


ASKED = [0]


def _counting(query: Any) -> Any:
    def counted(machine: Machine, asked: Any) -> Any:
        ASKED[0] += 1
        return query(machine, asked)

    return counted


class Spent(NamedTuple):
    """What saying a word, or asking a question, reads and asks; and its code."""

    read: int
    asked: int
    code: int


def spent(world: World, fold: int, word: Any, who: int = chart.HOUSE) -> Spent:
    Counted.read, ASKED[0], code = 0, 0, 0
    if isinstance(word, deposits.Question | stops.Asked):
        world.machine.answer(msgspec.msgpack.encode(AskFold(fold, msgspec.msgpack.encode(word))))
    else:
        code = world.say(fold, word, who)
    return Spent(Counted.read, ASKED[0], code)


def of_bound() -> list[Any]:
    """The same of what is bound."""
    (sent, failing, kept), lane = BOUND, transfer("binding")
    hashed, fee = transfer("x"), amount_bytes(0)
    return [
        *(wire.MayUnbind(kept, lane, 1), wire.Unbound(kept, lane), withdrawals.ListBindings(BOUND)),
        *(wire.Broadcast(sent, hashed, fee), wire.Included(sent, hashed, 1)),
        *(wire.Paid(sent, hashed, 1, fee), wire.Failed(failing, 1, lane, hashed)),
    ]


def of_tiers(hashed: bytes) -> list[Any]:
    """The same of coins of the tiers."""
    fee, gift = amount_bytes(0), transfer("gift")
    announced = (CHAIN, 1, BTC, wire.Tier.WARM, wire.Tier.COLD, coins(1), fee, fee, LASTS_MIN_MS)
    return [
        wire.Moved(CHAIN, hashed, BTC, 1, 2, coins(1), fee), wire.Announce(*announced),
        wire.Funded(CHAIN, hashed, BTC, 1, coins(1)), wire.SawAnnounced(CHAIN, 1, 1),
        wire.EndAnnounced(CHAIN, 1), deposits.ListAnnounced(is_open=False, limit=LIMIT),
        wire.Lost(CHAIN, 1, BTC, 1, coins(5), hashed, 65), deposits.ListLosses(LIMIT),
        wire.CameUnasked(CHAIN, gift, BTC, 1, coins(1)), deposits.ListUnallotted(LIMIT),
        wire.Allotted(CHAIN, 1, gift, ALICE, coins(1), ()), deposits.ListAllotments(LIMIT),
        deposits.FindUnallotted(0, gift), deposits.FindAllotment(1),
        deposits.ListBooked(0, LIMIT), deposits.ListUnscreened(0, 9),
    ]  # fmt: skip


def of_line() -> list[Any]:
    """Questions about what an owner has of an asset."""
    owed = deposits.ListDebts(9, ALICE), deposits.ListDebts(9, after_ms=1)
    return [deposits.Owes(ALICE, BTC), deposits.SumSmall(ALICE, CHAIN, BTC), *owed]


def samples(number: int) -> dict[int, list[Any]]:
    """By fold, one word or question of each kind at least, about what waits."""
    queued, waiting, name = FIRST, FIRST + MANY, named(7)
    fee, hashed, nobodys, gone = amount_bytes(0), transfer("x"), transfer("y"), named(8)
    budget = (stops.Budget(CHAIN, BTC, coins(1), 1),)
    plan = stops.Plan(number, 10**15, budget)
    asset = stops.Scope(stops.Level.ASSET, asset=BTC)
    return {
        DEPOSITS: [
            NETWORKS[0], wire.Tip(CHAIN, 9_000, hashed, healthy=True), wire.AssignAddress(CHAIN),
            wire.Seen(CHAIN, nobodys, BTC, 9, 0, coins(1), 0, 9_000, hashed), deposits.ListKept(9),
            wire.Claim(CHAIN, nobodys, ALICE), wire.Settle(0, 100), wire.Confirmed(CHAIN, name, 2),
            wire.Orphaned(CHAIN, gone, 9), wire.Replaced(CHAIN, gone), deposits.FindDeposit(9),
            deposits.FindTransfer(name), deposits.ListUncredited(9),
            wire.Stop(CHAIN, named(4_000 - 1), 11), wire.Hold(CHAIN, 0, stopped=True),
            wire.AdoptDeposits(deposits.EDITION), deposits.GetAddress(CHAIN, ALICE),
            wire.Screened(CHAIN, name, 1), deposits.ListNetworks(), deposits.FindMoved(hashed),
            deposits.ListAddresses(CHAIN, 0, LIMIT), deposits.ListDeposits(0, 0, 9),
            deposits.ListDeposits(ALICE, 0, 9), deposits.ListUnclaimed(9), deposits.ListDebts(9),
            deposits.FindOwner(CHAIN, 1), deposits.HasForgotten(), deposits.ListMoved((hashed,)),
            deposits.CountAddresses(CHAIN), deposits.SumComing(CHAIN), deposits.NextOpen(0, LIMIT),
            deposits.NextDue(0, LIMIT), *of_line(), *of_tiers(hashed),
        ],
        WITHDRAWALS: [
            NETWORKS[0], wire.Hold(CHAIN, 0, stopped=True), wire.Settle(0, 100),
            wire.Request(CHAIN, BTC, coins(1), amount_bytes(40_000), 0, 5), wire.Cancel(queued + 2),
            wire.Decide(queued, 4), wire.StopOwner(ALICE, 5), wire.SetQuota(ALICE, 5),
            wire.LimitOwn(book_only=True, usd=5), wire.LockSettings(1), wire.Heed(queued),
            wire.QuoteFee(CHAIN, BTC, fee, fee, fee, SOON), wire.AgreeToFee(queued, fee),
            wire.Drain(CHAIN, BTC, coins(5), 9), wire.RequirePolicy(withdrawals.EDITION),
            wire.Bound(waiting, hashed), *of_bound(), wire.FoundPaid(queued, hashed),
            wire.Short(CHAIN, BTC, 100), wire.Refilled(CHAIN, BTC, 100), wire.Covered(waiting),
            deposits.ListNetworks(), withdrawals.ListWithdrawals(0, 0, LIMIT),
            withdrawals.ListWithdrawals(ALICE, 0, LIMIT), withdrawals.ListReceived(ALICE, 0, LIMIT),
            withdrawals.GetWithdrawal(queued), withdrawals.FindWithdrawal(ALICE, b"x"),
            withdrawals.ListPay(CHAIN, 0, LIMIT), withdrawals.GetQuota(CAROL, 5),
            withdrawals.GetPlace(FIRST + 3 * MANY), withdrawals.ListQueue(0, LIMIT),
            withdrawals.GetDrains(number), withdrawals.SumDrains(number),
            withdrawals.ListShort(CHAIN), withdrawals.ListUndecided(LIMIT),
            withdrawals.ListBehind(CHAIN, BTC, 0, LIMIT),
            withdrawals.ListOpen(0, LIMIT), deposits.HasForgotten(), withdrawals.ListFees(5),
            withdrawals.ListSums(bound=False), withdrawals.NextSettled(0, LIMIT),
            withdrawals.NextDue(0, LIMIT, 0), withdrawals.GetAsker(queued),
            withdrawals.GetHistory(ALICE, 0),
            withdrawals.GetDemand(CHAIN, BTC), withdrawals.GetSmallest(CHAIN),
            withdrawals.GetOwnSettings(ALICE),
            withdrawals.GetRequest(queued), withdrawals.ListParts((queued, waiting)),
            withdrawals.GetSplits(number),
            *(withdrawals.ListPassed(CAROL, 0, LIMIT, is_sent=sent) for sent in (True, False)),
        ],
        SUSPENSIONS: [
            stops.Draft(terms()), stops.Suspend(terms(scope=asset)), stops.Trip(1, asset),
            stops.Ratify(number), stops.Discard(number), stops.Extend(number, 5), plan,
            stops.Check(number), *(
                stops.Show(number, gate, DIGEST, passed=True, document=DOCUMENT)
                for gate in stops.Gate
            ),
            stops.Measure(CHAIN, 9_000, hashed, (stops.Coins(1, BTC, coins(5)),)),
            stops.SignOff(number), stops.Canary(number, queued), stops.OpenDrain(number, SEED),
            stops.Lift(number), stops.Fall(number), stops.Report(number, hashed),
            stops.Advance(number, SEED), stops.Survey(number), stops.ListAll(),
            stops.Survey(number, is_new=True), stops.Adopt(suspension_state.EDITION),
            stops.Ruling(1, ALICE, ALICE, 0, CHAIN, BTC, queued), stops.ListInForce(),
            stops.DrainOf(CHAIN, BTC), stops.IsCanary(queued), stops.ListBroken(number),
            stops.ListReopening(), stops.ListStops(1, CHAIN, BTC), stops.GetMeasured(CHAIN),
            stops.GetOne(number), stops.GetSurvey(number), stops.GetKept(number),
            stops.ListRoll(number, 0, LIMIT), stops.GetEdition(), stops.GetMaxWait(number),
            stops.ListReadings(number),
        ],
    }  # fmt: skip


def test_every_word_and_question_is_looked_at() -> None:
    """Criterion: SHARED-6"""
    known = samples(1)
    for fold, unions in (
        (DEPOSITS, (wire.AnyDeposits, deposits.AnyQuestion)),
        (WITHDRAWALS, (wire.AnyWithdrawals, withdrawals.AnyQuestion)),
        (SUSPENSIONS, (stops.AnySaid, stops.AnyAsked)),
    ):
        wanted = {one.__name__ for union in unions for one in get_args(union)}
        assert {type(one).__name__ for one in known[fold]} == wanted


@pytest.mark.parametrize("fold", [DEPOSITS, WITHDRAWALS, SUSPENSIONS])
def test_none_does_more_because_many_wait(
    world: World, snapshots: tuple[World, list[bytes], int], fold: int
) -> None:
    """As the house, as an operator and as users. Criterion: SHARED-6."""
    decided = set()
    words = [word for word in samples(snapshots[2])[fold] if not isinstance(word, WHOLE)]
    for word in words:
        for who in (chart.HOUSE, ADA, ALICE, CAROL):
            found = spent(world, fold, word, who)
            assert found.read <= READ_MOST, word
            assert found.asked <= ASKED_MOST, word
            decided |= {type(word)} if found.code in DECIDED else set()
    # What is refused at the door reads nothing, whatever it would do.
    assert {type(word) for word in words} - decided <= REFUSED_HERE

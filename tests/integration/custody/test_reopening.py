"""Goal: a restart that the board has signed off goes to its end without anybody's ticking.

Method: an exchange with operators and a queue, the worker against it by a clock of the test's, what
the payer does said by the test; the worker is a new one at every look.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody.reopening import Reopening
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import policy_wire as policy
from fullreserve.exchange.products import suspension_gates
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy_rules import Category, Rule, Verb
from fullreserve.exchange.products.risk_rules import Mark, Points, RiskTable, Thresholds
from fullreserve.exchange.products.suspension_state import (
    EDITION,
    HOUR_MS,
    SURVEY_KEPT_MS,
    Suspension,
    SuspensionsState,
    shown_last,
)
from fullreserve.exchange.products.suspension_state import SuspensionState as State
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Adopt,
    Advance,
    Budget,
    Check,
    Figure,
    Gate,
    Level,
    Mode,
    Plan,
    Reason,
    Said,
    Scope,
    Show,
    SignOff,
    Suspend,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import BY_A_FEW, SumDrains, WithdrawalState
from fullreserve.exchange.products.withdrawal_state import EDITION as WITHDRAWALS_EDITION
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import BTC
from tests.integration.custody.withdrawing import COIN, NOTHING, Withdrawing
from tests.unit.exchange.custody_world import transfer

ADA, BEA, CLEO = 10_000_011, 10_000_012, 10_000_013
CHAIN, MINUTE_MS = 1, 60_000
PLENTY = amount_bytes(10**15)


class Town:
    """An exchange with three operators, suspended everywhere, with some who wait."""

    def __init__(self, exchange: Withdrawing) -> None:
        self.exchange = exchange
        self.suspension = 0
        self.asked: list[int] = []

    @classmethod
    async def open(cls, folder: Path, asking: Sequence[int] = (3, 2, 1, 2, 2)) -> Town:
        line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), PLENTY, 8)
        network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
        town = cls(await Withdrawing.open(folder, network))
        for member in (ADA, BEA, CLEO):
            await town.exchange.say(Enrol(CONSOLE, member), chart.HOUSE, Approvals.number)
        hot = wire.Funded(CHAIN, transfer("hot"), BTC, wire.Tier.HOT, amount_bytes(1000 * COIN))
        await town.exchange.say(hot, chart.HOUSE, wire.DEPOSITS)
        terms = Terms(Action.WITHDRAW, Scope(Level.GLOBAL), Mode.QUEUE, Reason.SECURITY_INCIDENT)
        town.suspension = await town.say(Suspend(terms))
        for units in asking:
            town.asked.append(await town.exchange.ask(CHAIN, BTC, units * COIN, "addr"))
        return town

    async def say(self, word: Said, who: int = ADA) -> int:
        return await self.exchange.say(word, who, SUSPENSIONS)

    @property
    def time_ms(self) -> int:
        return self.clock.exchange_ms()

    @property
    def clock(self) -> ManualClock:
        clock = self.exchange.bed.clock
        assert isinstance(clock, ManualClock)
        return clock

    async def shown(self, max_wait: int = 0) -> None:
        """Everything that people have to do, but for the sign-off."""
        number = self.suspension
        budget = Budget(CHAIN, BTC, PLENTY, 2)
        await self.say(Plan(number, self.time_ms + HOUR_MS, (budget,), MINUTE_MS, max_wait))
        await self.show(Gate.COMMUNICATION)
        self.clock.advance(HOUR_MS)
        await self.say(Check(number))
        await self.show(Gate.SIGNABILITY, count=2)
        await self.show(Gate.COVERAGE, figures=(Figure(0, BTC, PLENTY),))
        await self.show(Gate.LIQUIDITY)
        await self.show(Gate.QUEUE_HYGIENE, count=len(self.asked))
        await self.show(Gate.LIMITS)
        await self.show(Gate.SUPPORT)

    async def show(self, gate: Gate, **more: Any) -> None:
        word = Show(self.suspension, gate, transfer("evidence"), passed=True, **more)
        await self.say(word, BEA)

    async def look(self) -> int:
        """A worker that was just started looks; the suspension's state then."""
        await Reopening(self.exchange.house, self.clock).round()
        return self.state()

    def state(self) -> int:
        return self.one().state

    def state_of_fold(self) -> SuspensionsState:
        folds = self.exchange.bed.folds
        state = next(fold.state for fold in folds if fold.number == SUSPENSIONS)
        assert isinstance(state, SuspensionsState)
        return state

    def one(self) -> Suspension:
        found = self.state_of_fold().suspensions[self.suspension]
        assert isinstance(found, Suspension)
        return found

    async def paid(self, number: int) -> None:
        binding, name = transfer(f"b{number}"), transfer(str(number))
        await self.exchange.say(wire.Bound(number, binding), chart.HOUSE)
        await self.exchange.say(wire.Paid(number, name, 9, NOTHING), chart.HOUSE)

    async def waiting(self) -> list[int]:
        """Who is still in the queue."""
        found = [await self.exchange.found(number) for number in self.asked]
        return [one.number for one in found if one.state == 0]

    @property
    def sequence(self) -> int:
        return self.exchange.bed.sequencer.machine.sequence


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    made = await Town.open(tmp_path)
    yield made
    await made.exchange.close()


async def test_a_restart_goes_to_its_end_by_itself(town: Town) -> None:
    """Criterion: SUS-AUTO-1. Canary, ticks at their interval, lift; each step once."""
    await town.shown()
    before = town.sequence
    assert await town.look() == State.GATE_CHECK  # nobody has signed off
    assert town.sequence == before
    await town.say(SignOff(town.suspension), BEA)
    assert await town.look() == State.CANARY
    smallest = town.asked[2]
    assert town.one().canaries == {CHAIN: smallest}
    before = town.sequence
    assert await town.look() == State.CANARY  # it has not arrived
    assert town.sequence == before
    await town.paid(smallest)
    assert await town.look() == State.DRAINING
    left = [number for number in town.asked if number != smallest]
    assert await town.waiting() == left
    assert await town.look() == State.DRAINING
    assert await town.waiting() == left[2:]
    await town.look()
    assert await town.waiting() == left[2:]  # the interval is not over
    town.clock.advance(MINUTE_MS)
    await town.look()
    assert await town.waiting() == []
    assert town.state() == State.LIFTED
    before = town.sequence
    assert await town.look() == State.LIFTED
    assert town.sequence == before


async def test_a_stop_in_which_nobody_waits_ends_by_itself_too(tmp_path: Path) -> None:
    """Criterion: SUS-CANARY-4. No canary can be found on any network of its scope."""
    town = await Town.open(tmp_path, asking=())
    try:
        await town.shown()
        await town.exchange.say(Adopt(EDITION), chart.HOUSE, SUSPENSIONS)
        await town.say(SignOff(town.suspension, shown=shown_last(town.one())), BEA)
        seen = [await town.look() for _ in range(3)]
        assert seen == [State.CANARY, State.DRAINING, State.LIFTED]
    finally:
        await town.exchange.close()


@pytest.fixture
def leaping(monkeypatch: pytest.MonkeyPatch) -> Callable[[ManualClock], None]:
    """Has each moment come more than ten minutes after the one before it, as at a high speed."""

    def leap(clock: ManualClock) -> None:
        standing = clock.exchange_ms

        def now_ms() -> int:
            clock.advance(SURVEY_KEPT_MS + 1)
            return standing()

        monkeypatch.setattr(clock, "exchange_ms", now_ms)

    return leap


async def test_a_drain_opens_and_ends_however_fast_time_runs(
    tmp_path: Path, leaping: Callable[[ManualClock], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: SUS-AUTO-4. Its queue takes several looks to read, each of another moment."""
    monkeypatch.setattr(suspension_gates, "LOOKED_AT", 2)
    town = await Town.open(tmp_path)
    try:
        await town.shown()
        await town.exchange.say(Adopt(EDITION), chart.HOUSE, SUSPENSIONS)
        await town.say(SignOff(town.suspension, shown=shown_last(town.one())), BEA)
        leaping(town.clock)
        assert await town.look() == State.CANARY
        smallest = town.asked[2]
        await town.paid(smallest)
        assert await town.look() == State.DRAINING
        listed = town.state_of_fold().rolls[town.suspension]
        assert list(listed) == [number for number in town.asked if number != smallest]
        seen = [await town.look() for _ in range(3)]
        assert seen[-1] == State.LIFTED
    finally:
        await town.exchange.close()


async def test_the_longest_wait_of_the_plan_is_that_of_the_drain(town: Town) -> None:
    """Criterion: SUS-DRAIN-6. As it was signed off, over a restart of the worker too."""
    await town.shown(max_wait=7)
    await town.say(SignOff(town.suspension), BEA)
    assert await town.look() == State.CANARY
    await town.paid(town.asked[2])
    assert await town.look() == State.DRAINING
    await town.exchange.say(wire.RequirePolicy(BY_A_FEW), chart.HOUSE)
    await town.look()
    assert len(await town.waiting()) == 2
    folds = town.exchange.bed.folds
    (state,) = (fold.state for fold in folds if isinstance(fold, Withdrawals))
    assert state.max_waits == {town.suspension: {CHAIN: {BTC: 7}}}
    (told,) = await town.exchange.house.ask(wire.WITHDRAWALS, SumDrains(town.suspension))
    assert told.max_wait == 7


async def test_what_the_board_has_not_shown_is_not_passed_by(town: Town) -> None:
    """Criterion: SUS-AUTO-2. The house may go on, and may decide nothing."""
    advance = Advance(town.suspension, transfer("seed"))
    house = town.exchange.house
    assert await house.report(SUSPENSIONS, advance) == [93004]
    await town.shown()
    assert await house.report(SUSPENSIONS, advance) == [93007]  # no sign-off
    await town.say(SignOff(town.suspension), BEA)
    await town.show(Gate.SUPPORT)
    word = Show(town.suspension, Gate.SUPPORT, transfer("no"), passed=False)
    await town.say(word, BEA)
    assert await house.report(SUSPENSIONS, advance) == [93007]
    before = town.sequence
    assert await town.look() == State.GATE_CHECK
    assert town.sequence == before
    await town.show(Gate.SUPPORT)
    assert await house.report(SUSPENSIONS, advance) == [0]
    assert town.state() == State.CANARY


async def test_a_canary_that_the_chain_did_not_take_breaks_it_off(town: Town) -> None:
    """Criterion: SUS-AUTO-3. One that its owner took back is replaced by the next."""
    await town.shown()
    await town.say(SignOff(town.suspension), BEA)
    await town.look()
    await town.exchange.say(wire.Failed(town.asked[2], 3), chart.HOUSE)  # not payable: another
    assert await town.look() == State.CANARY
    second = town.asked[1]
    assert town.one().canaries == {CHAIN: second}
    binding = transfer("b")
    await town.exchange.say(wire.Bound(second, binding), chart.HOUSE)
    failed = wire.Failed(second, 1, binding, transfer("conflict"))
    await town.exchange.say(failed, chart.HOUSE)
    assert await town.look() == State.ACTIVE
    assert len(await town.waiting()) == 3


async def test_a_canary_whose_owner_says_nothing_is_replaced_at_the_next_look(town: Town) -> None:
    """Criterion: SUS-CANARY-3."""
    await town.shown()
    await town.say(SignOff(town.suspension), BEA)
    await town.exchange.say(wire.RequirePolicy(WITHDRAWALS_EDITION), chart.HOUSE)
    await town.look()
    await town.say(Adopt(EDITION), chart.HOUSE)
    silent = town.asked[2]
    points = dict.fromkeys(msgspec.structs.asdict(Points()), 0) | {"look_alike": 1}
    table = RiskTable(Points(**points), thresholds=Thresholds(1, 9, 10))
    for word in (
        policy.Found((Rule(1, Verb.ALLOW),)),
        policy.SetRisk(table),
        policy.Judge(silent, Category.BOOK, 0, marks=int(Mark.LOOK_ALIKE)),
    ):
        await town.exchange.say(word, chart.HOUSE, policy.POLICY)
    await town.exchange.say(wire.Heed(silent), chart.HOUSE)
    assert (await town.exchange.found(silent)).state == WithdrawalState.COOLING
    assert await town.look() == State.CANARY
    assert town.one().canaries == {CHAIN: town.asked[1]}

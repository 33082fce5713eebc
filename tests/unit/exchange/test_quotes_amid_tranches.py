"""Goal: whatever is quoted amid a drain, a request in tranches costs what was agreed for each unit.

Method: random drains at a fee that is quoted anew for every tick, beside a model that knows of each
withdrawal only at which fee of the whole its owner has agreed to it, and what was quoted when it
was let go. They are paid or not, agreed to or not, canceled, broken off so that they go back, found
paid after a restore, and the fold is started again.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Cancel, FoundPaid, Paid
from fullreserve.exchange.products.suspension_wire import Fall
from fullreserve.exchange.products.withdrawal_state import FINAL, Withdrawal, WithdrawalState
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from tests.unit.exchange.custody_world import ALICE, BTC, CAROL, FEE_BTC, coins, transfer
from tests.unit.exchange.suspension_world import CLEO, ask, pay, reopened, requests, say, settle
from tests.unit.exchange.test_one_fee_of_tranches import (
    ASKED,
    agree,
    draining,
    let_go,
    quote,
    told,
)
from tests.unit.exchange.test_tranches import held

WAITING, QUEUED = WithdrawalState.WAITING, WithdrawalState.QUEUED
ASKING = (WithdrawalState.FEE_ROSE, QUEUED)
FEES = (
    *(FEE_BTC, FEE_BTC - 1, FEE_BTC * 6 // 5, FEE_BTC * 6 // 5 + 1, FEE_BTC // 2 + 1),
    *(FEE_BTC * 2, FEE_BTC * 3 + 7, FEE_BTC * 9 + 5, 101, 0),
)
UNITS = amount_int(coins(ASKED))
# Units of the ledger that shares of a withdrawal are rounded by, over all that becomes of it.
ROUNDED = 40

Step = tuple[int, int, bool, bool, str]
EVENTS = ("", "", "fall", "fall", "cancel a tranche", "cancel the rest", "find", "start")
STEPS = st.tuples(
    st.sampled_from(FEES),
    st.integers(4, 13),
    st.sampled_from((True, True, False)),
    st.sampled_from((False, False, True)),
    st.sampled_from(EVENTS),
)


class Drained:
    """A drain of one request, and what each part of it may cost by what was said."""

    def __init__(self) -> None:
        self.world, self.number, self.mine = draining()
        self.had = sum(held(self.world))
        self.fee = FEE_BTC
        # By withdrawal: the fee of the whole that was agreed to for it; quoted when it was let go.
        self.agreed = {self.mine: Fraction(FEE_BTC)}
        self.quoted: dict[int, int] = {}
        self.consented = FEE_BTC  # for what was not canceled
        self.canceled = 0  # units of the ledger
        self.before = self._all()

    def _all(self) -> dict[int, Withdrawal]:
        return {one.number: one for one in requests(self.world)}

    def step(self, fee: int, units: int, *, is_agreed: bool, is_paid: bool, then: str) -> None:
        self.fee = fee
        quote(self.world, fee)
        self.look()
        let_go(self.world, units)
        self.look()
        if is_agreed:
            self.agree()
        if is_paid:
            for one in self._all().values():
                self._pay(one)
        if then == "fall":
            self.break_off()
        elif then == "find":
            self.find()
        elif then == "start":
            self.world.restart()
        elif then:
            self.cancel(is_rest=then == "cancel the rest")
        self.look()

    def look(self) -> None:
        """What has become of each, held against the model."""
        now = self._all()
        for number, one in now.items():
            was = self.before.get(number)
            if was is None:
                self.agreed[number] = self.agreed[self.mine]
            if one.state == WithdrawalState.CANCELED and was is not None and was.state != one.state:
                self._is_back(was)
        for number, one in now.items():
            was = self.before.get(number)
            if was is None or was.state != one.state:
                self._changed(one)
        self.before = now
        open_ = [one for one in now.values() if one.state not in FINAL]
        assert held(self.world)[1] == sum(one.total for one in open_)

    def _is_back(self, was: Withdrawal) -> None:
        """Its request is agreed to as both were, each by its amount."""
        mine = self.before[self.mine]
        both = was.value + mine.value
        level = self.agreed[was.number] * was.value + self.agreed[self.mine] * mine.value
        self.agreed[self.mine] = level / both
        mine.amount = amount_bytes(both)

    def _changed(self, one: Withdrawal) -> None:
        most, share = self.agreed[one.number], Fraction(one.value, UNITS)
        if one.state == WAITING:
            assert (self.fee - most * Fraction(6, 5)) * share <= ROUNDED
            self.quoted[one.number] = self.fee
        elif one.state == WithdrawalState.FEE_ROSE:
            assert (self.fee - most * Fraction(6, 5)) * share > -ROUNDED
        elif one.state == WithdrawalState.SUCCESS:
            costs = min(most, Fraction(self.quoted[one.number])) * share
            assert abs(amount_int(one.fee) - costs) <= ROUNDED

    def agree(self) -> None:
        """To what is asked for, if anything is; then nothing is."""
        asking = [one for one in self._all().values() if one.state in ASKING and not one.binding]
        asked = [one for one in asking if one.state == WithdrawalState.FEE_ROSE]
        for one in asked[:1]:
            fee, holds = told(self.world, one.number)
            assert holds == sum(amount_int(each.fee) for each in asking)
            wanted = self.fee * Fraction(sum(each.value for each in asking), UNITS)
            assert abs(fee - wanted) <= ROUNDED * len(asking)
            free = held(self.world)[0]
            assert agree(self.world, one.number, fee) == 0
            more = free - held(self.world)[0]
            # What fell meanwhile comes back when it is paid.
            assert more >= fee - holds
            self.consented += more
            for each in asking:
                self.agreed[each.number] = max(self.agreed[each.number], Fraction(self.fee))
        self.look()
        assert all(told(self.world, number) == (0, 0) for number in self.before)

    def _pay(self, one: Withdrawal) -> None:
        if one.state == WAITING:
            pay(self.world, one.number)

    def break_off(self) -> None:
        """A suspension comes again, and is lifted by another drain at the same fee."""
        assert say(self.world, Fall(self.number), CLEO) == 0
        settle(self.world)
        self.look()
        self.world.time_ms += 1
        quote(self.world, self.fee)
        assert ask(self.world, 0.1, CAROL, fee=amount_bytes(self.fee)) == 0
        reopened(self.world, self.number, requests(self.world, CAROL)[-1].number)
        self.world.time_ms += 60_000
        quote(self.world, self.fee)

    def cancel(self, *, is_rest: bool) -> None:
        """What it holds comes back, to the last unit."""
        for one in self._all().values():
            if one.state in ASKING and not one.binding and (one.number == self.mine) == is_rest:
                free = held(self.world)[0]
                assert self.world.say(WITHDRAWALS, Cancel(one.number), ALICE) == 0
                assert held(self.world)[0] == free + one.total
                self.consented -= amount_int(one.fee)
                self.canceled += one.value
                self.before[one.number].state = WithdrawalState.CANCELED
                return

    def find(self) -> None:
        """A tranche that the chain has paid, and that the fold knew of before a restore."""
        mine = self._all()[self.mine]
        if mine.state != QUEUED or mine.value <= 2 * UNITS // ASKED:
            return
        binding = transfer(f"lost {self.world.machine.sequence}")
        found = FoundPaid(self.mine, binding, coins(1))
        assert self.world.say(WITHDRAWALS, found) == 0
        (new,) = self._all().keys() - self.before.keys()
        self.quoted[new] = 10**12  # nothing was quoted for it: it costs what it holds
        self.look()
        paid = Paid(new, transfer(f"{new}"), 9, amount_bytes(10))
        assert self.world.say(WITHDRAWALS, paid) == 0

    def end(self) -> None:
        """Ticks until nothing is open, at the fee of the last one; and the sums of it all."""
        for _ in range(24):
            if all(one.state in FINAL for one in self._all().values()):
                break
            self.step(self.fee, 13, is_agreed=True, is_paid=True, then="")
        paid = [one for one in self._all().values() if one.state == WithdrawalState.SUCCESS]
        took = sum(amount_int(one.fee) for one in paid)
        assert sum(one.value for one in paid) == UNITS - self.canceled
        assert held(self.world) == (self.had - UNITS + self.canceled - took, 0)
        others = sum(amount_int(one.fee) for one in requests(self.world, CAROL))
        house = self.world.balance(chart.HOUSE, chart.FEE_WITHDRAWAL, BTC)
        assert house == took + others
        assert took <= self.consented
        spare = [(self.quoted[one.number], self.agreed[one.number], one.value) for one in paid]
        if all((now - most) * value > ROUNDED * UNITS for now, most, value in spare):
            assert took == self.consented
        has_fallen = all((most - now) * value > ROUNDED * UNITS for now, most, value in spare)
        quotes = {now for now, _, _ in spare}
        if has_fallen and len(quotes) == 1 and not self.canceled:
            assert {took} == quotes
        (fold,) = (one for one in self.world.machine.folds if isinstance(one, Withdrawals))
        assert not fold.state.lacking
        assert self.world.replayed().hashes() == self.world.machine.hashes()


# One tranche is let go and waits for the payer, another is after the fee rose, and agreed to.
AGREED_AMID: list[Step] = [
    (FEE_BTC, 7, False, False, ""),
    (FEE_BTC * 9 + 5, 7, True, False, ""),
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(([], AGREED_AMID)), st.lists(STEPS, min_size=1, max_size=7))
@example(AGREED_AMID, [(FEE_BTC, 4, False, False, "fall")])
@example(AGREED_AMID, [(FEE_BTC * 9 + 5, 4, True, False, "fall")])
def test_each_unit_costs_what_was_agreed_or_what_was_quoted(
    first: list[Step], steps: list[Step]
) -> None:
    """Criterion: CUST-FEE-11. The less of both; its owner is asked where a fifth is not enough."""
    drained = Drained()
    for fee, units, is_agreed, is_paid, then in (*first, *steps):
        drained.step(fee, units, is_agreed=is_agreed, is_paid=is_paid, then=then)
    drained.end()

"""Goal: a reorganisation takes a deposit of a token and its sweep; both come again, or neither.

Method: anvil, an exchange, its payer, watcher and signers.
"""

from __future__ import annotations

from structlog.testing import capture_logs

from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.fee_budget import TIMES
from fullreserve.custody.reconciling import BEHIND_MS
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import (
    EDITION,
    Deposit,
    DepositState,
    ListDeposits,
)
from fullreserve.exchange.worker_files import Line
from tests.bed import ALICE, USDT
from tests.integration.custody.test_lane_rotation import NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

PAID = 50_000_000
UNIT = 100  # ledger units of the token's own
WORTH = Worth(TIMES, {USDT: (10**18, 1)})
ROUNDS = 12


class Taken:
    """ALICE's deposit, credited and swept to the end, and then in no block any more."""

    def __init__(self, office: Lanes) -> None:
        self.office, self.index = office, 0
        self.paid = self.instead = b""

    async def swept(self) -> None:
        office, of = self.office, self.office.bed
        adopted = wire.AdoptDeposits(EDITION)
        assert await office.exchange.house.report(wire.DEPOSITS, adopted) == [0]
        await office.exchange.say(wire.AssignAddress(NETWORK), ALICE, wire.DEPOSITS)
        self.index = await office.exchange.house.newest_index(NETWORK)
        of.mine(3)
        await office.watcher.round()
        before = office.account_chain.tip().height
        self.paid = of.pay(self.index, PAID)
        self.instead = of.conflicting(self.paid)
        of.mine(3)
        for _ in range(ROUNDS):
            await office.watcher.round()
            await office.paying._payer.sweep([self.index], WORTH)
            await office.paying.round()
            of.mine(2)
        assert office.store.open_plans(NETWORK) == []
        assert of.balance(self.index) == 0
        self.depth = office.account_chain.tip().height - before

    async def rounds(self) -> None:
        for _ in range(ROUNDS):
            await self.office.watcher.round()
            await self.office.paying.round()
            self.office.bed.mine()

    async def deposit(self) -> Deposit:
        asked = ListDeposits(ALICE, 0, 9)
        found = await self.office.exchange.house.ask(wire.DEPOSITS, asked)
        (one,) = found
        assert isinstance(one, Deposit)
        return one

    async def lines(self) -> dict[tuple[int, int], Line]:
        office, tip = self.office, self.office.account_chain.tip()
        for _ in range(2):
            await office.reconciler.check(tip)
            office.clock.advance(BEHIND_MS)
        return {(one.tier, one.asset): one for one in office.reconciler.lines}


async def test_a_sweep_is_made_again_once_its_tokens_are_there(office: Lanes) -> None:
    """Before, it would fail and be over. Criterion: CHAINS-SWEEP-11."""
    taken = Taken(office)
    await taken.swept()
    office.bed.reorganise(taken.depth)
    with capture_logs() as said:
        await taken.rounds()
        assert (await taken.deposit()).height == 0
        office.bed.again(taken.paid)
        await taken.rounds()
    assert [one for one in said if "paid no more" in one["event"]] == []
    # Until the stop of so deep a reorganisation is lifted.
    assert (await taken.deposit()).state == DepositState.SUSPENDED
    assert office.bed.balance(taken.index) == 0
    # What is left of the gas that it was given may be less now, at another fee.
    moves = [one.plan.move for one in office.store.open_plans(NETWORK)]
    assert USDT not in [one.asset for one in moves if one is not None]
    assert {one.difference for one in (await taken.lines()).values()} == {0}


async def test_a_sweep_of_what_is_gone_for_ever_hides_nothing(office: Lanes) -> None:
    """Its coins are on no way. Criterion: CHAINS-RECONCILE-14."""
    taken = Taken(office)
    await taken.swept()
    office.bed.reorganise(taken.depth, taken.instead)
    await taken.rounds()
    assert (await taken.deposit()).state == DepositState.GONE
    assert len(office.store.open_plans(NETWORK)) >= 1
    found = await taken.lines()
    deposits, hot = (found[tier, USDT] for tier in (wire.Tier.DEPOSIT, wire.Tier.HOT))
    assert deposits.high - deposits.low < PAID * UNIT // 100
    assert deposits.low <= deposits.ledger <= deposits.high
    assert (hot.difference < 0, hot.ledger - hot.chain) == (True, PAID * UNIT)

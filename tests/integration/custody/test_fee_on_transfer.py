"""Goal: what a token's contract takes of a sweep is the house's cost, and no difference.

Method: anvil with a token that takes a fee of each transfer, an exchange, its payer, watcher and
signers.
"""

from __future__ import annotations

from fullreserve.custody import contracts
from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.fee_budget import TIMES
from fullreserve.custody.reconciling import BEHIND_MS
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits
from tests.bed import ALICE, USDT
from tests.integration.custody.test_lane_rotation import NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

PAID, BASIS_POINTS = 50_000_000, 100
CREDITED = PAID * 99 // 100
SWEPT = CREDITED * 99 // 100
UNIT = 100  # ledger units of the token's own


async def test_what_a_contract_takes_of_a_sweep_is_a_cost(office: Lanes) -> None:
    """The user has what came to his address. Criterion: CHAINS-SWEEP-10."""
    await office.exchange.say(wire.AssignAddress(NETWORK), ALICE, wire.DEPOSITS)
    index = await office.exchange.house.newest_index(NETWORK)
    office.bed.command(office.bed.token, contracts.call("setFee(uint256)", BASIS_POINTS))
    office.bed.pay(index, PAID)
    office.bed.mine(3)
    await office.watcher.round()
    asked = ListDeposits(ALICE, 0, 9)
    (one,) = await office.exchange.house.ask(wire.DEPOSITS, asked)
    assert isinstance(one, Deposit)
    assert one.value == CREDITED * UNIT
    worth = Worth(TIMES, {USDT: (10**18, 1)})
    for _ in range(12):
        await office.paying._payer.sweep([index], worth)
        await office.paying.round()
        office.bed.mine(2)
        await office.watcher.round()
    assert office.store.open_plans(NETWORK) == []
    assert office.bed.balance(index) == 0
    tip = office.account_chain.tip()
    for _ in range(2):
        assert await office.reconciler.check(tip) == []
        office.clock.advance(BEHIND_MS)
    assert {one.difference for one in office.reconciler.lines} == {0}
    costs = {(one.kind, one.asset): one.balance for one in await office.exchange.house.ledger()}
    taken = (CREDITED - SWEPT) * UNIT
    assert int.from_bytes(costs[chart.GAS, USDT], "big", signed=True) == -taken

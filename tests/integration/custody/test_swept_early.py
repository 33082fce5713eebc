"""Goal: a sweep that takes what has not arrived yet leaves no difference, then or later.

Method: anvil, an exchange, its payer, watcher and signers; deposits are stopped meanwhile.
"""

from __future__ import annotations

from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.fee_budget import TIMES
from fullreserve.custody.reconciling import BEHIND_MS
from fullreserve.custody.signing import BRANCH
from fullreserve.custody.sweeping import Sweeping
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import EDITION
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import ListBalances
from fullreserve.exchange.worker_files import Line
from tests.bed import ALICE, USDT
from tests.integration.custody.test_lane_rotation import NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

PAID, LATER = 50_000_000, 30_000_000
WORTH = Worth(TIMES, {USDT: (10**18, 1)})
UNIT = 100  # ledger units of the token's own
ROUNDS = 12


async def say(office: Lanes, *words: wire.AnyDeposits) -> None:
    assert set(await office.exchange.house.report(wire.DEPOSITS, *words)) == {0}


async def rounds(office: Lanes, index: int) -> None:
    for _ in range(ROUNDS):
        await office.watcher.round()
        await office.paying._payer.sweep([index], WORTH)
        await office.paying.round()
        office.bed.mine(2)


async def funds(office: Lanes) -> int:
    """What ALICE has of the token."""
    states = await office.exchange.house._door.query(ListBalances(ALICE))
    mine = [one for one in states if (one.kind, one.asset) == (chart.FUND, USDT)]
    return sum(amount_int(one.balance) for one in mine)


async def lines(office: Lanes) -> list[Line]:
    """Of the token."""
    for _ in range(2):
        await office.reconciler.check(office.account_chain.tip())
        office.clock.advance(BEHIND_MS)
    return [one for one in office.reconciler.lines if one.asset == USDT]


async def test_what_came_while_deposits_are_stopped_is_swept_without_a_difference(
    office: Lanes,
) -> None:
    """Nor one once it is credited. Criterion: CUST-DEP-34."""
    await say(office, wire.AdoptDeposits(EDITION))
    await office.exchange.say(wire.AssignAddress(NETWORK), ALICE, wire.DEPOSITS)
    index = await office.exchange.house.newest_index(NETWORK)
    office.bed.mine(3)
    await office.watcher.round()
    before = await funds(office)
    office.bed.pay(index, PAID)
    office.bed.mine(3)
    await rounds(office, index)
    assert office.bed.balance(index) == 0

    await say(office, wire.Hold(NETWORK, 0, stopped=True))
    office.bed.pay(index, LATER)
    await rounds(office, index)
    assert office.bed.balance(index) == 0
    assert {one.difference for one in await lines(office)} == {0}

    await say(office, wire.Hold(NETWORK, 0, stopped=False))
    await rounds(office, index)
    await office.exchange.house.settle()
    found = {one.tier: one for one in await lines(office)}
    assert {one.difference for one in found.values()} == {0}
    assert (found[wire.Tier.DEPOSIT].ledger, found[wire.Tier.DEPOSIT].chain) == (0, 0)
    assert await funds(office) == before + (PAID + LATER) * UNIT


async def test_nothing_is_swept_while_the_log_lacks_blocks(office: Lanes) -> None:
    """Of coins in them it has not heard. Criterion: CUST-DEP-34."""
    await office.exchange.say(wire.AssignAddress(NETWORK), ALICE, wire.DEPOSITS)
    index = await office.exchange.house.newest_index(NETWORK)
    office.bed.mine(3)
    await office.watcher.round()
    office.bed.pay(index, PAID)
    for _ in range(ROUNDS):
        office.bed.mine()
        await office.watcher.round()
    sweeping = Sweeping(office.network, office.account_chain, office.store, office.exchange.house)
    office.bed.mine(office.network.credit_after + 1)
    assert await sweeping.due() == []
    await office.watcher.round()
    assert index in await sweeping.due()
    office.bed.mine(office.network.credit_after)
    sweeping.again([f"{BRANCH}{index}"])
    assert index in await sweeping.due()

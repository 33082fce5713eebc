"""Goal: a payment that a reorganisation brings back as another version of its transaction is shown,
and booked, as its chain has it.

Method: anvil, an exchange, its payer and signers. The fee of a payment is raised; then the chain
has the version before, of which the node's new branch is made.
"""

from __future__ import annotations

import pytest

from fullreserve.custody.chains.adapter import Attempt
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import EDITION, Withdrawal, WithdrawalState
from fullreserve.exchange.wire.commands import amount_int
from tests.integration.custody.outsiders import COIN
from tests.integration.custody.test_lane_rotation import NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

STUCK = 6  # blocks that hold nothing, as they want more than was bid
GWEI = 10**9
PER_UNIT = 10**10  # wei in a unit of the ledger


class Raised:
    """A withdrawal whose transaction was raised once: `versions`, the first first."""

    def __init__(self, office: Lanes) -> None:
        self.office, self.number = office, 0
        self.versions: list[bytes] = []

    async def ask(self, *, edition: int = EDITION) -> None:
        office, node = self.office, self.office.bed.node
        state = office.exchange.bed.sequencer.machine.folds
        (fold,) = (one for one in state if one.number == wire.WITHDRAWALS)
        fold.state.edition = edition
        self.number = await office.asked()
        made: list[Attempt] = []
        for _ in range(STUCK):
            await office.paying.round()
            (kept,) = office.store.open_plans(NETWORK)
            made = [one for one, _ in office.store.attempts(kept)]
            if len(made) > 1:
                break
            node.call("anvil_setNextBlockBaseFeePerGas", hex(500 * GWEI))
            office.bed.mine()
        assert len(made) == 2
        self.versions = [one.raw for one in made]
        self.names = [one.txid for one in made]
        node.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        office.bed.mine()
        await office.paying.round()
        assert await self.shown() == self.names[1]

    async def found(self) -> Withdrawal:
        return await self.office.exchange.found(self.number)

    async def shown(self) -> bytes:
        """Which of its transactions is shown; it is one that the payer's store has the name of."""
        named = {transfer(salt_of(self.office.folder), NETWORK, one): one for one in self.names}
        return named[(await self.found()).transfer]

    def on_chain(self) -> dict[bytes, int]:
        """Its versions that are in blocks, with what they cost, in wei."""
        found = {}
        for name in self.names:
            told = self.office.bed.node.call("eth_getTransactionReceipt", "0x" + name.hex())
            if told is not None:
                found[name] = int(told["gasUsed"], 16) * int(told["effectiveGasPrice"], 16)
        return found

    async def costs(self) -> int:
        """By the ledger, of all payments of the network."""
        ledger = await self.office.exchange.house.ledger()
        return sum(
            amount_int(one.balance)
            for one in ledger
            if (one.kind, one.instance, one.asset) == (chart.GAS, NETWORK, COIN)
        )


@pytest.mark.parametrize("edition", [EDITION - 1, EDITION])
async def test_a_final_payment_that_comes_back_as_its_first_version_is_shown_so(
    office: Lanes, edition: int
) -> None:
    """Its cost is that of this version. Criterion: CHAINS-PAYER-30, CUST-WD-27."""
    raised = Raised(office)
    await raised.ask(edition=edition)
    await office.ended(raised.number)
    before = await raised.found()
    tip = office.account_chain.tip().height
    office.bed.reorganise(tip - before.height + 1, raised.versions[0])
    assert list(raised.on_chain()) == [raised.names[0]]
    for _ in range(STUCK):
        await office.paying.round()
        office.bed.mine()
    assert office.store.open_plans(NETWORK) == []
    after, ((held, cost),) = await raised.found(), raised.on_chain().items()
    assert (after.state, after.amount) == (WithdrawalState.SUCCESS, before.amount)
    is_followed = edition == EDITION
    assert (await raised.shown() == held) == is_followed
    assert (await raised.costs() + -(-cost // PER_UNIT) == 0) == is_followed


async def test_another_version_in_a_block_of_the_same_height_is_said(office: Lanes) -> None:
    """Before it is final, and by a payer that begins anew. Criterion: CHAINS-PAYER-30."""
    raised = Raised(office)
    await raised.ask()
    height = (await raised.found()).height
    for at, begins_anew in ((0, False), (1, True), (0, False)):
        office.bed.reorganise(1, raised.versions[at])
        assert list(raised.on_chain()) == [raised.names[at]]
        if begins_anew:
            office.begin()
        await office.paying.round()
        one = await raised.found()
        assert (one.state, one.height) == (WithdrawalState.PENDING, height)
        assert await raised.shown() == raised.names[at]
    await office.ended(raised.number)
    assert await raised.shown() == raised.names[0]
    await office.agreed()

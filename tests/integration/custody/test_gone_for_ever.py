"""Goal: whoever is gone for ever, money goes on leaving and others take the place.

Method: the roles that no other test of a loss plays: a lane that gives gas, the account that has
deployed a Safe, an approver of moves, a vendor. On anvil, at a tier's signer, and at the worker who
judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.custody import nodes
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.tiers import guard, safe
from fullreserve.custody.tiers.safe import SafeMissing, SafeView
from tests.integration.custody.holders import people
from tests.integration.custody.outsiders import EvmBed
from tests.integration.custody.safes import DELAY, HOT, STRANGER, Chain, Tier
from tests.integration.custody.test_payer import PAY_TERMS, SALT
from tests.integration.custody.test_sweep_worth import PRICED, House, given, least

FIVE, NEW = people(5), people(6, 61)


@pytest.mark.parametrize("lost", range(3))
async def test_any_lane_that_gives_gas_may_be_gone(
    erc20: EvmBed, tmp_path: Path, lost: int
) -> None:
    """Deposits of tokens are swept with another's gas. Criterion: CUST-GONE-8."""
    poor = [erc20.fresh() for _ in range(2)]
    house = House(erc20, tmp_path, 10**19)
    try:

        def sign(plan: Plan) -> Attempt:
            if tx.read_body(plan.body).lane == erc20.terms.lanes[lost]:
                raise NotSigned("0 of 1 signers signed")
            return house._sign(plan)

        house.payer = Payer(erc20.chain, house.store, house.book, sign, PAY_TERMS, SALT)
        given(erc20, poor, 9 * least(erc20))
        await house.swept(poor, PRICED, rounds=12)
        assert [erc20.balance(one) for one in poor] == [0, 0]
    finally:
        house.close()


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    try:
        made = Chain()
    except (nodes.NodeMissing, SafeMissing) as missing:
        pytest.skip(str(missing))
    yield made
    made.process.kill()


def test_who_deployed_a_safe_may_be_gone(chain: Chain) -> None:
    """He has no say in it, and no coins: owners pay, change and are replaced, and make another,
    all with another's gas. Criterion: CUST-GONE-9.
    """
    tier, deployer = Tier(chain, FIVE, 3), chain.sender
    assert bytes.fromhex(deployer[2:]) not in tier.view.owners()
    for data in (guard.announces(STRANGER), guard.removes(HOT)):
        with pytest.raises(NodeRefuses):
            chain.send(tier.gate, data)
    chain.node.call("anvil_setBalance", deployer, "0x0")
    chain.sender = chain.node.call("eth_accounts")[1]
    tier.do(FIVE[:3], HOT, 1)
    tier.do(FIVE[:3], tier.gate, data=guard.announces(STRANGER))
    chain.wait(DELAY)
    tier.do(FIVE[2:], STRANGER, 1)
    call = safe.swap_call(tier.view.owners(), FIVE[0].account, NEW[0].account)
    tier.do(FIVE[1:4], tier.account, data=call)
    tier.do([NEW[0], *FIVE[1:3]], HOT, 1)
    first = safe.set_up([one.account for one in NEW], 3, chain.handler)
    made = chain.send(chain.factory, safe.proxy(chain.singleton, first, next(chain.salts)))
    another = bytes.fromhex(made["logs"][-1]["topics"][1][2:])[-20:]
    assert set(SafeView(chain.node, another).owners()) == {one.account for one in NEW}
    assert chain.created(guard.creation(another, tier.rules))

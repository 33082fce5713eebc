"""Goal: balances are those of one block, whatever comes while they are asked for.

Method: a real node, which mines a payment out of hot amid the questions.
"""

from __future__ import annotations

import pytest

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.rpc import NodeGarbage
from fullreserve.custody.chains.utxo_transaction import Coin
from tests.integration.custody.outsiders import Approved, UtxoBed


def test_balances_are_of_the_block_that_was_asked_for(
    litecoin: UtxoBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spent since, or made since: as it was then. Criterion: CHAINS-RECONCILE-9."""
    bed, chain = litecoin, litecoin.chain
    bed.agree()
    block, key = chain.tip(), (chain.hot, bed.asset)
    before = chain.balances([chain.hot], block)[key]
    index = bed.fresh()
    payment = bed.payment(index, index, bed.unit)
    plan = chain.plan([payment], [])
    chain.broadcast(bed.sign(plan, Approved(payment)))
    ask, asked = chain._is_unspent, list[Coin]()

    def slowly(coin: Coin, *, spendable: bool = False) -> bool:
        asked.append(coin)
        if len(asked) == 10:
            bed.mine()
            chain.departed(chain.tip())  # the change is known, too
        return ask(coin, spendable=spendable)

    monkeypatch.setattr(chain, "_is_unspent", slowly)
    assert chain.balances([chain.hot], block)[key] == before
    assert len(asked) > 10
    bed.mine(2)
    assert chain.balances([chain.hot], block)[key] == before
    assert chain.balances([chain.hot], chain.tip())[key] == before - bed.unit - plan.fee
    followed = Block(block.height, block.hash, parent=b"")
    assert chain.balances([chain.hot], followed)[key] == before
    bed.reorganise(3)
    ours = chain.tip()
    with pytest.raises(NodeGarbage, match="not the chain's any more"):
        chain.balances([chain.hot], Block(ours.height - 1, b"x" * 32, b"y" * 32))
    assert chain.balances([chain.hot], block)[key] == before

"""Goal: a sweep of hot whose coins are gone ends by what is in blocks, and holds up no payment.

Method: the real payer and adapter of Bitcoin's family; a node outside that tells of real blocks and
counts those it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fullreserve.custody.chains import utxo_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Move, Plan
from fullreserve.custody.chains.raw_block import double_sha256
from fullreserve.custody.chains.utxo import UtxoChain
from fullreserve.custody.chains.utxo_reading import Terms as ChainTerms
from fullreserve.custody.hot_sweeps import KEY
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import Run, Terms
from fullreserve.custody.store import Store
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import Marks
from fullreserve.exchange.products.withdrawal_state import Binding
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.worker_files import Why
from tests.unit.custody.test_tier_places import NETWORK, STRANGER, Chain, network, transaction

ASSET, FINAL = 4, 2
COIN = tx.Coin(b"\x01" * 32, 0, 100, 0)


def txid(raw: bytes) -> bytes:
    """Of a transaction; the same of a header."""
    return double_sha256(raw)[::-1]


class Blocks(Chain):
    """With headers; `asked` are blocks that were read whole."""

    def call(self, method: str, *params: Any) -> Any:
        if method == "getblockcount":
            return len(self.raw) - 1
        if method == "getblockheader":
            (found,) = [one for one in self.raw if txid(one[:80]).hex() == params[0]]
            return found[:80].hex()
        if method == "getblock" and params[1:] == (1,):
            return {"tx": ["00" * 32]}
        if method == "getrawtransaction":
            return "00"  # it has an index
        return super().call(method, *params)


class Nobody:
    """An exchange that no withdrawal is told of."""

    async def report(self, *payloads: wire.Payload) -> Sequence[int]:
        assert not payloads
        return ()

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        raise AssertionError(payloads)

    async def pending(self, network: int) -> Sequence[wire.Pay]:
        raise AssertionError(network)

    async def unpaid(self, network: int) -> Sequence[wire.Pay]:
        raise AssertionError(network)

    async def under_way(self, network: int) -> Sequence[wire.Pay]:
        raise AssertionError(network)

    async def bindings(self, withdrawals: Sequence[int]) -> Sequence[Binding]:
        raise AssertionError(withdrawals)

    async def tranche(self, request: int, amount: bytes, binding: bytes) -> int:
        raise AssertionError(request)

    async def behind(self, network: int, asset: int, after: int, limit: int) -> Sequence[wire.Pay]:
        raise AssertionError("nothing is short")

    async def starved(self, network: int) -> Sequence[wire.Pay]:
        raise AssertionError(network)

    async def free(self, network: int, asset: int) -> int:
        raise AssertionError(asset)

    async def marks(self, network: int, asset: int) -> Marks | None:
        raise AssertionError(asset)

    async def stop(self, evidence: Mapping[str, object]) -> bool:
        raise AssertionError(evidence)

    async def destination(self, pay: wire.Pay) -> tuple[str, str]:
        raise AssertionError(pay)


class Ended:
    """What sweeps ended as."""

    def __init__(self) -> None:
        self.said: list[bool] = []

    async def bind(self, plan: Plan) -> int:
        raise AssertionError(plan)

    def waits(self, number: int, why: Why, detail: str) -> None:
        raise AssertionError(number)

    def goes(self, number: int, *, is_included: bool) -> None:
        raise AssertionError(number)

    async def is_over(self, plan: Plan) -> bool:
        raise AssertionError(plan)

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        self.said.append(is_paid)


class Sweep:
    """One that was given to the node, which has lost it."""

    def __init__(self, folder: Path) -> None:
        self.node, self.ended = Blocks(), Ended()
        genesis = bytes.fromhex(self.node.call("getblockhash", 0))
        of: Any = network().addresses()
        self.chain = UtxoChain(self.node, of, ChainTerms(NETWORK, ASSET, genesis))
        self.store = Store(folder / "payer.sqlite")
        terms = Terms({ASSET: Scale(8)}, ASSET, final_after=FINAL)
        self.payer = Payer(
            *(self.chain, self.store, Nobody(), self._sign, terms, b"s" * 32),
            sweeps=self.ended,
        )
        move = Move(ASSET, Tier.HOT, Tier.WARM, f"{KEY}7", 90)
        body = tx.Body((COIN,), (tx.Pays(STRANGER, 90),), 0)
        plan = self.chain._as_plan((), body)
        kept = self.store.keep_plan(Plan(NETWORK, (), plan.binding, plan.body, plan.fee, move))
        self.run = Run(kept, [(Attempt(b"o" * 32, b"raw"), True)])

    @staticmethod
    def _sign(plan: Plan) -> Attempt:
        raise AssertionError(plan)

    async def looked(self) -> int:
        """How many blocks were read."""
        before = self.node.asked
        await self.payer._outcomes._coins_taken(self.run)
        return self.node.asked - before


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    made = Sweep(tmp_path)
    yield made
    made.store.close()


async def test_blocks_are_read_once_for_each_tip(sweep: Sweep) -> None:
    """Criterion: CUST-HANG-2. Payments do not wait for it in each round."""
    assert await sweep.looked() == 2
    assert await sweep.looked() == 0
    sweep.node.mine(STRANGER)
    assert await sweep.looked() == 3
    assert sweep.ended.said == []


async def test_a_sweep_whose_coins_others_took_ends_once_that_is_deep(sweep: Sweep) -> None:
    """Criterion: CUST-HANG-2. At one confirmation nothing has ended."""
    raw = sweep.node.mine(STRANGER, COIN.outpoint())
    found = sweep.chain.spender(sweep.run.plan, 0)
    assert found is not None
    assert (found.txid, found.depth) == (txid(raw), 1)
    await sweep.looked()
    assert sweep.ended.said == []
    sweep.node.mine(STRANGER)
    await sweep.looked()
    assert sweep.ended.said == [False]
    assert sweep.store.open_plans(NETWORK) == []


async def test_gathered_coins_are_posted_at_the_fee_that_they_cost(sweep: Sweep) -> None:
    """Criterion: CUST-HANG-9. The transaction has a higher fee than the plan that is kept."""
    posted: list[wire.Moved] = []

    class Posting(Nobody):
        async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
            posted.extend(payloads)
            return [0] * len(payloads)

    sweep.payer._outcomes._desk = sweep.payer._outcomes._desk._replace(exchange=Posting())
    move = Move(ASSET, Tier.DEPOSIT, Tier.HOT, "", 90)
    plan = sweep.chain._as_plan((), tx.Body((COIN,), (), 90))
    kept = sweep.store.keep_plan(Plan(NETWORK, (), plan.binding, plan.body, plan.fee, move))
    sweep.run = Run(kept, [(Attempt(b"o" * 32, b"raw"), True)])
    raw = transaction((COIN.outpoint(),), ((70, sweep.chain.hot),))
    before = double_sha256(sweep.node.raw[-1][:80])
    sweep.node.raw.append(bytes(4) + before + double_sha256(raw) + bytes(12) + b"\x01" + raw)
    sweep.node.mine(STRANGER)
    await sweep.looked()
    (one,) = posted
    assert (amount_int(one.amount), amount_int(one.network_fee)) == (70, 30)

"""Goal: a coordinator under attack burns no more by payments than users pay for them, and a day's
budget.

Method: one signer over a real exchange and coins of a real node; payments are proposed with more
and more of their change as fee.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.clock import ManualClock
from fullreserve.custody.chains import utxo_transaction
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.fee_budget import DAY_MS, Budgets
from fullreserve.custody.intents import ExchangeIntents, Memory
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signer import Signer
from fullreserve.custody.signer_wire import Answer, SignPlan
from fullreserve.custody.signing import UtxoPolicy
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import ALICE, BTC
from tests.integration.custody.conftest import made_bed
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

FEE = 10_000  # of each withdrawal
BUDGET = 15_000


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    made = made_bed("litecoin", tmp_path_factory.mktemp("coins"))
    assert isinstance(made, UtxoBed)
    yield made
    made.close()


class Proposing:
    """A coordinator, and the one signer that it asks."""

    def __init__(self, bed: UtxoBed, folder: Path, exchange: Withdrawing) -> None:
        self._bed, self._exchange = bed, exchange
        branches = tuple(
            Branch(each.key.hex(), each.code.hex()) for each in (one.public() for one in bed.roots)
        )
        network = Network(
            network=bed.chain.network, kind="utxo", nodes=(bed.url,), branches=branches, coin=BTC,
            decimals={BTC: 8}, credit_after=1, unlock_after=2, hrp="rltc",
            genesis=bed.terms.genesis.hex(), fee_budget=BUDGET,
        )  # fmt: skip
        self.clock = ManualClock(START_MS)
        view = LocalView(exchange.house, Destinations(exchange.vault))
        self._memory = Memory(folder / "signer")
        intents = ExchangeIntents(view, [network], self._memory, folder)
        self._budgets = Budgets.open(folder / "signer", [network], self.clock)
        policy = UtxoPolicy(bed.chain.addresses, 500, 3, 2, bed.roots[0], "rltc")
        key = PrivateKey(b"\x05" * 32)
        is_payer = exchange.socket.is_payer
        self._signer = Signer({network.network: policy}, intents, key, self._budgets, is_payer)
        self._bound: list[Plan] = []

    async def bound(self) -> Plan:
        """A withdrawal that the exchange has bound to a plan."""
        bed, exchange = self._bed, self._exchange
        index = bed.fresh()
        address = bed.outsider.addresses.address(index)
        entry = exchange.book.add(ALICE, bed.chain.network, address, "somewhere")
        asked = wire.Request(
            *(bed.chain.network, BTC, amount_bytes(bed.unit), amount_bytes(FEE)),
            *(wire.Destination.ADDRESS_BOOK, entry.number),
        )
        number = await exchange.say(asked)
        payment = Payment(number, bed.asset, bed.unit, bed.outsider.addresses.place(index))
        plan = bed.chain.plan([payment], self._bound)
        self._bound.append(plan)
        word = wire.Bound(number, plan.binding)
        assert await exchange.house.report(wire.WITHDRAWALS, word) == [0]
        return plan

    async def ask(self, plan: Plan, fee: int) -> Answer:
        """For the plan with this fee, out of its change."""
        body = utxo_transaction.read_body(plan.body)
        dearer = msgspec.structs.replace(body, change=body.change + body.fee - fee)
        asked = msgspec.structs.replace(plan, body=msgspec.msgpack.encode(dearer), fee=fee)
        question = SignPlan(asked, self._bed.chain.previous(plan))
        return await self._signer.answer(msgspec.json.encode(question))

    def close(self) -> None:
        self._budgets.close()
        self._memory.close()


@pytest.fixture
async def proposing(coins: UtxoBed, tmp_path: Path) -> AsyncIterator[Proposing]:
    most = amount_bytes(10**15)
    line = wire.NetworkAsset(BTC, 8, NOTHING, amount_bytes(FEE), amount_bytes(1), most, 8)
    terms = wire.DefineNetwork(coins.chain.network, "Litecoin", 1, 2, False, BTC, (line,))
    exchange = await Withdrawing.open(tmp_path, terms)
    made = Proposing(coins, tmp_path, exchange)
    yield made
    made.close()
    await exchange.close()


async def test_what_payments_cost_beyond_their_users_fees_is_bounded(proposing: Proposing) -> None:
    """Criterion: CHAINS-SIGNER-10. And those for what users pay are signed all the same."""
    first, second = await proposing.bound(), await proposing.bound()
    assert (await proposing.ask(first, FEE)).signature
    assert (await proposing.ask(first, FEE + BUDGET)).signature
    refused = await proposing.ask(second, FEE + 1)
    assert f"would cost {BUDGET + 1} in 24 hours" in refused.refusal
    assert (await proposing.ask(second, FEE)).signature
    assert (await proposing.ask(first, FEE + BUDGET)).signature
    proposing.clock.advance(DAY_MS)
    assert (await proposing.ask(second, FEE + BUDGET)).signature

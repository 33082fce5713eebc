"""Goal: who proposes payments of accounts burns hot's coins by dear fees up to a bound alone.

Method: a signer with its budgets beside an exchange, asked for bound withdrawals at any fee; and
the payer with that signer on a real node, which comes to the bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.clock import ManualClock
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Move, Plan
from fullreserve.custody.chains.families import evm_terms
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.fee_budget import DAY_MS, TIMES, Budgets
from fullreserve.custody.intents import ExchangeIntents, Memory
from fullreserve.custody.networks import Network
from fullreserve.custody.paying import STORE, Paying
from fullreserve.custody.settled_fees import SettledFees
from fullreserve.custody.signer import Signer
from fullreserve.custody.signer_wire import Answer, SignPlan
from fullreserve.custody.signing import EvmPolicy
from fullreserve.custody.store import Store
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway import unpaid
from tests.bed import ALICE, BTC, USDT
from tests.integration.custody.outsiders import TERMS, EvmBed
from tests.integration.custody.test_unpaid_network import network
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

NETWORK = 1
GWEI = 10**9
FEE = 1_200  # what a user pays, in the ledger's units
BUDGET = 300_000
UNIT = 10**10  # wei, of which a coin's unit in the ledger has so many
LARGE = amount_bytes(10**15)
NAME = "signer-one.sock"


class Desk:
    """An exchange with a network, whose coin here is the one with a price, and one signer."""

    def __init__(self, bed: EvmBed, folder: Path, exchange: Withdrawing, of: Network) -> None:
        self.bed, self.exchange, self.network = bed, exchange, of
        self.clock = ManualClock(START_MS)
        self._folder = folder
        self._memory = Memory(folder / "signer")
        self._server: asyncio.Server | None = None
        self.restart(of)

    def restart(self, of: Network) -> None:
        """The signer, by another file of networks."""
        self.network = of
        self.budgets = Budgets.open(self._folder / "budget.sqlite", [of], self.clock)
        view = LocalView(self.exchange.house, Destinations(self.exchange.vault))
        intents = ExchangeIntents(view, [of], self._memory, self._folder)
        policy = EvmPolicy(evm_terms(of), self.bed.keys, of.addresses(), self.bed.root)
        key, is_payer = PrivateKey(b"\x05" * 32), self.exchange.socket.is_payer
        self.signer = Signer({NETWORK: policy}, intents, key, self.budgets, is_payer)

    async def serve(self) -> None:
        await self.gone()
        self._server = await asyncio.start_unix_server(self.signer.serve, self._folder / NAME)

    async def gone(self) -> None:
        if self._server is not None:
            self._server.close()
            (self._folder / NAME).unlink(missing_ok=True)
        self._server = None

    async def ask(self, asset: int, fee: int = FEE) -> int:
        """ALICE asks for a withdrawal."""
        address = checksummed(bytes([0x30 + self.bed.fresh() % 90]) * 20)
        entry = self.exchange.book.add(ALICE, NETWORK, address, "somewhere")
        asked = wire.Request(
            *(NETWORK, asset, amount_bytes(10**6), amount_bytes(fee)),
            *(wire.Destination.ADDRESS_BOOK, entry.number),
        )
        return await self.exchange.say(asked)

    async def bound(self, asset: int, nonce: int, fee: int = FEE) -> Plan:
        """A plan of one, which costs nothing yet."""
        number, lane = await self.ask(asset, fee), evm_terms(self.network).lanes[0]
        binding = tx.binding(lane, nonce)
        assert await self.exchange.house.report(wire.WITHDRAWALS, wire.Bound(number, binding)) == [
            0
        ]
        empty = Plan(NETWORK, (number,), binding, b"", 0)
        (payment,) = await self.signer._intents.approved(empty)
        token = evm_terms(self.network).tokens.get(asset)
        gas = tx.GAS_COIN if token is None else tx.GAS_TOKEN
        fixed = (self.network.chain_id, lane, nonce, *tx.call_of(payment, token), gas)
        return msgspec.structs.replace(empty, body=msgspec.json.encode(tx.Body(*fixed, 1, 1)))

    async def dear(self, plan: Plan, cost: int) -> Answer:
        """For the plan at this cost in the ledger's units, which its gas has to divide."""
        body = tx.read_body(plan.body)
        fee, rest = divmod(cost * UNIT, body.gas)
        assert not rest
        body = msgspec.structs.replace(body, max_fee=fee)
        plan = msgspec.structs.replace(plan, body=msgspec.json.encode(body), fee=cost * UNIT)
        return await self.signer.answer(msgspec.json.encode(SignPlan(plan)))

    def close(self) -> None:
        self.budgets.close()
        self._memory.close()


@pytest.fixture
async def desk(erc20: EvmBed, tmp_path: Path) -> AsyncIterator[Desk]:
    lines = tuple(
        wire.NetworkAsset(asset, digits, NOTHING, amount_bytes(least), amount_bytes(1), LARGE, 8)
        for asset, digits, least in ((BTC, 18, FEE), (USDT, 6, 0))
    )
    terms = wire.DefineNetwork(NETWORK, "ERC20", 1, 2, False, BTC, lines)
    exchange = await Withdrawing.open(tmp_path, terms)
    of = msgspec.structs.replace(
        network(erc20, NETWORK), coin=BTC, decimals={BTC: 18, USDT: 6}, payment_budget=BUDGET,
        signers=(NAME,),
    )  # fmt: skip
    made = Desk(erc20, tmp_path, exchange, of)
    yield made
    await made.gone()
    made.close()
    await exchange.close()


async def test_what_payments_cost_beyond_what_their_users_pay_is_bounded(desk: Desk) -> None:
    """Some times that is signed at any time; the rest counts, of a replacement what it adds.

    Criterion: CHAINS-SIGNER-13.
    """
    free = TIMES * FEE
    first, second = await desk.bound(BTC, 0), await desk.bound(BTC, 1)
    assert (await desk.dear(first, free)).signature
    assert (await desk.dear(first, free + BUDGET)).signature
    refused = await desk.dear(second, free + 12)
    assert f"payment_budget of {BUDGET * UNIT}" in refused.refusal
    assert f"would cost {(BUDGET + 12) * UNIT} in 24 hours" in refused.refusal
    assert (await desk.dear(second, free)).signature
    assert (await desk.dear(first, free + BUDGET)).signature
    # A lane's nonce that is nobody's holds up payments: it has a budget of its own.
    lane = evm_terms(desk.network).lanes[0]
    body = tx.Body(desk.network.chain_id, lane, 2, lane, 0, b"", tx.GAS_BARE, 1, GWEI)
    move = Move(BTC, wire.Tier.HOT, wire.Tier.HOT, "", 0)
    cancel = Plan(NETWORK, (), tx.binding(lane, 2), msgspec.json.encode(body), 0, move)
    assert (await desk.signer.answer(msgspec.json.encode(SignPlan(cancel)))).signature
    desk.clock.advance(DAY_MS)
    assert (await desk.dear(second, free + BUDGET)).signature


async def test_fees_in_tokens_count_at_the_last_price(desk: Desk) -> None:
    """40,000 USDT a coin in these tests. Criterion: CHAINS-SIGNER-13."""
    rates = await desk.exchange.house.usd_rates([BTC, USDT])
    coin, token = rates[BTC], rates[USDT]
    fee = 3 * 10**8  # USDT, at the ledger's scale
    worth = fee * token.usd * coin.units // (token.units * coin.usd)
    assert worth == 7_500
    other, house = await desk.bound(USDT, 1, 0), desk.exchange.house
    until_ms = await house.now_ms(START_MS) + 600_000
    now = amount_bytes(fee)
    quote = wire.QuoteFee(NETWORK, USDT, NOTHING, now, now, until_ms)
    assert await house.report(wire.WITHDRAWALS, quote) == [0]
    plan = await desk.bound(USDT, 0, fee)
    assert (await desk.dear(plan, TIMES * worth + BUDGET)).signature
    assert "payment_budget" in (await desk.dear(plan, TIMES * worth + BUDGET + 12)).refusal
    assert "payment_budget" in (await desk.dear(other, 12)).refusal, "nobody pays for it"


async def test_what_a_payment_did_cost_is_what_counts(desk: Desk) -> None:
    """Once it is final by the signer's own nodes. Criterion: CHAINS-SIGNER-13."""
    plan = await desk.bound(USDT, 0, 0)
    answer = await desk.dear(plan, BUDGET)
    body = msgspec.structs.replace(tx.read_body(plan.body), max_fee=BUDGET * UNIT // tx.GAS_TOKEN)
    chain = desk.network.chains()[0]
    chain.broadcast(body.signed(answer.signature))
    settled = SettledFees(desk.budgets, {NETWORK: ([chain], TERMS.unlock_after)})
    await settled.round()
    other = await desk.bound(USDT, 1, 0)
    assert "payment_budget" in (await desk.dear(other, 12)).refusal
    desk.bed.mine(TERMS.unlock_after)
    await settled.round()
    assert desk.budgets.payments.reserved(NETWORK) == []
    assert (await desk.dear(other, BUDGET // 2)).signature


async def test_operators_see_that_payments_wait_for_the_budget(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its name; what fits in is paid, and all once it is larger.

    Criteria: CHAINS-SIGNER-13, CHAINS-PAYER-26.
    """
    numbers = [await desk.ask(USDT, 0) for _ in range(3)]
    cost = tx.GAS_TOKEN * desk.bed.chain._look((), ()).fee
    one = msgspec.structs.replace(desk.network, payment_budget=cost // UNIT + 1)
    desk.budgets.close()
    desk.restart(one)
    await desk.serve()
    store, where = Store(tmp_path / STORE), Destinations(desk.exchange.vault)
    payer = Paying(one, store, desk.exchange.house, where, tmp_path, desk.clock)
    await payer.round()
    (found,) = unpaid.unsigned(tmp_path)
    assert (found.network, found.payments, found.since_ms) == (NETWORK, 2, START_MS)
    assert "payment_budget of" in found.problem
    desk.clock.advance(1_000)
    await payer.round()
    assert unpaid.unsigned(tmp_path) == [found]
    assert [bool((await desk.exchange.found(each)).transfer) for each in numbers].count(True) == 1
    desk.budgets.close()
    desk.restart(msgspec.structs.replace(one, payment_budget=10 * (cost // UNIT)))
    await desk.serve()
    await payer.round()
    assert unpaid.unsigned(tmp_path) == []
    assert all([(await desk.exchange.found(each)).transfer for each in numbers])
    said = capsys.readouterr().out
    assert said.count("signers do not sign payments") == 1
    assert said.count("signers sign all payments again") == 1
    store.close()


async def test_what_was_too_dear_is_signed_once_fees_have_fallen(
    desk: Desk, tmp_path: Path
) -> None:
    """By the same nonce, and no longer at the fee that it was planned with.

    Criterion: CHAINS-SIGNER-16.
    """
    storm(desk.bed, 300 * GWEI)
    number = await desk.ask(USDT, 0)
    of = msgspec.structs.replace(desk.network, payment_budget=tx.GAS_TOKEN * 30 * GWEI // UNIT)
    desk.budgets.close()
    desk.restart(of)
    await desk.serve()
    store, where = Store(tmp_path / STORE), Destinations(desk.exchange.vault)
    payer = Paying(of, store, desk.exchange.house, where, tmp_path, desk.clock)
    await payer.round()
    await payer.round()
    (before,) = store.open_plans(NETWORK)
    assert not store.attempts(before)
    storm(desk.bed, GWEI)
    await payer.round()
    (after,) = store.open_plans(NETWORK)
    assert after.plan.binding == before.plan.binding
    assert 20 * after.plan.fee < before.plan.fee
    desk.bed.mine()
    await payer.round()
    found = await desk.exchange.found(number)
    assert found.transfer
    assert unpaid.unsigned(tmp_path) == []
    store.close()


def storm(bed: EvmBed, base: int) -> None:
    """The next block's base fee, in wei."""
    bed.node.call("anvil_setNextBlockBaseFeePerGas", hex(base))
    bed.mine()

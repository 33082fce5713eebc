"""Goal: strangers' dust costs the house nothing, and no payment waits for it.

Method: the payer and a signer's policy and budget on anvil and litecoind; what lanes sent is
counted on the chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import ManualClock
from fullreserve.custody import contracts
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains import utxo_transaction
from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.evm import GIVEN
from fullreserve.custody.chains.evm_transaction import GAS_BARE, GAS_TOKEN
from fullreserve.custody.chains.following import Seen
from fullreserve.custody.chains.worth import Worth
from fullreserve.custody.fee_budget import PART, FeeBudget, _read
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.settled_fees import SettledFees
from fullreserve.custody.signing import EvmPolicy, WillNotSign, uncounted
from fullreserve.custody.store import Store
from fullreserve.exchange.products import custody_wire as wire
from tests.integration.custody.outsiders import COIN, TERMS, TOKEN, Approved, EvmBed, UtxoBed
from tests.integration.custody.test_payer import PAY_TERMS, SALT, Agreement

TIMES = 10
PRICED = Worth(TIMES, {TOKEN: (1, 1)})  # a unit of the token is worth a wei


class Moving(Agreement):
    """Takes word of moves too."""

    def __init__(self, bed: EvmBed, *indexes: int) -> None:
        super().__init__(bed, *indexes)
        self.moves: list[wire.Moved] = []

    async def moved(self, *payloads: wire.Moved) -> Sequence[int]:
        self.moves += payloads
        return [0] * len(payloads)


class House:
    """The payer, and one signer with its budget, of one chain of accounts."""

    def __init__(self, bed: EvmBed, folder: Path, limit: int, *indexes: int) -> None:
        self.bed, self.store = bed, Store(folder / "payer.sqlite")
        self._fees, self._limit = folder / "fees.sqlite", limit
        self.budget = self._opened()
        self.book = Moving(bed, *indexes)
        self._approved = Approved(*(bed.payment(n, n, bed.unit) for n in indexes))
        self._policy = EvmPolicy(bed.terms, bed.keys, bed.chain.addresses, bed.root)
        self.payer = Payer(bed.chain, self.store, self.book, self._sign, PAY_TERMS, SALT)
        self.settled = SettledFees([self.budget], {1: ([bed.chain], TERMS.unlock_after)})

    def _opened(self) -> FeeBudget:
        return FeeBudget(self._fees, {1: self._limit}, ManualClock(1_700_000_000_000))

    def _sign(self, plan: Plan) -> Attempt:
        known = self._approved.payments(plan)
        budget = self._opened()  # the payer asks in several threads
        try:
            # Of what users pay for another counts, which is none of these.
            charge = uncounted if known else budget.charge
            signature = self._policy.sign(plan, known, (), charge)
            signed = tx.read_body(plan.body).signed(signature)
            if not known:
                budget.signed(plan, signed.txid)
        except WillNotSign as refusal:
            raise NotSigned(str(refusal)) from None
        finally:
            budget.close()
        return signed

    async def swept(self, indexes: Sequence[int], worth: Worth, rounds: int = 6) -> None:
        for _ in range(rounds):
            await self.payer.sweep(indexes, worth)
            await self.payer.round()
            self.bed.mine(TERMS.unlock_after)

    def sent(self) -> int:
        """Transactions of all lanes, in blocks."""
        lanes = self.bed.terms.lanes
        return sum(self.bed.chain.used(lanes, self.bed.chain.tip()).values())

    def charged(self) -> int:
        return sum(_read(kept) for (kept,) in self.budget._db.execute("SELECT fee FROM fees"))

    def close(self) -> None:
        self.store.close()
        self.budget.close()


@pytest.fixture
def house(erc20: EvmBed, tmp_path: Path) -> Iterator[House]:
    made = House(erc20, tmp_path, 10**19)
    yield made
    made.close()


def bid(bed: EvmBed) -> int:
    """What a unit of gas is bid."""
    return bed.chain._look((), ()).fee


def least(bed: EvmBed) -> int:
    """Tokens whose worth is just enough where gas has to be given."""
    return TIMES * (GAS_TOKEN + GAS_BARE) * bid(bed)


def given(bed: EvmBed, indexes: Sequence[int], amount: int) -> None:
    for index in indexes:
        bed.command(bed.token, minted(bed, index, amount))


def minted(bed: EvmBed, index: int, amount: int) -> bytes:
    place = bed.chain.addresses.place(index)
    return contracts.call("mint(address,uint256)", place, amount)


async def test_dust_on_fresh_addresses_gets_no_gas(erc20: EvmBed, house: House) -> None:
    """Gifts are counted. Criterion: CHAINS-SWEEP-4."""
    dust, full = [erc20.fresh() for _ in range(20)], erc20.fresh()
    small = least(erc20) // 2
    given(erc20, dust, small)
    given(erc20, [full], 2 * least(erc20))
    before = house.sent()
    await house.swept([*dust, full], PRICED)
    assert house.sent() - before == 1
    assert erc20.balance(full) == 0
    assert [erc20.balance(one) for one in dust] == [small] * len(dust)
    assert [one.asset for one in house.book.moves][:2] == [COIN, TOKEN], "gas, and what it was for"


async def test_what_was_too_small_is_swept_once_more_came(erc20: EvmBed, house: House) -> None:
    """Or a price rose. Criterion: CHAINS-SWEEP-4."""
    more, dear = erc20.fresh(), erc20.fresh()
    small = least(erc20) // 2
    given(erc20, [more, dear], small)
    assert erc20.chain.sweeps([more, dear], (), PRICED) == []
    assert len(erc20.chain.sweeps([dear], (), Worth(TIMES, {TOKEN: (3, 1)}))) == 1
    assert len(erc20.chain.sweeps([dear], (), Worth(TIMES // 3, PRICED.in_coin))) == 1
    given(erc20, [more], least(erc20))
    await house.swept([more, dear], PRICED)
    assert (erc20.balance(more), erc20.balance(dear)) == (0, small)


def test_the_most_worth_comes_first_and_what_has_no_price_last(erc20: EvmBed) -> None:
    """Criterion: CHAINS-SWEEP-5."""
    small, large, unknown = (erc20.fresh() for _ in range(3))
    given(erc20, [small], 2 * least(erc20))
    given(erc20, [large], 3 * least(erc20))
    erc20.command(erc20.chain.addresses.place(unknown), value=2 * least(erc20))
    asked = [small, unknown, large]
    plans = erc20.chain.sweeps(asked, (), PRICED)
    assert [plan.move.key for plan in plans if plan.move] == [
        f"branch/{large}", f"branch/{small}", f"branch/{unknown}",
    ]  # fmt: skip
    first = erc20.chain.sweeps(asked, (), Worth(TIMES))[0]
    assert first.move is not None
    assert (first.move.key, first.move.asset) == (f"branch/{unknown}", COIN)


async def test_gas_that_nobody_signs_holds_up_no_payment(erc20: EvmBed, tmp_path: Path) -> None:
    """A day's budget is used up: sweeps wait, payments go on. Criterion: CHAINS-SWEEP-6."""
    index, poor = erc20.fresh(), erc20.fresh()
    house = House(erc20, tmp_path, 0, index)
    try:
        amount = 9 * least(erc20)
        given(erc20, [poor], amount)
        await house.swept([poor], PRICED)
        assert house.book.paid.keys() == {index}
        assert house.store.open_plans(1) == []
        assert erc20.balance(poor) == amount
    finally:
        house.close()


async def test_what_sweeps_may_cost_leaves_a_part_to_lanes(erc20: EvmBed, tmp_path: Path) -> None:
    """A nonce that is nobody's is still taken. Criterion: CHAINS-SWEEP-6."""
    poor = [erc20.fresh() for _ in range(4)]
    given(erc20, poor, 9 * least(erc20))
    (gas,) = {plan.fee for plan in erc20.chain.sweeps(poor, (), PRICED)}
    house = House(erc20, tmp_path, 4 * gas)
    try:
        for plan in erc20.chain.sweeps(poor, (), PRICED)[:3]:
            house._sign(plan)
        (*_, last) = erc20.chain.sweeps(poor, (), PRICED)
        with pytest.raises(NotSigned, match="in 24 hours"):
            house._sign(last)
        # Whatever who proposes it calls it.
        assert last.move is not None
        within = msgspec.structs.replace(last.move, source=wire.Tier.HOT, target=wire.Tier.HOT)
        with pytest.raises(NotSigned, match="in 24 hours"):
            house._sign(msgspec.structs.replace(last, move=within))
        bound = [plan for plan in erc20.chain.sweeps(poor, (), PRICED) if plan.binding]
        (filler, *_) = erc20.chain.fillers(bound[1:])
        assert house._sign(filler)
    finally:
        house.close()


async def test_what_moves_did_cost_takes_the_place_of_what_they_could(
    erc20: EvmBed, house: House
) -> None:
    """Once it is final by the signer's node, and never less than a part. CHAINS-SIGNER-9."""
    poor = erc20.fresh()
    given(erc20, [poor], 9 * least(erc20))
    (gift,) = erc20.chain.sweeps([poor], (), PRICED)
    await house.payer.sweep([poor], PRICED)
    await house.payer.round()
    await house.settled.round()
    assert house.charged() == gift.fee, "it is in no block"
    erc20.mine(TERMS.unlock_after - 1)
    await house.settled.round()
    assert house.charged() == gift.fee, "it is not final"
    erc20.mine()
    await house.settled.round()
    fee = erc20.chain.standing(gift, [house.store.attempts(one)[0][0].txid
                                      for one in house.store.open_plans(1)]).fee  # fmt: skip
    assert 0 < fee < gift.fee
    assert house.charged() == max(fee, -(-gift.fee // PART))
    assert house.budget.reserved(1) == []
    house.budget.settle(gift, 0)
    assert house.charged() == max(fee, -(-gift.fee // PART))


@pytest.fixture
def elsewhere() -> Iterator[EvmBed]:
    """The same chain's number, and none of its blocks."""
    made = EvmBed(31_338, TOKEN)
    yield made
    made.close()


async def test_a_node_that_differs_settles_nothing(
    erc20: EvmBed, house: House, elsewhere: EvmBed
) -> None:
    """Criterion: CHAINS-SIGNER-9."""
    poor = erc20.fresh()
    given(erc20, [poor], 9 * least(erc20))
    await house.payer.sweep([poor], PRICED)
    await house.payer.round()
    erc20.mine(TERMS.unlock_after)
    both = ([erc20.chain, elsewhere.chain], TERMS.unlock_after)
    before = house.charged()
    await SettledFees([house.budget], {1: both}).round()
    assert house.charged() == before
    assert len(house.budget.reserved(1)) == 1
    await house.settled.round()
    assert house.charged() < before


def test_a_coin_that_costs_more_than_a_part_of_it_is_left(litecoin: UtxoBed) -> None:
    """Also beside large ones, whose sum would pay for it. Criterion: CHAINS-SWEEP-4."""
    index, chain = litecoin.fresh(), litecoin.chain
    cursor = litecoin.cursor()
    fee = chain._rate() * (chain._size_of(2, []) - chain._size_of(1, []))
    amounts = [TIMES * fee - 1, TIMES * fee, 100 * litecoin.unit]
    litecoin.send([litecoin.payment(0, index, amount) for amount in amounts])
    litecoin.mine(TERMS.unlock_after)
    for report in litecoin.reports(cursor):
        if isinstance(report, Seen) and report.deposit.index == index:
            chain.take_coin(report.deposit)
    (plan,) = chain.sweeps([index], (), Worth(TIMES))
    taken = [coin.amount for coin in utxo_transaction.read_body(plan.body).inputs]
    assert sorted(taken) == amounts[1:]


def test_more_gas_is_given_than_one_transfer_takes(erc20: EvmBed) -> None:
    """As fees may rise meanwhile; what is over is swept, or pays the next. CHAINS-SWEEP-3."""
    poor = erc20.fresh()
    given(erc20, [poor], 9 * least(erc20))
    (gift,) = erc20.chain.sweeps([poor], (), PRICED)
    assert gift.move is not None
    assert gift.move.amount == GIVEN * GAS_TOKEN * bid(erc20)


# The code of a token: a balance of 10^24 to whoever asks by one word, and what follows to the rest.
REFUSING = "36602414600c57{}5b69" + (10**24).to_bytes(10, "big").hex() + "60005260206000f3"
REVERTS, SAYS_FALSE = "60006000fd", "60206000f3"


@contextmanager
def refusing(bed: EvmBed, instead: str) -> Iterator[None]:
    """The token is paused meanwhile."""
    token = "0x" + bed.token.hex()
    before = bed.node.call("eth_getCode", token, "latest")
    bed.node.call("anvil_setCode", token, "0x" + REFUSING.format(instead))
    try:
        yield
    finally:
        bed.node.call("anvil_setCode", token, before)


@pytest.mark.parametrize("instead", [REVERTS, SAYS_FALSE])
async def test_a_token_that_sends_nothing_costs_nothing_and_holds_up_no_other(
    erc20: EvmBed, house: House, instead: str
) -> None:
    """The coin beside it goes, and nobody gets gas for it. Criterion: CHAINS-SWEEP-7."""
    rich, poor = erc20.fresh(), erc20.fresh()
    places = [erc20.chain.addresses.place(one) for one in (rich, poor)]
    erc20.command(places[0], value=10**18)
    before = house.sent()
    with refusing(erc20, instead):
        await house.swept([rich, poor], PRICED)
    used = erc20.chain.used(places, erc20.chain.tip())
    assert (house.sent() - before, [used[one] for one in places]) == (0, [1, 0])
    assert [one.asset for one in house.book.moves] == [COIN]
    given(erc20, [poor], 9 * least(erc20))
    await house.swept([poor], PRICED)
    assert erc20.balance(poor) == 0, "once it sends again"

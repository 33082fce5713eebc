"""Goal: the wallets of the tiers work on real nodes, whoever is gone.
Method: litecoind and btcd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest

from fullreserve.custody import nodes
from fullreserve.custody.chains.adapter import Attempt, Payment
from fullreserve.custody.chains.rpc import NodeRefuses
from fullreserve.custody.chains.utxo_transaction import Pays
from fullreserve.custody.keys.intent import NotApproved
from fullreserve.custody.tiers.spending import Spend, bumped, completed, planned, swept
from fullreserve.custody.tiers.wallet import Wallet
from fullreserve.custody.tiers.wallet_coins import Found, found, ripe
from fullreserve.exchange.products.tier_moves_wire import MoveState
from fullreserve.exchange.wire.commands import amount_int
from tests.integration.custody.conftest import _start_litecoind
from tests.integration.custody.holders import Holder, people
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.refills import FINAL, Refills, scripts

FIVE, THREE, LATE, NEW = people(5), people(3, 21), people(3, 11), people(5, 31)
OLDER = 12
# Relative locks are in force from here on in regression tests: 432 and a block.
BLOCKS = 440
UNIT = 1_000_000
RATE = 20


def warm(holders: Sequence[Holder]) -> Wallet:
    late = tuple(one.key for one in LATE)
    return Wallet(3, tuple(one.key for one in holders), 2, late, OLDER)


@pytest.fixture(scope="module", params=["litecoin", "bitcoin"])
def bed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
        ) -> Iterator[UtxoBed]:  # fmt: skip
    folder = tmp_path_factory.mktemp(request.param)
    try:
        made = (
            UtxoBed(_start_litecoind, folder, "rltc", BLOCKS)
            if request.param == "litecoin"
            else UtxoBed(nodes.start_btcd, folder, "bcrt", BLOCKS)
        )
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    yield made
    made.close()


class Killed(Exception):
    """As a kill at that moment."""


class Purse:
    """A wallet on the bed's chain, with coins that nobody else spends."""

    def __init__(self, bed: UtxoBed, wallet: Wallet, born: int = 0) -> None:
        self.bed, self.wallet = bed, wallet
        self.born = born or bed.node.call("getblockcount")

    def fund(self, *amounts: int) -> None:
        places = [self.wallet.place(index) for index in range(len(amounts))]
        pays = [Payment(0, self.bed.asset, amount, place)
                for amount, place in zip(amounts, places, strict=True)]  # fmt: skip
        self.bed.send(pays)
        self.bed.mine()

    def found(self) -> list[Found]:
        tip = self.bed.node.call("getblockcount")
        return found(self.bed.node, self.wallet, 5, self.born, tip)

    @property
    def coins(self) -> list[int]:
        return sorted(one.coin.amount for one in self.found())

    def signed(self, spend: Spend, by: Sequence[Holder]) -> Attempt:
        return completed(self.wallet, spend, [one.signs(self.wallet, spend) for one in by])

    def send(self, made: Attempt) -> None:
        told = self.bed.node.call("sendrawtransaction", made.raw.hex())
        assert told == made.txid.hex()


@pytest.mark.parametrize("gone", range(5))
def test_each_holder_may_be_gone_and_keys_are_changed_without_him(bed: UtxoBed, gone: int) -> None:
    """Criterion: CUST-GONE-1."""
    purse, after = Purse(bed, warm(FIVE)), Purse(bed, warm(NEW))
    stay = [one for place, one in enumerate(FIVE) if place != gone][:3]
    purse.fund(9 * UNIT + gone, 5 * UNIT)
    before = set(purse.coins)
    target = b"\x00\x14" + bytes([0x60 + gone]) * 20
    pays = [Pays(target, 2 * UNIT)]
    mine = [one.coin for one in purse.found()]
    spend = planned(purse.wallet, mine, pays, purse.wallet.place(2), RATE)
    purse.send(purse.signed(spend, stay))
    bed.mine()
    assert set(purse.coins) != before
    # The rotation: everything goes to the wallet without him, signed by those who are there.
    moves = swept(purse.wallet, [one.coin for one in purse.found()], after.wallet.place(0), RATE)
    purse.send(purse.signed(moves, stay))
    bed.mine()
    assert purse.coins == []
    assert moves.left in after.coins


@pytest.mark.parametrize("gone", range(3))
def test_each_holder_of_the_hot_wallet_may_be_gone(bed: UtxoBed, gone: int) -> None:
    """Criterion: CUST-GONE-1."""
    purse = Purse(bed, Wallet(2, tuple(one.key for one in THREE)))
    purse.fund(3 * UNIT)
    stay = [one for place, one in enumerate(THREE) if place != gone]
    after = Wallet(2, tuple(one.key for one in NEW[:3]))
    moves = swept(purse.wallet, [one.coin for one in purse.found()], after.place(0), RATE)
    purse.send(purse.signed(moves, stay))
    bed.mine()
    assert purse.coins == []


def test_a_higher_fee_replaces_by_another_quorum(bed: UtxoBed) -> None:
    """Criterion: CUST-WALLET-4."""
    purse = Purse(bed, warm(FIVE))
    purse.fund(4 * UNIT)
    mine = [one.coin for one in purse.found()]
    spend = planned(purse.wallet, mine, [Pays(purse.wallet.place(3), UNIT)],
                    purse.wallet.place(4), RATE)  # fmt: skip
    first = purse.signed(spend, FIVE[:3])
    purse.send(first)
    higher = purse.signed(bumped(purse.wallet, spend, 3 * RATE), FIVE[2:])
    purse.send(higher)
    waiting = bed.node.call("getrawmempool")
    assert higher.txid.hex() in waiting
    assert first.txid.hex() not in waiting
    bed.mine()
    assert UNIT in purse.coins


def test_recovery_waits_and_then_needs_no_holder(bed: UtxoBed) -> None:
    """Criterion: CUST-WALLET-3."""
    purse = Purse(bed, warm(people(5, 41)))
    purse.fund(6 * UNIT)
    (coin,) = purse.found()
    moves = swept(purse.wallet, [coin.coin], warm(NEW).place(1), RATE, recovers=True)
    made = purse.signed(moves, LATE[1:])
    tip = partial(bed.node.call, "getblockcount")
    assert not ripe([coin], purse.wallet, tip())
    with pytest.raises(NodeRefuses, match="(?i)bip68|sequence|lock"):
        purse.send(made)
    bed.mine(OLDER - 2)
    assert not ripe([coin], purse.wallet, tip())
    with pytest.raises(NodeRefuses):
        purse.send(made)
    bed.mine(1)
    assert ripe([coin], purse.wallet, tip())
    purse.send(made)
    bed.mine()
    assert purse.coins == []


@pytest.fixture
async def refills(bed: UtxoBed, tmp_path: Path) -> AsyncIterator[Refills]:
    """With nine units in warm, and marks by which three of them are due to hot."""
    bed.mine()  # what others left in the wallet lies below
    purse = Purse(bed, warm(FIVE))
    made = await Refills.open(tmp_path, scripts(bed, purse.wallet, FIVE), FIVE)
    purse.fund(5 * UNIT, 4 * UNIT)
    yield made
    await made.close()


async def test_hot_is_refilled_by_holders_who_are_there_once_however_often_it_is_killed(
    bed: UtxoBed, refills: Refills
) -> None:
    """Criterion: CUST-REFILL-1, CUST-REFILL-2. Each round is another worker's; two are gone."""
    purse = Purse(bed, warm(FIVE), refills.born)
    before = sum(purse.coins)
    await refills.serve(*FIVE[:2])
    for _ in range(2):
        await refills.worker().round()
    (move,) = await refills.moves()
    assert (move.state, amount_int(move.amount)) == (MoveState.BOUND, 3 * UNIT)
    await refills.worker().round()
    assert sum(purse.coins) == before  # two holders are not enough
    await refills.serve(FIVE[3])
    killed = refills.worker()
    killed._give = Mock(side_effect=Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        await killed.round()
    for _ in range(3):
        await refills.worker().round()
    bed.mine()
    await refills.worker().round()
    assert (await refills.moves())[0].state == MoveState.BOUND  # not final yet
    bed.mine(FINAL)
    for _ in range(3):
        await refills.worker().round()
    (done,) = await refills.moves()
    fee = before - 3 * UNIT - sum(purse.coins)
    assert (done.state, 0 < fee < 50_000) == (MoveState.DONE, True)
    assert await refills.hot_and_warm() == (3 * UNIT, 6 * UNIT - fee)


async def test_a_holder_signs_what_the_log_has_bound_and_nothing_else(refills: Refills) -> None:
    """Criterion: CUST-REFILL-3. Whoever asks, and under a rule that stands."""
    worker = refills.worker()
    for _ in range(2):
        await worker.round()
    (move,) = await refills.moves()
    kept = worker._kept.find(move.number)
    assert kept is not None
    await refills.serve(FIVE[0])
    name, good = f"{FIVE[0].name}.sock", kept.proposal
    assert good.spend is not None
    replace, intent = msgspec.structs.replace, good.intent
    less = replace(good.spend, pays=(Pays(intent.place, UNIT),), left=good.spend.left + 2 * UNIT)
    wrong = {
        "decided another": replace(good, intent=replace(intent, amount=UNIT), spend=less),
        "not decided and bound": replace(good, intent=replace(intent, number=intent.number + 1)),
        "other coins": replace(good, spend=replace(good.spend, inputs=good.spend.inputs[:0])),
        "fee": replace(good, spend=replace(good.spend, left=good.spend.left - 60_000)),
    }
    for why, one in wrong.items():
        with pytest.raises(NotApproved, match=why):
            await asyncio.to_thread(worker._asked, name, msgspec.json.encode(one))
    assert await asyncio.to_thread(worker._asked, name, msgspec.json.encode(good))

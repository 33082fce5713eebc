"""Goal: a payer that was put back from a backup pays nothing twice, whatever plans its store has.

Method: stores as a backup may hold them, on chains that paid others since with the same nonce or
coins; what a payer drops that nobody signed for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.custody.chains.adapter import Attempt, Block, Departed, Move, Payment, Plan
from fullreserve.custody.chains.evm_transaction import binding, call_of, read_body
from fullreserve.custody.payer import Payer
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.restore_mark import MARK, Mark, is_compared
from fullreserve.custody.restored import NotYet, SinceBackup
from fullreserve.custody.store import Kept, Store, read_plans
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.suspension_wire import Level, Scope
from tests.integration.custody.outsiders import Approved, Bed, EvmBed, UtxoBed
from tests.integration.custody.test_payer import (
    PAY_TERMS,
    SALT,
    Agreement,
    payer_of,
    until_done,
)
from tests.integration.custody.test_since_backup import Folder, Made, Stops, _nothing
from tests.integration.custody.test_sweep_worth import PRICED, House, given, least

LOOKS = 10
EACH = pytest.mark.parametrize("bed", ["erc20", "litecoin"], indirect=True)


class Back:
    """A payer's folder that was put back: `early` had a plan by the backup, and `late` none."""

    def __init__(self, bed: Bed, place: Path) -> None:
        if isinstance(bed, UtxoBed):
            bed.agree()
        self.bed, self.place = bed, place
        self.early, self.late = bed.fresh(), bed.fresh()
        self.book = Agreement(bed, self.early, self.late)
        self.stops = Stops(self.book)
        self.store = Store(place / PAYER_STORE)
        self.plan = bed.chain.plan([self.payment(self.early)], [])
        mark = Mark(7, {bed.chain.network: bed.chain.tip().height})
        (place / MARK).write_bytes(msgspec.json.encode(mark))

    def payment(self, number: int) -> Payment:
        return self.bed.payment(number, number, self.bed.unit)

    def to_stranger(self) -> Payment:
        bed = self.bed
        place = bed.outsider.addresses.place(1) if isinstance(bed, UtxoBed) else b"\x77" * 20
        return Payment(bed.fresh(), bed.asset, bed.unit, place)

    def give(self, payment: Payment, *, bound: Sequence[Plan] = ()) -> Plan:
        """What was paid since the backup, in no block yet."""
        plan = self.bed.chain.plan([payment], bound)
        self.bed.chain.broadcast(self.bed.sign(plan, Approved(payment)))
        return plan

    def keep(self, plan: Plan, *, is_done: bool = False) -> Kept:
        kept = self.store.keep_plan(plan)
        kept.is_accepted = kept.is_done = is_done
        self.store.change(kept)
        return kept

    async def compared(self) -> Payer:
        """A payer that has looked what left since."""
        payer = payer_of(self.bed, self.store, self.book)
        house: Any = self.stops
        chain = self.bed.chain
        await SinceBackup(self.place, chain, self.store, house, payer, _nothing).look()
        return payer

    async def go_on(self) -> None:
        """Compares and pays: each of the two has once what it is to have."""
        await until_done(self.bed, await self.compared(), self.book)
        assert self.book.paid.keys() == self.book.waiting.keys()
        assert [self.bed.balance(one) for one in (self.early, self.late)] == [self.bed.unit] * 2


@pytest.fixture
def back(bed: Bed, tmp_path: Path) -> Iterator[Back]:
    made = Back(bed, tmp_path)
    yield made
    made.store.close()


@EACH
async def test_what_left_with_the_nonce_or_coins_of_a_refused_plan_is_found(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-7. Of an unsigned plan of the backup, dropped after it."""
    back.keep(back.plan)
    made = back.give(back.payment(back.late))
    assert made.binding == back.plan.binding
    back.bed.mine()
    await back.go_on()
    assert back.book.bound[back.late] == made.binding != back.book.bound[back.early]
    assert back.stops.asked == []


@EACH
async def test_what_left_by_another_plan_than_the_backups_is_its_payment(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-7. Refused after the backup, it was planned once more."""
    back.keep(back.plan)
    late = back.give(back.payment(back.late))
    early = back.give(back.payment(back.early), bound=[late])
    back.bed.mine()
    await back.go_on()
    assert back.book.bound == {back.late: late.binding, back.early: early.binding}
    assert back.stops.asked == []


@EACH
async def test_what_left_with_the_nonce_or_coins_of_a_dropped_move_is_found(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-7. As older stores have such plans: ended, and unsigned."""
    move = Move(back.bed.asset, Tier.HOT, Tier.DEPOSIT, "", 7)
    back.keep(msgspec.structs.replace(back.plan, withdrawals=(), move=move), is_done=True)
    made = back.give(back.payment(back.late))
    assert made.binding == back.plan.binding
    back.bed.mine()
    assert read_plans(back.place / PAYER_STORE, made.network) == []
    await back.go_on()
    assert back.book.bound[back.late] == made.binding


@EACH
async def test_what_is_not_a_plans_payment_stops_its_line(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-7. It took the nonce or coins of one that was signed."""
    kept = back.keep(back.plan)
    back.store.change(kept, back.bed.sign(back.plan, Approved(back.payment(back.early))))
    back.give(back.to_stranger())
    back.bed.mine()
    await back.compared()
    line = Scope(Level.ASSET_CHAIN, back.bed.chain.network, back.bed.asset)
    assert back.stops.asked == [line]


@EACH
async def test_what_left_by_a_plan_of_the_backup_is_its_payment(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-7. Signed since, with another fee than it is signed for again."""
    back.keep(back.plan)
    back.give(back.payment(back.early))
    back.bed.mine()
    await back.go_on()
    assert back.book.bound[back.early] == back.plan.binding
    assert back.stops.asked == []


@EACH
async def test_what_is_on_its_way_by_a_signed_plan_of_the_backup_holds_nobody_up(
    back: Back,
) -> None:
    """Criterion: CHAINS-RESTORED-8. What no plan knows of does, until a block has it."""
    kept = back.keep(back.plan)
    early = back.payment(back.early)
    back.store.change(kept, back.bed.sign(back.plan, Approved(early)))
    back.give(early)
    late = back.give(back.payment(back.late), bound=[back.plan])
    with pytest.raises(NotYet, match="in no block yet"):
        await back.compared()
    back.bed.mine()
    await back.go_on()
    assert back.book.bound[back.late] == late.binding


@EACH
async def test_a_signed_plan_that_waits_in_the_mempool_is_followed(back: Back) -> None:
    """Criterion: CHAINS-RESTORED-8."""
    kept = back.keep(back.plan)
    early = back.payment(back.early)
    back.store.change(kept, back.bed.sign(back.plan, Approved(early)))
    back.give(early)
    assert back.bed.chain.is_leaving([])
    await back.go_on()


class Fast(Made):
    """A chain on which a block comes in each look, which pays nobody: that is over."""

    def is_leaving(self, known: Sequence[Plan]) -> bool:
        self.grow()
        return super().is_leaving(known)

    def departed(self, block: Block) -> list[Departed]:
        return super().departed(block) if block.height <= 110 else []


async def test_a_chain_that_is_faster_than_a_look_is_compared(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-8."""
    folder = Folder(tmp_path, Fast(110))
    assert await folder.look()
    folder.store.close()


async def test_what_comes_into_a_block_in_a_look_has_it_asked_once_more(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-8. It may have made coins that were spent by then."""
    chain = Fast(109)
    folder = Folder(tmp_path, chain)
    assert [await folder.look() for _ in range(2)] == [False, True]
    assert folder.payer.told == [chain.hashes[101:111]]
    folder.store.close()


async def test_a_network_that_the_backup_did_not_have_is_paid_at_once(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-9."""
    chain = Made(1000)
    folder = Folder(tmp_path, chain)
    (tmp_path / MARK).write_bytes(msgspec.json.encode(Mark(7, {chain.network + 1: 5})))
    assert is_compared(tmp_path, chain.network)
    assert await folder.look()
    assert chain.read.total() == 0
    folder.store.close()


async def test_a_plan_that_is_dropped_unsigned_is_in_no_store(
    erc20: EvmBed, tmp_path: Path
) -> None:
    """Criterion: CHAINS-RESTORED-7. Its nonce goes to others, and explains no spend."""
    house = House(erc20, tmp_path, 10**19)

    def sign(_plan: Plan) -> Attempt:
        raise NotSigned("0 of 1 signers signed")

    house.payer = Payer(erc20.chain, house.store, house.book, sign, PAY_TERMS, SALT)
    poor = [erc20.fresh()]
    given(erc20, poor, 9 * least(erc20))
    await house.payer.sweep(poor, PRICED)
    (gas,) = house.store.open_plans(erc20.chain.network)
    assert gas.plan.move is not None
    assert gas.plan.move.is_gas
    await house.payer.round()
    assert read_plans(tmp_path / "payer.sqlite", erc20.chain.network) == []
    assert house.store.keep_plan(gas.plan).id == gas.id
    house.close()


@pytest.mark.parametrize("bed", ["erc20"], indirect=True)
async def test_what_waits_behind_a_stuck_payment_of_the_backup_comes_to_an_end(
    bed: EvmBed, back: Back
) -> None:
    """It is given with a higher fee, and both are paid once. Criterion: CHAINS-RESTORED-11."""
    early, late = back.payment(back.early), back.payment(back.late)
    kept = back.keep(back.plan)
    kept.is_accepted, back.book.bound = True, {back.early: back.plan.binding}
    first = bed.sign(back.plan, Approved(early))
    back.store.change(kept, first)
    back.store.told(kept, first.txid)
    bed.chain.broadcast(first)
    bed.node.call("anvil_setNextBlockBaseFeePerGas", hex(10**11))
    bed.mine()
    body = read_body(back.plan.body)
    data, most = call_of(late, bed.token)[2], 3 * 10**11
    behind = msgspec.structs.replace(body, nonce=body.nonce + 1, data=data, max_fee=most)
    unknown = Plan(
        back.plan.network,
        (back.late,),
        binding(behind.lane, behind.nonce),
        msgspec.json.encode(behind),
        behind.gas * most,
    )
    bed.chain.broadcast(bed.sign(unknown, Approved(late)))
    for _ in range(LOOKS):
        with suppress(NotYet):
            await back.compared()
            break
        bed.mine(PAY_TERMS.bump_after)
    await back.go_on()
    assert back.book.bound == {back.early: back.plan.binding, back.late: unknown.binding}
    assert back.stops.asked == []

"""Goal: a withdrawal that hot cannot pay holds up none that it can.

Method: anvil, an exchange, its payer and signers; the lanes are nearly empty.
"""

from __future__ import annotations

import os

import pytest

from fullreserve.custody import contracts
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.keys.intent import Rule
from fullreserve.custody.keys.refilling import filled, waiting
from fullreserve.custody.payer import BEHIND
from fullreserve.custody.signing import lane_of
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, Marks, SetMarks
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.identity.keyring import DamagedRow
from tests.bed import USDT
from tests.integration.custody.test_lane_rotation import AMOUNT, NETWORK, Lanes, bed, office

__all__ = ["bed", "office"]

UNIT = 100  # ledger units of the token's own
LEFT = 3 * AMOUNT // UNIT  # in each lane


def take_away(office: Lanes) -> None:
    """What the lanes hold, but for a little."""
    bed = office.bed
    for lane, key in bed.keys.items():
        call = tx.transfer_call(lane_of(bed.outsider), office.holds(lane)[USDT] - LEFT)
        body = tx.Body(
            *(bed.terms.chain_id, lane, bed._next(lane), bed.token, 0, call),
            *(tx.GAS_TOKEN, 10**9, 10**11),
        )
        bed.again(body.signed(key.sign_recoverable(body.digest(), hasher=None)).raw)
        bed.mine()


async def asked(office: Lanes, amount: int) -> int:
    address = checksummed(bytes(18) + amount.to_bytes(8, "big")[-2:])
    return await office.exchange.ask(NETWORK, USDT, amount, address)


async def test_who_asks_for_more_than_hot_has_holds_up_nobody(office: Lanes) -> None:
    """He is paid once there is enough.

    Criteria: CHAINS-PAYER-27, LIVE-23.
    """
    take_away(office)
    large = await asked(office, 5 * AMOUNT)
    await office.paying.round()
    assert (await office.exchange.found(large)).state == WithdrawalState.SHORT
    small = [await asked(office, AMOUNT + UNIT * number) for number in range(4)]
    other = await asked(office, 6 * AMOUNT)
    for _ in range(3):
        await office.paying.round()
    await office.ended(*small)
    states = {one: (await office.exchange.found(one)).state for one in (large, other)}
    assert set(states.values()) == {WithdrawalState.SHORT}
    late = await asked(office, 7 * AMOUNT)
    for lane in office.bed.keys:
        more = contracts.call("mint(address,uint256)", lane, 8 * AMOUNT // UNIT)
        office.bed.command(office.bed.token, more)
    await office.ended(large, other, late)


async def test_half_of_what_comes_is_kept_for_who_waits(office: Lanes) -> None:
    """Whoever asks behind him for all there is. Criterion: CHAINS-PAYER-28."""
    take_away(office)
    hot = sum(office.holds(lane)[USDT] for lane in office.bed.keys) * UNIT
    await told(office, hot - await office.paying._payer._desk.exchange.free(NETWORK, USDT))
    large = await asked(office, 4 * AMOUNT)
    await office.paying.round()
    # What hot had then goes to others.
    later = [await asked(office, AMOUNT - UNIT * (one + 1)) for one in range(9)]
    await office.ended(*later)
    for turn in range(20):
        later += [await asked(office, AMOUNT + UNIT * (3 * turn + one)) for one in range(3)]
        for lane in list(office.bed.keys)[:1]:
            more = contracts.call("mint(address,uint256)", lane, 2 * AMOUNT // UNIT)
            office.bed.command(office.bed.token, more)
        await told(office, 2 * AMOUNT)
        for _ in range(3):
            await office.paying.round()
            office.bed.mine()
        if (await office.exchange.found(large)).state == WithdrawalState.SUCCESS:
            break
    states = [(await office.exchange.found(one)).state for one in (large, *later)]
    assert states[0] == WithdrawalState.SUCCESS
    assert 9 + 3 <= states[1:].count(WithdrawalState.SUCCESS) < len(later)


async def test_who_cannot_be_paid_yet_stays_where_he_waits(office: Lanes) -> None:
    """A refill brings on what it can pay, and nobody to and fro. Criterion: CHAINS-PAYER-29."""
    take_away(office)
    first, *others = [await asked(office, size * AMOUNT) for size in (4, 30, 4, 31)]
    await office.paying.round()
    before = {one: await office.exchange.found(one) for one in others}
    assert {one.state for one in before.values()} == {WithdrawalState.SHORT}
    for lane in list(office.bed.keys)[:2]:
        more = contracts.call("mint(address,uint256)", lane, 2 * AMOUNT // UNIT)
        office.bed.command(office.bed.token, more)
    await office.ended(first, others[1])
    after = {one: await office.exchange.found(one) for one in others}
    assert [after[one] == before[one] for one in others] == [True, False, True]


@pytest.mark.parametrize(("parts", "is_paid"), [(10, True), (13, True), (18, False)])
async def test_lanes_that_are_full_and_level_hold_up_nobody(
    office: Lanes, parts: int, is_paid: bool
) -> None:
    """A stream behind one that hot, but no lane, has enough for; and one larger than hot ever has.

    Refills come as they are decided: to the cap, by the policy's order of lanes. Criteria:
    CHAINS-PAYER-27, CHAINS-PAYER-28.
    """
    take_away(office)
    cap = sum(office.holds(lane)[USDT] for lane in office.bed.keys) * UNIT
    await told(office, cap - await office.paying._payer._desk.exchange.free(NETWORK, USDT))
    amounts = (0, cap, cap, 1, cap, 10**15)
    low, target, top, least, most, day_most = map(amount_bytes, amounts)
    marks = Marks(NETWORK, USDT, low, target, top, least, most, day_most)
    assert await office.exchange.house.report(TIER_MOVES, SetMarks(marks)) == [0]
    larger, large = await asked(office, cap + UNIT), await asked(office, parts * AMOUNT // 2)
    lanes = list(office.bed.keys)
    rules = [Rule(NETWORK, "warm", "hot", USDT, lane, 1, 1, 0) for lane in lanes]
    stream, paid = list[int](), list[int]()
    for turn in range(16):
        stream += [await asked(office, AMOUNT // 2 + UNIT * (3 * turn + one)) for one in range(3)]
        for _ in range(2):
            await office.paying.round()
            office.bed.mine()
        states = {one: (await office.exchange.found(one)).state for one in (large, *stream)}
        paid.append(sum(one == WithdrawalState.SUCCESS for one in states.values()))
        if states[large] == WithdrawalState.SUCCESS and turn > 5:
            break
        room = cap - sum(office.holds(lane)[USDT] for lane in lanes) * UNIT
        waits = await waiting(office.exchange.house, office.network, marks)
        found = filled(office.network, rules, waits)
        assert found is not None
        place, _ = found
        more = contracts.call("mint(address,uint256)", lanes[place], room // UNIT)
        office.bed.command(office.bed.token, more)
        await told(office, room // UNIT * UNIT)
    assert (states[large] == WithdrawalState.SUCCESS) == is_paid
    assert (await office.exchange.found(larger)).state == WithdrawalState.SHORT
    assert paid[-1] > paid[-3] > 6
    assert is_paid or paid[-1] == 3 * 15


async def test_the_oldest_that_hot_may_be_filled_for_goes_first_once_it_can(office: Lanes) -> None:
    """Whoever is looked at in that round, behind one that is larger than the cap.

    Criterion: CHAINS-PAYER-28.
    """
    take_away(office)
    hot = sum(office.holds(lane)[USDT] for lane in office.bed.keys) * UNIT
    await told(office, hot - await office.paying._payer._desk.exchange.free(NETWORK, USDT))
    cap = amount_bytes(20 * AMOUNT)
    marks = Marks(NETWORK, USDT, bytes(16), cap, cap, amount_bytes(1), cap, cap)
    assert await office.exchange.house.report(TIER_MOVES, SetMarks(marks)) == [0]
    await asked(office, 21 * AMOUNT)
    oldest = await asked(office, 5 * AMOUNT)
    others = [await asked(office, 4 * AMOUNT + UNIT * one) for one in range(BEHIND + 4)]
    for _ in range(2):
        await office.paying.round()
    states = {(await office.exchange.found(one)).state for one in (oldest, *others)}
    assert states == {WithdrawalState.SHORT}
    for lane in list(office.bed.keys)[:1]:
        more = contracts.call("mint(address,uint256)", lane, 3 * AMOUNT // UNIT)
        office.bed.command(office.bed.token, more)
    await told(office, 3 * AMOUNT)
    await office.ended(oldest)
    states = {(await office.exchange.found(one)).state for one in others}
    assert states == {WithdrawalState.SHORT}


async def told(office: Lanes, amount: int) -> None:
    """The ledger learns of what hot has more, or (below 0) of what was moved to cold."""
    name, value = os.urandom(32), amount_bytes(abs(amount))
    word: wire.Payload = wire.Funded(NETWORK, name, USDT, wire.Tier.HOT, value)
    if amount < 0:
        tiers = wire.Tier.HOT, wire.Tier.COLD
        word = wire.Moved(NETWORK, name, USDT, *tiers, value, amount_bytes(0))
    assert await office.exchange.house.report(wire.DEPOSITS, word) == [0]


async def test_one_that_cannot_be_read_holds_up_nobody(
    office: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the first that waits. Criterion: CHAINS-PAYER-27."""
    take_away(office)
    large = await asked(office, 5 * AMOUNT)
    await office.paying.round()
    exchange = office.paying._payer._desk.exchange
    destination = exchange.destination

    async def damaged(pay: wire.Pay) -> tuple[str, str]:
        if pay.withdrawal == large:
            raise DamagedRow("its row is damaged", "an address")
        return await destination(pay)

    monkeypatch.setattr(exchange, "destination", damaged)
    small = await asked(office, AMOUNT)
    await office.ended(small)
    assert (await office.exchange.found(large)).state == WithdrawalState.SHORT

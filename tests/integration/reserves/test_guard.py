"""Goal: nothing is lent beyond what is shown to be there, and a lack stops withdrawals by itself.

Method: a real exchange and a real chain that cover each other to the unit; a loan in the ledger, a
gift of the house, coins that leave the chain, a chain that cannot be read.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fullreserve.custody.chains.adapter import Attempt, Plan
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.house import House
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Store
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import queries as q
from fullreserve.reserves import keys
from fullreserve.reserves.lows import Lows
from fullreserve.reserves.places import Place
from tests.bed import ALICE, BTC, submit
from tests.integration.reserves.anvil import CHAIN_ID, ETHER, NUMBER, Anvil
from tests.integration.reserves.world import HOUR_MS, MINUTE_MS, World, advance, asset_row
from verifier import verify

NOT_LENT = 59_410
COIN = 10**8


@pytest.fixture(autouse=True)
async def guarded(world: World) -> None:
    assert await code_of(world, c.ActivateRules(0, 0, c.RULES_GUARD)) == 0


async def code_of(world: World, command: c.AnyCommand) -> int:
    replies = await submit(world.bed.sequencer, [command])
    assert isinstance(replies, list | tuple)
    return int(replies[0].code)


def lend(asset: int, units: int) -> c.Group:
    """Alice borrows."""
    loan = c.AccountKey(chart.HOUSE, chart.LOAN, 0)
    legs = (
        c.Leg(loan, asset, c.amount_bytes(-units)),
        c.Leg(c.AccountKey(ALICE, chart.TRADE, 0), asset, c.amount_bytes(units)),
    )
    return c.Group(0, 0, 0, 0, (c.Posting(9, legs),), ())


def reserve(world: World, asset: int) -> q.ReserveState:
    states: list[q.ReserveState] = world.bed.sequencer.machine.query(q.ListReserves())
    return next(one for one in states if one.asset == asset)


def stopped(world: World) -> list[tuple[int, int, int]]:
    """Trigger, public reason and asset of what is suspended."""
    asked = msgspec.msgpack.encode(suspensions.ListAll())
    answer = world.bed.sequencer.machine.query(q.AskFold(suspensions.SUSPENSIONS, asked))
    found = msgspec.msgpack.decode(answer, type=list[Suspension])
    return [(one.trigger, one.terms.reason, one.terms.scope.asset) for one in found]


async def asked_for(world: World, house: House, charged: int = 0, units: int = COIN) -> int:
    """Alice has 5 ETH on her funding account and withdraws some; the withdrawal's number."""
    source, target = (c.AccountKey(ALICE, kind, 0) for kind in (chart.TRADE, chart.FUND))
    moved = c.Transfer(0, 0, ALICE, source, target, ETHER, c.amount_bytes(5 * COIN))
    assert await code_of(world, moved) == 0
    none, least, most = (c.amount_bytes(units) for units in (0, 1, 100 * COIN))
    fee = c.amount_bytes(charged)
    line = wire.NetworkAsset(ETHER, 18, none, fee, least, most, 8)
    terms = wire.DefineNetwork(NUMBER, "ERC20", 1, 2, False, ETHER, (line,))
    for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
        assert await house.report(fold, terms) == [0]
    some = c.amount_bytes(units)
    asked = wire.Request(NUMBER, ETHER, some, fee, wire.Destination.ADDRESS_BOOK, 1)
    said = c.Product(0, 0, wire.WITHDRAWALS, ALICE, wire.encode_payload(asked))
    replies = await submit(world.bed.sequencer, [said])
    assert isinstance(replies, list | tuple)
    assert replies[0].code == 0, replies
    return int(replies[0].sequence)


async def test_a_withdrawal_that_a_block_has_paid_does_not_dip(world: World) -> None:
    """5 ETH are owed and there, nothing more. One leaves in a block: until it is final the
    statement names the payment, then owes it no more; nothing of it is red. The fee stays.

    Criterion: POR-RESERVES-4
    """
    await world.pay(ETHER, 5 * COIN)
    house = House(await world.bed.door(9))
    number = await asked_for(world, house, COIN // 100)
    bound = (wire.Decide(number, WithdrawalState.APPROVED), wire.Bound(number, b"\1" * 32))
    assert await house.report(wire.WITHDRAWALS, *bound) == [0, 0]
    assert asset_row(await world.publish(), "ETH")["ratio"] == "1.0000"
    hot = world.keys.held[0]
    txid = bytes.fromhex(world.anvil.pay_somebody(hot, 10**18)[2:])
    world.anvil.give(hot, 4)
    keep_payment(world, number, txid)
    row = await world.publish()
    ether = asset_row(row, "ETH")
    assert (ether["reserves"], ether["leaving"]) == (str(4 * COIN), str(COIN))
    assert ether["ratio"] == ether["lowest"]["1"]["ratio"] == "1.0000"
    assert [one["txid"] for one in row["statement"]["leaving"]] == [txid.hex()]
    assert world.verdict(row) == ""
    told = verify.check_statement(row)
    verify.check_node(f"{NUMBER}={world.anvil.process.url}", told)
    others_payments_are_refused(world, row, hot)
    row["statement"]["leaving"][0]["height"] -= 1
    with pytest.raises(verify.Refused, match="does not have the payment"):
        verify.check_node(f"{NUMBER}={world.anvil.process.url}", told)
    steps = (
        wire.Broadcast(number, b"\2" * 32, c.amount_bytes(0)),
        wire.Included(number, b"\2" * 32, 1),
        wire.Paid(number, b"\2" * 32, 1, c.amount_bytes(0)),
    )
    assert await house.report(wire.WITHDRAWALS, *steps) == [0, 0, 0]
    row = await world.publish()
    ether = asset_row(row, "ETH")
    assert (ether["leaving"], ether["ratio"]) == ("0", "1.0025")
    assert world.verdict(row) == ""


async def test_most_of_an_asset_may_leave_at_once(world: World) -> None:
    """5 ETH were there all day and are owed; 4 leave. What was there before shows it, and a chain
    that lost them without a payment stays red.

    Criterion: POR-RESERVES-5
    """
    await world.pay(ETHER, 5 * COIN)
    house = House(await world.bed.door(9))
    number = await asked_for(world, house, units=4 * COIN)
    bound = (wire.Decide(number, WithdrawalState.APPROVED), wire.Bound(number, b"\1" * 32))
    assert await house.report(wire.WITHDRAWALS, *bound) == [0, 0]
    there_for_a_day(world, {"ETH": 5 * COIN})
    first = await world.publish()
    txid = bytes.fromhex(world.anvil.pay_somebody()[2:])
    world.anvil.give(world.keys.held[0], 1)
    row = await world.publish()
    assert world.verdict(row).startswith("ETH: reserves of 1 do not cover 5"), "nothing says why"
    keep_payment(world, number, txid)
    row = await world.publish()
    ether = asset_row(row, "ETH")
    assert (ether["leaving"], ether["was"]) == (str(4 * COIN), str(5 * COIN))
    assert row["statement"]["before"]["epoch"] == first["statement"]["epoch"]
    assert world.verdict(row, evidence=False) == ""
    assert "cover rests on statement 1" in world.verdict(row)
    assert world.verdict(row, beside=[first]) == ""


def there_for_a_day(world: World, reserves: dict[str, int]) -> None:
    """Statements of the day before, as they were noted."""
    rows = [{"symbol": name, "ratio": "", "reserves": str(one)} for name, one in reserves.items()]
    now = world.bed.clock.wall_ms()
    times = range(now - 25 * HOUR_MS, now, 10 * 60_000)
    noted = Lows(world.folder / keys.FOLDER / "lows.json")
    said: dict[str, Any] = {"epoch": 0, "assets": rows, "reserves": {"chains": []}}
    noted.take({**said, "ts": ts} for ts in times)
    noted.keep()
    world.worker._lows = noted


def others_payments_are_refused(world: World, row: dict[str, Any], hot: Place) -> None:
    """With its evidence a node is asked who paid, and how much."""
    at, told = f"{NUMBER}={world.anvil.process.url}", verify.check_bundle(row)
    name = row["statement"]["reserves"]["evidence"]
    file = world.folder / f"reserves/public/evidence/{name}.json"
    evidence = [verify.load(file.read_bytes())]
    verify.check_node(at, told, evidence)
    (payment,) = row["statement"]["leaving"]
    kept = dict(payment)
    payment["amount"] = str(COIN + 1)
    with pytest.raises(verify.Refused, match="paid less ETH than that"):
        verify.check_node(at, told, evidence)
    strangers = world.anvil.pay_somebody()[2:]
    height = int(world.anvil.node.call("eth_blockNumber"), 16)
    payment |= {**kept, "txid": strangers, "height": height}
    with pytest.raises(verify.Refused, match="no address of the exchange"):
        verify.check_node(at, told, evidence)
    payment |= kept


def keep_payment(world: World, number: int, txid: bytes) -> None:
    """What a payer keeps of a transaction that it gave to a node."""
    store = Store(world.folder / PAYER_STORE)
    lane, to = b"\7" * 20, b"\x08" * 20
    body = Body(CHAIN_ID, lane, 0, to, 1, b"", 21_000, 1, 1)
    plan = Plan(NUMBER, (number,), b"\1" * 32, msgspec.json.encode(body), 0)
    store.change(store.keep_plan(plan), Attempt(txid, b""))
    store.close()


SHORT = (suspensions.Trigger.RESERVE_SHORTFALL, suspensions.Reason.RESERVE_SHORTFALL)


async def test_lending_is_measured_by_what_was_shown(world: World) -> None:
    """200 BTC are there and owed; then one more is there. Criterion: POR-GUARD-1"""
    assert await code_of(world, lend(BTC, 1)) == NOT_LENT
    await world.publish()
    state = reserve(world, BTC)
    assert c.amount_int(state.liquid) == c.amount_int(state.demand) == 200 * COIN
    assert await code_of(world, lend(BTC, 1)) == NOT_LENT
    world.anvil.give(world.keys.held[1], 1, btc=1)
    await world.publish()
    assert await code_of(world, lend(BTC, COIN + 1)) == NOT_LENT
    assert await code_of(world, lend(BTC, COIN)) == 0
    assert not stopped(world)
    advance(world, 6 * MINUTE_MS)
    assert await code_of(world, lend(ETHER, 1)) == NOT_LENT


async def test_a_loss_in_the_ledger_stops_withdrawals_at_once(world: World) -> None:
    """The house pays one unit that it does not have. Criterion: POR-GUARD-2"""
    await world.publish()
    await world.worker.guarding.look()
    assert not stopped(world)
    await world.pay(BTC, 1)
    await world.caught_up()
    for _ in range(2):
        await world.worker.guarding.look()
        assert stopped(world) == [(*SHORT, BTC)]
    assert reserve(world, BTC).is_short
    world.anvil.give(world.keys.held[1], 1, btc=1)
    await world.publish()
    assert not reserve(world, BTC).is_short


async def test_coins_that_are_gone_stop_withdrawals_when_it_is_confirmed(world: World) -> None:
    """5 ETH are owed and there, then 4 are there. Criterion: POR-GUARD-2"""
    await world.pay(ETHER, 5 * COIN)
    await world.publish()
    world.anvil.give(world.keys.held[0], 4)
    await world.publish()
    assert reserve(world, ETHER).is_short
    await world.worker.guarding.look()
    assert not stopped(world)
    await world.publish()
    assert stopped(world) == [(*SHORT, ETHER)]


async def test_what_cannot_be_read_is_not_lent_and_not_stopped(world: World) -> None:
    """Two nodes do not agree. Criterion: POR-GUARD-3"""
    other = Anvil()
    await other.ready()
    try:
        other.node.call("anvil_mine", "0x20")
        world.anvil.serve(world.folder, other.process.url)
        for _ in range(3):
            await world.publish()
            advance(world, MINUTE_MS)
        assert reserve(world, BTC).expires_ms == 0
        assert await code_of(world, lend(BTC, 1)) == NOT_LENT
        assert not stopped(world)
    finally:
        other.close()


async def test_what_nobody_signs_for_is_not_lent_and_not_stopped(world: World) -> None:
    """Coins whose signers are away are not shown, and are not gone. Criterion: POR-GUARD-3"""
    world.keys.silent = True
    for _ in range(3):
        row = await world.publish()
        assert not row["statement"]["reserves"]["chains"] or world.verdict(row)
        advance(world, MINUTE_MS)
    assert reserve(world, BTC).expires_ms == 0
    world.keys.silent = False
    await world.publish()
    told_ms = reserve(world, BTC).expires_ms
    world.keys.silent = True
    advance(world, 25 * HOUR_MS)
    for _ in range(3):
        await world.publish()
    assert reserve(world, BTC).expires_ms == told_ms
    assert await code_of(world, lend(BTC, 1)) == NOT_LENT
    assert not stopped(world)


async def test_a_withdrawal_on_its_way_stops_nothing_where_there_is_no_buffer(
    world: World,
) -> None:
    """5 ETH are owed and there. One leaves: it is on its way until it is final, then paid; after
    that one more that is gone is a loss, and is stopped. Criterion: POR-GUARD-4
    """
    await world.pay(ETHER, 5 * COIN)
    house = House(await world.bed.door(9))
    number = await asked_for(world, house)
    bound = (wire.Decide(number, WithdrawalState.APPROVED), wire.Bound(number, b"\1" * 32))
    assert await house.report(wire.WITHDRAWALS, *bound) == [0, 0]
    await world.publish()
    world.anvil.give(world.keys.held[0], 4)
    for _ in range(4):
        await world.publish()
        await world.worker.guarding.look()
    assert reserve(world, ETHER).is_short
    assert not stopped(world)
    assert await code_of(world, lend(ETHER, 1)) == NOT_LENT
    name, nothing = b"\2" * 32, c.amount_bytes(0)
    steps = (
        wire.Broadcast(number, name, nothing),
        wire.Included(number, name, 1),
        wire.Paid(number, name, 1, nothing),
    )
    assert await house.report(wire.WITHDRAWALS, *steps) == [0, 0, 0]
    for _ in range(3):
        await world.caught_up()
        await world.worker.guarding.look()
        await world.publish()
    assert not reserve(world, ETHER).is_short
    assert not stopped(world)
    world.anvil.give(world.keys.held[0], 3)
    for _ in range(3):
        await world.publish()
    assert stopped(world) == [(*SHORT, ETHER)]

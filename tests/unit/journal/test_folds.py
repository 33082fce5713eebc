"""Goal: a product in Python is part of the one log: same bytes on replay, money exactly once.

Method: the points fold with a real campaign, on a real exchange; then replays, splits, crashes and
a fold that changed its mind.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve.door.protocol import Door, Refused, Result
from fullreserve.exchange import chart
from fullreserve.exchange.folds import Moment, Outcome, View
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.points import (
    BUDGET_SPENT,
    NOT_ALLOWED,
    NOTHING_TO_CLAIM,
    Bonus,
    Claim,
    Points,
)
from fullreserve.exchange.wire.commands import (
    AccountKey,
    ActivateRules,
    AnyCommand,
    Group,
    Leg,
    Posting,
    Product,
    Side,
    amount_int,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.events import AnyEvent, Order, Reply
from fullreserve.exchange.wire.queries import AccountState, ListBalances, ListOpenOrders
from fullreserve.journal.errors import Diverged
from fullreserve.journal.replay import recover
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import ALICE, BOB, START_MS, USDT, Bed, order, place, submit, until
from tests.unit.journal.points_campaign import (
    BONUS,
    BUDGET,
    CAMPAIGN_KIND,
    MILESTONE,
    REWARD,
    UNIT,
    product,
    start,
    start_campaign,
)


async def campaign_bed(folder: Path, points: Points) -> tuple[Bed, Door]:
    """An exchange with a funded campaign that runs."""
    bed = await Bed.open(folder, folds=[points])
    door = await bed.door()
    await start_campaign(door)
    return bed, door


async def run(door: Door, commands: Sequence[AnyCommand]) -> list[int]:
    replies = await submit(door, commands)
    assert not isinstance(replies, Refused)
    return [reply.code for reply in replies]


async def trade(door: Door, size: int) -> None:
    await place(door, BOB, Side.SELL, 400_000, size)
    await place(door, ALICE, Side.BUY, 400_000, size)


async def balance(door: Door, owner: int, kind: int) -> int:
    states: list[AccountState] = await door.query(ListBalances(owner=owner))
    return sum(amount_int(one.balance) for one in states if (one.kind, one.asset) == (kind, USDT))


def commands_of(bed: Bed) -> list[AnyCommand]:
    return [command for entry in bed.journal.read() for command in decode_batch(entry.commands)]


async def test_a_claim_posts_its_reward_in_the_row_of_the_claim(tmp_path: Path) -> None:
    """Criterion: LOG-2.1"""
    points = Points()
    bed, door = await campaign_bed(tmp_path, points)
    await trade(door, 3 * UNIT)
    later = order(door, ALICE, Side.BUY, 300_000, 1)
    assert await run(door, [product(door, ALICE, Claim()), later]) == [0, 0]
    row = list(bed.journal.read())[-1]
    claim, group, last = decode_batch(row.commands)
    assert isinstance(claim, Product)
    assert isinstance(group, Group)
    assert last == later
    assert group.cause == row.sequence
    assert await balance(door, ALICE, chart.FUND) == 3 * REWARD
    assert await balance(door, chart.HOUSE, CAMPAIGN_KIND) == BUDGET - 3 * REWARD
    await bed.close()


async def test_a_refusal_of_the_fold_reaches_who_asked(tmp_path: Path) -> None:
    """Criterion: LOG-2.1"""
    bed, door = await campaign_bed(tmp_path, Points())
    assert await run(door, [product(door, ALICE, Claim())]) == [NOTHING_TO_CLAIM]
    assert await run(door, [start(door, ALICE)]) == [NOT_ALLOWED]
    assert await run(door, [product(door, ALICE, Bonus())]) == [NOT_ALLOWED]
    await trade(door, 250 * UNIT)
    assert await run(door, [product(door, ALICE, Claim())]) == [BUDGET_SPENT]
    unknown = Product(door.gateway, door.numbers(1), 77, ALICE, b"")
    assert await run(door, [unknown]) == [51000]
    assert await run(door, [Product(1, door.numbers(1), Points.number, ALICE, b"x")]) == [51000]
    await bed.close()


async def test_a_product_command_in_an_odd_encoding_is_one(tmp_path: Path) -> None:
    """Criterion: LOG-2.1. The tag as a longer integer, the array with a longer head."""
    bed, door = await campaign_bed(tmp_path, Points())
    await trade(door, UNIT)
    plain = encode(product(door, ALICE, Claim()))
    odd = [b"\xdc\x00" + bytes((plain[0] & 0x0F,)) + b"\xcc" + plain[1:]]
    replies: list[Result] = []
    bed.sequencer.submit(odd, replies.append)
    await until(lambda: replies)
    assert not isinstance(replies[0], Refused)
    assert [reply.code for reply in replies[0]] == [0]
    assert await balance(door, ALICE, chart.FUND) == REWARD
    await bed.close()


async def test_a_handle_sees_the_state_after_everything_before_it(tmp_path: Path) -> None:
    """Criterion: LOG-2.1. The trade and the claim arrive in one turn."""
    bed, door = await campaign_bed(tmp_path, Points())
    sell = order(door, BOB, Side.SELL, 400_000, UNIT)
    buy = order(door, ALICE, Side.BUY, 400_000, UNIT)
    codes = await run(
        door, [sell, buy, product(door, ALICE, Claim()), product(door, ALICE, Claim())]
    )
    assert codes == [0, 0, 0, NOTHING_TO_CLAIM]
    assert await balance(door, ALICE, chart.FUND) == REWARD
    await bed.close()


async def test_a_repeated_claim_is_answered_and_not_paid_again(tmp_path: Path) -> None:
    """Criterion: LOG-2.6"""
    points = Points()
    bed, door = await campaign_bed(tmp_path, points)
    await trade(door, UNIT)
    claim = product(door, ALICE, Claim())
    assert await run(door, [claim]) == [0]
    await trade(door, UNIT)
    (again,) = await submit(door, [claim])  # type: ignore[misc]
    assert isinstance(again, Reply)
    assert again.duplicate_of != 0
    assert await balance(door, ALICE, chart.FUND) == REWARD
    assert points.state.standings[ALICE].points == 1
    await bed.close()


async def test_an_event_pays_through_a_later_command_with_a_key(tmp_path: Path) -> None:
    """Criterion: LOG-2.4"""
    bed, door = await campaign_bed(tmp_path, Points())
    await trade(door, MILESTONE * UNIT)
    await until(lambda: not bed.sequencer.machine.follow_ups())
    await until(lambda: bed.sequencer.status().durable == bed.sequencer.machine.sequence)
    asked = [
        command for command in commands_of(bed) if isinstance(command, Product) and command.cause
    ]
    assert sorted((command.owner, command.index) for command in asked) == [(ALICE, 1), (BOB, 0)]
    assert len({command.cause for command in asked}) == 1
    for owner in (ALICE, BOB):
        assert await balance(door, owner, chart.FUND) == BONUS
    # The key is used up: the same command again is refused and pays nothing.
    forged = msgspec.structs.replace(asked[0], gateway=door.gateway, number=door.numbers(1))
    assert await run(door, [forged]) == [51000]
    await bed.close()


async def test_a_crash_between_event_and_payment_pays_once(tmp_path: Path) -> None:
    """Criterion: LOG-2.4. The log ends with the trade: what it caused was not logged yet."""
    bed, door = await campaign_bed(tmp_path, Points())
    await trade(door, MILESTONE * UNIT)
    await until(lambda: not bed.sequencer.machine.follow_ups())
    await bed.close()
    journal = SqliteJournal(tmp_path / "journal")
    rows = list(journal.read())
    caused = next(row.sequence for row in rows if _has_follow_up(row.commands))
    journal._active.cut_from(caused)
    journal.close()
    points = Points()
    again = await Bed.open(tmp_path, folds=[points])
    assert len(again.sequencer.machine.follow_ups()) == 2
    await until(lambda: not points.state.outbox)
    await until(lambda: again.sequencer.status().durable == again.sequencer.machine.sequence)
    door = await again.door()
    for owner in (ALICE, BOB):
        assert await balance(door, owner, chart.FUND) == BONUS
    await again.close()


def _has_follow_up(commands: bytes) -> bool:
    return any(isinstance(command, Product) and command.cause for command in decode_batch(commands))


async def busy_log(folder: Path) -> Bed:
    """A log with trades, claims, milestones and refusals."""
    bed, door = await campaign_bed(folder, Points())
    draws = random.Random(7)
    for _ in range(30):
        await trade(door, draws.randrange(1, 3 * UNIT))
        if draws.random() < 0.4:
            await run(door, [product(door, draws.choice((ALICE, BOB)), Claim())])
    await until(lambda: not bed.sequencer.machine.follow_ups())
    await until(lambda: bed.sequencer.status().durable == bed.sequencer.machine.sequence)
    return bed


async def test_balances_replay_without_the_folds(tmp_path: Path) -> None:
    """Criterion: LOG-2.2"""
    bed = await busy_log(tmp_path)
    alone = recover(bed.journal, folds=tuple).replica
    assert alone.machine.core.state_hash() == bed.hash
    beside = recover(bed.journal, folds=lambda: (Points(),)).replica
    assert beside.machine.hashes() == bed.sequencer.machine.hashes()
    await bed.close()


class Generous(Points):
    """The same product after a change that nobody announced."""

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        outcome = super().handle(command, moment, view)
        return outcome._replace(code=0) if outcome.code == NOTHING_TO_CLAIM else outcome


async def test_a_fold_that_decides_otherwise_refuses_the_start(tmp_path: Path) -> None:
    """Criterion: LOG-2.3"""
    bed, door = await campaign_bed(tmp_path, Points())
    assert await run(door, [product(door, ALICE, Claim())]) == [NOTHING_TO_CLAIM]
    at = list(bed.journal.read())[-1].sequence
    with pytest.raises(Diverged) as caught:
        recover(bed.journal, folds=lambda: (Generous(),))
    assert caught.value.sequence == at
    assert str(at) in str(caught.value)
    await bed.close()


class Broken(Points):
    """A fold with a bug."""

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        if command.owner == BOB:
            raise ZeroDivisionError
        return super().handle(command, moment, view)


async def test_a_fold_that_fails_halts_the_exchange_until_it_is_quarantined(
    tmp_path: Path,
) -> None:
    """Criterion: LOG-1.9"""
    bed, door = await campaign_bed(tmp_path, Broken())
    refused = await submit(door, [product(door, BOB, Claim())])
    assert isinstance(refused, Refused)
    at = (await door.health()).halted_at
    await until(lambda: bed.journal.head.sequence == at)
    await bed.close()
    again = await Bed.open(tmp_path, folds=[Broken()])
    assert (await (await again.door()).health()).halted_at == at
    await again.close()
    journal = SqliteJournal(tmp_path / "journal")
    journal.quarantine(at, gateway=0, number=0, time_ms=START_MS)
    journal.close()
    mended = await Bed.open(tmp_path, folds=[Broken()])
    assert (await (await mended.door()).health()).state == "running"
    await mended.close()


class Forgetful(Points):
    """A fold whose outbox cannot be searched."""

    def take_follow_up(self, command: Product) -> bool:
        raise LookupError(command.cause)


async def test_a_follow_up_that_cannot_be_found_halts_the_exchange(tmp_path: Path) -> None:
    """Criterion: LOG-1.9. A restart halts at the same place."""
    bed, door = await campaign_bed(tmp_path, Forgetful())
    asked = msgspec.structs.replace(product(door, BOB, Claim()), cause=1)
    told = await submit(door, [asked])
    assert isinstance(told, Refused)
    assert not told.known
    at = (await door.health()).halted_at
    await until(lambda: bed.journal.head.sequence == at)
    await bed.close()
    again = await Bed.open(tmp_path, folds=[Forgetful()])
    assert (await (await again.door()).health()).halted_at == at
    await again.close()


async def test_events_that_the_folds_cannot_read_halt_the_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-1.4, LOG-1.9. They were applied: nothing of them is refused as malformed."""
    bed, door = await campaign_bed(tmp_path, Points())

    def unreadable(_data: bytes) -> list[AnyEvent]:
        raise msgspec.ValidationError("unknown event")

    before = bed.sequencer.machine.sequence
    with monkeypatch.context() as patched:
        patched.setattr("fullreserve.exchange.machine.decode_events", unreadable)
        told = await submit(door, [order(door, ALICE, Side.BUY, 400_000, 10)])
    assert isinstance(told, Refused)
    assert not told.known
    at = (await door.health()).halted_at
    await until(lambda: bed.journal.head.sequence == at)
    assert at == before + 1
    await bed.close()
    again = await Bed.open(tmp_path, folds=[Points()])
    assert len(await (await again.door()).query(ListOpenOrders(owner=ALICE))) == 1
    await again.close()


class Garbled(Points):
    """A fold whose postings are not of this core's wire."""

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        if command.owner == BOB:
            pool = AccountKey(chart.HOUSE, chart.TREASURY, 0)
            return Outcome(postings=(Posting(1, (Leg(pool, USDT, b"short"),)),))
        return super().handle(command, moment, view)


async def test_what_the_core_cannot_read_never_stands_in_the_log(tmp_path: Path) -> None:
    """Criterion: LOG-1.9, LOG-1.4. The order before the product command was applied: it is kept,
    and the state is that of a log which ends with it.
    """
    bed, door = await campaign_bed(tmp_path / "halts", Garbled())
    told = await submit(
        door, [order(door, ALICE, Side.BUY, 400_000, 10), product(door, BOB, Claim())]
    )
    assert isinstance(told, Refused)
    assert not told.known
    at = (await door.health()).halted_at
    await until(lambda: bed.journal.head.sequence == at)
    await bed.close()
    again = await Bed.open(tmp_path / "halts", folds=[Garbled()])
    assert (await (await again.door()).health()).halted_at == at
    assert len(await (await again.door()).query(ListOpenOrders(owner=ALICE))) == 1
    plain, door = await campaign_bed(tmp_path / "ends", Garbled())
    assert await run(door, [order(door, ALICE, Side.BUY, 400_000, 10)]) == [0]
    assert again.hash == plain.hash
    await plain.close()
    await again.close()


async def test_rules_of_tomorrow_beside_a_product_command_halt_in_words(tmp_path: Path) -> None:
    """Criterion: LOG-1.9"""
    bed, door = await campaign_bed(tmp_path, Points())
    tomorrow = ActivateRules(door.gateway, door.numbers(1), 1_000)
    told = await submit(door, [product(door, BOB, Claim()), tomorrow])
    assert isinstance(told, Refused)
    assert not told.known
    assert (await door.health()).state == "halted"
    await bed.close()


class Witness(Points):
    """Writes down what it is told."""

    number = 2
    name = "witness"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[AnyEvent] = []

    def on_event(self, event: AnyEvent) -> None:
        self.seen.append(event)


@pytest.mark.parametrize("seed", range(5))
async def test_random_splits_give_the_same_state_and_the_same_events(
    tmp_path: Path, seed: int
) -> None:
    """Criterion: LOG-2.5"""
    bed = await busy_log(tmp_path)
    draws = random.Random(seed)
    submitted = [
        (entry.time_ms, encode(command))
        for entry in bed.journal.read()
        for command in decode_batch(entry.commands)
        if not isinstance(command, Group)
    ]
    whole, split = (Machine(folds=(Points(), Witness())) for _ in range(2))
    whole.execute(START_MS, [command for _, command in submitted])
    at = 0
    while at < len(submitted):
        size = draws.randrange(1, 40)
        split.execute(START_MS, [command for _, command in submitted[at : at + size]])
        at += size
    assert whole.hashes() == split.hashes()
    assert whole.core.state_hash() == bed.hash
    seen = [
        fold.seen
        for machine in (whole, split)
        for fold in machine.folds
        if isinstance(fold, Witness)
    ]
    assert seen[0] == seen[1]
    assert any(isinstance(event, Order) for event in seen[0])
    await bed.close()


async def test_fold_states_go_through_snapshots(tmp_path: Path) -> None:
    """Criterion: LOG-8.1"""
    bed = await busy_log(tmp_path)
    (points,) = bed.sequencer.machine.folds
    copy = Points()
    copy.restore(points.encode())
    assert copy.state_hash() == points.state_hash()
    assert copy.state == points.state
    await bed.close()

"""Goal: approvals are exactly what the log says. Method: the fold in a whole exchange.

Random operators propose, approve, reject and dismiss each other; whatever happens, the money that
moved is that of approvals by another member whom they did not favour, and every replay and every
restored snapshot comes to the same state.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve._core import Core
from fullreserve.exchange import chart
from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.approval_acts import Approve, Dismiss, Enrol, Propose
from fullreserve.exchange.products.approval_state import CONSOLE, Proposal, ProposalState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import (
    AnyCommand,
    Group,
    Product,
    Side,
    Tick,
    amount_int,
    batch,
    decode_batch,
    encode,
)
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.journal.entry import Entry
from fullreserve.journal.replay import recover
from fullreserve.journal.replica import Replica
from fullreserve.journal.snapshots import read_snapshot, write_snapshot
from tests.bed import ALICE, BOB, USDT, Bed, order, submit
from tests.unit.journal.approvals_log import OPERATORS, ask, correct, opening, random_asks

RUNS = 120
SEEDS = (1, 2, 3)
PRIME, SECOND, THIRD = OPERATORS[1:]


async def working(folder: Path, seed: int, runs: int = RUNS) -> Bed:
    """An exchange on which operators have worked for a while."""
    draws = random.Random(seed)
    bed = await Bed.open(folder, folds=[Approvals()])
    door = await bed.door()
    await submit(door, opening(door.numbers(3)))
    fold = bed.sequencer.machine.folds[0]
    for _ in range(runs):
        commands = random_asks(draws, door.numbers(8), list(fold.state.proposals))
        await submit(door, commands)
        bed.clock.advance(draws.randrange(0, 40_000))  # type: ignore[attr-defined]
    return bed


def hashes(machine: Machine) -> dict[str, bytes]:
    return {one.name: one.hash for one in machine.hashes()}


def balance(machine: Machine, owner: int, asset: int) -> int:
    held: list[AccountState] = machine.query(ListBalances(owner))
    return sum(
        amount_int(one.balance) for one in held if (one.kind, one.asset) == (chart.TRADE, asset)
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_random_operators_never_decide_alone(tmp_path: Path, seed: int) -> None:
    """Criterion: OP-APP-1, OP-APP-3, OP-APP-10"""
    bed = await working(tmp_path, seed)
    proposals: list[Proposal] = list(bed.folds[0].state.proposals.values())
    states = {one.state for one in proposals}
    assert {ProposalState.DONE, ProposalState.REJECTED, ProposalState.EXPIRED} <= states
    for one in proposals:
        members = [given.member for given in one.approvals]
        assert one.proposer not in members
        assert not {one.proposer, *members} & {*one.beneficiaries}
        assert len(members) == len({*members})
        assert (one.state is ProposalState.DONE) <= bool(members)
        assert (one.code != 0) == (one.state is ProposalState.FAILED)
    await bed.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_money_moved_is_what_was_approved(tmp_path: Path, seed: int) -> None:
    """Criterion: OP-APP-10. The balance is the opening and the corrections and busts done."""
    bed = await working(tmp_path, seed)
    machine = bed.sequencer.machine
    for owner, asset, opened in ((ALICE, USDT, 10**14), (BOB, USDT, 10**14)):
        expected = opened
        for one in bed.folds[0].state.proposals.values():
            if one.state is not ProposalState.DONE:
                continue
            act = one.act
            for account, of, change in _moves(act):
                if (account, of) == (owner, asset):
                    expected += change
        assert balance(machine, owner, asset) == expected
    await bed.close()


def _moves(act: Any) -> list[tuple[int, int, int]]:
    if hasattr(act, "legs"):
        return [(leg.account.owner, leg.asset, amount_int(leg.change)) for leg in act.legs]
    if hasattr(act, "amount"):
        return [(act.account.owner, act.asset, amount_int(act.amount))]
    return []


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_replay_and_every_snapshot_is_the_same(tmp_path: Path, seed: int) -> None:
    """Criterion: OP-APP-12. Restored behind each row, the rest of the log gives the same state."""
    bed = await working(tmp_path, seed, 40)
    expected = hashes(bed.sequencer.machine)
    entries: list[Entry] = list(bed.journal.read())
    straight = Replica(Machine(folds=(Approvals(),)))
    for at, entry in enumerate(entries):
        straight.apply(entry, checked=True)
        fold = Approvals()
        fold.restore(straight.machine.folds[0].encode())
        core = Core.restore(straight.machine.core.snapshot())
        resumed = Replica(Machine(core, (fold,)), straight.head)
        for following in entries[at + 1 :][:5]:
            resumed.apply(following, checked=True)
        if at + 6 >= len(entries):
            assert hashes(resumed.machine) == expected
    assert hashes(straight.machine) == expected
    assert hashes(recover(bed.journal, folds=lambda: (Approvals(),)).replica.machine) == expected
    await bed.close()


async def test_however_a_log_is_batched_the_fold_is_the_same(tmp_path: Path) -> None:
    """Criterion: OP-APP-12"""
    bed = await working(tmp_path, 9, 40)
    machine = Machine(folds=(Approvals(),))
    for entry in bed.journal.read():
        for command in _asked(entry):
            machine.execute(entry.time_ms, [encode(command)])
    assert hashes(machine) == hashes(bed.sequencer.machine)
    await bed.close()


def _asked(entry: Entry) -> list[AnyCommand]:
    """A row's commands without the groups, which execution makes anew."""
    return [one for one in decode_batch(entry.commands) if not isinstance(one, Group)]


async def test_a_repeated_approval_moves_nothing_again(tmp_path: Path) -> None:
    """Criterion: OP-APP-10. The same submission after a crash, and the same wish under a new one.

    Nothing but the log is left of the first exchange, as after a kill.
    """
    bed = await Bed.open(tmp_path, folds=[Approvals()], durable=True)
    door = await bed.door()
    await submit(door, opening(door.numbers(3)))
    proposed = ask(1, door.numbers(1), PRIME, Propose(correct(BOB, 7), 60_000))
    (reply,) = await submit(door, [proposed])  # type: ignore[misc]
    approve = ask(1, door.numbers(1), SECOND, Approve(reply.sequence))
    (first,) = await submit(door, [approve])  # type: ignore[misc]
    await bed.close()
    again = await Bed.open(tmp_path, folds=[Approvals()], durable=True)
    door = await again.door()
    (second,) = await submit(door, [approve])  # type: ignore[misc]
    assert (first.code, second.code, second.duplicate_of) == (0, 0, first.sequence)
    (third,) = await submit(  # type: ignore[misc]
        door, [msgspec.structs.replace(approve, number=door.numbers(1))]
    )
    assert third.code == 91004
    assert balance(again.sequencer.machine, BOB, USDT) == 10**14 + 7
    await again.close()


async def test_who_was_dismissed_does_not_count_any_more(tmp_path: Path) -> None:
    """Criterion: OP-APP-10"""
    bed = await working(tmp_path, 4, 0)
    door = await bed.door(2)
    fold = bed.folds[0]
    fold.state.groups[CONSOLE].threshold = 2
    enrolled = ask(2, door.numbers(1), chart.HOUSE, Enrol(CONSOLE, THIRD))
    proposed = ask(2, door.numbers(1), PRIME, Propose(correct(BOB, 7), 600_000))
    (_, made) = await submit(door, [enrolled, proposed])  # type: ignore[misc]
    approve = Approve(made.sequence)
    for who, asked in ((SECOND, approve), (PRIME, Dismiss(CONSOLE, SECOND)), (THIRD, approve)):
        (reply,) = await submit(door, [ask(2, door.numbers(1), who, asked)])  # type: ignore[misc]
        assert reply.code == 0
    assert fold.state.proposals[made.sequence].state is ProposalState.OPEN
    assert balance(bed.sequencer.machine, BOB, USDT) == 10**14
    await bed.close()


async def test_rows_without_products_go_through_the_core_alone(tmp_path: Path) -> None:
    """Criterion: OP-APP-13. A fold that would fail on whatever it sees sees nothing."""

    class Untouchable(Approvals):
        def handle(self, *_: Any) -> Any:
            raise AssertionError("a row without product commands reached the fold")

        on_event = settled = handle  # type: ignore[assignment]

    bed = await Bed.open(tmp_path, folds=[Untouchable()])
    door = await bed.door()
    await submit(door, [order(door, ALICE, Side.BUY, 10_000, 100) for _ in range(20)])
    fold = Untouchable()
    replica = recover(bed.journal, folds=lambda: (fold,)).replica
    assert replica.machine.core.state_hash() == bed.hash
    # An unusual spelling of a product command's tag is looked at all the same.
    plain = encode(Product(1, 1, Approvals.number, PRIME, b"\xc1"))
    odd = plain[:1] + b"\xcc" + plain[1:]
    row = batch([encode(Tick(0, 0)), odd, _refusal(2)])
    machine = Machine(folds=(Approvals(),))
    machine.replay(1, 1_000, row)
    assert machine.sequence == 3
    await bed.close()


def _refusal(cause: int) -> bytes:
    return encode(Group(0, 0, cause, 51000, (), ()))


async def test_a_snapshot_from_before_the_fold_is_taken(tmp_path: Path) -> None:
    """Criterion: OP-APP-13"""
    bed = await Bed.open(tmp_path)
    old = recover(bed.journal, folds=tuple).replica
    place = write_snapshot(old, tmp_path / "snapshots")
    await bed.close()
    replica = read_snapshot(place, (Approvals(),))
    assert [fold.name for fold in replica.machine.folds] == ["approvals"]
    again = await Bed.open(tmp_path, folds=[Approvals()])
    assert again.recovered.snapshot == old.sequence
    door = await again.door()
    await submit(door, opening(door.numbers(3)))
    replayed = recover(again.journal, folds=lambda: (Approvals(),)).replica.machine
    assert hashes(replayed) == hashes(again.sequencer.machine)
    await again.close()

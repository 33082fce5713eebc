"""Goal: whether signers are there is measured, not asserted, and what it comes to is done.

Method: signers on their sockets beside an exchange, challenged by the worker at a clock of the
test's; signers fall silent, answer with another's key, and are too few.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.clock import ManualClock
from fullreserve.custody import holders
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.left import leave
from fullreserve.custody.networks import Network
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.presence import Presence
from fullreserve.custody.quorum import Quorum as PayersQuorum
from fullreserve.custody.rounds import AGAIN_MS, ANSWER_MS
from fullreserve.custody.signer import Signer
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.liveness import (
    LIVENESS,
    SIGNING,
    Colour,
    Define,
    ListQuorums,
    ListRounds,
    ListStandings,
    QuorumState,
    Rounded,
    Standing,
)
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role
from fullreserve.exchange.products.suspension_state import Step, Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    Mode,
    Reason,
    Scope,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import gone_name
from tests.bed import BTC
from tests.integration.custody.withdrawing import COIN, NOTHING, Withdrawing

PERIOD_MS = 1_000
LASTS_MS = 3_000
CHAIN = 1
HOT = Quorum(7, Role.HOT, 2, (Holder(1), Holder(2), Holder(3)), PERIOD_MS)


def secrets(name: str) -> dict[str, bytes]:
    """What a signer's file holds: a lane that all have, and a part of its own."""
    return {"lane-0": bytes([7] * 32), "branch/2": name.encode().ljust(64, b".")}


class Guarded:
    """An exchange with a quorum of three signers; each may be ended and started again."""

    def __init__(self, folder: Path, exchange: Withdrawing) -> None:
        self.folder = folder
        self.exchange = exchange
        self.signers: dict[str, asyncio.Server] = {}
        self.worker = self.started()

    def started(self) -> Presence:
        """A worker that was just started."""
        clock = self.exchange.bed.clock
        return Presence(self.folder, self.exchange.house, clock, 0, LASTS_MS)

    @classmethod
    async def open(cls, folder: Path) -> Guarded:
        line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
        network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
        made = cls(folder, await Withdrawing.open(folder, network))
        await made.exchange.say(Define(HOT), chart.HOUSE, LIVENESS)
        known = []
        for person, name in enumerate(("one", "two", "three"), 1):
            key = holders.key_of(secrets(name)).public_key.format().hex()
            known.append(holders.Holder(person, f"signer-{name}.sock", key))
            await made.serve(name)
        holders.keep(folder, [holders.Online(HOT.number, tuple(known))])
        return made

    async def serve(self, name: str, key: PrivateKey | None = None) -> None:
        intents: Any = None  # it is asked for no withdrawal, and no move
        signer = Signer({}, intents, key or holders.key_of(secrets(name)), intents, intents)
        path = self.folder / f"signer-{name}.sock"
        path.unlink(missing_ok=True)
        self.signers[name] = await asyncio.start_unix_server(signer.serve, str(path))

    async def gone(self, name: str) -> None:
        self.signers[name].close()
        await self.signers[name].wait_closed()

    async def pass_time(self, periods: int) -> Standing:
        """The worker looks in each of them; the quorum's standing at the end."""
        clock = self.exchange.bed.clock
        assert isinstance(clock, ManualClock)
        for _ in range(periods):
            clock.advance(PERIOD_MS)
            await self.worker.round()
        question = ListStandings(clock.exchange_ms())
        (found,) = await self.exchange.house.ask(LIVENESS, question)
        assert isinstance(found, Standing)
        return found

    async def state(self) -> QuorumState:
        (found,) = await self.exchange.house.ask(LIVENESS, ListQuorums())
        assert isinstance(found, QuorumState)
        return found

    def suspensions(self) -> list[Any]:
        folds = self.exchange.bed.folds
        table = next(fold.state for fold in folds if fold.number == SUSPENSIONS).suspensions
        return list(table.values())

    async def close(self) -> None:
        for one in self.signers.values():
            one.close()
        await self.exchange.close()


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    made = await Guarded.open(tmp_path)
    yield made
    await made.close()


async def test_signers_are_challenged_on_schedule(guarded: Guarded) -> None:
    """Criterion: LIVE-12. A fresh challenge each period, also by a worker that was just started."""
    seen = []
    for _ in range(4):
        standing = await guarded.pass_time(1)
        assert (standing.colour, standing.margin, standing.missing) == (Colour.GREEN, 1, ())
        state = await guarded.state()
        seen.append(state.challenge)
        assert sorted(state.answers) == [1, 2, 3]
        assert min(state.answers.values()) >= state.asked_ms
        guarded.worker = guarded.started()
        await guarded.worker.round()
        assert await guarded.state() == state  # nothing is due
    assert len(set(seen)) == len(seen)


async def test_one_that_is_silent_is_red_and_stops_nothing(guarded: Guarded) -> None:
    """Criterion: LIVE-13. E1.5: and it is green again once it answers."""
    await guarded.pass_time(1)
    await guarded.gone("three")
    standing = await guarded.pass_time(4)
    assert (standing.colour, standing.margin) == (Colour.RED, 0)
    assert [one.person for one in standing.missing] == [3]
    assert guarded.suspensions() == []
    await guarded.serve("three", PrivateKey(b"\x09" * 32))  # another's key is no answer
    assert (await guarded.pass_time(1)).colour == Colour.RED
    await guarded.gone("three")
    await guarded.serve("three")
    assert (await guarded.pass_time(1)).colour == Colour.GREEN


async def test_too_few_suspend_withdrawals(guarded: Guarded) -> None:
    """Criterion: LIVE-14. Once it lasts; once; and what is asked for then is queued."""
    await guarded.pass_time(1)
    for name in ("one", "three"):
        await guarded.gone(name)
    standing = await guarded.pass_time(3)
    assert standing.colour == Colour.BLACK
    assert guarded.suspensions() == []
    await guarded.pass_time(1 + LASTS_MS // PERIOD_MS)
    (one,) = guarded.suspensions()
    assert (one.state, one.terms.reason) == (
        SuspensionState.ACTIVE, Reason.KEY_HOLDER_UNREACHABLE,
    )  # fmt: skip
    number = await guarded.exchange.ask(CHAIN, BTC, COIN, "addr")
    assert (await guarded.exchange.found(number)).state == 0
    await guarded.pass_time(3)
    assert len(guarded.suspensions()) == 1
    # Holders that are back lift nothing by themselves.
    await guarded.serve("one")
    assert (await guarded.pass_time(1)).colour == Colour.RED
    assert guarded.suspensions()[0].state == SuspensionState.ACTIVE


@pytest.mark.parametrize("gone", [0, 1, 2, 3])
@pytest.mark.parametrize("role", SIGNING)
async def test_black_stops_what_needs_the_tier_alone(
    guarded: Guarded, role: Role, gone: int
) -> None:
    """Hot signs every withdrawal; without warm or cold it pays on. Criterion: LIVE-23."""
    names = ("ann", "bob", "cyd", "dee")
    tier = Quorum(8, role, 2, tuple(Holder(4 + n) for n in range(len(names))), PERIOD_MS)
    await guarded.exchange.say(Define(tier), chart.HOUSE, LIVENESS)
    known = []
    for one, name in zip(tier.holders, names, strict=True):
        key = holders.key_of(secrets(name)).public_key.format().hex()
        known.append(holders.Holder(one.person, f"signer-{name}.sock", key))
        await guarded.serve(name)
    online = [*holders.load(guarded.folder), holders.Online(tier.number, tuple(known))]
    holders.keep(guarded.folder, online)
    clock = guarded.exchange.bed.clock
    assert isinstance(clock, ManualClock)
    for number in range(4 + LASTS_MS // PERIOD_MS):
        clock.advance(PERIOD_MS)
        await guarded.worker.round()
        for name in names[:gone] if not number else ():
            await guarded.gone(name)
    question = ListStandings(clock.exchange_ms())
    measured = await guarded.exchange.house.ask(LIVENESS, question)
    colour = [Colour.GREEN, Colour.AMBER, Colour.RED, Colour.BLACK][gone]
    assert [one.colour for one in measured] == [Colour.GREEN, colour]
    is_stopped = (role, colour) == (Role.HOT, Colour.BLACK)
    assert [one.terms.scope.level for one in guarded.suspensions()] == [Level.GLOBAL] * is_stopped
    number = await guarded.exchange.ask(CHAIN, BTC, 1_000, "addr")
    state = WithdrawalState.QUEUED if is_stopped else WithdrawalState.WAITING
    assert (await guarded.exchange.found(number)).state == state


async def test_signers_that_come_up_late_stop_nothing(guarded: Guarded) -> None:
    """Criterion: LIVE-14. After a night without the exchange, everybody's silence is its own."""
    for name in ("one", "two", "three"):
        await guarded.gone(name)
    clock = guarded.exchange.bed.clock
    guarded.worker = Presence(guarded.folder, guarded.exchange.house, clock, 60_000, LASTS_MS)
    assert (await guarded.pass_time(10)).colour == Colour.BLACK
    for name in ("one", "two", "three"):
        await guarded.serve(name)
    assert (await guarded.pass_time(1)).colour == Colour.GREEN
    assert guarded.suspensions() == []


def stop(guarded: Guarded, state: SuspensionState, *steps: SuspensionState) -> Suspension:
    """A stop of all withdrawals as its fold has it, in a state of its way back."""
    sequence = guarded.exchange.bed.sequencer.machine.sequence
    history = tuple(
        Step(one, 5, 1, sequence - at) for at, one in reversed(list(enumerate((state, *steps))))
    )
    terms = Terms(Action.WITHDRAW, Scope(Level.GLOBAL), Mode.QUEUE, Reason.SECURITY_INCIDENT)
    made = Suspension(sequence, terms, state, 5, 1, 1, sequence, planned_ms=1, history=history)
    folds = guarded.exchange.bed.folds
    table = next(fold.state for fold in folds if fold.number == SUSPENSIONS).suspensions
    table[made.number] = made
    return made


async def rounds(guarded: Guarded) -> Rounded:
    (found,) = await guarded.exchange.house.ask(LIVENESS, ListRounds())
    assert isinstance(found, Rounded)
    return found


async def test_a_gate_has_a_round_of_its_own(guarded: Guarded) -> None:
    """Criterion: LIVE-17. Once its gates are opened, fresh, before it is anybody's turn."""
    await guarded.pass_time(1)
    planned = stop(guarded, SuspensionState.REOPEN_PLANNED)
    await guarded.worker.round()
    assert (await rounds(guarded)).suspensions == ()
    before = await guarded.state()
    opened = stop(guarded, SuspensionState.GATE_CHECK, SuspensionState.REOPEN_PLANNED)
    await guarded.worker.round()
    put = await rounds(guarded)
    assert (put.suspensions, put.answered) == ((opened.number,), 3)
    assert put.asked > opened.history[-1].sequence
    assert planned.number != opened.number
    assert put.digest == (await guarded.state()).challenge != before.challenge
    await guarded.worker.round()
    assert (await rounds(guarded)) == put
    # In turn the gate keeps its round.
    await guarded.pass_time(2)
    assert (await rounds(guarded)).suspensions == (opened.number,)


async def test_while_withdrawals_are_stopped_silence_is_known_at_once(guarded: Guarded) -> None:
    """Criterion: LIVE-18. In the time of an answer, where it takes two periods else."""
    slow = msgspec.structs.replace(HOT, period_ms=300_000)
    await guarded.exchange.say(Define(slow), chart.HOUSE, LIVENESS)
    clock = guarded.exchange.bed.clock
    assert isinstance(clock, ManualClock)

    async def margin() -> int:
        await guarded.worker.round()
        (found,) = await guarded.exchange.house.ask(LIVENESS, ListStandings(clock.exchange_ms()))
        return int(found.margin)

    assert await margin() == 1
    for name in ("one", "three"):
        await guarded.gone(name)
    clock.advance(ANSWER_MS + 1)
    assert await margin() == 1  # nobody has a reason to ask
    stop(guarded, SuspensionState.ACTIVE)
    assert await margin() == 1
    clock.advance(ANSWER_MS + 1)
    assert await margin() == -1
    await guarded.serve("one")
    clock.advance(AGAIN_MS)
    assert await margin() == 0


async def test_what_a_payer_sees_is_asked_at_once(guarded: Guarded) -> None:
    """Criterion: LIVE-18. Once for what it saw, and again while somebody is silent."""
    slow = msgspec.structs.replace(HOT, period_ms=300_000)
    await guarded.exchange.say(Define(slow), chart.HOUSE, LIVENESS)
    clock = guarded.exchange.bed.clock
    assert isinstance(clock, ManualClock)

    async def asked() -> int:
        await guarded.worker.round()
        return (await rounds(guarded)).asked

    assert await asked() == 0
    gone = guarded.folder / gone_name(CHAIN)
    gone.write_bytes(b'["signer-two.sock"]')
    first = await asked()
    assert first > 0
    clock.advance(AGAIN_MS)
    assert await asked() == first  # all have answered
    await guarded.gone("two")
    gone.write_bytes(b'["signer-three.sock", "signer-two.sock"]')
    second = await asked()
    assert second > first
    clock.advance(AGAIN_MS)
    assert await asked() > second
    gone.write_bytes(b"[]")
    clock.advance(AGAIN_MS)
    third = await asked()
    clock.advance(AGAIN_MS)
    assert await asked() == third


async def test_the_payer_says_who_is_silent(tmp_path: Path) -> None:
    """Criterion: LIVE-18. By name, in a file, for as long as it lasts."""
    network = Network(
        network=CHAIN, kind="evm", nodes=(), branches=(), decimals={}, coin=BTC, credit_after=1,
        unlock_after=2, signers=("signer-one.sock",),
    )  # fmt: skip
    place = tmp_path / gone_name(CHAIN)
    place.write_bytes(b'["an earlier run\'s"]')
    payers = PayersQuorum(tmp_path, network, lambda _: ())
    assert not place.exists()
    plan = Plan(CHAIN, (5,), b"binding", b"body", 0)
    with pytest.raises(NotSigned):
        payers.sign(plan)
    assert place.read_bytes() == b'["signer-one.sock"]'


def test_what_several_threads_leave_at_once_is_left(tmp_path: Path) -> None:
    """Criterion: LIVE-18. Each writes a file of its own before it takes the place."""
    place, together = tmp_path / gone_name(CHAIN), Barrier(8)

    def leaves(number: int) -> bool:
        together.wait()
        return all(leave(place, [f"signer-{number}"] * 99, "untold") for _ in range(50))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(leaves, range(8)))
    assert [one.name for one in tmp_path.iterdir()] == [place.name]


def test_a_lane_in_two_files_makes_no_two_signers_alike() -> None:
    """Criterion: LIVE-12. And a file that cannot be read is said."""
    assert holders.key_of(secrets("one")).secret == holders.key_of(secrets("one")).secret
    keys = {holders.key_of(secrets(name)).secret for name in ("one", "two")}
    assert len(keys | {holders.key_of({"lane-0": bytes([7] * 32)}).secret}) == 3


def test_a_damaged_file_of_holders_is_said(tmp_path: Path) -> None:
    """Criterion: LIVE-12."""
    assert holders.load(tmp_path) == []
    (tmp_path / holders.FILE).write_text("[{}]")
    with pytest.raises(holders.BadHolders, match="cannot be read"):
        holders.load(tmp_path)

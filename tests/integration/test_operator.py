"""Goal: what an operator does to a running exchange reaches it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fullreserve.app import custody, first_policy
from fullreserve.app.running import PRUNE_EVERY_MS, REQUIRE_LOOK_MS, Running
from fullreserve.app.supervision import Child, Program
from fullreserve.clock import ManualClock
from fullreserve.config import Settings
from fullreserve.door.commands import confirm_time
from fullreserve.door.protocol import Refused
from fullreserve.door.socket_server import SOCKET_NAME, SocketServer
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.risk_rules import Points, RiskTable
from fullreserve.exchange.products.suspension_state import EDITION as SUSPENSIONS_EDITION
from fullreserve.exchange.wire.commands import Side
from fullreserve.identity.api_key import Permission
from fullreserve.identity.desk import Desk
from fullreserve.identity.vault import Vault
from fullreserve.journal.exchange_time import DOWNTIME_MAX_MS
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import write_snapshot
from fullreserve.journal.sqlite import SqliteJournal
from tests.bed import ALICE, START_MS, Bed, order, place, submit, turn, until
from tests.memory_folder import memory_folder


@pytest.fixture
def data() -> Iterator[Path]:
    with memory_folder() as folder:
        yield folder


async def test_a_time_jump_is_confirmed_from_the_command_line(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: LOG-13.5, LOG-6.2"""
    settings = Settings(data=data)
    assert await asyncio.to_thread(confirm_time, settings) == 1
    assert "No exchange answers" in capsys.readouterr().err
    clock = ManualClock(START_MS)
    bed = await Bed.open(data, clock=clock)
    server = await SocketServer.start(bed.sequencer, data / SOCKET_NAME)
    assert await asyncio.to_thread(confirm_time, settings) == 1
    door = await bed.door()
    clock.set_wall(START_MS + 90_000)
    assert isinstance(await submit(door, [order(door, ALICE, Side.BUY, 1, 1)]), Refused)
    assert await asyncio.to_thread(confirm_time, settings) == 0
    assert "90000 ms is confirmed" in capsys.readouterr().out
    assert (await place(door, ALICE, Side.BUY, 1, 1)).code == 0
    await server.close()
    await bed.close()


async def test_a_demo_gives_up_only_what_snapshots_and_projections_do_not_need(
    data: Path,
) -> None:
    """Criterion: LOG-9.3"""
    bed = await Bed.open(data, segment_rows=16)
    door = await bed.door()
    for _ in range(60):
        await place(door, ALICE, Side.BUY, 400_000, 1)
    await bed.close()
    journal = SqliteJournal(data / "journal", segment_rows=16, durable=False)
    running = Running(Settings(data=data), ManualClock(START_MS), journal, recover(journal))
    assert running.prune() is None, "no snapshot, no projection"
    write_snapshot(recover(journal).replica, data / "snapshots")
    assert running.prune() is None, "no projection"
    rows = list(journal.read())
    await running.sequencer.report("records", rows[20].sequence, 0)
    assert running.prune() == (1, rows[15].last)
    await running.sequencer.report("records", journal.head.sequence, 0)
    assert running.prune() == (rows[16].sequence, rows[47].last)
    await running.close()
    journal.close()


async def test_nobody_pays_before_the_policy_is_required(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POL-26. Intake is closed at the start, as the clock is in doubt; then it opens."""
    await (await Bed.open(data)).close()
    clock = ManualClock(START_MS + DOWNTIME_MAX_MS + 1)
    journal = SqliteJournal(data / "journal", durable=False)
    running = Running(Settings(data=data), clock, journal, recover(journal))
    running._custody = custody.Custody(payers=(Program("a payer"),))
    found: list[tuple[str, bool]] = []

    async def start_child(program: str | Program) -> Child:
        child = Child(program, {}, clock)
        withdrawals = next(
            fold for fold in running.sequencer.machine.folds if fold.number == WITHDRAWALS
        )
        found.append((child.module, withdrawals.state.asks_policy))
        return child

    monkeypatch.setattr(running, "_start_child", start_child)
    assert running.sequencer.status().state == "time_jump"
    assert not await running._require_policy()
    paying = asyncio.create_task(running._pay_once_required())
    for _ in range(3):
        clock.advance(REQUIRE_LOOK_MS)
        await turn()
    assert not found
    assert await running.sequencer.confirm_time()
    with capture_logs() as told:
        async with asyncio.timeout(30):
            while not paying.done():
                clock.advance(REQUIRE_LOOK_MS)
                await asyncio.sleep(0)
        await paying
    assert found == [("a payer", True)]
    (said,) = [one["event"] for one in told if "hot holders" in one["event"]]
    assert "could not be reopened" in said
    assert first_policy.commands(running.sequencer.machine.folds, None) == []
    await running.close()
    journal.close()


async def test_suspensions_learn_their_newest_rules_where_no_network_is_served(
    data: Path,
) -> None:
    """Criterion: SUS-RULES-1. Once, and nothing else; a stop there hangs on it alone."""
    await (await Bed.open(data)).close()
    for is_first in (True, False):
        journal = SqliteJournal(data / "journal", durable=False)
        running = Running(Settings(data=data), ManualClock(START_MS), journal, recover(journal))
        folds = {one.name: one.state for one in running.sequencer.machine.folds}
        before = running.sequencer.machine.sequence
        assert (folds["suspensions"].edition == 0) == is_first
        assert await running._require_policy()
        assert folds["suspensions"].edition == SUSPENSIONS_EDITION
        assert not folds["withdrawals"].asks_policy
        assert (running.sequencer.machine.sequence > before) == is_first
        await running.close()
        journal.close()


async def test_an_edited_file_of_risks_changes_nothing_and_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Criterion: RISK-14. The first start takes the file; later ones say in what it differs."""
    await (await Bed.open(data)).close()
    first, edited = (RiskTable(Points(by_api=points)) for points in (9, 0))
    for table, holds, told in ((first, first, False), (edited, first, True), (None, first, False)):
        journal = SqliteJournal(data / "journal", durable=False)
        running = Running(Settings(data=data), ManualClock(START_MS), journal, recover(journal))
        running._custody = custody.Custody(payers=(Program("a payer"),), risk=table)
        assert await running._require_policy()
        running._say_of_risk_file()
        assert first_policy.table_of(running.sequencer.machine.folds) == holds
        # Where another test has set the log up, it goes by the standard library.
        said = capsys.readouterr().out + caplog.text
        caplog.clear()
        assert ("custody-risk.toml differs" in said) == told
        assert ("points.by_api: 0 in the file, 9 in the log" in said) == told
        await running.close()
        journal.close()


async def test_pruning_that_fails_is_tried_again(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: LOG-9.3. The first time fails, as on a full disk."""
    bed = await Bed.open(data)
    await bed.close()
    clock = ManualClock(START_MS)
    journal = SqliteJournal(data / "journal", durable=False)
    running = Running(Settings(data=data), clock, journal, recover(journal))
    calls: list[int] = []

    def prune() -> None:
        calls.append(clock.wall_ms())
        if len(calls) == 1:
            raise OSError("disk full")

    monkeypatch.setattr(running, "prune", prune)
    pruning = asyncio.create_task(running._prune_regularly())
    with capture_logs() as logs:
        await turn()
        clock.advance(PRUNE_EVERY_MS)
        await until(lambda: logs or pruning.done())
        clock.advance(PRUNE_EVERY_MS)
        await until(lambda: len(calls) == 2 or pruning.done())
    assert calls == [START_MS + PRUNE_EVERY_MS, START_MS + 2 * PRUNE_EVERY_MS]
    pruning.cancel()
    await running.close()
    journal.close()


async def test_the_last_use_of_keys_is_stored_about_once_a_minute(data: Path) -> None:
    """Criterion: ID-5"""
    await (await Bed.open(data)).close()
    clock = ManualClock(START_MS)
    journal = SqliteJournal(data / "journal", durable=False)
    running = Running(Settings(data=data), clock, journal, recover(journal))
    running.vault = Vault(data, clock.wall_ms)
    made = running.vault.create_key(running.vault.create_user().uid, "p", Permission.TRADE)
    key = running.vault.api_key(made.key.encode())
    assert key is not None
    key.used_ms = START_MS + 7
    running.desk = Desk(running.vault)
    storing = asyncio.create_task(running._keep_identity())
    with closing(sqlite3.connect(data / "identity.db")) as stored:
        used = partial(stored.execute, "SELECT used_ms FROM api_keys")
        await turn()
        assert used().fetchall() == [(0,)]
        clock.advance(60_000)
        await until(lambda: used().fetchall() == [(START_MS + 7,)])
    storing.cancel()
    running.vault.close()
    await running.close()
    journal.close()

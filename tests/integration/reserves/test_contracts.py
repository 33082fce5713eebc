"""Goal: which contracts count is in each statement, and a change of one is told by all that follow.

Method: a real chain on which a token moves to another contract; the process of statements is
started anew between; the published files are read by the stand-alone verifier.
"""

from __future__ import annotations

from typing import Any

from fullreserve.clock import ManualClock
from fullreserve.config import Settings
from fullreserve.reserves.audit import audit
from tests.bed import USDT
from tests.integration.reserves.world import MINUTE_MS, World, advance, asset_row
from verifier import verify


def usdt_of(row: dict[str, Any]) -> dict[str, Any]:
    (chain,) = row["statement"]["reserves"]["chains"]
    found: dict[str, Any] = next(one for one in chain["tokens"] if one["symbol"] == "USDT")
    return found


def told(row: dict[str, Any]) -> list[str]:
    said: list[str] = []
    verify.told(verify.check_bundle(row), said.append, 0)
    return said


async def test_a_change_of_contract_is_in_the_open(world: World) -> None:
    """From its first statement on, over restarts. Criterion: POR-PIT-18"""
    first = await world.publish()
    old = world.anvil.tokens.pop(USDT)
    assert usdt_of(first) == {
        "symbol": "USDT",
        "contract": old.removeprefix("0x"),
        "decimals": 8,
    }
    assert f"  USDT on 1: contract {old.lower()}, 8 decimals" in told(first)
    await world.stop()
    advance(world, MINUTE_MS)
    world.anvil.give(world.keys.held[1], 1, usdt=2_000_000)
    world.anvil.serve(world.folder)
    await world.start()
    second = await world.publish()
    then = {name: first["statement"][name] for name in ("epoch", "ts")}
    assert usdt_of(second)["contract"] != usdt_of(first)["contract"]
    assert usdt_of(second)["changed"] == then
    assert asset_row(second, "USDT")["ratio"] == "1.0000"
    assert world.verdict(second, beside=[first]) == ""
    assert "  CONTRACT CHANGED: USDT on 1, of which statement 1 counted another" in told(second)
    third = await world.publish()
    assert usdt_of(third)["changed"] == then
    assert world.verdict(third, beside=[first]) == ""


async def test_no_statement_is_of_before_the_one_before_it(world: World) -> None:
    """Of a clock that was set back: verifiers refuse what goes back. Criterion: POR-PIT-19"""
    first = await world.publish()
    await world.stop()
    world.bed.clock = ManualClock(first["statement"]["ts"] - MINUTE_MS)
    await world.start()
    second = await world.publish()
    assert second["statement"]["ts"] == first["statement"]["ts"]
    assert world.verdict(second, beside=[first]) == ""
    world.bed.clock.advance(2 * MINUTE_MS)
    third = await world.publish()
    assert third["statement"]["ts"] == first["statement"]["ts"] + MINUTE_MS
    assert audit(Settings(data=world.folder), 3, None) == 0


async def test_a_statement_of_rare_ones_holds_for_a_day(world: World) -> None:
    """However rarely they are made. Criterion: POR-PIT-19"""
    world.worker._interval_s = 86_400
    row = await world.publish()
    assert row["statement"]["expires"] - row["statement"]["ts"] == verify.EXPIRES_MAX_MS
    assert world.verdict(row) == ""

"""Goal: statements and verifiers turn red when they have to, and only then.

Method: a real exchange on a clock that stands still, a real chain, real keys; the states of a bad
day one after the other. What was published is read by the stand-alone verifier.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.config import Settings
from fullreserve.custody import adapter_files, networks
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.wire import commands as c
from fullreserve.reserves import keys, projection
from fullreserve.reserves.audit import audit
from fullreserve.reserves.desk import Ask
from fullreserve.reserves.evidence import Evidence, Rules
from fullreserve.reserves.places import Place
from fullreserve.reserves.receipt import signed_receipt
from fullreserve.reserves.statement import Shown, hash_of
from fullreserve.reserves.worker import FOUNDING_MS, LOOK_MS
from tests.bed import ALICE, BTC, USDT, submit
from tests.integration.reserves.anvil import NUMBER, Anvil
from tests.integration.reserves.world import HOUR_MS, MINUTE_MS, World, advance, asset_row
from verifier import verify

EXAMPLE = Path(__file__).parents[3] / "examples/adapters/bech32_accounts.py"


async def test_coins_and_tokens_on_a_real_chain_are_shown(world: World) -> None:
    """Two addresses, ether and two tokens, to the unit. Criterion: POR-RESERVES-1"""
    row = await world.publish()
    assert world.verdict(row) == ""
    assert asset_row(row, "BTC")["ratio"] == "1.0000"
    assert asset_row(row, "USDT")["reserves"] == str(2_000_000 * 10**8)
    assert asset_row(row, "ETH")["reserves"] == str(5 * 10**8)
    name = row["statement"]["reserves"]["evidence"]
    place = world.folder / "reserves" / "public" / "evidence" / f"{name}.json"
    for wrong in ("amounts", "nodes", "signatures"):
        document = json.loads(place.read_bytes())
        (chain,) = document["chains"]
        if wrong == "nodes":
            chain["nodes"].pop()
        elif wrong == "amounts":
            chain["places"][0]["amounts"]["ETH"] = "1"
        else:
            chain["places"][0]["signatures"] = chain["places"][1]["signatures"]
        with pytest.raises(verify.Refused):
            verify.check_files([json.dumps(row).encode(), json.dumps(document).encode()])


async def test_a_proof_is_asked_for_while_a_statement_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POR-PIT-9. The tree grows in a thread: who asks waits, and is answered."""
    await world.publish()
    begun, may_end = asyncio.Event(), threading.Event()
    loop, grow = asyncio.get_running_loop(), projection._grow

    def held(*args: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert may_end.wait(timeout=60)
        grow(*args)

    monkeypatch.setattr(projection, "_grow", held)
    advance(world, MINUTE_MS)
    async with asyncio.TaskGroup() as both:
        made = both.create_task(world.publish())
        await begun.wait()
        asked = both.create_task(world.worker.answered(Ask(ALICE)))
        await asyncio.sleep(0)
        assert not asked.done()
        may_end.set()
    assert json.loads(bytes(asked.result().bundle))["proof"]
    assert made.result()


async def test_a_receipt_says_what_the_tree_says(world: World) -> None:
    """Before a change, after it and in the next statement; a lie between them shows.

    Criterion: POR-PIT-9
    """

    def receipt(after_ms: int = -1) -> Any:
        asked = Ask(ALICE, receipt=True, after_ms=after_ms)
        return json.loads(bytes(world.worker.answer(asked).bundle))

    first = await world.publish()
    before = receipt()
    since_ms = before["receipt"]["since"]
    assert receipt(since_ms) is None, "nothing changed"
    advance(world, MINUTE_MS)
    await world.pay(BTC, 7)
    await world.caught_up()
    after = receipt(since_ms)
    assert after["receipt"]["epoch"] == first["statement"]["epoch"]
    world.anvil.give(world.keys.held[1], 1, btc=1)
    await world.publish()
    bundle = json.loads(bytes(world.worker.answer(Ask(ALICE)).bundle))
    files = [bundle, before, after, receipt()]
    verify.check_files([json.dumps(one).encode() for one in files])
    rows = bundle["statement"]["assets"]
    claims = dict(zip((one["symbol"] for one in rows), bundle["proof"]["claims"], strict=True))
    told = {one["symbol"]: one["claim"] for one in after["receipt"]["claims"]}
    assert told == {symbol: units for symbol, units in claims.items() if units != "0"}
    lie = {**after["receipt"], "claims": before["receipt"]["claims"]}
    files = [bundle, signed_receipt(lie, keys.signer(world.folder))]
    with pytest.raises(verify.Refused, match="two different balances"):
        verify.check_files([json.dumps(one).encode() for one in files])


async def test_a_shortfall_of_one_unit_is_red(world: World) -> None:
    """200 BTC are there; one satoshi more is owed. Criterion: POR-STATE-1"""
    assert world.verdict(await world.publish()) == ""
    await world.pay(BTC, 1)
    row = await world.publish()
    assert asset_row(row, "BTC")["ratio"] == "0.9999"
    expected = "BTC: reserves of 200 do not cover 200.00000001 owed to users."
    assert world.verdict(row) == expected
    world.anvil.give(world.keys.held[1], 1, btc=1)
    assert world.verdict(await world.publish()) == ""


async def test_a_signer_that_died_is_believed_for_a_day(world: World) -> None:
    """The statement says how old the signatures are. Criterion: POR-STATE-2, POR-STATE-10"""
    first = await world.publish()
    world.keys.silent = True
    advance(world, 23 * HOUR_MS)
    row = await world.publish()
    (chain,) = row["statement"]["reserves"]["chains"]
    assert chain["signed"] == first["statement"]["ts"]
    assert world.verdict(row) == ""
    said: list[str] = []
    verify.told(verify.check_bundle(row), said.append, 0)
    assert any(one.startswith("  OLD SIGNATURES: of 1, by 23 hours") for one in said)
    said.clear()
    verify.told(verify.check_bundle(first), said.append, 0)
    assert not any("OLD SIGNATURES" in one for one in said)
    advance(world, 2 * HOUR_MS)
    row = await world.publish()
    assert asset_row(row, "BTC")["reserves"] == "0"
    assert world.verdict(row) == "BTC: reserves of 0 do not cover 200 owed to users."
    world.keys.silent = False
    assert world.verdict(await world.publish()) == ""


async def test_a_new_wallet_counts_after_three_days(world: World) -> None:
    """It is in the list of addresses at once, with the time. Criterion: POR-PIT-11, POR-PIT-14"""
    held = world.keys.held
    world.keys.held = held[:1]
    first = await world.publish()
    assert asset_row(first, "USDT")["reserves"] == str(1_500_000 * 10**8)
    advance(world, 25 * HOUR_MS)
    world.keys.held = held
    row = await world.publish()
    assert asset_row(row, "USDT")["reserves"] == str(1_500_000 * 10**8)
    public = world.folder / "reserves" / "public"
    listed = json.loads((public / "addresses.json").read_bytes())
    since = {one["address"]: one["since"] for one in listed["addresses"]}
    start_ms = first["statement"]["ts"]
    assert since == {held[0].address: start_ms, held[1].address: start_ms + 25 * HOUR_MS}
    advance(world, 72 * HOUR_MS)
    assert asset_row(await world.publish(), "USDT")["ratio"] == "0.7500"
    advance(world, 10 * MINUTE_MS)
    row = await world.publish()
    assert world.verdict(row) == ""
    assert asset_row(row, "USDT")["lowest"]["7"]["ratio"] == "0.7500"
    name = row["statement"]["addresses"]["list"]
    listed = json.loads((public / "addresses" / f"{name}.json").read_bytes())
    evidence = public / "evidence" / f"{row['statement']['reserves']['evidence']}.json"
    files = [json.dumps(one).encode() for one in (first, row, listed)]
    with pytest.raises(verify.Refused, match="do not cover"):
        verify.check_files([*files, evidence.read_bytes()])
    verify.check_files([*files[1:], evidence.read_bytes()])


async def test_ages_outlive_a_restart_while_nothing_can_be_read(world: World) -> None:
    """The list is told with each statement. Criterion: POR-PIT-11"""
    first = await world.publish()
    listed = first["statement"]["addresses"]
    url, world.anvil.process.url = world.anvil.process.url, "http://127.0.0.1:9"
    world.anvil.serve(world.folder)
    advance(world, 25 * HOUR_MS)
    row = await world.publish()
    assert row["statement"]["reserves"]["chains"] == []
    assert row["statement"]["addresses"] == listed
    await world.stop()
    world.anvil.process.url = url
    world.anvil.serve(world.folder)
    await world.start()
    row = await world.publish()
    assert row["statement"]["addresses"] == listed
    assert world.verdict(row) == ""


async def test_the_exchanges_own_token_covers_itself_alone(world: World) -> None:
    """It is counted, marked and told; a surplus of it covers nothing else, a lack of it is red.

    Criterion: POR-PIT-15
    """
    await world.stop()
    await world.start(Rules(own_tokens=frozenset({"USDT"})))
    row = await world.publish()
    own = asset_row(row, "USDT")
    assert (own["own"], own["reserves"], own["ratio"]) == (1, str(2_000_000 * 10**8), "1.0000")
    assert "own" not in asset_row(row, "BTC")
    assert world.verdict(row) == ""
    told = verify.check_bundle(row)
    said: list[str] = []
    verify.told(told, said.append, 0)
    place = next(place for place, one in enumerate(said) if one.startswith("  USDT"))
    assert "EXCHANGE'S OWN TOKEN" in said[place + 1]
    assert "; the exchange's own USDT covers itself alone; no" in verify.verdict_of([told], 1)
    world.anvil.give(world.keys.held[1], 1, usdt=5_000_000)
    await world.pay(BTC, 1)
    row = await world.publish()
    assert world.verdict(row) == "BTC: reserves of 200 do not cover 200.00000001 owed to users."
    world.anvil.give(world.keys.held[1], 1, btc=1)
    await world.pay(USDT, 5_000_000 * 10**8 + 1)
    row = await world.publish()
    expected = "USDT: reserves of 7000000 do not cover 7000000.00000001 owed to users."
    assert world.verdict(row) == expected


async def test_an_own_token_is_told_to_the_core_as_any_asset(world: World) -> None:
    """Lending of it is guarded by what is held of it. Criterion: POR-PIT-15"""
    await world.stop()
    await world.start(Rules(own_tokens=frozenset({"USDT"})))
    evidence = world.worker._reserves
    await world.publish()
    shown, _ = await evidence.read(world.bed.clock.wall_ms())
    assert USDT in shown.whole
    assert shown.amounts[USDT] == 2_000_000 * 10**8


async def test_what_is_called_an_own_token_changes_in_the_open(world: World) -> None:
    """Each statement says it from then on, over restarts too, and back. Criterion: POR-PIT-17"""
    first = await world.publish()
    await world.stop()
    await world.start(Rules(own_tokens=frozenset({"USDT"})))
    with capture_logs() as logged:
        second = await world.publish()
    then = {name: first["statement"][name] for name in ("epoch", "ts")}
    assert asset_row(second, "USDT")["reclassified"] == then
    (warned,) = [one for one in logged if "own_tokens" in one["event"]]
    assert (warned["symbol"], warned["counted_until"]) == ("USDT", 1)
    assert world.verdict(second, beside=[first]) == ""
    await world.stop()
    (world.folder / "reserves" / "lows.json").unlink()
    await world.start(Rules(own_tokens=frozenset({"USDT"})))
    advance(world, 40 * 24 * HOUR_MS)
    third = await world.publish()
    assert asset_row(third, "USDT")["reclassified"] == then, "older than what is looked back at"
    await world.stop()
    await world.start()
    fourth = await world.publish()
    assert asset_row(fourth, "USDT")["reclassified"]["epoch"] == 3
    assert world.verdict(fourth) == ""
    said: list[str] = []
    verify.told(verify.check_bundle(fourth), said.append, 0)
    expected = "USDT, of which statement 3 called it the exchange's own token"
    assert f"  RECLASSIFIED: {expected}" in said


async def test_a_network_without_a_node_is_said_not_to_be_shown(world: World) -> None:
    """Its wallets are published meanwhile, so that they need not wait once it has one.

    Criterion: POR-RESERVES-6
    """
    served = networks.load(world.folder)
    networks.keep(world.folder, [*served, msgspec.structs.replace(served[0], network=3, nodes=())])
    cold = Place(3, "cold", "0x" + "77" * 20, b"\x77" * 20)
    world.keys.elsewhere = [cold]
    row = await world.publish()
    assert row["statement"]["unshown"] == [{"network": 3, "name": "3", "why": "no node"}]
    assert world.verdict(row) == ""
    listed = json.loads((world.folder / "reserves/public/addresses.json").read_bytes())
    assert (3, cold.address) in [(one["network"], one["address"]) for one in listed["addresses"]]
    said: list[str] = []
    verify.told(verify.check_bundle(row), said.append, 0)
    assert "  NOT SHOWN, and not counted: what is on 3 (no node)" in said


async def test_a_family_that_no_verifier_reads_is_said_not_to_be_shown(world: World) -> None:
    """Its node is asked nothing, and its coins count nothing. Criterion: POR-RESERVES-9"""
    adapter = adapter_files.keep(world.folder, EXAMPLE.name, EXAMPLE.read_bytes())
    (served,) = networks.load(world.folder)
    other = msgspec.structs.replace(
        served, network=3, kind="bech32-accounts", adapter=adapter, hrp="bell"
    )
    networks.keep(world.folder, [served, other])
    row = await world.publish()
    why = "no verifier reads its family"
    assert row["statement"]["unshown"] == [{"network": 3, "name": "3", "why": why}]
    assert [one["network"] for one in row["statement"]["reserves"]["chains"]] == [served.network]
    assert world.verdict(row) == ""


async def test_nodes_that_do_not_agree_show_nothing(world: World) -> None:
    """What was read before stands for ten minutes, then counts no more. Criterion: POR-STATE-3"""
    first = await world.publish()
    other = Anvil()
    await other.ready()
    try:
        other.node.call("anvil_mine", "0x20")
        world.anvil.serve(world.folder, other.process.url)
        advance(world, 5 * MINUTE_MS)
        row = await world.publish()
        assert row["statement"]["reserves"]["read"] == first["statement"]["ts"]
        assert world.verdict(row) == ""
        advance(world, 6 * MINUTE_MS)
        row = await world.publish()
        assert row["statement"]["reserves"]["chains"] == []
        assert world.verdict(row).startswith("BTC: reserves of 0 do not cover")
    finally:
        other.close()


async def test_a_node_that_hangs_shows_nothing_of_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its newest block's own time; the statement says of each block when it was made.

    A server that counted it all the same is found out by the verifiers, offline.
    Criterion: POR-STATE-9
    """
    first = await world.publish()
    (chain,) = first["statement"]["reserves"]["chains"]
    assert abs(first["statement"]["ts"] - chain["time"]) < MINUTE_MS
    advance(world, 3 * HOUR_MS, blocks=False)
    aged = await world.publish()
    assert world.verdict(aged) == ""
    said: list[str] = []
    verify.told(verify.check_bundle(aged), said.append, 0)
    minutes = (aged["statement"]["ts"] - chain["time"]) // MINUTE_MS
    assert minutes >= 3 * 60 - 1, "blocks are made after the clock was set"
    assert any(f"{minutes} minutes old then" in one for one in said), said
    advance(world, 2 * HOUR_MS, blocks=False)
    row = await world.publish()
    (unshown,) = row["statement"]["unshown"]
    assert unshown["why"] == "its newest block is old"
    assert world.verdict(row) == "BTC: reserves of 0 do not cover 200 owed to users."
    monkeypatch.setattr("fullreserve.reserves.evidence.BLOCK_AGE_MAX_MS", 24 * HOUR_MS)
    monkeypatch.setattr("fullreserve.reserves.evidence.refused", lambda *_: {})
    row = await world.publish()
    stale = "1: the block that was read was made too long before the statement."
    assert world.verdict(row) == world.verdict(row, evidence=False) == stale
    monkeypatch.undo()
    world.anvil.node.call("evm_increaseTime", 5 * 3600)
    world.anvil.node.call("anvil_mine", "0x1")
    assert world.verdict(await world.publish()) == ""


async def test_a_statement_waits_for_its_follower(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is durable is in it; of a follower that hangs it is older, and says so.

    Criterion: POR-STATE-8
    """
    await world.pay(BTC, 1)
    row = await world.worker.publish()
    followed = world.bed.sequencer.machine.sequence
    assert row["statement"]["journal"]["sequence"] == followed
    await world.stop()
    await world.pay(BTC, 1)
    monkeypatch.setattr("fullreserve.reserves.worker.FOLLOWER_S", 0.05)
    row = await world.worker.publish()
    assert row["statement"]["epoch"] == 2
    assert row["statement"]["journal"]["sequence"] == followed


async def test_suspended_withdrawals_change_nothing(world: World) -> None:
    """Statements ask nothing of the withdrawal system. Criterion: POR-STATE-4"""
    stop = c.SetSuspension(0, 0, 1, c.Suspended.WITHDRAW, c.SuspensionLevel.GLOBAL, 0)
    await submit(world.bed.sequencer, [stop])
    assert world.verdict(await world.publish()) == ""


async def test_the_projection_is_made_anew_from_the_log(world: World) -> None:
    """Lost and rebuilt, it owes the same; the log of statements goes on. Criterion: POR-STATE-5"""
    first = await world.publish()
    await world.stop()
    await world.start()
    second = await world.publish()
    assert second["statement"]["epoch"] == 2
    assert [one["claims"] for one in second["statement"]["assets"]] == [
        one["claims"] for one in first["statement"]["assets"]
    ]
    files = [json.dumps(one).encode() for one in (first, second)]
    verify.check_files(files)


async def test_a_crash_between_statement_and_checkpoint_makes_no_second_one(world: World) -> None:
    """The hash is in the log, the signature is not: the same statement is signed at the start.

    Criterion: POR-STATE-6
    """
    first = await world.publish()
    await world.stop()
    place = world.folder / "reserves" / "public" / "epochs" / "1.json"
    place.write_text(json.dumps({"statement": first["statement"]}))
    await world.start()
    again = json.loads(place.read_bytes())
    assert again["statement"] == first["statement"]
    assert again["signature"] == first["signature"]
    assert (await world.publish())["statement"]["epoch"] == 2


async def test_a_readers_node_says_what_the_evidence_cannot(world: World) -> None:
    """State proofs show that a slot has a number, not of what it is; signatures name a block that
    may be none. Criteria: POR-RESERVES-7, POR-RESERVES-8
    """
    row = await world.publish()
    name = row["statement"]["reserves"]["evidence"]
    content = (world.folder / f"reserves/public/evidence/{name}.json").read_bytes()
    at, told = f"{NUMBER}={world.anvil.process.url}", verify.check_bundle(row)
    asked: list[tuple[int, int]] = []
    verify.check_node(at, told, [verify.load(content)], (), lambda *step: asked.append(step))
    assert asked[-1] == (3, 3), "not each balance was asked for"
    lies = (
        ("decimals", 5, "contract of USDT has other decimals"),
        ("contract", "77" * 20, "no such contract"),
    )
    for key, lie, sentence in lies:
        document = verify.load(content)
        token = next(one for one in document["chains"][0]["tokens"] if one["symbol"] == "USDT")
        token[key] = lie
        with pytest.raises(verify.Refused, match=sentence):
            verify.check_node(at, told, [document])
    document = verify.load(content)
    held = next(one for one in document["chains"][0]["places"] if "USDT" in one["amounts"])
    held["amounts"]["USDT"] = str(int(held["amounts"]["USDT"]) + 1)
    with pytest.raises(verify.Refused, match="another balance of USDT"):
        verify.check_node(at, told, [document])
    for form, other, sentence in (
        (r"block=\w+", f"block={'0' * 64}", "does not know the block"),
        (r"height=\d+", "height=1000000", "names an old block"),
        (r"at=\d+", f"at={row['statement']['ts'] + 24 * HOUR_MS}", "names an old block"),
    ):
        document = verify.load(content)
        place = document["chains"][0]["places"][0]
        place["message"] = re.sub(form, other, place["message"])
        with pytest.raises(verify.Refused, match=sentence):
            verify.check_node(at, told, [document])
    said: list[str] = []
    verify.told_tokens(verify.load(content), said.append)
    assert any("USDT on " in one and "8 decimals" in one for one in said), said


class Ticking:
    """Reads the chain; the clock goes on behind each reading, and signers are up at the `up`-th."""

    def __init__(self, world: World, up: int, takes_ms: int = LOOK_MS) -> None:
        self._world, self._up, self.reads, self._takes_ms = world, up, 0, takes_ms
        self._evidence, world.keys.silent = world.worker._reserves, True
        world.worker._reserves = self

    async def read(self, now_ms: int) -> tuple[Shown, dict[str, Any] | None]:
        self.reads += 1
        self._world.keys.silent = self.reads < self._up
        found = await self._evidence.read(now_ms)
        asyncio.get_running_loop().call_soon(advance, self._world, self._takes_ms)
        return found


async def test_the_first_statement_waits_for_signers(world: World) -> None:
    """Until they are up, for a minute at most; no later one waits. Criterion: POR-STATE-19"""
    late = Ticking(world, 4)
    await world.worker.await_signers()
    assert late.reads == 4
    row = await world.publish()
    assert world.verdict(row) == ""
    assert asset_row(row, "BTC")["lowest"]["30"]["ratio"] == "1.0000"
    await world.worker.await_signers()
    assert late.reads == 5, "it waited, with a statement made"


async def test_the_first_statement_waits_no_longer_than_a_minute(world: World) -> None:
    """What cannot be shown by then does not count. Criterion: POR-STATE-19"""
    looks = FOUNDING_MS // LOOK_MS
    never = Ticking(world, looks + 2)
    await world.worker.await_signers()
    assert never.reads == looks
    row = await world.publish()
    assert world.verdict(row).startswith("BTC: reserves of 0 do not cover")


async def test_a_minute_is_no_longer_where_each_reading_takes_long(world: World) -> None:
    """Of nodes under load. Criterion: POR-STATE-19"""
    never = Ticking(world, 100, FOUNDING_MS // 4)
    await world.worker.await_signers()
    assert never.reads == 4


class Door:
    """The exchange's, until it is gone."""

    def __init__(self, door: Any) -> None:
        self.door = door
        self.is_gone = False

    def __getattr__(self, name: str) -> Any:
        if self.is_gone:
            raise Unavailable("the exchange is gone")
        return getattr(self.door, name)


async def test_an_exchange_that_dies_while_a_statement_is_written_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each moment of it: what is published holds, and what follows rests on what was read.

    Ten minutes later nothing of it counts any more. Criterion: POR-STATE-11
    """
    first = await world.publish()
    worker, evidence = world.worker, world.worker._reserves
    assert isinstance(evidence, Evidence)
    door = Door(worker._door)
    worker._door = evidence._door = door
    dies: list[str] = []

    def dying(of: Any, name: str) -> None:
        real = getattr(of, name)

        def then(*given: Any) -> Any:
            dies.append(name)
            door.is_gone = True
            return real(*given)

        monkeypatch.setattr(of, name, then)

    archive, row = worker._archive, first
    for of, name in (
        (evidence, "_shown"),
        (worker.projection, "claimed"),
        (archive, "_append"),
        (archive, "_finish"),
    ):
        door.is_gone = False
        dying(of, name)
        advance(world, MINUTE_MS)
        following = await worker.publish()
        monkeypatch.undo()
        assert door.is_gone
        assert world.verdict(following) == ""
        assert following["statement"]["previous"] == hash_of(row["statement"])
        row = following
    assert dies == ["_shown", "claimed", "_append", "_finish"]
    door.is_gone = True
    advance(world, 5 * MINUTE_MS)
    kept = await worker.publish()
    assert kept["statement"]["reserves"]["read"] == row["statement"]["reserves"]["read"]
    assert world.verdict(kept) == ""
    advance(world, 6 * MINUTE_MS)
    gone = await worker.publish()
    assert world.verdict(gone) == "BTC: reserves of 0 do not cover 200 owed to users."
    door.is_gone = False
    assert world.verdict(await worker.publish()) == ""
    public = world.folder / "reserves" / "public"
    latest = json.loads((public / "latest.json").read_bytes())
    assert latest["statement"]["epoch"] == len((public / "log" / "hashes").read_bytes()) // 32


async def test_files_alone_are_enough(world: World) -> None:
    """No exchange, no API, no network: the folder and the verifier. Criterion: POR-STATE-7"""
    row = await world.publish()
    await world.stop()
    latest = (world.folder / "reserves" / "public" / "latest.json").read_bytes()
    assert json.loads(latest) == row
    assert world.verdict(row) == ""


async def test_an_auditor_makes_the_totals_again_from_the_journal(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Claims by replay, the log of statements, balances at the auditor's node.

    Criterion: POR-AUDIT-1
    """
    await world.publish()
    await world.pay(USDT, 5)
    await world.publish()
    settings = Settings(data=world.folder)
    node = [f"1={world.anvil.process.url}"]
    assert audit(settings, 1, node) == 0
    said = capsys.readouterr().out
    assert "claims of statement 1 are those of the journal, to the unit" in said
    assert "4 balances are those of your own nodes" in said
    assert "2 addresses are the exchange's: their keys signed" in said
    assert audit(settings, None, node) == 1
    assert (
        "FAILED: USDT: reserves of 2000000 do not cover 2000000.00000005 owed"
        in capsys.readouterr().out
    )
    place = world.folder / "reserves" / "public" / "epochs" / "2.json"
    row = json.loads(place.read_bytes())
    row["statement"]["assets"][0]["claims"] = "1"
    place.write_text(json.dumps(row))
    assert audit(settings, 1, node) == 1
    assert "statement 2 is not the one in the log" in capsys.readouterr().out

"""Goal: a request is paid in tranches on a real chain, each once, though everything is killed.

Method: the demo with its workers as processes; one user's withdrawals are suspended and drained by
the worker on duty; the published artefact goes through the stand-alone script.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.clock import SystemClock
from fullreserve.custody import nodes
from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Refused
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import suspension_wire as stops
from fullreserve.exchange.products import withdrawal_state as asked
from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.deposit_state import ListNetworks
from fullreserve.exchange.products.drain_log import DrainLog, DrainSum, SplitLog
from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.wire.commands import Product, amount_bytes
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway import ids
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from fullreserve.simulation.outside import WALLET
from scripts.source import ROOT
from tests.bed import USDT
from tests.integration.custody.live import OPERATOR, Live
from tests.integration.custody.outside import Outside
from tests.integration.custody.test_live import ON_ERC20, fund
from tests.memory_folder import memory_folder

COIN = 10**8
BUDGET, ASKED = 10_000, 24_000
INTERVAL_MS = 2_000


@pytest.fixture
def live() -> Iterator[Live]:
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as folder, Live(folder / "data") as made:
        yield made.start()
        assert made.stop() == 0, made.log
        assert "ledger and chain differ" not in made.log


def said(live: Live, who: int, word: Any) -> int:
    """What the fold of suspensions says to an operator, as to the console; the sequence."""

    async def say() -> int:
        door = await SocketDoor.open(live.folder / SOCKET_NAME, OPERATOR, SystemClock())
        try:
            content = msgspec.msgpack.encode(word)
            command = Product(door.gateway, door.numbers(1), stops.SUSPENSIONS, who, content)
            result = await outcome(door, command)
        finally:
            await door.close()
        assert not isinstance(result, Refused), result
        assert result.code == 0, (word, result)
        return result.sequence

    return asyncio.run(say())


def ask(live: Live, fold: int, question: Any, shape: Any) -> Any:
    """What a fold answers."""

    async def asking() -> Any:
        door = await SocketDoor.open(live.folder / SOCKET_NAME, OPERATOR, SystemClock())
        try:
            answer: bytes = await door.query(AskFold(fold, msgspec.msgpack.encode(question)))
        finally:
            await door.close()
        return msgspec.msgpack.decode(answer, type=shape)

    return asyncio.run(asking())


def suspension(live: Live, number: int) -> Suspension:
    found = ask(live, stops.SUSPENSIONS, stops.GetOne(number), Suspension)
    assert isinstance(found, Suspension)
    return found


def mine(okx: Any, *wd_ids: str) -> list[Any]:
    """Rows of the history, by id."""
    found = {one["id"]: one["info"] for one in okx.fetch_withdrawals()}
    return [found[one] for one in wd_ids]


def worked_out(live: Live, number: int, path: Path, wd_id: str) -> str:
    """What the script says of the drain."""
    logs = ask(live, WITHDRAWALS, asked.GetDrains(number), dict[int, dict[int, DrainLog]])
    sums = ask(live, WITHDRAWALS, asked.SumDrains(number), list[DrainSum])
    splits = ask(live, WITHDRAWALS, asked.GetSplits(number), SplitLog)
    roll = ask(live, stops.SUSPENSIONS, stops.ListRoll(number, 0, 100), list[Any])
    made = artefact(
        suspension(live, number), Places(Catalog(), ()), logs, sums, roll, splits=splits
    )
    file = path / "artefact.json"
    file.write_text(json.dumps(made))
    words = [sys.executable, "-I", "-S", str(ROOT / "verifier/drain.py"), str(file)]
    done = subprocess.run(
        [*words, "--withdrawal", wd_id], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def test_three_tranches_are_paid_once_each_though_all_is_killed(live: Live, tmp_path: Path) -> None:
    """Criterion: SUS-DRAIN-19."""
    okx, outside = live.client(), Outside(live.network())
    fund(live, okx, outside, 25_000)
    before, held = outside.balance(USDT), okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    kept = json.loads((live.folder / "demo-operators.json").read_text())
    first, second = (int(one["uid"]) for one in kept[:2])
    uid = int(okx.private_get_account_config()["data"][0]["uid"])
    scope = stops.Scope(stops.Level.USER, key=uid)
    terms = stops.Terms(
        stops.Action.WITHDRAW, scope, stops.Mode.QUEUE, stops.Reason.REGULATORY_ORDER
    )
    number = said(live, first, stops.Suspend(terms))
    order = ON_ERC20 | {"fee": "1", "xAllowSplit": True}
    whole = okx.withdraw("USDT", ASKED, WALLET, order)["id"]
    (row,) = mine(okx, whole)
    assert (row["state"], row["xAllowSplit"], row["xAskedAmt"]) == ("0", True, str(ASKED))
    networks = asyncio.run(live._asked(ListNetworks(), WITHDRAWALS))
    budgets = tuple(
        stops.Budget(one.terms.network, line.asset, amount_bytes(BUDGET * COIN), 5)
        for one in networks
        for line in one.terms.assets
    )
    said(live, first, stops.Plan(number, 0, budgets, INTERVAL_MS))
    said(live, first, stops.Check(number))
    said(live, second, stops.SignOff(number))
    live.until(lambda: mine(okx, whole)[0]["xTranches"], "the first tranche")
    live.kill()
    live.start()
    okx = live.client()
    live.until(lambda: mine(okx, whole)[0]["state"] == "2", "the last payment")
    parts = mine(okx, whole)[0]["xTranches"]
    assert len(parts) == 2
    rows = live.until(lambda: _all_over(okx, *parts, whole), "the end of all")
    assert [one["amt"] for one in rows] == ["10000", "10000", "4000"]
    assert {one["state"] for one in rows} == {"2"}
    assert len({one["txId"] for one in rows}) == 3
    assert Outside(live.network()).balance(USDT) - before == ASKED * 10**6
    left = okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    assert round(held - left, 6) == ASKED + 1  # one fee
    live.until(lambda: suspension(live, number).state == SuspensionState.LIFTED, "its end")
    found = worked_out(live, number, tmp_path, whole)
    assert "RIGHT" in found, found
    assert "a tranche in tick 1, a tranche in tick 2, paid as number 3, in tick 3" in found
    assert ids.number(parts[0]) > ids.number(whole)


def _all_over(okx: Any, *wd_ids: str) -> list[Any]:
    rows = mine(okx, *wd_ids)
    return rows if all(one["state"] in ("2", "-1", "-2") for one in rows) else []

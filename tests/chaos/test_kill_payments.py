"""Goal: an exchange that is killed while it pays pays each withdrawal once, or refunds it once.

Method: the whole exchange with its chain, its workers and its signers as processes, killed at each
stage of a payment, and started again over the same folder; what the chain has is counted by amount.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fullreserve.custody import nodes
from fullreserve.custody.paying import STORE
from fullreserve.custody.screening import FILE
from fullreserve.simulation.outside import WALLET
from tests.bed import USDT
from tests.integration.custody.live import Live
from tests.integration.custody.outside import Outside
from tests.memory_folder import memory_folder

pytestmark = pytest.mark.slow

ON_ERC20 = {"network": "ERC20"}
TRANSFERRED = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as folder:
        made = Live(folder / "data").start()
        yield made
        assert made.stop() == 0, made.log
        assert "ledger and chain differ" not in made.log


def plans(folder: Path) -> int:
    """How many plans the payer has kept."""
    with sqlite3.connect(f"file:{folder / STORE}?mode=ro", uri=True) as store:
        return int(store.execute("SELECT count(*) FROM plans").fetchone()[0])


def received(outside: Outside, since: int) -> list[int]:
    """The amounts of tokens that came to the wallet in blocks from a height on."""
    topic = "0x" + WALLET[2:].lower().rjust(64, "0")
    logs = outside.node.call(
        "eth_getLogs",
        {
            "address": "0x" + outside.network.tokens[USDT],
            "fromBlock": hex(since),
            "toBlock": "latest",
            "topics": [TRANSFERRED, None, topic],
        },
    )
    return sorted(int(one["data"], 16) for one in logs)


def state(okx: Any, number: str) -> str:
    (one,) = (one for one in okx.fetch_withdrawals() if one["id"] == number)
    return str(one["info"]["state"])


def reached(live: Live, okx: Any, number: str, stage: int, known: int) -> None:
    """Until it is acknowledged (0), planned, given to the chain, or in a block (3)."""
    stages: list[Callable[[], bool]] = [
        lambda: True,
        lambda: plans(live.folder) > known,
        lambda: state(okx, number) in ("1", "15", "2"),
        lambda: state(okx, number) in ("15", "2"),
    ]
    live.until(stages[stage], f"stage {stage}")


def ended(live: Live, okx: Any, numbers: list[str]) -> None:
    live.until(
        lambda: all(state(okx, one) in ("2", "-1") for one in numbers), "every withdrawal's end"
    )


def test_killed_at_each_stage_of_a_payment(live: Live) -> None:
    """Criterion: CHAINS-KILL-1. The policy refuses every other one, which is refunded."""
    okx, outside = live.client(), Outside(live.network())
    address = okx.fetch_deposit_address("USDT", ON_ERC20)["address"]
    outside.send(USDT, address, 2_000 * 10**6)
    live.until(
        lambda: [one for one in okx.fetch_deposits() if one["info"]["state"] == "2"], "coins"
    )
    held = okx.fetch_balance({"type": "funding"})["USDT"]["total"]
    since = int(outside.node.call("eth_blockNumber"), 16)
    order, paid, refused = ON_ERC20 | {"fee": "1"}, {}, []
    for turn in range(8):
        known = plans(live.folder)
        amount = 30 + turn / 1000
        (live.folder / FILE).write_text("")
        number = okx.withdraw("USDT", amount, WALLET, order | {"clientId": f"turn{turn}"})["id"]
        paid[number] = round(amount * 10**6)
        reached(live, okx, number, turn % 4, known)
        if turn % 2:
            (live.folder / FILE).write_text(WALLET)
            refused.append(okx.withdraw("USDT", 7, WALLET, order)["id"])
        live.kill()
        live.start()
        okx, outside = live.client(), Outside(live.network())
        again = okx.withdraw("USDT", amount, WALLET, order | {"clientId": f"turn{turn}"})
        assert again["id"] == number  # who lost the answer asks again
        ended(live, okx, [*paid, *refused])
    assert {state(okx, one) for one in refused} == {"-1"}
    assert {state(okx, one) for one in paid} == {"2"}
    assert received(outside, since + 1) == sorted(paid.values())
    left = okx.fetch_balance({"type": "funding"})["USDT"]
    cost = sum(amount + 10**6 for amount in paid.values())
    assert round((held - left["total"]) * 10**6) == cost
    assert left["used"] == 0

"""Goal: whoever puts a backup back pays nothing again that the chain has seen since.

Method: the demo with its workers as processes, a backup amid withdrawals, the chain as it went on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fullreserve.app.custody import DUTY
from fullreserve.backup import read_backup, write_backup
from fullreserve.custody import nodes
from fullreserve.custody.demo import ANVIL
from fullreserve.simulation.outside import WALLET
from tests.bed import USDT
from tests.integration.custody.live import Live
from tests.integration.custody.outside import Outside
from tests.integration.custody.test_live import ON_ERC20, PAYER, fund
from tests.memory_folder import memory_folder

# `test_since_backup` has the same without processes.
pytestmark = pytest.mark.slow

AMOUNT = 111
LATER = 112


@pytest.fixture
def folder() -> Iterator[Path]:
    try:
        nodes.anvil()
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    with memory_folder() as made:
        yield made


def states(okx: Any, *ids: str) -> list[str]:
    found = {one["id"]: one["info"]["state"] for one in okx.fetch_withdrawals()}
    return [found[one] for one in ids]


def test_what_was_paid_since_the_backup_is_paid_once(folder: Path) -> None:
    """Criterion: CHAINS-RESTORED-1. What nobody asked for in that log stops its line."""
    with Live(folder / "lost").start() as live:
        okx, outside = live.client(), Outside(live.network())
        fund(live, okx, outside, 2_000)
        payer = live.until(lambda: live.child(PAYER), "the payer")
        duty = live.until(lambda: live.child(DUTY), "the duty")
        for one in (payer, duty):  # nobody has judged them by the time of the backup
            one.suspend()
        terms = ON_ERC20 | {"fee": "1"}
        waiting = [okx.withdraw("USDT", AMOUNT, WALLET.lower(), terms)["id"] for _ in range(2)]
        write_backup(live.folder, folder / "backup")
        before = outside.balance(USDT)
        for one in (payer, duty):
            one.resume()
        live.until(lambda: states(okx, *waiting) == ["2", "2"], "what waited")
        # Which no log that comes out of the backup knows.
        later = okx.withdraw("USDT", LATER, WALLET.lower(), terms)["id"]
        live.until(lambda: states(okx, later) == ["2"], "one more")
        paid = before + (2 * AMOUNT + LATER) * 10**6
        assert outside.balance(USDT) == paid
        assert live.stop() == 0, live.log

    again = Live(folder / "restored")
    read_backup(folder / "backup", again.folder)
    shutil.copyfile(live.folder / ANVIL.state, again.folder / ANVIL.state)
    with again.start():
        okx, outside = again.client(), Outside(again.network())
        again.until(lambda: states(okx, *waiting) == ["2", "2"], "what the chain had seen")
        again.until(lambda: "UNKNOWN_SPEND" in again.log, "a stop")
        assert outside.balance(USDT) == paid
        held = okx.withdraw("USDT", AMOUNT, WALLET.lower(), terms)["id"]
        assert states(okx, held) == ["0"]
        assert again.stop() == 0, again.log
        assert "Traceback" not in again.log

"""Goal: what was paid since a backup is found, whenever that was made.

Method: an exchange that asks its policy, a round of its judge at a time; a chain of one block.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from fullreserve.custody.restored import MARK, Mark, NotYet, SinceBackup
from fullreserve.custody.store import Store
from tests.integration.custody.test_deciding import CHAIN, TENTH, Judged

NEWEST = 10**12  # what the stores had seen: no block is above it


class Adopting:
    """A payer that says how often it was told what left the hot wallet."""

    def __init__(self) -> None:
        self.told = 0

    async def adopt(self, found: object) -> list[Any]:
        self.told += 1
        return []


async def test_nothing_is_compared_before_the_policy_has_judged_what_waits(tmp_path: Path) -> None:
    """Criterion: CHAINS-RESTORED-1. What is not judged waits for no payment, and may be paid."""
    judged = await Judged.open(tmp_path)
    (tmp_path / MARK).write_bytes(msgspec.json.encode(Mark(1, {CHAIN: NEWEST})))
    store = Store(tmp_path / "payer")
    tip = SimpleNamespace(height=1)
    chain: Any = SimpleNamespace(
        network=CHAIN, know=lambda _: None, tip=lambda: tip, is_leaving=lambda: False
    )
    payer: Any = Adopting()
    since = SinceBackup(tmp_path, chain, store, judged.exchange.house, payer)
    await judged.ask(TENTH)
    for _ in range(2):
        with pytest.raises(NotYet, match="policy"):
            await since.look()
    assert (payer.told, store.is_compared_since(CHAIN, 1)) == (0, False)
    await judged.worker.round()
    await since.look()
    assert (payer.told, store.is_compared_since(CHAIN, 1)) == (1, True)
    store.close()
    await judged.exchange.close()

"""Tells the log what a network's tiers hold, while the gates of a restart rest on it.

What is told was compared with the ledger at the newest block and agreed with it; of what differs
nothing is told, so that no restart is covered by coins that nobody can explain. The log is told
anew at each block, and once a minute where no block comes.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.house import House
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.suspension_state import Measured, Suspension, gates_of
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Line

AGAIN_MS, SOONEST_MS = 60_000, 5_000  # in exchange time

log = structlog.get_logger(__name__)


class Measuring:
    """Of one network."""

    def __init__(self, network: int, house: House) -> None:
        self._network = network
        self._house = house
        self._refused: tuple[int, bytes] | None = None  # a block of which it was not taken

    async def tell(self, block: Block, lines: Sequence[Line], now_ms: int) -> None:
        """Says what was found at a block, if anybody has to know; Unavailable."""
        planned_ms = await self._planned_ms()
        if planned_ms is None or self._refused == (block.height, block.hash):
            return
        asked = suspensions.GetMeasured(self._network)
        told: Measured | None = await self._house.ask(suspensions.SUSPENSIONS, asked)
        if told is not None and told.time_ms >= planned_ms:
            is_new = (told.height, told.block) != (block.height, block.hash)
            if now_ms - told.time_ms < (SOONEST_MS if is_new else AGAIN_MS):
                return
        differ = dict.fromkeys(one.asset for one in lines if one.difference)
        coins = tuple(
            suspensions.Coins(one.tier, one.asset, amount_bytes(one.chain))
            for one in lines
            if one.asset not in differ
        )
        word = suspensions.Measure(self._network, block.height, block.hash, coins)
        (code,) = await self._house.report(suspensions.SUSPENSIONS, word)
        self._refused = (block.height, block.hash) if code else None
        if code:
            log.error("what was measured is not taken", network=self._network, code=code)

    async def _planned_ms(self) -> int | None:
        """When the newest restart was planned that coverage is shown for; None: there is none."""
        found: list[Suspension] = await self._house.ask(
            suspensions.SUSPENSIONS, suspensions.ListReopening()
        )
        return max(
            (one.planned_ms for one in found if suspensions.Gate.COVERAGE in gates_of(one)),
            default=None,
        )

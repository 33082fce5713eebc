"""Tells the core how much of each asset is liquid, and stops withdrawals of what is short.

A figure is made of each asset of which every chain was read this time and every place signed for.
What the ledger had there is told with it, before or after the reading, whichever leaves less to
lend: coins come and go meanwhile. For the same reason a figure alone stops nothing until the next
one confirms it; a loss that the ledger itself has needs no confirmation.

A withdrawal that is bound and not final is on its way: its coins may have left already while the
ledger still owes them. Nothing is lent on them, and as much as is on its way stops nothing: a lack
that is a loss is still there when they are final.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
import structlog

from fullreserve.custody.house import House
from fullreserve.custody.restore_mark import uncompared
from fullreserve.custody.underway import FEE_ON_ITS_WAY
from fullreserve.door.outcome import outcomes
from fullreserve.door.protocol import Door, Refused, Unavailable
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.withdrawal_state import ListPay
from fullreserve.exchange.wire.commands import SetLiquid, amount_bytes, amount_int, encode
from fullreserve.exchange.wire.queries import AskFold, ListReserves, ReserveState
from fullreserve.journal.replica import Replica
from fullreserve.reserves.statement import Shown

# In exchange time; longer where that runs so fast that three rounds take longer.
FRESH_MS = 5 * 60 * 1000
ROUNDS = 3
AT_ONCE = 100_000

OnTheWay = dict[tuple[int, int], int]  # units by withdrawal and asset

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Following(Protocol):
    """A copy of the exchange that follows the log."""

    @property
    def replica(self) -> Replica:
        """As far as it has come."""

    async def caught_up(self, sequence: int) -> None:
        """Returns once everything up to `sequence` is applied."""


class Guarding:
    """One worker's."""

    def __init__(self, data: Path, door: Door, following: Following) -> None:
        self._door = door
        self._house = House(door, partial(uncompared, data))
        self._following = following
        self._told_ms = 0
        # Short since their newest figure; None before the first look.
        self._doubtful: frozenset[int] | None = None
        self._stopped: frozenset[int] = frozenset()
        self._is_telling = False
        # On its way while the newest figure was read, and when the next one's reading began.
        self._way: OnTheWay = {}
        self._next_way: OnTheWay = {}

    def booked(self) -> dict[int, int]:
        """Coins by the ledger, by asset; nothing where the log's rules guard nothing.

        To be asked when a reading begins.
        """
        self._next_way = self._on_the_way()
        return {one.asset: amount_int(one.coins) for one in self._states()}

    async def tell(self, shown: Shown, before: Mapping[int, int]) -> None:
        """Gives the core its figures and stops what is short for the second time.

        `before` is what was booked before the reading. Unavailable.
        """
        began = self._next_way
        after = self.booked()
        # What came or ended meanwhile may be in this reading or not.
        self._way = began | self._next_way
        whole = frozenset(after) & shown.whole
        if not whole:
            return
        most = {asset: max(after[asset], before.get(asset, after[asset])) for asset in whole}
        self._is_telling = True
        try:
            await self._give(shown, most)
            short = self._short()
            doubtful = self._doubtful or frozenset()
            self._doubtful = (doubtful - whole) | (short & whole)
            await self._stop(short & doubtful & whole, short, shown.evidence)
        finally:
            self._is_telling = False

    async def look(self) -> None:
        """Between figures: stops what became short by what the ledger did. Unavailable."""
        if self._is_telling:
            return
        short = self._short()
        if self._doubtful is None:
            self._doubtful = short
        await self._stop(short - self._doubtful, short, "")

    async def _give(self, shown: Shown, most: Mapping[int, int]) -> None:
        time_ms = self._following.replica.head.time_ms
        lasts_ms = max(FRESH_MS, ROUNDS * (time_ms - self._told_ms) if self._told_ms else 0)
        self._told_ms = time_ms
        commands = [
            SetLiquid(
                *(self._door.gateway, number, asset),
                amount_bytes(shown.amounts.get(asset, 0)),
                amount_bytes(most[asset]),
                time_ms + lasts_ms,
            )
            for number, asset in enumerate(sorted(most), self._door.numbers(len(most)))
        ]
        result = await outcomes(self._door, [encode(one) for one in commands])
        if isinstance(result, Refused):
            raise Unavailable(result.message)
        await self._following.caught_up(max(reply.sequence for reply in result))

    async def _stop(self, found: frozenset[int], short: frozenset[int], evidence: str) -> None:
        self._stopped &= short
        for asset in sorted(found - self._stopped):
            log.error("claims are more than is liquid: withdrawals stop", asset=asset)
            seen = sha256(f"{asset}:{evidence}".encode()).digest()
            trip = suspensions.Trip(
                suspensions.Trigger.RESERVE_SHORTFALL,
                suspensions.Scope(suspensions.Level.ASSET, asset=asset),
                seen,
            )
            (code,) = await self._house.report(suspensions.SUSPENSIONS, trip)
            if code:
                log.error("suspension refused", code=code, asset=asset)
            else:
                self._stopped |= {asset}
                # What nobody has bound yet goes back into its queue.
                await self._house.settle()

    def _short(self) -> frozenset[int]:
        """Assets that lack more than is on its way."""
        way = Counter[int]()
        for (_, asset), units in (self._way | self._on_the_way()).items():
            way[asset] += units
        return frozenset(
            one.asset
            for one in self._states()
            if one.is_short and amount_int(one.demand) - amount_int(one.liquid) > way[one.asset]
        )

    def _on_the_way(self) -> OnTheWay:
        found: OnTheWay = {}
        for one in self._asked(wire.DEPOSITS, ListNetworks(), list[NetworkState]):
            terms = one.terms
            for pay in self._asked(
                wire.WITHDRAWALS, ListPay(terms.network, 0, AT_ONCE), list[wire.Pay]
            ):
                if pay.binding:
                    found[pay.withdrawal, pay.asset] = amount_int(pay.amount)
                    gas = pay.withdrawal, terms.gas_asset
                    found[gas] = found.get(gas, 0) + FEE_ON_ITS_WAY
        return found

    def _asked(self, fold: int, question: msgspec.Struct, shape: type[T]) -> T:
        asked = AskFold(fold, msgspec.msgpack.encode(question))
        answer: bytes | None = self._following.replica.machine.query(asked)
        # A log without these folds has nothing on its way.
        return msgspec.msgpack.decode(answer or msgspec.msgpack.encode(()), type=shape)

    def _states(self) -> list[ReserveState]:
        states: list[ReserveState] = self._following.replica.machine.query(ListReserves())
        return states

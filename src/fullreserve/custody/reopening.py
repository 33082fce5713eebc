"""Drives a restart that the board has signed off: canaries, ticks of the drain, its end.

What may be done is decided by the fold of suspensions; this worker only sees to it that nobody has
to sit there and press a button each minute. It keeps nothing: when a tick is due stands in the
log of the drain, so that a worker that was killed goes on where the last one was.
"""

from __future__ import annotations

import os

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.house import House
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.drain_log import DrainSum
from fullreserve.exchange.products.settling import said_as_read
from fullreserve.exchange.products.suspension_state import (
    HASH_BYTES,
    Refused,
    Surveyed,
    Suspension,
    SuspensionState,
    gates_of,
    is_green,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Advance,
    Budget,
    Fall,
    Gate,
    GetMaxWait,
    GetSurvey,
    ListReopening,
    Survey,
)
from fullreserve.exchange.products.withdrawal_state import (
    GetWithdrawal,
    ListSums,
    Sum,
    SumDrains,
    Withdrawal,
    WithdrawalState,
)

# What was refused is said again when something changed, or after so long: gates ripen with time.
AGAIN_MS = 10_000
OVER = (WithdrawalState.SUCCESS, WithdrawalState.CANCELED, WithdrawalState.FAILED)
# Its owner, who may never say a word, holds up nobody: another one takes its place. FEE_ROSE is of
# logs from before edition 4.
SILENT = (WithdrawalState.FEE_ROSE, WithdrawalState.COOLING)

_Place = tuple[int, int]  # network, asset

log = structlog.get_logger(__name__)


class Reopening:
    """All suspensions whose restart is under way."""

    def __init__(self, house: House, clock: Clock) -> None:
        self._house = house
        self._clock = clock
        # By suspension: what there was when a step was refused, and when that was.
        self._refused: dict[int, tuple[tuple[int, int], int]] = {}
        self._ticked: dict[int, dict[_Place, int]] = {}

    async def round(self) -> None:
        """Every step that is due; Unavailable."""
        found: list[Suspension] = await self._house.ask(SUSPENSIONS, ListReopening())
        now_ms = await self._house.now_ms(self._clock.wall_ms()) if found else 0
        for one in found:
            if not one.stops_leaving or now_ms < one.terms.est_open_ms:
                continue
            if one.state == SuspensionState.GATE_CHECK and _is_ready(one, now_ms):
                await self._advance(one)
            elif one.state == SuspensionState.CANARY:
                await self._look_at_canaries(one)
            elif one.state == SuspensionState.DRAINING:
                await self._drain(one, now_ms)

    async def _look_at_canaries(self, one: Suspension) -> None:
        found = [await self._withdrawal(number) for number in one.canaries.values()]
        for canary in found:
            if canary is not None and canary.is_failed_by_chain:
                log.error("canary failed", suspension=one.number, withdrawal=canary.number)
                await self._say(one, Fall(one.number))
                return
        is_silent = any(canary is not None and canary.state in SILENT for canary in found)
        if is_silent or all(canary is None or canary.state in OVER for canary in found):
            await self._advance(one)

    async def _drain(self, one: Suspension, now_ms: int) -> None:
        waiting: list[Sum] = await self._house.ask(wire.WITHDRAWALS, ListSums(bound=False))
        here = [line for line in one.budgets if any(_is_on(each, line) for each in waiting)]
        ticked = await self._ticks(one)
        left = await self._house.uncompared() if here else ()
        due = [
            line
            for line in here
            if line.network not in left and now_ms >= ticked.get(_place(line), 0) + one.interval_ms
        ]
        # By the times in its log, which the fold goes by too; what was refused is said no sooner.
        ticked |= {_place(line): now_ms for line in due} | await self._tick(one, due)
        if due or not here:
            await self._advance(one, sum(each.count for each in waiting))

    async def _tick(self, one: Suspension, due: list[Budget]) -> dict[_Place, int]:
        """A payment from each line: of a long queue it takes several words. When it was said."""
        said: dict[_Place, int] = {}
        most: int = await self._house.ask(SUSPENSIONS, GetMaxWait(one.number)) if due else 0
        while due:
            words = [
                wire.Drain(line.network, line.asset, line.amount, line.slots, one.number, most)
                for line in due
            ]
            codes = await self._house.report(wire.WITHDRAWALS, *words)
            found: list[DrainSum] = await self._house.ask(wire.WITHDRAWALS, SumDrains(one.number))
            said |= {(each.network, each.asset): each.time_ms for each in found}
            under_way = [(each.network, each.asset) for each in found if each.cursor]
            due = [
                line
                for line, code in zip(due, codes, strict=True)
                if not code and _place(line) in under_way
            ]
        return said

    async def _ticks(self, one: Suspension) -> dict[_Place, int]:
        """When each line was last paid from: by this worker, or by those before it."""
        known = self._ticked.get(one.number)
        if known is None:
            found: list[DrainSum] = await self._house.ask(wire.WITHDRAWALS, SumDrains(one.number))
            known = self._ticked[one.number] = {
                (each.network, each.asset): each.time_ms for each in found
            }
        return known

    async def _advance(self, one: Suspension, waiting: int = 0) -> None:
        """The next step, unless it was refused a short while ago and nothing is new since."""
        seen, now_ms = (one.version, waiting), self._clock.monotonic_ns() // NS_PER_MS
        before, at_ms = self._refused.get(one.number, (None, 0))
        if before == seen and now_ms < at_ms + AGAIN_MS:
            return
        word = Advance(one.number, os.urandom(HASH_BYTES))
        code = await self._say(one, word)
        if code == Refused.SURVEY:
            code = await self._say_as_read(one, word)
        if code:
            self._refused[one.number] = (seen, now_ms)

    async def _say_as_read(self, one: Suspension, word: Advance) -> int:
        """The same of a queue that is read for it."""

        async def ask(question: GetSurvey) -> Surveyed | None:
            found: Surveyed | None = await self._house.ask(SUSPENSIONS, question)
            return found

        async def say(look: Survey) -> int:
            return await self._say(one, look, word)

        return await said_as_read(one.number, ask, say)

    async def _say(self, one: Suspension, *words: msgspec.Struct) -> int:
        """The code of the last of words on a suspension; then what waits is looked at again."""
        code = (await self._house.report(SUSPENSIONS, *words))[-1]
        if code:
            log.info("restart waits", suspension=one.number, code=code)
            return code
        await self._house.settle()
        return 0

    async def _withdrawal(self, number: int) -> Withdrawal | None:
        found: Withdrawal | None = await self._house.ask(wire.WITHDRAWALS, GetWithdrawal(number))
        return found


def _is_ready(one: Suspension, now_ms: int) -> bool:
    """Whether all is shown, as far as a suspension itself tells; the fold knows the rest."""
    shown = (gate for gate in gates_of(one) if gate is not Gate.CANARY)
    return bool(one.sign_offs) and all(is_green(one, gate, now_ms) for gate in shown)


def _is_on(each: Sum, line: Budget) -> bool:
    return (each.network, each.asset) == _place(line)


def _place(line: Budget) -> _Place:
    return line.network, line.asset

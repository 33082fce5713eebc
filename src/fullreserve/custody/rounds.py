"""When holders are challenged out of turn: for gates, and while there is reason to ask now.

There is while withdrawals are stopped, and while a payer had no answer from a signer. Then silence
is known within seconds, where it otherwise takes two periods of a quorum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.holders import Holder
from fullreserve.custody.house import House
from fullreserve.exchange.products.liveness import (
    LIVENESS,
    SIGNING,
    ListRounds,
    QuorumState,
    Rounded,
)
from fullreserve.exchange.products.quorum_rules import Quorum
from fullreserve.exchange.products.suspension_state import DAY_MS, Suspension, gates_of, opened
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Gate,
    Level,
    ListInForce,
    ListReopening,
)
from fullreserve.exchange.worker_files import GONE

# In the world's time: how long an answer may take, and how long until it is asked again.
ANSWER_MS, AGAIN_MS = 15_000, 30_000
# A quorum whose holders answer by hand is asked for a gate long before its answers are too old.
RENEW_MS = DAY_MS // 2


class Reasons(msgspec.Struct, frozen=True):
    """Why holders are to be challenged now."""

    opened: Mapping[int, int]  # by suspension in its gates: the sequence at which they were opened
    is_stopped: bool
    gone: frozenset[str]  # signers that a payer had no answer from
    put: Mapping[int, Rounded]


class Rounds:
    """Of all quorums."""

    def __init__(self, data: Path, house: House, clock: Clock) -> None:
        self._data = data
        self._house = house
        self._clock = clock
        self._called_ms: dict[int, int] = {}
        self._asked_for: dict[int, frozenset[str]] = {}
        self._seen: tuple[int, int] | None = None  # the world's time and the exchange's
        self._speed = 1

    async def reasons(self, now_ms: int) -> Reasons:
        """As the log and the payers have them now; `now_ms` is the exchange's time. Unavailable."""
        self._learn_speed(now_ms)
        reopening: list[Suspension] = await self._house.ask(SUSPENSIONS, ListReopening())
        known: list[Suspension] = await self._house.ask(SUSPENSIONS, ListInForce())
        put: list[Rounded] = await self._house.ask(LIVENESS, ListRounds())
        return Reasons(
            {
                one.number: opened(one)
                for one in reopening
                if opened(one) and Gate.SIGNABILITY in gates_of(one)
            },
            any(
                one.stops_leaving and one.terms.scope.level not in (Level.SEGMENT, Level.USER)
                for one in known
            ),
            self._gone(),
            {one.quorum: one for one in put},
        )

    def is_due(
        self, state: QuorumState, online: Sequence[Holder], reasons: Reasons, now_ms: int
    ) -> bool:
        """Whether its holders are to be challenged before it is their turn."""
        quorum = state.quorum
        if quorum.role not in SIGNING:
            return False
        put = reasons.put.get(quorum.number)
        lacks = [
            number
            for number, since in reasons.opened.items()
            if put is None or number not in put.suspensions or put.asked <= since
        ]
        if lacks or (reasons.opened and put and now_ms - put.asked_ms > RENEW_MS):
            return True
        doubts = reasons.is_stopped or self._doubts(state, online, reasons)
        if not doubts or not self._all_answer(quorum, online):
            return False
        called_ms = self._called_ms.get(quorum.number)
        return called_ms is None or self._ms() - called_ms >= AGAIN_MS

    def called(self, quorum: Quorum, reasons: Reasons) -> None:
        """It was challenged now."""
        self._called_ms[quorum.number] = self._ms()
        self._asked_for[quorum.number] = reasons.gone

    def _doubts(self, state: QuorumState, online: Sequence[Holder], reasons: Reasons) -> bool:
        """Whether a payer found one silent: until a round was put for that, and all answered it."""
        if not any(one.signer in reasons.gone for one in online):
            return False
        is_asked = self._asked_for.get(state.quorum.number) == reasons.gone
        return not is_asked or any(
            state.answers.get(one.person, 0) < state.asked_ms for one in online
        )

    def within_ms(self, quorum: Quorum, online: Sequence[Holder]) -> int:
        """How long an answer may take in the exchange's time; 0 where people answer by hand."""
        return ANSWER_MS * self._speed if self._all_answer(quorum, online) else 0

    @staticmethod
    def _all_answer(quorum: Quorum, online: Sequence[Holder]) -> bool:
        by_machine = [one.person for one in online]
        return all(one.person in by_machine for one in quorum.holders)

    def _gone(self) -> frozenset[str]:
        found: list[str] = []
        for path in self._data.glob(f"{GONE}*.json"):
            try:
                found += msgspec.json.decode(path.read_bytes(), type=list[str])
            except (OSError, msgspec.DecodeError):
                continue  # it is being replaced, or its disk is full: signers are asked in turn
        return frozenset(found)

    def _learn_speed(self, now_ms: int) -> None:
        """How much faster than the world a demo's exchange runs, at least 1."""
        world_ms, seen = self._ms(), self._seen
        if seen is None or world_ms - seen[0] >= 1_000:
            if seen is not None:
                self._speed = max(1, -((seen[1] - now_ms) // (world_ms - seen[0])))
            self._seen = world_ms, now_ms

    def _ms(self) -> int:
        return self._clock.monotonic_ns() // NS_PER_MS

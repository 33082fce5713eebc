"""Challenges holders on schedule, checks and reports who answers, and acts on what that comes to.

Every quorum of the log gets a fresh challenge each of its periods, over random bytes and the newest
blocks; signers that can be asked answer at once, others by `fullreserve custody answered`. For the
gates of a restart, and while there is reason to ask now (`rounds`), all are challenged out of turn.
Amber and red call people, and red makes the policy leave large withdrawals to them. Black stops
what needs the tier and nothing else: that of hot, once it lasts, suspends withdrawals, each of
which hot signs; that of warm or cold leaves those alone that hot can pay, as what is to be signed
there waits by itself, and nothing is swept to a warm tier that could not send it back. Silence of
any kind counts, that of the exchange's own past does not: after a start signers have a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody import holders
from fullreserve.custody.holders import Holder
from fullreserve.custody.house import House
from fullreserve.custody.keys.answers import signed_digest
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.rounds import Reasons, Rounds
from fullreserve.custody.signer_wire import AnswerChallenge, SignerGone, ask_named
from fullreserve.custody.signing import WillNotSign
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.liveness import (
    ACTIONS,
    LIVENESS,
    SIGNING,
    Answered,
    Ask,
    Call,
    Colour,
    ListQuorums,
    ListStandings,
    Look,
    QuorumState,
    Standing,
)
from fullreserve.exchange.products.quorum_rules import Role
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Level,
    Scope,
    Trigger,
    Trip,
)

# After a start, and for how long a quorum has to be black, before anything is suspended.
COMING_UP_MS, LASTS_MS = 60_000, 30_000
AGAIN_MS = 60_000

log = structlog.get_logger(__name__)


class Presence:
    """Of all quorums. `lasts_ms` is LASTS_MS, `coming_up_ms` COMING_UP_MS but in tests."""

    def __init__(
        self,
        data: Path,
        house: House,
        clock: Clock,
        coming_up_ms: int = COMING_UP_MS,
        lasts_ms: int = LASTS_MS,
    ) -> None:
        self._data = data
        self._house = house
        self._clock = clock
        self._lasts_ms = lasts_ms
        self._ready_ms = self._ms() + coming_up_ms
        self._rounds = Rounds(data, house, clock)
        self._colours: dict[int, int] = {}
        self._black: dict[int, int] = {}  # since when, by quorum
        self._tripped_ms = -AGAIN_MS

    async def round(self) -> None:
        """Challenges what is due, asks who has not answered, acts; Unavailable, BadHolders."""
        online = {one.quorum: one.holders for one in holders.load(self._data)}
        states: list[QuorumState] = await self._house.ask(LIVENESS, ListQuorums())
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        reasons = await self._rounds.reasons(now_ms)
        for one in states:
            await self._look(one, online.get(one.quorum.number, ()), reasons)
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        await self._act(await self._house.ask(LIVENESS, ListStandings(now_ms)))

    async def _look(self, one: QuorumState, online: Sequence[Holder], reasons: Reasons) -> None:
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        number, challenge = one.quorum.number, one.challenge
        word = await self._due(one, online, reasons, now_ms)
        if word is not None:
            challenge = word.digest
            (code,) = await self._house.report(LIVENESS, word)
            if code:
                log.error("challenge refused", quorum=number, code=code)
                return
            if isinstance(word, Call):
                self._rounds.called(one.quorum, reasons)
        silent = [each for each in online if word or one.answers.get(each.person, 0) < one.asked_ms]
        if not silent:
            return
        proven = await asyncio.gather(
            *(asyncio.to_thread(self._is_there, each, number, challenge) for each in silent)
        )
        there = [each.person for each, is_there in zip(silent, proven, strict=True) if is_there]
        words = (Answered(number, person, challenge) for person in there)
        await self._house.report(LIVENESS, *words)

    async def _due(
        self, one: QuorumState, online: Sequence[Holder], reasons: Reasons, now_ms: int
    ) -> Ask | Call | None:
        """What challenges a quorum now, in turn or out of it; None: nothing does."""
        number = one.quorum.number
        if self._rounds.is_due(one, online, reasons, now_ms):
            within_ms = self._rounds.within_ms(one.quorum, online)
            return Call(number, await self._fresh(), tuple(reasons.opened), within_ms)
        if now_ms < one.asked_ms + one.quorum.period_ms:
            return None
        if reasons.opened and one.quorum.role in SIGNING:
            # In turn, and for the gates that are open: their round would be over otherwise.
            return Call(number, await self._fresh(), tuple(reasons.opened))
        return Ask(number, await self._fresh())

    async def _fresh(self) -> bytes:
        """Nobody could have signed it before the newest blocks were known."""
        states: list[NetworkState] = await self._house.ask(wire.DEPOSITS, ListNetworks())
        blocks = b"".join(one.tip.block_hash for one in states if one.tip is not None)
        return hashlib.sha256(os.urandom(32) + blocks).digest()

    def _is_there(self, one: Holder, quorum: int, challenge: bytes) -> bool:
        try:
            signature = ask_named(self._data, one.signer, AnswerChallenge(quorum, challenge))
        except (WillNotSign, SignerGone):
            return False
        digest = signed_digest(quorum, challenge)
        is_right = recovered(signature, digest) == bytes.fromhex(one.key)
        if not is_right:
            log.error("answer by another key", quorum=quorum, person=one.person)
        return is_right

    async def _act(self, standings: Sequence[Standing]) -> None:
        colours = {one.quorum: one.colour for one in standings}
        if colours != self._colours:
            for one in standings:
                self._tell(one)
            self._colours = colours
            await self._house.report(LIVENESS, Look())
        now_ms = self._ms()
        black = [
            one.quorum
            for one in standings
            if one.colour == Colour.BLACK and one.role == Role.HOT and now_ms >= self._ready_ms
        ]
        self._black = {number: self._black.get(number, now_ms) for number in black}
        lasting = any(now_ms - since >= self._lasts_ms for since in self._black.values())
        if lasting and now_ms - self._tripped_ms >= AGAIN_MS:
            self._tripped_ms = now_ms
            tripped = Trip(Trigger.NEGATIVE_MARGIN, Scope(Level.GLOBAL))
            (code,) = await self._house.report(SUSPENSIONS, tripped)
            log.error("too few holders of hot can be reached: withdrawals suspended", code=code)
            # What nobody has bound yet goes back into its queue.
            await self._house.settle()

    def _tell(self, one: Standing) -> None:
        before = self._colours.get(one.quorum, Colour.GREEN)
        if one.colour == before:
            return
        colour = Colour(one.colour)
        say = log.info if colour is Colour.GREEN else log.error
        say(
            "quorum changed colour",
            quorum=one.quorum,
            colour=colour.name.lower(),
            margin=one.margin,
            missing=[silent.person for silent in one.missing],
            actions=ACTIONS[colour],
        )

    def _ms(self) -> int:
        return self._clock.monotonic_ns() // NS_PER_MS

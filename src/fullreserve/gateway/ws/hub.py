"""The server's one place for who is connected, who listens to what, and when topics beat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Protocol

import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.gateway.ws.frames import Close
from fullreserve.gateway.ws.regular import Regular, Turns
from fullreserve.gateway.ws.topics import Beating, Listener, Topic

log = structlog.get_logger(__name__)

FAST_MS = 10
# Slow topics beat every tenth fast beat, each in its own one of the ten: this spreads the work.
PHASES = 10
IDLE_MS = 30_000
SWEEP_MS = 1_000


class Member(Listener, Protocol):
    """A connection, as the hub sees it."""

    # When something came or went last, of the monotonic clock.
    seen_ns: int

    def flush(self) -> None:
        """Hands to the socket what was written."""

    def close(self, code: Close, reason: str) -> None:
        """Closes the connection with an OKX or RFC 6455 code."""

    def check(self) -> None:
        """Closes the connection if what it rests on is gone."""


class Hub:
    """Connections and topics of one server; `now_ms` is monotonic and as fine as a sweep."""

    def __init__(self, clock: Clock, changes: Callable[[], int]) -> None:
        self._clock = clock
        # Grows when what a connection rests on may be gone.
        self._changes = changes
        self._seen = changes()
        self._topics: dict[Hashable, Topic] = {}
        self._fast: dict[Beating, None] = {}
        self._slow: tuple[dict[Beating, None], ...] = tuple({} for _ in range(PHASES))
        self._next_phase = 0
        self._turns = Turns(FAST_MS)
        self._to_flush: list[Member] = []
        self.members: dict[Member, None] = {}
        self.now_ms = clock.monotonic_ns() // NS_PER_MS

    def join(
        self,
        key: Hashable,
        make: Callable[[], Topic],
        listener: Listener,
        *,
        fast: bool = False,
        every_ms: int = 0,
    ) -> Topic:
        """Puts a listener on a topic, which is made for the first one.

        It is told again how things are each `every_ms`, by topics that do so.
        """
        topic = self._topics.get(key)
        if topic is None:
            topic = make()
            self._topics[key] = topic
            if isinstance(topic, Beating):
                self._schedule(topic, fast=fast)
        topic.join(listener, self._clock.exchange_ms())
        if isinstance(topic, Regular):
            self._turns.join(topic, listener, every_ms)
        return topic

    def leave(self, key: Hashable, listener: Listener) -> None:
        """Takes a listener off; a topic that nobody listens to is closed."""
        topic = self._topics.get(key)
        if topic is None:
            return
        topic.leave(listener)
        if isinstance(topic, Regular):
            self._turns.leave(topic, listener)
        if topic.listeners:
            return
        del self._topics[key]
        if isinstance(topic, Beating):
            for schedule in (self._fast, *self._slow):
                schedule.pop(topic, None)
        topic.close()

    def topic(self, key: Hashable) -> Topic | None:
        return self._topics.get(key)

    def _schedule(self, topic: Beating, *, fast: bool) -> None:
        if fast:
            ranked = sorted([*self._fast, topic], key=lambda one: one.rank)
            self._fast = dict.fromkeys(ranked)
            return
        self._slow[self._next_phase][topic] = None
        self._next_phase = (self._next_phase + 1) % PHASES

    def flush_soon(self, member: Member) -> None:
        """Flushes a member before the loop waits again: many frames, one system call."""
        self._to_flush.append(member)
        if len(self._to_flush) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        members, self._to_flush = self._to_flush, []
        for member in members:
            member.flush()

    def beat(self, number: int) -> None:
        """The work of one beat: all fast topics and a tenth of the slow ones."""
        time_ms = self._clock.exchange_ms()
        for topic in (*self._fast, *self._slow[number % PHASES]):
            try:
                topic.beat(time_ms)
            except Exception:  # one topic's fault must not silence the others
                log.exception("a topic failed", topic=topic.head.decode())
        self._turns.beat(number)

    async def run(self) -> None:
        """Beats and sweeps until cancelled."""
        number = 0
        while True:
            await self._clock.wait_ms(FAST_MS)
            try:
                self._sweep_if_due()
                self.beat(number)
            except Exception:  # without this loop nothing is pushed and nobody is cut off
                log.exception("a beat failed")
            number += 1

    def _sweep_if_due(self) -> None:
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        changes = self._changes()
        if now_ms - self.now_ms >= SWEEP_MS or changes != self._seen:
            self._seen = changes
            self.sweep(now_ms)

    def sweep(self, now_ms: int) -> None:
        """Closes idle connections, and those whose key was revoked."""
        self.now_ms = now_ms
        for member in list(self.members):
            try:
                if now_ms - member.seen_ns // NS_PER_MS > IDLE_MS:
                    member.close(Close.IDLE, "no data for 30 seconds")
                else:
                    member.check()
            except Exception:  # one connection's fault must not keep the others open
                log.exception("a connection cannot be checked")


async def stop(task: asyncio.Task[None]) -> None:
    """Ends a background task and waits for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

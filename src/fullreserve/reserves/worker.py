"""Makes and publishes statements: a process of its own beside the exchange.

`python -m fullreserve.reserves.worker`. It reads the log, asks nothing of the withdrawal system and
has no key that moves coins; what it publishes are files. It tells the core how much of each asset
is liquid, and stops withdrawals of what is short (`guarding`). It may be killed at any moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from fullreserve import logs
from fullreserve.after_trading import WORKERS, after_trading
from fullreserve.clock import NS_PER_MS, Clock, SystemClock
from fullreserve.config import Settings
from fullreserve.custody.house import RESERVES_GATEWAY
from fullreserve.custody.keys.no_dumps import forbid_dumps
from fullreserve.door.protocol import Door, Gone, Unavailable
from fullreserve.door.socket_client import SocketDoor
from fullreserve.door.socket_server import SOCKET_NAME
from fullreserve.exchange.machine import Halted
from fullreserve.journal.errors import JournalError
from fullreserve.reserves import keys
from fullreserve.reserves.archive import Archive, Damaged
from fullreserve.reserves.declared import WithDeclared
from fullreserve.reserves.desk import Answer, Ask, Desk
from fullreserve.reserves.evidence import Evidence, Rules
from fullreserve.reserves.guarding import Guarding
from fullreserve.reserves.leaving import earlier, leaving
from fullreserve.reserves.lows import DAYS, HOUR_MS, Lows
from fullreserve.reserves.projection import Projection
from fullreserve.reserves.receipt import changed_ms, receipt, signed_receipt
from fullreserve.reserves.signers import Signers
from fullreserve.reserves.statement import Document, Shown, signed, statement
from fullreserve.until_terminated import until_terminated

LOOK_MS = 1_000
# So long a statement waits for its follower at most.
FOLLOWER_S = 10.0
# So long the first statement of all waits for signers and nodes at most.
FOUNDING_MS = 60 * LOOK_MS
# What is lost of looking back when it is interrupted, in statements.
AT_ONCE = 1_000
LOWEST_OF_MS = (24 * DAYS[-1] + 1) * HOUR_MS
VERIFIERS = Path(__file__).resolve().parents[3] / "verifier"

log = structlog.get_logger(__name__)


class Reserves(Protocol):
    """Whoever shows what is there."""

    async def read(self, now_ms: int) -> tuple[Shown, Document | None]:
        """What can be shown now, and the document that shows it; nothing where nothing can."""


class Worker:
    """One run."""

    def __init__(
        self, data: Path, door: Door, clock: Clock, interval_s: int, reserves: Reserves
    ) -> None:
        self._door = door
        self._clock = clock
        self._interval_s = interval_s
        self._reserves = reserves
        self._signer = keys.signer(data)
        self._archive = Archive(data, self._signer)
        self._lows = Lows(data / keys.FOLDER / "lows.json")
        self.projection = Projection(data, door, keys.salt(data))
        self.guarding = Guarding(data, door, self.projection)
        self._warned: set[str] = set()
        self._proven = 0  # the newest epoch that the tree knows

    async def run(self) -> None:
        """Follows and publishes until it is cancelled."""
        following = asyncio.ensure_future(self.projection.follow())
        publishing = asyncio.ensure_future(self._publish_regularly())
        looking = asyncio.ensure_future(self._look_regularly())
        tasks = (following, publishing, looking)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _publish_regularly(self) -> None:
        await self.projection.caught_up((await self._door.health()).durable)
        await self.await_signers()
        while True:
            began_ns = self._clock.monotonic_ns()  # the clock may be set while one is made
            await self.publish()
            took_ms = (self._clock.monotonic_ns() - began_ns) // NS_PER_MS
            await self._clock.wait_ms(max(1, self._interval_s * 1000 - took_ms))

    async def await_signers(self) -> None:
        """Before the first statement of all, and for a minute at most; later ones never wait.

        Signers and nodes start with the exchange. A statement of before they are up says that
        nothing is there, which the lowest of 30 days would repeat for a month.
        """
        if self._archive.epoch:
            return
        began_ms = self._clock.wall_ms()
        while (now_ms := self._clock.wall_ms()) < began_ms + FOUNDING_MS:
            shown, _ = await self._reserves.read(now_ms)
            if not shown.lacks:
                return
            if now_ms == began_ms:
                log.info("the first statement waits for signers and nodes")
            await self._clock.wait_ms(LOOK_MS)
        log.warning("the first statement is made without all signers and nodes")

    async def _look_regularly(self) -> None:
        """Claims may come to be more than is liquid between two statements."""
        while True:
            await self._clock.wait_ms(LOOK_MS)
            with _unless_unavailable():
                await self.guarding.look()

    async def publish(self) -> Document:
        """Makes the next epoch's statement; what was published."""
        booked = self.guarding.booked()
        shown, evidence = await self._reserves.read(self._now_ms())
        epoch = self._archive.epoch + 1
        await asyncio.to_thread(self._look_back)
        await self._follow_up()
        # Of the same place in the log as the claims, which are read before the first wait.
        away = leaving(self.projection.replica, shown.mined)
        claimed = await self.projection.claimed(epoch)
        now_ms = max(self._now_ms(), *(one.read_ms for one in shown.chains), 0)
        document = statement(
            claimed,
            shown,
            epoch=epoch,
            now_ms=now_ms,
            interval_s=self._interval_s,
            previous=self._archive.previous,
            exchange=self._signer.public.hex(),
            lowest=self._lows.of,
            gaps=self._lows.gaps(now_ms),
            leaving=away,
            earlier=partial(earlier, self._statement, epoch - 1, now_ms),
            reclassified=self._lows.reclassified,
            changed=self._lows.changed,
        )
        self._warn_of_own(document)
        house = self.projection.house_proof(epoch)
        envelope = signed(document, self._signer)
        if house is not None:
            envelope["house"] = json.loads(house)
        publish = self._archive.publish
        row = await asyncio.to_thread(publish, envelope, evidence, shown.addresses)
        self._proven = epoch
        log.debug("statement published", epoch=epoch, sequence=claimed.sequence)
        with _unless_unavailable():
            await self.guarding.tell(shown, booked)
        return row

    def _now_ms(self) -> int:
        """The wall's time, but never before the newest statement: verifiers refuse that."""
        now_ms = self._clock.wall_ms()
        newest_ms: int = self._statement(self._archive.epoch)["ts"] if self._archive.epoch else 0
        if now_ms < newest_ms:
            behind_ms = newest_ms - now_ms
            log.warning("the clock stands before the newest statement", behind_ms=behind_ms)
        return max(now_ms, newest_ms)

    def _warn_of_own(self, document: Document) -> None:
        """Of own tokens that counted before: once a run, as every statement says it from now on."""
        for row in document["assets"]:
            symbol, is_own = row["symbol"], "own" in row
            if "reclassified" in row and is_own and symbol not in self._warned:
                self._warned.add(symbol)
                log.warning(
                    "a token counted as any other before it was named in own_tokens: every "
                    "statement and verifier says so",
                    symbol=symbol,
                    counted_until=row["reclassified"]["epoch"],
                )

    def _look_back(self) -> None:
        """Takes in the lowest of the statements that were published since the last look."""
        since_ms = self._clock.wall_ms() - LOWEST_OF_MS
        fresh = range(self._lows.epoch + 1, self._archive.epoch + 1)
        first = bisect_left(fresh, since_ms, key=lambda epoch: self._statement(epoch)["ts"])
        # One more: it says what of an asset counted before it.
        for start in range(max(0, first - 1), len(fresh), AT_ONCE):
            self._lows.take(map(self._statement, fresh[start : start + AT_ONCE]))
            self._lows.keep()

    def _statement(self, epoch: int) -> Document:
        found: Document = self._archive.read(epoch)["statement"]
        return found

    async def _follow_up(self) -> None:
        """Waits for what is durable to be followed; a slow follower's statement is older, not none.

        The statement names the place in the log that it is of.
        """
        with suppress(TimeoutError, Unavailable):
            durable = (await self._door.health()).durable
            await asyncio.wait_for(self.projection.caught_up(durable), FOLLOWER_S)

    def put_verifiers(self) -> None:
        """Beside the statements, so that a mirror has all that a user needs."""
        for name in ("verify.py", "verify.html", "witness.py"):
            if (VERIFIERS / name).is_file():
                self._archive.put(name, (VERIFIERS / name).read_bytes())

    async def answered(self, asked: Ask) -> Answer:
        """An answer, once nothing grows."""
        async with self.projection.turn:
            return self.answer(asked)

    def answer(self, asked: Ask) -> Answer:
        """A user's bundle as of an epoch, or a receipt as of now."""
        epoch = asked.epoch or self._proven
        first = self.projection.first_epoch
        if not self._proven:
            return Answer(problem="the first statement is being made")
        if asked.receipt:
            return self._receipt(asked)
        if not first <= epoch <= self._proven:
            return Answer(problem=f"proofs are kept of epochs {first} to {self._proven}")
        proof = self.projection.proof(asked.account, epoch)
        if proof is None:
            return Answer(problem=f"epoch {epoch} was before this account had anything")
        bundle = {**self._archive.bundle(epoch), "proof": json.loads(proof)}
        return Answer(msgspec.Raw(msgspec.json.encode(bundle)))

    def _receipt(self, asked: Ask) -> Answer:
        replica = self.projection.replica
        if changed_ms(replica, asked.account) <= asked.after_ms:
            return Answer()
        exchange = self._signer.public.hex()
        made = receipt(replica, asked.account, self._proven, exchange)
        return Answer(msgspec.Raw(msgspec.json.encode(signed_receipt(made, self._signer))))


@contextmanager
def _unless_unavailable() -> Iterator[None]:
    """Statements are made also while the exchange takes no commands."""
    try:
        yield
    except Unavailable as problem:
        log.warning("the exchange was not told what is liquid", problem=str(problem))


async def work(settings: Settings, clock: Clock) -> int:
    """Publishes until SIGTERM; the exit code."""
    door = await SocketDoor.open(settings.data / SOCKET_NAME, RESERVES_GATEWAY, clock)
    exchange = keys.signer(settings.data).public.hex()
    control = WithDeclared(settings.data, Signers(settings.data, door))
    named = (one.strip() for one in settings.reserves.own_tokens.split(","))
    own_tokens = frozenset(one for one in named if one)
    rules = Rules(settings.reserves.wait_h * HOUR_MS, own_tokens)
    evidence = Evidence(settings.data, door, clock, exchange, control, rules)
    worker = Worker(settings.data, door, clock, settings.reserves.epoch_s, evidence)
    worker.put_verifiers()
    desk = Desk(worker.answered)
    await desk.open(settings.data)
    try:
        await until_terminated(worker.run())
    finally:
        await desk.close()
        await door.close()
    return 0


def main() -> int:
    """Run the worker as a process of its own."""
    settings = Settings.load()
    logs.configure(settings.log)
    after_trading(WORKERS)
    forbid_dumps()
    try:
        return asyncio.run(work(settings, SystemClock()))
    except (Unavailable, Gone, Halted, JournalError, keys.BadKey, Damaged, OSError) as problem:
        log.error("statements end", problem=str(problem))
        lasting = (keys.BadKey, Damaged)
        return os.EX_DATAERR if isinstance(problem, lasting) else 1


if __name__ == "__main__":
    sys.exit(main())

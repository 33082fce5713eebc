"""`fullreserve up`: opens the log, replays it, serves until a signal, leaves everything whole."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvloop

from fullreserve import logs
from fullreserve.app import ports, quorums
from fullreserve.app.how_far import how_far
from fullreserve.app.running import Extension, Running
from fullreserve.clock import NS_PER_MS, SystemClock
from fullreserve.config import Settings
from fullreserve.identity.keyring import KeyringError
from fullreserve.journal.errors import JournalError
from fullreserve.journal.replay import recover
from fullreserve.journal.snapshots import FOLDER_NAME as SNAPSHOTS
from fullreserve.journal.sqlite import FOLDER_NAME as JOURNAL
from fullreserve.journal.sqlite import SqliteJournal
from fullreserve.real_time import take_real_time
from fullreserve.threads import begun_threads

DONE = 0
FAILED = 1

# A thread that wants the interpreter asks for it after this long: the journal's writer several
# times for each commit while the loop is busy, and the loop while a thread reads histories.
SWITCH_S = 0.0005
# They wait for disks and networks, on behalf of a loop that does not.
THREADS = 8

log = structlog.get_logger(__name__)


class UnusableFolder(OSError):
    """The data folder cannot be used; the message names the setting."""


def run(settings: Settings, extension: Extension, speed: Fraction = Fraction(1)) -> int:
    """Run the exchange with what an extension adds, exchange time at `speed`; the exit code."""
    logs.configure(settings.log)
    try:
        return _run(settings, extension, speed)
    except (JournalError, KeyringError, OSError, ValueError) as problem:
        sys.stderr.write(f"fullreserve: {problem}\n")
        return FAILED


def _run(settings: Settings, extension: Extension, speed: Fraction) -> int:
    started_ns = SystemClock().monotonic_ns()
    if settings.quorums:
        # One that hangs on a single person is refused before anything is opened.
        quorums.load(Path(settings.quorums))
    with ExitStack() as stack:
        places = None
        if not settings.data.exists():
            # A start that cannot be leaves no new folder behind.
            places = stack.enter_context(ports.taken(settings))
        _make_folder(settings.data)
        journal = SqliteJournal(
            settings.data / JOURNAL,
            segment_rows=settings.journal.segment_rows,
            durable=settings.journal.durability,
            proof=how_far(settings),
        )
        stack.callback(journal.close)
        places = places or stack.enter_context(ports.taken(settings))
        # Links in messages and passkeys name the port that browsers come to.
        settings = ports.settled(settings, places)
        recovered = recover(journal, settings.data / SNAPSHOTS)
        clock = SystemClock(speed, journal.head.time_ms)
        log.info(
            "log replayed",
            sequence=recovered.replica.sequence,
            snapshot=recovered.snapshot,
            replayed=recovered.replayed,
            ms=_ms_since(started_ns),
        )
        extension.prepare(settings, clock)
        # What lives for as long as the process is not looked through at every collection.
        gc.freeze()
        sys.setswitchinterval(SWITCH_S)
        if settings.realtime:
            take_real_time()
        make = partial(Running, settings, clock, journal, recovered)
        return uvloop.run(_serve(make, extension, places, started_ns))


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        taken = isinstance(problem, FileExistsError)
        reason = "it is not a folder" if taken else f"it cannot be made: {problem.strerror}"
        raise UnusableFolder(f"FULLRESERVE_DATA = {data} cannot be used: {reason}") from problem


def _ms_since(started_ns: int) -> int:
    return (SystemClock().monotonic_ns() - started_ns) // NS_PER_MS


async def _serve(
    make: Callable[[], Running], extension: Extension, places: ports.Ports, started_ns: int
) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(begun_threads(THREADS, "pool"))
    stopped = asyncio.Event()
    # A terminal that is closed ends what it started, as whole as Ctrl-C does.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    running, waiting = make(), asyncio.ensure_future(stopped.wait())
    if not await _started(running.start(extension, places), waiting):
        return DONE
    if running.tls is not None:
        loop.add_signal_handler(signal.SIGHUP, running.tls.reload)
    failures: list[asyncio.Future[Any]] = [running.sequencer.failed, running.failed]
    settling = asyncio.ensure_future(extension.settle(running))
    ends = [waiting, running.planned_stop, *failures]
    await asyncio.wait([settling, *ends], return_when=asyncio.FIRST_COMPLETED)
    if settling.done() and not settling.exception():
        extension.announce(running)
        s = "s" if running.settings.tls.enabled else ""
        sys.stdout.write(
            f"Open {running.web_address} in a browser.\n"
            f"Fullreserve is ready: REST http{s}://{running.http} · "
            f"WebSocket ws{s}://{running.ws} · "
            f"{_ms_since(started_ns)} ms\n"
        )
        sys.stdout.flush()
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if running.planned_stop.done():
            log.info("stops as planned")
    settling.cancel()
    waiting.cancel()
    failed = [failure.result() for failure in failures if failure.done()]
    if settling.done() and not settling.cancelled() and (problem := settling.exception()):
        failed.append(problem)
    for problem in failed:
        sys.stderr.write(f"fullreserve: {problem}\n")
    code = FAILED if failed else DONE
    await running.close()
    return code


async def _started(start: Coroutine[Any, Any, None], stopped: asyncio.Future[Any]) -> bool:
    """Whether the start came to its end; one that is told to stop closes what it has opened."""
    starting = asyncio.ensure_future(start)
    await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
    try:
        await starting
    except asyncio.CancelledError:
        return False
    return True

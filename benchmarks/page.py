"""The trade page in headless Chromium, on the machine that also runs the exchange.

What a first view transfers and when its largest part is painted; what four open trade pages cost
while their books move; how long an order takes from the click to its row; and the memory of a page
that stays open, for two minutes or as many as `--minutes` says.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from benchmarks.figure import Figure
from benchmarks.moving_books import CHANGES_A_S, PRICES, MovingBooks
from benchmarks.processes import Served, exchange
from fullreserve.clock import SystemClock
from fullreserve.identity.session import Device
from fullreserve.identity.sessions import Sessions
from fullreserve.identity.vault import Vault
from fullreserve.simulation.client import Credentials, call
from tests.browser.conftest import ARGUMENTS, DESK
from tests.browser.people import COOKIE

INSTRUMENTS = "/api/v5/public/instruments?instType=SPOT"
PAIR = "BTC-USDT"
FIRST_VIEWS = 5
TRACE_S = 30
WARM_MS = 5_000
ORDERS = 30
SAMPLES = 6
MOVING = f"{len(PRICES)} instruments' books that change {CHANGES_A_S} times/s"
REACH_KB, REACH_PAINT_MS, REACH_SHARE, REACH_FRAME_MS, REACH_ORDER_MS = 350, 1_500, 0.25, 50, 150

SCRIPTS = """() => performance.getEntriesByType('resource')
  .filter(each => new URL(each.name).pathname.endsWith('.js'))
  .map(each => each.name)"""
PAINTED = """window.painted = 0
  new PerformanceObserver(list => { window.painted = list.getEntries().at(-1).startTime })
    .observe({type: 'largest-contentful-paint', buffered: true})"""
LONG_FRAMES = """window.longFrames = []
  new PerformanceObserver(list => longFrames.push(...list.getEntries().map(each => each.duration)))
    .observe({type: 'long-animation-frame'})"""
# From the event of the click to the picture after the row came.
CLICKED = """window.shown = []
  addEventListener('click', event => {
    const button = event.target.closest('button[type=submit]')
    if (!button) return
    const rows = document.querySelector('[data-panel=orders] tbody')
    const before = rows.childElementCount
    const watcher = new MutationObserver(() => {
      if (rows.childElementCount <= before) return
      watcher.disconnect()
      requestAnimationFrame(() => shown.push(performance.now() - event.timeStamp))
    })
    watcher.observe(rows, {childList: true})
  }, true)"""


class Bench(NamedTuple):
    """An exchange with quoted books, and a browser."""

    browser: Browser
    served: Served
    books: MovingBooks


@contextmanager
def _bench() -> Iterator[Bench]:
    with (
        tempfile.TemporaryDirectory(dir=".") as name,
        exchange(Path(name).absolute()) as served,
        sync_playwright() as driver,
    ):
        listed = call(served.http, None, SystemClock(), "GET", INSTRUMENTS)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with MovingBooks(served, listed) as books:
            yield Bench(browser, served, books)
        browser.close()


def view() -> Iterator[Figure]:
    """A first view, each in a fresh profile."""
    with _bench() as bench:
        yield from _first_view(bench)


def orders() -> Iterator[Figure]:
    """Orders while the books move."""
    with _bench() as bench:
        bench.books.begin()
        yield _click(bench)


def books() -> Iterator[Figure]:
    """A trade page whose book moves."""
    with _bench() as bench:
        bench.books.begin()
        seen = _watch(bench, [PAIR])
    yield Figure(
        f"page: scripting of the trade page beside {MOVING}",
        seen.scripting,
        "cores",
        f"layout and style {seen.layout:.3f}",
        reach=f"≤ {REACH_SHARE}",
    )
    yield Figure(
        f"page: its longest frame above {REACH_FRAME_MS} ms in {TRACE_S} s",
        max(seen.long_frames, default=0.0),
        "ms",
        f"{len(seen.long_frames)} such",
        reach="none",
    )


def four() -> Iterator[Figure]:
    """One for each instrument, side by side in as many windows."""
    with _bench() as bench:
        bench.books.begin()
        seen = _watch(bench, list(PRICES))
    yield Figure(
        f"page: scripting of {len(PRICES)} trade pages at once, one for each such book",
        seen.scripting,
        "cores",
        f"{len(seen.long_frames)} frames above {REACH_FRAME_MS} ms in {TRACE_S} s",
    )


def memory(minutes: float = 2) -> Iterator[Figure]:
    """A page that stays open."""
    with _bench() as bench:
        bench.books.begin()
        yield _memory(bench, minutes)


def _context(bench: Bench) -> BrowserContext:
    """A fresh profile of the demo's first trader."""
    keys = msgspec.json.decode(Path(bench.served.keys).read_bytes(), type=list[Credentials])
    vault = Vault(bench.served.data, SystemClock().wall_ms)
    token = Sessions(vault).open(int(keys[0].uid), Device("127.0.0.1", "benchmark")).token
    vault.close()
    context = bench.browser.new_context(viewport=DESK, locale="en")
    context.add_cookies([{"name": COOKIE, "value": token, "domain": "localhost", "path": "/"}])
    return context


def _open(context: BrowserContext, served: Served, pair: str = PAIR) -> Page:
    page = context.new_page()
    page.goto(f"http://{served.http.replace('127.0.0.1', 'localhost')}/trade/{pair}")
    page.locator("[data-side=ask] tr").nth(5).wait_for()
    page.get_by_text("Vol ").first.wait_for()
    return page


def _first_view(bench: Bench) -> Iterator[Figure]:
    sizes, paints = [], []
    for _ in range(FIRST_VIEWS):
        context = _context(bench)
        context.add_init_script(PAINTED)
        page = _open(context, bench.served)
        page.wait_for_timeout(1_000)
        sizes.append(sum(map(_gzip_bytes, page.evaluate(SCRIPTS))) / 1_000)
        paints.append(page.evaluate("painted"))
        context.close()
    yield Figure(
        "page: JavaScript of the first view of the trade page, gzip",
        max(sizes),
        "kB",
        reach=f"≤ {REACH_KB} kB",
    )
    yield Figure(
        f"page: Largest Contentful Paint of the trade page, median of {FIRST_VIEWS} cold views",
        statistics.median(paints),
        "ms",
        f"slowest {max(paints):,.0f} ms",
        reach=f"≤ {REACH_PAINT_MS:,} ms",
    )


def _gzip_bytes(address: str) -> int:
    wanted = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(wanted) as answer:
        assert answer.headers["content-encoding"] in ("gzip", None)
        return len(answer.read())


class Watched(NamedTuple):
    """What pages did for a while: shares of a core, and frames above 50 ms, in ms."""

    scripting: float
    layout: float
    long_frames: list[float]


def _watch(bench: Bench, pairs: Sequence[str]) -> Watched:
    contexts = [_context(bench) for _ in pairs]
    for context in contexts:
        context.add_init_script(LONG_FRAMES)
    pages = [
        _open(context, bench.served, pair) for context, pair in zip(contexts, pairs, strict=True)
    ]
    lines = [page.context.new_cdp_session(page) for page in pages]
    pages[0].wait_for_timeout(WARM_MS)
    for page in pages:
        page.evaluate("() => { longFrames.length = 0 }")
    before, began = [_metrics(line) for line in lines], time.monotonic()
    pages[0].wait_for_timeout(TRACE_S * 1_000)
    elapsed = time.monotonic() - began
    after = [_metrics(line) for line in lines]
    longest = [length for page in pages for length in page.evaluate("longFrames")]
    for context in contexts:
        context.close()

    def share(*names: str) -> float:
        both = zip(before, after, strict=True)
        return sum(new[name] - old[name] for old, new in both for name in names) / elapsed

    return Watched(share("ScriptDuration"), share("LayoutDuration", "RecalcStyleDuration"), longest)


def _metrics(line: CDPSession) -> dict[str, float]:
    line.send("Performance.enable")
    told: Any = line.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in told["metrics"]}


def _click(bench: Bench) -> Figure:
    context = _context(bench)
    context.add_init_script(CLICKED)
    page = _open(context, bench.served)
    page.get_by_text("USDT", exact=True).first.wait_for()
    for number in range(ORDERS):
        page.get_by_label("Price", exact=True).fill(f"{39_000 + number}")
        page.get_by_label("Amount", exact=True).fill("0.001")
        page.get_by_role("button", name="Buy BTC", exact=True).click()
        page.locator("[data-panel=orders] tbody tr").nth(number).wait_for()
    took = sorted(page.evaluate("shown"))
    page.keyboard.press("Shift+X")
    context.close()
    return Figure(
        f"page: an order from the click to its row on the screen, median of {ORDERS}",
        statistics.median(took),
        "ms",
        f"slowest {took[-1]:.0f} ms",
        reach=f"≤ {REACH_ORDER_MS} ms",
    )


def _memory(bench: Bench, minutes: float) -> Figure:
    context = _context(bench)
    page = _open(context, bench.served)
    line = context.new_cdp_session(page)
    heaps = []
    for _ in range(SAMPLES + 1):
        page.wait_for_timeout(minutes * 60_000 / (SAMPLES + 1))
        line.send("HeapProfiler.collectGarbage")
        heaps.append(_metrics(line)["JSHeapUsedSize"] / 1e6)
    # The first one is still warming up.
    context.close()
    return Figure(
        f"page: heap after {minutes:g} minutes of it",
        heaps[-1],
        "MB",
        f"after {minutes / (SAMPLES + 1) * 2:.1f} minutes {heaps[1]:.1f} MB",
        heaps[-1] / heaps[1],
        "flat",
    )

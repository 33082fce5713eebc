"""What a scenario tells: a timeline as it goes, and a report with plots of what was measured."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.simulation.scenario.exchange import Exchange
from fullreserve.simulation.scenario.latency import Latency, Sample, ratio_of, share_of
from fullreserve.simulation.scenario.plots import Event, Line, Plot
from fullreserve.simulation.scenario.report import Check, html

LOOK_S = 1.0
MS_PER_S = 1000


class Telling:
    """One scenario's timeline, checks and measures."""

    def __init__(self, title: str, about: str) -> None:
        self.checks: list[Check] = []
        self.shaded: tuple[int, int] | None = None
        self._title = title
        self._about = about
        self._events: list[Event] = []
        self._waiting: list[tuple[int, int]] = []
        self._final: dict[str, list[tuple[int, int]]] = {}
        self._ratio = ""
        self._samples: Callable[[], list[Sample]] = list
        self._elapsed_ms: Callable[[], int] = int

    def measures(self, latency: Latency) -> None:
        """Whose clock and whose orders it tells of."""
        self._elapsed_ms = latency.elapsed_ms
        self._samples = lambda: latency.samples

    def say(self, text: str) -> None:
        """A line of the timeline."""
        event = Event(self._elapsed_ms(), text)
        self._events.append(event)
        sys.stdout.write(f"{event.at_ms / MS_PER_S:8.1f} s  {text}\n")
        sys.stdout.flush()

    def check(self, text: str, *, holds: bool) -> None:
        """What has to be."""
        self.checks.append(Check(text, holds))
        self.say(f"{'Yes' if holds else 'NO'}: {text}")

    def latency(self, before: list[Sample], during: list[Sample]) -> None:
        """Says what orders took at two times, and how the second is to the first.

        No check: what else runs on the machine is in it.
        """
        for when, samples in (("before", before), ("while withdrawals were suspended", during)):
            took = [one.us for one in samples]
            self.say(
                f"Orders {when}: {len(took):,}, median {share_of(took, 50):,} µs, "
                f"99 % under {share_of(took, 99):,} µs"
            )
        ratio = ratio_of(during, before)
        self._ratio = (
            f"While withdrawals were suspended the 99 % were {ratio.value:.2f} times those before "
            f"(95 % interval {ratio.low:.2f} to {ratio.high:.2f})."
        )
        self.say(self._ratio)

    async def watch(self, exchange: Exchange, networks: Mapping[int, str]) -> None:
        """How many wait, and how many are final on each chain, until it is cancelled."""
        self._final = {name: [] for name in networks.values()}
        while True:
            await exchange.look()
            count = dict.fromkeys(networks, 0)
            for one in exchange.states.values():
                if one.state == WithdrawalState.SUCCESS and one.network in count:
                    count[one.network] += 1
            now = self._elapsed_ms()
            self._waiting.append((now, await exchange.waiting()))
            for network, name in networks.items():
                self._final[name].append((now, count[network]))
            await asyncio.sleep(LOOK_S)

    def page(self) -> str:
        """The report."""
        marks = self._events
        plots = (
            Plot("Withdrawals that wait", "requests", [Line("", self._waiting)], marks,
                 self.shaded, "The shaded time: withdrawals are suspended."),
            Plot("Withdrawals that are final on their chain", "withdrawals",
                 [Line(*one) for one in self._final.items()], marks, self.shaded),
            Plot("Time of an order, each second", "µs", self._seconds(), marks, self.shaded,
                 self._ratio),
        )  # fmt: skip
        return html(self._title, self._about, self._events, self.checks, plots)

    def _seconds(self) -> list[Line]:
        by_second: dict[int, list[int]] = {}
        for one in self._samples():
            by_second.setdefault(one.at_ms // MS_PER_S, []).append(one.us)
        return [
            Line(name, [(second * MS_PER_S, share_of(took, share))
                        for second, took in sorted(by_second.items())])
            for name, share in (("median", 50), ("99 %", 99))
        ]  # fmt: skip

"""Counts and durations of requests, kept as plain numbers and turned into metrics when asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

# Upper bounds of the duration buckets, in seconds.
BOUNDS_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
BOUNDS_NS = tuple(round(bound * 1e9) for bound in BOUNDS_S)
NS_PER_S = 1_000_000_000

Name = tuple[str, str]


class _Durations:
    __slots__ = ("counts", "sum_ns")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.sum_ns = 0


class RequestMetrics(Collector):
    """By method and path, for the endpoints that exist; a scan of other paths adds nothing."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._durations = {name: _Durations() for name in names}
        self._statuses: dict[tuple[Name, int], int] = {}

    def observe(self, name: Name, status: int, duration_ns: int) -> None:
        durations = self._durations[name]
        durations.counts[bisect_left(BOUNDS_NS, duration_ns)] += 1
        durations.sum_ns += duration_ns
        key = (name, status)
        self._statuses[key] = self._statuses.get(key, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        requests = CounterMetricFamily(
            "fullreserve_rest_requests", "REST requests.", labels=("method", "path", "status")
        )
        for ((method, path), status), count in sorted(self._statuses.items()):
            requests.add_metric((method, path, str(status)), count)
        yield requests
        durations = HistogramMetricFamily(
            "fullreserve_rest_seconds", "Time to answer REST requests.", labels=("method", "path")
        )
        for name, one in self._durations.items():
            if any(one.counts):
                durations.add_metric(name, _cumulative(one.counts), one.sum_ns / NS_PER_S)
        yield durations


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets

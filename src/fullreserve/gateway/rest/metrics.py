"""Counts and durations of requests, kept as plain numbers until somebody asks for metrics."""

from __future__ import annotations

from bisect import bisect_left

# Upper bounds of the duration buckets, in seconds.
BOUNDS_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
BOUNDS_NS = tuple(round(bound * 1e9) for bound in BOUNDS_S)

Name = tuple[str, str]


class Durations:
    __slots__ = ("counts", "sum_ns")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.sum_ns = 0


class RequestMetrics:
    """By method and path, for endpoints that exist and were called; a scan of others adds none."""

    def __init__(self) -> None:
        self.durations: dict[Name, Durations] = {}
        self.statuses: dict[tuple[Name, int], int] = {}

    def observe(self, name: Name, status: int, duration_ns: int) -> None:
        durations = self.durations.get(name)
        if durations is None:
            durations = self.durations[name] = Durations()
        durations.counts[bisect_left(BOUNDS_NS, duration_ns)] += 1
        durations.sum_ns += duration_ns
        key = (name, status)
        self.statuses[key] = self.statuses.get(key, 0) + 1

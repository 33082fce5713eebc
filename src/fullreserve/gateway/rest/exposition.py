"""Metrics in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from fullreserve.gateway.rest.metrics import BOUNDS_S, RequestMetrics

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()
NS_PER_S = 1_000_000_000
GAUGES = {
    "sequence": "The last command that was applied.",
    "durable": "The last command that is on disk.",
    "queued": "Commands that wait for the disk or for their turn.",
    "rows": "Rows in flight to the disk.",
    "open_orders": "Orders that rest in the books.",
    "finished_total": "Orders that were filled or canceled since the log began.",
    "refused": "Submissions refused before the log since the start.",
}
# What people have to do something about, each a list in `/healthz`.
ALARMS = (
    *("childrenEnded", "networksUnpaid", "networksUnsigned", "tokensHalted"),
    *("certificatesDue", "gasShort", "chargesDue", "announcements"),
)


def text(requests: RequestMetrics, health: Mapping[str, Any]) -> bytes:
    """All metrics of this process at this moment."""
    registry = CollectorRegistry()
    for collector in (_Requests(requests), _State(health)):
        registry.register(collector)
    return generate_latest(registry)


class _Requests(Collector):
    def __init__(self, requests: RequestMetrics) -> None:
        self._requests = requests

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        requests = CounterMetricFamily(
            "fullreserve_rest_requests", "REST requests.", labels=("method", "path", "status")
        )
        for ((method, path), status), count in sorted(self._requests.statuses.items()):
            requests.add_metric((method, path, str(status)), count)
        yield requests
        durations = HistogramMetricFamily(
            "fullreserve_rest_seconds", "Time to answer REST requests.", labels=("method", "path")
        )
        for name, one in self._requests.durations.items():
            if any(one.counts):
                durations.add_metric(name, _cumulative(one.counts), one.sum_ns / NS_PER_S)
        yield durations


class _State(Collector):
    """The numbers of a health as gauges."""

    def __init__(self, health: Mapping[str, Any]) -> None:
        self._health = health

    def collect(self) -> Iterator[GaugeMetricFamily]:
        health = self._health
        is_up = int(health.get("state") == "running")
        yield GaugeMetricFamily("fullreserve_up", "1 while commands are taken.", value=is_up)
        for name, meaning in GAUGES.items():
            if name in health:
                yield GaugeMetricFamily(f"fullreserve_{name}", meaning, value=health[name])
        alarms = GaugeMetricFamily(
            "fullreserve_alarms", "What `/healthz` lists under a name.", labels=("alarm",)
        )
        for alarm in ALARMS:
            if alarm in health:
                alarms.add_metric((alarm,), len(health[alarm]))
        yield alarms
        lag = GaugeMetricFamily(
            "fullreserve_lag_commands", "Commands a projection is behind.", labels=("projection",)
        )
        for projection, behind in health.get("lag", {}).items():
            lag.add_metric((projection,), behind)
        yield lag


def _cumulative(counts: list[int]) -> list[tuple[str, float]]:
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets

"""What `/metrics` tells: requests of this process, and what all of Campana is doing now.

Each web process counts its own requests; the gauges are read from the database when asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from campana.store.activity import Activity

CONTENT_TYPE = "text/plain; version=0.0.4"
"""Of Prometheus' text format; the framework adds the charset."""

_METHODS = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Meter:
    """Counters of one application; a registry of its own, so that two may live in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "campana_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "campana_http_request_seconds",
            "Time to the last byte of an answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._activity = Gauge(
            "campana_activity",
            "Attempts and campaigns that are not over, by state, over all workspaces.",
            ["what", "state"],
            registry=self._registry,
        )
        # Looking a label up costs more than counting: each combination is looked up once.
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """One request has been answered."""
        key = (method if method in _METHODS else "other", route, status)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._requests.labels(*key)
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self._seconds.labels(route)
        counter.inc()
        timer.observe(seconds)

    def text(self, activity: Sequence[Activity]) -> bytes:
        """Everything in Prometheus' text format."""
        self._activity.clear()
        for each in activity:
            self._activity.labels(each.what, each.state).set(each.count)
        return generate_latest(self._registry)

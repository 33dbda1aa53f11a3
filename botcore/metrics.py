"""Counters for Prometheus, and what is waiting at the moment somebody asks."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One bot's numbers, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._received = Counter(
            "botcore_submissions_received",
            "Submissions seen for the first time",
            ["account"],
            registry=self._registry,
        )
        self._rated = Counter("botcore_ratings", "Ratings that ended", ["result"], registry=self._registry)
        self._hooks = Counter("botcore_webhooks", "Webhook posts", ["result"], registry=self._registry)
        self._calls = Histogram(
            "botcore_marketplace_seconds",
            "Seconds of a marketplace call, waiting for its turn included",
            ["account"],
            buckets=(0.1, 0.5, 1, 2, 5, 15, 60),
            registry=self._registry,
        )
        self._now = Gauge("botcore_now", "What there is at the moment", ["what"], registry=self._registry)

    def received(self, account: str) -> None:
        self._received.labels(account).inc()

    def rated(self, result: str) -> None:
        self._rated.labels(result).inc()

    def hook(self, result: str) -> None:
        self._hooks.labels(result).inc()

    def called(self, account: str, seconds: float) -> None:
        self._calls.labels(account).observe(seconds)

    def render(self, now: Mapping[str, int]) -> bytes:
        """Everything in Prometheus' text format; `now` holds the gauges."""
        for what, count in now.items():
            self._now.labels(what).set(count)
        return generate_latest(self._registry)

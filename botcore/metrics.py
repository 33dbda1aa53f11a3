"""Counters for Prometheus, and what is waiting at the moment somebody asks."""

from __future__ import annotations

from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One bot's numbers, in a registry of its own. Labels are names from the config or fixed words, never input."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # needed by a running bot only

        self._registry = registry = CollectorRegistry()

        def counter(name: str, what: str, label: str) -> Counter:
            return Counter(f"botcore_{name}", what, [label], registry=registry)

        self._received = counter("submissions_received", "Submissions seen for the first time", "account")
        self._decided = counter("decisions", "Decisions that people made", "verdict")
        self._rated = counter("ratings", "Ratings that ended", "result")
        self._hooks = counter("webhooks", "Webhook posts", "result")
        self._delivered = counter("deliveries", "Cards sent or edited, or not", "result")
        self._failed = counter("errors", "Unexpected errors, by where they happened", "part")
        self._calls = Histogram(
            "botcore_marketplace_seconds",
            "Seconds of a marketplace call, waiting for its turn included",
            ["account"],
            buckets=(0.1, 0.5, 1, 2, 5, 15, 60),
            registry=registry,
        )
        self._now = Gauge("botcore_now", "What there is at the moment", ["what"], registry=registry)

    def received(self, account: str) -> None:
        self._received.labels(account).inc()

    def decided(self, verdict: str) -> None:
        self._decided.labels(verdict).inc()

    def rated(self, result: str) -> None:
        self._rated.labels(result).inc()

    def hook(self, result: str) -> None:
        self._hooks.labels(result).inc()

    def delivered(self, result: str) -> None:
        self._delivered.labels(result).inc()

    def failed(self, part: str) -> None:
        self._failed.labels(part).inc()

    def called(self, account: str, seconds: float) -> None:
        self._calls.labels(account).observe(seconds)

    def render(self, now: Mapping[str, int]) -> bytes:
        """Everything in Prometheus' text format; `now` holds the gauges, those of earlier looks are forgotten."""
        from prometheus_client import generate_latest

        self._now.clear()
        for what, count in now.items():
            self._now.labels(what).set(count)
        return generate_latest(self._registry)

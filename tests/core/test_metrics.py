"""What `/metrics` tells."""

from __future__ import annotations

import subprocess
import sys

from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from botcore.metrics import Metrics


def told(metrics: Metrics, **now: int) -> dict[str, float]:
    """Every sample by its name and labels, as a scraper reads them."""
    text = metrics.render(now).decode()
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_counted_is_told_under_its_labels() -> None:
    metrics = Metrics()
    metrics.received("main")
    metrics.received("main")
    metrics.decided("approve")
    metrics.rated("in doubt")
    metrics.hook("taken")
    metrics.delivered("sent")
    metrics.failed("server")
    metrics.called("main", 1.5)

    samples = told(metrics)
    assert samples["botcore_submissions_received_total main"] == 2
    assert samples["botcore_decisions_total approve"] == 1
    assert samples["botcore_ratings_total in doubt"] == 1
    assert samples["botcore_webhooks_total taken"] == 1
    assert samples["botcore_deliveries_total sent"] == 1
    assert samples["botcore_errors_total server"] == 1
    assert samples["botcore_marketplace_seconds_count main"] == 1
    assert samples["botcore_marketplace_seconds_sum main"] == 1.5


def test_what_there_is_just_now_is_forgotten_at_the_next_look() -> None:
    metrics = Metrics()
    assert told(metrics, waiting=7, held=2)["botcore_now waiting"] == 7
    assert told(metrics, waiting=3)["botcore_now waiting"] == 3
    assert "botcore_now held" not in told(metrics, waiting=3)


def test_two_bots_in_one_process_count_apart_and_leave_the_global_registry_alone() -> None:
    before = set(REGISTRY._names_to_collectors)
    one, other = Metrics(), Metrics()
    one.rated("confirmed")
    assert "botcore_ratings_total confirmed" not in told(other)
    assert set(REGISTRY._names_to_collectors) == before


def test_importing_it_does_not_load_prometheus() -> None:
    check = "import sys, botcore.metrics; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

"""What is done to jobs: what is sent, and how the marketplace's answers are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from botcore.models import JobChange
from botcore.provider import AuthFailed, OutcomeUnknown, Refused, Unavailable

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider
    from tests.plugins.sproutgigs.answering import Marketplace

JOB = "7c1d0a9be210"
POSITION = "jobs/get-predicted-position.php"
FEATURE = "jobs/feature-job.php"

Change = Callable[["SproutGigsProvider"], Awaitable[JobChange | str]]

CHANGES: list[tuple[Change, str, dict[str, object], dict[str, object], str]] = [
    (lambda p: p.pause(JOB), "job-pause", {}, {"ok": True}, "Done."),
    (lambda p: p.resume(JOB), "job-resume", {}, {"ok": True}, "Done."),
    (lambda p: p.stop(JOB), "job-stop", {}, {"ok": True, "message": "It has ended."}, "It has ended."),
    (lambda p: p.restart(JOB), "job-restart", {}, {"ok": True, "notice": "It runs again."}, "It runs again."),
    (lambda p: p.restart(JOB, 15), "job-restart", {"positions": 15}, {"ok": True, "notice": "It runs."}, "It runs."),
    (lambda p: p.add_positions(JOB, 20), "add-positions", {"positions": 20}, {"ok": 1, "message": "Added."}, "Added."),
    (lambda p: p.set_speed(JOB, 250), "set-speed", {"speed": 250}, {"ok": True, "message": "Slower."}, "Slower."),
    (lambda p: p.set_time_to_rate(JOB, 3), "set-ttr", {"ttr": 3}, {"ok": True, "message": "Three."}, "Three."),
    (lambda p: p.feature(JOB, Decimal("2.50")), "feature-job", {"amount": "2.50"}, {"ok": True}, "Done."),
]
EACH = pytest.mark.parametrize(("change", "endpoint", "body", "answer", "words"), CHANGES)


@EACH
async def test_a_change_is_one_post_and_its_answer_is_passed_on(
    change: Change,
    endpoint: str,
    body: dict[str, object],
    answer: object,
    words: str,
    marketplace: Marketplace,
    provider: SproutGigsProvider,
) -> None:
    marketplace.says(f"jobs/{endpoint}.php", answer)
    told = await change(provider)
    assert (told if isinstance(told, str) else told.message) == words
    [heard] = marketplace.heard
    assert (heard.method, heard.query) == ("POST", {})
    assert marketplace.bodies(f"jobs/{endpoint}.php") == [{"job_id": JOB, **body}]


@EACH
async def test_a_no_is_refused_in_the_marketplaces_words(
    change: Change,
    endpoint: str,
    body: dict[str, object],
    answer: object,
    words: str,
    marketplace: Marketplace,
    provider: SproutGigsProvider,
) -> None:
    marketplace.says(f"jobs/{endpoint}.php", {"ok": False, "message": "Not now.\u202e"})
    with pytest.raises(Refused, match=r"^Not now\.$"):
        await change(provider)


@EACH
@pytest.mark.parametrize("said", ["", "<html>", {}, [], {"ok": "maybe"}, {"message": "Done."}])
async def test_an_answer_that_does_not_tell_leaves_a_doubt(
    said: object,
    change: Change,
    endpoint: str,
    body: dict[str, object],
    answer: object,
    words: str,
    marketplace: Marketplace,
    provider: SproutGigsProvider,
) -> None:
    marketplace.says(f"jobs/{endpoint}.php", said)
    with pytest.raises(OutcomeUnknown):
        await change(provider)
    assert len(marketplace.heard) == 1


async def test_a_job_costs_its_price_for_each_position(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says("jobs/get-job.php", marketplace.job(task_value=0.125), marketplace.job(task_value=None))
    assert provider.cost_of_positions(await provider.job(JOB), 20) == Decimal("2.500")
    assert provider.cost_of_positions(await provider.job(JOB), 20) is None


# --- where a job would be shown


async def test_a_predicted_position_is_told(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(POSITION, {"position_in_all": 7, "position_in_category": "2"})
    told = await provider.predicted_position("0501", Decimal("3.10"))
    assert (told.position_in_all, told.position_in_category) == (7, 2)
    assert marketplace.bodies(POSITION) == [{"category_id": "0501", "amount": "3.10"}]


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"ok": False, "message": "Unknown category"}, Refused, "Unknown category"),
        ({"position_in_all": 7}, Unavailable, "get-predicted-position.* position_in_category"),
        ({"position_in_all": -1, "position_in_category": 1}, Unavailable, "position_in_all"),
        ([], Unavailable, "an object"),
        ("<html>", Unavailable, "could not be read"),
        ({"message": "Unauthorized"}, AuthFailed, "key"),
    ],
)
async def test_a_position_that_is_not_told_is_no_doubt_for_nothing_was_done(
    said: object, error: type[Exception], words: str, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(POSITION, said)
    with pytest.raises(error, match=words):
        await provider.predicted_position("0501", Decimal(3))


async def test_a_server_in_trouble_leaves_no_doubt_about_a_question_either(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(POSITION, "{}", status=502)
    marketplace.says(FEATURE, "{}", status=502)
    with pytest.raises(Unavailable):
        await provider.predicted_position("0501", Decimal(3))
    with pytest.raises(OutcomeUnknown):
        await provider.feature(JOB, Decimal(3))

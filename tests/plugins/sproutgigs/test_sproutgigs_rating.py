"""Ratings as they leave, what is made of the answers, and what changes people and lists."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from botcore.models import (
    Outcome,
    Rating,
    RatingResult,
    Satisfaction,
    Sighting,
    SightingState,
    Verdict,
    Verdicted,
)
from botcore.provider import AuthFailed, OutcomeUnknown, ProviderError, RateLimited, Refused

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider
    from tests.plugins.sproutgigs.answering import Marketplace

ONE = "jobs/rate-single-task.php"
MANY = "jobs/rate-multiple-tasks.php"
RATED_WELL = {"ok": True, "message": "Task rated successfully."}


def approve(task: str = "a", **more: object) -> Rating:
    return Rating(task, 0, Verdict.APPROVE, **more)  # type: ignore[arg-type]


# --- what leaves


async def test_one_rating_leaves_under_the_names_of_the_one(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(ONE, RATED_WELL)
    rating = approve(satisfaction=Satisfaction.EXCELLENT, comment="Lovely", bonus=Decimal("0.10"))
    assert await provider.rate("j1", [rating]) == [RatingResult("a", ok=True, message="Task rated successfully.")]
    [heard] = marketplace.heard
    assert (heard.method, heard.endpoint, dict(heard.query)) == ("POST", ONE, {})
    assert heard.body == {
        "job_id": "j1",
        "task_id": "a",
        "task_rating": "ok",
        "task_satisfaction": "excellent",
        "task_comment": "Lovely",
        "task_bonus": 0.1,
    }
    assert '"task_bonus": 0.10}' in heard.text


async def test_many_ratings_leave_under_the_names_of_the_many(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(
        MANY,
        {
            "tasks": [
                {"id": "c", "ok": False, "message": "Task cannot be rated."},
                {"id": "b", "ok": True},
                {"id": "a", "ok": 1, "notice": "Fine"},
            ]
        },
    )
    ratings = [
        approve("a", bonus=Decimal("1.05")),
        Rating("b", 0, Verdict.REJECT, Satisfaction.SPAM, "Copied"),
        Rating("c", 1, Verdict.REVISE, comment="Again, please"),
    ]
    assert await provider.rate("j1", ratings) == [
        RatingResult("a", ok=True, message="Fine"),
        RatingResult("b", ok=True),
        RatingResult("c", ok=False, message="Task cannot be rated."),
    ]
    [heard] = marketplace.heard
    assert heard.body == {
        "job_id": "j1",
        "tasks": [
            {"id": "a", "rating": "ok", "bonus": 1.05},
            {"id": "b", "rating": "not_ok", "satisfaction": "spam", "comment": "Copied"},
            {"id": "c", "rating": "revise", "comment": "Again, please"},
        ],
    }
    assert '"bonus": 1.05}' in heard.text


@pytest.mark.parametrize(
    ("rating", "sent"),
    [
        (approve(), {"task_rating": "ok"}),
        (
            Rating("a", 0, Verdict.REJECT, comment="No"),
            {"task_rating": "not_ok", "task_satisfaction": "incorrect", "task_comment": "No"},
        ),
        (Rating("a", 0, Verdict.REVISE, comment="Hm"), {"task_rating": "revise", "task_comment": "Hm"}),
    ],
)
async def test_only_what_a_person_chose_is_sent_and_a_bare_reject_is_incorrect(
    rating: Rating, sent: dict[str, str], marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(ONE, RATED_WELL)
    await provider.rate("j1", [rating])
    assert marketplace.heard[0].body == {"job_id": "j1", "task_id": "a"} | sent


@pytest.mark.parametrize(
    "bad",
    [
        Rating("bad", 0, Verdict.REJECT),
        Rating("bad", 0, Verdict.REVISE, comment=" \n"),
        Rating("bad", 0, Verdict.REJECT, comment="No", bonus=Decimal("0.1")),
        Rating("bad", 0, Verdict.APPROVE, Satisfaction.DUPE),
        Rating("bad", 0, Verdict.REVISE, Satisfaction.SPAM, "Hm"),
        approve("bad", bonus=Decimal("-1")),
        approve("bad", bonus=Decimal("NaN")),
    ],
)
async def test_what_the_marketplace_would_turn_down_is_not_sent_but_the_rest_is(
    bad: Rating, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(ONE, RATED_WELL)
    results = {one.task_id: one for one in await provider.rate("j1", [bad, approve("good")])}
    assert results["good"].ok
    assert not results["bad"].ok
    assert results["bad"].message
    assert [heard.body["task_id"] for heard in marketplace.heard] == ["good"]
    [alone] = await provider.rate("j1", [bad])
    assert not alone.ok
    assert len(marketplace.heard) == 1


async def test_too_many_or_twice_the_same_is_a_mistake_and_sends_nothing(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    for ratings in ([approve(), approve()], [approve(str(n)) for n in range(1001)]):
        with pytest.raises(ValueError, match="1000"):
            await provider.rate("j1", ratings)
    assert marketplace.heard == []


# --- what the answers mean


async def test_a_refused_rating_is_a_result_with_the_marketplaces_words(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(ONE, {"ok": False, "message": "Task cannot be rated."})
    assert await provider.rate("j1", [approve()]) == [RatingResult("a", ok=False, message="Task cannot be rated.")]


async def test_a_result_that_is_missing_or_unclear_is_never_guessed(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    told: list[object] = [
        {"id": "known", "ok": True},
        {"id": "unclear", "ok": "perhaps"},
        {"id": "twice", "ok": True},
        {"id": "twice", "ok": False},
        {"id": "nobody asked", "ok": True},
        {"ok": True},
        None,
    ]
    marketplace.says(MANY, {"ok": True, "tasks": told})
    results = await provider.rate("j1", [approve(task) for task in ("known", "unclear", "twice", "missing")])
    assert [one.task_id for one in results] == ["known"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "null",
        "3",
        {"message": "Task rated successfully."},
        {"ok": None},
        {"ok": "maybe"},
        {"tasks": []},
    ],
)
@pytest.mark.parametrize("count", [1, 2])
async def test_an_answer_that_tells_nothing_leaves_the_outcome_unknown(
    count: int, answer: object, marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says(ONE, answer)
    marketplace.says(MANY, answer)
    with pytest.raises(OutcomeUnknown):
        await provider.rate("j1", [approve(str(n)) for n in range(count)])


async def test_a_whole_batch_can_be_refused(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    marketplace.says(MANY, {"ok": False, "message": "Job not found"})
    with pytest.raises(Refused, match="Job not found"):
        await provider.rate("j1", [approve("a"), approve("b")])


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, {"message": "Unauthorized"}, AuthFailed),
        (401, "no", AuthFailed),
        (422, {"message": "Too short"}, Refused),
        (429, "", RateLimited),
        (500, "<html>", OutcomeUnknown),
        (200, "<html>", OutcomeUnknown),
    ],
)
async def test_errors_are_told_apart(
    status: int,
    answer: object,
    error: type[ProviderError],
    count: int,
    marketplace: Marketplace,
    provider: SproutGigsProvider,
) -> None:
    marketplace.says(ONE, answer, status=status)
    marketplace.says(MANY, answer, status=status)
    with pytest.raises(error):
        await provider.rate("j1", [approve(str(n)) for n in range(count)])
    assert len(marketplace.heard) == 1


# --- outcomes


@pytest.mark.parametrize(
    ("verdict", "state", "expected", "unverified"),
    [
        (Verdict.REVISE, SightingState.ABSENT, Verdicted.MATCHES, ("comment",)),
        (Verdict.APPROVE, SightingState.ABSENT, Verdicted.DIFFERS, ()),
        (Verdict.REJECT, SightingState.ABSENT, Verdicted.DIFFERS, ()),
        (Verdict.REVISE, SightingState.WAITING, Verdicted.NOT_YET, ()),
        (Verdict.REVISE, SightingState.APPROVED, Verdicted.DIFFERS, ()),
        (Verdict.APPROVE, SightingState.APPROVED, Verdicted.MATCHES, ("comment",)),
    ],
)
def test_a_task_in_neither_list_was_sent_back(
    verdict: Verdict,
    state: SightingState,
    expected: Verdicted,
    unverified: tuple[str, ...],
    provider: SproutGigsProvider,
) -> None:
    outcome = provider.judge(Rating("a", 0, verdict, comment="x"), Sighting("a", state, 0))
    assert (outcome.verdicted, outcome.unverified) == (expected, unverified)
    assert outcome.sure == (state is not SightingState.ABSENT)


async def test_outcomes_come_from_looking(marketplace: Marketplace, provider: SproutGigsProvider) -> None:
    resubmitted = marketplace.task(
        id="back",
        job_id="j1",
        revision_number=1,
        previous_proofs=[{"employer_comment": "Again, please", "finished_at": "2026-01-03 10:00:00"}],
    )
    marketplace.says("jobs/get-unrated-tasks.php", marketplace.page("tasks", resubmitted))
    rated = marketplace.task(id="paid", job_id="j1", status="OK")
    marketplace.says("jobs/get-rated-tasks.php", marketplace.page("tasks", rated))
    ratings = [
        Rating("back", 0, Verdict.REVISE, comment="Again, please"),
        approve("paid", bonus=Decimal("0.5")),
        Rating("away", 0, Verdict.REVISE, comment="Hm"),
    ]
    assert await provider.outcome("j1", ratings) == [
        Outcome("back", Verdicted.MATCHES),
        Outcome("paid", Verdicted.MATCHES, ("bonus",)),
        Outcome("away", Verdicted.MATCHES, ("comment",), sure=False),
    ]


# --- workers and lists


async def test_blocking_unblocking_and_listing_send_ids_and_return_the_words(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says("lists/block-workers.php", {"ok": True, "message": "Blocked\u202e."})
    marketplace.says("lists/unblock-workers.php", {"ok": True})
    marketplace.says("lists/add-workers.php", {"ok": True, "notice": "Added."})
    assert await provider.block(["w1", "w2"]) == "Blocked ."
    assert await provider.unblock(["w1"]) == "Done."
    assert await provider.add_to_list("15237", ["w1"]) == "Added."
    assert [(heard.method, heard.body) for heard in marketplace.heard] == [
        ("POST", {"workers": ["w1", "w2"]}),
        ("POST", {"workers": ["w1"]}),
        ("POST", {"list_id": 15237, "workers": ["w1"]}),
    ]


async def test_a_no_to_a_change_is_refused_and_silence_is_unknown(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says("lists/block-workers.php", {"ok": False, "message": "Not yours"}, {"message": "?"})
    with pytest.raises(Refused, match="Not yours"):
        await provider.block(["w1"])
    with pytest.raises(OutcomeUnknown):
        await provider.block(["w1"])
    with pytest.raises(Refused, match="no worker"):
        await provider.block([])
    assert len(marketplace.heard) == 2


async def test_workers_are_blocked_together_with_rejections(
    marketplace: Marketplace, provider: SproutGigsProvider
) -> None:
    marketplace.says("jobs/rate-multiple-tasks.php", {"tasks": [{"id": "a", "ok": True}, {"id": "b", "ok": True}]})
    kept, blocked = (Rating(task, 0, Verdict.REJECT, comment="Copied", block=task == "b") for task in "ab")
    await provider.rate("7c1d0a9be210", [kept, blocked])
    [sent] = marketplace.bodies("jobs/rate-multiple-tasks.php")
    assert [one.get("block_worker") for one in sent["tasks"]] == [None, True]

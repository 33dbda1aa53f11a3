"""Answers with any part of them replaced by anything: a typed value or a provider's error, never a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from botcore.clock import ManualClock
from botcore.draft import JobDraft
from botcore.models import Job, JobStatus, Rating, RatingResult, Verdict
from botcore.pacing import OpenGate
from botcore.provider import OutcomeUnknown, ProviderError, ProviderTools, Refused, Unavailable
from botcore.transport import Answer, Params, clean, decode
from botcore.ui import to_json
from botcore_sproutgigs.common import CommonProvider
from botcore_sproutgigs.provider import SproutGigsProvider
from botcore_sproutgigs.settings import SproutGigsSettings

WHOLE: dict[str, Any] = {
    "users/get-balances.php": {"earned": "0.1", "spendable": "2.50"},
    "jobs/get-jobs.php": {
        "current_page": 1,
        "pages": 1,
        "jobs": [
            {
                "id": "j1",
                "status": "RUNNING",
                "task_value": 0.1,
                "num_tasks": 10,
                "unrated_tasks": 2,
                "ttr": 7,
                "created_at": "2026-01-02T08:00:00Z",
                "title": "T",
                "instructions": ["a"],
                "proofs": [{"type": "text", "description": "d"}],
                "excluded_countries": ["pk"],
                "challenges": [{"question": "q", "answer": "a"}],
                "variables": [{"name": "n", "values": ["1", "2"]}],
                "hold_time": 15,
                "pause_after_approval": 1,
                "start_time": "00:00",
            }
        ],
    },
    "jobs/get-unrated-tasks.php": {
        "current_page": 1,
        "pages": 1,
        "tasks": [
            {
                "id": "t1",
                "job_id": "j1",
                "worker_id": "w1",
                "finished_at": "2026-01-04T10:20:30Z",
                "revision_number": 1,
                "variables": [{"A": "b"}],
                "status": "OK",
                "proofs": [{"text": "p"}],
                "previous_proofs": [
                    {"employer_comment": "c", "finished_at": "2026-01-03 10:00:00", "proofs": [{"text": "q"}]}
                ],
            }
        ],
    },
    "jobs/get-zones.php": [{"id": "int", "zone": "All", "excludable_countries": ["uk"]}],
    "jobs/get-categories.php": [{"id": "0501", "category": "c", "min_task_value": {"int": "0.08"}}],
    "jobs/get-lists.php": [{"id": 5, "name": "n", "workers": 3}],
    "jobs/rate-multiple-tasks.php": {"tasks": [{"id": "t1", "ok": True, "message": "m"}, {"id": "t2", "ok": False}]},
    "jobs/rate-single-task.php": {"ok": True, "message": "m"},
    "jobs/job-restart.php": {"ok": True, "notice": "m"},
    "jobs/post-job.php": {"ok": True, "url": "https://sproutgigs.com/x.php?Id=j1", "message": "m"},
    "jobs/feature-job.php": {"ok": True},
    "jobs/get-predicted-position.php": {"position_in_all": 3, "position_in_category": 1},
}
WHOLE["jobs/get-rated-tasks.php"] = WHOLE["jobs/get-unrated-tasks.php"]
WHOLE["jobs/get-job.php"] = WHOLE["jobs/get-jobs.php"]["jobs"][0]

JOB = Job(
    account="main",
    id="j1",
    title="T",
    status=JobStatus.RUNNING,
    status_text="RUNNING",
    price=None,
    positions=1,
    done=0,
    unrated=1,
    rate_within_days=7,
    created_at=None,
)
DRAFT = JobDraft("main", {"title": "T", "price": Decimal("0.1"), "positions": 10})
RATINGS = [Rating("t1", 0, Verdict.APPROVE), Rating("t2", 0, Verdict.APPROVE)]


# endpoint -> what of its answer is needed; whatever else is missing is fine
NEEDED: dict[str, set[str]] = {
    "users/get-balances.php": {"spendable"},
    "jobs/get-jobs.php": {"pages", "jobs"},
    "jobs/get-job.php": {"id"},
    "jobs/get-unrated-tasks.php": {"pages", "tasks"},
    "jobs/rate-single-task.php": {"ok"},
    "jobs/job-restart.php": {"ok"},
    "jobs/feature-job.php": {"ok"},
    "jobs/get-predicted-position.php": {"position_in_all", "position_in_category"},
}
NEEDED_OF_A_TASK = {"id", "worker_id", "finished_at"}


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, BaseModel) else value


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, "1e999999", "-0", "NaN", "9999-12-31T23:59:59Z", "0001-01-01", "\ud83e", "1" * 4000])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("id"), inner, max_size=3),
    max_leaves=6,
)


class Mangled:
    """Stands where the transport stands: gives an endpoint's answer with one place of it replaced."""

    base_url = "https://sproutgigs.com/api/"

    def __init__(self, place: int, junk: object, whole: Mapping[str, Any] = WHOLE) -> None:
        self.place = place
        self.junk = junk
        self.whole = whole

    async def get(self, path: str, params: Params | None = None, *, json: object = None) -> Answer:
        return self.answer(path)

    async def post(self, path: str, json: object = None) -> Answer:
        return self.answer(path)

    def answer(self, path: str) -> Answer:
        whole = {"root": copy.deepcopy(self.whole[path])}
        places = list(_places(whole))
        inside, key = places[self.place % len(places)]
        inside[key] = self.junk
        text = json.dumps(whole["root"])
        return Answer(200, decode(text)[0], text)

    def safe(self, text: str) -> str:
        return clean(text)


def _places(value: Any) -> Any:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


async def _pending(provider: CommonProvider[Any]) -> object:
    return [page async for page in provider.pending(JOB)]


CALLS: list[Callable[[CommonProvider[Any]], Awaitable[object]]] = [
    lambda p: p.balance(),
    lambda p: p.jobs(),
    lambda p: p.waiting(),
    lambda p: p.job("j1"),
    _pending,
    lambda p: p.look("j1", ["t1", "t2"]),
    lambda p: p.outcome("j1", RATINGS),
    lambda p: p.zones(),
    lambda p: p.categories(),
    lambda p: p.lists(),
    lambda p: p.rate("j1", RATINGS[:1]),
    lambda p: p.restart("j1", 5),
    lambda p: p.post(DRAFT),
    lambda p: p.quote(DRAFT),
    lambda p: p.posted_since(p.tools.clock.now()),
    lambda p: p.draft_of("j1"),
]
NEWER: list[Callable[[SproutGigsProvider], Awaitable[object]]] = [
    lambda p: p.rate("j1", RATINGS),
    lambda p: p.feature("j1", Decimal(2)),
    lambda p: p.predicted_position("0501", Decimal(2)),
]


def mangled(place: int, junk: object) -> SproutGigsProvider:
    return asking(Mangled(place, junk))


def asking(transport: Mangled) -> SproutGigsProvider:
    checked = SproutGigsSettings.model_validate({"user_id": "u", "api_secret": "x"})
    provider = SproutGigsProvider(checked, ProviderTools("main", OpenGate(), ManualClock()))
    provider.api.transport = transport  # type: ignore[assignment]
    return provider


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 80), junk=JUNK)
async def test_a_mangled_answer_is_a_storable_value_or_a_providers_error(
    place: int, junk: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcore_sproutgigs.api.SproutGigsApi.most_pages", 3)
    provider = mangled(place, junk)
    for call in (*CALLS, *NEWER):
        with suppress(ProviderError):
            to_json(_plain(await call(provider))).encode()


@settings(max_examples=100, deadline=None)
@given(
    place=st.integers(0, 80),
    junk=JUNK.filter(lambda junk: str(junk).lower() not in ("true", "false", "0", "1")),
)
async def test_a_mangled_result_is_told_as_it_was_or_not_at_all(place: int, junk: object) -> None:
    right = {"t1": True, "t2": False}
    told: list[RatingResult] = []
    with suppress(ProviderError):
        told += await mangled(place, junk).rate("j1", RATINGS)
    assert all(right[one.task_id] is one.ok for one in told)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 3), junk=JUNK)
async def test_a_mangled_answer_to_a_post_is_never_told_as_another_job_or_a_no(place: int, junk: object) -> None:
    try:
        posted = await mangled(place, junk).post(DRAFT)
    except OutcomeUnknown:
        return
    except Refused:
        raise AssertionError("it was posted") from None
    assert posted.job_id == "j1" or place == 2, "where the address itself was replaced, it is what there is"


class Lacking(Mangled):
    """Stands where the transport stands: gives answers from which one field is missing."""

    def __init__(self, endpoint: str, field: str, *, of_its_items: str = "") -> None:
        super().__init__(0, None)
        self.whole = copy.deepcopy(WHOLE)
        inside = self.whole[endpoint]
        del (inside[of_its_items][0] if of_its_items else inside)[field]

    def answer(self, path: str) -> Answer:
        text = json.dumps(self.whole[path])
        return Answer(200, decode(text)[0], text)


READERS: dict[str, Callable[[SproutGigsProvider], Awaitable[object]]] = {
    "users/get-balances.php": lambda p: p.balance(),
    "jobs/get-jobs.php": lambda p: p.jobs(),
    "jobs/get-job.php": lambda p: p.job("j1"),
    "jobs/get-unrated-tasks.php": _pending,
    "jobs/rate-single-task.php": lambda p: p.rate("j1", RATINGS[:1]),
    "jobs/job-restart.php": lambda p: p.restart("j1"),
    "jobs/feature-job.php": lambda p: p.feature("j1", Decimal(2)),
    "jobs/get-predicted-position.php": lambda p: p.predicted_position("0501", Decimal(2)),
}


@pytest.mark.parametrize(("endpoint", "field"), [(endpoint, field) for endpoint in NEEDED for field in WHOLE[endpoint]])
async def test_a_missing_field_is_fine_unless_it_is_needed_and_then_the_error_names_it(
    endpoint: str, field: str
) -> None:
    call = READERS[endpoint](asking(Lacking(endpoint, field)))
    if field not in NEEDED[endpoint]:
        await call
        return
    with pytest.raises((Unavailable, OutcomeUnknown)) as error:
        await call
    assert endpoint in str(error.value)
    assert ("result" if field == "ok" else field) in str(error.value)


@pytest.mark.parametrize("field", WHOLE["jobs/get-unrated-tasks.php"]["tasks"][0])
async def test_a_task_lacks_what_it_may_and_is_counted_where_it_may_not(field: str) -> None:
    provider = asking(Lacking("jobs/get-unrated-tasks.php", field, of_its_items="tasks"))
    (page,) = [page async for page in provider.pending(JOB)]
    assert (len(page.submissions), page.unreadable) == ((0, 1) if field in NEEDED_OF_A_TASK else (1, 0))

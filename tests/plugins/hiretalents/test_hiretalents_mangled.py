"""Answers with any part of them replaced by anything: a typed value or a provider's error, never a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.clock import ManualClock
from botcore.models import Job, JobStatus, Rating, RatingResult, SightingState, Verdict
from botcore.pacing import OpenGate
from botcore.provider import OutcomeUnknown, ProviderError, ProviderTools, Unavailable
from botcore.transport import Answer, Params, clean, decode
from botcore.ui import to_json
from botcore_hiretalents.provider import HireTalentsProvider
from botcore_hiretalents.settings import HireTalentsSettings
from tests.plugins.hiretalents.site import application, job, listed_job, with_pictures

if TYPE_CHECKING:
    from botcore.models import Sighting

TEAM = {"id": 1234, "user_id": 1, "title": "T", "created_at": "2022-07-04T11:42:31.000000Z"}
MEMBER = {"id": 17, "owner_id": 1, "worker_id": 153456789, "team_id": 1234, "note": "N"}
CHANGED = {"result": "ok", "cost": 2.35, "job_id": 15356}

WHOLE: dict[str, Any] = {
    "me": {"id": 1, "email": "a@b.example", "current_balance": "100.000000"},
    "job/15356": listed_job(),
    "jobs/all/1": [listed_job(), job()],
    "jobs/1/1": [listed_job()],
    "jobs/3/1": [job(status=3)],
    "job/15356/applications/4/1": [application(), with_pictures(status=4)],
    "job/15356/applications/all/1": [application(), with_pictures(), with_pictures(id=9)],
    "application/501141": with_pictures(jobid=15356),
    "application/501143": application(),
    "application/9": with_pictures(id=9),
    "application/501143/set": {"result": "ok", "app_id": 501143},
    "countries": [{"country_id": "1269750", "name": "India", "continent": "AS"}],
    "categories": {"1": {"id": 9, "title": "W", "cost": 0.1, "subcat": [{"id": 47, "title": "B", "cost": "0.8"}]}},
    "teams": [TEAM],
    "teams/create": TEAM,
    "teams/update": TEAM,
    "teams/delete": {"ok": 1},
    "teams/members": [MEMBER],
    "teams/add_member": {"ok": 1},
    "teams/delete_member": [{"ok": 1}],
    "jobs/create": {"result": "ok", "cost": 4.875, "job_id": 15357},
    **{f"job/15356/{what}": CHANGED for what in ("update", "add_seat", "pause", "resume", "restart")},
}

# path of an answer -> what of it is needed; whatever else is missing is fine
NEEDED: dict[str, set[str]] = {
    "me": {"current_balance"},
    "job/15356": {"id"},
    "application/501143": {"id", "user_id", "status", "appdate"},
    "application/501143/set": {"result"},
    "job/15356/pause": {"result"},
    "teams/create": {"id"},
    "teams/add_member": {"ok"},
}

JOB = Job(
    account="main",
    id="15356",
    title="T",
    status=JobStatus.RUNNING,
    status_text="online",
    price=None,
    positions=1,
    done=0,
    unrated=None,
    rate_within_days=7,
    created_at=None,
)
RATING = Rating("501143", 0, Verdict.REVISE, comment="Again")

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, "1e999999", "-0", "NaN", "9999-12-31T23:59:59Z", "\ud83e", "1" * 4000, "[[[", "{}"])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("id"), inner, max_size=3),
    max_leaves=6,
)


class Mangled:
    """Stands where the transport stands: gives an endpoint's answer with one place of it replaced."""

    base_url = "https://www.hiretalents.com/api/v1/"

    def __init__(self, mangle: Callable[[str, Any], Any]) -> None:
        self.mangle = mangle

    async def get(self, path: str, params: Params | None = None, *, json: object = None) -> Answer:
        return self.answer(path)

    async def post(self, path: str, json: object = None) -> Answer:
        return self.answer(path)

    def answer(self, path: str) -> Answer:
        text = json.dumps(self.mangle(path, copy.deepcopy(WHOLE.get(path, []))))
        return Answer(200, decode(text)[0], text)

    def safe(self, text: str) -> str:
        return clean(text)


def provider_of(mangle: Callable[[str, Any], Any]) -> HireTalentsProvider:
    checked = HireTalentsSettings.model_validate({"api_key": "x", "keep_emails": True})
    provider = HireTalentsProvider(checked, ProviderTools("main", OpenGate(), ManualClock()))
    provider.api.transport = Mangled(mangle)  # type: ignore[assignment]
    return provider


def replaced(place: int, junk: object) -> HireTalentsProvider:
    def mangle(path: str, answer: Any) -> Any:
        whole = {"root": answer}
        places = list(_places(whole))
        inside, key = places[place % len(places)]
        inside[key] = junk
        return whole["root"]

    return provider_of(mangle)


def without(wanted: str, field: str) -> HireTalentsProvider:
    def mangle(path: str, answer: Any) -> Any:
        if path == wanted:
            del answer[field]
        return answer

    return provider_of(mangle)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


async def _pending(provider: HireTalentsProvider, *ids: str) -> object:
    return [page async for page in provider.pending(JOB, ids or None)]


CALLS: list[Callable[[HireTalentsProvider], Awaitable[object]]] = [
    lambda p: p.balance(),
    lambda p: p.jobs(),
    lambda p: p.waiting(),
    lambda p: p.job("15356"),
    _pending,
    lambda p: _pending(p, "501143"),
    lambda p: _pending(p, "501143", "501141", "9", "8"),
    lambda p: p.look("15356", ["501143"]),
    lambda p: p.look("15356", ["501143", "501141", "9"]),
    lambda p: p.outcome("15356", [RATING]),
    lambda p: p.in_state("15356", "all", 1),
    lambda p: p.rate("15356", [RATING]),
    lambda p: p.countries(),
    lambda p: p.categories(),
    lambda p: p.teams(),
    lambda p: p.create_team("T"),
    lambda p: p.rename_team("1234", "T"),
    lambda p: p.delete_team("1234"),
    lambda p: p.members("1234"),
    lambda p: p.add_member("1234", "5", "N"),
    lambda p: p.remove_member("1234", "5"),
    lambda p: p.quoted_positions(JOB, 5),
    lambda p: p.reopen("15356", 5, tweet=True, hidden=True),
    lambda p: p.pause("15356"),
    lambda p: p.resume("15356", 5),
    lambda p: p.restart("15356"),
    lambda p: p.add_positions("15356", 5),
    lambda p: p.update("15356", {"time": 3}),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 80), junk=JUNK)
async def test_a_mangled_answer_is_a_storable_value_or_a_providers_error(
    place: int, junk: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcore_hiretalents.api.HireTalentsApi.most_pages", 3)
    provider = replaced(place, junk)
    for call in CALLS:
        with suppress(ProviderError):
            to_json(await call(provider)).encode()


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10), junk=JUNK.filter(lambda junk: str(junk).strip().lower() not in ("true", "1")))
async def test_a_mangled_result_is_a_yes_only_where_it_was_one(place: int, junk: object) -> None:
    told: list[RatingResult] = []
    with suppress(ProviderError):
        told += await replaced(place, junk).rate("15356", [RATING])
    if told and "result" in WHOLE["application/501143/set"]:
        assert list(_places({"root": WHOLE["application/501143/set"]}))[place % 3][1] == "app_id"


@settings(max_examples=40, deadline=None)
@given(junk=JUNK.filter(lambda junk: str(junk).strip().strip("'\"") not in ("1", "2", "3", "4", "5", "1.0", "3.0")))
async def test_a_mangled_status_is_never_a_verdict(junk: object) -> None:
    def mangle(path: str, answer: Any) -> Any:
        return {**answer, "status": junk} if path == "application/501143" else answer

    found: list[Sighting] = []
    with suppress(ProviderError):
        found += await provider_of(mangle).look("15356", ["501143"])
    assert all(one.state is SightingState.RATED for one in found)


REMOVED = [(path, field) for path in NEEDED for field in WHOLE[path]]
READERS: dict[str, Callable[[HireTalentsProvider], Awaitable[object]]] = {
    "me": lambda p: p.balance(),
    "job/15356": lambda p: p.job("15356"),
    "application/501143": lambda p: p.look("15356", ["501143"]),
    "application/501143/set": lambda p: p.rate("15356", [RATING]),
    "job/15356/pause": lambda p: p.pause("15356"),
    "teams/create": lambda p: p.create_team("T"),
    "teams/add_member": lambda p: p.add_member("1", "2", "N"),
}


@pytest.mark.parametrize(("path", "field"), REMOVED)
async def test_a_missing_field_is_fine_unless_it_is_needed_and_then_the_error_names_it(path: str, field: str) -> None:
    call = READERS[path](without(path, field))
    if field not in NEEDED[path]:
        await call
        return
    with pytest.raises((Unavailable, OutcomeUnknown)) as error:
        await call
    named = "result" if field == "ok" else field
    endpoint = path.rpartition("/")[0] if path.startswith(("job/", "application/")) else path
    assert named in str(error.value)
    assert endpoint.partition("/")[0] in str(error.value)

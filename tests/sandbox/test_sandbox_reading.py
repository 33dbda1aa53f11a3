"""What a buyer reads of the simulated SproutGigs."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from PIL import Image

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer

Start = Callable[..., Awaitable[SandboxServer]]
Call = Callable[..., Awaitable[Any]]
Caller = Callable[[SandboxServer], Call]


async def _get(http: aiohttp.ClientSession, server: SandboxServer, endpoint: str, **keys: str) -> tuple[int, Any]:
    settings = {**server.accounts[0].settings, **keys}
    headers = {"Authorization": aiohttp.encode_basic_auth(settings["user_id"], settings["api_secret"])}
    async with http.get(settings["base_url"] + endpoint, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("keys", [{"api_secret": "wrong"}, {"user_id": "wrong"}])
async def test_wrong_key_is_unauthorized(
    http: aiohttp.ClientSession, server: SandboxServer, keys: dict[str, str]
) -> None:
    answer = await _get(http, server, "users/get-balances.php", **keys)
    assert answer == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("header", [None, "", "Basic", "Basic é", "Basic !!!", "Bearer abc"])
async def test_malformed_authorization_is_unauthorized(
    http: aiohttp.ClientSession, server: SandboxServer, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    url = server.accounts[0].settings["base_url"] + "users/get-balances.php"
    async with http.get(url, headers=headers) as response:
        assert response.status == 401


async def test_second_request_within_a_second_is_limited_for_ten_seconds(
    http: aiohttp.ClientSession, start: Start, clock: ManualClock
) -> None:
    server = await start(interval=1.0)

    async def status(after: float) -> int:
        clock.advance(after)
        return (await _get(http, server, "users/get-balances.php"))[0]

    assert await status(0) == 200
    assert await status(0.96) == 200  # within the tolerance
    assert await status(0.9) == 429
    assert await status(2) == 429
    assert await status(7.9) == 429
    assert await status(0.1) == 200  # asking meanwhile did not make it longer


async def test_a_wrong_key_does_not_use_up_the_accounts_rate(http: aiohttp.ClientSession, start: Start) -> None:
    server = await start(interval=1.0)
    assert (await _get(http, server, "users/get-balances.php", api_secret="wrong"))[0] == 401
    assert (await _get(http, server, "users/get-balances.php"))[0] == 200


async def test_unknown_endpoint_and_wrong_method_are_told_apart(
    http: aiohttp.ClientSession, server: SandboxServer
) -> None:
    assert (await _get(http, server, "jobs/get-weather.php"))[0] == 404
    assert (await _get(http, server, "jobs/job-pause.php"))[0] == 405


async def test_three_jobs_and_six_submissions_wait_at_the_first_start(call: Call) -> None:
    jobs = (await call("jobs/get-jobs"))["jobs"]
    assert [job["status"] for job in jobs] == ["RUNNING"] * 3
    assert sum(job["unrated_tasks"] for job in jobs) == 6
    assert len((await call("jobs/get-unrated-tasks"))["tasks"]) == 6


async def test_jobs_are_filtered_ordered_and_told_in_full(call: Call) -> None:
    first, second, third = [job["id"] for job in (await call("jobs/get-jobs"))["jobs"]]
    await call("jobs/job-pause", {"job_id": second})

    paused = (await call("jobs/get-jobs", status="paused"))["jobs"]
    assert [(job["id"], job["status"]) for job in paused] == [(second, "PAUSED")]
    newest = (await call("jobs/get-jobs", order="desc"))["jobs"]
    assert [job["id"] for job in newest] == [third, second, first]
    whole = await call("jobs/get-job", job_id=first)
    assert whole["task_value"] == 0.1
    assert whole["proofs"][0]["type"] == "screenshot"
    assert whole["distribution"] == 100


async def test_jobs_without_unrated_tasks_can_be_left_out(call: Call) -> None:
    for task in (await call("jobs/get-unrated-tasks"))["tasks"]:
        await call("jobs/rate-single-task", {"job_id": task["job_id"], "task_id": task["id"], "task_rating": "ok"})
    assert len((await call("jobs/get-jobs"))["jobs"]) == 3
    assert (await call("jobs/get-jobs", unrated_tasks=1))["jobs"] == []


@pytest.mark.parametrize(
    ("endpoint", "query", "field"),
    [
        ("jobs/get-jobs", {"page": "0"}, "page"),
        ("jobs/get-jobs", {"page": "x"}, "page"),
        ("jobs/get-jobs", {"status": "RUNNING"}, "status"),
        ("jobs/get-jobs", {"unrated_tasks": "2"}, "unrated_tasks"),
        ("jobs/get-jobs", {"order": "newest"}, "order"),
        ("jobs/get-job", {}, "job_id"),
        ("jobs/get-unrated-tasks", {"task_ids": "a,b"}, "job_id"),
    ],
)
async def test_wrong_query_is_refused_naming_the_field(
    call: Call, endpoint: str, query: dict[str, str], field: str
) -> None:
    answer = await call(endpoint, **query)
    assert answer["ok"] is False
    assert field in answer["message"]


async def test_job_of_nobody_is_refused(call: Call) -> None:
    for endpoint in ("jobs/get-job", "jobs/get-unrated-tasks", "jobs/get-rated-tasks"):
        assert await call(endpoint, job_id="000000000000") == {"ok": False, "message": "Job not found."}


async def test_pages_hold_every_task_once(start: Start, caller: Caller) -> None:
    call = caller(await start(waiting=23, page_size=5))
    pages = [await call("jobs/get-unrated-tasks", page=page) for page in range(1, 7)]

    assert [page["pages"] for page in pages] == [5] * 6
    assert [page["current_page"] for page in pages] == [1, 2, 3, 4, 5, 6]
    assert [len(page["tasks"]) for page in pages] == [5, 5, 5, 5, 3, 0]
    assert len({task["id"] for page in pages for task in page["tasks"]}) == 23


async def test_tasks_are_found_by_job_and_by_id(call: Call) -> None:
    everything = (await call("jobs/get-unrated-tasks"))["tasks"]
    one = everything[0]
    of_job = (await call("jobs/get-unrated-tasks", job_id=one["job_id"]))["tasks"]
    assert of_job == [task for task in everything if task["job_id"] == one["job_id"]]
    wanted = f"{one['id']}, {everything[1]['id']},nonsense"
    assert (await call("jobs/get-unrated-tasks", job_id=one["job_id"], task_ids=wanted))["tasks"] == [one]


async def test_task_has_the_documented_shape(call: Call) -> None:
    task = (await call("jobs/get-unrated-tasks"))["tasks"][0]
    assert list(task) == [
        "id", "job_id", "worker_id", "finished_at", "ip_address", "country_code", "revision_number", "variables",
        "proofs",
    ]  # fmt: skip
    assert len(task["id"]) == 14
    assert len(task["worker_id"]) == 8
    assert task["finished_at"].endswith("Z")
    assert task["country_code"].isupper()


async def test_money_of_the_catalogue_is_text_and_ids_keep_their_zeroes(call: Call) -> None:
    assert await call("users/get-balances") == {"earned": "0.0000", "spendable": "250.0000"}
    categories = {category["id"]: category for category in await call("jobs/get-categories")}
    assert categories["0501"]["min_task_value"]["int"] == "0.080"
    assert categories["0501"]["min_task_value"]["arab1"] == "0.100"
    zones = {zone["id"]: zone["excludable_countries"] for zone in await call("jobs/get-zones")}
    assert "uk" in zones["west1"]
    assert set(categories["9002"]["min_task_value"]) == set(zones)
    assert all(isinstance(found["id"], int) for found in await call("jobs/get-lists"))


async def test_screenshots_are_pictures_that_stay_the_same(
    http: aiohttp.ClientSession, start: Start, caller: Caller
) -> None:
    call = caller(await start(waiting=60))
    urls = [
        proof["screenshot"]
        for page in (1, 2)
        for task in (await call("jobs/get-unrated-tasks", page=page))["tasks"]
        for proof in task["proofs"]
        if "screenshot" in proof
    ]
    shots = {url: await _fetch(http, url) for url in urls}
    sizes = {Image.open(io.BytesIO(shot)).size for shot in shots.values()}

    assert await _fetch(http, urls[0]) == shots[urls[0]]
    assert any(height > width for width, height in sizes)
    assert any(height < width for width, height in sizes)
    digests = [hashlib.sha256(shot).digest() for shot in shots.values()]
    assert 0 < len(digests) - len(set(digests)) < 15  # some are copies, byte by byte


async def test_no_such_picture(http: aiohttp.ClientSession, server: SandboxServer) -> None:
    async with http.get(f"{server.url}/sproutgigs/pictures/00ff.png") as response:
        assert response.status == 404


async def test_some_texts_are_copied_and_some_workers_share_an_address(start: Start, caller: Caller) -> None:
    call = caller(await start(waiting=90, page_size=90))
    tasks = (await call("jobs/get-unrated-tasks"))["tasks"]
    texts = [(task["job_id"], proof["text"]) for task in tasks for proof in task["proofs"] if "text" in proof]
    workers = {task["worker_id"]: task["ip_address"] for task in tasks}

    assert len(set(texts)) < len(texts)
    assert len(set(workers.values())) < len(workers)


async def test_balance_is_a_decimal_that_adds_up(server: SandboxServer, call: Call) -> None:
    before = Decimal((await call("users/get-balances"))["spendable"])
    job = (await call("jobs/get-jobs"))["jobs"][0]
    await call("jobs/add-positions", {"job_id": job["id"], "positions": 7})
    after = Decimal((await call("users/get-balances"))["spendable"])
    assert before - after == Decimal("0.70")


async def _fetch(http: aiohttp.ClientSession, url: str) -> bytes:
    async with http.get(url) as response:
        assert response.status == 200
        assert response.content_type == "image/png"
        return await response.read()

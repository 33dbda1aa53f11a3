"""What the simulated HireTalents tells: the shapes of its document, pages without a count, keys, pictures."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from PIL import Image

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from botcore.sandbox.proofs import Proof
from tests.plugins.hiretalents.buyer import Buyer

Open = Callable[..., Awaitable[SandboxServer]]


async def test_an_account_prints_what_a_config_needs(sandbox: SandboxServer) -> None:
    (account,) = sandbox.accounts
    assert (account.name, account.provider) == ("hire", "hiretalents")
    assert set(account.settings) == {"base_url", "api_key", "webhook_secret"}
    assert account.settings["base_url"] == f"{sandbox.url}/hiretalents/api/v1/"


async def test_the_account_tells_its_balance_as_a_number_or_as_text(sandbox: SandboxServer, buyer: Buyer) -> None:
    me = await buyer.get("me")
    assert set(me) == {
        "id", "fullname", "email", "gender", "lang", "birthdate", "country", "address1", "address2", "city", "zip",
        "state", "candoadultjobs", "active", "current_balance", "referrer", "submittask", "phone_number",
        "callback_url",
    }  # fmt: skip
    assert (me["current_balance"], me["callback_url"]) == (250, None)
    sandbox.set_quirk("hire", "balance", "string")
    assert (await buyer.get("me"))["current_balance"] == "250.000000"


@pytest.mark.parametrize("path", ["me", "jobs/all/1", "job/1/pause", "no/such/thing"])
async def test_a_wrong_key_opens_nothing(buyer: Buyer, path: str) -> None:
    for key in ("", "wrong", "wröng", buyer.settings["api_key"] + "0"):
        assert await buyer.ask("GET", path, key=key) == (401, {"message": "Unauthenticated."})


@pytest.mark.parametrize("accept", ["*/*", "text/html", ""])
async def test_who_does_not_accept_json_is_sent_to_a_page_when_something_is_wrong(buyer: Buyer, accept: str) -> None:
    assert (await buyer.ask("GET", "me", accept=accept))[0] == 200
    assert (await buyer.ask("GET", "me", accept=accept, key="wrong"))[0] == 302
    assert (await buyer.ask("POST", "jobs/create", {}, accept=accept))[0] == 302


async def test_what_is_not_there_is_a_404_and_a_wrong_method_a_405(buyer: Buyer) -> None:
    for path in ("job/1", "job/nobody", "application/1", "jobs", "job", "jobs/all/0", "jobs/all/one", "me/too"):
        status, payload = await buyer.ask("GET", path)
        assert (status, set(payload)) == (404, {"message"}), path
    assert (await buyer.ask("POST", "me"))[0] == 405
    assert (await buyer.ask("GET", "jobs/create"))[0] == 405


async def test_countries_go_by_their_geonames_ids(buyer: Buyer) -> None:
    countries = {country["name"]: country for country in await buyer.get("countries")}
    assert countries["India"] == {
        "country_id": "1269750", "name": "India", "code": "IN", "continent": "AS", "nameTranslated": "India",
    }  # fmt: skip
    assert len({country["country_id"] for country in countries.values()}) == len(countries) > 20


async def test_categories_are_nested_in_an_object_or_in_a_list(sandbox: SandboxServer, buyer: Buyer) -> None:
    categories = await buyer.get("categories")
    assert (categories["1"]["id"], categories["1"]["cost"], categories["1"]["parent"]) == (9, Decimal("0.1"), 0)
    assert categories["1"]["subcat"][0] == {
        "id": 47, "title": "Banner And Text Link to Website", "cost": Decimal("0.8"), "text": "", "parent": 9,
        "slug": "blog-website-owners/banner-and-text-link-to-website", "subcat": [],
    }  # fmt: skip
    sandbox.set_quirk("hire", "categories", "list")
    assert await buyer.get("categories") == list(categories.values())


async def test_a_job_by_itself_and_in_a_list(buyer: Buyer, sandbox_clock: ManualClock) -> None:
    job_id = await buyer.create(send_tweet=1, hourly_limit=10)
    at = f"{sandbox_clock.now():%Y-%m-%dT%H:%M:%S.%f}Z"
    job = {
        "id": job_id, "title": "Follow me on somewhere", "total_app": 0, "availseats": 100, "time": 1, "category": 13,
        "price": Decimal("0.03"), "country": "INT", "expected": ["Do this", "And do this"],
        "proof": [{"desc": "Your profile", "type": "image"}, {"desc": "Your username", "type": "text"}],
        "image": None, "started": 0, "status": 1, "send_tweet": 1, "hourseats": 10, "hourlock": 0,
        "limitfreqseconds": 3600, "created_at": at, "updated_at": at,
    }  # fmt: skip
    alone = await buyer.get(f"job/{job_id}")
    slug = alone.pop("slug")
    assert slug.startswith("follow-me-on-somewhere-")
    assert alone == {**job, "type": 0, "dec_reason": "", "rep_reason": ""}

    listed = (await buyer.get("jobs/all/1"))[0]
    assert listed.pop("url").endswith(f"/job/{slug}")
    assert listed == {**job, "dec_reason": None, "rep_reason": None, "hide_search_engines": 0}

    sandbox_clock.advance(200)
    assert 0 < (await buyer.get(f"job/{job_id}"))["started"] <= sandbox_clock.now().timestamp()


async def test_jobs_come_by_status_and_page_until_a_page_is_empty(open_sandbox: Open, plain_http: Any) -> None:
    buyer = Buyer(plain_http, await open_sandbox(page_size=2))
    ended = (await buyer.get("jobs/1/1"))[0]["id"]
    await buyer.post(f"job/{ended}/pause")

    async def ids(status: str) -> list[list[int]]:
        return [[job["id"] for job in await buyer.get(f"jobs/{status}/{page}")] for page in (1, 2, 3)]

    every = await ids("all")
    assert [len(page) for page in every] == [2, 1, 0]
    flat = [job_id for page in every for job_id in page]
    assert flat == sorted(flat, reverse=True)
    assert await ids("3") == [[ended], [], []]
    assert await ids("1") == [[job_id for job_id in flat if job_id != ended], [], []]
    assert (await buyer.ask("GET", "jobs/2/1"))[0] == 422


async def test_an_application_in_a_list_and_by_itself(sandbox: SandboxServer, buyer: Buyer) -> None:
    job = (await buyer.get("jobs/all/1"))[-1]
    proofs = [Proof("text", "rose"), Proof("url", "http://198.18.0.1/up/a.png"), Proof("text", "blue\nred")]
    (made,) = sandbox.submit("hire", str(job["id"]), proofs=proofs)
    found = (await buyer.get(f"job/{job['id']}/applications/4/1"))[0]
    assert found == {
        "id": int(made), "jobid": job["id"], "user_id": found["user_id"], "owner_id": (await buyer.get("me"))["id"],
        "email": found["email"], "proof": "rose\nblue\nred", "status": 4, "showcause": None,
        "screenshot": '["a.png"]', "appdate": int(sandbox.clock.now().timestamp()),
        "screenshot_url": ["http://198.18.0.1/up/a.png"],
    }  # fmt: skip
    assert found["email"].endswith("@mail.example")
    assert await buyer.get(f"application/{made}") == {**found, "affect_success_rate": 0}


async def test_without_pictures_both_their_fields_are_null(sandbox: SandboxServer, buyer: Buyer) -> None:
    (made,) = sandbox.submit("hire", proofs=[Proof("text", "nothing to see")])
    found = await buyer.get(f"application/{made}")
    assert (found["screenshot"], found["screenshot_url"]) == (None, None)


async def test_a_test_can_hand_in_fields_that_make_no_sense(sandbox: SandboxServer, buyer: Buyer) -> None:
    (made,) = sandbox.submit("hire", proofs=[Proof("raw", {"proof": None, "screenshot": "[", "appdate": "soon"})])
    found = await buyer.get(f"application/{made}")
    assert (found["proof"], found["screenshot"], found["appdate"]) == (None, "[", "soon")


async def test_pictures_are_served_as_uploads(buyer: Buyer, plain_http: aiohttp.ClientSession) -> None:
    shown = [one for one in await buyer.pending() if one["screenshot_url"]]
    assert shown
    for one in shown:
        (url,) = one["screenshot_url"]
        assert url.startswith(f"{buyer.server.url}/hiretalents/proof_uploads/")
        assert json.loads(one["screenshot"]) == [url.rpartition("/")[2]]
    async with plain_http.get(shown[0]["screenshot_url"][0]) as response:
        assert response.content_type == "image/jpeg"
        assert Image.open(BytesIO(await response.read())).format == "JPEG"
    async with plain_http.get(f"{buyer.server.url}/hiretalents/proof_uploads/0_0.jpg") as response:
        assert response.status == 404


async def test_applications_come_newest_first_by_status_and_page(open_sandbox: Open, plain_http: Any) -> None:
    server = await open_sandbox(waiting=15, page_size=2)
    buyer = Buyer(plain_http, server)
    job_id = (await buyer.get("jobs/all/2"))[0]["id"]
    pages = [await buyer.get(f"job/{job_id}/applications/all/{page}") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    ids = [one["id"] for page in pages for one in page]
    assert ids == sorted(ids, reverse=True)
    declined, approved, unfinished, reported, pending = ids
    await buyer.rate(declined, 1, "no")
    await buyer.rate(approved, 3)
    await buyer.rate(unfinished, 5, "more")
    server.report("hire", str(reported))
    for status, one in enumerate((declined, reported, approved, pending, unfinished), start=1):
        assert [each["id"] for each in await buyer.get(f"job/{job_id}/applications/{status}/1")] == [one]
    assert (await buyer.ask("GET", f"job/{job_id}/applications/6/1"))[0] == 422
    assert (await buyer.ask("GET", "job/1/applications/4/1"))[0] == 404


async def test_what_is_another_buyers_is_not_there(open_sandbox: Open, plain_http: Any) -> None:
    server = await open_sandbox(accounts={"mine": "hiretalents", "theirs": "hiretalents"})
    mine = Buyer(plain_http, server)
    key = server.accounts[1].settings["api_key"]
    _, jobs = await mine.ask("GET", "jobs/all/1", key=key)
    _, found = await mine.ask("GET", f"job/{jobs[0]['id']}/applications/4/1", key=key)
    assert (await mine.ask("GET", f"job/{jobs[0]['id']}"))[0] == 404
    assert (await mine.ask("GET", f"application/{found[0]['id']}"))[0] == 404
    assert (await mine.ask("POST", f"application/{found[0]['id']}/set", {"status": 3}))[0] == 404
    assert (await mine.ask("POST", f"job/{jobs[0]['id']}/pause"))[0] == 404
    assert server.ledger(made_by="all") == []


async def test_there_is_no_rate_limit(open_sandbox: Open, plain_http: Any) -> None:
    buyer = Buyer(plain_http, await open_sandbox(interval=1.0))
    assert [(await buyer.ask("GET", "me"))[0] for _ in range(5)] == [200] * 5

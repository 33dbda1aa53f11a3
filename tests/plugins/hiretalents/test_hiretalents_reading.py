"""HireTalents' answers as jobs, submissions and sightings: every example of its document, and its oddities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from botcore.clock import ManualClock
from botcore.models import (
    Balance,
    Category,
    Country,
    Job,
    JobStatus,
    Proof,
    ProofKind,
    ProofSlot,
    Sighting,
    SightingState,
    Submission,
    WorkerList,
)
from botcore.provider import AuthFailed, ProviderError, RateLimited, Refused, Unavailable
from botcore.sandbox import SandboxServer
from botcore.ui import to_json
from botcore_hiretalents.provider import HireTalentsProvider
from tests.plugins.hiretalents.buyer import Buyer
from tests.plugins.hiretalents.site import ADDRESS, KEY, Site, application, job, listed_job, with_pictures

if TYPE_CHECKING:
    from tests.plugins.hiretalents.conftest import OpenProvider

PENDING = "job/15356/applications/4"
EVERYTHING = "job/15356/applications/all"


async def one_job(site: Site, hire: HireTalentsProvider, **changes: object) -> Job:
    site.says("job/15356", listed_job(**changes))
    return await hire.job("15356")


async def read_pending(provider: HireTalentsProvider, job: Job, ids: list[str] | None = None) -> list[Submission]:
    return [one async for page in provider.pending(job, ids) for one in page.submissions]


# --- the account, and what it asks with


@pytest.mark.parametrize("balance", ["100.000000", '"100.000000"', "1e2"])
async def test_the_balance_is_a_number_or_a_text(balance: str, site: Site, hire: HireTalentsProvider) -> None:
    site.says("me", f'{{"id": 1, "email": "{ADDRESS}", "birthdate": null, "current_balance": {balance}}}')
    assert await hire.balance() == Balance(Decimal(100))
    [heard] = site.heard
    assert (heard.headers["Authorization"], heard.headers["Accept"]) == (f"Bearer {KEY}", "application/json")


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"message": "Unauthenticated."}, AuthFailed, "key"),
        (200, {"message": "Unauthenticated."}, AuthFailed, "key"),
        (429, {"message": "Too Many Attempts."}, RateLimited, "pause"),
        (404, {"message": "Not here."}, Refused, "Not here."),
        (200, {"result": "error", "message": "Not you."}, Refused, "Not you."),
        (200, {"errors": {"a": ["This is wrong."]}}, Refused, "This is wrong."),
        (422, {"message": "Bad.", "errors": {"a": ["Too short."], "b": ["Odd."]}}, Refused, "Bad. Too short. Odd."),
        (500, "<html>", Unavailable, "500"),
        (200, "<html>", Unavailable, "could not be read"),
        (200, {"id": 1}, Unavailable, "me answered without a readable current_balance"),
    ],
)
async def test_errors_are_told_apart(
    status: int, body: object, error: type[ProviderError], words: str, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("me", body, status=status)
    with pytest.raises(error, match=words):
        await hire.balance()


# --- jobs


async def test_a_job_by_itself(site: Site, hire: HireTalentsProvider) -> None:
    site.says("job/15341", job())
    assert await hire.job("15341") == Job(
        account="hire",
        id="15341",
        title="Say hello to the bakery",
        status=JobStatus.RUNNING,
        status_text="online",
        price=Decimal("0.2"),
        positions=24,
        done=0,
        unrated=None,
        rate_within_days=None,
        created_at=datetime(2022, 3, 18, 0, 34, 5, tzinfo=UTC),
        instructions=("Say hello",),
        proofs=(ProofSlot(ProofKind.TEXT, "Your name there"),),
        zone="",
        category="97",
    )


async def test_jobs_in_lists(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [listed_job(), job(status=3, total_app="31")], [job(id=7, status=9, dec_reason="No")])
    first, second, third = await hire.jobs()
    assert (first.id, first.price, first.zone) == ("15356", Decimal("0.03"), "INT")
    assert [slot.kind for slot in first.proofs] == [ProofKind.PICTURE, ProofKind.TEXT]
    assert (second.status, second.status_text, second.done) == (JobStatus.FINISHED, "finished", 24)
    assert (third.status, third.status_text, third.notes) == (JobStatus.BLOCKED, "declined", "Declined: No")


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"started": 0}, JobStatus.REVIEW, "in review"),
        ({"started": 0, "total_app": 1}, JobStatus.RUNNING, "online"),
        ({"started": None}, JobStatus.RUNNING, "online"),
        ({"dec_reason": "No, but then yes"}, JobStatus.RUNNING, "online"),
        ({"status": 3, "started": 0}, JobStatus.FINISHED, "finished"),
        ({"status": 3, "dec_reason": "No"}, JobStatus.BLOCKED, "declined"),
        ({"status": 2, "rep_reason": "No"}, JobStatus.BLOCKED, "reported"),
        ({"status": 2}, JobStatus.UNKNOWN, "status 2"),
        ({"status": "?"}, JobStatus.UNKNOWN, "status None"),
    ],
)
async def test_what_is_told_of_a_job_is_a_state(
    told: dict[str, object], status: JobStatus, words: str, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("job/15341", job(**told))
    found = await hire.job("15341")
    assert (found.status, found.status_text) == (status, words)


async def test_a_list_ends_with_an_empty_page_or_with_one_that_comes_again(
    site: Site, hire: HireTalentsProvider
) -> None:
    site.lists("jobs/all", [job(id=3)], [job(id=2)])
    assert [one.id for one in await hire.jobs()] == ["3", "2"]
    site.answers["jobs/all/3"] = site.answers["jobs/all/2"]
    assert [one.id for one in await hire.jobs()] == ["3", "2"]
    site.answers["jobs/all/3"] = site.answers["jobs/all/1"]
    assert [one.id for one in await hire.jobs()] == ["3", "2"]
    assert site.paths == [f"GET jobs/all/{n}" for n in (1, 2, 3)] * 3


async def test_a_list_that_shifts_under_the_reader_is_read_on(site: Site, hire: HireTalentsProvider) -> None:
    site.lists("jobs/all", [job(id=3), job(id=2)], [job(id=2), job(id=1)], [job(id=1)])
    assert [one.id for one in await hire.jobs()] == ["3", "2", "1"]


async def test_a_list_without_an_end_is_not_read_for_ever(
    site: Site, hire: HireTalentsProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botcore_hiretalents.api.HireTalentsApi.most_pages", 3)
    site.lists("jobs/all", *([job(id=n)] for n in range(5)))
    with pytest.raises(Unavailable, match="no end"):
        await hire.jobs()


async def test_one_bad_page_in_the_middle_costs_another_try_and_not_the_list(
    site: Site, hire: HireTalentsProvider
) -> None:
    site.lists("jobs/all", [job(id=3)])
    site.answers["jobs/all/2"] = [(500, "", {}), (200, "<html>", {}), (200, "[]", {})]
    assert [one.id for one in await hire.jobs()] == ["3"]


async def test_an_unreadable_job_is_left_out_of_a_list_and_named_when_it_is_the_only_one(
    site: Site, hire: HireTalentsProvider
) -> None:
    site.lists("jobs/all", [{"title": "no id"}, None, job(id=3)])
    assert [one.id for one in await hire.jobs()] == ["3"]
    assert hire.api.unreadable == {"jobs": 2}
    site.says("job/9", {"title": "no id"})
    with pytest.raises(Unavailable, match="job answered without a readable id"):
        await hire.job("9")
    site.says("job/8", job(id=9))
    with pytest.raises(Unavailable, match="readable id"):
        await hire.job("8")


@pytest.mark.parametrize("bad", ["", "../me", "1/2", "15 ", "1?x=1", "é", "x" * 65])
async def test_an_id_never_leads_to_another_path(bad: str, site: Site, hire: HireTalentsProvider) -> None:
    with pytest.raises(Refused, match="no such job"):
        await hire.job(bad)
    assert site.heard == []


@pytest.mark.parametrize(
    ("country", "zone"), [("INT", "INT"), ("0", ""), (0, ""), (["1269750", 1282988], "1269750, 1282988"), (None, "")]
)
async def test_countries_of_a_job(country: object, zone: str, site: Site, hire: HireTalentsProvider) -> None:
    assert (await one_job(site, hire, country=country)).zone == zone


@pytest.mark.parametrize("price", [0.03, "0.03", "0.0300"])
async def test_money_is_a_number_or_a_text_and_exact(price: object, site: Site, hire: HireTalentsProvider) -> None:
    assert (await one_job(site, hire, price=price)).price == Decimal("0.03")


async def test_lists_may_come_as_text(site: Site, hire: HireTalentsProvider) -> None:
    read = await one_job(site, hire, expected='["Do", "this"]', proof='[{"desc": "D", "type": "IMAGE"}]')
    assert (read.instructions, read.proofs) == (("Do", "this"), (ProofSlot(ProofKind.PICTURE, "D"),))


# --- applications


async def test_pending_applications_as_the_document_shows_them(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(PENDING, [application(), application(id=501142, user_id=12335)])
    first, second = await read_pending(hire, await one_job(site, hire))
    assert first == Submission(
        account="hire",
        job_id="15356",
        task_id="501143",
        revision=0,
        worker_id="12333",
        submitted_at=datetime(2022, 2, 3, 2, 56, 58, tzinfo=UTC),
        deadline=None,
        price=Decimal("0.03"),
        proofs=(Proof(ProofKind.TEXT, "Your address", text="rosa_42"),),
    )
    assert (second.task_id, second.worker_id) == ("501142", "12335")


@pytest.mark.parametrize("as_text", [True, False])
async def test_pictures_of_an_application(as_text: bool, site: Site, hire: HireTalentsProvider) -> None:
    names: Any = '["590555_0.jpg","590555_1.jpg"]' if as_text else ["590555_0.jpg", "590555_1.jpg"]
    site.lists(PENDING, [with_pictures(status=4, screenshot=names)])
    [one] = await read_pending(hire, await one_job(site, hire))
    pictures = [(proof.prompt, proof.url) for proof in one.proofs if proof.kind is ProofKind.PICTURE]
    assert pictures == [
        ("Your profile page", "https://www.hiretalents.com/proof_uploads/590555_0.jpg"),
        ("", "https://www.hiretalents.com/proof_uploads/590555_1.jpg"),
    ]


async def test_no_proof_is_dropped(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(
        PENDING,
        [
            application(id=1, screenshot='["a.jpg"]', proof=None),
            application(id=2, screenshot_url=["javascript:alert(1)"], proof=""),
            application(id=3, proof={"user": "rosa"}),
            application(id=4, screenshot="half of [a list", proof=7),
        ],
    )
    found = await read_pending(hire, await one_job(site, hire))
    assert [[proof.text for proof in one.proofs] for one in found] == [
        ["a.jpg"],
        ["javascript:alert(1)"],
        ['{"user": "rosa"}'],
        ["7", "half of [a list"],
    ]


async def test_what_lacks_something_needed_is_counted_and_not_shown(site: Site, hire: HireTalentsProvider) -> None:
    bad = [application(id=n, **{name: None}) for n, name in enumerate(("user_id", "appdate", "status"))]
    site.lists(PENDING, [*bad, application(appdate=99999999999999), application(id=5)])
    pages = [page async for page in hire.pending(await one_job(site, hire))]
    assert [(one.task_id, page.unreadable) for page in pages for one in page.submissions] == [("5", 4)]


async def test_only_what_is_pending_and_of_the_job_is_a_submission(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(PENDING, [application(id=1, status=2), application(id=2, jobid=9), application(id=3, jobid=None)])
    assert [one.task_id for one in await read_pending(hire, await one_job(site, hire))] == ["3"]


async def test_an_application_that_moved_to_the_next_page_is_one(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(PENDING, [application(id=3), application(id=2)], [application(id=2), application(id=1)])
    assert [one.task_id for one in await read_pending(hire, await one_job(site, hire))] == ["3", "2", "1"]


async def test_a_deadline_is_there_where_the_settings_say_so(site: Site, open_provider: OpenProvider) -> None:
    provider = open_provider(base_url=site.base_url, days_to_rate=5)
    site.lists(PENDING, [application()])
    read = await one_job(site, provider)
    [one] = await read_pending(provider, read)
    assert (read.rate_within_days, one.deadline) == (5, one.submitted_at + timedelta(days=5))


# --- e-mail addresses


async def test_a_workers_address_is_nowhere(
    site: Site, hire: HireTalentsProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    site.lists(PENDING, [application(), application(id=2, user_id=None)])
    found = await read_pending(hire, await one_job(site, hire))
    items = (await hire.api.applications("15356", 4, 1)).items
    assert ADDRESS not in to_json(found) + repr(items) + caplog.text
    site.says("application/5/set", {"result": "error", "message": f"{ADDRESS} has gone"})
    site.says("application/6/set", {"message": f"Not for {ADDRESS}"}, status=422)
    for broken in ("5", "6"):
        with pytest.raises(Refused) as error:
            await hire.api.rate(broken, 3, "")
        assert ADDRESS not in str(error.value)


async def test_a_workers_address_is_shown_where_the_settings_ask_for_it(
    site: Site, open_provider: OpenProvider
) -> None:
    provider = open_provider(base_url=site.base_url, keep_emails=True)
    site.lists(PENDING, [application(), application(id=2, email=None)])
    first, second = await read_pending(provider, await one_job(site, provider))
    assert (first.variables, second.variables) == ((("E-mail", ADDRESS),), ())


# --- looking, and reading by ids


async def test_where_applications_stand(site: Site, hire: HireTalentsProvider) -> None:
    numbers = {1: "rejected", 2: "reported", 3: "approved", 4: "waiting", 5: "revised", 6: "rated"}
    for number in numbers:
        site.says(f"application/{number}", with_pictures(id=number, status=number, showcause=None))
    found = [await hire.look("15356", [str(number)]) for number in numbers]
    assert [[one.state.value for one in some] for some in found] == [[word] for word in numbers.values()]
    assert await hire.look("15356", ["77"]) == [Sighting("77", SightingState.ABSENT)]


async def test_the_reason_that_was_given_is_told(site: Site, hire: HireTalentsProvider) -> None:
    site.says("application/501141", with_pictures())
    assert await hire.look("15356", ["501141"]) == [Sighting("501141", SightingState.REJECTED, 0, ("no",))]


async def test_a_look_that_failed_says_nothing(site: Site, hire: HireTalentsProvider) -> None:
    site.says(
        "application/1", {"message": "Moved"}, status=301, headers={"Location": "https://x.example/application/1"}
    )
    with pytest.raises(Refused, match="set base_url to https"):
        await hire.look("15356", ["1"])
    site.says("application/2", application(id=2, jobid=9))
    with pytest.raises(Unavailable, match="jobid"):
        await hire.look("15356", ["2"])
    site.says("application/3", "", status=502)
    with pytest.raises(Unavailable):
        await hire.look("15356", ["3"])


async def test_many_are_looked_for_in_the_list_and_the_rest_by_id(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(EVERYTHING, [application(id=n, status=3) for n in range(9, 0, -1)], [application(id=90)])
    site.says("application/55", application(id=55, status=5))
    ids = ["55", *(str(n) for n in range(9, 0, -1))]
    found = await hire.look("15356", ids)
    assert [one.task_id for one in found] == ids
    assert [one.state.value for one in found] == ["revised", *["approved"] * 9]
    assert site.paths == [f"GET {EVERYTHING}/1", "GET application/55"]


async def test_a_list_that_tells_little_is_not_read_on(site: Site, hire: HireTalentsProvider) -> None:
    site.lists(EVERYTHING, *([application(id=n)] for n in range(100, 50, -1)))
    for n in (1, 2, 3):
        site.says(f"application/{n}", application(id=n))
    await hire.look("15356", ["1", "2", "3"])
    assert site.paths == [f"GET {EVERYTHING}/1", *(f"GET application/{n}" for n in (1, 2, 3))]


async def test_one_that_a_callback_named_is_one_call(site: Site, hire: HireTalentsProvider) -> None:
    read = await one_job(site, hire)
    site.heard.clear()
    site.says("application/501143", application())
    assert [one.task_id for one in await read_pending(hire, read, ["501143"])] == ["501143"]
    assert site.paths == ["GET application/501143"]


async def test_many_that_callbacks_named_are_a_page_each_and_strangers_are_left_out(
    site: Site, hire: HireTalentsProvider
) -> None:
    read = await one_job(site, hire)
    site.heard.clear()
    site.lists(PENDING, [application(id=n) for n in range(40, 20, -1)], [application(id=n) for n in range(20, 0, -1)])
    found = await read_pending(hire, read, [*(str(n) for n in range(40, 0, -1)), "404"])
    assert len(found) == 40
    assert site.paths == [f"GET {PENDING}/1", f"GET {PENDING}/2", "GET application/404"]


async def test_a_flood_of_invented_ids_is_not_followed_for_ever(site: Site, hire: HireTalentsProvider) -> None:
    read = await one_job(site, hire)
    site.heard.clear()
    site.lists(PENDING)
    assert await read_pending(hire, read, [f"no{n}" for n in range(1000)]) == []
    assert len(site.heard) == 101


# --- the catalogue


async def test_countries(site: Site, hire: HireTalentsProvider) -> None:
    india = {"country_id": "1269750", "name": "India", "code": "IN", "continent": "AS", "nameTranslated": "India"}
    site.says("countries", [india, {"country_id": 1282988, "nameTranslated": "Nepal"}, {"name": "nowhere"}])
    assert await hire.countries() == [Country("1269750", "India", "AS"), Country("1282988", "Nepal")]


TREE = {
    "id": 9,
    "title": "Websites",
    "cost": 0.1,
    "parent": 0,
    "subcat": [
        {"id": 47, "title": "Banner", "cost": "0.80", "parent": 9, "subcat": []},
        {"id": 45, "title": "Link", "parent": 9, "subcat": {"1": {"id": 46, "title": "Short", "cost": 0.3}}},
    ],
}


@pytest.mark.parametrize("listed", [[TREE], {"1": TREE}])
async def test_categories_are_a_list_or_an_object_with_others_inside(
    listed: object, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("categories", listed)
    assert await hire.categories() == [
        Category("9", "Websites", {"INT": Decimal("0.1")}, over=True),
        Category("47", "Websites: Banner", {"INT": Decimal("0.80")}, over=True),
        Category("45", "Websites: Link", {}, over=True),
        Category("46", "Websites: Link: Short", {"INT": Decimal("0.3")}, over=True),
    ]


async def test_categories_that_are_not_json_at_all_are_an_error(site: Site, hire: HireTalentsProvider) -> None:
    site.says("categories", '[ "1": {"id": 9} ]', "3")
    with pytest.raises(Unavailable, match="could not be read"):
        await hire.categories()
    with pytest.raises(Unavailable, match="categories answered without a readable list"):
        await hire.categories()


async def test_teams(site: Site, hire: HireTalentsProvider) -> None:
    site.says("teams", [{"id": 1234, "user_id": 1234567, "title": "Regulars"}, {"id": 5, "title": None}])
    assert await hire.teams() == [WorkerList("1234", "Regulars", None), WorkerList("5", "5", None)]


# --- against the simulated site


async def test_all_that_waits_is_found_page_by_page(
    open_sandbox: Any, open_provider: OpenProvider, sandbox_clock: ManualClock
) -> None:
    server: SandboxServer = await open_sandbox(waiting=25, page_size=4)
    provider = open_provider(**server.accounts[0].settings)
    found = [one for item in await provider.waiting() for one in await read_pending(provider, item.job)]
    assert len({one.task_id for one in found}) == 25
    assert {one.revision for one in found} == {0}
    assert all(one.submitted_at.tzinfo is UTC and isinstance(one.price, Decimal) for one in found)


async def test_catalogue_of_the_simulated_site(live: HireTalentsProvider, sandbox: SandboxServer) -> None:
    sandbox.set_quirk("hire", "balance", "string")
    assert (await live.balance()).spendable == Decimal(250)
    by_object = await live.categories()
    sandbox.set_quirk("hire", "categories", "list")
    assert await live.categories() == by_object
    assert {team.name for team in await live.teams()} == {"Regulars", "Translators"}
    assert len(await live.countries()) > 20


async def test_a_wrong_key_needs_a_person(sandbox: SandboxServer, open_provider: OpenProvider) -> None:
    provider = open_provider(base_url=sandbox.accounts[0].settings["base_url"], api_key="wrong")
    with pytest.raises(AuthFailed):
        await provider.waiting()


async def test_what_is_reported_is_seen_as_such(
    sandbox: SandboxServer, live: HireTalentsProvider, buyer: Buyer
) -> None:
    one = (await buyer.pending())[0]
    sandbox.report("hire", str(one["id"]))
    [sighting] = await live.look(str(one["jobid"]), [str(one["id"])])
    assert sighting.state is SightingState.REPORTED

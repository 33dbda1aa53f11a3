"""What changes jobs and teams: as it leaves, as it is answered, and at the simulated site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from botcore.models import JobChange, JobStatus, WorkerList
from botcore.provider import AuthFailed, Capability, OutcomeUnknown, ProviderError, Refused, Unavailable
from botcore.sandbox import SandboxServer
from botcore_hiretalents.api import Said
from botcore_hiretalents.provider import HireTalentsProvider, Member
from botcore_hiretalents.updates import changes_of, limit_of, proof_of, schedule_of
from tests.plugins.hiretalents.buyer import DRAFT, Buyer
from tests.plugins.hiretalents.site import Site, job

Call = Callable[[HireTalentsProvider], Awaitable[object]]

TEAM = {
    "id": 1234,
    "user_id": 123456,
    "title": "Test",
    "created_at": "2022-07-10T00:04:53.000000Z",
    "updated_at": "2022-07-10T00:04:53.000000Z",
}
MEMBER = {
    "id": 17,
    "owner_id": 123456789,
    "worker_id": 153456789,
    "team_id": 1234,
    "note": "Neat",
    "created_at": "2022-07-04T11:42:31.000000Z",
}

LIFE: list[tuple[str, Call, Any, dict[str, object], object]] = [
    ("job/15341/pause", lambda p: p.pause("15341"), None, {"result": "ok", "job_id": 15341}, JobChange("Done.")),
    ("job/15341/restart", lambda p: p.restart("15341"), None, {"result": "ok", "job_id": 15341}, JobChange("Done.")),
    (
        "job/15341/resume",
        lambda p: p.resume("15341", 10),
        {"seat_count": 10},
        {"result": "ok", "cost": 2.85, "job_id": 15341},
        JobChange("Done.", Decimal("2.85")),
    ),
    (
        "job/15341/add_seat",
        lambda p: p.add_positions("15341", 10),
        {"seat_count": 10},
        {"result": "ok", "cost": "2.35", "job_id": "15341"},
        JobChange("Done.", Decimal("2.35")),
    ),
    (
        "job/15357/update",
        lambda p: p.update("15357", {"title": "T", "time": 1}),
        {"title": "T", "time": 1},
        {"result": "ok", "job_id": 15357},
        JobChange("Done."),
    ),
    (
        "teams/add_member",
        lambda p: p.add_member("1234", "1234567", "Neat"),
        {"team_id": 1234, "user_id": 1234567, "note": "Neat"},
        {"ok": 1},
        "Done.",
    ),
]


@pytest.mark.parametrize(("path", "call", "sent", "answer", "expected"), LIFE)
async def test_changes_leave_and_are_answered_as_documented(
    path: str,
    call: Call,
    sent: object,
    answer: dict[str, object],
    expected: object,
    site: Site,
    hire: HireTalentsProvider,
) -> None:
    site.says(path, answer)
    assert await call(hire) == expected
    [heard] = site.heard
    assert (heard.method, heard.path, heard.body if heard.text else None) == ("POST", path, sent)


@pytest.mark.parametrize(("path", "call"), [(path, call) for path, call, *_ in LIFE])
@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, {"result": "error", "message": "No."}, Refused),
        (200, {"message": "?"}, OutcomeUnknown),
        (500, "", OutcomeUnknown),
        (401, "", AuthFailed),
        (422, {"message": "No."}, Refused),
    ],
)
async def test_no_and_silence_are_told_apart(
    status: int,
    answer: object,
    error: type[ProviderError],
    path: str,
    call: Call,
    site: Site,
    hire: HireTalentsProvider,
) -> None:
    site.says(path, answer, status=status)
    with pytest.raises(error):
        await call(hire)
    assert len(site.heard) == 1


async def test_an_answer_about_another_job_tells_nothing_of_this_one(site: Site, hire: HireTalentsProvider) -> None:
    site.says("job/1/pause", {"result": "ok", "job_id": 2})
    with pytest.raises(OutcomeUnknown, match="another job_id"):
        await hire.pause("1")


def test_a_pause_is_the_end_and_a_restart_is_free() -> None:
    assert HireTalentsProvider.pause_ends
    assert HireTalentsProvider.resume_needs_positions
    assert not HireTalentsProvider.restart_costs


@pytest.mark.parametrize("name", ["stop", "set_speed", "set_time_to_rate", "block", "zones", "lists"])
def test_what_it_cannot_do_is_not_declared(name: str) -> None:
    left_out = {
        "stop": Capability.STOP,
        "set_speed": Capability.SPEED,
        "set_time_to_rate": Capability.TIME_TO_RATE,
        "block": Capability.BLOCK,
        "zones": Capability.ZONES,
        "lists": Capability.LISTS,
    }
    assert left_out[name] not in HireTalentsProvider.capabilities


# --- costs


async def test_a_posted_job_and_its_cost(site: Site, hire: HireTalentsProvider) -> None:
    site.says("jobs/create", {"result": "ok", "cost": 4.875, "job_id": 15357})
    assert await hire.api.create(DRAFT) == Said("Done.", Decimal("4.875"), "15357")
    assert site.heard[0].body == DRAFT


async def test_a_quote_asks_for_the_cost_alone(site: Site, hire: HireTalentsProvider) -> None:
    site.says("jobs/create", {"result": "ok", "cost": 4.875}, {"result": "ok"})
    assert await hire.quoted(DRAFT) == Decimal("4.875")
    assert site.heard[0].body == {**DRAFT, "get_cost": 1}
    with pytest.raises(Unavailable, match="jobs/create answered without a readable cost"):
        await hire.quoted(DRAFT)


async def test_a_quote_that_was_taken_for_an_order_is_an_alarm(
    site: Site, hire: HireTalentsProvider, caplog: pytest.LogCaptureFixture
) -> None:
    site.says("job/15341", job())
    site.says("jobs/create", {"result": "ok", "cost": 4.875, "job_id": 9})
    known = await hire.job("15341")
    with pytest.raises(OutcomeUnknown, match="answered with job 9: look on its website whether it was posted"):
        await hire.quoted_positions(known, 10)
    assert "answered with job 9" in caplog.text
    assert await hire.quoted_positions(known, 10) == hire.cost_of_positions(known, 10)
    assert [asked.path for asked in site.heard].count("jobs/create") == 1


async def test_positions_are_quoted_as_a_job_like_theirs(site: Site, hire: HireTalentsProvider) -> None:
    site.says("job/15341", job(country="1269750, 1282988"))
    site.says("jobs/create", {"result": "ok", "cost": 2.35})
    assert await hire.quoted_positions(await hire.job("15341"), 10) == Decimal("2.35")
    assert site.heard[-1].body == {
        "title": "Say hello to the bakery",
        "price": 0.2,
        "availseats": 10,
        "country": ["1269750", "1282988"],
        "category": "97",
        "time": 5,
        "expected": ["Say hello"],
        "proof": [{"desc": "Your name there", "type": "text"}],
        "get_cost": 1,
    }
    site.answers["jobs/create"] = [(422, '{"message": "The category has gone."}', {})]
    assert await hire.quoted_positions(await hire.job("15341"), 10) is None


async def test_a_job_whose_parts_come_as_texts_is_quoted_with_its_numbers_as_they_are(
    site: Site, hire: HireTalentsProvider
) -> None:
    site.says("job/15341", job(expected='["Say hello", 2.50]', proof='[{"desc": "D", "type": "text", "size": 0.1}]'))
    site.says("jobs/create", {"result": "ok", "cost": 2.35})
    known = await hire.job("15341")
    assert known.instructions == ("Say hello", "2.50")
    assert await hire.quoted_positions(known, 10) == Decimal("2.35")
    assert site.heard[-1].body["proof"] == [{"desc": "D", "type": "text", "size": 0.1}]


async def test_money_on_the_way_out_and_back(sandbox: SandboxServer, live: HireTalentsProvider, buyer: Buyer) -> None:
    """What is quoted is what is charged, and a pause gives back what is not used."""
    job_id = str(await buyer.create(availseats=20))
    found = await live.job(job_id)
    before = (await live.balance()).spendable
    quoted = await live.quoted_positions(found, 10)
    assert (await live.balance()).spendable == before
    added = await live.add_positions(job_id, 10)
    assert added.cost == quoted
    assert (await live.balance()).spendable == before - (quoted or 0)
    assert await live.pause(job_id) == JobChange("Done.")
    assert (await live.job(job_id)).status is JobStatus.FINISHED
    paused = (await live.balance()).spendable
    assert paused > before
    resumed = await live.resume(job_id, 5)
    assert (await live.balance()).spendable == paused - (resumed.cost or 0)
    assert (await live.restart(job_id)).cost is None
    with pytest.raises(Refused):
        await live.resume(job_id, 5)
    with pytest.raises(Refused, match="positions"):
        await live.resume(job_id)
    assert [entry["kind"] for entry in sandbox.ledger()] == ["post_job", "add_positions", "pause", "resume", "restart"]


# --- teams


async def test_teams_are_made_and_called_something_else(site: Site, hire: HireTalentsProvider) -> None:
    site.says("teams/create", TEAM)
    site.says("teams/update", TEAM | {"title": "New"})
    assert await hire.create_team("Test") == WorkerList("1234", "Test", None)
    assert await hire.rename_team("1234", "New") == WorkerList("1234", "New", None)
    assert [heard.body for heard in site.heard] == [{"title": "Test"}, {"id": 1234, "title": "New"}]
    site.answers["teams/create"] = [(200, '{"title": "Test"}', {})]
    with pytest.raises(OutcomeUnknown, match="teams/create answered without a readable id"):
        await hire.create_team("Test")


async def test_members_are_read_by_a_post(site: Site, hire: HireTalentsProvider) -> None:
    site.says("teams/members", [MEMBER, MEMBER | {"id": 18, "note": None}, {"id": 3}])
    assert await hire.members("1234") == [Member("153456789", "Neat"), Member("153456789", "")]
    assert (site.heard[0].method, site.heard[0].body) == ("POST", {"team_id": 1234})
    site.answers["teams/members"] = [(500, "", {})]
    with pytest.raises(Unavailable):
        await hire.members("1234")


@pytest.mark.parametrize("answer", [[{"ok": 1}], {"ok": 1}, {"ok": "1"}, {"result": "ok"}])
async def test_a_member_is_removed_whatever_the_yes_looks_like(
    answer: object, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("teams/delete_member", answer)
    assert await hire.remove_member("1234", "123456789") == "Done."
    assert site.heard[0].body == {"team_id": 1234, "user_id": 123456789}


@pytest.mark.parametrize(
    ("status", "answer"),
    [(404, ""), (405, ""), (422, {"message": "title is required"}), (200, TEAM), (200, {"ok": 1}), (200, [{"ok": 1}])],
)
async def test_a_team_is_deleted_where_the_document_says_and_else_where_its_name_says(
    status: int, answer: object, site: Site, hire: HireTalentsProvider
) -> None:
    site.says("teams/update", answer, status=status)
    site.says("teams/delete", {"ok": 1})
    assert await hire.delete_team("1234") == "Done."
    done_at_once = answer in ({"ok": 1}, [{"ok": 1}])
    assert site.paths == ["POST teams/update", *([] if done_at_once else ["POST teams/delete"])]
    assert all(heard.body == {"id": 1234} for heard in site.heard)


@pytest.mark.parametrize(
    ("first", "second", "error", "words", "calls"),
    [
        ((422, {"message": "No such team."}), (404, {"message": "No page."}), Refused, "No such team.", 2),
        ((422, {"message": "No title."}), (422, {"message": "Not yours."}), Refused, "Not yours.", 2),
        ((404, ""), (500, ""), OutcomeUnknown, "500", 2),
        ((200, TEAM), (404, {"message": "No page."}), Refused, "No page.", 2),
        ((500, ""), (200, {"ok": 1}), OutcomeUnknown, "500", 1),
        ((400, {"message": "Not now."}), (200, {"ok": 1}), Refused, "Not now.", 1),
        ((200, {"title": "?"}), (200, {"ok": 1}), OutcomeUnknown, "without a result", 1),
    ],
)
async def test_a_team_that_may_still_be_there_is_not_called_deleted(
    first: tuple[int, object],
    second: tuple[int, object],
    error: type[ProviderError],
    words: str,
    calls: int,
    site: Site,
    hire: HireTalentsProvider,
) -> None:
    site.says("teams/update", first[1], status=first[0])
    site.says("teams/delete", second[1], status=second[0])
    with pytest.raises(error, match=words):
        await hire.delete_team("1234")
    assert len(site.heard) == calls


@pytest.mark.parametrize("way", ["documented", "separate", "both"])
async def test_a_team_from_its_first_to_its_last_day(
    way: str, sandbox: SandboxServer, live: HireTalentsProvider, buyer: Buyer
) -> None:
    sandbox.set_quirk("hire", "team_delete", way)
    worker = str((await buyer.pending())[0]["user_id"])
    team = await live.create_team("Night owls")
    await live.rename_team(team.id, "Early birds")
    await live.add_member(team.id, worker, "neat")
    assert await live.members(team.id) == [Member(worker, "neat")]
    await live.remove_member(team.id, worker)
    assert await live.members(team.id) == []
    assert WorkerList(team.id, "Early birds", None) in await live.teams()
    await live.delete_team(team.id)
    assert team.id not in {one.id for one in await live.teams()}
    with pytest.raises(Refused):
        await live.delete_team(team.id)


# --- what is typed to change a job


def test_what_is_typed_becomes_what_the_marketplace_takes() -> None:
    typed = {
        "title": " New ",
        "time": 3,
        "limit": "10/day",
        "instructions": "Open it | Look\nTell us",
        "proofs": "text: your name | Image: the page: all of it",
        "restart": "6h",
    }
    assert changes_of(typed) == {
        "title": "New",
        "time": 3,
        "job_limit": {"limit": 10, "duration": "daily"},
        "expected": ["Open it", "Look", "Tell us"],
        "proof": [{"desc": "your name", "type": "text"}, {"desc": "the page: all of it", "type": "image"}],
        "restart_schedule": 21_600,
    }


@pytest.mark.parametrize(
    ("text", "seconds"), [("off", -1), ("-1", -1), ("60", 60), ("1min", 60), ("90 m", 5400), ("360D", 31_104_000)]
)
def test_schedules(text: str, seconds: int) -> None:
    assert schedule_of(text) == seconds


@pytest.mark.parametrize(("text", "limit", "duration"), [("3 per hour", 3, "hourly"), ("1 a day", 1, "daily")])
def test_limits(text: str, limit: int, duration: str) -> None:
    assert limit_of(text) == {"limit": limit, "duration": duration}


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"title": "  "},
        {"time": 0},
        {"limit": "ten"},
        {"limit": "0/day"},
        {"instructions": " | "},
        {"proofs": "your name"},
        {"proofs": "text:"},
        {"restart": "59"},
        {"restart": "361d"},
        {"restart": "now"},
    ],
)
def test_what_cannot_be_meant_says_what_to_type(typed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"=|must|text:|minutes|number"):
        changes_of(typed)


def test_a_proof_is_a_text_or_a_picture() -> None:
    with pytest.raises(ValueError, match="text: or image:"):
        proof_of("video: all of it")

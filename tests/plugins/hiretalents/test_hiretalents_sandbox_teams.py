"""Teams in the simulated HireTalents, and the two ways in which one may be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.clock import ManualClock
from botcore.sandbox import SandboxServer
from tests.plugins.hiretalents.buyer import DRAFT, Buyer


async def test_a_team_is_made_renamed_and_listed(
    sandbox: SandboxServer, buyer: Buyer, sandbox_clock: ManualClock
) -> None:
    made = await buyer.post("teams/create", {"title": "Night shift"})
    assert set(made) == {"id", "user_id", "title", "created_at", "updated_at"}
    assert (made["title"], made["user_id"]) == ("Night shift", (await buyer.get("me"))["id"])
    sandbox_clock.advance(5)
    changed = await buyer.post("teams/update", {"title": "Day shift", "id": str(made["id"])})
    assert changed == {**made, "title": "Day shift", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["updated_at"]
    assert (await buyer.get("teams"))[-1] == changed
    assert [entry["kind"] for entry in sandbox.ledger()] == ["create_team", "rename_team"]


async def test_members_come_and_go(sandbox: SandboxServer, buyer: Buyer) -> None:
    team = (await buyer.post("teams/create", {"title": "Night shift"}))["id"]
    worker = (await buyer.pending())[0]["user_id"]
    assert await buyer.post("teams/members", {"team_id": team}) == []
    added = await buyer.post("teams/add_member", {"team_id": team, "user_id": str(worker), "note": "never late"})
    assert added == {"ok": 1}
    (member,) = await buyer.post("teams/members", {"team_id": team})
    assert set(member) == {"id", "owner_id", "worker_id", "team_id", "note", "created_at", "updated_at"}
    assert (member["worker_id"], member["team_id"], member["note"]) == (worker, team, "never late")
    assert await buyer.post("teams/delete_member", {"team_id": team, "user_id": worker}) == [{"ok": 1}]
    assert await buyer.post("teams/members", {"team_id": team}) == []
    assert [entry["kind"] for entry in sandbox.ledger()] == ["create_team", "add_member", "delete_member"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("create", {}, "title"),
        ("update", {"title": "x"}, "id"),
        ("update", {"title": "x", "id": 1}, "id"),
        ("update", {"title": 7, "id": 12870}, "title"),
        ("members", {}, "team_id"),
        ("members", {"team_id": 1}, "team_id"),
        ("add_member", {"team_id": 12870, "note": "x"}, "user_id"),
        ("add_member", {"team_id": 12870, "note": "x", "user_id": 5}, "user_id"),
        ("add_member", {"team_id": 12870, "user_id": 5}, "note"),
        ("add_member", {"team_id": 1, "user_id": 5, "note": "x"}, "team_id"),
        ("delete_member", {"team_id": 12870, "user_id": 5}, "user_id"),
        ("delete_member", {"team_id": 1, "user_id": 5}, "team_id"),
    ],
)
async def test_what_makes_no_sense_for_a_team_is_refused(
    sandbox: SandboxServer, buyer: Buyer, path: str, body: dict[str, Any], field: str
) -> None:
    status, answer = await buyer.ask("POST", f"teams/{path}", body)
    assert (status, list(answer["errors"])) == (422, [field])
    assert sandbox.ledger() == []


async def test_nobody_is_in_a_team_twice(buyer: Buyer) -> None:
    team = (await buyer.get("teams"))[0]["id"]
    worker = (await buyer.post("teams/members", {"team_id": team}))[0]["worker_id"]
    body = {"team_id": team, "user_id": worker, "note": "again"}
    assert (await buyer.ask("POST", "teams/add_member", body))[0] == 422


@pytest.mark.parametrize(
    ("quirk", "path", "status"),
    [
        ("documented", "update", 200),
        ("documented", "delete", 404),
        ("separate", "update", 422),
        ("separate", "delete", 200),
        ("both", "update", 200),
        ("both", "delete", 200),
    ],
)
async def test_a_team_is_deleted_where_the_site_does_so(
    sandbox: SandboxServer, buyer: Buyer, quirk: str, path: str, status: int
) -> None:
    sandbox.set_quirk("hire", "team_delete", quirk)
    first, second = [team["id"] for team in await buyer.get("teams")]
    got, answer = await buyer.ask("POST", f"teams/{path}", {"id": first})
    assert got == status
    left = [team["id"] for team in await buyer.get("teams")]
    assert left == ([second] if status == 200 else [first, second])
    if status == 200:
        assert answer == {"ok": 1}
        assert (await buyer.ask("POST", "teams/members", {"team_id": first}))[0] == 422


async def test_only_its_members_do_a_teams_job(sandbox: SandboxServer, buyer: Buyer) -> None:
    team = (await buyer.get("teams"))[0]["id"]
    job_id = await buyer.create(team_id=team, country="0")
    assert (await buyer.get(f"job/{job_id}"))["country"] == "0"
    sandbox.submit("hire", str(job_id), count=12)
    members = {member["worker_id"] for member in await buyer.post("teams/members", {"team_id": team})}
    assert {one["user_id"] for one in await buyer.get(f"job/{job_id}/applications/all/1")} <= members


async def test_anothers_team_is_nobodys(open_sandbox: Any, plain_http: Any) -> None:
    server = await open_sandbox(accounts={"mine": "hiretalents", "theirs": "hiretalents"})
    buyer = Buyer(plain_http, server)
    _, teams = await buyer.ask("GET", "teams", key=server.accounts[1].settings["api_key"])
    for path, body in (("members", {"team_id": teams[0]["id"]}), ("update", {"id": teams[0]["id"]})):
        assert (await buyer.ask("POST", f"teams/{path}", body))[0] == 422
    draft = {**DRAFT, "team_id": teams[0]["id"], "country": 0}
    assert (await buyer.ask("POST", "jobs/create", draft))[0] == 422

"""Teams: a buyer's own workers, who alone may do the jobs meant for them."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import people
from botcore.sandbox.base import Call, Missing, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.world import Books

from .shapes import owner, stamp

_FAR = 1_000_000_000


def all_of_them(books: Books, call: Call) -> Any:
    return [_team(books, found) for found in people.lists(books)]


def create(books: Books, call: Call) -> Any:
    title = Fields(call.body()).text("title")
    team_id = people.make_list(books, title)
    books.note("create_team", team_id=team_id, title=title)
    return _team(books, people.find_list(books, team_id))


def update(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    team = _find(books, fields, "id")
    if not fields.given("title") and books.quirk("team_delete") != "separate":
        return _delete(books, team)
    title = fields.text("title")
    people.rename_list(books, team.id, title)
    books.note("rename_team", team_id=team.id, title=title)
    return _team(books, people.find_list(books, team.id))


def delete(books: Books, call: Call) -> Any:
    if books.quirk("team_delete") == "documented":
        raise Missing("No such endpoint.")
    return _delete(books, _find(books, Fields(call.body()), "id"))


def members(books: Books, call: Call) -> Any:
    team = _find(books, Fields(call.body()), "team_id")
    return [
        {
            "id": member.n,
            "owner_id": owner(books),
            "worker_id": int(member.worker_id),
            "team_id": team.id,
            "note": member.note,
            "created_at": stamp(member.added_ms),
            "updated_at": stamp(member.added_ms),
        }
        for member in people.members(books, team.id)
    ]


def add_member(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    team, note = _find(books, fields, "team_id"), fields.text("note")
    worker = str(fields.integer("user_id", 1, _FAR))
    if not people.is_known(books, worker):
        raise Refusal("The selected user_id is invalid.", "user_id")
    if any(member.worker_id == worker for member in people.members(books, team.id)):
        raise Refusal("The worker is in the team already.", "user_id")
    people.add_to_list(books, team.id, [worker], note)
    books.note("add_member", team_id=team.id, worker_id=worker, note=note)
    return {"ok": 1}


def delete_member(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    team, worker = _find(books, fields, "team_id"), str(fields.integer("user_id", 1, _FAR))
    if not people.remove_from_list(books, team.id, worker):
        raise Refusal("The selected user_id is invalid.", "user_id")
    books.note("delete_member", team_id=team.id, worker_id=worker)
    return [{"ok": 1}]


def _delete(books: Books, team: people.WorkerList) -> Any:
    people.delete_list(books, team.id)
    books.note("delete_team", team_id=team.id)
    return {"ok": 1}


def _find(books: Books, fields: Fields, name: str) -> people.WorkerList:
    try:
        return people.find_list(books, fields.integer(name, 1, _FAR))
    except Missing:
        raise Refusal(f"The selected {name} is invalid.", name) from None


def _team(books: Books, team: people.WorkerList) -> dict[str, Any]:
    return {
        "id": team.id,
        "user_id": owner(books),
        "title": team.name,
        "created_at": stamp(team.created_ms),
        "updated_at": stamp(team.updated_ms),
    }

"""The workers of a marketplace, as its buyers see them: lists and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .base import Missing
from .world import Books

_LISTS_BEFORE = 12_869  # other buyers' lists


@dataclass(frozen=True, slots=True)
class WorkerList:
    id: int
    name: str
    workers: int
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Member:
    n: int
    worker_id: str
    note: str  # the buyer's
    added_ms: int


def lists(books: Books) -> list[WorkerList]:
    """The buyer's lists, with how many workers are in each."""
    rows = books.q(
        "SELECT *, (SELECT count(*) FROM member WHERE list_id = list.id) AS workers FROM list "
        "WHERE account = :account ORDER BY id",
        account=books.account,
    )
    return [WorkerList(*(row[name] for name in WorkerList.__match_args__)) for row in rows]


def find_list(books: Books, list_id: int) -> WorkerList:
    """One of the buyer's lists. Raises `Refusal` where it is none of theirs."""
    for found in lists(books):
        if found.id == list_id:
            return found
    raise Missing("List not found.")


def make_list(books: Books, name: str, workers: Sequence[str] = ()) -> int:
    """Starts a list; returns its id."""
    list_id = int(books.value("SELECT coalesce(max(id), :before) + 1 FROM list", before=_LISTS_BEFORE))
    books.q(
        "INSERT INTO list VALUES (:id, :account, :name, :at, :at)",
        id=list_id, account=books.account, name=name, at=books.at,
    )  # fmt: skip
    add_to_list(books, list_id, workers)
    return list_id


def rename_list(books: Books, list_id: int, name: str) -> None:
    find_list(books, list_id)
    books.q("UPDATE list SET name = :name, updated_ms = :at WHERE id = :id", name=name, at=books.at, id=list_id)


def delete_list(books: Books, list_id: int) -> None:
    find_list(books, list_id)
    books.q("DELETE FROM member WHERE list_id = :id", id=list_id)
    books.q("DELETE FROM list WHERE id = :id", id=list_id)


def members(books: Books, list_id: int) -> list[Member]:
    """Who is in a list, in the order they came."""
    find_list(books, list_id)
    rows = books.q("SELECT * FROM member WHERE list_id = :list ORDER BY n", list=list_id)
    return [Member(row["n"], row["worker_id"], row["note"], row["added_ms"]) for row in rows]


def remove_from_list(books: Books, list_id: int, worker: str) -> bool:
    """Takes a worker off a list; False where they were not in it."""
    find_list(books, list_id)
    gone = "DELETE FROM member WHERE list_id = :list AND worker_id = :worker RETURNING n"
    return bool(books.q(gone, list=list_id, worker=worker))


def add_to_list(books: Books, list_id: int, workers: Sequence[str], note: str = "") -> list[str]:
    """Adds workers; returns those who are in it now. Strangers and blocked ones are passed over."""
    find_list(books, list_id)
    added = [worker for worker in workers if is_known(books, worker) and not is_blocked(books, worker)]
    for worker in added:
        books.q(
            "INSERT OR IGNORE INTO member (list_id, worker_id, note, added_ms) VALUES (:list, :worker, :note, :at)",
            list=list_id, worker=worker, note=note, at=books.at,
        )  # fmt: skip
    return added


def block(books: Books, workers: Sequence[str]) -> list[str]:
    """Blocks workers and takes them off every list of the buyer; returns those who exist."""
    blocked = [worker for worker in workers if is_known(books, worker)]
    for worker in blocked:
        books.q("INSERT OR IGNORE INTO blocked VALUES (:account, :worker)", account=books.account, worker=worker)
        books.q(
            "DELETE FROM member WHERE worker_id = :worker AND list_id IN (SELECT id FROM list WHERE "
            "account = :account)",
            worker=worker, account=books.account,
        )  # fmt: skip
    return blocked


def unblock(books: Books, workers: Sequence[str]) -> list[str]:
    """Lets workers work again; returns those who exist."""
    known = [worker for worker in workers if is_known(books, worker)]
    for worker in known:
        books.q(
            "DELETE FROM blocked WHERE account = :account AND worker_id = :worker",
            account=books.account,
            worker=worker,
        )
    return known


def is_blocked(books: Books, worker: str) -> bool:
    row = books.one(
        "SELECT 1 FROM blocked WHERE account = :account AND worker_id = :worker",
        account=books.account,
        worker=worker,
    )
    return row is not None


def is_known(books: Books, worker: str) -> bool:
    row = books.one(
        "SELECT 1 FROM worker WHERE provider = :provider AND id = :worker",
        provider=books.provider,
        worker=worker,
    )
    return row is not None

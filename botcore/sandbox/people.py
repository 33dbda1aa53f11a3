"""The workers of a marketplace, as its buyers see them: lists and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .base import Refusal
from .world import Books

_LISTS_BEFORE = 12_869  # other buyers' lists


@dataclass(frozen=True, slots=True)
class WorkerList:
    id: int
    name: str
    workers: int


def lists(books: Books) -> list[WorkerList]:
    """The buyer's lists, with how many workers are in each."""
    rows = books.q(
        "SELECT id, name, (SELECT count(*) FROM member WHERE list_id = list.id) AS workers FROM list "
        "WHERE account = :account ORDER BY id",
        account=books.account,
    )
    return [WorkerList(row["id"], row["name"], row["workers"]) for row in rows]


def find_list(books: Books, list_id: int) -> WorkerList:
    """One of the buyer's lists. Raises `Refusal` where it is none of theirs."""
    for found in lists(books):
        if found.id == list_id:
            return found
    raise Refusal("List not found.")


def make_list(books: Books, name: str, workers: Sequence[str]) -> None:
    """Starts a list, as the buyer does on the site."""
    list_id = int(books.value("SELECT coalesce(max(id), :before) + 1 FROM list", before=_LISTS_BEFORE))
    books.q("INSERT INTO list VALUES (:id, :account, :name)", id=list_id, account=books.account, name=name)
    add_to_list(books, list_id, workers)


def add_to_list(books: Books, list_id: int, workers: Sequence[str]) -> list[str]:
    """Adds workers; returns those who are in it now. Strangers and blocked ones are passed over."""
    find_list(books, list_id)
    added = [worker for worker in workers if is_known(books, worker) and not is_blocked(books, worker)]
    for worker in added:
        books.q("INSERT OR IGNORE INTO member VALUES (:list, :worker)", list=list_id, worker=worker)
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

"""What a buyer reads of their jobs, their tasks and their money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botcore.sandbox import jobs, tasks
from botcore.sandbox.base import Call, Refusal
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import dollars
from botcore.sandbox.world import Books

from . import shapes

_FAR = 1_000_000  # pages end somewhere


class Reading:
    """Its methods answer requests. What is not private says how this marketplace does it; another may differ."""

    def get_job(self, books: Books, call: Call) -> Any:
        job = jobs.find(books, Fields(call.query).text("job_id"))
        return {**shapes.job(books, job), "distribution": job.terms.data["distribution"]}

    def get_jobs(self, books: Books, call: Call) -> Any:
        query = Fields(call.query)
        page = query.integer("page", 1, _FAR, 1)
        status = query.choice("status", list(jobs.Status), "")
        found, total = jobs.listed(
            books,
            statuses=[status] if status else [],
            unrated=query.integer("unrated_tasks", 0, 1, 0) == 1,
            newest_first=self.newest_first(query),
            limit=books.site.page_size,
            offset=(page - 1) * books.site.page_size,
        )
        return _page(books, page, total, "jobs", [shapes.job(books, job) for job in found])

    def get_unrated(self, books: Books, call: Call) -> Any:
        return self._tasks(books, call, tasks.UNRATED)

    def get_rated(self, books: Books, call: Call) -> Any:
        return self._tasks(books, call, tasks.RATED)

    def get_balances(self, books: Books, call: Call) -> Any:
        row = books.one("SELECT earned, spendable FROM account WHERE name = :name", name=books.account)
        return None if row is None else {name: dollars(row[name], 4) for name in ("earned", "spendable")}

    def newest_first(self, query: Fields) -> bool:
        return query.choice("order", ("asc", "desc"), "asc") == "desc"

    def wanted(self, query: Fields) -> list[str]:
        """The ids of the tasks that are asked for; none where all are."""
        return [text.strip() for text in query.text("task_ids", "").split(",") if text.strip()]

    def task(self, books: Books, task: tasks.Task) -> dict[str, Any]:
        """A task with all that was handed in before."""
        shape = shapes.task(books, task)
        if task.state in tasks.RATED or task.earlier:
            shape["previous_proofs"] = shapes.previous_proofs(books, task)
        return shape

    def _tasks(self, books: Books, call: Call, states: Sequence[tasks.State]) -> Any:
        query = Fields(call.query)
        page = query.integer("page", 1, _FAR, 1)
        job_id = query.text("job_id", "") or None
        ids = self.wanted(query)
        if ids and job_id is None:
            raise Refusal("task_ids needs a job_id.")
        if job_id is not None:
            jobs.find(books, job_id)
        found, total = tasks.listed(
            books,
            states,
            job_id=job_id,
            ids=ids or None,
            limit=books.site.page_size,
            offset=(page - 1) * books.site.page_size,
        )
        return _page(books, page, total, "tasks", [self.task(books, task) for task in found])


def _page(books: Books, page: int, total: int, name: str, things: list[Any]) -> dict[str, Any]:
    return {"current_page": page, "pages": max(1, -(-total // books.site.page_size)), name: things}

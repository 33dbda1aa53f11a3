"""Lists of workers, and whom a buyer does not want to see again."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import people
from botcore.sandbox.base import Call
from botcore.sandbox.checks import Fields
from botcore.sandbox.world import Books

_FAR = 1_000_000  # list ids, and the workers in one request, end somewhere


def get_lists(books: Books, call: Call) -> Any:
    return [{"id": found.id, "name": found.name, "workers": found.workers} for found in people.lists(books)]


def add_workers(books: Books, call: Call) -> Any:
    fields = Fields(call.body())
    list_id, ids = fields.integer("list_id", 1, _FAR), fields.strings("workers", 1, _FAR)
    books.note("add_workers", list_id=list_id, workers=people.add_to_list(books, list_id, ids))
    return {"ok": True, "message": "The list was extended."}


def block_workers(books: Books, call: Call) -> Any:
    ids = Fields(call.body()).strings("workers", 1, _FAR)
    books.note("block_workers", workers=people.block(books, ids))
    return {"ok": True, "message": "Blocked."}


def unblock_workers(books: Books, call: Call) -> Any:
    ids = Fields(call.body()).strings("workers", 1, _FAR)
    books.note("unblock_workers", workers=people.unblock(books, ids))
    return {"ok": True, "message": "Unblocked."}

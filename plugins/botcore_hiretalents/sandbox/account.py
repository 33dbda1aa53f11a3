"""What a buyer reads: their account, their jobs, and what jobs can be made of."""

from __future__ import annotations

from typing import Any

from botcore.sandbox import jobs
from botcore.sandbox.base import Call, Missing
from botcore.sandbox.checks import Fields
from botcore.sandbox.money import UNIT, dollars
from botcore.sandbox.world import Books

from . import shapes
from .catalogue import CATEGORIES, COUNTRIES, Category

_ONLINE = (jobs.Status.PENDING_REVIEW, jobs.Status.RUNNING)
_OVER = (jobs.Status.FINISHED, jobs.Status.BLOCKED, jobs.Status.DECLINED)
_STATUSES = {"all": (), "1": _ONLINE, "3": _OVER}
_FAR = 1_000_000  # pages end somewhere


def me(books: Books, call: Call) -> Any:
    row = books.one("SELECT spendable, webhook_url FROM account WHERE name = :name", name=books.account)
    assert row is not None  # noqa: S101 - the account that asks
    as_text = books.quirk("balance") == "string"
    return {
        "id": shapes.owner(books),
        "fullname": books.account.title(),
        "email": f"{books.account}@buyer.example",
        "gender": 1,
        "lang": "en",
        "birthdate": None,
        "country": "2635167",
        "address1": "1 Example Street",
        "address2": "",
        "city": "2643743",
        "zip": None,
        "state": "6269131",
        "candoadultjobs": 0,
        "active": 1,
        "current_balance": dollars(row["spendable"], 4) + "00" if as_text else row["spendable"] * UNIT,
        "referrer": 0,
        "submittask": 0,
        "phone_number": None,
        "callback_url": row["webhook_url"] or None,
    }


def countries(books: Books, call: Call) -> Any:
    return [
        {
            "country_id": country.id,
            "name": country.name,
            "code": country.code,
            "continent": country.continent,
            "nameTranslated": country.name,
        }
        for country in COUNTRIES.values()
    ]


def categories(books: Books, call: Call) -> Any:
    tops = [_category(category) for category in CATEGORIES.values() if not category.parent]
    if books.quirk("categories") == "list":
        return tops
    return {str(i): top for i, top in enumerate(tops, start=1)}


def job(books: Books, call: Call) -> Any:
    return shapes.job(books, jobs.find(books, call.parts["job"]))


def jobs_by_status(books: Books, call: Call) -> Any:
    fields = Fields(call.parts)
    found, _ = jobs.listed(
        books,
        statuses=_STATUSES[fields.choice("status", _STATUSES)],
        newest_first=True,
        limit=books.site.page_size,
        offset=(page_of(call) - 1) * books.site.page_size,
    )
    return [shapes.listed_job(books, each) for each in found]


def page_of(call: Call) -> int:
    """The page asked for in the path, from 1."""
    page = call.parts["page"]
    if not page.isascii() or not page.isdigit() or not 1 <= int(page) <= _FAR:
        raise Missing("No such page.")
    return int(page)


def _category(category: Category) -> dict[str, Any]:
    below = [each for each in CATEGORIES.values() if each.parent == category.id]
    return {
        "id": category.id,
        "title": category.title,
        "cost": category.cost * UNIT,
        "slug": category.slug,
        "text": "",
        "parent": category.parent,
        "subcat": [_category(each) for each in below],
    }

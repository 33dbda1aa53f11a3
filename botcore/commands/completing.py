"""How a line could go on, from what is kept here: never a call to a marketplace, and nothing found is no error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..accounts import can_serve
from ..catalogue import CATEGORIES, COUNTRIES, LISTS, TEAMS, ZONES, Shelf, Stock, stock
from ..draft_text import least_pay
from ..models import Category, Country, WorkerList, Zone
from ..store.port import Reader, Row
from ..text import one_line, plain
from ..ui import Completion

if TYPE_CHECKING:
    from ..dispatch import Context

T = TypeVar("T")

MOST = 25  # of what is offered


def words_match(typed: str, *texts: str) -> bool:
    """Whether every word that was typed is somewhere in these texts, whatever its case."""
    inside = plain(" ".join(texts))
    return all(word in inside for word in plain(typed).split())


async def complete_job(context: Context, typed: str) -> Sequence[Completion]:
    rows = await context.house.store.read(_job_rows, plain(typed).split(), context.typed.get("account"))
    return [Completion(row["id"], one_line(row["title"]), row["account"]) for row in rows]


async def complete_zone(context: Context, typed: str) -> Sequence[Completion]:
    def offer(account: str, zone: Zone) -> Completion:
        return Completion(zone.id, one_line(zone.name), account)

    return await _offers(context, typed, ZONES, offer)


async def complete_country(context: Context, typed: str) -> Sequence[Completion]:
    def offer(account: str, country: Country) -> Completion:
        return Completion(country.id, one_line(country.name), account)

    return await _offers(context, typed, COUNTRIES, offer)


async def complete_category(context: Context, typed: str) -> Sequence[Completion]:
    """Categories by words, with the least they may pay: in the zone that is on the line, or else anywhere."""

    def offer(account: str, category: Category) -> Completion:
        return Completion(category.id, one_line(category.name), least_pay(category, context.typed.get("zone", "")))

    return await _offers(context, typed, CATEGORIES, offer)


async def complete_list(context: Context, typed: str) -> Sequence[Completion]:
    return await _offers(context, typed, LISTS, _offer_list)


async def complete_team(context: Context, typed: str) -> Sequence[Completion]:
    return await _offers(context, typed, TEAMS, _offer_list)


def _offer_list(account: str, item: WorkerList) -> Completion:
    size = "" if item.workers is None else f" · {item.workers} workers"
    return Completion(item.id, one_line(item.name), f"{account}{size}")


async def _offers(
    context: Context, typed: str, shelf: Shelf[T], offer: Callable[[str, T], Completion]
) -> Sequence[Completion]:
    accounts = [
        account.name
        for account in context.house.accounts.values()
        if can_serve(account, shelf.needs) and context.typed.get("account", account.name) == account.name
    ]
    stocks = await context.house.store.read(_stocks, accounts, shelf)
    offers = (offer(account, item) for account, kept in stocks for item in kept.items)
    return _first([o for o in offers if words_match(typed, o.text, o.label)])


def _first(offers: Iterable[Completion]) -> list[Completion]:
    """Each once, though two accounts may be at one marketplace."""
    return list({(o.text, o.label): o for o in offers}.values())[:MOST]


def _stocks(reader: Reader, accounts: Sequence[str], shelf: Shelf[T]) -> list[tuple[str, Stock[T]]]:
    return [(account, kept) for account in accounts if (kept := stock(reader, account, shelf))]


def _job_rows(reader: Reader, words: Sequence[str], account: str | None) -> Sequence[Row]:
    like = " AND ".join(f"(id LIKE :w{n} ESCAPE '\\' OR title LIKE :w{n} ESCAPE '\\')" for n in range(len(words)))
    return reader.q(
        f"""SELECT account, id, title FROM jobs WHERE (:account IS NULL OR account = :account) AND {like or "1"}
           ORDER BY read_at DESC, id LIMIT {MOST}""",  # noqa: S608
        account=account,
        **{f"w{n}": f"%{_escaped(word)}%" for n, word in enumerate(words)},
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

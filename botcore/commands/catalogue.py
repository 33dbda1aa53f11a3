"""catalogue zones, categories, countries, lists; list show and list add."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ..accounts import Account
from ..catalogue import CATEGORIES, COUNTRIES, LISTS, OLD_MS, ZONES, Shelf, Stock, ask_for, keep_stock, stock
from ..core_kinds import ADD_TO_LIST
from ..draft_text import least_pay
from ..models import Category, Country, Role, WorkerList, Zone
from ..provider import Capability, ProviderError
from ..text import ago, clean, money, one_line
from ..ui import Block, Card, Reply, Result, Table
from .asking import at_once
from .completing import complete_list, complete_zone, words_match
from .finding import ACCOUNT, ACCOUNT_FIRST, chosen_accounts, leading_account, meant_workers
from .general import problem_block
from .paging import paged
from .parse import BadInput, shown
from .registry import Command, Kind, Param

if TYPE_CHECKING:
    from ..dispatch import Context

T = TypeVar("T")
Cells = tuple[str, ...]
MOST_COUNTRIES = 12  # of those that can be left out of a zone, in one line


async def on_shelf(context: Context, account: Account, shelf: Shelf[T]) -> Stock[T] | ProviderError:
    """What is kept, at once; what is getting old is read again behind it. What was never read is read now."""
    store, now = context.house.store, context.now()
    kept = await store.read(stock, account.name, shelf)
    if kept and now - kept.read_at <= OLD_MS:
        return kept
    if kept and not context.immediate:
        await store.tx(ask_for, account.name, shelf)
        return kept
    try:
        items = await account.ask(shelf.read)
    except ProviderError as error:
        return kept or error
    await store.tx(keep_stock, account.name, shelf, items, now)
    return Stock(items, now)


async def _zones(context: Context, values: Mapping[str, Any]) -> Reply:
    def row(zone: Zone) -> Cells:
        some, more = zone.excludable[:MOST_COUNTRIES], len(zone.excludable) - MOST_COUNTRIES
        return zone.id, zone.name, ", ".join(some) + (f" and {more} more" if more > 0 else "")

    return await _browse(context, values, ZONES, "Zones", ("Id", "Zone", "Can be left out"), row)


async def _categories(context: Context, values: Mapping[str, Any]) -> Reply:
    zone: str = values.get("zone", "")

    def row(category: Category) -> Cells:
        amount = category.minimum.get(zone)
        return category.id, category.name, money(amount) if amount is not None else least_pay(category) or "—"

    def there(category: Category) -> bool:
        return not zone or zone in category.minimum

    columns = ("Id", "Category", f"Minimum in {clean(one_line(zone), 20)}" if zone else "Minimum")
    empty = f"There are none with a minimum in the zone {shown(zone)}; see `catalogue zones`." if zone else ""
    return await _browse(context, values, CATEGORIES, "Categories", columns, row, there, empty)


async def _countries(context: Context, values: Mapping[str, Any]) -> Reply:
    def row(country: Country) -> Cells:
        return country.id, country.name, country.continent

    return await _browse(context, values, COUNTRIES, "Countries", ("Id", "Country", "Continent"), row)


async def _lists(context: Context, values: Mapping[str, Any]) -> Reply:
    def row(item: WorkerList) -> Cells:
        return item.id, item.name, "—" if item.workers is None else str(item.workers)

    named = {**values, "words": values["list"]} if "list" in values else values
    return await _browse(context, named, LISTS, "Lists", ("Id", "List", "Workers"), row)


async def _list_show(context: Context, values: Mapping[str, Any]) -> Reply:
    return await _lists(context, leading_account(context, values, "list"))


async def _list_add(context: Context, values: Mapping[str, Any]) -> Reply:
    accounts = chosen_accounts(context, values, Capability.ADD_TO_LIST)
    account, chosen = await _find_list(context, accounts, values["list"])
    workers = await context.house.store.read(meant_workers, account.name, values["worker"])
    count = f"worker {one_line(workers[0])}" if len(workers) == 1 else f"{len(workers)} workers"
    return await at_once(
        context,
        account,
        ADD_TO_LIST,
        {"list": chosen.id, "workers": ",".join(workers), "before": str(chosen.workers or "")},
        f"Add {count} to the list “{clean(one_line(chosen.name), 60)}”.",
    )


async def _browse(
    context: Context,
    values: Mapping[str, Any],
    shelf: Shelf[T],
    title: str,
    columns: Cells,
    row: Callable[[T], Cells],
    there: Callable[[T], bool] = lambda item: True,
    empty: str = "",
) -> Reply:
    """What the marketplaces offer, by account and words."""
    values = leading_account(context, values, "words")
    words: str = values.get("words", "")
    accounts = chosen_accounts(context, values, shelf.needs)
    found = await asyncio.gather(*(on_shelf(context, account, shelf) for account in accounts))
    rows: list[Cells] = []
    problems: list[Block] = []
    for account, kept in zip(accounts, found, strict=True):
        if isinstance(kept, ProviderError):
            problems.append(problem_block(f"{account.name}: {kept}"))
            continue
        cells = [tuple(one_line(cell) for cell in row(item)) for item in kept.items if there(item)]
        mine = [line for line in cells if words_match(words, *line[:2])]
        rows += [(*line, account.name) for line in mine] if len(accounts) > 1 else mine
    empty = f"Nothing is called {shown(words)}." if words else empty or "There are none."
    table = Table((*columns, "Account") if len(accounts) > 1 else columns, tuple(rows), empty=empty)
    read = [kept.read_at for kept in found if isinstance(kept, Stock)]
    age = f"as read {ago(timedelta(milliseconds=context.now() - min(read)))} ago" if read else ""
    result = Result.REFUSED if len(problems) == len(accounts) else Result.DONE
    return await paged(context, Card(title, blocks=(table, *problems), footer=age), result=result)


async def _find_list(context: Context, accounts: Sequence[Account], text: str) -> tuple[Account, WorkerList]:
    """The list that an id names, or words that only one list's name has. Raises `BadInput`."""
    shelves = await asyncio.gather(*(on_shelf(context, account, LISTS) for account in accounts))
    known = [
        (account, item)
        for account, kept in zip(accounts, shelves, strict=True)
        if isinstance(kept, Stock)
        for item in kept.items
    ]
    found = [(a, item) for a, item in known if item.id == text]
    found = found or [(a, item) for a, item in known if words_match(text, item.name)]
    if not found:
        for kept in shelves:
            if isinstance(kept, ProviderError):
                raise kept
        raise BadInput(f"there is no list {shown(text)}; see `list show`")
    if len(found) > 1:
        some = ", ".join(f"{item.id} ({a.name}: {clean(one_line(item.name), 30)})" for a, item in found[:5])
        raise BadInput(f"{shown(text)} could be several lists: {some}")
    return found[0]


WORDS = Param("words", "only what is called that", Kind.TEXT)
LIST_WORDS = "a list's id, or words of its name"

COMMANDS = (
    Command("catalogue zones", "where workers can be", Role.VIEWER, _zones, (ACCOUNT_FIRST, WORDS), ZONES.needs),
    Command(
        "catalogue categories",
        "kinds of jobs, and the least they may pay",
        Role.VIEWER,
        _categories,
        (ACCOUNT_FIRST, WORDS, Param("zone", "only its minimum", named_only=True, complete=complete_zone)),
        CATEGORIES.needs,
    ),
    Command("catalogue countries", "countries", Role.VIEWER, _countries, (ACCOUNT_FIRST, WORDS), COUNTRIES.needs),
    Command("catalogue lists", "your lists of workers", Role.VIEWER, _lists, (ACCOUNT_FIRST, WORDS), LISTS.needs),
    Command(
        "list show",
        "your lists of workers, and how many are on them",
        Role.MANAGER,
        _list_show,
        (ACCOUNT_FIRST, Param("list", LIST_WORDS, Kind.TEXT, complete=complete_list)),
        LISTS.needs,
    ),
    Command(
        "list add",
        "put workers on one of your lists",
        Role.MANAGER,
        _list_add,
        (
            Param("list", LIST_WORDS, required=True, complete=complete_list),
            Param("worker", "their ids, or submissions of theirs", required=True, many=True),
            ACCOUNT,
        ),
        Capability.ADD_TO_LIST,
    ),
)

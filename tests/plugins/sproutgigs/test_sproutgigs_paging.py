"""Lists whose order nobody documents, and that shift while they are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from botcore.pages import PAGE_TRIES
from botcore.provider import RateLimited, Unavailable
from botcore_sproutgigs.pages import Page
from botcore_sproutgigs.wire import WireTask

if TYPE_CHECKING:
    from botcore_sproutgigs.provider import SproutGigsProvider

SIZE = 3


class Shelf:
    """A list of tasks in pages of three. `then`: what happens after each page was read."""

    def __init__(self, count: int, *, newest_first: bool = False) -> None:
        self.tasks = [task(number) for number in range(count)]
        self.newest_first = newest_first
        self.read: list[int] = []
        self.then: list[Callable[[], None]] = []
        self.errors: list[Exception] = []  # of pages after the first, raised once each

    def add(self) -> None:
        self.tasks.append(task(len(self.tasks) + 1000))

    def drop_oldest(self) -> None:
        self.tasks.pop(0)

    def drop_newest(self) -> None:
        self.tasks.pop()

    async def page(self, number: int) -> Page[WireTask]:
        if self.errors and number > 1:
            raise self.errors.pop(0)
        self.read.append(number)
        listed = self.tasks[::-1] if self.newest_first else self.tasks
        pages = max(1, -(-len(listed) // SIZE))
        page = Page(tuple(listed[(number - 1) * SIZE : number * SIZE]), number, pages)
        if self.then:
            self.then.pop(0)()
        return page


def task(number: int) -> WireTask:
    hour, minute = divmod(number, 60)
    when = f"2026-01-{hour // 24 + 1:02}T{hour % 24:02}:{minute:02}:00Z"
    return WireTask.model_validate({"id": f"t{number}", "worker_id": "w", "finished_at": when})


async def ids(provider: SproutGigsProvider, shelf: Shelf) -> list[str]:
    return [task.id async for page in provider.api.newest_first(shelf.page) for task in page.items]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 7, 9, 10, 30])
async def test_every_page_is_read_once(provider: SproutGigsProvider, count: int, newest_first: bool) -> None:
    shelf = Shelf(count, newest_first=newest_first)
    assert sorted(await ids(provider, shelf)) == sorted(f"t{n}" for n in range(count))
    assert sorted(shelf.read) == list(range(1, max(1, -(-count // SIZE)) + 1))


@pytest.mark.parametrize(("newest_first", "order"), [(True, [1, 5, 2, 3, 4]), (False, [1, 5, 4, 3, 2])])
async def test_the_end_with_the_newer_ones_comes_first(
    provider: SproutGigsProvider, newest_first: bool, order: list[int]
) -> None:
    shelf = Shelf(15, newest_first=newest_first)
    await ids(provider, shelf)
    assert shelf.read == order


@pytest.mark.parametrize("moment", range(1, 5))
async def test_what_comes_in_front_while_it_is_read_hides_nothing(provider: SproutGigsProvider, moment: int) -> None:
    shelf = Shelf(15, newest_first=True)
    shelf.then = [lambda: None] * moment + [shelf.add] * 2
    assert {f"t{n}" for n in range(15)} <= set(await ids(provider, shelf))


@pytest.mark.parametrize("moment", range(2, 5))
async def test_old_ones_that_leave_while_it_is_read_hide_nothing(provider: SproutGigsProvider, moment: int) -> None:
    shelf = Shelf(15)
    shelf.then = [lambda: None] * moment + [shelf.drop_oldest] * 2
    assert {f"t{n}" for n in range(2, 15)} <= set(await ids(provider, shelf))


async def test_a_list_that_shrinks_to_nothing_ends(provider: SproutGigsProvider) -> None:
    shelf = Shelf(15)
    shelf.then = [shelf.tasks.clear]
    assert await ids(provider, shelf) == ["t0", "t1", "t2"]


async def test_a_list_without_an_end_is_given_up_on(provider: SproutGigsProvider) -> None:
    async def endless(number: int) -> Page[WireTask]:
        return Page((task(number),), number, 10**9)

    with pytest.raises(Unavailable, match="no end"):
        [page async for page in provider.api.newest_first(endless)]


async def test_a_list_that_grows_faster_than_it_is_read_ends_too(provider: SproutGigsProvider) -> None:
    async def growing(number: int) -> Page[WireTask]:
        return Page((task(number),), number, max(number + 1, 3))

    provider.api.most_pages = 50  # type: ignore[misc]
    assert len([page async for page in provider.api.newest_first(growing)]) <= 51


async def test_a_bad_answer_in_the_middle_costs_only_another_try(provider: SproutGigsProvider) -> None:
    shelf = Shelf(30)
    shelf.errors = [Unavailable("500"), RateLimited("slow down", 10), Unavailable("500")]
    assert len(await ids(provider, shelf)) == 30


async def test_a_marketplace_that_is_down_is_not_asked_for_every_page(provider: SproutGigsProvider) -> None:
    shelf = Shelf(30)
    shelf.errors = [Unavailable("down")] * 100
    with pytest.raises(Unavailable):
        await ids(provider, shelf)
    assert len(shelf.errors) == 100 - PAGE_TRIES


@pytest.mark.parametrize("gone", [3, 4, 7, 12, 14])
async def test_a_list_that_has_shrunk_meanwhile_is_read_at_its_beginning_again(
    provider: SproutGigsProvider, gone: int
) -> None:
    shelf = Shelf(15)
    shelf.then = [partial(shelf.tasks.__delitem__, slice(gone))]
    assert {f"t{n}" for n in range(gone, 15)} <= set(await ids(provider, shelf))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9, 10])
async def test_from_the_end_every_page_is_read_once(provider: SproutGigsProvider, count: int) -> None:
    shelf = Shelf(count)
    found = [task.id async for page in provider.api.from_the_end(shelf.page) for task in page.items]
    assert sorted(found) == sorted(f"t{n}" for n in range(count))
    pages = max(1, -(-count // SIZE))
    assert shelf.read == [1, *range(pages, 1, -1)]

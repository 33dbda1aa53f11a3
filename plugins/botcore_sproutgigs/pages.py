"""How lists that shift while they are read are read: in pages whose size and order nobody documents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from botcore.pages import read_page
from botcore.provider import Unavailable
from botcore.wire import Wire

from .wire import WireListed, WireTask

W = TypeVar("W", bound=Wire)
L = TypeVar("L", bound=WireListed)
K = TypeVar("K", bound=WireTask)


@dataclass(frozen=True, slots=True)
class Page(Generic[W]):
    """One page of a list, with the marketplace's own count of pages at that moment.

    `lost`: how many items could not be read. `broken`: some of it is missing, since there were such, or since it was
    empty before the last page.
    """

    items: tuple[W, ...]
    number: int
    pages: int
    broken: bool = False
    lost: int = 0


class Pages:
    """Ways through a list; each gives every page of it, and raises `Unavailable` where there is no end."""

    most_pages: ClassVar[int] = 2000  # a list that goes on for longer is broken

    async def all_pages(self, read: Callable[[int], Awaitable[Page[L]]]) -> AsyncIterator[Page[L]]:
        """From the first to the last, by the count that the latest tells."""
        async for page in self._on(read, 1):
            yield page

    async def from_the_end(self, read: Callable[[int], Awaitable[Page[L]]]) -> AsyncIterator[Page[L]]:
        """The first, which tells how many there are, then from the last back to it."""
        first = await read(1)
        yield first
        if first.pages < 2:
            return
        last = await self._last(read, first)
        yield last
        async for page in self._between(read, first, last, backward=True):
            yield page

    async def backward(self, read: Callable[[int], Awaitable[Page[L]]]) -> AsyncIterator[Page[L]]:
        """From the last to the first, each once: for lists that grow at their end, of which the first pages may not be
        needed."""
        first = await read(1)
        if first.pages < 2:
            yield first
            return
        ends = [await self._last(read, first)]
        while ends[-1].number < ends[-1].pages <= self.most_pages:  # it has grown meanwhile
            last = await read_page(read, ends[-1].pages)
            if last.number <= ends[-1].number:
                break
            ends.append(last)
        for page in reversed(ends):
            yield page
        for number in range(ends[0].number - 1, 1, -1):
            yield await read_page(read, number)
        yield first

    async def newest_first(self, read: Callable[[int], Awaitable[Page[K]]]) -> AsyncIterator[Page[K]]:
        """The first and the last page of tasks, which tell their order, then from the end with the newer ones to the
        other."""
        first = await read(1)
        yield first
        if first.pages < 2:
            return
        last = await self._last(read, first)
        yield last
        async for page in self._between(read, first, last, backward=_newest(last) > _newest(first)):
            yield page

    async def _last(self, read: Callable[[int], Awaitable[Page[L]]], first: Page[L]) -> Page[L]:
        if first.pages > self.most_pages:
            raise Unavailable("the marketplace's list has no end")
        last = await read_page(read, first.pages)
        if not last.items and last.pages < first.pages:  # it has shrunk, and ends there now
            last = await read_page(read, max(last.pages, 1))
        return last

    async def _between(
        self, read: Callable[[int], Awaitable[Page[L]]], first: Page[L], last: Page[L], *, backward: bool
    ) -> AsyncIterator[Page[L]]:
        """The pages between these two. Where items have moved meanwhile, those that may have moved over the end at
        which this stops are read again."""
        seen = {item.id for item in (*first.items, *last.items)}
        moved = not first.pages == last.pages == last.number
        for number in range(last.number - 1, 1, -1) if backward else range(2, last.number):
            page = await read_page(read, number)
            yield page
            ids = {item.id for item in page.items}
            moved = moved or page.pages != last.number or not ids.isdisjoint(seen)
            seen |= ids
        if not moved:
            return
        if backward:
            yield await read_page(read, 1)
            return
        async for page in self._on(read, last.number):
            yield page

    async def _on(self, read: Callable[[int], Awaitable[Page[L]]], start: int) -> AsyncIterator[Page[L]]:
        for number in range(start, self.most_pages + 1):
            page = await read_page(read, number)
            yield page
            if number >= page.pages or page.number < number:  # the last one, or that again: it has shrunk
                return
        if start == 1:
            raise Unavailable("the marketplace's list has no end")


def _newest(page: Page[K]) -> float:
    return max((task.finished_at.timestamp() for task in page.items), default=0.0)

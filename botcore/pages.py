"""Lists that come in pages from a marketplace: what the clients of all of them have in common."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

from .provider import RateLimited, Unavailable
from .wire import Wire, wrong_fields

log = logging.getLogger(__name__)

T = TypeVar("T")
W = TypeVar("W", bound=Wire)

PAGE_TRIES = 4


async def read_page(read: Callable[[int], Awaitable[T]], number: int) -> T:
    """A page of a list, by its number from 1 on. In the middle of it a few bad answers must not cost all that was read
    before; the first page is read once."""
    for _ in range(0 if number == 1 else PAGE_TRIES - 1):
        try:
            return await read(number)
        except (Unavailable, RateLimited) as error:
            log.info("page %d again: %s", number, error)
    return await read(number)


def readable(endpoint: str, data: Iterable[object], kind: type[W], unreadable: Counter[str]) -> tuple[W, ...]:
    """What can be read of a list. One bad item must not lose the others: it is logged, and counted by endpoint."""
    found: list[W] = []
    for item in data:
        try:
            found.append(kind.model_validate(item))
        except ValidationError as error:
            unreadable[endpoint] += 1
            log.warning("%s: an item was left out: %s", endpoint, wrong_fields(error))
    return tuple(found)

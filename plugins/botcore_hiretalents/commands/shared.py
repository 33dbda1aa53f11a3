"""What this plugin's commands have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

from botcore import Provider
from botcore.commands.asking import Account
from botcore.text import clean, one_line

if TYPE_CHECKING:
    from ..provider import HireTalentsProvider

T = TypeVar("T")

HERE = "hiretalents"


async def asking(account: Account, what: Callable[[HireTalentsProvider], Awaitable[T]]) -> T:
    """An answer for a person who waits, of an account that is at this marketplace."""
    return await account.ask(cast("Callable[[Provider], Awaitable[T]]", what))


def named(text: str) -> str:
    """A title, as an answer quotes it."""
    return f"“{clean(one_line(text), 60)}”"

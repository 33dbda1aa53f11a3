"""What an operation is: the contract between who offers one (the core, a plugin) and the desk that sees it through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .models import Job, JobChange, Role
from .store.port import Tx

Args = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the marketplace after an operation told, in a sentence; a `job` is kept as it was read."""

    text: str
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class OperationKind:
    """A call that spends or cannot be undone. `name` is its title on cards, and how the database remembers it.

    `send` gets the account's provider and the arguments, and answers in the marketplace's words (a `JobChange` may
    also tell the cost). It raises a provider's errors, and what it raises decides what happens next: `Unavailable` is
    sent again, `OutcomeUnknown` is a doubt that a person settles, unless the kind is `repeatable`: doing it twice is
    the same as doing it once. `done` writes down, in the transaction that ends it, what it changed; it may run again.
    `look` reads how things stand afterwards, also where the answer was lost; it changes nothing. `price` asks what it
    costs now, for a quote that is no longer fresh. What makes a job has `find` instead of `look`: of the jobs that were
    made since a moment, those that this may have made; then a doubt is settled without a person where just one is
    found that nothing else has made. Of what such operations are about, only one may be on its way or in doubt.
    """

    name: str
    role: Role
    send: Callable[[Any, Args], Awaitable[str | JobChange]]
    repeatable: bool = False
    done: Callable[[Tx, str, Args], None] | None = None
    look: Callable[[Any, Args], Awaitable[Found]] | None = None
    price: Callable[[Any, Args], Awaitable[Decimal | None]] | None = None
    find: Callable[[Any, Args, datetime], Awaitable[Sequence[Job]]] | None = None


Kinds = Mapping[str, OperationKind]

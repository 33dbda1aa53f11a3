"""The marketplace's JSON as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from botcore.wire import (
    Count,
    Flag,
    Id,
    Items,
    MaybeCount,
    MaybeMoment,
    MaybeMoney,
    Moment,
    Text,
    Texts,
    Wire,
    as_money,
    as_text,
    items,
    or_none,
)


class WireListed(Wire):
    id: Id


class WireJob(WireListed):
    """A job, of jobs/get-job and jobs/get-jobs."""

    title: Text = ""
    status: Text = ""
    task_value: MaybeMoney = None
    num_tasks: MaybeCount = None
    tasks_done: MaybeCount = None
    unrated_tasks: MaybeCount = None
    ttr: MaybeCount = None
    created_at: MaybeMoment = None
    instructions: Texts = ()
    notes: Text = ""
    proofs: Items = ()
    zone_id: Text = ""
    category_id: Text = ""


class WireTerms(WireJob):
    """A job with all that is told of how it was posted, of jobs/get-job."""

    excluded_countries: Texts = ()
    workers_level: Text = ""
    workers_max_tasks: MaybeCount = None
    distribution: MaybeCount = None
    challenges: Items = ()
    challenge_action: Text = ""
    autorate: Text = ""
    speed: MaybeCount = None
    start_time: Text = ""
    end_time: Text = ""
    hold_time: MaybeCount = None
    pause_after_approval: MaybeCount = None
    # these are in neither document's examples
    list_id: Text = ""
    variables: Items = ()
    hold_required: MaybeCount = None


class WireEarlier(Wire):
    """What was handed in before, of a task's previous_proofs."""

    employer_comment: Text = Field("", validation_alias=AliasChoices("employer_comment", "buyer_comment"))
    finished_at: MaybeMoment = None
    proofs: Items = ()


def _earlier(value: object) -> tuple[WireEarlier, ...]:
    earlier = [WireEarlier.model_validate(item) for item in items(value) if isinstance(item, Mapping)]
    if all(one.finished_at for one in earlier):
        earlier.sort(key=lambda one: one.finished_at or datetime.max.replace(tzinfo=UTC))
    return tuple(earlier)


class WireStanding(WireListed):
    """As much of a task as tells where it stands."""

    job_id: Text = ""
    status: Text = ""
    revision_number: MaybeCount = None
    previous_proofs: Annotated[tuple[WireEarlier, ...], BeforeValidator(_earlier)] = ()

    @property
    def revision(self) -> int:
        return len(self.previous_proofs) if self.revision_number is None else self.revision_number


class WireTask(WireStanding):
    """A whole task, of jobs/get-unrated-tasks."""

    worker_id: Id
    finished_at: Moment
    ip_address: Text = ""
    country_code: Text = ""
    variables: Items = ()
    proofs: Items = ()


class WireZone(Wire):
    id: Id
    zone: Text = ""
    excludable_countries: Texts = ()


class WireCategory(Wire):
    id: Id
    category: Text = ""
    subcategory: Text = ""
    min_task_value: Annotated[dict[str, Decimal], BeforeValidator(lambda v: amounts(v))] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        return ": ".join(filter(None, (self.category, self.subcategory))) or self.id


class WireList(Wire):
    id: Id
    name: Text = ""
    workers: MaybeCount = None


class WireResult(Wire):
    """One task's result, of jobs/rate-multiple-tasks."""

    id: Id
    ok: Flag
    message: Text = Field("", validation_alias=AliasChoices("message", "notice"))


class WirePosition(Wire):
    """Where a featured job would be shown, of jobs/get-predicted-position."""

    position_in_all: Count
    position_in_category: Count


def amounts(value: object) -> dict[str, Decimal]:
    """The amounts of an object, by name; what is not an amount is left out."""
    if not isinstance(value, Mapping):
        return {}
    read = {as_text(name): or_none(amount, as_money) for name, amount in value.items()}
    return {name: amount for name, amount in read.items() if amount is not None}

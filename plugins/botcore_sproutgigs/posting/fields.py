"""What a new job is made of: the attributes of jobs/post-job, each under its plain name and its own.

Sources: SproutGigs' API documentation of 4 March 2024; what Picoworkers' of 29 June 2022 has otherwise is said there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from botcore.draft import DraftField, Option, Shape, Source

EVERYWHERE = "int"  # the zone of all countries, whose least pay holds for lists, too
STARTER = "starter"

WORK = "The work"
WHO = "Who may do it"
CHECKS = "Checks"
PACE = "Time and pace"
EXTRAS = "Extras"

BASICS = (
    DraftField(
        name="title",
        label="Title",
        shape=Shape.LINE,
        help="What workers see in the list of jobs.",
        required=True,
    ),
    DraftField(
        name="category",
        label="Category",
        shape=Shape.ONE,
        help="Its least pay depends on where the job is shown.",
        required=True,
        source=Source.CATEGORIES,
        also=("category_id",),
    ),
    DraftField(
        name="zone",
        label="Where",
        shape=Shape.ONE,
        help="The zone whose workers see the job; left empty only where one of your lists is to do it.",
        default="int",
        unless="list",
        source=Source.ZONES,
        also=("zone_id",),
    ),
    DraftField(
        name="price",
        label="Price",
        shape=Shape.MONEY,
        help="For one task, in dollars, such as 0.10; at least what the category says.",
        required=True,
        also=("task_value",),
    ),
    DraftField(
        name="positions",
        label="Positions",
        shape=Shape.NUMBER,
        help="How many times it is to be done: 10 or more.",
        required=True,
        default="10",
        least=10,
        also=("num_tasks",),
    ),
    DraftField(
        name="instructions",
        label="Instructions",
        shape=Shape.LINES,
        help="One step a line.",
        required=True,
        least=1,
    ),
    DraftField(
        name="proofs",
        label="Proofs",
        shape=Shape.PROOFS,
        help="1 to 4, one a line, each with screenshot: or text: before it, such as screenshot: Your profile page",
        required=True,
        least=1,
        most=4,
    ),
)
MORE = (
    DraftField(
        name="notes",
        label="Notes",
        shape=Shape.PARAGRAPH,
        group=WORK,
        help="Whatever else workers should know.",
    ),
    DraftField(
        name="variables",
        label="Variables",
        shape=Shape.VARIABLES,
        group=WORK,
        help=(
            "What differs from task to task, one a line, such as CITY: Rome | Paris for {{CITY}} in the instructions. "
            "Each has 2 to 999 values, and all of them as many."
        ),
    ),
    DraftField(
        name="list",
        label="List",
        shape=Shape.ONE,
        group=WHO,
        help="One of your lists, of 10 workers or more, instead of a zone.",
        source=Source.LISTS,
        also=("list_id",),
    ),
    DraftField(
        name="excluded",
        label="Not from",
        shape=Shape.SOME,
        group=WHO,
        help="Countries that the zone can do without, with commas between, such as bd, pk.",
        source=Source.EXCLUDABLE,
        also=("excluded_countries",),
    ),
    DraftField(
        name="level",
        label="Level",
        shape=Shape.ONE,
        group=WHO,
        help="The least that a worker must have reached.",
        default=STARTER,
        options=(Option(STARTER, "Starter"), Option("expert", "Expert"), Option("advanced", "Advanced")),
        also=("workers_level",),
    ),
    DraftField(
        name="per_worker",
        label="Tasks per worker",
        shape=Shape.NUMBER,
        group=WHO,
        help="1 to 10; more than 1 only for the levels Expert and Advanced.",
        default="1",
        least=1,
        most=10,
        also=("workers_max_tasks",),
    ),
    DraftField(
        name="distribution",
        label="Share of one country",
        shape=Shape.NUMBER,
        group=WHO,
        help="The most that workers of a single country may do, 25 to 100 percent; empty: no matter.",
        least=25,
        most=100,
    ),
    DraftField(
        name="challenges",
        label="Questions",
        shape=Shape.CHALLENGES,
        group=CHECKS,
        help="3 at most, one a line with its answer, such as What colour is the logo? = blue",
        most=3,
    ),
    DraftField(
        name="challenge_action",
        label="After a wrong answer",
        shape=Shape.ONE,
        group=CHECKS,
        help="What becomes of the task; needed where there are questions.",
        options=(Option("rate_nok", "Reject"), Option("rate_nok_block", "Reject and block the worker")),
    ),
    DraftField(
        name="auto_rate",
        label="Rate by code",
        shape=Shape.ONE,
        group=CHECKS,
        help="Whether the marketplace looks for the right PCODE in what is handed in.",
        default="NO",
        options=(
            Option("NO", "No"),
            Option("V", "Check only", "you still rate"),
            Option("V+R", "Check and approve", "what has the right code is approved and paid by itself"),
        ),
        also=("autorate",),
    ),
    DraftField(
        name="days_to_rate",
        label="Days to rate",
        shape=Shape.NUMBER,
        group=PACE,
        help="1 to 90; what you have not rated by then is approved and paid by itself.",
        default="7",
        least=1,
        most=90,
        also=("ttr",),
    ),
    DraftField(
        name="speed",
        label="Speed",
        shape=Shape.NUMBER,
        group=PACE,
        help="1 (slow) to 1000 (normal): how often workers are shown the job; with 100 hardly ever.",
        default="1000",
        least=1,
        most=1000,
    ),
    DraftField(
        name="start",
        label="Shown from",
        shape=Shape.TIME,
        group=PACE,
        help="The time of day, in UTC, 00:00 to 23:59.",
        default="00:00",
        also=("start_time",),
    ),
    DraftField(
        name="end",
        label="Shown until",
        shape=Shape.TIME,
        group=PACE,
        help="The time of day, in UTC, 00:00 to 24:00.",
        default="24:00",
        also=("end_time",),
    ),
    DraftField(
        name="hold_minutes",
        label="Minutes to do it",
        shape=Shape.NUMBER,
        group=PACE,
        help="5 to 90: how long a worker may hold a position before handing in.",
        default="15",
        least=5,
        most=90,
        also=("hold_time",),
    ),
    DraftField(
        name="hold_required",
        label="Must be held",
        shape=Shape.FLAG,
        group=PACE,
        help="yes: who hands in must have held the position; better with more than 5 minutes to do it.",
        default="no",
    ),
    DraftField(
        name="pause_after_approval",
        label="Pause once approved",
        shape=Shape.FLAG,
        group=PACE,
        help="yes: when the marketplace has approved the job, it waits until you resume it.",
        default="no",
    ),
    DraftField(
        name="notify_followers",
        label="Tell your followers",
        shape=Shape.FLAG,
        group=EXTRAS,
        help="Costs 3 % of the job, at least $1.00.",
        default="no",
    ),
    DraftField(
        name="premium",
        label="Premium",
        shape=Shape.MONEY,
        group=EXTRAS,
        help="What you add to be shown before others: 0, or $2.00 to $50.00.",
        also=("premium_amount",),
    ),
)
FIELDS = (*BASICS, *MORE)


def adapted(
    fields: Iterable[DraftField], *, without: Collection[str] = (), **changes: Mapping[str, Any]
) -> tuple[DraftField, ...]:
    """These fields as another dialect has them: `without` some, and with `changes` to others, by their names."""
    return tuple(replace(one, **changes.get(one.name, {})) for one in fields if one.name not in without)


def posted_name(one: DraftField) -> str:
    """What the marketplace calls a field."""
    return one.also[0] if one.also else one.name

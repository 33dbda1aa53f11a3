"""Figures as charts and tables."""

from __future__ import annotations

from collections.abc import Sequence

from ..accounts import known_job
from ..store.port import Reader
from ..text import money, one_line
from ..ui import Block, Chart, Field, Fields, Series, Table, Tone
from . import words
from .figures import Day, Figures, Scope, Tally, count

ROWS = 12  # of a table in a message


def charts(reader: Reader, scope: Scope, days: Sequence[Day]) -> tuple[Chart, ...]:
    """What was submitted, rated and paid, day by day; what there was nothing of is left out."""
    tallies = [count(reader, scope, day.start, day.end).total for day in days]
    labels = tuple(day.label for day in days)
    submitted, rated, paid = words.CHART_TITLES
    drawn = (
        Chart(submitted, labels, (Series("submitted", tuple(float(t.submitted) for t in tallies), Tone.INFO),)),
        Chart(
            rated,
            labels,
            (
                Series("approved", tuple(float(t.approved) for t in tallies), Tone.SUCCESS),
                Series("rejected", tuple(float(t.rejected) for t in tallies), Tone.DANGER),
                Series("sent back", tuple(float(t.revised) for t in tallies), Tone.WARNING),
                Series("paid unseen", tuple(float(t.lapsed) for t in tallies), Tone.NEUTRAL),
            ),
        ),
        Chart(paid, labels, (Series("paid", tuple(float(t.paid) for t in tallies), Tone.INFO),), "$"),
    )
    return tuple(chart for chart in drawn if any(any(one.values) for one in chart.series))


def in_figures(reader: Reader, found: Figures) -> list[Block]:
    """The figures in all, by job, and by who decided."""
    blocks: list[Block] = [Fields(_total(found.total))]
    jobs = sorted(found.jobs.items(), key=lambda item: (-item[1].submitted, -item[1].approved, item[0]))
    if jobs:
        rows = [
            (
                _title(reader, account, job),
                *(str(getattr(tally, name)) for name, _ in words.SUMMARY_FIELDS),
                money(tally.paid),
            )
            for (account, job), tally in jobs[:ROWS]
        ]
        if len(jobs) > ROWS:
            rows.append((words.OTHERS.format(count=len(jobs) - ROWS), *[""] * 6))
        blocks.append(Table(words.BY_JOB, tuple(rows), title="By job"))
    people = sorted(found.people.items(), key=lambda item: (-_decided(item[1]), item[0]))
    if people:
        rows = [(one_line(name), str(t.approved), str(t.rejected), str(t.revised)) for name, t in people[:ROWS]]
        if len(people) > ROWS:
            rows.append((words.OTHERS.format(count=len(people) - ROWS), *[""] * 3))
        blocks.append(Table(words.BY_PERSON, tuple(rows), title="By reviewer"))
    return blocks


def _total(tally: Tally) -> tuple[Field, ...]:
    fields = [Field(label, f"{getattr(tally, name):,}") for name, label in words.SUMMARY_FIELDS]
    fields.append(Field(words.PAID, money(tally.paid)))
    if tally.lost:
        fields.append(Field(words.LOST, money(tally.lost)))
    if tally.bonuses:
        fields.append(Field(words.BONUSES, money(tally.bonuses)))
    if tally.bought:
        fields.append(Field(words.BOUGHT, money(tally.bought)))
    return tuple(fields)


def _decided(tally: Tally) -> int:
    return tally.approved + tally.rejected + tally.revised


def _title(reader: Reader, account: str, job_id: str) -> str:
    job = known_job(reader, account, job_id)
    return f"{one_line(job.title) if job else job_id} ({account})"

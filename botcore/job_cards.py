"""The card of a job: how far it is, what waits, what it has cost, and what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from .accounts import known_job
from .catalogue import CATEGORIES, ZONES, Stock, stock
from .clock import from_ms
from .models import Category, Job, JobStatus, Zone
from .numbers import next_number
from .spending import job_key, spent_on
from .store.port import Reader, Row, Tx
from .text import clean, days, money, one_line
from .ui import Block, Button, Card, Field, Fields, Text, Tone

TONES = {JobStatus.RUNNING: Tone.SUCCESS, JobStatus.PAUSED: Tone.WARNING, JobStatus.BLOCKED: Tone.DANGER}
BAR = 12  # signs of a bar
LONGEST = 10_000  # characters of a text, before a page cuts it
_NAME = re.compile("job-([1-9][0-9]{0,14})")


def job_name(number: int) -> str:
    """How buttons name a job: by a number of ours, since two marketplaces may have jobs of one id."""
    return f"job-{number}"


def parse_job(name: str) -> int | None:
    """The number that `job_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def name_job(tx: Tx, account: str, job_id: str) -> int:
    """The number of a job, from now on where it had none."""
    number: int = tx.value(
        f"""INSERT INTO job_names (id, account, job_id) VALUES ({next_number("job_names")}, :account, :job)
           ON CONFLICT (account, job_id) DO UPDATE SET job_id = excluded.job_id RETURNING id""",  # noqa: S608
        account=account,
        job=job_id,
    )
    return number


def number_of(reader: Reader, account: str, job_id: str) -> int | None:
    number: int | None = reader.value(
        "SELECT id FROM job_names WHERE account = :account AND job_id = :job", account=account, job=job_id
    )
    return number


def named_job(reader: Reader, number: int) -> Row | None:
    """The account and the id of a job, by its number."""
    return reader.one("SELECT account, job_id FROM job_names WHERE id = :id", id=number)


def job_card(reader: Reader, number: int, subject: str = "") -> Card | None:
    """A job as it was last read; None where it never was."""
    row = named_job(reader, number)
    job = known_job(reader, row["account"], row["job_id"]) if row else None
    if job is None:
        return None
    read_at = reader.value(
        "SELECT read_at FROM jobs WHERE account = :account AND id = :id", account=job.account, id=job.id
    )
    name = job_name(number)
    return Card(
        one_line(job.title),
        subject=subject or f"job:{name}",
        subtitle=f"{job.id} · {job.account}",
        badge=job.status_text.replace("_", " ").capitalize(),
        tone=TONES.get(job.status, Tone.NEUTRAL),
        blocks=(Fields(_facts(reader, job)), *_texts(job)),
        buttons=_buttons(job, name),
        footer=f"as read at {from_ms(read_at):%H:%M} UTC",
    )


def bar(done: int, total: int) -> str:
    """How much is done, as a bar and in numbers."""
    if total <= 0:
        return f"{done} done"
    share = min(max(done / total, 0.0), 1.0)
    full = int(share * BAR)
    return f"{'▰' * full}{'▱' * (BAR - full)} {done} of {total} ({int(share * 100)} %)"


def _facts(reader: Reader, job: Job) -> tuple[Field, ...]:
    approved, paid = _approved(reader, job)
    facts = [
        Field("Done", bar(job.done, job.positions)),
        Field("To rate", "not told" if job.unrated is None else str(job.unrated)),
        Field("Approved", f"{approved} ({money(paid)})" if paid else str(approved)),
    ]
    if spent := spent_on(reader, job_key(job.account, job.id)):
        facts.append(Field("Spent from here", money(spent)))
    facts += [
        Field("Price", money(job.price) if job.price is not None else "—"),
        Field("Rate within", days(job.rate_within_days) if job.rate_within_days else "—"),
        Field("Where", _named(stock(reader, job.account, ZONES), job.zone)),
        Field("Category", _named(stock(reader, job.account, CATEGORIES), job.category)),
    ]
    if job.created_at:
        facts.append(Field("Posted", "", job.created_at))
    return tuple(facts)


def _named(kept: Stock[Zone] | Stock[Category] | None, wanted: str) -> str:
    """What the marketplace calls something, where its catalogue was read."""
    return next((one_line(item.name) for item in (kept.items if kept else ()) if item.id == wanted), wanted or "—")


def _approved(reader: Reader, job: Job) -> tuple[int, Decimal]:
    """How many submissions were approved, as far as was seen here, and what their workers got for them."""
    rows: Sequence[Row] = reader.q(
        """SELECT s.price, d.bonus FROM submissions s
           LEFT JOIN decisions d ON d.submission = s.id AND d.state = 'confirmed' AND d.verdict = 'approve'
           WHERE s.account = :account AND s.job_id = :job AND s.state IN ('rated', 'elsewhere', 'lapsed', 'superseded')
             AND (d.id IS NOT NULL OR s.state = 'lapsed' OR s.state = 'elsewhere' AND s.state_note = 'approved')""",
        account=job.account,
        job=job.id,
    )
    return len(rows), sum((Decimal(row["price"] or 0) + Decimal(row["bonus"] or 0) for row in rows), Decimal(0))


def _texts(job: Job) -> list[Block]:
    blocks: list[Block] = []
    if job.instructions:
        lines = "\n".join(f"{n}. {clean(line, LONGEST)}" for n, line in enumerate(job.instructions, 1))
        blocks.append(Text(lines, title="Instructions"))
    if job.notes:
        blocks.append(Text(clean(job.notes, LONGEST), title="Notes"))
    if job.proofs:
        blocks.append(Text("\n".join(f"{p.kind}: {clean(p.description, 2_000)}" for p in job.proofs), title="Proofs"))
    return blocks


def _buttons(job: Job, name: str) -> tuple[Button, ...]:
    """What may make sense now. What the account cannot do is said at the press."""
    buttons: list[Button] = []
    match job.status:
        case JobStatus.RUNNING | JobStatus.REVIEW | JobStatus.UNKNOWN:
            buttons = [Button(f"job-pause:{name}:0", "Pause"), Button(f"job-add:{name}:0", "Add positions")]
            buttons.append(Button(f"job-stop:{name}:0", "Stop", Tone.DANGER))
        case JobStatus.PAUSED:
            buttons = [Button(f"job-resume:{name}:0", "Resume", Tone.SUCCESS)]
            buttons.append(Button(f"job-stop:{name}:0", "Stop", Tone.DANGER))
        case JobStatus.FINISHED:
            buttons = [Button(f"job-restart:{name}:0", "Restart"), Button(f"job-add:{name}:0", "Add positions")]
    return (*buttons, Button(f"clone:{name}:0", "Clone"))

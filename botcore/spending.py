"""What the bot may spend, in a day and on a job, checked in the transaction that confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .clock import from_ms
from .store.port import Reader, Tx
from .text import money


class OverLimit(Exception):  # noqa: N818
    """Money that may not be spent; the message names the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """US dollars. `max_bonus` None: no bonuses. `daily_spend` and `per_job` None: no limit. `second_person_above`: what
    costs more takes two people; None: nothing does.

    `bulk_reject_share`: how much of a job one person may have rejected at once within a day, from 0 to 1.
    """

    max_bonus: Decimal | None
    daily_spend: Decimal | None
    zone: ZoneInfo
    bulk_reject_share: Decimal = Decimal("0.5")
    per_job: Decimal | None = None
    second_person_above: Decimal | None = None

    def day(self, now: datetime) -> str:
        return now.astimezone(self.zone).date().isoformat()


def spent(reader: Reader, limits: Limits, now: int) -> Decimal:
    """What was spent, or is about to be, on the day of `now`."""
    rows = reader.q("SELECT amount FROM spending WHERE day = :day", day=limits.day(from_ms(now)))
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def spent_on(reader: Reader, job: str) -> Decimal:
    """What was spent on a job, or is about to be; `job` as `job_key` names it."""
    rows = reader.q("SELECT amount FROM spending WHERE job = :job AND job != ''", job=job)
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def job_key(account: str, job_id: str) -> str:
    """How spending names a job."""
    return f"{account}/{job_id}"


def reserve(tx: Tx, limits: Limits, ref: str, amount: Decimal, now: int, job: str = "") -> None:
    """Counts an amount toward the limits of the day and of a job (as `job_key` names it; "": none that is there yet).
    Raises `OverLimit`; `ref` counts once."""
    if amount <= 0:
        return
    so_far = spent(tx, limits, now)
    if limits.daily_spend is not None and so_far + amount > limits.daily_spend:
        raise OverLimit(f"that would make {money(so_far + amount)} today; daily_spend is {money(limits.daily_spend)}")
    on_it = spent_on(tx, job) + amount
    if limits.per_job is not None and on_it > limits.per_job:
        raise OverLimit(f"that would make {money(on_it)} for this job; per_job is {money(limits.per_job)}")
    tx.q(
        "INSERT OR IGNORE INTO spending (ref, day, amount, job) VALUES (:ref, :day, :amount, :job)",
        ref=ref,
        day=limits.day(from_ms(now)),
        amount=str(amount),
        job=job,
    )


def takes_two(limits: Limits, amount: Decimal) -> bool:
    """Whether an amount is more than one person may spend."""
    return limits.second_person_above is not None and amount > limits.second_person_above


def belongs_to(tx: Tx, ref: str, job: str) -> None:
    """What was reserved for a job that was not there yet was for this one."""
    tx.q("UPDATE spending SET job = :job WHERE ref = :ref OR ref LIKE :again", job=job, ref=ref, again=f"{ref}:%")


def correct(tx: Tx, limits: Limits, ref: str, amount: Decimal, now: int, job: str = "") -> None:
    """What was reserved turned out to be another amount; what was thought to cost nothing counts from now on."""
    tx.q(
        """INSERT INTO spending (ref, day, amount, job) VALUES (:ref, :day, :amount, :job)
           ON CONFLICT (ref) DO UPDATE SET amount = excluded.amount""",
        ref=ref,
        day=limits.day(from_ms(now)),
        amount=str(amount),
        job=job,
    )


def set_aside(tx: Tx, ref: str) -> None:
    """What was reserved may have been spent, and goes on counting under another name: `ref` can be reserved anew."""
    before = tx.value("SELECT count(*) FROM spending WHERE ref LIKE :again", again=f"{ref}:%")
    tx.q("UPDATE spending SET ref = :kept WHERE ref = :ref", ref=ref, kept=f"{ref}:{before + 1}")


def release(tx: Tx, ref: str) -> None:
    """What was reserved was not spent after all."""
    tx.q("DELETE FROM spending WHERE ref = :ref", ref=ref)

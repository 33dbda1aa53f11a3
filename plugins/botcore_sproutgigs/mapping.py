"""The marketplace's values as the core's."""

from __future__ import annotations

from datetime import timedelta

from botcore.models import (
    EarlierRevision,
    Job,
    JobStatus,
    Sighting,
    SightingState,
    Submission,
)

from .proofs import read_proofs, read_slots, read_variables
from .wire import WireJob, WireStanding, WireTask

JOB_STATUS = {
    "RUNNING": JobStatus.RUNNING,
    "FINISHED": JobStatus.FINISHED,
    "PENDING_REVIEW": JobStatus.REVIEW,
    "PENDING_RESTART": JobStatus.REVIEW,
    "PAUSED": JobStatus.PAUSED,
    "PAUSED_SYSTEM": JobStatus.PAUSED,
    "PAUSED_ADMIN": JobStatus.PAUSED,
    "BLOCKED": JobStatus.BLOCKED,
    "DECLINED": JobStatus.BLOCKED,
}

# Only "OK" is documented; the others are the words that ratings are sent with.
TASK_STATUS = {
    "OK": SightingState.APPROVED,
    "NOT_OK": SightingState.REJECTED,
    "NOK": SightingState.REJECTED,
    "REVISE": SightingState.REVISED,
}

LONGEST_TTR = 3650  # days: a deadline further away than this is a mistake


def job_of(account: str, job: WireJob) -> Job:
    """A job; its `status_text` is the marketplace's word as it came."""
    known_ttr = job.ttr is not None and job.ttr <= LONGEST_TTR
    return Job(
        account=account,
        id=job.id,
        title=job.title,
        status=JOB_STATUS.get(job.status.strip().upper(), JobStatus.UNKNOWN),
        status_text=job.status,
        price=job.task_value,
        positions=job.num_tasks or 0,
        done=job.tasks_done or 0,
        unrated=job.unrated_tasks,
        rate_within_days=job.ttr if known_ttr else None,
        created_at=job.created_at,
        instructions=job.instructions,
        notes=job.notes,
        proofs=read_slots(job.proofs),
        zone=job.zone_id,
        category=job.category_id,
    )


def submission_of(job: Job, task: WireTask) -> Submission:
    """An unrated task of the job. No field tells its deadline: the job's time to rate sets it."""
    days = job.rate_within_days
    return Submission(
        account=job.account,
        job_id=job.id,
        task_id=task.id,
        revision=task.revision,
        worker_id=task.worker_id,
        submitted_at=task.finished_at,
        deadline=None if days is None else task.finished_at + timedelta(days=days),
        price=job.price,
        proofs=read_proofs(task.proofs, job.proofs),
        earlier=tuple(
            EarlierRevision(read_proofs(one.proofs, job.proofs), one.employer_comment, one.finished_at)
            for one in task.previous_proofs
        ),
        country=task.country_code.strip().upper(),
        ip_address=task.ip_address.strip(),
        variables=read_variables(task.variables),
    )


def waiting_sighting(task: WireStanding) -> Sighting:
    """Where a task of the unrated list stands."""
    return _sighting(task, SightingState.WAITING)


def rated_sighting(task: WireStanding) -> Sighting:
    """Where a task of the rated list stands; `RATED` for a status in words that we do not know."""
    word = task.status.strip().upper().replace(" ", "_").replace("-", "_")
    return _sighting(task, TASK_STATUS.get(word, SightingState.RATED))


def _sighting(task: WireStanding, state: SightingState) -> Sighting:
    said = tuple(one.employer_comment for one in task.previous_proofs)
    return Sighting(task.id, state, task.revision, said)

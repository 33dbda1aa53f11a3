"""The marketplace's values as the core's."""

from __future__ import annotations

from datetime import timedelta

from botcore.models import EarlierRevision, Job, JobStatus, Sighting, SightingState, Submission

from .proofs import read_proofs, read_slots
from .revisions import APPROVED, DECLINED, NOT_COMPLETED, PENDING, REPORTED, History
from .wire import WireApplication, WireJob

INTERNATIONAL = "INT"

ONLINE, FINISHED = 1, 3

SIGHTINGS = {
    DECLINED: SightingState.REJECTED,
    REPORTED: SightingState.REPORTED,
    APPROVED: SightingState.APPROVED,
    PENDING: SightingState.WAITING,
    NOT_COMPLETED: SightingState.REVISED,
}


def job_of(account: str, job: WireJob, days_to_rate: int | None) -> Job:
    """A job. How much of it waits is not told, nor until when. Applications that were declined are counted, too, so
    there can be more of them than positions. "0" as its country says nothing that is documented."""
    status, words = _status(job)
    positions = job.availseats or 0
    reasons = {"Declined": job.dec_reason, "Reported": job.rep_reason}
    return Job(
        account=account,
        id=job.id,
        title=job.title,
        status=status,
        status_text=words,
        price=job.price,
        positions=positions,
        done=min(job.total_app or 0, positions),
        unrated=None,
        rate_within_days=days_to_rate,
        created_at=job.created_at,
        instructions=job.expected,
        notes="\n".join(f"{name}: {reason}" for name, reason in reasons.items() if reason.strip()),
        proofs=read_slots(job.proof),
        zone="" if job.country == "0" else job.country,
        category=job.category,
    )


def _status(job: WireJob) -> tuple[JobStatus, str]:
    """A job's state, and its name. By the document's examples a job that was not approved yet is online, too, and
    `started` at 0; which number one has that was turned down is not told, only why."""
    if job.status == ONLINE:
        waits = job.started == 0 and not job.total_app
        return (JobStatus.REVIEW, "in review") if waits else (JobStatus.RUNNING, "online")
    if job.dec_reason.strip():
        return JobStatus.BLOCKED, "declined"
    if job.rep_reason.strip():
        return JobStatus.BLOCKED, "reported"
    return (JobStatus.FINISHED, "finished") if job.status == FINISHED else (JobStatus.UNKNOWN, f"status {job.status}")


def submission_of(job: Job, application: WireApplication, history: History) -> Submission:
    """A pending application of the job, the last of its editions."""
    days = job.rate_within_days
    return Submission(
        account=job.account,
        job_id=job.id,
        task_id=application.id,
        revision=len(history) - 1,
        worker_id=application.user_id,
        submitted_at=application.appdate,
        deadline=None if days is None else application.appdate + timedelta(days=days),
        price=job.price,
        proofs=read_proofs(application, job.proofs),
        earlier=tuple(EarlierRevision((), edition.said, None) for edition in history[:-1]),
        variables=(("E-mail", application.address),) if application.address else (),
    )


def sighting_of(application: WireApplication, history: History) -> Sighting:
    """Where an application stands; `RATED` for a number that is not documented."""
    state = SIGHTINGS.get(application.status, SightingState.RATED)
    said = (application.showcause,) if application.showcause.strip() else ()
    return Sighting(application.id, state, len(history) - 1, said)

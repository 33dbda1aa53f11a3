"""Every command, button and form of the core, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ..core_kinds import CORE_KINDS
from ..dispatch import Check, Press, Submit
from ..kinds import Kinds
from ..models import Role
from ..posting.kind import POST
from . import (
    auditing,
    bonus,
    bulk,
    catalogue,
    comparing,
    confirming,
    doubts,
    draft_buttons,
    exporting,
    general,
    job_buttons,
    job_changes,
    jobs,
    paging,
    posting,
    queueing,
    reporting,
    reviewing,
    rules,
    subscribing,
    templates,
    undoing,
    workers,
)
from .people import people_commands
from .registry import Command


def core_commands(adapters: Sequence[str]) -> list[Command]:
    """The core's commands in the order of the help; `adapters` are the configured ones."""
    topics = (
        general.COMMANDS,
        jobs.COMMANDS,
        posting.COMMANDS,
        job_changes.COMMANDS,
        templates.COMMANDS,
        queueing.COMMANDS,
        reviewing.COMMANDS,
        undoing.COMMANDS,
        bulk.COMMANDS,
        workers.COMMANDS,
        catalogue.COMMANDS,
        rules.COMMANDS,
        subscribing.COMMANDS,
        reporting.COMMANDS,
        exporting.COMMANDS,
        auditing.COMMANDS,
        people_commands(adapters),
    )
    return [command for topic in topics for command in topic]


PRESSES: Mapping[str, tuple[Role, Press]] = {
    "approve": (Role.REVIEWER, reviewing.press_approve),
    "revise": (Role.REVIEWER, reviewing.press_revise),
    "reject": (Role.REVIEWER, reviewing.press_reject),
    "undo": (Role.REVIEWER, undoing.press_undo),
    "bonus": (Role.REVIEWER, bonus.press_bonus),
    "all": (Role.VIEWER, reviewing.press_all),
    "compare": (Role.VIEWER, comparing.press_compare),
    "skip": (Role.REVIEWER, queueing.press_skip),
    "alone": (Role.REVIEWER, queueing.press_alone),
    "stop": (Role.REVIEWER, queueing.press_stop),
    "review": (Role.REVIEWER, queueing.press_review),
    "more": (Role.VIEWER, workers.press_more),
    "record": (Role.VIEWER, workers.press_record),
    "list": (Role.REVIEWER, workers.press_list),
    "block": (Role.MANAGER, workers.press_block),
    "confirm": (Role.REVIEWER, confirming.press_confirm),
    "cancel": (Role.REVIEWER, confirming.press_cancel),
    "claim": (Role.MANAGER, confirming.press_claim),
    "look": (Role.MANAGER, confirming.press_look),
    "edit": (Role.REVIEWER, draft_buttons.press_edit),
    "options": (Role.REVIEWER, draft_buttons.press_options),
    "draft": (Role.REVIEWER, draft_buttons.press_draft),
    "price": (Role.REVIEWER, draft_buttons.press_price),
    "template": (Role.REVIEWER, draft_buttons.press_template),
    "discard": (Role.REVIEWER, draft_buttons.press_discard),
    "job-pause": (Role.MANAGER, partial(job_buttons.press_job, run=job_changes.pause)),
    "job-resume": (Role.MANAGER, job_buttons.press_resume),
    "job-stop": (Role.MANAGER, partial(job_buttons.press_job, run=job_changes.stop)),
    "job-restart": (Role.MANAGER, partial(job_buttons.press_job, run=job_changes.restart)),
    "job-add": (Role.MANAGER, job_buttons.press_add),
    "clone": (Role.REVIEWER, job_buttons.press_clone),
    "page": (Role.VIEWER, paging.press_page),
    "whole": (Role.VIEWER, paging.press_whole),
    "approve-all": (Role.REVIEWER, bulk.press_approve_all),
    "reject-all": (Role.MANAGER, bulk.press_reject_all),
    "confirm-all": (Role.REVIEWER, bulk.press_confirm_all),
    "cancel-all": (Role.REVIEWER, bulk.press_cancel_all),
    "undo-all": (Role.REVIEWER, bulk.press_undo_all),
    "results": (Role.VIEWER, bulk.press_results),
    "went": (Role.MANAGER, partial(doubts.press_doubt, answer="went")),
    "again": (Role.MANAGER, partial(doubts.press_doubt, answer="again")),
    "leave": (Role.MANAGER, partial(doubts.press_doubt, answer="leave")),
}

FORMS: Mapping[str, tuple[Role, Submit]] = {
    "reject": (Role.REVIEWER, reviewing.submit_reject),
    "revise": (Role.REVIEWER, reviewing.submit_revise),
    "bonus": (Role.REVIEWER, bonus.submit_bonus),
    "list": (Role.REVIEWER, workers.submit_list),
    "reject-all": (Role.MANAGER, bulk.submit_reject_all),
    "confirm-all": (Role.REVIEWER, bulk.submit_confirm_all),
    "pick": (Role.REVIEWER, posting.submit_pick),
    "draft": (Role.REVIEWER, draft_buttons.submit_draft),
    "fill": (Role.REVIEWER, draft_buttons.submit_fill),
    "template": (Role.REVIEWER, draft_buttons.submit_template),
    "job-add": (Role.MANAGER, job_buttons.submit_add),
    "job-resume": (Role.MANAGER, job_buttons.submit_resume),
}

CHECKS: Mapping[str, tuple[Role, Check]] = {"draft": (Role.REVIEWER, draft_buttons.check_draft)}

KINDS: Kinds = {**CORE_KINDS, POST.name: POST}

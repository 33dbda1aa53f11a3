"""Every word of the news, in one place: plain, short, with numbers and names.

`{…}` are filled in by `cards`. Each kind has a title for one and a title for several; what follows is said below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..ui import Tone
from .kinds import Event, Level


@dataclass(frozen=True, slots=True)
class Words:
    """`one` and `many`: titles. `said`: a sentence below. `columns`: of the table that lists several."""

    one: str
    many: str
    badge: str
    tone: Tone
    said: str = ""
    columns: tuple[str, ...] = ()


WORDS: dict[Event, Words] = {
    Event.JOB_POSTED: Words(
        "Posted: {title}",
        "{count} jobs posted",
        "Job posted",
        Tone.INFO,
        "{positions} positions at {price} each. It is {status}.",
        ("Job", "Positions", "Price", "Status"),
    ),
    Event.JOB_APPROVED: Words(
        "Running: {title}",
        "{count} jobs are running now",
        "Job approved",
        Tone.SUCCESS,
        "The marketplace let it run: {positions} positions at {price} each.",
        ("Job", "Positions", "Price", "Status"),
    ),
    Event.JOB_FINISHED: Words(
        "Finished: {title}",
        "{count} jobs finished",
        "Job finished",
        Tone.NEUTRAL,
        "{done} of {positions} positions are done.",
        ("Job", "Done", "Positions"),
    ),
    Event.JOB_BLOCKED: Words(
        "Blocked: {title}",
        "{count} jobs blocked",
        "Job blocked",
        Tone.DANGER,
        "The marketplace says it is {status}. Look at it there, or ask its support.",
        ("Job", "Status", "Reason"),
    ),
    Event.JOB_DECLINED: Words(
        "Declined: {title}",
        "{count} jobs declined",
        "Job declined",
        Tone.DANGER,
        "The marketplace did not take it. Change what it objects to, and post it anew.",
        ("Job", "Status", "Reason"),
    ),
    Event.WAITING: Words(
        "{waiting} waiting in {title}",
        "{waiting} waiting in {count} jobs",
        "{new} new",
        Tone.INFO,
        "",
        ("Job", "Waiting", "New", "Next deadline"),
    ),
    Event.DEADLINE: Words(
        "{left} left: {waiting} of {title} will be paid unseen",
        "{left} left: {waiting} of {count} jobs will be paid unseen",
        "Deadline",
        Tone.WARNING,
        "They are worth {worth}. Whatever is not decided until then is paid, whatever it is worth.",
        ("Job", "Submissions", "Worth", "First deadline"),
    ),
    Event.LAPSED: Words(
        "{waiting} of {title} paid unseen: {worth}",
        "{waiting} of {count} jobs paid unseen: {worth}",
        "Lapsed",
        Tone.DANGER,
        "Their deadlines passed and nobody had decided.",
        ("Job", "Paid unseen", "Cost"),
    ),
    Event.REFUSED: Words(
        "{name} was refused by {account}",
        "{count} ratings were refused",
        "Refused",
        Tone.WARNING,
        "{person} had {verdict} it. It is unrated and can be decided again.",
        ("Submission", "Decided", "The marketplace said"),
    ),
    Event.DOUBT: Words(
        "{name} is in doubt",
        "{count} are in doubt",
        "In doubt",
        Tone.WARNING,
        "{what}. Look at the website, then say on its card what happened.",
        ("What", "Account", "Why"),
    ),
    Event.BALANCE: Words(
        "{account} can spend {spendable}; its running jobs need {needs}",
        "{count} accounts run low",
        "Low balance",
        Tone.WARNING,
        "{positions} positions are open in {jobs}.",
        ("Account", "Can spend", "Running jobs need"),
    ),
    Event.SPENT: Words(
        "{cost} spent at {account}",
        "{count} big spends: {cost}",
        "Spent",
        Tone.WARNING,
        "{summary}, by {person}.",
        ("What", "Account", "Cost", "By"),
    ),
    Event.ATTENTION: Words(
        "{part} needs attention",
        "{count} need attention",
        "Needs attention",
        Tone.DANGER,
        "{why}. It is tried again by itself; `status` tells more.",
        ("What", "Since", "Why"),
    ),
    Event.SUMMARY: Words(
        "{span}: {submitted} submitted, {approved} approved",
        "",
        "Summary",
        Tone.INFO,
        "Nothing happened.",
    ),
}

OVER: dict[Event, Words] = {  # what was told before is over
    Event.ATTENTION: Words(
        "{part} works again",
        "{count} work again",
        "Works again",
        Tone.SUCCESS,
        "It had trouble for {lasted}: {why}.",
        ("What", "Trouble for", "Was"),
    ),
    Event.BALANCE: Words(
        "{account} can spend {spendable}: enough again",
        "{count} accounts have enough again",
        "Enough again",
        Tone.SUCCESS,
        "Its running jobs need {needs}.",
        ("Account", "Can spend", "Running jobs need"),
    ),
}

DEADLINE_TONES = {Level.INFO: Tone.INFO, Level.WARNING: Tone.WARNING, Level.URGENT: Tone.DANGER}
DEADLINE_FOR = {Level.INFO: "", Level.WARNING: "For the reviewers: {people}", Level.URGENT: "For the owner: {people}"}

LAPSED_UNSURE = "The marketplace does not say how they ended; they are gone since their deadlines."

SUMMARY_FIELDS = (  # of a tally, by name
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("rejected", "Rejected"),
    ("revised", "Sent back"),
    ("lapsed", "Paid unseen"),
)
PAID, LOST, BONUSES, BOUGHT = "Paid to workers", "of that, unseen", "of that, bonuses", "Bought by the bot"
BY_JOB = ("Job", "Submitted", "Approved", "Rejected", "Sent back", "Unseen", "Paid")
BY_PERSON = ("Who decided", "Approved", "Rejected", "Sent back")
CHART_TITLES = ("Submitted a day", "Rated a day", "Paid to workers a day")

REVIEW_NOW = "Review now"
OTHERS = "and {count} more"

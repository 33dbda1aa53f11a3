"""Who hears of what, and when: decided by functions that are asked directly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from botcore.clock import to_ms
from botcore.models import Channel
from botcore.notices.deadlines import due_reminders, level_of, next_look
from botcore.notices.kinds import KINDS, Audience, Event, Hearing, Level, Quiet
from botcore.notices.routing import News, Said, due_at, heard_in, hears
from botcore.notices.spans import parse_hours, parse_span, parse_time, span_words
from botcore.notices.summary import last_time, next_time
from botcore.store.port import Row

HOUR, DAY = 3_600_000, 86_400_000
NOON = to_ms(datetime(2026, 1, 5, 12, tzinfo=UTC))
MADRID = "Europe/Madrid"
SPANS = (86_400, 21_600, 3_600)
NOTHING = Said()


def notify(**hearing: object) -> Channel:
    return Channel("team", "memory", "there", "notify", hears=Hearing(**hearing))  # type: ignore[arg-type]


def news(event: Event, **more: object) -> News:
    given = {"id": 1, "event": event, "level": KINDS[event].level, "account": "main", "job": "J1", "at": NOON, **more}
    return News(**given)  # type: ignore[arg-type]


def row(number: int, left: int, job: str = "J1", reminded: int | None = None) -> Row:
    """A submission that is paid in `left` ms."""
    return {"id": number, "account": "main", "job_id": job, "deadline": NOON + left, "reminded": reminded}


# --- which channel


@pytest.mark.parametrize("event", Event)
def test_where_nothing_is_said_the_team_hears_everything_and_a_channel_to_review_in_nothing(event: Event) -> None:
    assert heard_in(notify(), event, NOTHING)
    assert not heard_in(Channel("review", "memory", "here"), event, NOTHING)


def test_an_audience_hears_what_concerns_it_and_events_by_name_go_before_that() -> None:
    owner = notify(audience=Audience.OWNER)
    assert hears(owner, news(Event.SUMMARY), NOTHING, NOON)
    assert not hears(owner, news(Event.WAITING), NOTHING, NOON)
    assert hears(replace(owner, hears=Hearing(events=(Event.WAITING,))), news(Event.WAITING), NOTHING, NOON)
    assert not hears(notify(events=(Event.WAITING,)), news(Event.LAPSED), NOTHING, NOON)


def test_accounts_jobs_and_levels_choose() -> None:
    lapsed = news(Event.LAPSED)
    assert not hears(replace(notify(), accounts=("other",)), lapsed, NOTHING, NOON)
    assert hears(replace(notify(), accounts=("main",)), lapsed, NOTHING, NOON)
    assert not hears(notify(jobs=("J2",)), lapsed, NOTHING, NOON)
    assert hears(notify(jobs=("J2",)), news(Event.SUMMARY), NOTHING, NOON)  # it is about no job
    assert not hears(notify(min_level=Level.URGENT), lapsed, NOTHING, NOON)
    assert hears(notify(min_level=Level.WARNING), lapsed, NOTHING, NOON)


@pytest.mark.parametrize(
    ("audience", "heard"),
    [
        (Audience.TEAM, [Level.INFO, Level.WARNING, Level.URGENT]),
        (Audience.REVIEWERS, [Level.WARNING, Level.URGENT]),
        (Audience.OWNER, [Level.URGENT]),
    ],
)
def test_reminders_rise_from_the_channel_to_the_reviewers_to_the_owner(audience: Audience, heard: list[Level]) -> None:
    channel = notify(audience=audience)
    found = [level for level in Level if hears(channel, news(Event.DEADLINE, level=level), NOTHING, NOON)]
    assert found == heard
    assert [level_of(span, SPANS) for span in SPANS] == list(Level)
    assert level_of(3600, (3600,)) is Level.URGENT


def test_a_channel_is_not_told_of_its_own_trouble() -> None:
    assert not hears(notify(), news(Event.ATTENTION, account="", data={"part": "channel team"}), NOTHING, NOON)
    assert not hears(notify(), news(Event.ATTENTION, account="", data={"part": "adapter memory"}), NOTHING, NOON)
    assert hears(notify(), news(Event.ATTENTION, account="", data={"part": "channel other"}), NOTHING, NOON)


def test_muted_is_muted_for_as_long_as_was_said_but_never_the_last_reminder() -> None:
    said = Said(muted={"*": NOON + HOUR})
    assert not hears(notify(), news(Event.LAPSED), said, NOON)
    assert hears(notify(), news(Event.LAPSED), said, NOON + HOUR)
    assert not hears(notify(), news(Event.DEADLINE, level=Level.WARNING), said, NOON)
    assert hears(notify(), news(Event.DEADLINE, level=Level.URGENT), said, NOON)
    assert not hears(notify(), news(Event.LAPSED), Said(muted={Event.LAPSED: None}), NOON + 999 * DAY)


def test_what_was_subscribed_is_heard_whatever_the_settings_say() -> None:
    said = Said(on=frozenset({Event.WAITING}))
    assert hears(Channel("review", "memory", "here"), news(Event.WAITING), said, NOON)
    assert hears(notify(audience=Audience.OWNER, min_level=Level.URGENT), news(Event.WAITING), said, NOON)


# --- when


def test_the_first_waits_a_moment_for_others_and_the_next_message_of_the_kind_comes_later() -> None:
    assert due_at(notify(), Event.REFUSED, NOON, None) == NOON + 10_000
    assert due_at(notify(), Event.REFUSED, NOON, NOON - 60_000) == NOON + 240_000
    assert due_at(notify(), Event.REFUSED, NOON, NOON - DAY) == NOON + 10_000
    assert due_at(notify(digest=7200.0), Event.WAITING, NOON, NOON - HOUR) == NOON + HOUR
    assert due_at(notify(), Event.DEADLINE, NOON, NOON) == NOON


def test_a_clock_that_was_set_back_delays_nothing_by_more_than_the_usual_pause() -> None:
    assert due_at(notify(), Event.REFUSED, NOON, NOON + 30 * DAY) == NOON + 300_000


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-01-05T20:59", None),
        ("2026-01-05T21:00", "2026-01-06T06:00"),  # ten in the evening there
        ("2026-01-06T05:59", "2026-01-06T06:00"),
        ("2026-01-06T06:00", None),
        ("2026-03-28T22:00", "2026-03-29T05:00"),  # the night that is an hour short
        ("2026-10-24T21:00", "2026-10-25T06:00"),  # and the one that is an hour long
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(at: str, ends: str | None) -> None:
    quiet = Quiet(*parse_hours("22:00-07:00"), MADRID)
    until = quiet.until(datetime.fromisoformat(f"{at}+00:00"))
    assert until == (None if ends is None else datetime.fromisoformat(f"{ends}+00:00"))


def test_quiet_hours_within_a_day() -> None:
    quiet = Quiet(*parse_hours("13:00-15:30"))
    assert quiet.until(datetime(2026, 1, 5, 14, tzinfo=UTC)) == datetime(2026, 1, 5, 15, 30, tzinfo=UTC)
    assert quiet.until(datetime(2026, 1, 5, 12, tzinfo=UTC)) is None


def test_in_quiet_hours_all_waits_for_their_end_but_deadlines() -> None:
    channel = notify(quiet=Quiet(*parse_hours("11:00-13:00")))
    assert due_at(channel, Event.LAPSED, NOON, None) == NOON + HOUR
    assert due_at(channel, Event.DEADLINE, NOON, None) == NOON


@pytest.mark.parametrize("text", ["22", "22:00", "25:00-07:00", "22:00-22:00", "22:60-07:00", "a-b"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="22:00-07:00"):
        parse_hours(text)


def test_spans_are_read_and_written_the_same() -> None:
    assert [span_words(parse_span(text)) for text in ("30m", "6 h", "24h", "2d", "90 min")] == [
        "30m",
        "6h",
        "1d",
        "2d",
        "90m",
    ]
    for wrong in ("", "6", "h", "0h", "-1h", "6 weeks", 6):
        with pytest.raises(ValueError, match="time span"):
            parse_span(wrong)
    with pytest.raises(ValueError, match="time of day"):
        parse_time("8 o'clock")


# --- reminders


def test_a_reminder_is_due_to_the_millisecond_and_once() -> None:
    assert due_reminders([row(1, DAY + 1)], SPANS, NOON) == []
    (found,) = due_reminders([row(1, DAY)], SPANS, NOON)
    assert (found.span, found.level, found.submissions) == (86_400, Level.INFO, (1,))
    assert due_reminders([row(1, DAY, reminded=86_400)], SPANS, NOON) == []
    assert next_look([row(1, DAY, reminded=86_400)], SPANS, None, NOON) == NOON + DAY - 6 * HOUR


def test_of_reminders_that_were_all_missed_only_the_last_goes() -> None:
    (found,) = due_reminders([row(1, HOUR // 2)], SPANS, NOON)
    assert (found.span, found.level) == (3_600, Level.URGENT)


def test_a_reminder_is_of_all_of_the_job_whose_time_is_about_to_come() -> None:
    rows = [row(1, DAY), row(2, DAY + 2 * HOUR), row(3, DAY + 4 * HOUR), row(4, DAY + HOUR, job="J2"), row(5, HOUR)]
    found = {(one.job, one.span): one.submissions for one in due_reminders(rows, SPANS, NOON)}
    assert found == {("J1", 86_400): (1, 2), ("J1", 3_600): (5,)}


def test_where_nothing_waits_nothing_is_looked_at() -> None:
    assert next_look([], SPANS, None, NOON) is None
    assert next_look([], SPANS, NOON + 3 * DAY, NOON) == NOON + 2 * DAY


# --- the summary's time


def test_the_day_is_told_by_the_clock_on_the_wall() -> None:
    zone = ZoneInfo(MADRID)
    before, after = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert next_time(before, 480, zone) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert last_time(after, 480, zone) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert last_time(before, 480, zone) == datetime(2026, 3, 28, 7, tzinfo=UTC)
    assert last_time(datetime(2026, 3, 28, 6, 59, tzinfo=UTC), 480, zone) == datetime(2026, 3, 27, 7, tzinfo=UTC)

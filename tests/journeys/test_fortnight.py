"""Two weeks of news: each thing once, in order, at its time, and the figures those of the marketplaces' ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from botcore.notices.kinds import FIRST_REMINDER, Audience, Level
from botcore.notices.words import DEADLINE_TONES
from botcore.sandbox import FaultKind
from botcore.sandbox.money import refund, spend
from botcore.ui import Card, Fields, Result, Table
from tests.journeys.fortnight import DAYS, MARKETS, START, ZONE, Fortnight, Sent, begin, confirm, killed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GATHERED = timedelta(seconds=10)
REMINDERS = (24 * HOUR, 6 * HOUR, HOUR)
LISTENING = {"team": Audience.TEAM, "night": Audience.TEAM, "reviewers": Audience.REVIEWERS, "owner": Audience.OWNER}


@pytest.mark.parametrize(
    ("poll_hours", "look_hours"),
    [(12, 4), pytest.param(1, 0.5, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])],
    ids=["quick", "closely"],
)
async def test_everybody_hears_what_concerns_them_once_and_at_its_time(
    tmp_path: Path, poll_hours: float, look_hours: float
) -> None:
    of = await begin(tmp_path, poll_seconds=poll_hours * 3600, look_seconds=look_hours * 3600)
    try:
        await live(of)
        check_summaries(of)
        check_reminders(of)
        check_quiet_nights(of)
        check_lapses(of)
        check_jobs(of, look_hours * HOUR)
        check_money(of)
        check_the_dead_channel(of)
        check_scopes(of)
    finally:
        await of.rigs.close()
        await of.server.stop()


async def live(of: Fortnight) -> None:
    """What happens, day by day; each begins at ten o'clock there."""
    first = {name: of.jobs_of(name) for name in MARKETS}
    for day in range(DAYS):
        morning = START + day * DAY + 4 * HOUR
        await of.until(morning)
        if day == 9:
            of.server.faults.clear()
        await of.hand_in(day, first)
        match day:
            case 0:
                await of.before_look("sprout")
                of.tiny = of.post("sprout", "Try our tiny game", positions=3, ttr=10)
                await of.after_look("sprout")
            case 1:
                of.feed.dead.add("dead")
            case 3:
                of.submit("sprout", of.tiny, 3)
                of.mark("finished")
            case 4:
                await of.before_look("pico")
                bad = of.post("pico", "Buy our coins now", positions=50, ttr=3)
                await of.after_look("pico")
                of.set_status("pico", bad, "declined")
                of.mark("declined")
            case 5:
                of.feed.dead.clear()
                of.set_status("sprout", first["sprout"][2], "blocked")
                of.mark("blocked")
            case 6:
                with of.books("sprout") as books:
                    of.taken = books.value("SELECT spendable FROM account WHERE name = 'sprout'") - 10_000
                    spend(books, of.taken)
                of.mark("low")
            case 8:
                with of.books("sprout") as books:
                    refund(books, of.taken)
                of.mark("enough")
            case 10:
                await killed(of)
            case 11:
                assert await confirm(of, f"job add-positions {first['sprout'][0]} 300") is Result.DONE
        await of.until(morning + 5 * HOUR)
        await of.decide_all()
        if day == 8:
            await of.rig.turn(3600)
            of.server.faults.add("*", FaultKind.UNAUTHORIZED)
            of.mark("locked out")
    await of.until(START + DAYS * DAY + 6 * HOUR)


# --- what must be so


def check_summaries(of: Fortnight) -> None:
    """One at eight o'clock of every day, also on the short one; together they are the ledger."""
    zone = ZoneInfo(ZONE)
    days = [(START + n * DAY).astimezone(zone).date() for n in range(DAYS + 1)]
    told = of.feed.of("team", "Summary")
    assert [one.at.astimezone(zone) for one in told] == [datetime.combine(day, time(8), zone) for day in days]
    rated = [entry for entry in of.server.ledger() if entry["kind"] == "rate"]
    by_hand = Counter(entry["rating"] for entry in rated)
    lapsed = of.lapses()
    handed_in = of.server.world.db.execute("SELECT count(*) + sum(revision) FROM task").fetchone()[0]
    assert total(told, "Submitted") == handed_in > 350
    assert total(told, "Approved") == by_hand["ok"] > 200
    assert total(told, "Rejected") == by_hand["not_ok"] > 50
    assert total(told, "Sent back") == by_hand["revise"] > 50
    assert total(told, "Paid unseen") == len(lapsed) == len(of.left)
    paid = sum((of.price_of(entry) for entry in (*rated, *lapsed) if entry["rating"] == "ok"), Decimal(0))
    assert money_total(told, "Paid to workers") == paid
    assert money_total(told, "of that, unseen") == sum(map(of.price_of, lapsed), Decimal(0))
    assert money_total(told, "Bought by the bot") == Decimal("30.00")
    missed = of.feed.of("dead", "Summary")  # what it could not be told of for days came as one
    assert total(missed, "Submitted") == handed_in
    assert len(missed) == len(told) - 3


def check_reminders(of: Fortnight) -> None:
    """Whoever hears of them: of each submission that was left, once at every step, never late."""
    assert {one.at.minute for one in of.feed.of("team", "Deadline")} == {0}
    for channel, audience in LISTENING.items():
        told = of.feed.of(channel, "Deadline")
        least = FIRST_REMINDER[audience]
        steps = [(step, level) for step, level in zip(REMINDERS, Level, strict=True) if level.reaches(least)]
        for title, deadline in of.deadlines_left():
            for step, level in steps:
                mine = [one for one in told if one.card.tone is DEADLINE_TONES[level] and about(one.card, title)]
                early, late = deadline - step - step / 8, deadline - step
                assert len([one for one in mine if early <= one.at <= late]) == 1, (channel, title, deadline, step)
        assert len(told) == len({(one.at, one.card.title) for one in told})
        assert len(told) == len(steps) * len({(title, at) for title, at in of.deadlines_left()})


def check_quiet_nights(of: Fortnight) -> None:
    """Nothing but deadlines goes to a channel in its quiet hours; all else of the night comes in the morning."""
    zone = ZoneInfo(ZONE)
    hours = [(one, one.at.astimezone(zone).hour) for one in of.feed.of("night")]
    asleep = [one for one, hour in hours if hour >= 22 or hour < 7]
    assert asleep
    assert {one.card.badge for one in asleep} == {"Deadline"}
    assert [one.card.title for one in of.feed.of("night", "Lapsed")] == [
        c.card.title for c in of.feed.of("team", "Lapsed")
    ]


def check_lapses(of: Fortnight) -> None:
    for channel in ("team", "reviewers", "owner", "money"):
        told = of.feed.of(channel, "Lapsed")
        assert sum(int(one.card.title.split()[0]) for one in told) == len(of.left)


def check_jobs(of: Fortnight, look: timedelta) -> None:
    """Once each, soon after the look that could see it."""
    expected = (
        ("Posted: Try our tiny game", "posted Try our tiny game"),
        ("Running: Try our tiny game", "posted Try our tiny game"),
        ("Finished: Try our tiny game", "finished"),
        ("Posted: Buy our coins now", "posted Buy our coins now"),
        ("Declined: Buy our coins now", "declined"),
        ("Blocked: Short survey on online shopping", "blocked"),
    )
    told = [one for one in of.feed.of("team") if one.card.badge.startswith("Job ")]
    assert [one.card.title for one in told] == [title for title, _ in expected]
    for one, (_, cause) in zip(told, expected, strict=True):
        assert timedelta(0) < one.at - of.happened[cause] <= 2 * look + GATHERED
    assert [one.card.title for one in of.feed.of("owner") if one.card.badge.startswith("Job ")] == [
        "Declined: Buy our coins now",
        "Blocked: Short survey on online shopping",
    ]


def check_money(of: Fortnight) -> None:
    for channel in ("team", "owner", "money"):
        (low,) = of.feed.of(channel, "Low balance")
        (enough,) = of.feed.of(channel, "Enough again")
        (spent,) = of.feed.of(channel, "Spent")
        assert of.happened["low"] < low.at < of.happened["enough"] < enough.at
        assert "sprout can spend $1.00" in low.card.title
        assert spent.card.title == "$30.00 spent at sprout"
        assert spent.at - of.happened["spent"] <= GATHERED


def check_the_dead_channel(of: Fortnight) -> None:
    """It delays nobody; that it is dead is told elsewhere, and what it missed comes as one message of each kind."""
    begun, ended = START + DAY + 4 * HOUR, START + 5 * DAY + 4 * HOUR
    assert not [one for one in of.feed.of("dead") if begun < one.at < ended]
    same = [(one.at, one.card.title) for one in of.feed.of("night") if one.card.badge == "Deadline"]
    assert same == [(one.at, one.card.title) for one in of.feed.of("team") if one.card.badge == "Deadline"]
    trouble = [one for one in of.feed.of("team") if "attention" in one.card.badge or "Works" in one.card.badge]
    assert [one.card.title for one in trouble] == [
        "Channel dead needs attention",
        "Channel dead works again",
        "3 need attention",
        "3 work again",
    ]
    back = [one for one in of.feed.of("dead") if ended <= one.at < ended + HOUR]
    assert len(back) == len({one.card.badge for one in back}) > 3
    assert not [one for one in of.feed.of("dead") if "Channel dead" in one.card.title]


def check_scopes(of: Fortnight) -> None:
    ours = [one.card for one in of.feed.of("pico-only")]
    assert not [card for card in ours if "bees" in str(card) or "tiny game" in str(card)]
    assert {one.card.badge for one in of.feed.of("money")} == {"Lapsed", "Low balance", "Enough again", "Spent"}
    assert not of.feed.of("reviewers", "Summary")
    for channel in {one.channel for one in of.feed.sent}:
        moments = [one.at for one in of.feed.of(channel)]
        assert moments == sorted(moments)


# --- reading cards


def total(told: Sequence[Sent], name: str) -> int:
    return sum(int(value.replace(",", "")) for value in values(told, name))


def money_total(told: Sequence[Sent], name: str) -> Decimal:
    return sum((Decimal(value.replace("$", "").replace(",", "")) for value in values(told, name)), Decimal(0))


def values(told: Sequence[Sent], name: str) -> list[str]:
    fields = [field for one in told for block in one.card.blocks if isinstance(block, Fields) for field in block.fields]
    return [field.value for field in fields if field.name == name]


def about(card: Card, title: str) -> bool:
    rows = [row for block in card.blocks if isinstance(block, Table) for row in block.rows]
    return f"of {title} " in card.title or any(title in row[0] for row in rows)

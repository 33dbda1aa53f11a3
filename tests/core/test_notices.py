"""News from where it happens to the messages that people read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from botcore.adapter import ChannelBroken, SendUnknown
from botcore.commands import exporting
from botcore.models import Channel, JobStatus, SightingState
from botcore.notices.conditions import Condition, State, note_conditions
from botcore.notices.kinds import Audience, Event, Hearing, Quiet
from botcore.notices.noting import note
from botcore.notices.settings import NoticeSettings
from botcore.ui import Card, Chart, Result, Table
from tests.core.market import START, refuses
from tests.core.rig import INBOX, Rig, Rigs, Setup, actor, words

HOUR, DAY = 3600, 86_400
TEAM = Channel("team", "memory", "there", "notify")
OWNER = Channel("phone", "memory", "phone", "notify", hears=Hearing(audience=Audience.OWNER))


async def newsroom(rigs: Rigs, *channels: Channel, **more: Any) -> Rig:
    setup = Setup(channels=(INBOX, *(channels or (TEAM,))), notices=NoticeSettings(summary_at=""), **more)
    rig = await rigs.start(setup)
    await rig.settle()
    return rig


def told(rig: Rig, channel: str = "team", badge: str = "") -> list[Card]:
    """What a channel was sent, in its order."""
    sent = [versions[0] for number, versions in rig.adapter.messages.items() if rig.adapter.where[number] == channel]
    return [card for card in sent if badge in card.badge]


async def refused(rig: Rig, *tasks: str) -> None:
    rig.market.steps.append(refuses(*tasks))
    await rig.decide(*tasks)
    await rig.turn(20)


# --- each once


async def test_a_refused_rating_is_told_with_the_marketplaces_words(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, "a")
    await rig.turn(120)
    (card,) = told(rig, badge="Refused")
    assert card.title == "A1 was refused by main"
    assert words(card) == (
        "Rob had approved it. It is unrated and can be decided again. | The marketplace said: Not this one."
    )
    assert [button.label for button in card.buttons] == ["Review now"]


async def test_twenty_alike_become_one_with_a_count(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, *(f"t{n}" for n in range(20)))
    await rig.turn(600)
    (card,) = told(rig, badge="Refused")
    assert card.title == "20 ratings were refused"
    (table,) = [block for block in card.blocks if isinstance(block, Table)]
    assert len(table.rows) == 11
    assert table.rows[-1][0] == "and 10 more"


async def test_what_comes_within_minutes_of_the_last_message_is_gathered_too(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, "a")
    await rig.turn(60)
    await refused(rig, "b")
    await rig.turn(60)
    await refused(rig, "c")
    await rig.turn(600)
    assert [card.title for card in told(rig, badge="Refused")] == ["A1 was refused by main", "2 ratings were refused"]


async def test_after_a_kill_at_any_moment_it_is_told_once(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, "a")
    again = await rigs.killed(rig)  # written down, and not sent
    await again.turn(120)
    assert len(told(again, badge="Refused")) == 1
    later = await rigs.killed(again)
    await later.turn(DAY)
    assert len(told(later, badge="Refused")) == 1


async def test_an_event_is_written_down_once_whoever_notes_it_again(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    said = {"cost": "30", "summary": "It", "person": "mia"}
    for _ in range(3):
        await rig.store.tx(note, Event.SPENT, "op-1", rig.clock.ms(), said, account="main")
    await rig.turn(60)
    assert [card.title for card in told(rig)] == ["$30.00 spent at main"]


async def test_a_send_in_doubt_may_come_twice_and_not_more_often(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, "a")
    rig.adapter.errors.append(SendUnknown("no answer"))
    await rig.turn(600)
    assert len(told(rig, badge="Refused")) == 1
    assert len(set(rig.adapter.keys)) == len(rig.adapter.keys)


async def test_spends_below_the_setting_are_no_news(rigs: Rigs) -> None:
    rig = await newsroom(rigs, TEAM, OWNER)
    for number, cost in enumerate(("24.99", "25")):
        said = {"cost": cost, "summary": "Adds positions", "person": "mia"}
        await rig.store.tx(note, Event.SPENT, f"{number}", rig.clock.ms(), said, account="main")
    await rig.turn(60)
    assert [card.title for card in told(rig, "phone")] == ["$25.00 spent at main"]


# --- a dead place


async def test_a_dead_channel_delays_no_other_and_gets_one_message_of_each_kind_when_it_is_back(rigs: Rigs) -> None:
    rig = await newsroom(rigs, TEAM, OWNER)
    send = rig.adapter.send

    async def only_the_team(channel: Channel, card: Card, key: str) -> Any:
        if channel.name == "phone":
            raise ChannelBroken("blocked")
        return await send(channel, card, key)

    rig.adapter.send = only_the_team  # type: ignore[method-assign]
    for number in range(5):
        said = {"cost": "30", "summary": "It", "person": "mia"}
        await rig.store.tx(note, Event.SPENT, f"{number}", rig.clock.ms(), said, account="main")
        await rig.turn(HOUR)
    assert len(told(rig, "team", "Spent")) == 5
    assert told(rig, "phone") == []
    rig.adapter.send = send  # type: ignore[method-assign]
    await rig.turn(600)
    assert [card.title for card in told(rig, "phone")] == ["5 big spends: $150.00"]


# --- parts


async def conditions(rig: Rig, **parts: Condition) -> None:
    named = {name.replace("_", " "): condition for name, condition in parts.items()}
    await rig.store.tx(note_conditions, named, rig.clock.ms())
    await rig.turn(30)


DOWN, UP = Condition(State.DOWN, "no route"), Condition(State.UP)
WRONG_KEY = Condition(State.DOWN, "the key is wrong", at_once=True)


async def test_trouble_is_told_once_it_lasts_and_its_end_after_that(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await conditions(rig, account_main=DOWN)
    assert told(rig, badge="attention") == []
    await rig.turn(100)
    await conditions(rig, account_main=DOWN)
    await conditions(rig, account_main=DOWN)
    assert [card.title for card in told(rig)][-1:] == ["Account main needs attention"]
    await rig.turn(HOUR)
    await conditions(rig, account_main=UP)
    await conditions(rig, account_main=UP)
    assert [card.badge for card in told(rig)][-2:] == ["Needs attention", "Works again"]
    assert "It had trouble for 1 h" in words(told(rig)[-1])


async def test_what_mends_itself_soon_is_no_news(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await conditions(rig, account_main=DOWN)
    await conditions(rig, account_main=UP)
    await rig.turn(HOUR)
    assert told(rig, badge="Needs") + told(rig, badge="Works") == []


async def test_a_wrong_key_is_told_at_once_and_a_restart_tells_it_no_second_time(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await conditions(rig, account_main=WRONG_KEY)
    again = await rigs.killed(rig)
    await conditions(again, account_main=Condition(State.UNKNOWN))
    await conditions(again, account_main=WRONG_KEY)
    await again.turn(HOUR)
    assert len(told(again, badge="Needs")) == 1


async def test_trouble_of_the_night_that_is_over_by_the_morning_is_not_told_any_more(rigs: Rigs) -> None:
    asleep = replace(TEAM, hears=Hearing(quiet=Quiet(11 * 60, 15 * 60)))
    rig = await newsroom(rigs, asleep, OWNER)
    await conditions(rig, account_main=WRONG_KEY)
    await rig.turn(HOUR)
    await conditions(rig, account_main=UP)
    await rig.turn(5 * HOUR)
    assert [card.badge for card in told(rig, "phone")] == ["Needs attention", "Works again"]
    assert [card.badge for card in told(rig, "team") if "posted" not in card.badge] == []


# --- what waits, deadlines, lapses


async def test_what_waits_is_a_digest_and_nothing_where_it_was_decided_meanwhile(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    rig.market.add("a")
    rig.market.add("b", job="J2")
    await rig.poll()
    await rig.turn(120)
    (card,) = told(rig, badge="new")
    assert (card.title, card.badge) == ("2 waiting in 2 jobs", "2 new")
    for task in ("c", "d"):
        rig.market.add(task)
        await rig.poll()
    await rig.turn(HOUR)
    assert told(rig, badge="new")[-1].title == "4 waiting in 2 jobs"
    rig.market.add("e")
    await rig.poll()
    await rig.say("rob", "approve a b c d e")
    await rig.turn(2 * HOUR)
    assert len(told(rig, badge="new")) == 2


async def test_reminders_after_a_long_downtime_are_one(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    rig.market.add("a")
    await rig.poll()
    rig.store.down = True
    again_path = rigs.copy(rig)
    rig.clock.advance(6 * DAY - 1800)
    again = await rigs.start(rig.setup, path=again_path, world=rig)
    await again.turn(60)
    assert [card.title for card in told(again, badge="Deadline")] == ["30 min left: 1 of Job J1 will be paid unseen"]


async def test_what_is_decided_is_not_reminded_of(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await rig.approve("a")
    await rig.turn(7 * DAY)
    assert told(rig, badge="Deadline") == []


async def test_what_lapsed_is_reported_with_its_cost(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    for number in range(12):
        rig.market.add(f"t{number}", price=Decimal("0.25"))
    await rig.poll()
    await rig.turn(6 * DAY)
    for number in range(12):
        rig.market.rate_on_website(f"t{number}", SightingState.APPROVED)
    await rig.poll(sweep=True)
    await rig.turn(120)
    (card,) = told(rig, badge="Lapsed")
    assert card.title == "12 of Job J1 paid unseen: $3.00"
    assert card.footer == ""
    assert len(told(rig, badge="Deadline")) == 3


async def test_what_is_gone_after_its_deadline_counts_as_lapsed_and_is_said_to_be_a_guess(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    rig.market.add("a")
    await rig.poll()
    await rig.turn(6 * DAY)
    rig.market.hidden.add("a")
    for _ in range(2):
        await rig.poll(sweep=True)
    await rig.turn(120)
    (card,) = told(rig, badge="Lapsed")
    assert "does not say how" in card.footer


# --- jobs and money


async def test_jobs_that_were_there_before_are_no_news_and_new_ones_are(rigs: Rigs) -> None:
    rig = await rigs.start(Setup(channels=(INBOX, TEAM), notices=NoticeSettings()))
    rig.market.edits["OLD"] = {"created_at": START - timedelta(days=3)}
    await rig.turn(1200)
    later = START + timedelta(seconds=1200)
    rig.market.edits["NEW"] = {"created_at": later, "status": JobStatus.REVIEW, "status_text": "PENDING_REVIEW"}
    await rig.turn(1200)
    rig.market.edits["NEW"] |= {"status": JobStatus.RUNNING, "status_text": "RUNNING"}
    await rig.turn(1200)
    for text in ("DECLINED", "BLOCKED"):
        rig.market.edits["NEW"] |= {"status": JobStatus.BLOCKED, "status_text": text, "notes": "Against the rules"}
        await rig.turn(1200)
    rig.market.edits["OLD"] |= {"status": JobStatus.FINISHED, "status_text": "FINISHED"}
    await rig.turn(1200)
    found = [card.title for card in told(rig) if card.badge.startswith("Job ")]
    fates = ["Posted: Job NEW", "Running: Job NEW", "Declined: Job NEW", "Blocked: Job NEW", "Finished: Job OLD"]
    assert found == fates


async def test_a_low_balance_is_told_when_it_becomes_so_and_when_it_is_over(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    rig.market.edits["J1"] = {"positions": 100}
    await rig.turn(1300)
    assert told(rig, badge="Low") == []  # $12.34, and 100 positions at $0.10
    rig.market.edits["J1"] = {"positions": 200}
    await rig.turn(2500)
    (card,) = told(rig, badge="Low")
    assert card.title == "main can spend $12.34; its running jobs need $20.00"
    rig.market.edits["J1"] = {"positions": 100}
    await rig.turn(2500)
    assert [card.badge for card in told(rig)][-2:] == ["Low balance", "Enough again"]


async def test_where_nobody_hears_of_jobs_the_marketplace_is_not_asked(rigs: Rigs) -> None:
    rig = await newsroom(rigs, replace(TEAM, hears=Hearing(events=(Event.LAPSED,))))
    rig.market.errors["jobs"] = [AssertionError("asked")]
    await rig.turn(HOUR)
    assert rig.market.errors["jobs"]
    assert rig.engine.failures == 0


# --- from the chat


async def test_a_channel_is_muted_and_subscribed_where_it_is_typed_or_by_its_name(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    here = replace(actor("mia"), chat_id="there")
    said = await rig.dispatch.command(here, "mute refused for=2h")
    assert said.text.startswith("team hears nothing of refused until 2026-01-05 14:00 UTC.")
    await refused(rig, "a")
    await rig.turn(600)
    assert told(rig, badge="Refused") == []
    await rig.turn(2 * HOUR)
    await refused(rig, "b")
    await rig.turn(600)
    assert [card.title for card in told(rig, badge="Refused")] == ["A2 was refused by main"]
    assert "say which channel" in (await rig.say("mia", "mute")).text.lower()
    assert (await rig.say("mia", "subscribe refused channel=inbox")).result is Result.DONE
    await refused(rig, "c")
    await rig.turn(600)
    assert [card.title for card in told(rig, "inbox", "Refused") if "refused by" in card.title] == [
        "A3 was refused by main"
    ]
    assert (await rig.say("rob", "mute channel=team")).result is Result.REFUSED


async def test_what_is_no_event_or_no_channel_is_said_with_those_that_are(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    assert "one of: job-posted" in (await rig.say("mia", "subscribe lapsd channel=team")).text
    assert "one of: inbox, team" in (await rig.say("mia", "mute channel=taem")).text
    assert "time span" in (await rig.say("mia", "mute for=long channel=team")).text
    assert "Nothing of that is muted" in (await rig.say("mia", "unmute channel=team")).text


async def test_subscriptions_tell_what_a_channel_hears(rigs: Rigs) -> None:
    rig = await newsroom(rigs, OWNER)
    await rig.say("mia", "mute summary channel=phone")
    card = (await rig.say("vera", "subscriptions channel=phone")).card
    assert card is not None
    (table,) = [block for block in card.blocks if isinstance(block, Table)]
    heard = {row[0]: row[1] for row in table.rows}
    assert (heard["summary"], heard["waiting"], heard["lapsed"]) == ("muted", "—", "yes")


async def test_review_now_opens_a_queue_of_ones_own_and_needs_the_role(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    rig.market.add("a")
    await rig.poll()
    await rig.turn(120)
    (button,) = told(rig, badge="new")[0].buttons
    assert (await rig.press("vera", button.id)).result is Result.REFUSED
    reply = await rig.press("rob", button.id)
    assert reply.card is not None
    assert reply.card.subject.startswith("queue:")


# --- reports


async def test_a_report_has_figures_and_a_picture(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await rig.approve("a", "b")
    await rig.decide("c", job="J2")
    card = (await rig.say("vera", "report")).card
    assert card is not None
    assert [block.title for block in card.blocks if isinstance(block, Chart)] == [
        "Submitted a day",
        "Rated a day",
        "Paid to workers a day",
    ]
    other = (await rig.say("vera", "report 3 J2")).card
    assert other is not None
    assert other.title == "The last 3 days: Job J2"
    assert "from 1 to 90" in (await rig.say("vera", "report 91")).text
    assert "no job J9" in (await rig.say("vera", "report 7 J9")).text


async def test_an_export_that_does_not_hold_all_says_so(rigs: Rigs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST", 2)
    rig = await newsroom(rigs)
    await rig.approve("a")
    assert (await rig.say("mia", "export decisions 1")).text == "1 row of the last 1 day."
    await rig.approve("b", "c")
    for what in ("decisions", "spending"):
        reply = await rig.say("mia", f"export {what} 7")
        assert reply.text == "2 rows of the last 7 days. There are more, and a file holds 2: ask for fewer days."


async def test_an_export_has_all_decisions_and_runs_no_formula(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await rig.approve("a")
    rig.market.add("b", worker_id="=HYPERLINK(1)")
    await rig.poll()
    await rig.say("rob", 'reject b reason="+1 more, please"')
    await rig.turn(20)
    reply = await rig.say("mia", "export decisions 7")
    assert reply.file is not None
    assert reply.file.name.endswith(".csv")
    rows = list(csv.DictReader(io.StringIO(reply.file.text)))
    assert [(row["submission"], row["verdict"], row["state"]) for row in rows] == [
        ("A1", "approve", "confirmed"),
        ("A2", "reject", "confirmed"),
    ]
    assert rows[1]["worker"] == "'=HYPERLINK(1)"
    assert rows[1]["comment"] == "'+1 more, please"
    assert rows[0]["price"] == "0.10"
    assert rows[0]["decided_at"] == "2026-01-05T12:00:00+00:00"
    spent = (await rig.say("mia", "export spending")).file
    assert spent is not None
    assert [(row["what"], row["amount"]) for row in csv.DictReader(io.StringIO(spent.text))] == [("approval", "0.10")]
    assert (await rig.say("rob", "export decisions")).result is Result.REFUSED


async def test_the_audit_tells_who_did_what_and_what_the_marketplace_answered(rigs: Rigs) -> None:
    rig = await newsroom(rigs)
    await refused(rig, "a")
    await rig.turn(60)
    card = (await rig.say("mia", "audit person=rob")).card
    assert card is not None
    (table,) = [block for block in card.blocks if isinstance(block, Table)]
    assert [(row[1], row[2], row[3], row[5]) for row in table.rows] == [
        ("rob in memory", "approve", "A1", "refused: Not this one.")
    ]

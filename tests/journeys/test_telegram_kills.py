"""kill -9 at the worst moments: nothing that somebody did in Telegram is lost, and nothing is rated twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.adapters.telegram.faults import hang
from tests.adapters.telegram.server import Message
from tests.journeys.telegram_town import MakeTown, Place, telegram_town

Until = Callable[..., Any]

WORDS = "Please show your user name"
HANDLED = "SELECT count(*) AS n FROM telegram_updates WHERE handled_at IS NOT NULL"


async def test_a_kill_at_four_bad_moments_loses_nothing_and_rates_nothing_twice(
    make_town: MakeTown, until: Until
) -> None:
    async with telegram_town(make_town, undo=1, poll=1) as place:
        bot = await place.bot()
        names = await asyncio.gather(*(place.submit() for _ in range(3)))
        rated, pressed, asked = [await place.card(name) for name in names]

        question = await _revise(place, asked, names[2])
        place.fake.faults.add("sendMessage", hang(effect=True))
        sent = await place.submit()
        (first,) = await place.fake.until(lambda: place.cards(sent), why="it is not sent")  # a send and its answer
        answerless = place.town.sandbox.faults.add("jobs/rate-*", "hang_after", count=1)
        await place.fake.presses(place.ana, rated, "Approve")
        await until(lambda: answerless.fired)  # between a rating and its answer
        press = place.fake.press(place.ana, pressed, "Approve")
        await place.fake.until(lambda: _was_given(place, press.update["update_id"]))  # a press and its rating
        await bot.kill()

        place.fake.faults.clear()
        await place.bot()
        again = await place.fake.until(lambda: next(iter(place.cards(sent)[1:]), None), why="it is not sent again")
        await place.fake.presses(place.ana, first, "Approve")
        late = await place.fake.presses(place.ben, again, "Approve")
        assert "Ana was first" in late.text
        typed = await place.fake.says(place.ben, place.group, WORDS, reply_to=question)
        await place.fake.presses(place.ben, await place.fake.card(place.group, WORDS, after=typed), "Revise")

        await place.fake.until(lambda: place.states() == ["confirmed"] * 4, why="not all is rated")
        for card in (rated, pressed, again):
            await place.fake.until(lambda card=card: "Approved by ana" in card.text)  # type: ignore[misc]
            assert "Approve" not in card.labels
        await place.fake.until(lambda: "Sent back by ben" in asked.text)
        ratings = place.town.ratings()
        assert sorted(rating["rating"] for rating in ratings) == ["ok"] * 3 + ["revise"]
        assert len({rating["task_id"] for rating in ratings}) == 4
        assert [rating["comment"] for rating in ratings if rating["rating"] == "revise"] == [WORDS]
        assert [len(place.cards(name)) for name in (*names, sent)] == [1, 1, 1, 2]


async def _revise(place: Place, card: Message, name: str) -> Message:
    """Ben goes as far as being asked for words of his own; returns the message that waits for them."""
    await place.fake.presses(place.ben, card, "Revise")
    reasons = await place.fake.card(place.group, f"Revise {name}")
    await place.fake.presses(place.ben, reasons, "Own words…")
    question = await place.fake.until(
        lambda: next((m for m in place.fake.from_bot(place.group) if m.force_reply), None), why="no words are asked for"
    )
    await place.fake.until(lambda: place.town.rows(HANDLED)[0]["n"] == len(place.fake.presses_made))
    return question


def _was_given(place: Place, update: int) -> bool:
    """Whether an update has left to the bot."""
    return any(
        call.outcome == 200 and any(item["update_id"] == update for item in call.answer.get("result", []))
        for call in place.fake.calls_of("getUpdates")
    )

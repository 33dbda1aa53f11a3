"""From the worker to the group on a phone and back, with the bot as a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from botcore.control import ask_running
from tests.journeys.conftest import BotProcess
from tests.journeys.telegram_town import MakeTown, Place, telegram_town
from tests.journeys.visitor import Visitor
from tests.ports import free_port

Until = Callable[..., Any]


async def test_two_screenshots_one_approves_while_another_rejects_and_then_telegram_is_gone(
    make_town: MakeTown, until: Until
) -> None:
    async with telegram_town(make_town, waiting=3) as place:
        bot = await place.bot()
        name = await place.submit(pictures=2)
        card = await place.card(name)
        album = [m for m in place.fake.from_bot(place.group) if m.album]
        assert [len(message.picture) > 1_000 for message in album] == [True, True]
        assert card.reply_to == album[0].id

        # Ben opens the reasons, then both press at the same moment
        await place.fake.presses(place.ben, card, "Reject")
        reasons = await place.fake.card(place.group, "Reject", after=card)
        approval = place.fake.press(place.ana, card, "Approve")
        refusal = place.fake.press(place.ben, reasons, data=reasons.buttons[0].data)
        await place.fake.until(lambda: approval.answer and refusal.answer)
        await place.fake.until(lambda: place.states() == ["confirmed"], why="it is not rated")
        (rating,) = place.town.ratings()
        badge = "Approved by ana" if rating["rating"] == "ok" else "Rejected by ben"
        await place.fake.until(lambda: badge in card.text)
        assert "Approve" not in card.labels
        assert badge in await _page(place, bot)

        await place.fake.stop()
        polls = place.fake.updates.polls
        other = await place.card("A1")
        press = place.fake.press(place.ana, other, "Approve")
        await asyncio.sleep(0.3)  # it notices, and tries again
        await place.fake.start()
        await place.fake.until(lambda: press.answer, why="it does not come back")
        assert place.fake.updates.polls > polls
        await place.fake.until(lambda: "Approved by ana" in other.text)
        await place.fake.until(lambda: place.states() == ["confirmed"] * 2, why="it is not rated")
        assert len(place.town.ratings()) == 2


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_polling_comes_back_after_a_minute(make_town: MakeTown) -> None:
    async with telegram_town(make_town, waiting=1) as place:
        await place.bot()
        card = await place.card("A1")
        await place.fake.stop()
        press = place.fake.press(place.ana, card, "Approve")
        await asyncio.sleep(60)
        await place.fake.start()
        await place.fake.until(lambda: press.answer, 90, "it does not come back")
        await place.fake.until(lambda: "Approved by ana" in card.text)
        await place.fake.until(lambda: place.states() == ["confirmed"], why="it is not rated")
        assert len(place.town.ratings()) == 1


async def test_a_webhook_brings_what_people_do(make_town: MakeTown, until: Until) -> None:
    port = free_port()
    async with telegram_town(make_town, waiting=2, more='mode = "webhook"') as place:
        config = place.town.config.read_text().replace(
            'listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"'
        )
        place.town.config.write_text(config)
        place.town.env["PYTHONPROFILEIMPORTTIME"] = "1"
        bot = await place.bot()
        card = await place.card("A1")
        await place.fake.presses(place.ana, card, "Approve")
        await place.fake.until(lambda: place.states() == ["confirmed"], why="it is not rated")

        # an update whose answer was lost comes once more, and decides nothing more
        webhook = place.fake.updates.webhook
        assert webhook is not None
        posted = len(place.fake.updates.posted)
        place.fake.repeat(place.fake.presses_made[0])
        await place.fake.until(lambda: len(place.fake.updates.posted) > posted)
        assert place.fake.updates.posted[-1].status == 200

        # nobody else's word is taken
        place.fake.updates.webhook_pause = 0.02
        webhook.secret = "guessed"
        forged = place.fake.press(place.ben, await place.card("A2"), "Approve")
        await place.fake.until(lambda: len(place.fake.updates.posted) > posted + 2)
        assert {tried.status for tried in place.fake.updates.posted[posted + 1 :]} <= {401, 403, 404}
        assert forged.answer is None
        assert len(place.town.ratings()) == 1
        assert webhook.url.rpartition("/")[2] not in bot.errors.read_text()
        assert {"telegram", "httpx"} <= _loaded(bot)


async def test_the_library_is_not_loaded_where_the_config_has_no_telegram(make_town: MakeTown) -> None:
    town = await make_town(waiting=0)
    town.env["PYTHONPROFILEIMPORTTIME"] = "1"
    bot = await town.bot()
    assert await bot.stop() == 0
    loaded = _loaded(bot)
    assert "botcore_web" in loaded
    assert not loaded & {"telegram", "httpx"}


async def _page(place: Place, bot: BotProcess) -> str:
    """What Ben sees at the page."""
    link = await ask_running(place.town.database, "/link", {"person": "ben"})
    assert link is not None
    visitor = await Visitor(bot.url).sign_in(link["link"])
    page = await visitor.page()
    await visitor.close()
    return page


def _loaded(bot: BotProcess) -> set[str]:
    """The packages that a process has told to load."""
    lines = [line for line in bot.errors.read_text().splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}

"""Draws docs/summary.png and docs/summary-discord.png from what two weeks at simulated marketplaces came to.

`python -m tests.journeys.news_pictures docs`
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from botcore.charts import PicturesOf
from botcore.ui import Card
from botcore_discord.render import CardDrawing
from tests.adapters.discord.picture import feed
from tests.adapters.web.desk import desk
from tests.chromium import running_chromium
from tests.core.rig import KeptPictures
from tests.journeys.fortnight import begin
from tests.journeys.test_fortnight import live

SHOWN = ("Lapsed", "Deadline", "Summary")  # the last of each, the newest last


async def cards(folder: Path) -> list[Card]:
    """What the team was told."""
    of = await begin(folder, poll_seconds=12 * 3600, look_seconds=4 * 3600)
    try:
        await live(of)
        return [of.feed.of("team", badge)[-1].card for badge in SHOWN]
    finally:
        await of.rigs.close()
        await of.server.stop()


async def main(to: Path) -> None:
    logging.disable(logging.CRITICAL)  # a bot is killed on the way
    with tempfile.TemporaryDirectory() as folder:
        told = await cards(Path(folder))
        async with running_chromium() as browser, desk(Path(folder)) as here:
            await here.serve()
            for card in told:
                await here.send(card)
            tab = await browser.new_page(viewport={"width": 1180, "height": 900}, device_scale_factor=1.5)
            await tab.goto(await here.link())
            await tab.get_by_role("heading", name=told[-1].title).wait_for()
            await tab.locator("#empty").evaluate("element => element.remove()")
            await tab.screenshot(
                path=to / "summary.png", clip={"x": 0, "y": 0, "width": 1180, "height": 1560}, full_page=True
            )
            drawing, drawn = CardDrawing(), []
            for card in (told[0], told[2]):
                found = PicturesOf(KeptPictures(), card)
                loaded = {key: kept for key in drawing.pictures_of(card) if (kept := await found.read(key))}
                drawn.append(drawing.draw(card, pictures=loaded))
            tab = await browser.new_page(viewport={"width": 700, "height": 400}, device_scale_factor=1.5)
            await tab.set_content(feed(drawn))
            await tab.screenshot(path=to / "summary-discord.png", full_page=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

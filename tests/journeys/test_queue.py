"""Thousands waiting at the first start: one card at the page, worked through by keyboard, and queues of one's own."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from botcore.control import ask_running

pytestmark = pytest.mark.browser

WORDS = "Please show your user name"
READY = """([id, hand]) => {
    const card = document.querySelector(id);
    return card && card.dataset.hand !== hand && !card.querySelector("[aria-disabled=true]");
}"""


class Reviewer:
    """Somebody with a keyboard, in front of a queue."""

    def __init__(self, page: Page, card: str) -> None:
        self.page = page
        self.selector = card
        self.card: Locator = page.locator(card)

    async def task(self) -> str:
        """The task in hand, as the marketplace calls it."""
        found = re.search(r"task ([0-9a-f]{14})", await self.card.inner_text())
        assert found is not None
        return found[1]

    async def press(self, key: str) -> str:
        """Presses a key, answers what it asks, and waits until the next submission is there; returns the task that
        was in hand before."""
        task, hand = await self.task(), await self.card.get_attribute("data-hand")
        await self.page.keyboard.press(key)
        if key in "rv":
            await self._fill_in(WORDS if key == "v" else "")
        await self.page.wait_for_function(READY, arg=[self.selector, hand], polling=20)
        return task

    async def _fill_in(self, words: str) -> None:
        await self.page.locator("dialog[open] form").wait_for()
        if not words:
            await self.page.keyboard.press("ArrowDown")  # the first of the ready reasons
            await self.page.keyboard.press("Enter")
            return
        while not await self.page.evaluate("document.activeElement.matches('textarea')"):
            await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(words)
        await self.page.keyboard.press("Control+Enter")


async def sign_in(browser: Browser, link: str) -> Page:
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await page.goto(link)
    return page


async def bens_link(town: Any) -> str:
    answer = await ask_running(town.database, "/link", {"person": "ben"})
    assert answer is not None
    return str(answer["link"])


async def test_the_first_start_with_thousands_is_one_card_worked_through_by_keyboard(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=2_000, page_size=500, undo=15, queue_above=5, hurried=True)
    bot = await town.bot()
    page = await sign_in(browser, bot.link)
    queue = page.locator("article.queue")
    await expect(queue.get_by_role("button", name="Approve")).to_be_visible()
    ben = await sign_in(browser, await bens_link(town))

    ana = Reviewer(page, "article.queue")
    await page.keyboard.press("j")
    made: dict[str, str] = {}
    for n in range(40):
        if n % 20 == 7:
            assert await ana.press("s") != await ana.task()
        if n % 25 == 10:
            approved = await ana.press("a")
            await ana.press("u")
            assert await ana.task() == approved
        key, rating = {3: ("r", "not_ok"), 6: ("v", "revise")}.get(n % 10, ("a", "ok"))
        made[await ana.press(key)] = rating
    assert len(made) == 40

    await expect(queue).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("article")).to_have_count(1)
    hand = await queue.get_attribute("data-hand")
    assert hand is not None
    await expect(ben.locator("article.queue")).to_have_attribute("data-hand", hand)
    await until(lambda: len(town.ratings()) >= 40)
    assert {entry["task_id"]: entry["rating"] for entry in town.ratings()} == made
    assert len(town.ratings()) == 40
    assert {entry["comment"] for entry in town.ratings() if entry["rating"] == "revise"} == {WORDS}


async def test_the_queues_of_two_people_never_show_the_same_submission(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=40, undo=0, queue_above=5, hurried=True)
    bot = await town.bot()

    async def review(link: str, keys: str) -> tuple[set[str], set[str]]:
        """Opens a queue of one's own and presses these keys in it; returns what was skipped and what was decided."""
        page = await sign_in(browser, link)
        await expect(page.locator("#count")).to_have_text("40")
        box = page.get_by_role("combobox")
        await box.fill("review")
        await box.press("Escape")
        await box.press("Enter")
        reviewer = Reviewer(page, "#own-card")
        await expect(reviewer.card).to_be_focused()
        seen = [(key, await reviewer.press(key)) for key in keys]
        await reviewer.card.get_by_role("button", name="Stop").click()
        await expect(reviewer.card).to_have_count(0)
        return {task for key, task in seen if key == "s"}, {task for key, task in seen if key != "s"}

    (anas_skips, anas), (bens_skips, bens) = await asyncio.gather(
        review(bot.link, "aarasaavaa"), review(await bens_link(town), "araaaasaaa")
    )

    assert not anas & bens
    assert len(anas_skips) == len(bens_skips) == 1  # which whoever comes next may be given
    await until(lambda: len(town.ratings()) >= 18)
    assert {entry["task_id"] for entry in town.ratings()} == anas | bens
    assert len(town.ratings()) == 18

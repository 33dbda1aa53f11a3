"""A reviewer at the page, in a real browser, against a real bot and a simulated marketplace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.ports import free_port

pytestmark = pytest.mark.browser


async def sign_in(browser: Browser, link: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(link)
    await expect(page.get_by_role("combobox")).to_be_visible()
    return page


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=re.compile(rf"\b{name}\b"))


async def command(page: Page, line: str) -> None:
    box = page.get_by_role("combobox")
    await box.fill(line)
    await box.press("Escape")
    await box.press("Enter")


async def test_a_reviewer_works_through_every_button(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=6, undo=15, hurried=True)
    bot = await town.bot()
    page = await sign_in(browser, bot.link)
    await expect(page.get_by_role("article")).to_have_count(6)
    await expect(page.locator("article img").first).to_be_visible()
    loaded = await page.locator("article img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert loaded > 100

    # approve, and take it back in time
    await card(page, "A1").get_by_role("button", name="Approve").click()
    await expect(card(page, "A1")).to_contain_text("Approved by ana")
    await card(page, "A1").get_by_role("button", name="Undo").click()
    await expect(card(page, "A1").get_by_role("button", name="Approve")).to_be_visible()

    # approve for good
    await card(page, "A2").get_by_role("button", name="Approve").click()
    await expect(card(page, "A2")).to_contain_text("Approved by ana")

    # reject with a canned reason
    await card(page, "A3").get_by_role("button", name="Reject").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Spam").check()
    await dialog.get_by_role("button", name="Reject").click()
    await expect(card(page, "A3")).to_contain_text("Rejected by ana")

    # send back in own words
    await card(page, "A4").get_by_role("button", name="Revise").click()
    await dialog.get_by_label("Own words").fill("Please show your user name")
    await dialog.get_by_role("button", name="Revise").click()
    await expect(card(page, "A4")).to_contain_text("Sent back by ana")

    # a bonus
    await card(page, "A5").get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Approve with a bonus").click()
    await dialog.get_by_label("Bonus in dollars").fill("0.25")
    await dialog.get_by_role("button", name="Approve").click()
    await expect(card(page, "A5")).to_contain_text("$0.25")

    await expect(card(page, "A2")).to_contain_text("Confirmed")
    await until(lambda: len(town.ratings()) == 4)
    said = [(e["rating"], e["satisfaction"], e["comment"], e["bonus"]) for e in town.ratings()]
    assert ("ok", None, "", "0.25") in said
    assert ("revise", None, "Please show your user name", "0.00") in said
    assert sum(rating == "ok" for rating, *_ in said) == 2
    assert sum(satisfaction == "spam" for _, satisfaction, *_ in said) == 1

    # the worker answers the revision: a new card, which tells what was said
    revised = next(entry for entry in town.ratings() if entry["rating"] == "revise")
    town.sandbox.resubmit(revised["account"], revised["task_id"])
    await expect(card(page, "A7")).to_contain_text("Please show your user name")

    await command(page, "/balance")
    await expect(page.get_by_text("$249.75")).to_be_visible()
    await command(page, "pending")
    await expect(page.get_by_text("3 waiting").last).to_be_visible()
    assert await bot.stop() == 0


async def test_the_keyboard_is_enough(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=3, hurried=True)
    bot = await town.bot()
    page = await sign_in(browser, bot.link)
    await expect(page.get_by_role("article")).to_have_count(3)
    for _ in range(3):
        await page.keyboard.press("j")
        await page.keyboard.press("a")
    await until(lambda: len(town.ratings()) == 3)


async def test_two_people_see_one_truth(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=1, undo=30, hurried=True)
    bot = await town.bot()
    ana = await sign_in(browser, bot.link)
    answer = await town.ask("whoami")
    assert answer is not None
    from botcore.control import ask_running

    link = await ask_running(town.folder / "bot.db", "/link", {"person": "ben"})
    assert link is not None
    ben = await sign_in(browser, link["link"])
    for page in (ana, ben):
        await expect(card(page, "A1").get_by_role("button", name="Approve")).to_be_visible()

    await card(ana, "A1").get_by_role("button", name="Approve").click()

    await expect(card(ben, "A1")).to_contain_text("Approved by ana")


async def test_the_page_comes_back_after_a_kill(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=2, undo=30, hurried=True)
    town.config.write_text(town.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{free_port()}"))
    bot = await town.bot()
    page = await sign_in(browser, bot.link)
    await card(page, "A1").get_by_role("button", name="Approve").click()
    await expect(card(page, "A1")).to_contain_text("Approved by ana")
    await bot.kill()
    await town.bot()

    await expect(page.get_by_text("Live")).to_be_visible()
    await card(page, "A1").get_by_role("button", name="Undo").click()
    await expect(card(page, "A1").get_by_role("button", name="Approve")).to_be_visible()
    assert town.ratings() == []

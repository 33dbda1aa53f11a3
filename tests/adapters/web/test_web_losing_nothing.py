"""What people typed, pressed or unfolded on the page is neither lost nor doubled by what happens meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from playwright.async_api import Locator, Page, Route, expect

from botcore.adapter import Actor
from botcore.ui import Card, Reply, Result, Text

from .desk import Desk, queue, settled, waiting
from .test_web_browser import article, button, decide_for_real, reject_form

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_change_while_the_board_is_read_again_is_not_lost(page: Page, live_site: Desk) -> None:
    refs = {f"A{n}": await live_site.send(waiting(f"A{n}", f"Job of A{n}")) for n in range(1, 203)}
    await page.reload()
    await expect(page.locator("#more-count")).to_have_text("2")
    read, changed = asyncio.Event(), asyncio.Event()

    async def on_a_slow_line(route: Route) -> None:
        answer = await route.fetch()
        read.set()
        await changed.wait()
        await route.fulfill(response=answer)

    await page.route("**/board", on_a_slow_line)
    await page.get_by_role("button", name="Show them").click()
    await read.wait()
    await live_site.adapter.edit(refs["A1"], settled(waiting("A1", "Job of A1"), "Approved by ben"))
    await expect(page.get_by_text("Approved by ben")).to_have_count(1)
    async with page.expect_response("**/events?*"):  # it asks again for what the board did not have
        changed.set()
    await expect(page.get_by_text("Approved by ben")).to_have_count(1)


async def test_what_is_typed_while_a_command_runs_stays(page: Page, live_site: Desk) -> None:
    live_site.script.replies["command status"] = Reply(card=Card("The status"))
    live_site.script.hold = asyncio.Event()
    line = page.get_by_role("combobox", name="Command")
    await line.fill("status")
    await line.press("Escape")
    await line.press("Enter")
    await line.fill("approve A31")
    live_site.script.hold.set()
    await expect(page.get_by_role("heading", name="The status")).to_be_visible()
    await expect(line).to_have_value("approve A31")
    await line.press("Escape")
    await line.press("Enter")
    await expect(line).to_have_value("")
    assert live_site.script.acts() == [("command", "status"), ("command", "approve A31")]


async def click_twice(page: Page, target: Locator, after_the_first: Locator) -> None:
    """A double click of which the page has answered the first half before the second."""
    box = await target.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 20, box["y"] + 10)
    for count in (1, 2):
        await page.mouse.down(click_count=count)
        await page.mouse.up(click_count=count)
        await expect(after_the_first).to_be_visible()


async def test_the_second_half_of_a_double_click_takes_nothing_back(page: Page, live_site: Desk) -> None:
    await decide_for_real(live_site, "A1", "A2")
    await expect(article(page, "A2")).to_be_visible()
    await click_twice(page, button(page, "A1", "Approve"), button(page, "A1", "Undo"))
    await button(page, "A2", "Approve").click()
    await expect(button(page, "A2", "Undo")).to_be_visible()
    assert [what for _, what in live_site.script.acts()] == ["approve:A1:0", "approve:A2:0"]


async def test_the_second_half_of_a_double_click_decides_nothing_that_nobody_has_seen(
    page: Page, live_site: Desk
) -> None:
    ref = await live_site.send(queue("A1"))

    async def go_on(actor: Actor, what: str) -> None:
        await live_site.adapter.edit(ref, queue(f"A{int(what.rpartition(':')[2]) + 1}"))

    live_site.script.after = go_on
    approve = page.get_by_role("button", name="Approve", exact=True)
    await click_twice(page, approve, article(page, "A2 Follow a page"))
    await page.mouse.move(0, 0)
    await approve.click()
    await expect(article(page, "A3 Follow a page")).to_be_visible()
    assert [what for _, what in live_site.script.acts()] == ["approve:q-3:1", "approve:q-3:2"]


async def test_what_is_being_read_of_a_settled_card_stays_unfolded(page: Page, live_site: Desk) -> None:
    card = replace(settled(waiting("A1")), blocks=(Text("I followed the page", quoted=True),))
    ref = await live_site.send(card)
    await article(page, "A1").get_by_text("Details").click()
    await expect(page.get_by_text("I followed the page")).to_be_visible()
    await live_site.adapter.edit(ref, replace(card, badge="Confirmed"))
    await expect(article(page, "A1").get_by_text("Confirmed")).to_be_visible()
    await expect(page.get_by_text("I followed the page")).to_be_visible()


async def test_a_form_that_could_not_be_saved_keeps_what_was_typed(page: Page, live_site: Desk) -> None:
    await live_site.send(waiting("A1"))
    live_site.script.replies["press reject:A1:0"] = Reply(form=reject_form())
    live_site.script.replies["form reject:A1:0"] = Reply("Not saved: the disk is full.", result=Result.REFUSED)
    await button(page, "A1", "Reject").click()
    dialog = page.get_by_role("dialog", name="Reject A1")
    await dialog.get_by_label("Own words").fill("a long explanation")
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_have_text("Not saved: the disk is full.")
    await expect(dialog.get_by_label("Own words")).to_have_value("a long explanation")
    live_site.script.replies["form reject:A1:0"] = Reply("Rejected A1.")
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(dialog).to_be_hidden()
    assert live_site.script.heard[-1][3]["words"] == "a long explanation"


async def test_a_form_about_what_somebody_else_decided_meanwhile_is_over(page: Page, live_site: Desk) -> None:
    ref = await live_site.send(waiting("A1"))
    live_site.script.replies["press reject:A1:0"] = Reply(form=reject_form())
    live_site.script.replies["form reject:A1:0"] = Reply("Ben has approved it.", result=Result.REFUSED)
    await button(page, "A1", "Reject").click()
    dialog = page.get_by_role("dialog", name="Reject A1")
    await dialog.get_by_label("Own words").fill("a long explanation")
    await live_site.adapter.edit(ref, settled(waiting("A1"), "Approved by ben"))
    await expect(page.get_by_text("Approved by ben")).to_be_attached()
    await dialog.get_by_role("button", name="Reject", exact=True).click()
    await expect(page.get_by_text("Ben has approved it.")).to_be_visible()
    await expect(dialog).to_be_hidden()

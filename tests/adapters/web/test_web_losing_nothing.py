"""What people typed, pressed or unfolded on the page is neither lost nor doubled by what happens meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from botcore.ui import Card, Reply

from .desk import Desk, settled, waiting

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

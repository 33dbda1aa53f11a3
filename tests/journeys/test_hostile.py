"""What a worker writes does no harm on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Dialog, Request, expect

from botcore.sandbox.proofs import Proof

from .test_page import card, sign_in

pytestmark = pytest.mark.browser

SCRIPT = (
    '<script>document.title = "owned"</script><img src=x onerror="alert(1)"><a href="javascript:alert(2)">click</a>'
)
FAKE = "\u202eelbisivni\u202c @everyone </article><button>Approve</button> {{7*7}} {% raw %}"


async def test_hostile_proofs_are_only_text(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=0, hurried=True)
    harmless = f"{town.sandbox.url}/_sandbox/state"  # on this machine, but no picture
    for proofs in (
        [Proof("text", SCRIPT), Proof("text", FAKE)],
        [Proof("text", "a" * 100_000), Proof("text", "\u0000\u0007\u200b\ufeff")],
        [Proof("url", "http://127.0.0.1:1/secret.png"), Proof("url", harmless)],
        [Proof("url", "file:///etc/passwd.png"), Proof("url", "http://169.254.169.254/latest/meta-data.png")],
    ):
        town.sandbox.submit(proofs=proofs)
    bot = await town.bot()
    page = await sign_in(browser, bot.link)
    alarms: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        alarms.append(dialog.message)

    def on_request(request: Request) -> None:
        if not request.url.startswith(bot.url):
            alarms.append(request.url)

    page.on("dialog", on_dialog)
    page.on("request", on_request)
    page.on("pageerror", lambda error: alarms.append(str(error)))
    await expect(page.get_by_role("article")).to_have_count(4)
    await page.reload()
    await expect(page.get_by_role("article")).to_have_count(4)

    script, long, local, odd = (
        page.get_by_role("article").filter(has_text=text)
        for text in ("document.title", "aaaaaaaa", "127.0.0.1:1/secret.png", "169.254.169.254")
    )
    await expect(script).to_contain_text("<script>document.title")
    await expect(script).to_contain_text("@everyone </article><button>Approve</button> {{7*7}}")
    assert "\u202e" not in await script.inner_text()
    await expect(script.get_by_role("button", name="Approve")).to_have_count(1)
    await expect(script.get_by_role("link")).to_have_count(0)
    await expect(long.get_by_role("button", name="Show all")).to_be_visible()
    width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
    for refused in (local, odd):
        await expect(refused).to_contain_text("marketplace")  # where pictures may come from
        await expect(refused.locator("img[src]")).to_have_count(0)
    assert await page.title() != "owned"
    assert alarms == []

    for name in ("A1", "A2", "A3", "A4"):
        await card(page, name).get_by_role("button", name="Approve").click()
    await until(lambda: len(town.ratings()) == 4)

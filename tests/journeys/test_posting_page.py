"""Posting jobs at the page, in a real browser, against a real bot and the simulated marketplaces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from botcore.host import Host

pytestmark = pytest.mark.browser

ACCOUNTS = {"sprout": "sproutgigs", "pico": "picoworkers", "hire": "hiretalents"}
Post = tuple[Mapping[str, str], Mapping[str, Any]]  # answers as a person gives them, and what arrives

FLAGS = {"hold_required": 0, "pause_after_approval": 0, "notify_followers": 0}
DEFAULTS = {"workers_level": "starter", "workers_max_tasks": 1, "autorate": "NO", "ttr": 7, "speed": 1000, **FLAGS}
ALL_DAY = {"start_time": "00:00", "end_time": "24:00"}

FORUM: Post = (
    {
        "title": "Join the garden forum",
        "category": "Sign up: Simple",
        "zone": "Europe West",
        "price": "0.2405",
        "positions": "12",
        "instructions": "Open the forum\nName a flower",
        "proofs": "screenshot: Your profile page\ntext: Your name there",
        "notes": "Thank you.\n\nCome again",
        "excluded": "uk, it",
        "level": "Expert",
        "per_worker": "3",
        "distribution": "50",
        "challenges": "What colour is the logo? = green\nHow many roses? = 7",
        "challenge_action": "Reject and block",
        "auto_rate": "Check and approve",
        "days_to_rate": "6",
        "speed": "900",
        "hold_minutes": "20",
        "hold_required": "yes",
        "pause_after_approval": "yes",
        "notify_followers": "yes",
        "premium": "2.50",
    },
    {
        "title": "Join the garden forum",
        "category_id": "0501",
        "zone_id": "europe1",
        "task_value": "0.2405",
        "num_tasks": 12,
        "instructions": ["Open the forum", "Name a flower"],
        "proofs": [
            {"type": "screenshot", "description": "Your profile page"},
            {"type": "text", "description": "Your name there"},
        ],
        "notes": "Thank you.\n\nCome again",
        "excluded_countries": ["uk", "it"],
        "workers_level": "expert",
        "workers_max_tasks": 3,
        "distribution": 50,
        "challenges": [
            {"question": "What colour is the logo?", "answer": "green"},
            {"question": "How many roses?", "answer": "7"},
        ],
        "challenge_action": "rate_nok_block",
        "autorate": "V+R",
        "ttr": 6,
        "speed": 900,
        "hold_time": 20,
        "hold_required": 1,
        "pause_after_approval": 1,
        "notify_followers": 1,
        "premium_amount": "2.50",
    },
)
CITIES: Post = (
    {
        "instructions": "Open the forum\nName a flower of {{CITY}} in {{YEAR}}",
        "variables": "CITY: Rome | Paris\nYEAR: 1990 | 2000",
        "start": "06:30",
        "end": "22:00",
    },
    {
        "instructions": ["Open the forum", "Name a flower of {{CITY}} in {{YEAR}}"],
        "variables": [{"name": "CITY", "values": ["Rome", "Paris"]}, {"name": "YEAR", "values": ["1990", "2000"]}],
        "start_time": "06:30",
        "end_time": "22:00",
    },
)
LISTED: Post = (
    {
        "title": "For those we know",
        "category": "Search and visit",
        "zone": "—",
        "list": "Reliable",
        "price": "0.05",
        "instructions": "Search",
        "proofs": "text: Done",
    },
    {
        **DEFAULTS,
        "title": "For those we know",
        "category_id": "1001",
        "list_id": "Reliable",
        "task_value": "0.05",
        "num_tasks": 10,
        "instructions": ["Search"],
        "proofs": [{"type": "text", "description": "Done"}],
    },
)
HELLO: Post = (
    {
        "title": "Say hello to the bakery",
        "category": "Watch And Comment",
        "countries": "United Kingdom, Nepal",
        "price": "0.20",
        "positions": "10",
        "minutes": "3",
        "instructions": "Open https://bakery.example\nSay hello",
        "proofs": "screenshot: Your comment\ntext: Your name there",
        "limit": "3/day",
        "tweet": "yes",
        "hidden": "yes",
    },
    {
        "title": "Say hello to the bakery",
        "category": 97,
        "country": ["2635167", "1282988"],
        "price": "0.20",
        "availseats": 10,
        "time": 3,
        "expected": ["Open https://bakery.example", "Say hello"],
        "proof": [{"desc": "Your comment", "type": "image"}, {"desc": "Your name there", "type": "text"}],
        "job_limit": {"limit": 3, "duration": "daily"},
        "automated": 0,
        "send_tweet": 1,
        "hide_search_engines": 1,
    },
)
TWEET: Post = (
    {
        "title": "Tweet for us",
        "category": "Tweet",
        "countries": "",
        "team": "Regulars",
        "price": "0.03",
        "positions": "20",
        "instructions": "Hello to all bakers",
        "automated": "yes",
    },
    {
        "title": "Tweet for us",
        "category": 13,
        "country": 0,
        "team_id": "Regulars",
        "price": "0.03",
        "availseats": 20,
        "time": 5,
        "expected": ["Hello to all bakers"],
        "proof": [{"desc": "send_tweet", "type": "send_tweet"}],
        "automated": 1,
        "send_tweet": 0,
        "hide_search_engines": 0,
    },
)
POSTS: Mapping[str, Sequence[Post]] = {
    "sprout": (
        ({**FORUM[0], **CITIES[0]}, {**FORUM[1], **CITIES[1]}),
        (LISTED[0], {**LISTED[1], **ALL_DAY, "hold_time": 15}),
    ),
    "pico": (
        FORUM,
        ({**LISTED[0], "list": "Careful readers"}, {**LISTED[1], "list_id": "Careful readers", "hold_time": 5}),
    ),
    "hire": (HELLO, TWEET),
}


async def sign_in(browser: Browser, link: str) -> Page:
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await page.goto(link)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    return page


async def begin(page: Page, account: str) -> Locator:
    """The form of a new job; the marketplace's catalogue may still be on its way."""
    line = page.get_by_role("combobox", name="Command")
    form = page.get_by_role("dialog", name="A new job")
    await line.fill(f"job post account={account}")
    await line.press("Escape")
    await line.press("Enter")
    await expect(form).to_be_visible()
    return form


async def fill_in(form: Locator, answers: Mapping[str, str]) -> None:
    for name, text in answers.items():
        question = form.locator(f'[data-input="{name}"]')
        group = question.locator("xpath=ancestor::details[not(@open)]")
        if await group.count():
            await group.locator("summary").click()
        await answer(question, text)


async def answer(question: Locator, text: str) -> None:
    control = await question.get_attribute("data-control")
    if control == "check":
        await question.get_by_role("checkbox").check()
    elif control == "list":
        box = question.get_by_role("combobox")
        label = next(label for label in await box.locator("option").all_text_contents() if text in label)
        await box.select_option(label=label)
    elif control == "radios":
        await question.get_by_role("radio", name=text).check()
    elif control == "chips":
        for chip in await question.get_by_role("button").all():
            await chip.click()
        for word in filter(None, text.split(", ")):
            await question.get_by_role("combobox").fill(word)
            await question.get_by_role("combobox").press("Enter")
    else:
        await question.get_by_role("textbox").fill(text)


def kept(town: Any, account: str, shelf: str) -> list[dict[str, Any]]:
    """What the bot has read of an account's catalogue."""
    rows = town.rows("SELECT value FROM cache WHERE key = :key", key=f"catalogue:{account}:{shelf}")
    return [one for row in rows for one in json.loads(row["value"])]


def has_read(town: Any, account: str) -> bool:
    shelves = ("categories", "countries", "teams") if account == "hire" else ("zones", "categories", "lists")
    return all(kept(town, account, shelf) for shelf in shelves)


def posted(town: Any) -> list[dict[str, Any]]:
    return [entry for entry in town.sandbox.ledger() if entry["kind"] == "post_job"]


async def test_the_documents_example_is_posted_with_the_keyboard_alone(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=1, hurried=True)
    bot = await town.bot()
    await until(lambda: has_read(town, "sprout"))
    page = await sign_in(browser, bot.link)
    keys = page.keyboard
    await keys.press("/")
    await keys.type("job post")
    await keys.press("Enter")
    form = page.get_by_role("dialog", name="A new job at SproutGigs")
    await expect(form.get_by_label("Title")).to_be_focused()
    for typed in ("Sign up to ACME website", "Sign up: Sim", "Inter", "0.10", "25"):
        await keys.type(typed)
        await keys.press("Tab")
    await keys.type("visit the ACME website\nCreate an account")
    await keys.press("Tab")
    await keys.type("screenshot: Screenshot of your profile at ACME website")
    await expect(form.get_by_text("Total $2.50")).to_be_visible()
    await keys.press("Control+Enter")
    card = page.get_by_role("region", name="Only you see this")
    await expect(card.get_by_text("$250.00, then")).to_be_visible()
    assert posted(town) == []
    await keys.press("Tab")
    await expect(card.get_by_role("button", name="Post", exact=True)).to_be_focused()
    await keys.press("Enter")
    await expect(card.get_by_text("0 of 25")).to_be_visible()
    everybodys = page.locator("#recent-list article").filter(has_text="Sign up to ACME website")
    await expect(everybodys).to_have_count(1)
    await expect(page.locator("#count")).to_have_text("1")  # the submission: a job waits for nobody
    (entry,) = posted(town)
    assert entry["posted"] == {
        **DEFAULTS,
        **ALL_DAY,
        "zone_id": "int",
        "category_id": "0501",
        "title": "Sign up to ACME website",
        "instructions": ["visit the ACME website", "Create an account"],
        "proofs": [{"type": "screenshot", "description": "Screenshot of your profile at ACME website"}],
        "num_tasks": 25,
        "task_value": "0.10",
        "hold_time": 15,
    }


async def test_every_field_of_every_marketplace_is_posted_through_the_form_and_arrives(
    make_town: Callable[..., Any], browser: Browser, until: Callable[..., Any]
) -> None:
    town = await make_town(waiting=1, accounts=ACCOUNTS)
    bot = await town.bot()
    first = await sign_in(browser, bot.link)

    async def post_all(account: str) -> None:
        await until(lambda: has_read(town, account))
        page = await first.context.new_page()
        await page.goto(bot.url)
        for answers, _ in POSTS[account]:
            form = await begin(page, account)
            await fill_in(form, {name: text for name, text in answers.items() if name != "excluded"})
            if (
                "excluded" in answers
            ):  # which countries these can be depends on the zone, which the bot has seen by then
                excluded = form.locator('[data-input="excluded"]')
                await expect(excluded).to_have_attribute("data-control", "chips")
                await fill_in(form, {"excluded": answers["excluded"]})
            await form.get_by_role("button", name="Go on").click()
            card = page.get_by_role("region", name="Only you see this")
            await card.get_by_role("button", name="Post", exact=True).click()
            await expect(card.get_by_text(f"0 of {answers.get('positions', '10')}")).to_be_visible()

    def of(account: str) -> list[dict[str, Any]]:
        return [entry for entry in posted(town) if entry["account"] == account]

    await asyncio.gather(*(post_all(account) for account in ACCOUNTS))
    for account, posts in POSTS.items():
        ids = {one["name"]: int(one["id"]) for shelf in ("lists", "teams") for one in kept(town, account, shelf)}
        for entry, (_, sent) in zip(of(account), posts, strict=True):
            assert entry["posted"] == {k: ids.get(v, v) if k in ("list_id", "team_id") else v for k, v in sent.items()}
    host = Host()
    host.load()
    for account, provider in ACCOUNTS.items():
        fields = host.providers()[provider].draft_fields
        assert {name for answers, _ in POSTS[account] for name in answers} == {field.name for field in fields}
    host.close()

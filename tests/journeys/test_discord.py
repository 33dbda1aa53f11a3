"""Reviewers in Discord: a bot of its own process, at a small Discord and a simulated marketplace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from botcore.host import Host
from botcore.sandbox import FaultKind, SandboxServer
from tests.adapters.discord.limits import Trouble
from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import REVIEW, Interaction, Message, User
from tests.journeys.conftest import BotProcess, Town, until

IN_TIME = 60.0  # seconds that this Discord waits for a bot: how soon one answers is not tested where much else runs
CHANGES = (7, 6)  # the answer to a click is the changed card; on a slow machine it is promised, and follows

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = """
[adapters.discord]
token = "{token}"
guild = "{guild}"
base_url = "{base_url}"

[[channels]]
name = "discord"
adapter = "discord"
to = "{channel}"
queue_above = 1000

[people.dora]
role = "owner"
discord = {dora}

[people.rick]
role = "reviewer"
discord = {rick}

[[roles]]
adapter = "discord"
discord_role = "800000000000000002"
role = "reviewer"
"""

HASTY = """
from botcore import hookimpl
from botcore_sproutgigs.provider import SproutGigsProvider


class Hasty(SproutGigsProvider):
    seconds_between_calls = 0.0


@hookimpl
def register_providers():
    return {"hasty": Hasty}
"""


@dataclass
class Place:
    """A marketplace, a Discord, a bot at both, and its people."""

    town: Town
    discord: FakeDiscord
    seen: set[str] = field(default_factory=set)  # the messages that tests know

    def __post_init__(self) -> None:
        world = self.discord.world
        self.dora, self.rick = world.user("dora"), world.user("rick")
        self.guest = world.user("guest", "800000000000000002")  # let in by a role of the server's
        self.stranger = world.user("stranger")

    async def bot(self) -> BotProcess:
        bot = await self.town.bot()
        await until(lambda: self.discord.gateway.connected)
        return bot

    async def card(self) -> Message:
        """The card of a submission that is handed in now, once it shows its pictures."""
        self.town.sandbox.submit("sprout")
        return await self.new_card()

    async def new_card(self) -> Message:
        (card,) = await until(lambda: [m for m in self.discord.world.shown() if m.id not in self.seen])
        self.seen.add(card.id)
        await until(lambda: "Approve" in card.buttons and "loading" not in card.text.lower())
        return card  # type: ignore[no-any-return]

    async def opened(self, user: User, card: Message, label: str) -> Interaction:
        """Presses what opens a form; once more where the bot found no time to open one."""

        async def press() -> Interaction | None:
            click = await self.discord.click(user, card, label)
            return click if click.kind == 9 else None

        asked: Interaction = await until(press)
        return asked

    async def ratings(self, card: Message) -> list[dict[str, Any]]:
        """What the marketplace was told of the card's submission, once that is confirmed."""
        await says(card, "onfirmed")
        return [entry for entry in self.town.ratings() if entry["task_id"] in card.text]


async def says(card: Message, words: str) -> None:
    try:
        await until(lambda: words in card.text)
    except AssertionError:
        raise AssertionError(card.text) from None


async def told(interaction: Interaction, words: str) -> None:
    try:
        await until(lambda: words in interaction.said)
    except AssertionError:
        raise AssertionError(interaction.said) from None


def hurry(town: Town) -> None:
    """Its provider does not wait between requests, as the one that ships must."""
    info = town.folder / "hasty-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hasty\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[botcore]\nhasty = hasty\n")
    (town.folder / "hasty.py").write_text(HASTY)
    town.config.write_text(town.config.read_text().replace('provider = "sproutgigs"', 'provider = "hasty"'))
    town.env["PYTHONPATH"] = str(town.folder)


@asynccontextmanager
async def a_place(folder: Path) -> AsyncIterator[Place]:
    """Everything but a bot. What Discord would have refused fails the test in the end."""
    host = Host()
    host.load()
    sandbox = SandboxServer(
        host.sandboxes(), accounts={"sprout": "sproutgigs"}, waiting=0, busy=False, interval=0, seed=1
    )
    await sandbox.start()
    async with FakeDiscord(in_time=IN_TIME) as discord:
        town, world = Town(folder, sandbox), discord.world
        more = MORE.format(
            token=TOKEN,
            guild=world.guild,
            base_url=discord.base_url,
            channel=REVIEW,
            dora=world.user("dora").id,
            rick=world.user("rick").id,
        )
        town.configure(poll=0.2, more=more)
        hurry(town)
        yield Place(town, discord)
        await town.close()
        await sandbox.stop()
        host.close()
    assert discord.violations == []
    errors = (folder / "stderr.txt").read_text()
    assert "raceback" not in errors, errors[-4000:]
    assert TOKEN not in errors


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with a_place(tmp_path_factory.mktemp("discord")) as place:
        await place.bot()
        yield place


async def test_a_submission_with_screenshots_is_a_card_that_a_click_approves_and_changes_at_once(place: Place) -> None:
    card = await place.card()
    click = await place.discord.click(place.rick, card, "Approve")
    assert click.kind in CHANGES
    await says(card, "rick")
    assert not click.whispers, "the card says it"
    (rating,) = await place.ratings(card)
    assert rating["rating"] == "ok"


async def test_a_rejection_asks_for_the_reason_and_the_worker_is_told_it(place: Place) -> None:
    card = await place.card()
    asked = await place.opened(place.rick, card, "Reject")
    sent = await place.discord.fill_in(place.rick, asked, reason="Spam")
    assert sent.kind in CHANGES
    (rating,) = await place.ratings(card)
    assert (rating["rating"], rating["comment"]) == ("not_ok", "The submission has nothing to do with the job.")


async def test_what_is_decided_elsewhere_is_on_the_card_too(place: Place) -> None:
    card = await place.card()
    name = next(iter(card.buttons.values())).split(":")[1]
    answer = await place.town.ask(f"approve {name}")
    assert answer is not None
    assert answer["exit"] == 0
    await until(lambda: "local owner" in card.text)
    late = await place.discord.click(place.rick, card, f"approve:{name}:0")
    await told(late, "Local owner was first")
    assert len(await place.ratings(card)) == 1


async def test_of_two_people_at_once_one_wins_and_the_other_is_told_who(place: Place) -> None:
    card = await place.card()
    asked = await place.opened(place.dora, card, "Reject")
    clicks = await asyncio.gather(
        place.discord.click(place.rick, card, "Approve"),
        place.discord.fill_in(place.dora, asked, reason="Spam"),
    )
    await until(lambda: any("was first" in click.said for click in clicks))
    assert len(await place.ratings(card)) == 1


async def test_a_role_of_the_server_lets_people_in_and_strangers_learn_their_id_alone(place: Place) -> None:
    card = await place.card()
    before = card.text
    refused = await place.discord.click(place.stranger, card, "Approve")
    await told(refused, place.stranger.id)
    elsewhere = await place.discord.click(place.guest, card, "Approve", guild=place.discord.world.other_guild)
    await told(elsewhere, "another server")
    assert card.text == before
    await place.discord.click(place.guest, card, "Approve")
    await says(card, "Guest")
    assert len(await place.ratings(card)) == 1


async def test_a_broken_connection_is_taken_up_where_it_was_and_nothing_is_done_twice(place: Place) -> None:
    card = await place.card()
    gateway = place.discord.gateway
    identified, resumed = gateway.identified, gateway.resumed
    await gateway.drop()
    click = await place.discord.click(place.rick, card, "Approve")  # while nobody is connected
    assert click.kind in CHANGES
    assert (gateway.identified, gateway.resumed) == (identified, resumed + 1)
    await place.discord.repeat(click)
    await told(await place.discord.slash(place.rick, "status"), "connected")
    assert click.refused == []
    assert len(await place.ratings(card)) == 1


@pytest.mark.parametrize(
    "trouble",
    [Trouble.PAUSE, Trouble.PAUSE_ALL, Trouble.ERROR_AFTER, Trouble.UNAVAILABLE_AFTER, Trouble.CUT_AFTER],
    ids=lambda trouble: trouble.name.lower(),
)
async def test_a_card_is_there_once_whatever_becomes_of_the_request(place: Place, trouble: Trouble) -> None:
    fault = place.discord.fault(trouble, "POST", "/channels/.*/messages")
    before = len(place.discord.world.shown())
    card = await place.card()
    click = await place.discord.click(place.rick, card, "Approve")  # maybe before the bot knows that it is there
    assert click.kind in CHANGES
    await place.ratings(card)
    assert fault.met == 1
    assert len(place.discord.world.shown()) == before + 1


async def test_an_answer_whose_connection_breaks_is_given_again(place: Place) -> None:
    card = await place.card()
    fault = place.discord.fault(Trouble.CUT_BEFORE, "POST", "/interactions/.*")
    click = await place.discord.click(place.rick, card, "Approve")
    assert click.kind in CHANGES
    assert fault.met == 1
    assert len(await place.ratings(card)) == 1


async def test_what_takes_long_is_promised_in_time_and_said_when_it_is_known(place: Place) -> None:
    place.town.sandbox.faults.add("*balance*", FaultKind.SLOW, count=1, seconds=5)
    asked = await place.discord.slash(place.dora, "balance")
    assert asked.kind == 5
    assert asked.took < 5
    await told(asked, "sprout")


async def test_a_click_that_came_too_late_decides_nothing(place: Place) -> None:
    card = await place.card()
    late = await place.discord.click(place.rick, card, "Approve", age=IN_TIME + 2)
    assert late.kind == 0
    await until(lambda: late.refused == ["too late"])
    assert "Approve" in card.buttons
    click = await place.discord.click(place.rick, card, "Approve")
    assert click.kind in CHANGES
    assert len(await place.ratings(card)) == 1


async def test_commands_complete_what_is_typed_and_answer_the_one_who_asked(place: Place) -> None:
    card = await place.card()
    typing = await place.discord.type(place.rick, "job show", "job", "")
    assert typing.kind == 8
    assert typing.choices
    job = typing.choices[0]["value"]
    shown = await place.discord.slash(place.rick, "job show", {"job": job})
    await told(shown, job)
    assert shown.original is not None
    assert shown.original.is_private
    strange = await place.discord.type(place.stranger, "job show", "job", "")
    assert strange.choices == []
    await place.discord.click(place.rick, card, "Approve")
    await place.ratings(card)


async def test_after_a_kill_between_a_card_and_its_answer_there_is_one_card_whose_buttons_work(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        discord, world = place.discord, place.discord.world
        hanging = discord.fault(Trouble.HANG_AFTER, "POST", "/channels/.*/messages")
        bot = await place.bot()
        place.town.sandbox.submit("sprout")
        await until(lambda: hanging.met and world.shown())
        await bot.kill()
        await place.bot()
        card = await place.new_card()
        await until(lambda: place.town.rows("SELECT 1 FROM discord_sends WHERE message IS NOT NULL"))
        asked = await place.opened(place.rick, card, "Reject")
        click = await discord.click(place.rick, card, "Approve")
        assert click.kind in CHANGES
        assert len(await place.ratings(card)) == 1
        late = await discord.fill_in(place.rick, asked, reason="Spam")
        await told(late, "was first")
        assert world.shown() == [card]

"""Jobs written in Discord: every field of every marketplace, in modals, arrives there as it was meant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import simcord

from botcore.choosing import one_of, split
from botcore.sandbox import SandboxServer
from botcore.ui import Choice
from tests.adapters.discord.marketplaces import at_all_marketplaces, read_catalogues
from tests.adapters.discord.reading import broken_limits, buttons, texts
from tests.adapters.discord.simulated import Simulated
from tests.journeys.postings import EMPTY, EXAMPLE, POSTINGS, Posting, expected, parts_of, untried

Place = tuple[Simulated, SandboxServer]
SELECT, TEXT, RADIO, BOXES, CHECK = 3, 4, 21, 22, 23


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with at_all_marketplaces(tmp_path, daily_spend=200) as (town, server):
        await town.meanwhile(read_catalogues(town.rig))
        yield town, server


@dataclass
class Desk:
    """Olga's, who alone sees what the bot answers her. Counts her commands, touches, and the modals that she sends."""

    town: Simulated
    last: simcord.ResponseMessage | None = None
    commands: int = 0
    touched: int = 0
    sent: int = 0

    async def command(self, name: str, **options: str) -> simcord.InteractionResult:
        self.commands += 1
        return self._seen(await self.town.slash("olga", name, **options))

    async def touch(self, label: str) -> simcord.InteractionResult:
        self.touched += 1
        assert self.last is not None
        return self._seen(await self.town.click("olga", self.last, label))

    async def fill_in(self, opened: simcord.InteractionResult, answers: Mapping[str, str]) -> None:
        """A form, modal by modal; what has no answer is left as it is. What is wrong is sent all the same."""
        while True:
            assert opened.modal is not None
            self.sent += 1
            self._seen(await self.town.fill_in("olga", opened, **_filled(opened.modal, answers)))
            more = [label for label in ("Continue", "Edit") if label in self.labels and "Discard" not in self.labels]
            if not more:
                return
            opened = await self.touch(more[0])

    @property
    def labels(self) -> Mapping[str, str]:
        return buttons(self.last.components) if self.last else {}

    async def post(self, posting: Posting) -> None:
        """Writes a job and posts it."""
        provider = self.town.rig.accounts[posting.account].provider
        opened = await self.command("job post", account=posting.account)
        for group, _ in parts_of(provider, posting.answers):
            if group:
                await self.touch("More options")
                opened = await self.touch(group)
            await self.fill_in(opened, posting.answers)
        await self.touch("Post")

    def _seen(self, result: simcord.InteractionResult) -> simcord.InteractionResult:
        answered = [*([result.response] if result.response else []), *result.followups]
        if answered:
            self.last = answered[-1]
            assert self.last.ephemeral
            assert broken_limits(self.last.components) == []
        return result


def _filled(shown: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    controls = [label["component"] for label in shown["components"] if label["type"] == 18]
    return {control["custom_id"]: _answered(control, answers.get(control["custom_id"])) for control in controls}


def _answered(control: Mapping[str, Any], typed: str | None) -> object:
    options: Sequence[Mapping[str, Any]] = control.get("options", ())
    chosen = [option["value"] for option in options if option.get("default")]
    match control["type"]:
        case 4:
            return (control.get("value") or "") if typed is None else "" if typed == EMPTY else typed
        case 23:
            return bool(control.get("default")) if typed is None else typed == "yes"
        case 21:
            return _options(options, typed)[0] if typed is not None else (chosen or [None])[0]
    return chosen if typed is None else _options(options, typed)


def _options(options: Sequence[Mapping[str, Any]], typed: str) -> list[str]:
    """Those that somebody chooses who would type this."""
    choices = [Choice(option["value"].removeprefix("="), option["label"]) for option in options]
    return [f"={value}" for word in split(typed) for value in one_of(choices, word).values]


def posted(server: SandboxServer, posting: Posting) -> Mapping[str, Any]:
    entries = [entry for entry in server.ledger(posting.account) if entry["kind"] == "post_job"]
    found = [entry["posted"] for entry in entries if entry["title"] == posting.answers["title"]]
    assert len(found) == 1, posting.name
    assert isinstance(found[0], dict)
    return found[0]


async def test_every_field_of_every_marketplace_arrives_as_it_was_filled_in(place: Place) -> None:
    town, server = place
    for name in ("hire", "pico", "sprout"):
        assert untried(name, town.rig.accounts[name].provider) == []
    for posting in POSTINGS:
        desk = Desk(town)
        await desk.post(posting)
        wanted = await town.meanwhile(expected(posting, town.rig.accounts[posting.account].provider))
        assert posted(server, posting) == wanted, posting.name


async def test_the_documents_example_takes_a_command_two_modals_and_two_touches(place: Place) -> None:
    town, server = place
    desk = Desk(town)
    await desk.post(EXAMPLE)
    assert posted(server, EXAMPLE) == EXAMPLE.posted
    assert (desk.commands, desk.sent, desk.touched) == (1, 2, 2)
    assert desk.last is not None
    assert any("Sign up to ACME website" in text for text in texts(desk.last.components))

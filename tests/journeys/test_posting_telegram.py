"""Jobs written on a phone: every field of every marketplace, typed and touched, arrives there as it was meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from botcore.draft import DraftField
from botcore.posting.offers import offers_of
from tests.adapters.telegram.server import Message
from tests.journeys.conftest import until
from tests.journeys.office import Office, open_office
from tests.journeys.postings import EMPTY, EXAMPLE, POSTINGS, Posting, expected, parts_of, untried


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.chdir(tmp_path)
    async with open_office(tmp_path) as office:
        await until(lambda: _all_read(office))
        yield office


@dataclass
class Phone:
    """Ana's, in her own chat with the bot. Counts what she writes and what she touches."""

    office: Office
    written: int = 0
    touched: int = 0

    @property
    def last(self) -> Message:
        return self.office.fake.from_bot(self.office.ana)[-1]

    async def write(self, text: str) -> None:
        self.written += 1
        await self._done(lambda: self.office.fake.says(self.office.ana, self.office.ana, text))

    async def touch(self, label: str) -> None:
        self.touched += 1
        button = next((b for b in self.last.labels if b.strip("⚠️ …").startswith(label)), None)
        assert button is not None, f"no {label} under {self.last.text}: {self.last.labels}"

        async def press() -> None:
            self.office.fake.press(self.office.ana, self.last, button)

        await self._done(press)

    async def fill_in(self, fields: Sequence[DraftField], answers: Mapping[str, str]) -> None:
        """A form of these questions; what has no answer is left as it is. What is wrong is sent all the same."""
        for one in fields:
            if self._is_summary and one.name in answers:
                await self.touch(one.label)
            elif self._is_summary:
                continue
            if one.name in answers:
                await self.write(answers[one.name])
                assert "nothing here is called" not in self.last.text.lower(), self.last.text
            else:
                await self._leave()
        while self._is_summary or self._waits:
            await (self.touch("Go on") if self._is_summary else self._leave())

    async def post(self, posting: Posting) -> None:
        """Writes a job and posts it."""
        provider = self.office.bot.dispatcher.house.accounts[posting.account].provider
        await self.write(f"/job_post account={posting.account}")
        for group, fields in parts_of(provider, posting.answers):
            if group:
                await self.touch("More options")
                await self.touch(group)
            await self.fill_in(fields, posting.answers)
        await self.touch("Post")

    async def _leave(self) -> None:
        ways = [
            way for way in ("Keep", "Skip", "Done", EMPTY) if any(label.startswith(way) for label in self.last.labels)
        ]
        assert ways, f"this must be answered: {self.last.text}: {self.last.labels}"
        await self.touch(ways[0])

    @property
    def _is_summary(self) -> bool:
        return "Go on" in self.last.labels

    @property
    def _waits(self) -> bool:
        return "Cancel" in self.last.labels

    async def _done(self, act: Callable[[], object]) -> None:
        done = act()
        if asyncio.iscoroutine(done):
            await done
        await until(self._handled)

    async def _handled(self) -> bool:
        if self.office.fake.updates.pending:
            return False
        return not await self.office.bot.store.read(
            lambda r: r.value("SELECT count(*) FROM telegram_updates WHERE handled_at IS NULL")
        )


async def posted(office: Office, posting: Posting) -> Mapping[str, object]:
    """What the marketplace got of a job that was confirmed, once it is there."""

    def find() -> Mapping[str, object] | None:
        entries = [e for e in office.sandbox.ledger(posting.account) if e["kind"] == "post_job"]
        found = [e for e in entries if e["title"] == posting.answers["title"]]
        assert len(found) <= 1
        return found[0]["posted"] if found else None

    found: Mapping[str, object] = await until(find)
    return found


async def test_every_field_of_every_marketplace_arrives_as_it_was_typed(office: Office) -> None:
    accounts = office.bot.dispatcher.house.accounts
    for name, account in accounts.items():
        assert untried(name, account.provider) == []
    for posting in POSTINGS:
        phone = Phone(office)
        await phone.post(posting)
        provider = accounts[posting.account].provider
        assert await posted(office, posting) == await expected(posting, provider), posting.name
        stale = [m.text for m in office.fake.from_bot(office.ana) if {"More options", "Back"} & set(m.labels)]
        assert not stale, "a draft's card is not changed in its place"


async def test_the_documents_example_takes_eight_messages_and_two_touches(office: Office) -> None:
    phone = Phone(office)
    await phone.post(EXAMPLE)
    assert await posted(office, EXAMPLE) == EXAMPLE.posted
    assert (phone.written, phone.touched) == (8, 2)


async def _all_read(office: Office) -> bool:
    """Whether the catalogues of all accounts are known."""
    accounts = office.bot.dispatcher.house.accounts
    offers = [await office.bot.store.read(offers_of, name) for name in accounts]
    return all(one.categories and (one.zones or one.countries) and (one.lists or one.teams) for one in offers)

"""The connection is kept without spending what Discord counts, and people are told what only they can mend."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from botcore.adapter import Actor, AdapterTools, ChannelBroken, Dispatch, SendFailed, Traffic
from botcore.clock import ManualClock
from botcore.commands.registry import Command
from botcore.models import Channel
from botcore.store.sqlite import SqliteStore
from botcore.ui import Form
from botcore_discord.adapter import DiscordAdapter
from botcore_discord.schema import discord as tables
from botcore_discord.settings import DiscordSettings
from tests.adapters.discord.limits import Trouble
from tests.adapters.discord.server import TOKEN, FakeDiscord
from tests.adapters.discord.world import ALL, HISTORY, REVIEW, SECOND, SEND
from tests.journeys.conftest import until

CHANNELS = (Channel("review", "discord", REVIEW), Channel("second", "discord", SECOND))


class NoCommands:
    """A bot that can do nothing."""

    async def all_commands(self) -> Sequence[Command]:
        return ()

    async def check_form(self, actor: Actor, form: str, values: Mapping[str, str]) -> Form | None:
        return None


class Line:
    """An adapter, and the Discord at the other end of it."""

    def __init__(self, fake: FakeDiscord, store: SqliteStore, clock: ManualClock) -> None:
        self.fake = fake
        self.clock = clock
        self._store = store
        self.adapter = self.with_settings()
        self.dispatch = cast(Dispatch, NoCommands())
        self.serving: asyncio.Task[None] | None = None

    def with_settings(self, **changed: Any) -> DiscordAdapter:
        settings = {"token": SecretStr(TOKEN), "guild": self.fake.world.guild, "base_url": self.fake.base_url}
        tools = AdapterTools(self._store, self.clock, cast(Any, None), cast(Any, None), "", CHANNELS)
        return DiscordAdapter(DiscordSettings(**{**settings, **changed}), tools)

    async def start(self) -> None:
        await self.patiently(self.adapter.start(self.dispatch))
        self.serving = asyncio.create_task(self.adapter.serve())

    async def patiently(self, work: Coroutine[Any, Any, Any], step: float = 0.2) -> None:
        """The clock goes on while somebody waits."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.sleep(0.002)
            self.clock.advance(step)
        await task

    async def ended(self) -> None:
        assert self.serving is not None
        await self.patiently(asyncio.wait_for(self.serving, 60))


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    store = await SqliteStore.open(tmp_path / "bot.db", [tables])
    clock = ManualClock()
    async with FakeDiscord(lambda: clock.now().timestamp()) as fake:
        line = Line(fake, store, clock)
        yield line
        if line.serving:
            line.serving.cancel()
        await line.adapter.stop()
    await store.close()


async def test_it_asks_for_the_servers_own_events_and_nothing_more(line: Line) -> None:
    await line.start()
    assert line.fake.gateway.intents == 1
    await until(lambda: "ms" in line.adapter.condition())
    assert line.adapter.condition().startswith("connected, ")


async def test_until_it_is_connected_a_channel_waits_as_a_whole_and_not_for_long(line: Line) -> None:
    assert line.adapter.pause(CHANNELS[0], Traffic.DECISION) == 1.0
    await line.start()
    assert line.adapter.pause(CHANNELS[0], Traffic.DECISION) == 0.0


async def test_a_session_that_is_over_is_begun_anew_after_a_pause(line: Line) -> None:
    await line.start()
    gateway = line.fake.gateway
    await gateway.forget()
    await line.patiently(until(lambda: gateway.identified == 2 and gateway.connected))
    first, second = gateway.identified_at
    assert second - first >= 5, "Discord wants so much between two of them"
    assert gateway.resumed == 0


async def test_where_nothing_answers_at_a_sessions_address_there_is_a_new_one(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = line.fake.gateway
    send = gateway._dispatch

    async def dispatch(session: Any, event: str, data: dict[str, Any]) -> None:
        dead = {"resume_gateway_url": "ws://127.0.0.1:9/gateway"} if event == "READY" else {}
        await send(session, event, {**data, **dead})

    monkeypatch.setattr(gateway, "_dispatch", dispatch)
    await line.start()
    await gateway.drop()
    await line.patiently(until(lambda: gateway.identified == 2 and gateway.connected))


async def test_a_gateway_that_always_breaks_costs_few_sessions(line: Line) -> None:
    await line.start()
    gateway = line.fake.gateway
    began = line.clock.ms()

    async def break_it() -> None:
        while line.clock.ms() - began < 3_600_000:
            await asyncio.sleep(0.001)
            line.clock.advance(5)
            if gateway.connected:
                await gateway.forget()

    await break_it()
    assert 5 < gateway.identified < 70, "in an hour; a day has 1000"


async def test_the_last_sessions_of_a_day_are_spread_over_the_rest_of_it(line: Line) -> None:
    await line.start()
    gateway = line.fake.gateway
    gateway.left = 3
    await gateway.forget()
    await line.patiently(until(lambda: "few new sessions" in line.adapter.condition()))
    before = line.clock.ms()
    while not gateway.connected:
        await asyncio.sleep(0.001)
        line.clock.advance(5)
    assert line.clock.ms() - before > 800_000


async def test_a_start_waits_for_a_session_to_be_allowed(line: Line) -> None:
    line.fake.gateway.left = 0
    with pytest.raises(SendFailed) as failed:
        await line.start()
    assert failed.value.retry_after > 3_000
    assert line.fake.gateway.identified == 0


@pytest.mark.parametrize(("code", "words"), [(4004, "token"), (4014, "intents")])
async def test_what_only_a_person_can_mend_ends_it(line: Line, code: int, words: str) -> None:
    line.fake.gateway.close_with = code
    with pytest.raises(ChannelBroken, match=words):
        await line.start()
    line.fake.gateway.close_with = None
    await line.start()
    line.fake.gateway.close_with = code
    await line.fake.gateway.forget()
    with pytest.raises(ChannelBroken, match=words):
        await line.ended()


async def test_a_wrong_token_is_said_without_showing_it(line: Line) -> None:
    line.adapter = line.with_settings(token=SecretStr("MTA.wrong.token"))
    with pytest.raises(ChannelBroken) as failed:
        await line.start()
    error: BaseException | None = failed.value
    while error is not None:
        assert "wrong.token" not in f"{error!r}"
        error = error.__cause__


async def test_a_bot_outside_its_server_says_how_to_invite_it(line: Line) -> None:
    line.fake.world.member_of.clear()
    with pytest.raises(ChannelBroken, match=r"oauth2/authorize\?client_id=900000000000000001"):
        await line.start()
    line.fake.world.member_of.add(line.fake.world.guild)
    await line.start()
    await line.fake.gateway.tell("GUILD_DELETE", {"id": line.fake.world.guild})
    with pytest.raises(ChannelBroken, match="invite"):
        await line.ended()


async def test_an_event_that_cannot_be_read_costs_nothing_but_itself(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    await line.start()
    await line.fake.gateway.tell("INTERACTION_CREATE", {"id": "1"})
    await until(lambda: "cannot be read" in caplog.text)
    assert line.fake.gateway.connected
    assert line.adapter.condition().startswith("connected")


def test_the_library_is_not_imported_where_the_config_has_no_discord() -> None:
    script = "from botcore.host import Host; h = Host(); h.load(); h.adapters(); h.migrations(); import sys; "
    answer = subprocess.run(
        [sys.executable, "-c", script + "print('discord' in h.adapters(), 'discord' in sys.modules); h.close()"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["True", "False"]


async def test_nobody_at_home_is_tried_again_later(line: Line) -> None:
    await line.fake.stop()
    with pytest.raises(SendFailed, match="cannot be reached"):
        await line.start()


async def test_commands_are_told_when_they_change_and_when_somebody_asks(line: Line) -> None:
    for _ in range(2):
        await line.adapter.stop()
        await line.start()
        await until(lambda: "commands" not in line.adapter.condition())
    assert line.fake.world.overwrites == 1
    assert "0 commands" in await line.adapter.sync(line.dispatch)
    assert line.fake.world.overwrites == 2


COMMANDS = "/applications/.*/commands"


async def test_commands_that_are_not_allowed_say_how_to_allow_them_and_keep_nothing_else(line: Line) -> None:
    line.fake.fault(Trouble.FORBIDDEN, "PUT", COMMANDS, times=2)
    with pytest.raises(ChannelBroken, match=r"applications\.commands"):
        await line.adapter.sync(line.dispatch)
    await line.start()
    assert line.fake.gateway.connected
    await until(lambda: "applications.commands" in line.adapter.condition())
    await line.patiently(until(lambda: line.fake.world.overwrites == 1), step=5)
    await until(lambda: "commands" not in line.adapter.condition())


async def test_commands_that_discord_does_not_take_keep_nothing_else(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    line.fake.fault(Trouble.REFUSED, "PUT", COMMANDS)
    await line.start()
    assert line.fake.gateway.connected
    await until(lambda: "does not take the commands: " in line.adapter.condition())
    assert "does not take the commands: " in caplog.text
    await line.patiently(until(lambda: line.fake.world.overwrites == 1), step=5)


async def test_commands_that_have_to_wait_for_hours_keep_nothing_else(line: Line) -> None:
    line.fake.fault(Trouble.PAUSE, "PUT", COMMANDS, seconds=40_000.0)
    await line.start()
    assert line.fake.gateway.connected
    assert "not told yet" in line.adapter.condition()


# --- check


async def test_check_says_that_all_is_well_and_how_to_invite(line: Line) -> None:
    found = await line.adapter.check()
    assert all(finding.ok for finding in found)
    text = "\n".join(finding.text for finding in found)
    assert f"permissions={ALL}&" in text
    assert "scope=bot+applications.commands" in text
    assert f"guild_id={line.fake.world.guild}" in text
    assert "channel review: #review has View Channel, Send Messages, Attach Files, Read Message History" in text
    assert line.fake.gateway.identified == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda w: w.denied.update({REVIEW: HISTORY}), "channel review: #review lacks Read Message History"),
        (lambda w: w.denied.update({SECOND: SEND}), "channel second: #second lacks Send Messages"),
        (lambda w: w.denied.update({REVIEW: ALL}), "channel review: it cannot be seen"),
        (lambda w: w.threads.update({REVIEW: SECOND}), "channel review: #review lacks Send Messages in Threads"),
        (lambda w: w.channels.pop(SECOND), "channel second: there is no channel"),
        (lambda w: w.member_of.clear(), "it is not in server"),
    ],
    ids=["history", "send", "view", "thread", "gone", "server"],
)
async def test_check_names_what_is_missing(line: Line, spoil: Callable[[Any], object], words: str) -> None:
    spoil(line.fake.world)
    wrong = [finding.text for finding in await line.adapter.check() if not finding.ok]
    assert len(wrong) == 1
    assert wrong[0].startswith(words)


async def test_check_tells_of_a_clock_that_is_wrong(line: Line) -> None:
    now = line.clock.now().timestamp()
    line.fake.world.now = lambda: now + 300
    (wrong,) = [finding for finding in await line.adapter.check() if not finding.ok]
    assert "clock is 300 s off" in wrong.text


async def test_check_tells_a_wrong_token(line: Line) -> None:
    (wrong,) = await line.with_settings(token=SecretStr("MTA.wrong.token")).check()
    assert not wrong.ok
    assert "make a new one" in wrong.text

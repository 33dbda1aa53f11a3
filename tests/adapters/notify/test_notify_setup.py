"""Channels of notices in the config, and what `botcore check` says of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from botcore.adapter import Traffic
from botcore.app import Bot
from botcore.assembly import check_plugins
from botcore.check import check
from botcore.config import Config, ConfigError, load_config
from botcore.control import Door
from botcore.host import Host
from botcore.models import Channel
from tests.adapters.notify.conftest import Office
from tests.core.market import Market
from tests.core.rig import until
from tests.core.test_control import ScriptedPlugin

KEY = "T0KENTOKENTOKEN"
HEAD = """
[bot]
database = "bot.db"
listen = "127.0.0.1:0"
[accounts.main]
provider = "scripted"
[adapters.web]
[adapters.notify]
[[channels]]
name = "review"
adapter = "web"
to = "inbox"
"""

Captured = pytest.CaptureFixture[str]


@dataclass
class Desk:
    """A folder with a config."""

    folder: Path

    def config(self, *channels: str, env: Mapping[str, str] | None = None) -> Config:
        """Each of `channels` is the lines of one beyond its name."""
        named = [f'[[channels]]\nname = "c{number}"\n{lines}\n' for number, lines in enumerate(channels)]
        path = self.folder / "config.toml"
        path.write_text(HEAD + "".join(named))
        return load_config(path, env or {})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def notices(to: str, more: str = 'purpose = "notify"') -> str:
    return f'adapter = "notify"\nto = {to}\n{more}'


def host() -> Host:
    host = Host()
    host.load()
    host.register("scripted", ScriptedPlugin(Market()))
    return host


# --- the config


def test_a_place_may_come_from_the_environment_or_a_file_and_is_a_secret(desk: Desk) -> None:
    (desk.folder / "ntfy.txt").write_text(f"ntfys://us3rus3rus3r:{KEY}@ntfy.example.com/topic\n")
    config = desk.config(
        notices('{ env = "SLACK_URL" }'),
        notices('{ file = "ntfy.txt" }'),
        notices(f'"json://127.0.0.1:9/{KEY}"'),
        'adapter = "web"\nto = { env = "PLACE" }',
        env={"SLACK_URL": f"slack://T1JJ3T3L2/A1BRTD4JD/{KEY}", "PLACE": "the-inner-room"},
    )
    review, slack, ntfy, json, place = config.channels
    assert slack.to == f"slack://T1JJ3T3L2/A1BRTD4JD/{KEY}"
    assert [c.shown for c in (review, slack, ntfy, json, place)] == ["inbox", "slack://…", "ntfys://…", "json://…", "…"]
    assert {slack.to, ntfy.to, json.to, KEY, "us3rus3rus3r", "T1JJ3T3L2", "the-inner-room"} <= config.secrets
    assert not {"inbox", "ntfy.example.com", "127.0.0.1:9"} & config.secrets
    assert KEY not in repr(config)
    assert "the-inner-room" not in repr(config.channels)


def test_a_place_that_is_not_there_is_one_problem(desk: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        desk.config(notices('{ env = "SLACK_URL" }'))
    assert caught.value.lines == ["channels[1].to: the environment variable SLACK_URL is not set, or empty"]


@pytest.mark.parametrize("more", ["", 'purpose = "review"'])
def test_cards_to_decide_on_cannot_go_there(desk: Desk, more: str) -> None:
    config = desk.config(notices('"json://localhost"', more))
    loaded = host()
    with pytest.raises(ConfigError) as caught:
        check_plugins(config, loaded)
    loaded.close()
    assert caught.value.lines == ['channels[1].purpose: must be "notify" for notify']


def test_apprise_is_not_imported_where_the_config_has_no_notices(tmp_path: Path) -> None:
    keys = 'provider = "sproutgigs"\nuser_id = "1"\napi_secret = "s"\nbase_url = "http://127.0.0.1:9/api/"'
    config = HEAD.replace("[adapters.notify]", "").replace('provider = "scripted"', keys)
    (tmp_path / "config.toml").write_text(config)
    script = """
import asyncio, sys
from pathlib import Path
from botcore.adapter import Traffic
from botcore.app import Bot
from botcore.config import load_config
from botcore.host import Host

async def main():
    host = Host()
    host.load()
    bot = await Bot.open(load_config(Path("config.toml")), host)
    await bot.start()
    print("notify" in host.adapters(), "apprise" in sys.modules)
    await bot.stop()

asyncio.run(main())
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False"]


# --- check


async def checked(config: Config, capsys: Captured, *, send: bool = False) -> tuple[int, Sequence[str]]:
    code = await check(config, host(), send=send)
    out = capsys.readouterr().out
    assert KEY not in out
    return code, [line for line in out.splitlines() if "channel" in line]


async def test_check_has_a_line_for_each_url_and_shows_none(desk: Desk, capsys: Captured) -> None:
    config = desk.config(
        notices(f'"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#{KEY}"'),
        notices(f'"slack://{KEY}"'),
        notices(f'"nosuch://{KEY}"'),
        notices('{ env = "PLACE" }'),
        env={"PLACE": KEY},
    )
    code, lines = await checked(config, capsys)
    assert code == 1
    assert "ok      adapter notify: channel c0: Slack" in lines
    told = {line.partition("channel ")[2] for line in lines if line.startswith("FAILED")}
    assert {line.partition(":")[0] for line in told} == {"c1", "c2", "c3"}
    assert any("the slack:// URL is not complete" in line for line in told)
    assert any("nosuch:// is no service that Apprise knows" in line for line in told)
    assert any("is no URL of Apprise's" in line for line in told)
    assert {"ok      channel c0: notify, slack://…", "ok      channel c3: notify, …"} <= set(lines)


@pytest.mark.parametrize("running", [False, True])
async def test_check_sends_a_test_to_every_channel_of_notices_of_every_messenger(
    desk: Desk, office: Office, capsys: Captured, running: bool
) -> None:
    config = desk.config(
        notices(f'"{office.hook.url("ops")}"'),
        notices(f'"{office.hook.url("wrong")}"'),
        notices(f'"{office.mail.url("ana@example.com")}"'),
        'adapter = "web"\nto = "news"\npurpose = "notify"',
    )
    office.hook.answers["wrong"] = 404
    bot = door = None
    if running:
        bot = await Bot.open(config, host())
        await bot.start()
        door = Door(bot)
        await door.open()
        notify, channel = bot.adapters["notify"], config.channels[1]
        await until(lambda: not notify.pause(channel, Traffic.NEW))
    code, lines = await checked(config, capsys, send=True)
    if bot and door:
        await door.close()
        await bot.stop()
    assert code == 1
    assert [path for path, _ in office.hook.got] == ["ops", "wrong"]
    assert office.hook.got[0][1]["title"] == "A test of botcore"
    (mail,) = office.mail.mails
    assert mail["subject"] == "A test of botcore"
    told = [line for line in lines if "test" in line]
    assert sorted(told) == [
        "FAILED  channel c1: the test did not go through: JSON refuses it (HTTP 404): is its URL right?",
        "ok      channel c0: a test was sent; look whether it is there",
        "ok      channel c2: a test was sent; look whether it is there",
        "ok      channel c3: a test was sent; look whether it is there",
    ]


async def test_where_there_is_no_channel_of_notices_no_test_can_be_sent(desk: Desk, capsys: Captured) -> None:
    code, lines = await checked(desk.config(), capsys, send=True)
    assert code == 1
    assert 'FAILED  no channel of purpose "notify": there is nowhere to send a test to' in lines


def test_a_channel_is_shown_without_what_is_secret_in_it() -> None:
    assert Channel("a", "notify", "slack://a/b", secret=True).shown == "slack://…"
    assert Channel("a", "web", "hidden", secret=True).shown == "…"
    assert Channel("a", "web", "inbox").shown == "inbox"

"""The settings, and the page that explains them."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from botcore.assembly import check_plugins
from botcore.config import ConfigError, load_config
from botcore.host import Host
from botcore.models import Role
from botcore_telegram.settings import TelegramSettings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "telegram.md").read_text()
TOKEN = "123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
BASE = f'[adapters.telegram]\ntoken = "{TOKEN}"\n'
CHANNEL = '[[channels]]\nname = "review"\nadapter = "telegram"\nto = -1001\n'


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "config.toml"
    path.write_text(text)
    host = Host()
    host.load()
    try:
        check_plugins(load_config(path), host)
    except ConfigError as error:
        return error.lines
    finally:
        host.close()
    return []


@pytest.mark.parametrize("more", ["", 'mode = "webhook"', 'trust_admins_as = "reviewer"', "[people.ana]\nrole='owner'"])
def test_settings_that_are_right_are_taken(tmp_path: Path, more: str) -> None:
    assert problems(tmp_path, f"{BASE}{more}\n{CHANNEL}topic = 5") == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (BASE + "mode = 'both'", "adapters.telegram.mode: "),
        (BASE + "trust_admins_as = 'admin'", "adapters.telegram.trust_admins_as: "),
        (BASE + "base_url = 'http://example.com/bot'", "adapters.telegram.base_url: must be an https address"),
        (BASE + "tokn = 'x'", "adapters.telegram.tokn: unknown key"),
        ("[adapters.telegram]\ntoken = 'abc'", "adapters.telegram.token: must be a token as @BotFather gives it"),
        (BASE + CHANNEL + "topics = 5", "channels[0].topics: unknown key"),
        (BASE + CHANNEL + "topic = 'five'", "channels[0].topic: "),
    ],
)
def test_settings_that_are_wrong_are_told_with_their_place(tmp_path: Path, text: str, at: str) -> None:
    (line,) = problems(tmp_path, text)
    assert line.startswith(at)
    assert TOKEN not in line


def test_the_token_is_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(BASE)
    config = load_config(path)
    settings = config.adapter_settings("telegram", TelegramSettings)
    assert config.secrets == {TOKEN}
    assert TOKEN not in f"{settings} {settings!r} {config}"


def test_every_setting_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) == set(TelegramSettings.model_fields)


def test_the_pages_settings_load_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    blocks = re.findall(r"^ *```toml\n(.*?)^ *```$", PAGE, re.DOTALL | re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text("\n".join(textwrap.dedent(block) for block in blocks))
    assert problems(tmp_path, path.read_text()) == []
    config = load_config(path)
    assert [(person.name, person.role) for person in config.people] == [("ana", Role.OWNER)]
    assert [channel.to for channel in config.channels] == ["-1001234567890"]


def test_links_on_the_page_lead_somewhere() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings

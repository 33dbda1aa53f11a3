"""The docs say what is there: hooks, commands, subcommands, make targets, and settings that load."""

from __future__ import annotations

import inspect
import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from botcore import hookspecs
from botcore.cli import main
from botcore.commands.core import core_commands
from botcore.config import load_config
from botcore.control import EXIT
from botcore.host import Host
from botcore.metrics import Metrics
from botcore.notices.kinds import KINDS, Audience, Event
from botcore.supervisor import PartState
from botcore.ui import Result

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PLUGINS = (ROOT / "docs" / "plugins.md").read_text()
OPERATING = (ROOT / "docs" / "operating.md").read_text()
MARKETPLACES = (ROOT / "docs" / "marketplaces.md").read_text()
DISCORD = (ROOT / "docs" / "discord.md").read_text()
NOTIFICATIONS = (ROOT / "docs" / "notifications.md").read_text()
TELEGRAM = (ROOT / "docs" / "telegram.md").read_text()
PAGES = {
    "README.md": README,
    "docs/plugins.md": PLUGINS,
    "docs/operating.md": OPERATING,
    "docs/marketplaces.md": MARKETPLACES,
    "docs/discord.md": DISCORD,
    "docs/telegram.md": TELEGRAM,
    "docs/notifications.md": NOTIFICATIONS,
}


def all_commands() -> list[str]:
    """The names of the core's commands, and of those of the plugins that come with it."""
    host = Host()
    host.load()
    names = [command.name for command in (*core_commands(["web"]), *host.commands())]
    host.close()
    return names


COMMANDS = all_commands()
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "botcore_spec")}


def code(page: str, language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_arguments(name: str) -> None:
    arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
    assert f"| `{name}({arguments})` |" in PLUGINS


def test_no_hook_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `([a-z_]+)\(", PLUGINS, re.MULTILINE)) == set(HOOKS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `")]
    assert any(re.search(rf"`{name}[ `]", row) for row in rows)


def test_the_readme_names_no_command_that_is_not_there() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `")]
    for usage in re.findall(r"`([^`]+)`", " ".join(rows)):
        assert any(usage == name or usage.startswith(f"{name} ") for name in COMMANDS), usage


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_the_docs_name_are_there(page: str) -> None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    named = [" ".join(words.split()[:2]) for words in re.findall(r"`([a-z]+ [a-z][^`\n]*)`", PAGES[page])]
    for words in named:
        assert words.split()[0] not in groups or words in COMMANDS, words


@pytest.mark.parametrize("event", Event)
def test_every_event_is_documented_with_its_level_and_who_hears_of_it(event: Event) -> None:
    kind = KINDS[event]
    level = "rising" if event is Event.DEADLINE else kind.level
    marks = " | ".join("yes" if audience in kind.audiences else "" for audience in Audience)
    assert f"| `{event}` | {level} | {marks} |".replace("  ", " ") in NOTIFICATIONS.replace("  ", " ")


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_that_the_docs_name_are_in_the_makefile(page: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z]+)", PAGES[page], re.MULTILINE)
    assert set(named) <= set(targets)
    assert page != "README.md" or {"demo", "test"} <= set(named)


@pytest.mark.parametrize("page", PAGES)
def test_subcommands_that_the_docs_name_are_there(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("    ")}
    lines = [*re.findall(r"`([^`\n]+)`", PAGES[page]), *"\n".join(code(PAGES[page], "sh")).splitlines()]
    named = {found[1] for line in lines if (found := re.match(r"(?:\S*/|sudo .* )?botcore ([a-z]+)", line))}
    assert named
    assert named <= listed


def test_the_readmes_settings_load_as_they_stand(tmp_path: Path) -> None:
    (settings,) = code(README, "toml")
    (tmp_path / "config.toml").write_text(settings)
    config = load_config(tmp_path / "config.toml")
    assert list(config.accounts) == ["main"]
    assert [person.name for person in config.people] == ["ana"]


def test_the_readmes_settings_are_those_of_the_example() -> None:
    example = [line.partition("#")[0].strip() for line in (ROOT / "config.example.toml").read_text().splitlines()]
    (settings,) = code(README, "toml")
    assert [line for line in settings.splitlines() if line and line not in example] == []


def test_the_settings_behind_a_proxy_load_as_they_stand(tmp_path: Path) -> None:
    (settings,) = code(OPERATING, "toml")
    (tmp_path / "config.toml").write_text(settings)
    assert load_config(tmp_path / "config.toml").bot.public_url == "https://bot.example.com"


def test_the_settings_for_discord_load_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("\n".join([*code(DISCORD, "toml"), "[adapters.web]"]))
    config = load_config(tmp_path / "config.toml", {"DISCORD_TOKEN": "t"})
    assert [channel.adapter for channel in config.channels] == ["discord"]
    assert [grant.theirs for grant in config.roles] == ["YOUR-ROLE-ID"]


def test_links_lead_somewhere() -> None:
    for page, text in PAGES.items():
        here = (ROOT / page).parent
        for target in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            if path.startswith("https://"):
                continue
            assert not path or path == "docs/screenshot.png" or (here / path).exists(), target
            headings = [
                re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)
            ]
            assert not anchor or path or anchor in headings, target


def test_every_metric_is_documented() -> None:
    exposed = Metrics().render({})
    for name in re.findall(r"^# HELP (\w+)", exposed.decode(), re.MULTILINE):
        assert f"`{name}{{" in OPERATING


def test_every_state_and_exit_code_is_documented() -> None:
    for state in PartState:
        assert f"| {state} |" in OPERATING
    for result in Result:
        assert f"| {EXIT[result]} |" in OPERATING


def test_a_guide_of_several_modules_names_them_for_setuptools() -> None:
    """It would not guess which of them to install."""
    modules = re.findall(r"^# (botcore_pennies\w*)\.py$", PLUGINS, re.MULTILINE)
    (settings,) = [tomllib.loads(block) for block in code(PLUGINS, "toml") if 'name = "botcore-pennies"' in block]
    assert sorted(settings["tool"]["setuptools"]["py-modules"]) == sorted(modules)
    assert len(modules) == 2

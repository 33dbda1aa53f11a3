"""config.toml -> settings: what loads, and what is told to a person when it does not."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from botcore.config import SECTIONS, Config, ConfigError, NoOptions, load_config
from botcore.models import Channel, Role, RoleGrant, Satisfaction, Verdict
from botcore.notices.settings import NoticeSettings
from botcore.secrets import secrets_in
from botcore.settings import BotSettings, ChannelSection, Limits, PersonSection, Reason, ServerSettings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


class Market(BaseModel):
    """What a provider's settings look like."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: str | int
    api_secret: SecretStr
    base_url: str = "https://market.example/api/"
    interval: float = 1.0


def load(folder: Path, text: str, env: Mapping[str, str] | None = None) -> Config:
    path = folder / "config.toml"
    path.write_text(text)
    return load_config(path, env or {})


def problems(folder: Path, text: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, env)
    assert all("\n" not in line for line in caught.value.lines)
    return caught.value.lines


def test_an_empty_file_is_a_config_with_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config.bot.database == tmp_path / "botcore.db"
    assert (config.bot.host, config.bot.port, config.bot.public_url) == ("127.0.0.1", 8080, "")
    assert (config.bot.undo_seconds, config.bot.poll_seconds, config.bot.doubt_seconds) == (20, 60, 60)
    assert (config.server.page, config.server.webhooks, config.server.metrics) == (True, True, True)
    assert (config.limits.max_bonus, config.limits.daily_spend) == (None, None)
    assert (config.accounts, config.adapters, config.channels, config.people) == ({}, {}, (), ())
    assert config.zone().key == "UTC"
    assert {reason.verdict for reason in config.reasons} == {Verdict.REJECT, Verdict.REVISE}


def test_every_section_arrives_typed(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [bot]
        database = "data/bot.db"
        listen = "[::1]:0"
        undo_seconds = 0.5
        timezone = "Europe/Madrid"
        [server]
        metrics = false
        [accounts.main]
        provider = "market"
        user_id = 7
        api_secret = "hush"
        [adapters.web]
        [adapters.telegram]
        token = { env = "TOKEN" }
        [[channels]]
        name = "review"
        adapter = "telegram"
        to = -1001
        accounts = ["main"]
        topic = 3
        [people.ana]
        role = "owner"
        web = true
        telegram = 111
        discord = "222"
        [people.bob]
        role = "viewer"
        web = false
        [limits]
        max_bonus = 0.10
        daily_spend = 50
        [[reasons]]
        verdict = "reject"
        label = "Copied"
        text = "Seen before."
        satisfaction = "dupe"
        """,
        {"TOKEN": "12:abc"},
    )
    assert config.bot.database == tmp_path / "data/bot.db"
    assert (config.bot.host, config.bot.port, config.bot.undo_seconds) == ("::1", 0, 0.5)
    assert config.accounts["main"].provider == "market"
    assert config.adapters["telegram"] == {"token": "12:abc"}
    assert config.channels == (Channel("review", "telegram", "-1001", "review", ("main",), {"topic": 3}),)
    ana, bob = config.people
    assert (ana.name, ana.role, ana.from_config) == ("ana", Role.OWNER, True)
    assert ana.identities == {"web": "ana", "telegram": "111", "discord": "222"}
    assert bob.identities == {}
    assert config.limits.max_bonus == Decimal("0.10")
    assert config.limits.daily_spend == Decimal(50)
    assert [(r.label, r.satisfaction) for r in config.reasons] == [("Copied", Satisfaction.DUPE)]


def test_money_is_read_without_passing_through_a_float(tmp_path: Path) -> None:
    limits = load(tmp_path, "[limits]\nmax_bonus = 0.1234567890123456789").limits
    assert limits.max_bonus == Decimal("0.1234567890123456789")


def test_a_reject_reason_without_satisfaction_means_incorrect(tmp_path: Path) -> None:
    text = '[[reasons]]\nverdict = "{}"\nlabel = "x"\ntext = "y"\n'
    config = load(tmp_path, text.format("reject") + text.format("revise"))
    assert [reason.satisfaction for reason in config.reasons] == [Satisfaction.INCORRECT, None]


def test_all_problems_are_told_at_once_in_one_line_each(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        """
        [bot]
        undo_secnds = 5
        poll_seconds = "60"
        timezone = "Asia/Tokio"
        [limts]
        [accounts.main]
        api_secret = { env = "NO_SUCH" }
        [[channels]]
        name = "review"
        adapter = "webb"
        to = "inbox"
        [people.ana]
        role = "boss"
        """,
    )
    bot_keys = ", ".join(sorted(BotSettings.model_fields))
    assert lines == [
        f"limts: unknown key; allowed: {', '.join(sorted(SECTIONS))} (did you mean limits?)",
        f"bot.undo_secnds: unknown key; allowed: {bot_keys} (did you mean undo_seconds?)",
        "bot.poll_seconds: must be a number, without quotes",
        "bot.timezone: must be a time zone's name, such as Europe/Madrid or UTC (did you mean Asia/Tokyo?)",
        "accounts.main.api_secret: the environment variable NO_SUCH is not set, or empty",
        'accounts.main.provider: is required: a marketplace plugin, such as "sproutgigs"',
        "channels[0].adapter: there is no adapter webb; add [adapters.webb]",
        "people.ana.role: must be 'owner', 'manager', 'reviewer' or 'viewer'",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("bot = 3", "bot: must be a table, [bot]"),
        ("accounts = 3", "accounts: must hold tables, such as [accounts.NAME]"),
        ("[accounts]\nmain = 3", "accounts.main: must be a table, [accounts.main]"),
        ("[channels]\nname = 'x'", "channels: must be written with two brackets, [[channels]]"),
        ('[people."Ana B"]\nrole = "owner"', 'people."Ana B": a name must be 1 to 32 of a-z, 0-9, _ and -'),
        ("[bot]\ndatabase = 3", 'bot.database: must be a path in quotes, such as "botcore.db"'),
        ("[bot]\nundo_seconds = true", "bot.undo_seconds: must be a number, without quotes"),
        ("[bot]\nundo_seconds = -1", "bot.undo_seconds: must be greater than or equal to 0"),
        ("[bot]\npoll_seconds = 0", "bot.poll_seconds: must be greater than 0"),
        ("[bot]\npoll_seconds = inf", "bot.poll_seconds: must be a finite number"),
        ("[bot]\ntimezone = '../etc/passwd'", "bot.timezone: must be a time zone's name"),
        ("[bot]\nlisten = '8080'", "bot.listen: must be host:port, such as 127.0.0.1:8080"),
        ("[bot]\nlisten = '127.0.0.1:70000'", "bot.listen: must be host:port"),
        ("[bot]\nlisten = '::1:8080'", "bot.listen: must be host:port"),
        ("[bot]\nlisten = '0.0.0.0:80'", "bot.listen: must be on loopback, such as 127.0.0.1:8080, unless"),
        ("[bot]\nlisten = 'box.example:80'", "bot.listen: must be on loopback"),
        ("[bot]\npublic_url = 'http://bot.example'", "bot.public_url: must be an https address"),
        ("[bot]\npublic_url = 'https://u:p@bot.example'", "bot.public_url: must be an https address"),
        ("[bot]\npublic_url = 'https://[bot'", "bot.public_url: must be an https address"),
        ("[server]\npage = 'yes'", "server.page: must be true or false"),
        ("[limits]\nmax_bonus = '1.00'", "limits.max_bonus: must be a number, without quotes"),
        ("[limits]\nmax_bonus = -0.01", "limits.max_bonus: must be greater than or equal to 0"),
        ("[limits]\ndaily_spend = nan", "limits.daily_spend: must be a finite number"),
        ("[limits]\nbulk_reject_share = 1.01", "limits.bulk_reject_share: must be less than or equal to 1"),
        ("[people.ana]\nweb = true", "people.ana.role: is required"),
        ("[people.ana]\nrole = 'owner'\ntelegram = true", "people.ana.telegram: must be an id"),
        ("[people.ana]\nrole = 'owner'\nweb = ''", "people.ana.web: must be an id"),
        ("[reasons.a]\nlabel = 'x'", "reasons: must be written with two brackets, [[reasons]]"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, text: str, line: str) -> None:
    (said,) = problems(tmp_path, text)
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ('verdict = "maybe"', "reasons[0].verdict: must be 'approve', 'revise' or 'reject'"),
        (
            'verdict = "reject"\nsatisfaction = "good"',
            "reasons[0].satisfaction: must be incorrect, spam, dupe where the verdict is reject",
        ),
        (
            'verdict = "revise"\nsatisfaction = "spam"',
            "reasons[0].satisfaction: must be left out where the verdict is revise",
        ),
        (
            'verdict = "approve"\nsatisfaction = "spam"',
            "reasons[0].satisfaction: must be excellent, good, ok where the verdict is approve",
        ),
    ],
)
def test_a_reason_fits_its_verdict(tmp_path: Path, reason: str, line: str) -> None:
    assert problems(tmp_path, f'[[reasons]]\nlabel = "x"\ntext = "y"\n{reason}') == [line]


def test_two_reasons_that_look_alike_are_refused(tmp_path: Path) -> None:
    reason = '[[reasons]]\nverdict = "revise"\nlabel = "Again"\ntext = "y"\n'
    (line,) = problems(tmp_path, reason * 2)
    assert line.startswith("reasons[1].label: is the same as that of reasons[0]")


CHANNEL = '[adapters.web]\n[[channels]]\nname = "review"\nadapter = "web"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (CHANNEL, "channels[0].to: is required"),
        (CHANNEL + "to = true", "channels[0].to: must be an id: text in quotes, or a whole number"),
        (CHANNEL + "to = 1\npurpose = 'fun'", "channels[0].purpose: must be 'review' or 'notify'"),
        (CHANNEL + "to = 1\naccounts = 'main'", "channels[0].accounts: must be a list in square brackets"),
        (CHANNEL + "to = 1\naccounts = []", "channels[0].accounts: must name an account"),
        (
            CHANNEL + "to = 1\naccounts = ['main']",
            "channels[0].accounts[0]: there is no account main; add [accounts.main]",
        ),
        (
            CHANNEL + "to = 1\npurpos = 'notify'",
            "channels[0].purpos: unknown key; allowed: accounts, adapter, audience, digest, events, ",
        ),
        (
            CHANNEL + "to = 1\n" + CHANNEL.partition("\n")[2] + "to = 2",
            "channels[1].name: review is already the name of channels[0]",
        ),
    ],
)
def test_a_channel_that_cannot_work_is_refused(tmp_path: Path, text: str, line: str) -> None:
    (said,) = problems(tmp_path, text)
    assert said.startswith(line)


def test_a_channel_may_name_an_account_that_has_problems_of_its_own(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, CHANNEL + "to = 1\naccounts = ['main']\n[accounts.main]\nuser_id = 1")
    assert said.startswith("accounts.main.provider: is required")


def test_two_people_cannot_share_an_identity(tmp_path: Path) -> None:
    text = '[people.ana]\nrole = "owner"\ntelegram = 111\n[people.bob]\nrole = "viewer"\ntelegram = "111"'
    assert problems(tmp_path, text) == ["people.bob.telegram: 111 is already the id of ana"]


def test_a_misspelled_adapter_of_a_person_is_refused(tmp_path: Path) -> None:
    text = "[adapters.telegram]\n[people.ana]\nrole = 'owner'\ntelegrm = 111"
    assert problems(tmp_path, text) == [
        "people.ana.telegrm: unknown key; allowed: role, telegram, web (did you mean telegram?)"
    ]


def test_a_role_of_a_messenger_gives_one_of_ours(tmp_path: Path) -> None:
    text = "[adapters.discord]\n[[roles]]\nadapter = 'discord'\ndiscord_role = 333\nrole = 'reviewer'"
    assert load(tmp_path, text).roles == (RoleGrant("discord", "333", Role.REVIEWER),)


def test_a_role_that_cannot_be_given_is_refused(tmp_path: Path) -> None:
    text = "[adapters.discord]\n[[roles]]\nadapter = 'discord'\ndiscord_rule = 333\nrole = 'reviewer'"
    unknown, missing = problems(tmp_path, text)
    assert unknown.startswith("roles[0].discord_rule: unknown key")
    assert missing.startswith("roles[0].discord_role: must be an id")


def test_an_https_public_url_allows_other_addresses(tmp_path: Path) -> None:
    bot = load(tmp_path, "[bot]\nlisten = '0.0.0.0:80'\npublic_url = 'https://bot.example/'").bot
    assert (bot.host, bot.public_url) == ("0.0.0.0", "https://bot.example")


def test_public_url_may_be_http_on_loopback(tmp_path: Path) -> None:
    assert load(tmp_path, "[bot]\npublic_url = 'http://localhost:9000'").bot.public_url == "http://localhost:9000"


ACCOUNT = '[accounts.main]\nprovider = "market"\nuser_id = "7"\n'


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from a file\n")
    text = ACCOUNT + "api_secret = { env = 'KEY' }\n[accounts.main.more]\nkeys = [{ file = 'key.txt' }]"
    config = load(tmp_path, text, {"KEY": "from outside"})
    assert config.accounts["main"].values == {
        "user_id": "7",
        "api_secret": "from outside",
        "more": {"keys": ["from a file"]},
    }
    assert config.secrets == {"from outside", "from a file"}


def test_a_secret_written_into_the_config_is_known_as_one(tmp_path: Path) -> None:
    config = load(tmp_path, ACCOUNT + 'api_secret = "hush"\nbase_url = "http://127.0.0.1:1/"')
    assert config.secrets == {"hush"}


def test_no_secret_shows_when_a_config_is_printed(tmp_path: Path) -> None:
    config = load(tmp_path, ACCOUNT + 'api_secret = "hush"\n[adapters.chat]\ntoken = "psst"')
    assert "hush" not in repr(config)
    assert "psst" not in repr(config)


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ("{ env = 'GONE' }", "the environment variable GONE is not set, or empty"),
        ("{ env = 'EMPTY' }", "the environment variable EMPTY is not set, or empty"),
        ("{ env = 3 }", "env must name an environment variable"),
        ("{ env = 'A', file = 'b' }", "give either env or file, not both"),
        ("{ file = 'gone.txt' }", "the file {folder}/gone.txt cannot be read: No such file or directory"),
        ("{ file = '.' }", "the file {folder} cannot be read: Is a directory"),
        ("{ file = 'binary' }", "the file {folder}/binary is not text in UTF-8"),
        ("{ file = 'blank' }", "the file {folder}/blank is empty"),
        ("{ file = [] }", "file must be the path of a file"),
    ],
)
def test_a_secret_that_is_not_there_is_named(tmp_path: Path, reference: str, line: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "blank").write_text("\n")
    (said,) = problems(tmp_path, ACCOUNT + f"api_secret = {reference}", {"EMPTY": ""})
    assert said.startswith(f"accounts.main.api_secret: {line.format(folder=tmp_path)}")


def test_a_reference_is_not_followed_where_no_secret_belongs(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[bot]\nlisten = { env = 'LISTEN' }", {"LISTEN": "127.0.0.1:1"})
    assert line == "bot.listen: must be text in quotes"


def test_a_plugin_gets_its_own_keys_checked(tmp_path: Path) -> None:
    config = load(tmp_path, ACCOUNT + 'api_secret = "hush"\ninterval = 0.25')
    settings = config.account_settings("main", Market)
    assert (settings.user_id, settings.interval, settings.base_url) == (
        "7",
        0.25,
        "https://market.example/api/",
    )
    assert secrets_in(settings) == {"hush"}


def test_what_a_plugin_does_not_know_is_refused_in_the_same_words(tmp_path: Path) -> None:
    config = load(tmp_path, "[accounts.main]\nprovider = 'market'\nuser_idd = 7\ninterval = 'slow'\nuser_id = []")
    with pytest.raises(ConfigError) as caught:
        config.account_settings("main", Market)
    allowed = "api_secret, base_url, interval, user_id"
    assert caught.value.lines == [
        f"accounts.main.user_idd: unknown key; allowed: {allowed} (did you mean user_id?)",
        "accounts.main.user_id: must be text in quotes or must be a valid integer",
        "accounts.main.api_secret: is required",
        "accounts.main.interval: must be a valid number, unable to parse string as a number",
    ]


def test_a_wrong_secret_is_not_repeated_in_the_error(tmp_path: Path) -> None:
    class Pin(BaseModel):
        token: int

    config = load(tmp_path, "[adapters.chat]\ntoken = 'hush-hush'")
    with pytest.raises(ConfigError) as caught:
        config.adapter_settings("chat", Pin)
    assert caught.value.lines[0].startswith("adapters.chat.token: must be a valid integer")
    assert "hush" not in str(caught.value)


def test_unknown_keys_of_nested_settings_name_their_own_neighbours(tmp_path: Path) -> None:
    class Inner(BaseModel):
        model_config = ConfigDict(extra="forbid")
        colour: str = ""

    class Outer(BaseModel):
        inner: list[Inner] = []

    config = load(tmp_path, "[adapters.chat]\ninner = [{ colour = 'red' }, { color = 'red' }]")
    with pytest.raises(ConfigError) as caught:
        config.adapter_settings("chat", Outer)
    assert caught.value.lines == ["adapters.chat.inner[1].color: unknown key; allowed: colour (did you mean colour?)"]


def test_a_channels_further_keys_are_its_adapters_to_judge(tmp_path: Path) -> None:
    class Options(BaseModel):
        topic: int | None = None

    config = load(tmp_path, CHANNEL + "to = 1\ntopic = 5")
    assert config.channel_options(config.channels[0], Options).topic == 5
    with pytest.raises(ConfigError) as caught:
        config.channel_options(config.channels[0], NoOptions)
    assert caught.value.lines == ["channels[0].topic: unknown key; none is allowed here"]


def test_a_slip_in_the_syntax_is_told_with_its_place(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[bot]\nlisten 3")
    assert line.startswith(f"{tmp_path / 'config.toml'}: not TOML: ")
    assert line.endswith("(at line 2, column 8)")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "nothing.toml")
    (line,) = caught.value.lines
    assert line.startswith(f"{tmp_path / 'nothing.toml'}: there is no such file; copy config.example.toml")
    assert "botcore demo" in line


def test_a_file_that_cannot_be_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"x = '\xff'")
    for path, said in ((tmp_path / "bad.toml", "is not text in UTF-8"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert said in caught.value.lines[0]


def test_the_example_loads_as_it_stands() -> None:
    config = load_config(EXAMPLE, env={})
    assert [channel.name for channel in config.channels] == ["review"]
    assert config.people[0].identities == {"web": "ana"}


def test_the_example_mentions_every_key() -> None:
    text = EXAMPLE.read_text()
    models = (BotSettings, ServerSettings, Limits, ChannelSection, PersonSection, Reason, NoticeSettings)
    keys = {key for model in models for key in model.model_fields} | {"provider"}
    mentioned = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    assert keys - mentioned == set()
    assert set(SECTIONS) == set(re.findall(r"^(?:# )?\[+(\w+)", text, re.MULTILINE))


def test_the_examples_bot_section_shows_the_defaults() -> None:
    config = load_config(EXAMPLE, env={})
    assert config.bot == BotSettings.model_validate({}, context=EXAMPLE.parent)
    assert config.server == ServerSettings()
    assert config.notices == NoticeSettings()


def test_the_example_loads_in_less_than_50_ms() -> None:
    load_config(EXAMPLE, env={})
    times = []
    for _ in range(5):
        began = time.perf_counter()
        load_config(EXAMPLE, env={})
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05

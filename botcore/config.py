"""config.toml -> checked settings. Everything that is wrong is told at once, in one line each."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from .models import Channel, Person, RoleGrant
from .notices.settings import NoticeSettings
from .problems import ConfigError, Problems, dotted
from .rules.settings import NOWHERE, ONLY_APPROVES, Rule
from .secrets import SecretReader
from .settings import (
    DEFAULT_REASONS,
    NAME,
    NAME_RULE,
    BotSettings,
    ChannelSection,
    Limits,
    PersonSection,
    Reason,
    RoleSection,
    ServerSettings,
    is_loopback,
    user_id,
)

__all__ = ["Account", "Config", "ConfigError", "NoOptions", "Reason", "load_config"]

M = TypeVar("M", bound=BaseModel)

SECTIONS = (
    "bot",
    "server",
    "accounts",
    "adapters",
    "channels",
    "people",
    "roles",
    "limits",
    "reasons",
    "rules",
    "notices",
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as configured: `values` are its provider's own keys, secrets in place."""

    name: str
    provider: str
    values: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A checked config. What belongs to plugins stays raw until `account_settings` and the like check it."""

    path: Path
    bot: BotSettings
    server: ServerSettings
    limits: Limits
    accounts: Mapping[str, Account]
    adapters: Mapping[str, Mapping[str, object]] = field(repr=False)
    channels: tuple[Channel, ...]
    people: tuple[Person, ...]
    roles: tuple[RoleGrant, ...]
    reasons: tuple[Reason, ...]
    rules: tuple[Rule, ...]
    notices: NoticeSettings
    secrets: frozenset[str] = field(repr=False)  # every secret value, for the logs to leave out

    def account_settings(self, name: str, model: type[M]) -> M:
        """An account's keys as its provider wants them; raises `ConfigError`."""
        return _plugin_settings(model, self.accounts[name].values, f"accounts.{name}")

    def adapter_settings(self, name: str, model: type[M]) -> M:
        """An adapter's keys as it wants them; raises `ConfigError`."""
        return _plugin_settings(model, self.adapters[name], f"adapters.{name}")

    def channel_options(self, channel: Channel, model: type[M]) -> M:
        """A channel's keys beyond the core's as its adapter wants them; raises `ConfigError`."""
        return _plugin_settings(model, channel.options, f"channels[{self.channels.index(channel)}]")

    def zone(self) -> ZoneInfo:
        """Where the bot's day begins and ends."""
        return ZoneInfo(self.bot.timezone)


class NoOptions(BaseModel):
    """The options of a channel whose adapter has none."""


def load_config(path: Path, env: Mapping[str, str] = os.environ) -> Config:
    """Reads and checks a config; paths in it are relative to it. Raises `ConfigError` with every problem."""
    path = path.expanduser().absolute()
    raw = _read(path)
    problems = Problems()
    for key in raw:
        if key not in SECTIONS:
            problems.unknown_key("", key, SECTIONS)

    bot = problems.check(BotSettings, raw.get("bot", {}), "bot", context=path.parent)
    server = problems.check(ServerSettings, raw.get("server", {}), "server")
    limits = problems.check(Limits, raw.get("limits", {}), "limits")
    notices = problems.check(NoticeSettings, raw.get("notices", {}), "notices")
    if bot is not None and not is_loopback(bot.host) and not bot.public_url.startswith("https://"):
        problems.add(
            "bot.listen",
            "must be on loopback, such as 127.0.0.1:8080, unless bot.public_url is an https address",
        )

    reader = SecretReader(path.parent, env, problems)
    accounts = _accounts(_tables(raw, "accounts", problems), reader, problems)
    adapters = _adapters(_tables(raw, "adapters", problems), reader)
    zone = bot.timezone if bot else "UTC"
    channels = _channels(_array(raw, "channels", problems), accounts.keys(), adapters.keys(), reader, zone, problems)
    people = _people(_tables(raw, "people", problems), adapters.keys(), problems)
    roles = _roles(_array(raw, "roles", problems), adapters.keys(), problems)
    reasons = _reasons(_array(raw, "reasons", problems), problems)
    rules = _rules(_array(raw, "rules", problems), accounts.keys(), problems)

    if bot is None or server is None or limits is None or notices is None or problems.lines:
        raise ConfigError(problems.lines)
    return Config(
        path=path,
        bot=bot,
        server=server,
        limits=limits,
        accounts=MappingProxyType({name: account for name, account in accounts.items() if account}),
        adapters=MappingProxyType(adapters),
        channels=channels,
        people=people,
        roles=roles,
        reasons=reasons,
        rules=rules,
        notices=notices,
        secrets=frozenset(reader.found),
    )


def _read(path: Path) -> dict[str, object]:
    try:
        text = path.read_bytes().decode()
        return tomllib.loads(text, parse_float=Decimal)
    except FileNotFoundError:
        advice = "copy config.example.toml there and fill it in, or try `botcore demo` first"
        raise ConfigError([f"{path}: there is no such file; {advice}"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not text in UTF-8 (at byte {error.start})"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None


def _plugin_settings(model: type[M], raw: Mapping[str, object], at: str) -> M:
    problems = Problems()
    settings = problems.check(model, raw, at)
    if settings is None:
        raise ConfigError(problems.lines)
    return settings


def _tables(raw: Mapping[str, object], section: str, problems: Problems) -> dict[str, dict[str, object]]:
    """A section of named tables, without what is not one."""
    entries = raw.get(section, {})
    if not isinstance(entries, dict):
        problems.add(section, f"must hold tables, such as [{section}.NAME]")
        return {}
    tables = {}
    for name, entry in entries.items():
        if not NAME.fullmatch(name):
            problems.add(dotted(section, name), f"a name must be {NAME_RULE}")
        elif not isinstance(entry, dict):
            problems.add(dotted(section, name), f"must be a table, [{section}.{name}]")
        else:
            tables[name] = entry
    return tables


def _array(raw: Mapping[str, object], section: str, problems: Problems) -> list[object]:
    entries = raw.get(section, [])
    if not isinstance(entries, list):
        problems.add(section, f"must be written with two brackets, [[{section}]]")
        return []
    return entries


def _accounts(
    tables: Mapping[str, dict[str, object]], reader: SecretReader, problems: Problems
) -> dict[str, Account | None]:
    """By name; None for one that has problems, so that channels may still name it."""
    accounts: dict[str, Account | None] = {}
    for name, table in tables.items():
        values = reader.read_table(table, f"accounts.{name}")
        provider = values.pop("provider", None)
        if isinstance(provider, str) and NAME.fullmatch(provider):
            accounts[name] = Account(name, provider, MappingProxyType(values))
        else:
            accounts[name] = None
            what = "is required" if provider is None else "must be text in quotes"
            problems.add(f"accounts.{name}.provider", f'{what}: a marketplace plugin, such as "sproutgigs"')
    return accounts


def _adapters(tables: Mapping[str, dict[str, object]], reader: SecretReader) -> dict[str, Mapping[str, object]]:
    return {name: MappingProxyType(reader.read_table(table, f"adapters.{name}")) for name, table in tables.items()}


def _channels(
    entries: Iterable[object],
    accounts: Collection[str],
    adapters: Collection[str],
    reader: SecretReader,
    zone: str,
    problems: Problems,
) -> tuple[Channel, ...]:
    channels: list[Channel] = []
    first_at: dict[str, str] = {}
    for index, entry in enumerate(entries):
        at = f"channels[{index}]"
        entry, secret = reader.read_place(entry, at) if isinstance(entry, dict) else (entry, False)
        section = problems.check(ChannelSection, entry, at)
        if section is None:
            continue
        options = section.model_extra or {}
        for key in options:
            _refuse_misspelled(key, ChannelSection.model_fields, at, problems)
        if section.adapter not in adapters:
            problems.add(f"{at}.adapter", _one_of("adapter", section.adapter, adapters, "adapters"))
        _refuse_strangers(section.accounts, accounts, at, problems)
        if first_at.setdefault(section.name, at) != at:
            problems.add(f"{at}.name", f"{section.name} is already the name of {first_at[section.name]}")
        channels.append(
            Channel(
                name=section.name,
                adapter=section.adapter,
                to=section.to,
                purpose=section.purpose,
                accounts=section.accounts or (),
                options=MappingProxyType(options),
                queue_above=section.queue_above,
                secret=secret,
                hears=section.hearing(zone),
            )
        )
    return tuple(channels)


def _people(
    tables: Mapping[str, dict[str, object]], adapters: Collection[str], problems: Problems
) -> tuple[Person, ...]:
    people: list[Person] = []
    owners: dict[tuple[str, str], str] = {}
    for name, table in tables.items():
        at = f"people.{name}"
        section = problems.check(PersonSection, table, at)
        identities = {}
        for adapter, value in table.items():
            if adapter == "role":
                continue
            if adapter not in (*adapters, "web"):
                # an adapter may be switched off for now, but a slip of the pen would lock somebody out
                _refuse_misspelled(adapter, ("role", "web", *adapters), at, problems)
            if adapter == "web" and value is False:
                continue
            try:
                identity = name if adapter == "web" and value is True else user_id(value)
            except ValueError as error:
                also = ", or true" if adapter == "web" else ""
                problems.add(dotted(at, adapter), f"{error}{also}")
                continue
            owner = owners.setdefault((adapter, identity), name)
            if owner != name:
                problems.add(dotted(at, adapter), f"{identity} is already the id of {owner}")
            identities[adapter] = identity
        if section is not None:
            people.append(Person(name, section.role, MappingProxyType(identities), from_config=True))
    return tuple(people)


def _roles(entries: Iterable[object], adapters: Collection[str], problems: Problems) -> tuple[RoleGrant, ...]:
    grants: dict[tuple[str, str], RoleGrant] = {}
    for index, entry in enumerate(entries):
        at = f"roles[{index}]"
        section = problems.check(RoleSection, entry, at)
        if section is None:
            continue
        if section.adapter not in adapters:
            _refuse_misspelled(section.adapter, tuple(adapters), f"{at}.adapter", problems)
        key, keys = f"{section.adapter}_role", section.model_extra or {}
        for other in keys.keys() - {key}:
            problems.unknown_key(at, other, ("adapter", "role", key))
        try:
            theirs = user_id(keys.get(key))
        except ValueError as error:
            problems.add(dotted(at, key), f"{error}: the role in {section.adapter}")
            continue
        if (section.adapter, theirs) in grants:
            problems.add(dotted(at, key), f"{theirs} already gives a role")
        grants[section.adapter, theirs] = RoleGrant(section.adapter, theirs, section.role)
    return tuple(grants.values())


def _reasons(entries: Iterable[object], problems: Problems) -> tuple[Reason, ...]:
    """The configured reasons, or the built-in ones where there are none."""
    reasons: list[Reason] = []
    first_at: dict[tuple[str, str], str] = {}
    for index, entry in enumerate(entries):
        at = f"reasons[{index}]"
        reason = problems.check(Reason, entry, at)
        if reason is None:
            continue
        if (first := first_at.setdefault((reason.verdict, reason.label), at)) != at:
            problems.add(f"{at}.label", f"is the same as that of {first}; people could not tell them apart")
        reasons.append(reason)
    return tuple(reasons) or DEFAULT_REASONS


def _rules(entries: Iterable[object], accounts: Collection[str], problems: Problems) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    first_at: dict[str, str] = {}
    for index, entry in enumerate(entries):
        at = f"rules[{index}]"
        if isinstance(entry, dict):
            if "verdict" in entry:
                problems.add(f"{at}.verdict", ONLY_APPROVES)
            if "accounts" not in entry and "jobs" not in entry:
                problems.add(f"{at}.jobs", NOWHERE)
            entry = {key: value for key, value in entry.items() if key != "verdict"}
        rule = problems.check(Rule, entry, at)
        if rule is None:
            continue
        _refuse_strangers(rule.accounts, accounts, at, problems)
        if (first := first_at.setdefault(rule.name, at)) != at:
            problems.add(f"{at}.name", f"{rule.name} is already the name of {first}")
        rules.append(rule)
    return tuple(rules)


def _refuse_strangers(named: Iterable[str] | None, accounts: Collection[str], at: str, problems: Problems) -> None:
    for number, account in enumerate(named or ()):
        if account not in accounts:
            problems.add(f"{at}.accounts[{number}]", _one_of("account", account, accounts, "accounts"))


def _refuse_misspelled(key: str, known: Iterable[str], at: str, problems: Problems) -> None:
    if difflib.get_close_matches(key, list(known), n=1, cutoff=0.8):
        problems.unknown_key(at, key, known)


def _one_of(what: str, name: str, known: Collection[str], section: str) -> str:
    if not known:
        return f"there is no {what} {name}; add [{section}.{name}]"
    return f"there is no {what} {name}; one of {', '.join(sorted(known))}, or add [{section}.{name}]"

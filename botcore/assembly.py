"""What a config comes to: accounts, messengers and what stands between them, put together and not started."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .access import People
from .accounts import Account, Accounts, gate_for
from .adapter import Adapter, AdapterTools
from .clock import Clock
from .config import Config, ConfigError
from .drawing import draw_named
from .host import Host, PluginState
from .intake import Intake
from .memory import StoredMemory
from .metrics import Metrics
from .models import Channel, RoleGrant, Submission
from .pictures import PictureBook
from .provider import Capability, Provider, ProviderTools
from .rules.desk import ask_rules
from .rules.settings import Rule
from .set_back import set_back
from .store.engine import SqliteEngine
from .store.sqlite import SqliteStore
from .text import short_id

INTERVAL = 1.0  # seconds from an answer to the next request, where a provider says nothing else

log = logging.getLogger(__name__)


@dataclass
class Parts:
    """A bot, put together and not started."""

    config: Config
    host: Host
    clock: Clock
    store: SqliteStore
    engine: SqliteEngine
    accounts: Accounts
    people: People
    intake: Intake
    pictures: PictureBook
    metrics: Metrics
    adapters: Mapping[str, Adapter] = field(default_factory=dict)


def check_plugins(config: Config, host: Host) -> None:
    """Refuses a config that names plugins which are not there, or that they refuse. Raises `ConfigError`."""
    lines: list[str] = []
    providers, adapters = host.providers(), host.adapters()
    for account in config.accounts.values():
        lines += _refusals(
            account.provider,
            providers,
            f"accounts.{account.name}.provider",
            "marketplace",
            lambda model, name=account.name: config.account_settings(name, model),  # type: ignore[misc]
        )
    for index, rule in enumerate(config.rules):
        lines += _refused_rule(rule, f"rules[{index}]", config, providers)
    for name in config.adapters:
        lines += _refusals(
            name,
            adapters,
            f"adapters.{name}",
            "messenger",
            lambda model, name=name: config.adapter_settings(name, model),  # type: ignore[misc]
        )
    for index, channel in enumerate(config.channels):
        kind = adapters.get(channel.adapter)
        if kind and channel.purpose not in kind.purposes:
            fitting = " or ".join(f'"{purpose}"' for purpose in kind.purposes)
            lines.append(f"channels[{index}].purpose: must be {fitting} for {channel.adapter}")
        if kind and kind.ChannelOptions:
            lines += _refusals_of(partial(config.channel_options, channel), kind.ChannelOptions)
    if lines:
        broken = [f"plugin {p.name}: {p.error}" for p in host.plugins if p.state is not PluginState.RUNNING]
        raise ConfigError(lines + broken)


def _refusals(name: str, known: Mapping[str, Any], at: str, what: str, check: Callable[[Any], object]) -> Sequence[str]:
    if name not in known:
        return [f"{at}: no plugin offers the {what} {name}; installed: {', '.join(sorted(known)) or 'none'}"]
    return _refusals_of(check, known[name].Settings)


def _refusals_of(check: Callable[[Any], object], model: Any) -> Sequence[str]:
    try:
        check(model)
    except ConfigError as error:
        return error.lines
    return []


def _refused_rule(rule: Rule, at: str, config: Config, providers: Mapping[str, type[Provider]]) -> Sequence[str]:
    """A satisfaction is for accounts that can tell it: those that a rule names, or one at least of all."""
    kinds = {name: providers.get(account.provider) for name, account in config.accounts.items()}
    mute = [name for name, kind in kinds.items() if kind and Capability.SATISFACTION not in kind.capabilities]
    silent = [name for name in rule.accounts if name in mute] if rule.accounts else mute
    if rule.satisfaction is None or not silent or (rule.accounts is None and len(silent) < len(kinds)):
        return []
    return [f"{at}.satisfaction: {', '.join(silent)} cannot tell it to workers: leave it out, or in a rule of its own"]


def assemble(config: Config, host: Host, clock: Clock, store: SqliteStore) -> Parts:
    """The parts of a bot, of a config that `check_plugins` has passed."""
    metrics = Metrics()
    accounts = Accounts({name: _account(config, host, clock, store, name) for name in config.accounts})
    for account in accounts.values():
        account.on_call = metrics.called
    people = People(store, config.people, config.roles)
    pictures = PictureBook(store, config.bot.database.with_name(config.bot.database.name + ".pictures"), clock)

    async def advise(submission: Submission) -> list[str]:
        answers = await host.acall("advise", submission=submission)
        return [str(flag) for _, flags in answers for flag in flags]

    def received(submission: Submission, number: int) -> None:
        metrics.received(submission.account)
        if not host.listens("submission_received"):
            return
        task = asyncio.ensure_future(
            host.acall("submission_received", submission=submission, short_id=short_id(number))
        )
        task.add_done_callback(log_death)

    intake = Intake(
        store,
        clock,
        accounts,
        config.channels,
        advise=advise,
        on_received=received,
        on_kept=partial(ask_rules, config.rules),
    )
    adapters = {name: _adapter(config, host, clock, store, people, pictures, name) for name in config.adapters}
    return Parts(
        config,
        host,
        clock,
        store,
        SqliteEngine(store, clock, set_back),
        accounts,
        people,
        intake,
        pictures,
        metrics,
        adapters,
    )


def _account(config: Config, host: Host, clock: Clock, store: SqliteStore, name: str) -> Account:
    kind = host.providers()[config.accounts[name].provider]
    settings = config.account_settings(name, kind.Settings)
    secret = getattr(settings, "webhook_secret", None)
    interval: float = getattr(settings, "seconds_between_calls", getattr(kind, "seconds_between_calls", INTERVAL))
    tools = ProviderTools(name, gate_for(store, clock, name, interval), clock, StoredMemory(store, name, clock))
    return Account(name, kind(settings, tools), secret.get_secret_value() if secret else None)


def _adapter(
    config: Config,
    host: Host,
    clock: Clock,
    store: SqliteStore,
    people: People,
    pictures: PictureBook,
    name: str,
) -> Adapter:
    kind = host.adapters()[name]
    channels: list[Channel] = [channel for channel in config.channels if channel.adapter == name]
    draw = partial(draw_named, store, clock)
    tools = AdapterTools(store, clock, pictures, people, config.bot.public_url, channels, draw)
    adapter = kind(config.adapter_settings(name, kind.Settings), tools)
    people.trust(RoleGrant(name, theirs, role) for theirs, role in adapter.grants().items())
    return adapter


def log_death(task: asyncio.Future[Any]) -> None:
    """For tasks that nobody waits for: what ended them is not lost."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a part ended unexpectedly", exc_info=error)

"""/status and /plugins: how everything is doing, and what a person should do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .accounts import Account
from .clock import from_ms
from .delivery import backlog
from .spending import spent
from .store.port import Reader
from .supervisor import PartState, PartStatus
from .text import ago, money
from .ui import Block, Card, Field, Fields, Reply, Table, Text, Tone

if TYPE_CHECKING:
    from .app import Bot
    from .host import PluginInfo

ACCOUNT = "account "  # before its name, in that of its part
QUIET = 5.0  # seconds without a first answer, and a person hears of it


async def status_reply(bot: Bot) -> Reply:
    now = bot.clock.ms()
    counts = await bot.store.read(read_counts)
    polled = await bot.store.read(_polled)
    today = await bot.store.read(spent, bot.limits, now)
    parts = bot.supervisor.statuses()
    problems = [
        *(_trouble(part, bot.accounts.get(part.name.removeprefix(ACCOUNT)), bot.clock.now()) for part in parts),
        *(f"channel {name}: {why}" for name, why in bot.delivery.broken.items()),
        *(f"rule {name}: {why}" for name, why in bot.rules.broken.items()),
    ]
    limit = bot.limits.daily_spend
    facts = (
        Field("Waiting", str(counts["waiting"])),
        Field("Held, can be undone", str(counts["held"])),
        Field("On their way", str(counts["sending"])),
        Field("In doubt", str(counts["doubt"]) + (f", {counts['asks']} need a person" if counts["asks"] else "")),
        Field("Cards to deliver", str(counts["cards"])),
        Field("Spent today", money(today) + (f" of {money(limit)}" if limit is not None else " (no limit set)")),
    )
    conditions = {f"adapter {name}": adapter.condition() for name, adapter in bot.adapters.items()}
    rows = tuple((*_part_row(part, polled, now), conditions.get(part.name) or "—") for part in parts)
    blocks: list[Block] = [Fields(facts), Table(("Part", "State", "Last read", "Connection"), rows, title="Parts")]
    told = [problem for problem in problems if problem]
    blocks += [Text(problem, tone=Tone.DANGER) for problem in told]
    well = not told and not counts["asks"]
    badge, tone = ("All is well", Tone.SUCCESS) if well else ("Needs attention", Tone.WARNING)
    return Reply(card=Card("Status", badge=badge, tone=tone, blocks=tuple(blocks)))


def plugins_reply(plugins: Sequence[PluginInfo]) -> Reply:
    rows = tuple((p.name, p.version, p.state.value, p.error or "—") for p in plugins)
    table = Table(("Plugin", "Version", "State", "Error"), rows, empty="No plugins are installed.")
    return Reply(card=Card("Plugins", blocks=(table,)))


def read_counts(reader: Reader) -> Mapping[str, int]:
    """What is waiting where, for people and for metrics."""
    row = reader.one(
        """SELECT count(*) FILTER (WHERE state = 'held') AS held,
               count(*) FILTER (WHERE state IN ('due', 'sending')) AS sending,
               count(*) FILTER (WHERE state = 'in doubt') AS doubt,
               count(*) FILTER (WHERE state = 'in doubt' AND asks IS NOT NULL) AS asks
           FROM decisions WHERE state IN ('held', 'due', 'sending', 'in doubt')"""
    )
    counts = dict(row or {})
    for name, count in _operations(reader).items():
        counts[name] = counts.get(name, 0) + count
    waiting = reader.value(
        "SELECT count(*) FROM submissions WHERE state IN ('new', 'shown', 'decided') AND state != 'decided'"
    )
    return {**counts, "waiting": waiting, "cards": backlog(reader)}


def _operations(reader: Reader) -> Mapping[str, int]:
    """Those that are under way; all in doubt are a person's to settle."""
    row = reader.one(
        """SELECT count(*) FILTER (WHERE state != 'in doubt') AS sending, count(*) FILTER (WHERE state = 'in doubt')
               AS doubt, count(*) FILTER (WHERE state = 'in doubt') AS asks
           FROM operations WHERE state IN ('confirmed', 'sending', 'in doubt')"""
    )
    return row or {}


def _trouble(part: PartStatus, account: Account | None, now: datetime) -> str:
    """What is wrong with a part, and what to do; "" where all is well."""
    if account is None:
        return f"{part.name}: {part.error}" if part.error and part.state is not PartState.RUNNING else ""
    section = f"[accounts.{account.name}]"
    if account.needs_person:
        return f"{part.name}: {account.problem}. Check the keys in {section}, and start the bot again."
    if part.state is PartState.RUNNING:
        return ""
    error = part.error or account.problem
    silent = (now - part.since).total_seconds()
    if not error and not account.heard and silent >= QUIET:
        error = f"no answer yet, for {silent:.0f} s"
    if not error:
        return ""
    again = f"at {part.next_try:%H:%M:%S} UTC" if part.next_try else "just now"
    return f"{part.name}: {error}. It is tried again by itself, {again}; if this lasts, check base_url in {section}."


def _polled(reader: Reader) -> dict[str, int | None]:
    return {row["name"]: row["polled_at"] for row in reader.q("SELECT name, polled_at FROM accounts")}


def _part_row(part: PartStatus, polled: Mapping[str, int | None], now: int) -> tuple[str, str, str]:
    at = polled.get(part.name.removeprefix(ACCOUNT)) if part.name.startswith(ACCOUNT) else None
    read = f"{ago(timedelta(milliseconds=now - at))} ago ({from_ms(at):%H:%M} UTC)" if at else "—"
    return part.name, part.state.value, read

"""/status and /plugins: how everything is doing, and what a person should do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

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


async def status_reply(bot: Bot) -> Reply:
    now = bot.clock.ms()
    counts = await bot.store.read(read_counts)
    polled = await bot.store.read(_polled)
    today = await bot.store.read(spent, bot.limits, now)
    parts = bot.supervisor.statuses()
    problems = [
        *(f"{part.name}: {part.error}" for part in parts if part.state is not PartState.RUNNING and part.error),
        *(f"channel {name}: {why}" for name, why in bot.delivery.broken.items()),
        *(f"rule {name}: {why}" for name, why in bot.rules.broken.items()),
        *(f"{a.name}: {a.problem}" for a in bot.accounts.values() if a.needs_person),
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
    blocks += [Text(problem, tone=Tone.DANGER) for problem in dict.fromkeys(problems)]
    badge, tone = ("Needs attention", Tone.WARNING) if problems else ("All is well", Tone.SUCCESS)
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
    waiting = reader.value(
        "SELECT count(*) FROM submissions WHERE state IN ('new', 'shown', 'decided') AND state != 'decided'"
    )
    return {**(row or {}), "waiting": waiting, "cards": backlog(reader)}


def _polled(reader: Reader) -> dict[str, int | None]:
    return {row["name"]: row["polled_at"] for row in reader.q("SELECT name, polled_at FROM accounts")}


def _part_row(part: PartStatus, polled: Mapping[str, int | None], now: int) -> tuple[str, str, str]:
    at = polled.get(part.name.removeprefix("account ")) if part.name.startswith("account ") else None
    read = f"{ago(timedelta(milliseconds=now - at))} ago ({from_ms(at):%H:%M} UTC)" if at else "—"
    return part.name, part.state.value, read

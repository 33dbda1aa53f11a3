"""The card of a message to a channel, as things stand when it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from ..accounts import known_job
from ..clock import from_ms
from ..models import Verdict
from ..store.port import Reader, Row
from ..text import ago, clean, money, one_line, sentence, short_id
from ..ui import Block, Button, Card, Field, Fields, Table, Text, Tone
from .figures import Scope, count, days_until
from .kinds import Event, Level
from .pictures import charts, in_figures
from .routing import News
from .said import read_said
from .words import DEADLINE_FOR, DEADLINE_TONES, LAPSED_UNSURE, OTHERS, OVER, REVIEW_NOW, WORDS, Words

N = TypeVar("N")

ROWS = 10  # of what a message lists
DAYS = 14  # on a summary's charts
DAY_MS = 86_400_000
WHY = 200  # characters of what somebody else said

_NAME = re.compile("n-([1-9][0-9]{0,14})")

WAITING = """
SELECT s.account, s.job_id, count(*) AS n, min(ifnull(s.deadline, 9223372036854775807)) AS deadline
FROM submissions s WHERE s.state IN ('new', 'shown')
AND (:accounts IS NULL OR s.account IN (SELECT value FROM json_each(:accounts)))
AND (:jobs IS NULL OR s.job_id IN (SELECT value FROM json_each(:jobs)))
GROUP BY s.account, s.job_id
"""
DUE = """
SELECT s.price, s.deadline, count(*) AS n FROM submissions s WHERE s.state IN ('new', 'shown')
AND ifnull(s.deadline, 9223372036854775807) > :now
AND s.deadline >= :first AND s.deadline <= :until AND s.account = :account AND s.job_id = :job
GROUP BY s.price, s.deadline
"""
FAR = 9223372036854775807


def bulletin_name(number: int) -> str:
    """How buttons name a message: like nothing else that they are about."""
    return f"n-{number}"


def parse_bulletin(name: str) -> int | None:
    """The number that `bulletin_name` made into this; None where it did not."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def notice_card(reader: Reader, number: int, now: int) -> Card | None:
    """A message's card; None where there is nothing to say any more."""
    bulletin = reader.one("SELECT * FROM bulletins WHERE id = :id", id=number)
    if bulletin is None:
        return None
    event, level = Event(bulletin["event"]), Level(bulletin["level"])
    news = news_of(reader, number)
    if not news or read_said(reader, bulletin["channel"]).mutes(event, level, now):
        return None
    draw = DRAWN.get(event)
    if draw is None:
        return _listed(reader, bulletin, news, now)
    return draw(reader, bulletin, news, now)


def news_of(reader: Reader, bulletin: int) -> list[News]:
    """What a message tells, in the order in which it happened."""
    rows = reader.q(
        """SELECT n.* FROM bulletin_items i JOIN notices n ON n.id = i.notice WHERE i.bulletin = :id ORDER BY n.id""",
        id=bulletin,
    )
    return [news_from(row) for row in rows]


def news_from(row: Row) -> News:
    return News(
        row["id"],
        Event(row["event"]),
        Level(row["level"]),
        row["account"],
        row["job_id"],
        row["at"],
        json.loads(row["data"]),
    )


# --- inside


@dataclass(frozen=True, slots=True)
class _One:
    """One thing in words: what its sentences are filled with, its row beside others, and what more is said of it."""

    values: Mapping[str, object]
    row: tuple[str, ...]
    more: tuple[Block, ...] = ()


def _card(
    bulletin: Row,
    words: Words,
    title: str,
    blocks: Sequence[Block],
    *,
    tone: Tone | None = None,
    badge: str = "",
    subtitle: str = "",
    footer: str = "",
    review: bool = False,
) -> Card:
    name = bulletin_name(bulletin["id"])
    button = Button(f"review:{name}:0", REVIEW_NOW, Tone.INFO)
    return Card(
        title=one_line(title),
        subject=f"notice:{name}",
        subtitle=subtitle,
        badge=badge or words.badge,
        tone=tone or words.tone,
        blocks=tuple(blocks),
        buttons=(button,) if review else (),
        footer=footer,
    )


def _table(words: Words, rows: Sequence[tuple[str, ...]]) -> Table:
    shown = list(rows[:ROWS])
    if len(rows) > ROWS:
        shown.append((OTHERS.format(count=len(rows) - ROWS), *[""] * (len(words.columns) - 1)))
    return Table(words.columns, tuple(shown))


def _listed(reader: Reader, bulletin: Row, news: Sequence[News], now: int) -> Card:
    """One in a sentence; several in a table."""
    event = news[0].event
    words = OVER[event] if news[0].over else WORDS[event]
    told = [ONES[event](reader, bulletin, one, now) for one in news]
    review = event in (Event.REFUSED,)
    if len(told) == 1:
        said = words.said.format(**told[0].values)
        blocks = [*([Text(sentence(said))] if said else []), *told[0].more]
        return _card(bulletin, words, words.one.format(**told[0].values), blocks, review=review)
    spent = sum((Decimal(one.data.get("cost") or 0) for one in news), Decimal(0))
    title = words.many.format(count=len(told), cost=money(spent))
    return _card(bulletin, words, title, [_table(words, [one.row for one in told])], review=review)


def _job(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    title, price = one_line(str(data["title"])), data.get("price")
    values = {
        "title": title,
        "positions": f"{data['positions']:,}",
        "done": f"{data['done']:,}",
        "price": money(Decimal(price)) if price else "a price that is not told",
        "status": str(data["status"]).lower().replace("_", " "),
    }
    message = clean(str(data.get("message", "")), WHY)
    rows = {
        "Job": title,
        "Positions": values["positions"],
        "Done": values["done"],
        "Price": money(Decimal(price)) if price else "—",
        "Status": values["status"],
        "Reason": one_line(message) or "—",
    }
    facts = Fields((Field("Account", news.account), Field("Job", news.job)))
    said = (Text(message, title="The marketplace says", quoted=True),) if message else ()
    return _One(values, tuple(rows[column] for column in WORDS[news.event].columns), (*said, facts))


def _refused(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    name, past = short_id(int(data["submission"])), Verdict(data["verdict"]).past
    message = clean(str(data["message"]), WHY)
    values = {"name": name, "account": news.account, "person": one_line(str(data["person"])), "verdict": past}
    quoted = Text(message or "nothing", title="The marketplace said", quoted=True)
    facts = Fields((Field("Job", _title(reader, news.account, news.job)),))
    return _One(values, (name, f"{past} by {values['person']}", one_line(message)), (quoted, facts))


def _doubt(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    why = clean(str(data["message"]), WHY)
    if "submission" in data:
        name = short_id(int(data["submission"]))
        what = f"{one_line(str(data['person']))} had {Verdict(data['verdict']).past} {name}"
    else:
        name = one_line(str(data["summary"]))
        what = f"It was sent to {news.account} and may have happened"
    facts = Fields((Field("Account", news.account), Field("Why", why or "there was no answer")))
    return _One({"name": name, "what": what}, (name, news.account, one_line(why) or "no answer"), (facts,))


def _balance(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    spendable, needs = money(Decimal(data["spendable"])), money(Decimal(data["needs"]))
    values = {
        "account": news.account,
        "spendable": spendable,
        "needs": needs,
        "positions": f"{data['positions']:,}",
        "jobs": _number(data["jobs"], "running job"),
    }
    return _One(values, (news.account, spendable, needs))


def _spent(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    values = {
        "cost": money(Decimal(data["cost"])),
        "account": news.account,
        "summary": one_line(str(data["summary"])).rstrip("."),
        "person": one_line(str(data["person"])),
    }
    return _One(values, (values["summary"], news.account, values["cost"], values["person"]))


def _attention(reader: Reader, bulletin: Row, news: News, now: int) -> _One:
    data = news.data
    lasted = ago(timedelta(milliseconds=news.at - int(data["since"])))
    why = clean(one_line(str(data["why"])), WHY).rstrip(".")
    values = {"part": news.part[:1].upper() + news.part[1:], "why": why, "lasted": lasted}
    since = lasted if news.over else _clock(int(data["since"]), bulletin["zone"], now)
    facts = () if news.over else (Fields((Field("Since", "", from_ms(int(data["since"]))),)),)
    return _One(values, (news.part, since, why), facts)


One = Callable[[Reader, Row, News, int], _One]
ONES: dict[Event, One] = {
    Event.JOB_POSTED: _job,
    Event.JOB_APPROVED: _job,
    Event.JOB_FINISHED: _job,
    Event.JOB_BLOCKED: _job,
    Event.JOB_DECLINED: _job,
    Event.REFUSED: _refused,
    Event.DOUBT: _doubt,
    Event.BALANCE: _balance,
    Event.SPENT: _spent,
    Event.ATTENTION: _attention,
}


def _waiting(reader: Reader, bulletin: Row, news: Sequence[News], now: int) -> Card | None:
    """What waits now, and how many of it are new since the last time."""
    waits = reader.q(WAITING, accounts=bulletin["accounts"], jobs=bulletin["jobs"])
    if not waits:
        return None
    new = {key: sum(counts) for key, counts in _by_job(news, lambda one: int(one.data["count"])).items()}
    words, total = WORDS[Event.WAITING], sum(row["n"] for row in waits)
    rows = sorted(waits, key=lambda row: (row["deadline"], -row["n"]))
    nearest = rows[0]["deadline"]
    title = (words.one if len(rows) == 1 else words.many).format(
        waiting=f"{total:,}", count=len(rows), title=_title(reader, rows[0]["account"], rows[0]["job_id"])
    )
    facts = [Field("Waiting", f"{total:,}")]
    if nearest != FAR:
        facts.append(Field("Next deadline", "", from_ms(nearest), countdown=True))
    listed = [
        (
            _title(reader, row["account"], row["job_id"]),
            f"{row['n']:,}",
            f"{min(new.get((row['account'], row['job_id']), 0), row['n']):,}",
            "—" if row["deadline"] == FAR else _clock(row["deadline"], bulletin["zone"], now),
        )
        for row in rows
    ]
    blocks: list[Block] = [Fields(tuple(facts))]
    if len(rows) > 1:
        blocks.append(_table(words, listed))
    badge = words.badge.format(new=f"{min(sum(new.values()), total):,}")
    return _card(bulletin, words, title, blocks, badge=badge, review=True)


def _deadline(reader: Reader, bulletin: Row, news: Sequence[News], now: int) -> Card | None:
    """What is still undecided of what this reminds of."""
    spans = _by_job(news, lambda one: (int(one.data["first"]), int(one.data["until"])))
    due = {
        (account, job): reader.q(
            DUE,
            now=now,
            first=min(first for first, _ in own),
            until=max(until for _, until in own),
            account=account,
            job=job,
        )
        for (account, job), own in spans.items()
    }
    due = {key: rows for key, rows in due.items() if rows}
    if not due:
        return None
    words, level = WORDS[Event.DEADLINE], Level(bulletin["level"])
    nearest = min(row["deadline"] for rows in due.values() for row in rows)
    total = sum(row["n"] for rows in due.values() for row in rows)
    account, job = next(iter(due))
    left = ago(timedelta(milliseconds=nearest - now))
    title = (words.one if len(due) == 1 else words.many).format(
        left=left, waiting=f"{total:,}", count=len(due), title=_title(reader, account, job)
    )
    worth = money(sum((_worth(rows) for rows in due.values()), Decimal(0)))
    blocks: list[Block] = [
        Fields((Field("First deadline", "", from_ms(nearest), countdown=True),)),
        Text(words.said.format(worth=worth), tone=DEADLINE_TONES[level]),
    ]
    if len(due) > 1:
        rows = [
            (
                _title(reader, *key),
                f"{sum(row['n'] for row in rows):,}",
                money(_worth(rows)),
                _clock(min(row["deadline"] for row in rows), bulletin["zone"], now),
            )
            for key, rows in sorted(due.items(), key=lambda item: min(row["deadline"] for row in item[1]))
        ]
        blocks.append(_table(words, rows))
    people = dict.fromkeys(name for one in news for name in one.data.get("people", ()))
    footer = DEADLINE_FOR[level].format(people=", ".join(people)) if people else ""
    return _card(bulletin, words, title, blocks, tone=DEADLINE_TONES[level], footer=footer, review=True)


def _lapsed(reader: Reader, bulletin: Row, news: Sequence[News], now: int) -> Card:
    prices = _by_job(news, lambda one: Decimal(one.data["price"] or 0))
    costs = {key: sum(some, Decimal(0)) for key, some in prices.items()}
    words, (account, job) = WORDS[Event.LAPSED], next(iter(prices))
    title = (words.one if len(prices) == 1 else words.many).format(
        waiting=f"{len(news):,}",
        count=len(prices),
        title=_title(reader, account, job),
        worth=money(sum(costs.values(), Decimal(0))),
    )
    names = ", ".join(short_id(int(one.data["submission"])) for one in news[:ROWS])
    more = f" {OTHERS.format(count=len(news) - ROWS)}" if len(news) > ROWS else ""
    blocks: list[Block] = [Text(words.said), Fields((Field("Submissions", names + more),))]
    if len(prices) > 1:
        rows = [(_title(reader, *key), f"{len(some):,}", money(costs[key])) for key, some in prices.items()]
        blocks.append(_table(words, rows))
    footer = "" if all(one.data["sure"] for one in news) else LAPSED_UNSURE
    return _card(bulletin, words, title, blocks, footer=footer)


def _summary(reader: Reader, bulletin: Row, news: Sequence[News], now: int) -> Card:
    """Of all the days that the channel was not told of yet."""
    words, zone = WORDS[Event.SUMMARY], ZoneInfo(bulletin["zone"])
    start, end = min(int(one.data["from"]) for one in news), max(int(one.data["to"]) for one in news)
    scope = Scope(json.loads(bulletin["accounts"] or "[]"), json.loads(bulletin["jobs"] or "[]"))
    found = count(reader, scope, start, end)
    days = round((end - start) / DAY_MS)
    span = "The day" if days <= 1 else f"{days} days"
    first, last = (from_ms(moment).astimezone(zone) for moment in (start, end))
    title = words.one.format(span=span, submitted=f"{found.total.submitted:,}", approved=f"{found.total.approved:,}")
    blocks: list[Block] = [Text(words.said)] if found.total.is_empty else in_figures(reader, found)
    blocks += charts(reader, scope, days_until(from_ms(end), DAYS, zone))
    subtitle = f"{first.day} {first:%B %H:%M} to {last.day} {last:%B %H:%M} ({bulletin['zone']})"
    return _card(bulletin, words, title, blocks, subtitle=subtitle)


Draw = Callable[[Reader, Row, Sequence[News], int], Card | None]
DRAWN: dict[Event, Draw] = {
    Event.WAITING: _waiting,
    Event.DEADLINE: _deadline,
    Event.LAPSED: _lapsed,
    Event.SUMMARY: _summary,
}


def _by_job(news: Sequence[News], what: Callable[[News], N]) -> dict[tuple[str, str], list[N]]:
    """What there is of each job, in the order in which it happened."""
    found: dict[tuple[str, str], list[N]] = {}
    for one in news:
        found.setdefault((one.account, one.job), []).append(what(one))
    return found


def _worth(rows: Sequence[Row]) -> Decimal:
    return sum((Decimal(row["price"] or 0) * row["n"] for row in rows), Decimal(0))


def _title(reader: Reader, account: str, job_id: str) -> str:
    job = known_job(reader, account, job_id)
    return one_line(job.title) if job else f"job {job_id}"


def _clock(at: int, zone: str, now: int) -> str:
    """A moment as a clock on the wall has it, with the day where that is another."""
    local, today = from_ms(at).astimezone(ZoneInfo(zone)), from_ms(now).astimezone(ZoneInfo(zone))
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local.day} {local:%b %H:%M}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"

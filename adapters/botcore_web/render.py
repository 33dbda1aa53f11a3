"""Cards, forms and replies as HTML. Pure: the same value and moment make the same text, and all of it is escaped."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from botcore.attached import file_name
from botcore.charts import Plot, plot
from botcore.models import Person
from botcore.text import clean as text_clean
from botcore.ui import Block, Button, Card, Chart, Field, Fields, Form, Picture, Reply, Text

from .forms import keep_typed, lay_out
from .messages import Board, Message, is_news, is_queue, verb_of

TITLE_LENGTH = 200
VALUE_LENGTH = 2_000
TEXT_LENGTH = 200_000  # of one paragraph; the rest is counted, not shown
FOLD_LENGTH, FOLD_LINES = 1_300, 16  # longer paragraphs are folded
CHART_WIDTH, CHART_HEIGHT = 560, 120  # of a plot, in units of its drawing
MINUTE, HOUR, DAY = 60, 3600, 86400
TYPED = re.compile("`([^`\n]+)`")
KEYS = {"approve": "a", "revise": "v", "reject": "r", "undo": "u"}


@dataclass(frozen=True, slots=True)
class Look:
    """What every page needs: where it is mounted, and which build of the scripts and styles goes with it."""

    prefix: str
    build: str


@dataclass(frozen=True, slots=True)
class When:
    """A moment as people read it; `tone` grows with the urgency of a countdown."""

    iso: str
    text: str
    title: str
    tone: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text, folded where it is long. `left_out` counts the characters that are not shown at all."""

    head: str
    rest: str
    left_out: int


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue's card in its parts: about the queue `strip`, `said` and `about`; the rest is about what is in hand."""

    hand: str  # which submission is in hand: the queue and the number, as its buttons name them
    strip: tuple[Field, ...]
    said: tuple[Text, ...]  # what was decided last
    undo: tuple[Button, ...]
    about: tuple[Button, ...]
    decide: tuple[Button, ...]  # the ones with a key
    others: tuple[Button, ...]
    rows: tuple[tuple[Block, ...], ...]


def clean(text: str, limit: int = VALUE_LENGTH) -> str:
    """A text made fit to show, at most `limit` characters of it."""
    return text_clean(text[: limit + 1], limit)


def code(text: str) -> Markup:
    """A text in which what stands between backticks is to be typed."""
    return Markup(TYPED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped, and then marked up


def excerpt(text: str) -> Excerpt:
    whole = text_clean(text[:TEXT_LENGTH]).strip("\n")
    left_out = max(0, len(text) - TEXT_LENGTH)
    lines = whole.split("\n")
    if len(whole) <= FOLD_LENGTH + 100 and len(lines) <= FOLD_LINES + 2 and not left_out:
        return Excerpt(whole, "", 0)
    cut = min(FOLD_LENGTH, len("\n".join(lines[:FOLD_LINES])))
    space = whole.rfind(" ", cut - 80, cut) if cut < len(whole) else -1
    cut = space if space > 0 else cut
    return Excerpt(whole[:cut], whole[cut:], left_out)


def when(moment: datetime, now: datetime, *, countdown: bool = False) -> When:
    """A moment beside now: `3 h ago`, or `2 d 4 h left` for a deadline."""
    left = (moment - now).total_seconds()
    tone = ""
    if countdown:
        text = f"{_span(left)} left" if left > 0 else "time is up"
        tone = "danger" if left < HOUR else "warning" if left < DAY else ""
    elif left > 0:
        text = f"in {_span(left)}"
    else:
        text = "just now" if left > -MINUTE else f"{_span(-left, parts=1)} ago"
    moment = moment.astimezone(UTC)
    return When(moment.isoformat(timespec="milliseconds"), text, moment.strftime("%Y-%m-%d %H:%M UTC"), tone)


def _span(seconds: float, parts: int = 2) -> str:
    whole = int(seconds)
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    if days:
        words = [f"{days} d", f"{hours} h"]
    elif hours:
        words = [f"{hours} h", f"{minutes} min"]
    elif minutes:
        words = [f"{minutes} min"]
    else:
        words = [f"{max(whole, 1)} s"]
    return " ".join(word for word in words[:parts] if not word.startswith("0 "))


def short_id(card: Card) -> str:
    """The id by which people name what a card is about; empty where its title says it already."""
    named = ":" in card.subject and not is_queue(card) and not is_news(card)
    name = card.subject.rpartition(":")[2] if named else ""
    return "" if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", card.title) else clean(name, 40)


def shortcut(button: Button) -> str:
    return (button.key or KEYS.get(button.label.casefold(), ""))[:1].casefold()


def render_card(message: Message, now: datetime, look: Look) -> str:
    """A card on the board. Once it is settled, what was handed in is folded away."""
    if message.waiting and is_queue(message.card):
        return _render_queue(message.card, f"m{message.id}", now, look, message)
    whole = message.waiting or is_news(message.card)
    folded, shown = ([], list(_rows(message.card.blocks))) if whole else _fold(message.card.blocks)
    return _render(
        "card.html",
        card=message.card,
        name=f"m{message.id}",
        message=message,
        settled=not whole,
        shown=shown,
        folded=folded,
        now=now,
        look=look,
    )


def render_reply_card(card: Card, now: datetime, look: Look) -> str:
    """A card that only one person sees."""
    if is_queue(card) and card.buttons:
        return _render_queue(card, "own-card", now, look, None)
    return _render(
        "card.html",
        card=card,
        name="reply-card",
        message=None,
        settled=False,
        shown=list(_rows(card.blocks)),
        folded=[],
        now=now,
        look=look,
    )


def render_form(form: Form) -> str:
    return _render("form.html", form=form, layout=lay_out(form))


def queue_parts(card: Card) -> Queue:
    """A queue's card begins with facts about the queue and what was decided last; the submission's blocks follow."""
    first = card.blocks[0] if card.blocks else None
    strip = first.fields if isinstance(first, Fields) else ()
    blocks = card.blocks[bool(strip) :]
    said = tuple(block for block in itertools.takewhile(_is_titled, blocks) if isinstance(block, Text))
    own = card.subject.partition(":")[2]
    undo, about, decide, others = [], [], [], []
    for button in card.buttons:
        if verb_of(button) == "undo":
            undo.append(button)
        elif button.key:
            decide.append(button)
        elif button.id.split(":")[1] == own:
            about.append(button)
        else:
            others.append(button)
    hand = decide[0].id.partition(":")[2] if decide else "none"
    return Queue(
        hand,
        strip,
        said,
        tuple(undo),
        tuple(about),
        tuple(decide),
        tuple(others),
        tuple(_rows(blocks[len(said) :])),
    )


def render_reply(
    reply: Reply, now: datetime, look: Look, *, typed: Mapping[str, str] | None = None
) -> dict[str, object]:
    """A reply in the parts that the page puts in their places. What was `typed` stays in a form that comes back."""
    parts: dict[str, object] = {
        "result": reply.result.value,
        "text": clean(reply.text, TEXT_LENGTH),
        "replaces": reply.replaces,
    }
    if reply.card is not None:
        parts["card"] = render_reply_card(reply.card, now, look)
    if reply.form is not None:
        parts["form"] = render_form(keep_typed(reply.form, typed or {}))
    if reply.file is not None:
        parts["file"] = {"name": file_name(reply.file), "text": reply.file.text}
    return parts


def render_board(board: Board, now: datetime, look: Look) -> str:
    """The lists of cards, without the page around them."""
    return _render("board.html", board=board, now=now, look=look)


def render_page(board: Board, now: datetime, look: Look, *, person: Person, csrf: str) -> str:
    return _render("page.html", board=board, now=now, look=look, person=person, csrf=csrf)


def render_notice(kind: str, look: Look, **values: str) -> str:
    """A page that says one thing: `signed-out`, `sign-in`, `link-used`, `link-expired`, `no-role`, `starting`,
    `refused`."""
    return _render("notice.html", kind=kind, look=look, values=values)


def _render_queue(card: Card, name: str, now: datetime, look: Look, message: Message | None) -> str:
    return _render("queue.html", card=card, name=name, now=now, look=look, message=message, queue=queue_parts(card))


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("botcore_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        clean=clean,
        code=code,
        excerpt=excerpt,
        picture_url=_picture_url,
        plotted=_plotted,
        spoken=_spoken,
        short_id=short_id,
        shortcut=shortcut,
    )
    env.globals.update(TITLE=TITLE_LENGTH, render_message=render_card, since=when)
    return env


def _render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)


def _rows(blocks: Iterable[Block]) -> Iterator[tuple[Block, ...]]:
    """Blocks in their order, with neighbouring pictures taken together: they stand side by side."""
    for kind, run in itertools.groupby(blocks, key=lambda block: block.kind):
        if kind == "picture":
            yield tuple(run)
        else:
            yield from ((block,) for block in run)


def _fold(blocks: Iterable[Block]) -> tuple[list[tuple[Block, ...]], list[tuple[Block, ...]]]:
    """A settled card's rows: up to the last thing somebody wrote or showed, and what became of it, behind that."""
    rows = list(_rows(blocks))
    end = max((number for number, row in enumerate(rows, 1) if not _is_light(row[0])), default=0)
    return rows[:end], rows[end:]


def _is_light(block: Block) -> bool:
    return isinstance(block, Fields) or (isinstance(block, Text) and not block.quoted)


def _is_titled(block: Block) -> bool:
    return isinstance(block, Text) and bool(block.title)


def _plotted(chart: Chart) -> Plot:
    return plot(chart, CHART_WIDTH, CHART_HEIGHT)


def _spoken(chart: Chart) -> str:
    """A chart for those who do not see it."""
    totals = _plotted(chart).totals
    said = ", ".join(f"{label} {total}" for label, total in zip(chart.labels, totals, strict=True))
    return clean(f"{chart.title}: {said}")


def _picture_url(picture: Picture, look: Look) -> str:
    return f"{look.prefix}/pictures/{quote(picture.key, safe='', errors='replace')}"

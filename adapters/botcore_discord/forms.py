"""Forms between their first question and their last: what Discord cannot hold is kept in the database."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from botcore.adapter import Actor
from botcore.clock import Clock
from botcore.store.port import Reader, Store, StoreError, Tx
from botcore.ui import Form, to_json

from .markdown import fitted, line, sentences, short
from .modals import PAGE, answers, explains_itself, mistakes, modal, pages_of
from .render import COLOURS, STYLES, Layout
from .seams import Drawn, Filled, Kept

if TYPE_CHECKING:
    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

KEPT_MS = 7 * 86_400_000  # after its last answer
PRUNED = 500  # rows at a time
OURS = "~form:"  # begins the custom ids of modals; behind it a form's id, or a draft's token and a page
OPEN = "~open:"  # of buttons: a draft's token and a page
SEND = "~send:"  # of a button: a draft's token
_WHOLE = re.compile(rf"{OURS}(?P<form>[^@#][^#]*)#[0-9a-f]+")
_PAGE = re.compile(r"~(?:form|open):@(?P<token>[0-9a-f]{16}):(?P<page>[0-9]{1,3})(?:#[0-9a-f]+)?")
_SENT = re.compile(rf"{SEND}@(?P<token>[0-9a-f]{{16}})")
OLD = "This form is from a while ago, or was sent already: press the button on the card again."
THEIRS = "This form is somebody else's."


Check = Callable[[Actor, str, Mapping[str, str]], Awaitable[Form | None]]


async def _no_check(actor: Actor, form: str, values: Mapping[str, str]) -> None:
    return None


class FormDesk:
    """Implements `seams.Forms`. A form that fits into one modal is in its custom ids alone, and so survives whatever
    happens here; of others each page's answers are kept as they come. `check` says what they come to so far."""

    def __init__(self, store: Store, clock: Clock, check: Check = _no_check) -> None:
        self._store = store
        self._clock = clock
        self._check = check
        self._owed: set[str] = set()  # tokens that could not be given back

    async def recover(self) -> None:
        """What was being handed in when the bot stopped can be sent again."""
        await self._store.tx(_recover)

    async def open(self, actor: Actor, form: Form) -> ui.Modal:
        form = replace(form, inputs=form.basics)
        if explains_itself(form):
            return modal(form, 0, f"{OURS}{form.id}#{_fresh()}")
        return _page(form, await self._keep(actor, form), 0)

    async def invite(self, actor: Actor, form: Form, text: str = "", filled: Filled | None = None) -> Drawn:
        form = replace(form, inputs=form.basics)
        if filled is not None:
            form = replace(
                form, inputs=tuple(replace(i, value=i.value or filled.values.get(i.name, "")) for i in form.inputs)
            )
        token = await self._keep(actor, form)
        wrong = [number for number, page in enumerate(pages_of(form)) if any(asked.error for asked in page)]
        intro = "" if form.intro in text else form.intro
        said = "\n".join(part for part in (_sentences(text), mistakes(form) or _sentences(intro)) if part)
        label = "Edit" if wrong or filled else "Fill in"
        return _invitation(form, said, [(label, f"{OPEN}@{token}:{wrong[0] if wrong else 0}")])

    async def reopen(self, actor: Actor, custom_id: str) -> ui.Modal | Drawn | Filled:
        sent = _SENT.fullmatch(custom_id)
        match = sent or _PAGE.fullmatch(custom_id)
        if match is None:
            return _words(OLD)
        await self._pay(match["token"])
        draft = await self._store.read(_find, match["token"])
        page = 0 if sent else int(match["page"])
        if draft is None or page >= len(pages_of(draft.form)):
            return _words(OLD)
        if draft.user_id != actor.user_id:
            return _words(THEIRS)
        if not sent:
            return _page(draft.as_typed, match["token"], page)
        taken = await self._store.tx(_taken, match["token"])
        return Filled(draft.form.id, draft.typed, Kept(match["token"], draft.form)) if taken else _words(OLD)

    async def take(self, actor: Actor, custom_id: str, components: Sequence[Mapping[str, Any]]) -> Filled | Drawn:
        if whole := _WHOLE.fullmatch(custom_id):
            return Filled(whole["form"], answers(components))
        match = _PAGE.fullmatch(custom_id)
        if match is None:
            return _words(OLD)
        token, page = match["token"], int(match["page"])
        await self._pay(token)
        draft = await self._store.tx(_answered, token, actor.user_id, components, page, self._clock.ms())
        if draft is None:
            return _words(OLD)
        if draft.user_id != actor.user_id:
            return _words(THEIRS)
        if page + 1 >= len(pages_of(draft.form)):
            return Filled(draft.form.id, draft.typed, Kept(token, draft.form))
        return await self._between(actor, draft, token, page)

    async def settled(self, filled: Filled) -> None:
        if filled.kept is None:
            return
        try:
            await self._store.tx(_forget, filled.kept.token)
        except StoreError as error:
            log.warning("Discord: a form that was sent is not forgotten: %s", error)

    async def refused(self, filled: Filled, text: str) -> Drawn | None:
        if filled.kept is None:
            return None
        token, form = filled.kept.token, filled.kept.form
        self._owed.add(token)
        try:
            await self._pay(token)
        except StoreError as error:
            log.warning("Discord: a form that was refused is given back later: %s", error)
        back = ("Back", f"{OPEN}@{token}:{len(pages_of(form)) - 1}")
        return _invitation(form, _sentences(text), [_send(form, token), back])

    async def _between(self, actor: Actor, draft: _Draft, token: str, page: int) -> Drawn:
        """What is said when a page is done, and others are left."""
        form, pages = draft.form, pages_of(draft.form)
        looked_at = await self._check(actor, form.id, draft.typed) if form.live else form
        note, wrong = (looked_at.note, looked_at) if looked_at else ("", form)
        done = {asked.name for asked in form.inputs[: (page + 1) * PAGE]}
        errors = replace(form, inputs=tuple(i for i in wrong.inputs if form.live and i.name in done))
        said = (f"{page + 1} of {len(pages)} steps are done; nothing is sent yet.", mistakes(errors), _sentences(note))
        buttons = [("Continue", f"{OPEN}@{token}:{page + 1}"), ("Back", f"{OPEN}@{token}:{page}")]
        if all(
            i.value and not i.error for i in draft.as_typed.inputs if i.name not in done and (i.required or i.error)
        ):
            buttons.append(_send(form, token))
        return _invitation(form, "\n".join(filter(None, said)), buttons)

    async def prune(self) -> None:
        while await self._store.tx(_prune, self._clock.ms() - KEPT_MS):
            pass

    async def _pay(self, token: str) -> None:
        """Gives back what was refused, also where the database could not write it down at first."""
        if token in self._owed:
            await self._store.tx(_give_back, token)
            self._owed.discard(token)

    async def _keep(self, actor: Actor, form: Form) -> str:
        """Keeps a form that is being filled in, and returns the token by which it is found again."""
        token = secrets.token_hex(8)
        await self._store.tx(_put, token, actor.user_id, to_json(form), self._clock.ms())
        return token


@dataclass(frozen=True, slots=True)
class _Draft:
    """A form that somebody is filling in, and what they answered so far."""

    user_id: str
    form: Form
    typed: Mapping[str, str]

    @property
    def as_typed(self) -> Form:
        """The form with what was answered in the place of what it brought."""
        inputs = tuple(replace(asked, value=self.typed.get(asked.name, asked.value)) for asked in self.form.inputs)
        return replace(self.form, inputs=inputs)


def _page(form: Form, token: str, page: int) -> ui.Modal:
    return modal(form, page, f"{OURS}@{token}:{page}#{_fresh()}")


def _invitation(form: Form, said: str, buttons: Sequence[tuple[str, str]]) -> Drawn:
    head = f"### {line(form.title, 300) or '…'}"
    row: ui.ActionRow[Any] = ui.ActionRow(
        *(
            ui.Button(
                style=STYLES[form.tone] if number == 0 else discord.ButtonStyle.secondary, label=label, custom_id=at
            )
            for number, (label, at) in enumerate(buttons)
        )
    )
    text: ui.TextDisplay[Any] = ui.TextDisplay("\n".join(part for part in (head, said) if part))
    return Drawn(Layout(ui.Container(text, row, accent_colour=COLOURS[form.tone])))


def _send(form: Form, token: str) -> tuple[str, str]:
    return short(form.submit, 80) or "Send", f"{SEND}@{token}"


def _words(text: str) -> Drawn:
    return Drawn(Layout(ui.TextDisplay(text)))


def _sentences(text: str) -> str:
    return fitted(text, 1_500, sentences)[0]


def _fresh() -> str:
    """What makes a modal's custom id its own: Discord shows again what was typed into one of the same id."""
    return secrets.token_hex(4)


@cache
def _forms() -> TypeAdapter[Form]:
    from pydantic import TypeAdapter

    return TypeAdapter(Form)


def _put(tx: Tx, token: str, user_id: str, form: str, now: int) -> None:
    tx.q(
        "INSERT INTO discord_forms (token, user_id, form, typed, at) VALUES (:token, :user_id, :form, '{}', :now)",
        token=token,
        user_id=user_id,
        form=form,
        now=now,
    )


def _find(reader: Reader, token: str) -> _Draft | None:
    row = reader.one("SELECT * FROM discord_forms WHERE token = :token AND NOT taken", token=token)
    return _Draft(row["user_id"], _forms().validate_json(row["form"]), json.loads(row["typed"])) if row else None


def _answered(
    tx: Tx, token: str, user_id: str, components: Sequence[Mapping[str, Any]], page: int, now: int
) -> _Draft | None:
    """Adds a page's answers to a draft of this person's; with the last page it is taken, and theirs no more to send."""
    draft = _find(tx, token)
    if draft is None or draft.user_id != user_id:
        return draft
    typed = {**draft.typed, **answers(components, draft.as_typed)}
    tx.q(
        "UPDATE discord_forms SET typed = :typed, at = :now, taken = :taken WHERE token = :token",
        token=token,
        typed=json.dumps(typed),
        now=now,
        taken=int(page + 1 >= len(pages_of(draft.form))),
    )
    return replace(draft, typed=typed)


def _taken(tx: Tx, token: str) -> bool:
    """Whether it was there to be taken: it is sent once."""
    return bool(tx.q("UPDATE discord_forms SET taken = 1 WHERE token = :token AND NOT taken RETURNING 1", token=token))


def _give_back(tx: Tx, token: str) -> None:
    tx.q("UPDATE discord_forms SET taken = 0 WHERE token = :token", token=token)


def _forget(tx: Tx, token: str) -> None:
    tx.q("DELETE FROM discord_forms WHERE token = :token", token=token)


def _recover(tx: Tx) -> None:
    tx.q("UPDATE discord_forms SET taken = 0 WHERE taken")


def _prune(tx: Tx, before: int) -> bool:
    """Whether there may be more."""
    gone = tx.q(
        """DELETE FROM discord_forms WHERE token IN
           (SELECT token FROM discord_forms WHERE at < :before LIMIT :most) RETURNING 1""",
        before=before,
        most=PRUNED,
    )
    return len(gone) == PRUNED

"""Commands that are typed and questions that are asked, kept in the database from one answer to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from botcore import Actor, Dispatch
from botcore.clock import Clock
from botcore.commands.parse import ATTACHED, BadInput, Missing, find_command, parse_values, split_line
from botcore.store.port import Store, Tx
from botcore.text import one_line
from botcore.ui import Completion, File, Form

from . import dialog_rows as rows
from . import forms
from .acts import Place, Pressed, Said, Step
from .commands import after_name, command_line, is_near, slashed
from .dialog_rows import Open
from .forms import Dialog
from .native import Note
from .questions import PRESS, box, panel

KEPT_MS = 24 * 3_600_000  # so long an abandoned question can be answered
FOR_WHAT = "What is this for? Send it with the command as its caption, or begin with the command: I ask for the file."
OVER = "That question is closed: ask again."
_DATA = re.compile(re.escape(PRESS) + r"([0-9]{1,15}):([0-9]{1,3}):([a-z])([0-9]{0,4})")
_ACTS: dict[str, Callable[[Dialog], Dialog]] = {
    "k": forms.skip,
    "b": forms.back,
    "t": forms.type_it,
    "p": forms.turn,
    "d": forms.done,
    "n": forms.empty,
    "r": forms.rest,
    "s": forms.send,
}
_NUMBERED: dict[str, Callable[[Dialog, int], Dialog]] = {"c": forms.choose, "o": forms.aside, "e": forms.change}


class Talk:
    """Implements `acts.Dialogs`. `username`: the bot's, without the @.

    Every act may come twice, as after a crash: the second time it changes nothing, and is answered as the first was.
    """

    def __init__(self, store: Store, clock: Clock, username: str) -> None:
        self._store = store
        self._clock = clock
        self._username = username

    async def said(self, act: Said, dispatch: Dispatch) -> Step | None:
        text = act.text.strip()
        if text.startswith("/"):
            return await self._command(act, dispatch, text)
        found = await self._store.read(rows.answered_by, act)
        if found is None:
            return _unasked(act, text) if act.place.private else None
        drop = found.messages
        if found.last != rows.said(act):
            dialog = forms.attach(found.dialog, act.file) if act.file else forms.write(found.dialog, text)
            found = replace(found, dialog=dialog, last=rows.said(act), panel=None, box=None)
            found = await self._informed(found, act.actor, dispatch)
            await self._store.tx(rows.save, found, self._clock.ms())
        return replace(_shown(found, act.place), drop=drop)

    async def pressed(self, act: Pressed, dispatch: Dispatch) -> Step:
        match = _DATA.fullmatch(act.data)
        found = await self._store.read(rows.by_number, int(match[1])) if match else None
        if match is None or found is None or found.chat != act.place.chat:
            return Step(toast=OVER)
        if found.user != act.actor.user_id:
            return Step(toast=f"This question is for {one_line(found.name) or 'somebody else'}.")
        drop = (found.box,) if found.box is not None else ()
        if match[3] == "x" and not found.dialog.is_over:
            await self._store.tx(rows.delete, found.number)
            return Step(toast="Cancelled.", drop=(act.message, *drop))
        last = f"press {act.query} {act.data}"
        if found.last != last:
            if found.dialog.is_over:
                return Step(toast=OVER, drop=(act.message,))
            dialog = found.dialog
            if int(match[2]) == dialog.at:
                dialog = _after(dialog, match[3], int(match[4] or -1))
            if dialog == found.dialog:
                return replace(_shown(found, act.place), box=None, replaces=True)
            found = replace(found, dialog=dialog, last=last, panel=act.message, box=None)
            found = await self._informed(found, act.actor, dispatch)
            await self._store.tx(rows.save, found, self._clock.ms())
        step = replace(_shown(found, act.place), replaces=True)
        if found.dialog.is_over:
            return replace(step, drop=(act.message, *drop))
        if found.box is not None:  # it was opened before a crash, and may have been answered by now
            return replace(step, box=None)
        return replace(step, drop=drop)

    async def begin(self, actor: Actor, place: Place, form: Form, origin: int | None, dispatch: Dispatch) -> Step:
        before = await self._store.read(rows.about, place.chat, actor.user_id, "form", form.id)
        kept = before.dialog if before and before.dialog.is_over else None
        return await self._open(actor, place, forms.for_form(form, origin, kept), before, dispatch)

    async def asked(self, dialog: str, message: int, *, box: bool = False) -> None:
        await self._store.tx(rows.asked, int(dialog), message, box)

    async def prune(self) -> None:
        await self._store.tx(rows.prune, self._clock.ms() - KEPT_MS)

    # --- inside

    async def _command(self, act: Said, dispatch: Dispatch, text: str) -> Step | None:
        line = command_line(text, self._username)
        if line is None:
            return None
        if line.strip().lower() == "cancel" and (mine := await self._cancelled(act)):
            return Step(drop=mine)
        commands = await dispatch.commands(act.actor)
        try:
            command, typed = find_command(commands, line)
        except BadInput:
            meant = act.place.private or "@" in text.split()[0] or is_near(line, commands)
            return Step(line=line, file=act.file) if meant else None
        try:
            parse_values(command, typed, {ATTACHED: File(act.file.name, "")} if act.file else {})
        except Missing as error:
            given = after_name(line, command)
            dialog = forms.for_command(command, error.params, given, f"/{slashed(command.name)}", act.file)
            before = await self._store.read(rows.about, act.place.chat, act.actor.user_id, "command", command.name)
            return await self._open(act.actor, act.place, dialog, before, dispatch, rows.said(act))
        except BadInput:
            pass  # the core says it
        return Step(line=line, file=act.file)

    async def _cancelled(self, act: Said) -> tuple[int, ...]:
        """Ends all that this person was asked here."""

        def end(tx: Tx) -> tuple[int, ...]:
            mine = [found for found in rows.of(tx, act.place.chat, act.actor.user_id) if not found.dialog.is_over]
            for found in mine:
                rows.delete(tx, found.number)
            return tuple(message for found in mine for message in found.messages)

        return await self._store.tx(end)

    async def _open(
        self,
        actor: Actor,
        place: Place,
        dialog: Dialog,
        before: Open | None,
        dispatch: Dispatch,
        last: str = "",
    ) -> Step:
        """A new dialog, in place of one about the same thing."""

        def begin(tx: Tx) -> Open:
            if before:
                rows.delete(tx, before.number)
            return rows.insert(tx, place.chat, actor.user_id, actor.name, dialog, self._clock.ms())

        found = replace(await self._store.tx(begin), last=last)
        if (informed := await self._informed(found, actor, dispatch)) != found or last:
            found = informed
            await self._store.tx(rows.save, found, self._clock.ms())
        return replace(_shown(found, place), drop=before.messages if before and not before.dialog.is_over else ())

    async def _informed(self, found: Open, actor: Actor, dispatch: Dispatch) -> Open:
        """With what the question that waits could be answered with, as far as it is known here; at the summary, with
        what the answers come to."""
        dialog, question = found.dialog, found.dialog.question
        if dialog.live and question is None and not dialog.is_over:
            looked_at = await dispatch.check_form(actor, dialog.id, dialog.answers)
            return replace(found, dialog=forms.told(dialog, looked_at)) if looked_at else found
        if question is None or question.choices or question.name not in dialog.suggested:
            return found
        completions = await dispatch.complete(actor, f"{dialog.line} {question.name}=")
        return replace(found, dialog=forms.suggest(dialog, _values(completions)))


def _unasked(act: Said, text: str) -> Step | None:
    """What somebody says to the bot alone, without being asked: a command, with or without its slash."""
    if text:
        return Step(line=text, file=act.file)
    return Step(note=Note(FOR_WHAT)) if act.file else None


def _shown(found: Open, place: Place) -> Step:
    """What a dialog wants done where it has come to."""
    dialog = found.dialog
    if dialog.is_over and dialog.kind == "form":
        return Step(form=dialog.id, values=dialog.answers, origin=dialog.origin)
    if dialog.is_over:
        return Step(line=dialog.line, file=dialog.attached)
    name = "" if place.private else found.name or "?"
    opened = None if place.private and dialog.is_long else box(dialog, found.user, name)
    return Step(note=panel(dialog, found.number, name), box=opened, dialog=f"{found.number}")


def _after(dialog: Dialog, act: str, number: int) -> Dialog:
    if act in _ACTS:
        return _ACTS[act](dialog)
    return _NUMBERED[act](dialog, number) if act in _NUMBERED and number >= 0 else dialog


def _values(completions: Sequence[Completion]) -> list[Completion]:
    """`reason="Not this"` as what it stands for."""
    plain = []
    for completion in completions:
        try:
            word = next(iter(split_line(completion.text)), "")
        except BadInput:
            continue
        if value := word.partition("=")[2]:
            plain.append(replace(completion, text=value))
    return plain
